"""The headers of OCPI: who asks (Authorization), which message (X-…-ID), from and to whom (OCPI-…).

Rule: write exactly what the version wants, accept what the others are known to send.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from simulator.kernel.chance import Chance

TokenForm = Literal["base64", "raw"]

REQUEST_ID = "X-Request-ID"
CORRELATION_ID = "X-Correlation-ID"
TOTAL_COUNT = "X-Total-Count"
LIMIT = "X-Limit"

_FROM_COUNTRY, _FROM_PARTY = "OCPI-from-country-code", "OCPI-from-party-id"
_TO_COUNTRY, _TO_PARTY = "OCPI-to-country-code", "OCPI-to-party-id"


class Party(NamedTuple):
    """A party's country code and id, as in DE*8PS; compare with `same`."""

    country_code: str
    party_id: str

    def __str__(self) -> str:
        return f"{self.country_code}*{self.party_id}"

    def same(self, other: Party) -> bool:
        """True for the same party: both parts are CiStrings."""
        return str(self).casefold() == str(other).casefold()


class Seen(NamedTuple):
    """A credentials token as a header may mean it."""

    token: str
    form: TokenForm


def authorization(token: str, form: TokenForm) -> str:
    """The value of an Authorization header.

    Base64 of the token from 2.2 on (2.2.1 transport_and_format, "Authorization header"), raw in
    2.1.1. The specification's own base64 examples hide a newline; none is written here.
    """
    if form == "base64":
        token = base64.b64encode(token.encode()).decode("ascii")
    return f"Token {token}"


def candidates(headers: Mapping[str, str], form: TokenForm = "base64") -> tuple[Seen, ...]:
    """All tokens that the Authorization header may mean, the version's own form first.

    Many 2.2 systems send the token raw, and nothing tells a raw token from an encoded one but
    whether it is known: so ask the store for each.
    """
    return _candidates(headers.get("Authorization", ""), form)


@lru_cache(maxsize=64)  # a peer proves itself with each request
def _candidates(field: str, form: TokenForm) -> tuple[Seen, ...]:
    scheme, _, value = field.strip().partition(" ")
    value = value.strip()
    if scheme.lower() != "token" or not value:
        return ()
    raw = Seen(value, "raw")
    decoded = _decoded(value)
    if decoded is None:
        return (raw,)
    encoded = Seen(decoded, "base64")
    return (encoded, raw) if form == "base64" else (raw, encoded)


def token_of(headers: Mapping[str, str], form: TokenForm = "base64") -> str | None:
    """The likeliest token of the Authorization header; None if there is none."""
    seen = candidates(headers, form)
    return seen[0].token if seen else None


def _decoded(value: str) -> str | None:
    try:
        text = base64.b64decode(value + "=" * (-len(value) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    text = text.removesuffix("\n").removesuffix("\r")  # as in the specification's examples
    return text if text and text.isprintable() else None


@dataclass(frozen=True, slots=True)
class MessageIds:
    """The unique ids of a request, echoed in its response (2.2.1 "Unique message IDs")."""

    request_id: str | None = None
    correlation_id: str | None = None

    @classmethod
    def new(cls, chance: Chance, correlation_id: str | None = None) -> MessageIds:
        """Fresh ids; a correlation id is handed on where one is given."""
        return cls(chance.uuid4(), correlation_id or chance.uuid4())

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> MessageIds:
        """The ids of a message, each None where it is missing."""
        return cls(headers.get(REQUEST_ID), headers.get(CORRELATION_ID))

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the headers that should have been there."""
        ids = ((REQUEST_ID, self.request_id), (CORRELATION_ID, self.correlation_id))
        return tuple(name for name, value in ids if not value)

    def headers(self) -> dict[str, str]:
        """As header fields."""
        ids = ((REQUEST_ID, self.request_id), (CORRELATION_ID, self.correlation_id))
        return {name: value for name, value in ids if value}


@dataclass(frozen=True, slots=True)
class Routing:
    """The routing headers of a functional module (2.2.1 "Message Routing Headers")."""

    sender: Party | None = None
    receiver: Party | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Routing:
        """Read them; half a party is none."""

        def party(country: str, party_id: str) -> Party | None:
            pair = Party(headers.get(country, ""), headers.get(party_id, ""))
            return pair if all(pair) else None

        return cls(party(_FROM_COUNTRY, _FROM_PARTY), party(_TO_COUNTRY, _TO_PARTY))

    def headers(self) -> dict[str, str]:
        """As header fields."""
        fields: dict[str, str] = {}
        if self.receiver:
            fields[_TO_COUNTRY], fields[_TO_PARTY] = self.receiver
        if self.sender:
            fields[_FROM_COUNTRY], fields[_FROM_PARTY] = self.sender
        return fields

    def answered(self) -> Routing:
        """The routing of the response: back to where the request came from."""
        return Routing(sender=self.receiver, receiver=self.sender)
