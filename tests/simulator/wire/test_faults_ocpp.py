"""Faults between a link and its socket: order, silence, late answers, storms that never hang."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.loop import run
from simulator.wire.chores import Chores
from simulator.wire.faults import FaultBoard
from simulator.wire.faults_frame import EFFECTS
from simulator.wire.faults_ocpp import FaultyWire, faulty
from simulator.wire.held_edit import Edit
from simulator.wire.holding import Desk
from simulator.wire.ocpp_link import Link
from simulator.wire.ocpp_messages import (
    Call,
    CallTimeout,
    LinkClosed,
    OcppError,
    OcppVersion,
    Reply,
)
from simulator.wire.ocpp_socket import Receiver


def call(number: int, action: str = "Heartbeat") -> str:
    return json.dumps([2, str(number), action, {}], separators=(",", ":"))


def result(number: int) -> str:
    return json.dumps([3, str(number), {}], separators=(",", ":"))


class Socket:
    """A socket of paper: notes what is written, and can be joined to another one."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.receiver: Receiver | None = None
        self.other: Socket | None = None
        self.closed = False

    def attach(self, receiver: Receiver) -> None:
        self.receiver = receiver

    def write(self, text: str) -> None:
        if self.closed:
            raise LinkClosed("the paper is torn")
        self.written.append(text)
        if self.other is not None:
            asyncio.get_running_loop().call_soon(self.other.arrive, text)

    def arrive(self, text: str) -> None:
        if self.receiver is not None and not self.closed:
            self.receiver.received(text)

    async def drain(self) -> None:
        return

    def pause_reading(self, paused: bool) -> None:
        return

    async def close(self, code: int, reason: str) -> None:
        self.abort()

    def abort(self) -> None:
        for end in (self, self.other):
            if end is not None and not end.closed:
                end.closed = True
                asyncio.get_running_loop().call_soon(end.lost)

    def lost(self) -> None:
        if self.receiver is not None:
            self.receiver.lost("the paper is torn")


