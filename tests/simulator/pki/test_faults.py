"""Faults of a responder: its switch is turned, and turned back."""

from __future__ import annotations

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.pki.faults import SWITCHES, offer_ocsp_faults
from simulator.pki.ocsp_http import OcspResponder
from simulator.pki.store import Pki
from simulator.wire.fault_kinds import FAULTS
from simulator.wire.faults import FaultBoard


@pytest.fixture
def responder(clock: Clock, chance: Chance, journal: Journal) -> OcspResponder:
    return OcspResponder(Pki.create(chance, clock.now()), clock=clock, journal=journal)


def test_every_fault_of_a_responder_has_a_switch() -> None:
    assert set(SWITCHES) == {name for name in FAULTS if name.startswith("ocsp_")}
    assert set(SWITCHES.values()) <= set(OcspResponder.modes)


@pytest.mark.parametrize("kind", SWITCHES)
async def test_it_ends_as_it_began(
    responder: OcspResponder, clock: Clock, chance: Chance, journal: Journal, kind: str
) -> None:
    board = FaultBoard(chance, clock, journal)
    offer_ocsp_faults(board, responder)
    responder.turn("slow:3")
    board.add({"kind": kind, "for": "1 min"})
    assert responder.switch.mode == SWITCHES[kind]
    await clock.sleep(61)
    assert str(responder.switch) == "slow:3"


async def test_slow_says_how_slow(
    responder: OcspResponder, clock: Clock, chance: Chance, journal: Journal
) -> None:
    board = FaultBoard(chance, clock, journal)
    offer_ocsp_faults(board, responder)
    number = board.add({"kind": "ocsp_slow", "by": "12 s"})
    assert str(responder.switch) == "slow:12"
    board.remove(number)
    assert str(responder.switch) == "ok"
