"""Tables that turn a canonical object into another version's and back: one row a difference.

Rule: a row acts on one field, both ways; what no row names passes through unchanged, so that
unknown fields survive. Going down, each row reports the canonical places that it loses. No row
raises, whatever it meets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any, Literal, Protocol

from simulator.ocpi.codec import NOTHING_AROUND, Around, Wire
from simulator.ocpi.envelope import Json

Obj = dict[str, Any]


@dataclass(slots=True)
class Trip:
    """One object's way: what is around it, whether it is a part (PATCH), and what got lost."""

    around: Around
    partial: bool = False
    losses: list[str] = field(default_factory=list)

    def inside(self) -> Trip:
        """The way of a nested object: never a part, as PATCH replaces it whole."""
        return Trip(self.around, False, self.losses)


class Row(Protocol):
    """One difference. `out` begins as a copy of the object; `at` is the object's JSON pointer."""

    def down(self, obj: Obj, out: Obj, trip: Trip, at: str) -> None:
        """Canonical to wire."""

    def up(self, raw: Obj, out: Obj, trip: Trip) -> None:
        """Wire to canonical."""


class Table:
    """The differences of one class, applied in order."""

    def __init__(self, *rows: Row) -> None:
        self._rows = rows

    def down(self, obj: Json, trip: Trip, at: str = "") -> Json:
        """Write an object; what is none passes."""
        if not isinstance(obj, dict):
            return obj
        out = dict(obj)
        for row in self._rows:
            row.down(obj, out, trip, at)
        return out

    def up(self, raw: Json, trip: Trip) -> Json:
        """Read an object; what is none passes."""
        if not isinstance(raw, dict):
            return raw
        out = dict(raw)
        for row in self._rows:
            row.up(raw, out, trip)
        return out


