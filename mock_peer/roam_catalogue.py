"""The catalogue that EMPs pull: every CPO's locations as shown, and when each of them changed.

Rule: a change is what alters the shown object, the CPO's own data or an inlined tariff, and its
time is when Plugsurfing learned of it: so no delta misses what a CPO sent late. Objects are shaped
when they change and encoded once.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from mock_peer.roam_ids import IdMap, Kind, Origin
from mock_peer.roam_locations import (
    Object,
    TariffOf,
    is_removed,
    shown_location,
    shown_tariff,
    tariff_names,
    trimmed,
)
from mock_peer.roam_organisation import Organisation
from simulator.ocpi.envelope import read_json, write_json

Owner = tuple[str, str]  # the CPO's party as in DE*ABC, and an id of its own, case-folded


@dataclass(frozen=True, slots=True)
class Entry:
    """A location in the catalogue; `serial` tells when it came first, and never changes."""

    serial: int
    origin: Origin
    country: str
    source: Mapping[str, Any]
    encoded: msgspec.Raw
    changed_at: datetime

    @property
    def shown(self) -> Object:
        """The location as EMPs see it."""
        decoded: Object = read_json(bytes(self.encoded))
        return decoded


class Span(NamedTuple):
    """A time from (included) to (excluded), each open if None."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, moment: datetime) -> bool:
        """True for a moment in it."""
        return (self.since is None or self.since <= moment) and (
            self.until is None or moment < self.until
        )


ALWAYS = Span()


class Catalogue:
    """All locations of all CPOs, in the order they came."""

    def __init__(self, ids: IdMap) -> None:
        self._ids = ids
        self._serials: list[int] = []
        self._entries: dict[int, Entry] = {}
        self._serial_of: dict[Owner, int] = {}
        self._tariffs: dict[Owner, tuple[Mapping[str, Any], Object]] = {}  # as told, as shown
        self._priced_by: dict[Owner, dict[int, None]] = {}
        self._issued = 0

    def put(self, location: Mapping[str, Any], origin: Origin, now: datetime) -> Entry | None:
        """Take a CPO's location as it now is; None if it is gone with that."""
        if is_removed(location):
            self.remove(origin)
            return None
        owner = _owner(origin)
        serial = self._serial_of.get(owner)
        if serial is None:
            serial = self._issued = self._issued + 1
            self._serial_of[owner] = serial
            self._serials.append(serial)
        for name in tariff_names(location):
            self._priced_by.setdefault((origin.party, name), {})[serial] = None
        return self._shape(serial, location, origin, now)

    def put_tariff(self, tariff: Mapping[str, Any], origin: Origin, now: datetime) -> list[Entry]:
        """Take a tariff; returns the locations that changed with it. `origin.ids`: (tariff id,)."""
        owner = _owner(origin)
        self._tariffs[owner] = (tariff, shown_tariff(tariff, origin, self._ids))
        return self._reshape(owner, now)

    def remove_tariff(self, origin: Origin, now: datetime) -> list[Entry]:
        """Forget a tariff; returns the locations that changed with it."""
        owner = _owner(origin)
        self._tariffs.pop(owner, None)
        return self._reshape(owner, now)

    def remove(self, origin: Origin) -> None:
        """Forget a location: it is absent from the next full pull, and nothing else tells."""
        serial = self._serial_of.pop(_owner(origin), None)
        if serial is not None:
            del self._entries[serial]
            self._serials.pop(bisect.bisect_left(self._serials, serial))

    def remove_connection(self, connection: str) -> int:
        """Forget all locations of a CPO whose connection ended; returns how many."""
        gone = [e.origin for e in self._entries.values() if e.origin.connection == connection]
        for origin in gone:
            self.remove(origin)
        return len(gone)

    def entry(self, origin: Origin) -> Entry | None:
        """The entry of a CPO's location."""
        serial = self._serial_of.get(_owner(origin))
        return self._entries.get(serial) if serial is not None else None

    def find(self, rewritten: str) -> Entry | None:
        """The entry of a location by the id that EMPs know."""
        origin = self._ids.origin(rewritten, Kind.LOCATION)
        return self.entry(origin) if origin is not None else None

    def tariff(self, origin: Origin, tariff_id: str) -> Mapping[str, Any] | None:
        """A CPO's tariff by its own id, as it stands."""
        found = self._tariffs.get((origin.party, tariff_id.casefold()))
        return found[0] if found else None

    def seen_by(
        self, organisation: Organisation, span: Span = ALWAYS, after: int = 0
    ) -> Iterator[Entry]:
        """What an EMP sees, in order, from behind the serial `after`, changed in a span of time."""
        start = bisect.bisect_right(self._serials, after)
        for serial in self._serials[start:]:
            entry = self._entries[serial]
            if span.holds(entry.changed_at) and organisation.sees(
                entry.country, entry.origin.party
            ):
                yield entry

    def __len__(self) -> int:
        return len(self._entries)

    def _shape(
        self, serial: int, location: Mapping[str, Any], origin: Origin, now: datetime
    ) -> Entry:
        shown = trimmed(shown_location(location, origin, self._ids, self._tariff_of(origin)))
        encoded = msgspec.Raw(write_json(shown))
        before = self._entries.get(serial)
        same = before is not None and bytes(before.encoded) == bytes(encoded)
        changed_at = before.changed_at if before is not None and same else now
        country = str(location.get("country", ""))
        entry = Entry(serial, origin, country, location, encoded, changed_at)
        self._entries[serial] = entry
        return entry

    def _tariff_of(self, origin: Origin) -> TariffOf:
        def shown(name: str) -> Object | None:
            found = self._tariffs.get((origin.party, name.casefold()))
            return found[1] if found else None

        return shown

    def _reshape(self, tariff: Owner, now: datetime) -> list[Entry]:
        entries = [self._entries.get(serial) for serial in self._priced_by.get(tariff, ())]
        shaped = [
            self._shape(entry.serial, entry.source, entry.origin, now)
            for entry in entries
            if entry is not None
        ]
        return [entry for entry in shaped if entry.changed_at == now]


def _owner(origin: Origin) -> Owner:
    return origin.party, origin.ids[0].casefold()
