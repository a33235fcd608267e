"""What a version's codec is: the only bridge between canonical objects and that version's wire.

Rule: canonical objects have the 2.2.1 wire shape and are plain dicts. A codec never raises over
what a peer sent: what it does not know or cannot read passes through, and what the version cannot
say is named as a loss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from simulator.ocpi.connection import Connection
from simulator.ocpi.envelope import Json
from simulator.ocpi.headers import Party

Kind = str  # "location", "evse", …, "command:START_SESSION": the keys of objects.KINDS


class Wire(NamedTuple):
    """An object as the version writes it, and the canonical fields that this lost, as JSON
    pointers.
    """

    obj: Json
    losses: tuple[str, ...] = ()


Locate = Callable[[str], Mapping[str, Any] | None]


def nowhere(_id: str) -> Mapping[str, Any] | None:
    """Nothing is known."""
    return None


@dataclass(frozen=True, slots=True)
class Around:
    """What an object does not say itself in every version: the parties it travels between, the
    sender's role, and what it refers to (canonical: a location by id, a token by contract id, a
    tariff by id).
    """

    sender: Party | None = None
    receiver: Party | None = None
    location: Locate = nowhere
    token: Locate = nowhere
    role: str = "OTHER"
    tariff: Locate = nowhere

    @classmethod
    def to(
        cls,
        connection: Connection,
        *,
        location: Locate = nowhere,
        token: Locate = nowhere,
        tariff: Locate = nowhere,
    ) -> Around:
        """Around an object that we send."""
        ours, theirs = connection.our_party, connection.their_party
        return cls(ours, theirs, location, token, tariff=tariff)

    @classmethod
    def of(
        cls,
        connection: Connection,
        *,
        location: Locate = nowhere,
        token: Locate = nowhere,
        tariff: Locate = nowhere,
    ) -> Around:
        """Around an object that the peer sends."""
        role = _OPPOSITE.get(connection.our_role or "", "OTHER")
        ours, theirs = connection.our_party, connection.their_party
        return cls(theirs, ours, location, token, role, tariff)


# Who talks to a CPO in a version without roles is its eMSP, and the other way round.
_OPPOSITE = {"CPO": "EMSP", "EMSP": "CPO"}

NOTHING_AROUND = Around()


class Codec(Protocol):
    """Canonical to wire and back. `partial` objects are those of PATCH: nothing is filled in."""

    def sends(self, kind: Kind, obj: Json) -> bool:
        """False for an object that must not travel in this version."""

    def to_wire(
        self, kind: Kind, obj: Json, around: Around = NOTHING_AROUND, *, partial: bool = False
    ) -> Wire:
        """Write a canonical object in this version, without changing it."""

    def from_wire(
        self, kind: Kind, obj: Json, around: Around = NOTHING_AROUND, *, partial: bool = False
    ) -> Json:
        """Read an object of this version as a canonical one, without changing it."""