class Lost:
    """Fields that the version does not have."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def down(self, obj: Obj, out: Obj, trip: Trip, at: str) -> None:
        for name in self._names:
            if out.pop(name, None) is not None:
                trip.losses.append(f"{at}/{name}")

    def up(self, raw: Obj, out: Obj, trip: Trip) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Renamed:
    """A field that the version calls otherwise."""

    name: str
    wire: str

    def down(self, obj: Obj, out: Obj, trip: Trip, at: str) -> None:
        if self.name in obj:
            out[self.wire] = out.pop(self.name)

    def up(self, raw: Obj, out: Obj, trip: Trip) -> None:
        if self.wire in raw:
            out[self.name] = out.pop(self.wire)


@dataclass(frozen=True, slots=True)
class Owned:
    """country_code and party_id, which the version leaves to the connection: nothing is lost."""

    by: Literal["sender", "receiver"] = "sender"

    def down(self, obj: Obj, out: Obj, trip: Trip, at: str) -> None:
        out.pop("country_code", None)
        out.pop("party_id", None)

    def up(self, raw: Obj, out: Obj, trip: Trip) -> None:
        owner = trip.around.sender if self.by == "sender" else trip.around.receiver
        if owner is not None and not trip.partial:
            out.setdefault("country_code", owner.country_code)
            out.setdefault("party_id", owner.party_id)


@dataclass(frozen=True, slots=True)
class Nested:
    """An object, or a list of objects, with differences of its own."""

    name: str
    table: Table

    def down(self, obj: Obj, out: Obj, trip: Trip, at: str) -> None:
        value, here = out.get(self.name), f"{at}/{self.name}"
        if isinstance(value, list):
            out[self.name] = [
                self.table.down(item, trip.inside(), f"{here}/{index}")
                for index, item in enumerate(value)
            ]
        elif isinstance(value, dict):
            out[self.name] = self.table.down(value, trip.inside(), here)

    def up(self, raw: Obj, out: Obj, trip: Trip) -> None:
        value = out.get(self.name)
        if isinstance(value, list):
            out[self.name] = [self.table.up(item, trip.inside()) for item in value]
        elif isinstance(value, dict):
            out[self.name] = self.table.up(value, trip.inside())


@dataclass(frozen=True, slots=True)
class Values:
    """Enum values that the version writes otherwise, for want of its own: each is a loss."""

    name: str
    instead: Mapping[str, str]
    back: Mapping[str, str] = field(default_factory=dict)

    def down(self, obj: Obj, out: Obj, trip: Trip, at: str) -> None:
        value = out.get(self.name)
        if isinstance(value, str) and value in self.instead:
            out[self.name] = self.instead[value]
            trip.losses.append(f"{at}/{self.name}")

    def up(self, raw: Obj, out: Obj, trip: Trip) -> None:
        value = out.get(self.name)
        if isinstance(value, str) and value in self.back:
            out[self.name] = self.back[value]


@dataclass(frozen=True, slots=True)
class Without:
    """Items of a list that the version cannot say are left out: `unsayable` tells which.

    It is asked about the canonical items, so that the row may stand after a `Nested` of the list.
    """

    name: str
    unsayable: Callable[[Json], bool]

    def down(self, obj: Obj, out: Obj, trip: Trip, at: str) -> None:
        items, canonical = out.get(self.name), obj.get(self.name)
        if not isinstance(items, list) or not isinstance(canonical, list):
            return
        lost = [index for index, item in enumerate(canonical) if self.unsayable(item)]
        out[self.name] = [item for index, item in enumerate(items) if index not in lost]
        trip.losses += [f"{at}/{self.name}/{index}" for index in lost]

    def up(self, raw: Obj, out: Obj, trip: Trip) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Filled:
    """A field that one side requires and the other may leave out.

    `wire` is written where a canonical object has none, and is read back as none; `canonical` is
    put in where the wire has none.
    """

    name: str
    wire: Json = None
    canonical: Callable[[Obj], Json] | None = None

    def down(self, obj: Obj, out: Obj, trip: Trip, at: str) -> None:
        if self.wire is not None and out.get(self.name) is None and not trip.partial:
            out[self.name] = self.wire

    def up(self, raw: Obj, out: Obj, trip: Trip) -> None:
        if self.wire is not None and out.get(self.name) == self.wire:
            del out[self.name]
        if self.canonical is not None and out.get(self.name) is None and not trip.partial:
            out[self.name] = self.canonical(out)


@dataclass(frozen=True, slots=True)
class Implied:
    """A field that in the version always has one value, and is therefore not written."""

    name: str
    value: Json

    def down(self, obj: Obj, out: Obj, trip: Trip, at: str) -> None:
        value = out.pop(self.name, None)
        if value is not None and value != self.value:
            trip.losses.append(f"{at}/{self.name}")

    def up(self, raw: Obj, out: Obj, trip: Trip) -> None:
        if not trip.partial:
            out.setdefault(self.name, self.value)


_FRACTION = re.compile(r"\.([0-9]+)")


class WholeSeconds:
    """DateTime fields of a version that has no fractions of seconds."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def down(self, obj: Obj, out: Obj, trip: Trip, at: str) -> None:
        for name in self._names:
            text = out.get(name)
            if not isinstance(text, str) or (fraction := _FRACTION.search(text)) is None:
                continue
            out[name] = text[: fraction.start()] + text[fraction.end() :]
            if fraction[1].strip("0"):
                trip.losses.append(f"{at}/{name}")

    def up(self, raw: Obj, out: Obj, trip: Trip) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Decimals:
    """Coordinates with an exact number of decimals."""

    places: int

    def down(self, obj: Obj, out: Obj, trip: Trip, at: str) -> None:
        for name in ("latitude", "longitude"):
            text = out.get(name)
            if not isinstance(text, str):
                continue
            try:
                exact = Decimal(text)
                written = exact.quantize(Decimal(10) ** -self.places, ROUND_HALF_EVEN)
            except InvalidOperation:
                continue
            out[name] = f"{written:f}"
            if written != exact:
                trip.losses.append(f"{at}/{name}")

    def up(self, raw: Obj, out: Obj, trip: Trip) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Made:
    """A difference of its own kind: two functions with a row's signatures."""

    write: Callable[[Obj, Obj, Trip, str], None]
    read: Callable[[Obj, Obj, Trip], None]

    def down(self, obj: Obj, out: Obj, trip: Trip, at: str) -> None:
        self.write(obj, out, trip, at)

    def up(self, raw: Obj, out: Obj, trip: Trip) -> None:
        self.read(raw, out, trip)


@dataclass(frozen=True, slots=True)
class TableCodec:
    """A codec made of tables. `withheld` tells the objects that the version must not carry."""

    tables: Mapping[str, Table]
    withheld: Mapping[str, Callable[[Obj], bool]]

    def sends(self, kind: str, obj: Json) -> bool:
        """False for an object that must not travel in this version."""
        forbids = self.withheld.get(kind)
        return forbids is None or not isinstance(obj, dict) or not forbids(obj)

    def to_wire(
        self, kind: str, obj: Json, around: Around = NOTHING_AROUND, *, partial: bool = False
    ) -> Wire:
        """Write a canonical object in this version."""
        table = self.tables.get(kind)
        if table is None:
            return Wire(obj)
        trip = Trip(around, partial)
        return Wire(table.down(obj, trip), tuple(trip.losses))

    def from_wire(
        self, kind: str, obj: Json, around: Around = NOTHING_AROUND, *, partial: bool = False
    ) -> Json:
        """Read an object of this version as a canonical one."""
        table = self.tables.get(kind)
        return obj if table is None else table.up(obj, Trip(around, partial))
