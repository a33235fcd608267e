"""What every part of one CPO shares."""

from __future__ import annotations

from simulator.cpo.run import Cpo
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from tests.simulator.cpo.world import CONFIG


def test_the_parts_stand_on_the_same_book(clock: Clock, chance: Chance, journal: Journal) -> None:
    cpo = Cpo(CONFIG, clock=clock, chance=chance, journal=journal)
    assert cpo.csms.book is cpo.book
    assert cpo.csms.sites is cpo.sites
    assert cpo.csms.ledger is cpo.ledger
    cpo.book.close()
