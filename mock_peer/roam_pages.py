"""Paging of location pulls: each page names the next by an opaque `smart_paging` value.

Rule: pure, one value per EMP. A pull is one chain of pages; a second one begun meanwhile makes the
first a parallel pull. The same page may be asked for again. Source: Roam OCPI, locations module.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from mock_peer.roam_catalogue import ALWAYS, Span

LARGEST_PAGE = 250
PARAMETER = "smart_paging"

Standing = Literal["first", "next", "parallel", "unknown"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: behind the entry `after` of the pull `pull`.

    `total` is what the pull had to give when it began.
    """

    pull: int
    after: int
    limit: int
    total: int
    span: Span = ALWAYS


@dataclass(slots=True)
class Pulls:
    """The pulls of one EMP: the one under way and, to name it as such, the one it replaced."""

    _count: int = 0
    _places: dict[str, Place] = field(default_factory=dict)

    def begin(self, limit: int, total: int, span: Span) -> Place:
        """Begin a pull; older ones than the last are forgotten."""
        self._count += 1
        kept = {v: p for v, p in self._places.items() if p.pull == self._count - 1}
        self._places = kept
        return Place(self._count, 0, limit, total, span)

    def standing(self, value: str | None) -> Standing:
        """What a request with this `smart_paging` value is."""
        if value is None:
            return "first"
        place = self._places.get(value)
        if place is None:
            return "unknown"
        return "next" if place.pull == self._count else "parallel"

    def place(self, value: str) -> Place | None:
        """Where the page of a `smart_paging` value begins."""
        return self._places.get(value)

    def follow(self, place: Place, after: int, value: str) -> None:
        """Let `value` name the page behind the entry `after`."""
        self._places[value] = Place(place.pull, after, place.limit, place.total, place.span)
