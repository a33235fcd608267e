"""What the journal hides: credentials tokens, passwords and private keys on any wire.

Rule: the form of a message stays, the secret goes; a scheme, a key or a length may be seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

HIDDEN = "***"
# A body may be cut off within its token.
_TOKEN_MEMBER = re.compile(
    r'("token"\s*:\s*(?:\[\s*)?)(?:"(?:[^"\\]|\\.)*(?:"|\\?$)|-?\d[\d.eE+-]*)'
)
# No message has a place for one: somebody sent it in place of a certificate. May be cut off, too.
_PRIVATE_KEY = re.compile(r'(BEGIN [A-Z ]*PRIVATE KEY-----)[^"-]+')
_OCPP_VALUE = re.compile(r'("(?:value|attributeValue)"\s*:\s*)"(?:[^"\\]|\\.)*"')
# Of a network profile: those of APN, VPN and (2.1) the CSMS, and a VPN's shared key.
_PASSWORD_MEMBER = re.compile(r'("\w*password"\s*:\s*)"(?:[^"\\]|\\.)*"', re.I)
_VPN_KEY = re.compile(r'("vpn"\s*:\s*\{[^{}]*?"key"\s*:\s*)"(?:[^"\\]|\\.)*"')
# As in ftp://user:password@host; a slash may be escaped.
_IN_URL = re.compile(r'(:\\?/\\?/[^/@\s:"\\]*:)[^/@\s"\\]+@')


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
    """Hide the credentials token in a JSON body, passwords in URLs, and private keys."""
    return redact_url(_without_keys(_TOKEN_MEMBER.sub(rf'\1"{HIDDEN}"', body)))


def redact_url(text: str) -> str:
    """Hide the password of a URL, or of each within a text."""
    return _IN_URL.sub(rf"\1{HIDDEN}@", text) if "@" in text else text


def redact_frame(frame: str) -> str:
    """Hide passwords on their way to a station, and private keys. Names of keys and variables are
    the same in whatever case (OCPP 1.6 CiString50Type, 2.0.1 identifierString).
    """
    frame = redact_url(_without_keys(frame))
    said = frame.lower()
    if "authorizationkey" in said or "basicauthpassword" in said:
        frame = _OCPP_VALUE.sub(rf'\1"{HIDDEN}"', frame)
    if "password" in said:
        frame = _PASSWORD_MEMBER.sub(rf'\1"{HIDDEN}"', frame)
    return _VPN_KEY.sub(rf'\1"{HIDDEN}"', frame) if '"vpn"' in said else frame


def _without_keys(text: str) -> str:
    """Hide what private keys hold, in PEM as JSON has it."""
    return _PRIVATE_KEY.sub(rf"\1{HIDDEN}", text) if "PRIVATE KEY-----" in text else text
