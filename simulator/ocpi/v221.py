"""OCPI 2.2.1: the canonical objects are its own, so the codec changes nothing.

Rule: see `codec`.
"""

from __future__ import annotations

from simulator.ocpi.codec import NOTHING_AROUND, Around, Kind, Wire
from simulator.ocpi.envelope import Json


class Codec221:
    """The identity."""

    def sends(self, kind: Kind, obj: Json) -> bool:
        """All objects travel."""
        return True

    def to_wire(
        self, kind: Kind, obj: Json, around: Around = NOTHING_AROUND, *, partial: bool = False
    ) -> Wire:
        """As it is."""
        return Wire(obj)

    def from_wire(
        self, kind: Kind, obj: Json, around: Around = NOTHING_AROUND, *, partial: bool = False
    ) -> Json:
        """As it is."""
        return obj
