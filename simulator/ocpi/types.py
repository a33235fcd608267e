"""The primitive types of OCPI as patterns (2.2.1 types).

Rule: each pattern stands here once; paging and the schemas use these.
"""

from __future__ import annotations

import re

# RFC 3339 in UTC: a fraction may be there, a designator other than Z may not (fact: `+00:00` is no
# UTC designator in OCPI).
_DATE = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)"
DATE_TIME_PATTERN = rf"^{_DATE}T{_TIME}(?:\.[0-9]+)?Z?$"
DATE_TIME = re.compile(DATE_TIME_PATTERN)

# A credentials token: 1 to 64 characters of U+0021 to U+007E (2.2.1 credentials).
CREDENTIALS_TOKEN_PATTERN = r"^[!-~]{1,64}$"
CREDENTIALS_TOKEN = re.compile(CREDENTIALS_TOKEN_PATTERN)

URL_PATTERN = r"^https?://[^\s<>\"]+$"
URL = re.compile(URL_PATTERN, re.IGNORECASE)
