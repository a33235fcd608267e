"""The primitive types of OCPI as patterns, and the annotations that carry them (2.2.1 types).

Rule: each limit stands once, in the annotation of the field's type; the schemas, the query parser
and the credentials check read it from here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

# RFC 3339 in UTC: a fraction may be there, no other designator than Z may. `+00:00` is no UTC
# designator in OCPI. A date is one that was or will be: 29 February in a leap year only, no year 0.
# The second 60 may be there, as RFC 3339 has it (section 5.6).
_YEAR = r"(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
_LEAP_YEAR = (
    r"(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])"
    r"|(?:0[48]|[2468][048]|[13579][26])00)"
)
_DATE = (
    rf"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    rf"|{_LEAP_YEAR}-02-29)"
)
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
DATE_TIME_PATTERN = rf"^{_DATE}T{_CLOCK}:(?:[0-5][0-9]|60)(?:\.[0-9]+)?Z?$"
DATE_TIME = re.compile(DATE_TIME_PATTERN)

# A credentials token: 1 to 64 characters of U+0021 to U+007E (2.2.1 credentials).
CREDENTIALS_TOKEN_PATTERN = r"^[!-~]{1,64}$"
CREDENTIALS_TOKEN = re.compile(CREDENTIALS_TOKEN_PATTERN)

URL_PATTERN = r"^[hH][tT][tT][pP][sS]?://[^\s<>\"]+$"
URL = re.compile(URL_PATTERN)

_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f]*$"
_PRINTABLE_ASCII = r"^[ -~]*$"


@dataclass(frozen=True, slots=True)
class Text:
    """A string: what it is called, how long it may be, what it must look like."""

    name: str
    max_length: int | None = None
    pattern: str = _PRINTABLE
    min_length: int = 0


@dataclass(frozen=True, slots=True)
class Amount:
    """A number: what it is called, whether it is whole, and its bounds."""

    name: str
    whole: bool = False
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Filled:
    """A list that must not be empty (cardinality +)."""


def ci_string(length: int) -> Text:
    """CiString(n): printable ASCII. All of them identify something, so none is empty."""
    return Text(f"CiString({length})", length, _PRINTABLE_ASCII, min_length=1)


def string(length: int) -> Text:
    """string(n): printable UTF-8."""
    return Text(f"string({length})", length)


DATE_TIME_TEXT = Text("DateTime in UTC, as 2026-01-15T07:00:00Z", None, DATE_TIME_PATTERN)
DateTime = Annotated[str, DATE_TIME_TEXT]
Date = Annotated[str, Text("date, as 2026-01-15", None, rf"^{_DATE}$")]
TimeOfDay = Annotated[str, Text("time of day, as 18:15", None, rf"^{_CLOCK}$")]
Url = Annotated[str, Text("URL, up to 255 characters", 255, URL_PATTERN)]
CredentialsToken = Annotated[
    str, Text("string(64) of printable ASCII, no white space", None, CREDENTIALS_TOKEN_PATTERN)
]

CiString36 = Annotated[str, ci_string(36)]
CiString39 = Annotated[str, ci_string(39)]
CiString48 = Annotated[str, ci_string(48)]
CiString32 = Annotated[str, ci_string(32)]
CiString4 = Annotated[str, ci_string(4)]
String4 = Annotated[str, string(4)]
String10 = Annotated[str, string(10)]
String16 = Annotated[str, string(16)]
String45 = Annotated[str, string(45)]
String64 = Annotated[str, string(64)]
String100 = Annotated[str, string(100)]
String255 = Annotated[str, string(255)]
String512 = Annotated[str, string(512)]
String5000 = Annotated[str, string(5000)]

CountryCode = Annotated[str, Text("CiString(2), ISO 3166 alpha-2", None, r"^[A-Za-z]{2}$")]
PartyId = Annotated[str, Text("CiString(3), as ISO 15118 wants it", None, r"^[A-Za-z0-9]{3}$")]
Country = Annotated[str, Text("string(3), ISO 3166 alpha-3", None, r"^[A-Z]{3}$")]
Currency = Annotated[str, Text("string(3), ISO 4217", None, r"^[A-Z]{3}$")]
Language = Annotated[str, Text("string(2), ISO 639-1", None, r"^[A-Za-z]{2}$")]
# Erratum: the lengths 10 and 11 contradict the patterns, which allow one character more.
LATITUDE_TEXT = Text("latitude, as 50.770774", None, r"^-?[0-9]{1,2}\.[0-9]{5,7}$")
LONGITUDE_TEXT = Text("longitude, as -126.104965", None, r"^-?[0-9]{1,3}\.[0-9]{5,7}$")
Latitude = Annotated[str, LATITUDE_TEXT]
Longitude = Annotated[str, LONGITUDE_TEXT]

Number = Annotated[Decimal | float, Amount("number")]
Percentage = Annotated[Decimal | float, Amount("number from 0 to 100", minimum=0, maximum=100)]
Int = Annotated[int, Amount("int", whole=True)]
Count = Annotated[int, Amount("int from 0", whole=True, minimum=0)]
Pixels = Annotated[int, Amount("int(5)", whole=True, minimum=0, maximum=99999)]
Weekday = Annotated[int, Amount("int from 1 (Monday) to 7", whole=True, minimum=1, maximum=7)]
