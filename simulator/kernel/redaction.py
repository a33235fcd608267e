"""What the journal hides: credentials tokens, basic-auth passwords and private keys on any wire.

Rule: the form of a message stays, the secret goes; a scheme, a key or a length may be seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

HIDDEN = "***"
# A body may be cut off within its token.
_TOKEN_MEMBER = re.compile(r'("token"\s*:\s*)"(?:[^"\\]|\\.)*(?:"|\\?$)')
# No message has a place for one: somebody sent it in place of a certificate. May be cut off, too.
_PRIVATE_KEY = re.compile(r'(BEGIN [A-Z ]*PRIVATE KEY-----)[^"-]+')
_OCPP_VALUE = re.compile(r'("(?:value|attributeValue)"\s*:\s*)"(?:[^"\\]|\\.)*"')


def redact_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Hide what an Authorization header proves, keep its scheme; a lone word is all secret."""
    return {
        name: _hidden(value) if name.lower() == "authorization" else value
        for name, value in headers.items()
    }


def _hidden(value: str) -> str:
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {HIDDEN}" if space else HIDDEN


def redact_body(body: str) -> str:
    """Hide the credentials token in a JSON body, and private keys."""
    return _without_keys(_TOKEN_MEMBER.sub(rf'\1"{HIDDEN}"', body))


def redact_frame(frame: str) -> str:
    """Hide basic-auth passwords on their way to a station, and private keys."""
    frame = _without_keys(frame)
    if "AuthorizationKey" in frame or "BasicAuthPassword" in frame:
        return _OCPP_VALUE.sub(rf'\1"{HIDDEN}"', frame)
    return frame


def _without_keys(text: str) -> str:
    """Hide what private keys hold, in PEM as JSON has it."""
    return _PRIVATE_KEY.sub(rf"\1{HIDDEN}", text) if "PRIVATE KEY-----" in text else text
