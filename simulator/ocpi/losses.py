"""What a version could not say, told in the journal: lost places, and objects that must not travel.

Rule: nothing is lost silently. One event an exchange and kind: in a list each place stands once,
with `*` for the object's number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from simulator.kernel.journal import Journal
from simulator.ocpi.codec import Around, Kind
from simulator.ocpi.envelope import Json
from simulator.ocpi.versions import Version


@dataclass(slots=True)
class Losses:
    """What one exchange lost: JSON pointers into the canonical objects, and ids left out."""

    lost: list[str] = field(default_factory=list)
    withheld: list[str] = field(default_factory=list)

    def sendable(self, version: Version, kind: Kind, items: Iterable[Json]) -> list[Json]:
        """The objects that may travel in a version; the others are noted."""
        chosen: list[Json] = []
        for item in items:
            if version.codec.sends(kind, item):
                chosen.append(item)
            else:
                self.withheld.append(name_of(item))
        return chosen

    def to_wire(self, version: Version, kind: Kind, data: Json, around: Around) -> Json:
        """An object or a list of them as a version writes it; what is lost is noted."""
        if not isinstance(data, list):
            wire, losses = version.codec.to_wire(kind, data, around)
            self.lost += losses
            return wire
        written, places = [], dict[str, None]()
        for item in self.sendable(version, kind, data):
            wire, losses = version.codec.to_wire(kind, item, around)
            written.append(wire)
            places.update(dict.fromkeys(losses))
        self.lost += [f"/*{place}" for place in places]
        return written

    def tell(
        self,
        journal: Journal,
        actor: str,
        peer: str,
        session: str | None,
        *,
        version: Version,
        kind: Kind,
        message_seq: int | None = None,
    ) -> None:
        """Journal what was noted; `message_seq` is the record it happened in, if there is one."""
        where: dict[str, Json] = {"version": version.number, "kind": kind}
        if message_seq is not None:
            where["message_seq"] = message_seq
        if self.lost:
            journal.event(actor, "ocpi.lost", peer=peer, session=session, **where, lost=self.lost)
        if self.withheld:
            journal.event(
                actor, "ocpi.withheld", peer=peer, session=session, **where, ids=self.withheld
            )


def name_of(obj: Json) -> str:
    """An object's id, or what an EVSE or token has instead."""
    fields = obj if isinstance(obj, dict) else {}
    return str(fields.get("id") or fields.get("uid") or "")
