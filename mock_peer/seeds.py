"""The tokens that the peer starts with, and the shape of a new one.

Rule: tokens are canonical OCPI 2.2.1 tokens; owner, issuer and time are the peer's to fill in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from mock_peer.book import Book
from mock_peer.profiles import Peer
from mock_peer.strict import StrictError, convert
from simulator.kernel.clock import rfc3339
from simulator.mistakes import Mistake
from simulator.ocpi import validate


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A token as a configuration gives it."""

    uid: str
    type: str = "RFID"
    contract_id: str | None = None
    visual_number: str | None = None
    issuer: str | None = None
    valid: bool = True
    whitelist: str = "ALLOWED_OFFLINE"
    language: str | None = None


class Seeds:
    """The first set of tokens: told ones, else those of the peer's profile."""

    def __init__(self, peer: Peer, tokens: Sequence[Mapping[str, Any]] | None = None) -> None:
        self._peer = peer
        told = peer.tokens if tokens is None else tokens
        self._tokens = [self._token(index, token) for index, token in enumerate(told)]

    def _token(self, index: int, told: Mapping[str, Any]) -> dict[str, Any]:
        """One told token, whole. Raises Mistake, which names the place."""
        try:
            token = convert(dict(told), Token)
        except StrictError as error:
            raise Mistake(f"tokens: /{index}{error.pointer}: {error.problem}") from error
        fields = {k: v for k, v in msgspec.structs.asdict(token).items() if v is not None}
        whole = {**self.blank(token.uid, token.type), **fields}
        dated = {**whole, "last_updated": "2026-01-01T00:00:00Z"}
        for problem in validate.errors("token", dated, "2.2.1"):
            raise Mistake(f"tokens: /{index}{problem.pointer}: expected {problem.expected}")
        return whole

    def blank(self, uid: str, token_type: str) -> dict[str, Any]:
        """A new token of that uid: valid, its contract named after it."""
        return {
            "country_code": self._peer.country_code,
            "party_id": self._peer.party_id,
            "uid": uid,
            "type": token_type,
            "contract_id": uid,
            "issuer": self._peer.issuer,
            "valid": True,
            "whitelist": "NEVER" if token_type != "RFID" else "ALLOWED_OFFLINE",
        }

    def plant(self, book: Book, now: datetime) -> None:
        """Put the set into a book."""
        for token in self._tokens:
            book.put_token({**token, "last_updated": rfc3339(now)})
