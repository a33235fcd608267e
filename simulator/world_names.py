"""Who can be named in a world's journal: its actors, and the sessions at its stations.

Rule: whom a world does not have is a misspelling; a pattern names anybody, as a station that nobody
knows and that knocks all the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from simulator.wire.spoken import unknown

if TYPE_CHECKING:
    from simulator.world_file import EmpPlan, PeerPlan, StationPlan, WorldFile

# Those that need no line in a file: who plays, who has not said who it is, the services of a PKI,
# and the faces and parties that a peer has or may be given while it runs.
_ALWAYS = ("world", "scenario", "unknown", "cpo", "roam", "emp", "pki", "ocsp", "pool", "est")
# A party that registers anew, or a second one, is told apart by a number.
_NUMBERED = re.compile(r"-\d+$")
_SESSION = re.compile(r"(.+)-(\d+)-(\d+)")
_PATTERN = "A pattern (* and ?) names one that is not of this world."


def actors(
    stations: Sequence[StationPlan], peers: Sequence[PeerPlan], emps: Sequence[EmpPlan]
) -> frozenset[str]:
    """The names that a world's actors have in its journal."""
    return frozenset(
        {
            *_ALWAYS,
            *(f"station/{station.id}" for station in stations),
            *(name for peer in peers for name in _names(peer)),
            *(f"emp/{emp.name}" for emp in emps),
        }
    )


def _names(peer: PeerPlan) -> tuple[str, ...]:
    """What a peer calls itself, and what the CPO calls it."""
    return peer.name, peer.kind, str(peer.profile.get("peer", peer.kind))


def actors_of(world: WorldFile) -> frozenset[str]:
    """The same of a world's file."""
    return actors(world.stations, world.peers, world.emps)


def no_actor(name: str, known: Collection[str]) -> str | None:
    """Why nobody is called so; None for whoever is known, or a pattern."""
    if _NUMBERED.sub("", name) in known:
        return None
    why = unknown("actor", name, known)
    return why and f"{why} {_PATTERN}"


def no_session(name: str, stations: Sequence[StationPlan]) -> str | None:
    """Why no session is called so: it is STATION-EVSE-COUNT, or else an id that a CPO made up."""
    if (parts := _SESSION.fullmatch(name)) is not None:
        evses: Mapping[str, int] = {station.id: len(station.evses) for station in stations}
        if parts[1] in evses and not 1 <= int(parts[2]) <= evses[parts[1]]:
            return f"'{parts[1]}' has no EVSE {int(parts[2])}"
        if parts[1] in evses:
            return None
    if _is_uuid(name):
        return None
    known = [f"{each.id}-1-1" for each in stations]
    why = unknown("session", name, known)
    return why and f"{why} {_PATTERN}"


def _is_uuid(name: str) -> bool:
    try:
        return bool(UUID(name))
    except ValueError:
        return False