class Reader:
    """Takes what arrives."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.reason = ""

    def received(self, text: str) -> None:
        self.texts.append(text)

    def received_binary(self, size: int) -> None:
        self.texts.append(f"{size} bytes")

    def lost(self, reason: str) -> None:
        self.reason = reason


class Bench:
    """A wire that may be struck, between a socket and a reader."""

    def __init__(self, clock: Clock, journal: Journal) -> None:
        self.clock = clock
        self.board = FaultBoard(Chance(3), clock, journal)
        self.socket, self.reader = Socket(), Reader()
        self.wire = FaultyWire(
            self.socket, self.board, clock=clock, journal=journal, actor="station/A", peer="cpo"
        )
        self.wire.attach(self.reader)


@pytest.fixture
def bench(clock: Clock, journal: Journal) -> Bench:
    return Bench(clock, journal)


async def test_without_a_board_there_is_nothing_between() -> None:
    socket = Socket()
    assert faulty(socket, None) is socket


async def test_without_faults_everything_passes(bench: Bench, journal: Journal) -> None:
    bench.wire.write(call(1))
    bench.socket.arrive(result(1))
    bench.wire.received_binary(7)
    assert bench.socket.written == [call(1)]
    assert bench.reader.texts == [result(1), "7 bytes"]
    assert journal.seq == 0


async def test_what_is_dropped_does_not_arrive(bench: Bench) -> None:
    bench.board.add({"kind": "drop", "action": "Authorize"})
    for text in (call(1), call(2, "Authorize"), call(3, "Authorize")):
        bench.wire.write(text)
    assert bench.socket.written == [call(1), call(3, "Authorize")]


async def test_an_answer_is_known_by_its_requests_action(bench: Bench) -> None:
    bench.board.add(
        {"kind": "drop", "of": "answer", "direction": "received", "action": "Authorize"}
    )
    bench.wire.write(call(1))
    bench.wire.write(call(2, "Authorize"))
    bench.socket.arrive(result(1))
    bench.socket.arrive(result(2))
    assert bench.reader.texts == [result(1)]


async def test_delay_keeps_the_order(bench: Bench, clock: Clock) -> None:
    bench.board.add({"kind": "delay", "by": 5, "action": "Authorize"})
    bench.wire.write(call(1, "Authorize"))
    bench.wire.write(call(2))
    await clock.sleep(4.9)
    assert bench.socket.written == []
    await clock.sleep(0.2)
    assert bench.socket.written == [call(1, "Authorize"), call(2)]


async def test_order_is_kept_when_the_board_is_empty_again(bench: Bench, clock: Clock) -> None:
    bench.board.add({"kind": "delay", "by": 5})
    bench.wire.write(call(1))
    bench.board.clear()
    bench.wire.write(call(2))
    await clock.sleep(6)
    bench.wire.write(call(3))
    assert bench.socket.written == [call(1), call(2), call(3)]


async def test_a_duplicate_comes_at_once(bench: Bench) -> None:
    bench.board.add({"kind": "duplicate", "copies": 2})
    bench.wire.write(call(1))
    assert bench.socket.written == [call(1)] * 3


async def test_the_next_one_overtakes(bench: Bench, clock: Clock) -> None:
    bench.board.add({"kind": "reorder", "action": "Authorize"})
    bench.wire.write(call(1, "Authorize"))
    bench.wire.write(call(2))
    assert bench.socket.written == [call(2), call(1, "Authorize")]
    await clock.sleep(10)
    assert len(bench.socket.written) == 2


async def test_without_a_next_one_it_goes_on(bench: Bench, clock: Clock) -> None:
    bench.board.add({"kind": "reorder", "within": 2})
    bench.wire.write(call(1))
    await clock.sleep(1.9)
    assert bench.socket.written == []
    await clock.sleep(0.2)
    assert bench.socket.written == [call(1)]


async def test_a_late_answer_holds_up_nobody(bench: Bench, clock: Clock) -> None:
    bench.board.add({"kind": "late_answer", "by": 60, "direction": "received"})
    bench.socket.arrive(result(1))
    bench.socket.arrive(result(2))
    assert bench.reader.texts == [result(2)]
    await clock.sleep(61)
    assert bench.reader.texts == [result(2), result(1)]


async def test_a_call_error_comes_back_and_the_request_does_not_arrive(
    bench: Bench, clock: Clock
) -> None:
    bench.board.add({"kind": "call_error", "of": "request"})
    bench.wire.write(call(1))
    assert bench.reader.texts == []  # not within the call itself
    await clock.sleep(0.001)
    assert bench.socket.written == []
    assert json.loads(bench.reader.texts[0])[:3] == [4, "1", "InternalError"]


async def test_a_received_request_is_refused_unread(bench: Bench, clock: Clock) -> None:
    bench.board.add({"kind": "call_error", "of": "request", "direction": "received"})
    bench.socket.arrive(call(1))
    await clock.sleep(0.001)
    assert bench.reader.texts == []
    assert json.loads(bench.socket.written[0])[:2] == [4, "1"]


async def test_a_reset_cuts_the_connection(bench: Bench, clock: Clock) -> None:
    bench.board.add({"kind": "reset"})
    bench.wire.write(call(1))
    await clock.sleep(0)
    assert bench.socket.written == []
    assert bench.reader.reason == "the paper is torn"


async def test_half_open_is_silent_both_ways_for_a_time(
    bench: Bench, clock: Clock, journal: Journal
) -> None:
    bench.board.add({"kind": "half_open", "lasts": 30})
    bench.wire.write(call(1))
    bench.socket.arrive(call(2))
    await clock.sleep(29)
    bench.wire.write(call(3))
    await clock.sleep(2)
    bench.wire.write(call(4))
    bench.socket.arrive(call(5))
    assert (bench.socket.written, bench.reader.texts) == ([call(4)], [call(5)])
    assert [r["leg"] for r in journal.records].count("fault") == 3  # each that was lost


async def test_a_thin_line_carries_one_after_the_other(bench: Bench, clock: Clock) -> None:
    size = len(call(1))
    bench.board.add({"kind": "bandwidth", "bytes_per_s": size, "times": "always"})
    for number in range(3):
        bench.wire.write(call(number))
    for arrived in range(1, 4):
        await clock.sleep(1.001)
        assert len(bench.socket.written) == arrived


async def test_closing_takes_its_time(bench: Bench, clock: Clock) -> None:
    bench.board.add({"kind": "slow_close", "by": 7})
    await bench.wire.close(1000, "enough")
    assert clock.monotonic() == 7
    assert bench.socket.closed


async def test_what_waits_dies_with_the_connection(bench: Bench, clock: Clock) -> None:
    bench.board.add({"kind": "delay", "by": 5, "times": "always"})
    bench.board.add({"kind": "late_answer", "by": 5, "direction": "received"})
    bench.wire.write(call(1))
    bench.socket.arrive(result(1))
    bench.socket.abort()
    await clock.sleep(20)
    assert (bench.socket.written, bench.reader.texts) == ([], [])
    assert bench.reader.reason == "the paper is torn"


async def test_a_delayed_message_finds_the_socket_closed(bench: Bench, clock: Clock) -> None:
    for spec in ({"kind": "delay"}, {"kind": "reorder"}):
        bench.board.add(spec)
    bench.wire.write(call(1))
    bench.socket.closed = True  # and nobody was told
    await clock.sleep(20)
    with pytest.raises(LinkClosed):
        bench.wire.write(call(2))


# Storms


KINDS = st.sampled_from(sorted(set(EFFECTS) - {"power_cut"} | {"slow_close"}))
STORM = st.lists(
    st.fixed_dictionaries(
        {"kind": KINDS},
        optional={
            "probability": st.sampled_from([0.1, 0.5, 1.0]),
            "times": st.sampled_from([1, 3, "always"]),
            "after": st.integers(0, 4),
            "direction": st.sampled_from(["sent", "received"]),
            "actor": st.sampled_from(["station/A", "cpo"]),
            "for": st.sampled_from([3, 60]),
        },
    ),
    max_size=6,
)


class End:
    """A link of a pair, over paper that may be struck."""

    def __init__(self, clock: Clock, board: FaultBoard, journal: Journal, who: str, peer: str):
        self.socket = Socket()
        self.chores = Chores(journal, who)
        self.wire = faulty(self.socket, board, clock=clock, journal=journal, actor=who, peer=peer)
        self.link = Link(
            self.wire,
            peer_id=peer,
            version=OcppVersion.V16,
            clock=clock,
            ids=Chance(1, who),
            journal=journal,
            actor=who,
            peer=peer,
            chores=self.chores,
            call_timeout_s=5.0,
        )
        self.wire.attach(self.link)

    async def serve(self) -> None:
        async def answer(call: Call) -> Reply:
            return Reply({"currentTime": "2026-01-15T07:00:00Z"})

        await self.link.serve(answer)

    async def ask(self) -> list[str]:
        got = []
        for _ in range(12):
            try:
                await self.link.call("Heartbeat", {})
                got.append("answered")
            except (OcppError, CallTimeout, LinkClosed) as error:
                got.append(type(error).__name__)
        return got


async def storm(clock: Clock, journal: Journal, specs: list[dict[str, Any]]) -> list[list[str]]:
    before = asyncio.all_tasks()
    board = FaultBoard(Chance(9), clock, journal)
    board.desk = Desk(clock, journal)
    station, cpo = (
        End(clock, board, journal, "station/A", "cpo"),
        End(clock, board, journal, "cpo", "station/A"),
    )
    station.socket.other, cpo.socket.other = cpo.socket, station.socket
    for spec in specs:
        board.add(spec)
    serving = [asyncio.ensure_future(end.serve()) for end in (station, cpo)]
    async with clock.timeout(600):  # 24 calls of 5 s at most, with whatever passes them
        got = await asyncio.gather(station.ask(), cpo.ask())
    await station.link.close()
    await clock.sleep(0)
    await asyncio.gather(*serving)
    for end in (station, cpo):
        await end.chores.stop()
    assert asyncio.all_tasks() == before
    return list(got)


def played(specs: list[dict[str, Any]]) -> tuple[list[list[str]], bytes]:
    clock = Clock("virtual")
    journal = Journal(clock, seed=9, world="storm")
    return run(storm(clock, journal, specs), clock), journal.dump()


@given(STORM)
def test_a_storm_never_hangs_leaks_or_differs(specs: list[dict[str, Any]]) -> None:
    got, records = played(specs)
    assert all(len(answers) == 12 for answers in got)
    assert played(specs) == (got, records)


def test_without_faults_all_is_answered_and_nothing_is_told() -> None:
    got, records = played([])
    assert got == [["answered"] * 12] * 2
    assert b"fault" not in records


# Holding


def holding(bench: Bench, clock: Clock, journal: Journal, **spec: Any) -> Desk:
    desk = bench.board.desk = Desk(clock, journal)
    bench.board.add({"kind": "hold", **spec})
    return desk


async def test_what_comes_after_a_held_message_passes(
    bench: Bench, clock: Clock, journal: Journal
) -> None:
    desk = holding(bench, clock, journal, action="Authorize")
    texts = [call(1, "Authorize"), call(2), call(3)]
    for text in texts:
        bench.wire.write(text)
    assert bench.socket.written == texts[1:]
    desk.release()
    assert bench.socket.written == [*texts[1:], texts[0]]


@pytest.mark.parametrize(
    ("direction", "spec"), [("sent", {}), ("received", {}), ("received", {"times": "always"})]
)
async def test_it_is_held_at_either_end_and_goes_on_changed(
    bench: Bench, clock: Clock, journal: Journal, direction: str, spec: Any
) -> None:
    desk = holding(bench, clock, journal, filter="~a Heartbeat", **spec)
    if direction == "sent":
        bench.wire.write(call(1))
        there = bench.socket.written
    else:
        bench.socket.arrive(call(1))
        there = bench.reader.texts
    assert there == []
    assert desk.snapshot()[0]["body"] == {}
    desk.release("held-1", Edit(set={"/x": 1.50}))
    assert there == [call(1).replace("{}", '{"x":1.5}')]


async def test_an_error_can_become_another(bench: Bench, clock: Clock, journal: Journal) -> None:
    desk = holding(bench, clock, journal, filter="~err")
    bench.socket.arrive('[4,"1","NotSupported","no",{}]')
    assert desk.snapshot()[0]["body"] == ["NotSupported", "no", {}]
    desk.release(edit=Edit(set={"/0": "GenericError"}))
    assert bench.reader.texts == ['[4,"1","GenericError","no",{}]']


async def test_nonsense_can_be_held_too(bench: Bench, clock: Clock, journal: Journal) -> None:
    desk = holding(bench, clock, journal)
    bench.wire.write("[2")
    assert (desk.snapshot()[0]["text"], desk.snapshot()[0]["body"]) == ("[2", None)
    desk.release()
    assert bench.socket.written == ["[2"]


@pytest.mark.parametrize("end", ["lost", "closed", "dropped"])
async def test_with_its_connection_it_is_lost(
    bench: Bench, clock: Clock, journal: Journal, end: str
) -> None:
    desk = holding(bench, clock, journal)
    bench.wire.write(call(1))
    if end == "lost":
        bench.wire.lost("gone")
    elif end == "closed":
        await bench.wire.close(1000, "")
    else:
        desk.release(edit=Edit(drop=True))
    assert (desk.snapshot(), bench.socket.written) == ([], [])
    assert journal.records[-1]["what"] == "hold.lost"


async def test_what_was_released_meets_a_dead_socket_in_peace(
    bench: Bench, clock: Clock, journal: Journal
) -> None:
    desk = holding(bench, clock, journal)
    bench.wire.write(call(1))
    bench.socket.closed = True
    desk.release()
    assert bench.socket.written == []


async def test_a_message_that_is_lost_is_not_held(
    bench: Bench, clock: Clock, journal: Journal
) -> None:
    desk = holding(bench, clock, journal)
    bench.board.add({"kind": "drop"})
    bench.wire.write(call(1))
    assert desk.snapshot() == []
    told = [r["data"]["did"] for r in journal.records if r["leg"] == "fault"]
    assert told == ["lost", "not held: it is lost"]


async def test_a_message_with_two_ends_is_held_once(clock: Clock, journal: Journal) -> None:
    board = FaultBoard(Chance(9), clock, journal)
    board.desk = Desk(clock, journal)
    station, cpo = (
        End(clock, board, journal, "station/A", "cpo"),
        End(clock, board, journal, "cpo", "station/A"),
    )
    station.socket.other, cpo.socket.other = cpo.socket, station.socket
    board.add({"kind": "hold", "times": "always", "filter": "~a Heartbeat", "of": "request"})
    board.add({"kind": "hold", "times": "always", "filter": "~a Heartbeat & !~err"})
    serving = [asyncio.ensure_future(end.serve()) for end in (station, cpo)]
    asking = asyncio.ensure_future(station.link.call("Heartbeat", {}))
    ends = []
    while not asking.done():
        await clock.sleep(0.01)
        ends += [(told["at_end_of"], told["of"]) for told in board.desk.snapshot()]
        board.desk.release()
    assert await asking
    assert ends == [("station/A", "request"), ("cpo", "answer")]
    await station.link.close()
    await asyncio.gather(*serving)
    for end in (station, cpo):
        await end.chores.stop()
