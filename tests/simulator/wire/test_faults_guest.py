"""A guest's board: its own faults are its own; of the world's, holds and certificates reach it."""

from __future__ import annotations

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.wire.faults import FaultBoard, FaultError
from simulator.wire.faults_guest import GuestBoard, Welcome
from simulator.wire.holding import Desk
from simulator.wire.moment import Moment
from simulator.wire.tls import TlsPem


@pytest.fixture
def world(clock: Clock, journal: Journal) -> FaultBoard:
    board = FaultBoard(Chance(1), clock, journal)
    board.desk = Desk(clock, journal)
    return board


@pytest.fixture
def guest(world: FaultBoard, clock: Clock, journal: Journal) -> GuestBoard:
    invited = Welcome(world, "acme")
    return GuestBoard(Chance(2), clock, journal, actor="plugsurfing", guest_of=invited)


def moment(actor: str, direction: str, of: str = "request", number: str | None = "1") -> Moment:
    return Moment("http", actor, None, direction, of, method="POST", path="/cdrs", id=number)


def struck(board: FaultBoard, told: Moment) -> list[str]:
    return [hit.fault.kind for hit in board.strike(told)]


def test_of_the_worlds_faults_only_holds_reach_it(world: FaultBoard, guest: GuestBoard) -> None:
    world.add({"kind": "drop", "times": "always"})
    assert not guest.active
    guest.add({"kind": "delay", "times": 1})
    assert guest.active
    held = world.add({"kind": "hold", "times": "always"})
    assert struck(guest, moment("roam", "sent")) == ["delay", "hold"]
    assert guest.active  # its own is over, the world's is not
    assert struck(guest, moment("roam", "sent")) == ["hold"]
    world.remove(held)
    assert not guest.active
    assert struck(guest, moment("roam", "sent")) == []


@pytest.mark.parametrize("of", ["request", "answer"])
@pytest.mark.parametrize("number", ["1", None])  # OCPI 2.1.1 has no ids of requests
def test_what_was_held_at_one_end_passes_at_the_other(
    world: FaultBoard, guest: GuestBoard, number: str | None, of: str
) -> None:
    world.add({"kind": "hold", "times": "always", "of": of})
    for _ in range(2):  # two under way at once
        assert struck(guest, moment("roam", "sent", of, number)) == ["hold"]
    for _ in range(2):
        assert struck(guest, moment("emp", "received", of, number)) == []
    assert struck(guest, moment("emp", "received", of, number)) == ["hold"]  # from elsewhere


def test_it_shows_what_the_world_puts_on_it(world: FaultBoard, guest: GuestBoard) -> None:
    shown = TlsPem("certificate", "key")
    off = world.disguises.put_on("acme", shown)
    assert guest.disguises.of(guest.known_as) is shown
    off()
    assert guest.disguises.of(guest.known_as) is None


def test_a_hold_is_placed_at_the_world_where_there_is_one(
    guest: GuestBoard, clock: Clock, journal: Journal
) -> None:
    with pytest.raises(FaultError, match="place it without 'at'"):
        guest.add({"kind": "hold"})
    alone = GuestBoard(Chance(2), clock, journal, actor="plugsurfing")
    assert alone.known_as == "plugsurfing"
    assert guest.own_desk is None and alone.own_desk is not None
    alone.remove(alone.add({"kind": "hold"}))
    alone.add({"kind": "drop"})
    assert struck(alone, moment("roam", "sent")) == ["drop"]
    assert not alone.active
