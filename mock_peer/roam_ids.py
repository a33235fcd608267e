"""The ids that EMPs see: rewritten so that they are unique over all CPOs, and the way back.

Rule: a rewritten id follows from what it stands for and nothing else, so it is the same after a
restart, a new handshake or a move to another connection. At most 36 characters (OCPI 2.2.1, the
id of a location, an EVSE, a connector, a tariff, a session and of a CDR that is no credit).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

LONGEST = 36
_encoder = msgspec.json.Encoder(decimal_format="number", order="deterministic")
_IDENTITY_HEX = 32
_HALF_HEX = 16


class Kind(StrEnum):
    """What an id names; the value begins the rewritten id, so that a reader sees what it is."""

    LOCATION = "el"
    EVSE = "ee"
    CONNECTOR = "ec"
    TARIFF = "et"
    SESSION = "es"
    CDR = "ed"


# Which steps of the path identify: an EVSE is the same at another location, a connector is told
# apart by its EVSE. A tariff's path ends with its content.
_IDENTIFIES: Mapping[Kind, slice] = {
    Kind.LOCATION: slice(0, 1),
    Kind.EVSE: slice(1, 2),
    Kind.CONNECTOR: slice(1, 3),
    Kind.TARIFF: slice(0, 2),
    Kind.SESSION: slice(0, 1),
    Kind.CDR: slice(0, 1),
}


class Origin(NamedTuple):
    """What a rewritten id stands for: the connection and CPO, and the path of the CPO's own ids.

    `ids`: (location), (location, evse uid), (location, evse uid, connector), (tariff, digest of
    its content), (session) or (cdr).
    """

    connection: str
    country_code: str
    party_id: str
    ids: tuple[str, ...]

    def below(self, *ids: str) -> Origin:
        """The origin of a part of this one."""
        return Origin(self.connection, self.country_code, self.party_id, (*self.ids, *ids))

    @property
    def party(self) -> str:
        """The CPO as EMPs block it: `DE*ABC`, in upper case."""
        return f"{self.country_code}*{self.party_id}".upper()


Keep = Callable[[str, Origin], None]
# What a CPO shares is told again after a restart, from the book; a session or CDR is told once.
KEPT = frozenset({Kind.SESSION, Kind.CDR})


class IdMap:
    """Rewrite ids, and find what a rewritten one stands for. `keep` stores a row for good, for
    those kinds that do not follow from what CPOs share.
    """

    def __init__(self, keep: Keep | None = None) -> None:
        self._keep = keep
        self._origins: dict[str, Origin] = {}

    def restore(self, rows: Iterable[tuple[str, Origin]]) -> None:
        """Take back what was kept."""
        self._origins.update(rows)

    def issue(self, kind: Kind, origin: Origin) -> str:
        """The id by which EMPs know `origin`; the same whenever it is asked for."""
        rewritten = rewritten_id(kind, origin)
        if self._origins.get(rewritten) != origin:
            self._origins[rewritten] = origin
            if self._keep is not None and kind in KEPT:
                self._keep(rewritten, origin)
        return rewritten

    def origin(self, rewritten: str, kind: Kind) -> Origin | None:
        """What an id of that kind stands for; None for one that was never issued."""
        folded = rewritten.casefold()
        return self._origins.get(folded) if folded.startswith(kind) else None


def rewritten_id(kind: Kind, origin: Origin) -> str:
    """Compute an id without keeping it. A tariff's has two halves: which one, which content."""
    identity = origin.ids[_IDENTIFIES[kind]]
    if kind is Kind.TARIFF:
        name, content = identity
        half = _digest(kind, origin.country_code, origin.party_id, name)[:_HALF_HEX]
        return f"{kind}{half}_{content[:_HALF_HEX]}"
    return kind + _digest(kind, origin.country_code, origin.party_id, *identity)[:_IDENTITY_HEX]


def content_digest(tariff: Mapping[str, Any]) -> str:
    """A digest of a tariff's content: all of it but the time of its last update."""
    content = {name: value for name, value in tariff.items() if name != "last_updated"}
    return hashlib.sha256(_encoder.encode(content)).hexdigest()


def _digest(*parts: str) -> str:
    # OCPI compares ids without regard to case (2.2.1 types, CiString), so does the rewriting.
    return hashlib.sha256("\x1f".join(parts).casefold().encode()).hexdigest()
