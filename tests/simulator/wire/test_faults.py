"""The board: what strikes when, how often, by which chance, and what the journal says of it."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.wire.fault_spec import Moment
from simulator.wire.faults import FaultBoard, FaultError


@pytest.fixture
def board(chance: Chance, clock: Clock, journal: Journal) -> FaultBoard:
    return FaultBoard(chance, clock, journal)


def moment(action: str = "Heartbeat", **told: Any) -> Moment:
    return Moment("ocpp", "station/A", "cpo", "sent", "request", action=action, **told)


def struck(board: FaultBoard, **told: Any) -> list[str]:
    return [hit.id for hit in board.strike(moment(**told))]


async def test_an_empty_board_is_not_active(board: FaultBoard) -> None:
    assert not board.active
    assert not board.skewed
    assert struck(board) == []


async def test_a_fault_strikes_once_unless_told_otherwise(board: FaultBoard) -> None:
    board.add({"kind": "drop"})
    assert [struck(board), struck(board)] == [["fault-1"], []]
    assert not board.active
    (told,) = board.list()
    assert (told["hits"], told["active"]) == (1, False)


async def test_times_and_after_are_counted_over_what_fits(board: FaultBoard) -> None:
    board.add({"kind": "drop", "action": "Heartbeat", "times": 2, "after": 1})
    assert struck(board, action="Authorize") == []
    assert [bool(struck(board)) for _ in range(5)] == [False, True, True, False, False]


async def test_for_counts_on_the_worlds_clock(board: FaultBoard, clock: Clock) -> None:
    board.add({"kind": "drop", "for": "10 s"})
    await clock.sleep(9.9)
    assert struck(board)
    await clock.sleep(0.2)
    assert not struck(board)
    assert not board.active


async def test_faults_strike_in_the_order_in_which_they_were_placed(board: FaultBoard) -> None:
    for kind in ("delay", "drop"):
        board.add({"kind": kind})
    assert struck(board) == ["fault-1", "fault-2"]


async def test_who_has_lost_the_message_asks_no_further(board: FaultBoard) -> None:
    for _ in range(2):
        board.add({"kind": "drop"})
    next(board.strike(moment()))
    assert [told["hits"] for told in board.list()] == [1, 0]


async def test_probability_is_seeded_and_each_faults_own(clock: Clock, journal: Journal) -> None:
    def hits(*, other: bool) -> list[bool]:
        board = FaultBoard(Chance(5), clock, journal)
        board.add({"kind": "drop", "probability": 0.5, "times": "always", "action": "Heartbeat"})
        if other:
            board.add({"kind": "delay", "probability": 0.5, "times": "always"})
        return ["fault-1" in struck(board) for _ in range(40)]

    assert hits(other=False) == hits(other=True)
    assert 10 < sum(hits(other=False)) < 30


async def test_what_is_removed_does_not_strike(board: FaultBoard) -> None:
    number = board.add({"kind": "drop", "times": "always"})
    board.remove(number)
    assert not struck(board)
    assert board.list() == []
    with pytest.raises(FaultError, match="no fault 'fault-1'"):
        board.remove(number)


async def test_the_journal_is_told(board: FaultBoard, journal: Journal) -> None:
    board.add({"kind": "drop"})
    for hit in board.strike(moment(session="S", message='[2,"1","Heartbeat",{}]')):
        hit.did("lost")
    board.clear()
    placed, record, removed = journal.records
    assert (placed["what"], removed["what"]) == ("fault.placed", "fault.removed")
    assert (record["leg"], record["actor"], record["peer"]) == ("fault", "station/A", "cpo")
    assert (record["fault"], record["session"]) == ("drop", "S")
    assert record["data"] == {
        "id": "fault-1",
        "did": "lost",
        "wire": "ocpp",
        "direction": "sent",
        "of": "request",
        "action": "Heartbeat",
        "message": '[2,"1","Heartbeat",{}]',
    }


async def test_secrets_are_not_told(board: FaultBoard, journal: Journal) -> None:
    frame = '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"secret"}]'
    board.add({"kind": "drop"})
    for hit in board.strike(moment(message=frame)):
        hit.did("lost")
    assert b"secret" not in journal.dump()


async def test_a_delay_is_drawn_as_told(board: FaultBoard) -> None:
    def delays(**spec: Any) -> list[float]:
        board.clear()
        board.add({"kind": "delay", "by": 10, "times": "always", **spec})
        return [hit.delay_s() for _ in range(200) for hit in board.strike(moment())]

    assert set(delays()) == {10.0}
    even = delays(distribution="uniform", spread=2)
    assert min(even) >= 8
    assert max(even) <= 12
    assert len(set(even)) > 100
    bell = delays(distribution="normal", spread=50)
    assert min(bell) == 0  # never before it was sent
    assert max(bell) > 60
    steep = delays(distribution="exponential")
    assert 7 < sum(steep) / len(steep) < 13


# What strikes actors


async def test_what_nobody_has_registered_cannot_be_placed(board: FaultBoard) -> None:
    for kind in ("power_cut", "ocsp_down", "tls_expired"):
        with pytest.raises(FaultError, match="nothing here that it could strike"):
            board.add({"kind": kind})
    assert board.list() == []


async def test_a_lasting_fault_is_done_at_once_and_undone(
    board: FaultBoard, clock: Clock, journal: Journal
) -> None:
    told: list[str] = []

    def down(fault: Any, actor: str) -> Any:
        told.append(f"down {actor}")
        return lambda: told.append("up")

    board.hook("ocsp_down", down)
    board.add({"kind": "ocsp_down", "actor": "ocsp", "for": "1 min"})
    assert told == ["down ocsp"]
    assert not board.active  # no message is struck
    await clock.sleep(61)
    assert told == ["down ocsp", "up"]
    assert [r["fault"] for r in journal.records if r["leg"] == "fault"] == ["ocsp_down"]


async def test_a_hook_that_refuses_leaves_nothing_behind(board: FaultBoard) -> None:
    def refuse(fault: Any, actor: str) -> None:
        raise FaultError("actor", "there is no such responder")

    board.hook("ocsp_down", refuse)
    with pytest.raises(FaultError, match="no such responder"):
        board.add({"kind": "ocsp_down", "actor": "nobody"})
    assert board.list() == []


async def test_a_hook_that_cannot_strike_says_so(board: FaultBoard, journal: Journal) -> None:
    def refuse(fault: Any, actor: str) -> None:
        raise FaultError("actor", f"{actor} has no power")

    board.hook("power_cut", refuse)
    board.add({"kind": "power_cut"})
    for hit in board.strike(moment()):
        hit.did(hit.call_hook())
    record = next(r for r in journal.records if r["leg"] == "fault")
    assert record["data"]["did"] == "nothing: station/A has no power"
