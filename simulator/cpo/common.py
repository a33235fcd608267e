"""What every part of one CPO shares.

Rule: nothing of a part's own stands here; who needs one part of another is given it by name.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.cpo.book import Book
from simulator.cpo.config import CpoConfig
from simulator.cpo.sites import Sites
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.wire.faults import FaultBoard

ACTOR = "cpo"


@dataclass(frozen=True, slots=True)
class Common:
    """Configuration and sites, the book, and the world: clock, chance, journal, faults."""

    config: CpoConfig
    sites: Sites
    book: Book
    clock: Clock
    chance: Chance
    journal: Journal
    faults: FaultBoard | None = None
