"""One connection on a wire of paper: who waits, who is answered, in which order, what is told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.wire.chores import Chores
from simulator.wire.ocpp_link import Link
from simulator.wire.ocpp_rpc import (
    Call,
    CallTimeout,
    LinkClosed,
    OcppError,
    OcppVersion,
    Reply,
    Validation,
)

NOW = "2026-01-15T07:00:00.000Z"
TIME = {"currentTime": NOW}


class Paper:
    """A Wire that only notes what is done to it."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.closed: tuple[int, str] | None = None
        self.aborted = False
        self.broken = False
        self.paused: list[bool] = []

    def write(self, text: str) -> None:
        if self.broken:
            raise LinkClosed("the paper is torn")
        self.written.append(text)

    async def drain(self) -> None:
        return

    def pause_reading(self, paused: bool) -> None:
        self.paused.append(paused)

    async def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)

    def abort(self) -> None:
        self.aborted = True

    @property
    def frames(self) -> list[Any]:
        return [json.loads(text) for text in self.written]


class Table:
    """A link on paper, with all that belongs to it."""

    def __init__(self, clock: Clock, journal: Journal, **options: Any) -> None:
        self.clock = clock
        self.journal = journal
        self.paper = Paper()
        self.chores = Chores(journal, "cpo")
        self.link = Link(
            self.paper,
            peer_id="CP1",
            version=options.pop("version", OcppVersion.V16),
            clock=clock,
            ids=Chance(7),
            journal=journal,
            actor="cpo",
            peer="station/CP1",
            chores=self.chores,
            **options,
        )

    def answer(self, payload: dict[str, Any] | None = None) -> None:
        """Answer the last CALL written."""
        self.link.received(json.dumps([3, self.paper.frames[-1][1], payload or TIME]))

    def events(self) -> list[str]:
        return [record["what"] for record in self.journal.records if record["leg"] == "event"]

    def ocpp(self) -> list[dict[str, Any]]:
        return [record for record in self.journal.records if record["leg"] == "ocpp"]


@pytest.fixture
def table(clock: Clock, journal: Journal) -> Table:
    return Table(clock, journal)


# Calling


async def test_a_call_returns_its_answer(table: Table) -> None:
    call = asyncio.ensure_future(table.link.call("Heartbeat", {}))
    await table.clock.sleep(0)
    table.answer()
    assert await call == TIME


async def test_calls_go_out_one_at_a_time_in_order(table: Table) -> None:
    tags = [f"TAG{number}" for number in range(4)]
    calls = [asyncio.ensure_future(table.link.call("Authorize", {"idTag": tag})) for tag in tags]
    for number, tag in enumerate(tags):
        await table.clock.sleep(1)
        assert len(table.paper.written) == number + 1
        assert table.paper.frames[-1][3] == {"idTag": tag}
        table.answer({"idTagInfo": {"status": "Accepted"}})
    assert len(await asyncio.gather(*calls)) == 4


async def test_a_callerror_is_raised(table: Table) -> None:
    call = asyncio.ensure_future(table.link.call("Heartbeat", {}))
    await table.clock.sleep(0)
    table.link.received(json.dumps([4, table.paper.frames[0][1], "SecurityError", "who?", {}]))
    with pytest.raises(OcppError, match="SecurityError: who\\?") as caught:
        await call
    assert not caught.value.local


async def test_a_timeout_is_raised_on_time_and_the_late_answer_recorded(table: Table) -> None:
    began = table.clock.monotonic()
    with pytest.raises(CallTimeout, match="Heartbeat: no answer within 5 s"):
        await table.link.call("Heartbeat", {}, timeout_s=5)
    assert table.clock.monotonic() - began == pytest.approx(5)
    table.answer()
    assert table.events() == ["ocpp.timeout", "ocpp.late_answer"]
    late = next(r for r in table.journal.records if r.get("what") == "ocpp.late_answer")
    assert late["data"]["answer"] == TIME


async def test_on_a_fast_clock_a_hiccup_is_no_timeout(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table.clock, "patience", lambda limit_s: limit_s * 10)
    with pytest.raises(CallTimeout, match="Heartbeat: no answer within 300 s"):
        await table.link.call("Heartbeat", {})


async def test_the_queue_goes_on_after_a_timeout(table: Table) -> None:
    first = asyncio.ensure_future(table.link.call("Heartbeat", {}, timeout_s=5))
    second = asyncio.ensure_future(table.link.call("Heartbeat", {}, timeout_s=5))
    with pytest.raises(CallTimeout):
        await first
    assert len(table.paper.written) == 2
    table.answer()
    assert await second == TIME


async def test_each_call_has_its_own_deadline(table: Table) -> None:
    """The one timer of a link is set for the call before: shorter and longer ones must fit."""
    for limit_s in (30.0, 5.0, 60.0, 1.0):
        quick = asyncio.ensure_future(table.link.call("Heartbeat", {}, timeout_s=20.0))
        await table.clock.sleep(3)
        table.answer()
        await quick
        began = table.clock.monotonic()
        with pytest.raises(CallTimeout):
            await table.link.call("Heartbeat", {}, timeout_s=limit_s)
        assert table.clock.monotonic() - began == pytest.approx(limit_s)


async def test_an_invalid_call_is_not_sent_and_recorded(table: Table) -> None:
    with pytest.raises(OcppError, match="/idTag") as caught:
        await table.link.call("Authorize", {"idTag": 7})
    assert caught.value.local
    assert table.paper.written == []
    assert table.events() == ["ocpp.not_sent"]


async def test_nonsense_goes_out_on_purpose(table: Table) -> None:
    await table.link.send_raw("[2,]", session="s1")
    await table.link.send_raw("\ud800")
    assert table.paper.written == ["[2,]", "?"]
    [first, _] = table.ocpp()
    assert (first["frame"], first["session"], first["message_type"]) == ("[2,]", "s1", None)


async def test_a_lost_link_fails_all_calls_at_once(table: Table) -> None:
    calls = [asyncio.ensure_future(table.link.call("Heartbeat", {})) for _ in range(3)]
    await table.clock.sleep(1)
    table.link.lost("the cable was cut")
    began = table.clock.monotonic()
    for call in calls:
        with pytest.raises(LinkClosed, match="the cable was cut"):
            await call
    with pytest.raises(LinkClosed):
        await table.link.call("Heartbeat", {})
    assert table.clock.monotonic() == began
    assert table.link.closed.is_set()


async def test_closing_fails_calls_and_closes_the_wire(table: Table) -> None:
    call = asyncio.ensure_future(table.link.call("Heartbeat", {}))
    await table.clock.sleep(1)
    await table.link.close(1001, "the reason is " + "long " * 100)
    with pytest.raises(LinkClosed):
        await call
    assert table.paper.closed is not None
    code, reason = table.paper.closed
    assert code == 1001
    assert len(reason.encode()) <= 123


async def test_a_wire_that_breaks_under_a_call_ends_the_link(table: Table) -> None:
    table.paper.broken = True
    with pytest.raises(LinkClosed, match="torn"):
        await table.link.call("Heartbeat", {})
    assert table.link.closed.is_set()
    assert table.paper.aborted


async def test_a_cancelled_call_in_the_queue_is_not_sent(table: Table) -> None:
    first = asyncio.ensure_future(table.link.call("Heartbeat", {}))
    second = asyncio.ensure_future(table.link.call("Heartbeat", {}))
    await table.clock.sleep(1)
    second.cancel()
    await table.clock.sleep(1)
    table.answer()
    assert await first == TIME
    assert len(table.paper.written) == 1


async def test_a_cancelled_call_on_the_wire_keeps_its_place(table: Table) -> None:
    first = asyncio.ensure_future(table.link.call("Heartbeat", {}))
    await table.clock.sleep(1)
    first.cancel()
    second = asyncio.ensure_future(table.link.call("Heartbeat", {}))
    await table.clock.sleep(1)
    assert len(table.paper.written) == 1
    table.answer()
    assert len(table.paper.written) == 2
    table.answer()
    assert await second == TIME


# Serving


async def serving(table: Table, handler: Any) -> asyncio.Task[None]:
    task = asyncio.ensure_future(table.link.serve(handler))
    await table.clock.sleep(0)
    return task


def knock(table: Table, *ids: str) -> None:
    for message_id in ids:
        table.link.received(json.dumps([2, message_id, "Heartbeat", {}]))


async def test_calls_are_handled_one_at_a_time_and_answered_in_order(table: Table) -> None:
    at_work: list[str] = []

    async def handler(call: Call) -> Reply:
        at_work.append(call.message_id)
        await table.clock.sleep({"1": 3, "2": 2}.get(call.message_id, 0))
        assert at_work[-1] == call.message_id
        return Reply(TIME)

    await serving(table, handler)
    knock(table, "1", "2", "3")
    await table.clock.sleep(10)
    assert table.paper.frames == [[3, number, TIME] for number in "123"]


async def test_after_runs_once_the_answer_is_written(table: Table) -> None:
    seen: list[int] = []

    async def after() -> None:
        seen.append(len(table.paper.written))

    async def handler(call: Call) -> Reply:
        return Reply(TIME, after=after)

    await serving(table, handler)
    knock(table, "1")
    await table.clock.sleep(1)
    assert seen == [1]


async def test_after_may_take_its_time_and_call_the_peer(table: Table) -> None:
    answers: list[Any] = []

    async def after() -> None:
        answers.append(await table.link.call("Heartbeat", {}))

    async def handler(call: Call) -> Reply:
        return Reply(TIME, after=after if call.message_id == "1" else None)

    await serving(table, handler)
    knock(table, "1")
    await table.clock.sleep(1)
    knock(table, "2")
    await table.clock.sleep(1)
    assert [frame[0] for frame in table.paper.frames] == [3, 2, 3]
    table.link.received(json.dumps([3, table.paper.frames[1][1], TIME]))
    await table.clock.sleep(1)
    assert answers == [TIME]


async def test_a_handler_may_call_the_peer(table: Table) -> None:
    async def handler(call: Call) -> Reply:
        return Reply(await table.link.call("Heartbeat", {}))

    await serving(table, handler)
    knock(table, "1")
    await table.clock.sleep(1)
    table.answer()
    await table.clock.sleep(1)
    assert table.paper.frames[-1] == [3, "1", TIME]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OcppError("NotSupported", "no"), "NotSupported"),
        (CallTimeout("too slow"), "InternalError"),
        (LinkClosed("gone"), "InternalError"),
        (ZeroDivisionError("0"), "InternalError"),
    ],
)
async def test_what_a_handler_raises_becomes_a_callerror(
    table: Table, error: Exception, code: str
) -> None:
    async def handler(call: Call) -> Reply:
        if call.message_id == "1":
            raise error
        return Reply(TIME)

    await serving(table, handler)
    knock(table, "1", "2")
    await table.clock.sleep(1)
    assert table.paper.frames[0][:3] == [4, "1", code]
    assert table.paper.frames[1] == [3, "2", TIME]
    assert table.events() == ([] if isinstance(error, OcppError) else ["ocpp.handler_failed"])


async def test_an_invalid_reply_is_not_sent_and_nothing_happens_after_it(table: Table) -> None:
    async def after() -> None:
        raise AssertionError("it was not accepted")

    async def handler(call: Call) -> Reply:
        return Reply({"currentTime": 5}, after=after)

    await serving(table, handler)
    knock(table, "1")
    await table.clock.sleep(1)
    assert table.paper.frames[0][:3] == [4, "1", "InternalError"]
    assert table.events() == []
    assert table.ocpp()[-1]["errors"] == ['/currentTime: 5 is not of type "string"']


async def test_a_refused_call_never_reaches_the_handler(table: Table) -> None:
    async def handler(call: Call) -> Reply:
        raise AssertionError("not for me")

    await serving(table, handler)
    table.link.received('[2,"1","Authorize",{}]')
    await table.clock.sleep(1)
    assert table.paper.frames[0][:3] == [4, "1", "ProtocolError"]
    assert table.events() == []


async def test_serving_ends_with_the_link_after_what_had_come_in(table: Table) -> None:
    handled: list[str] = []

    async def handler(call: Call) -> Reply:
        await table.clock.sleep(1)
        handled.append(call.message_id)
        return Reply(TIME)

    task = await serving(table, handler)
    knock(table, "1", "2")
    await table.clock.sleep(0.5)
    table.paper.broken = True
    table.link.lost("cut")
    await task
    assert handled == ["1", "2"]
    assert table.events() == ["ocpp.unanswered", "ocpp.unanswered"]


async def test_serving_can_be_interrupted_amid_a_handler(table: Table) -> None:
    async def handler(call: Call) -> Reply:
        await table.clock.sleep(3600)
        return Reply(TIME)

    task = await serving(table, handler)
    knock(table, "1")
    await table.clock.sleep(1)
    table.link.interrupt()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_a_flood_of_calls_stops_the_reading_until_it_is_worked_off(table: Table) -> None:
    async def handler(call: Call) -> Reply:
        await table.clock.sleep(1)
        return Reply(TIME)

    await serving(table, handler)
    knock(table, *[str(number) for number in range(100)])
    assert table.paper.paused == [True]
    await table.clock.sleep(200)
    assert table.paper.paused == [True, False]
    assert len(table.paper.written) == 100


# Recording


async def test_every_frame_is_recorded_with_what_it_is(table: Table) -> None:
    async def handler(call: Call) -> Reply:
        return Reply(TIME)

    await serving(table, handler)
    knock(table, "1")
    call = asyncio.ensure_future(table.link.call("Heartbeat", {}, session="CP1-1-1"))
    await table.clock.sleep(1)
    table.answer()
    await call
    table.link.received("nonsense")
    seen = [(r["direction"], r["message_type"], r["action"], r["session"]) for r in table.ocpp()]
    assert seen == [
        ("received", 2, "Heartbeat", None),
        ("sent", 3, "Heartbeat", None),
        ("sent", 2, "Heartbeat", "CP1-1-1"),
        ("received", 3, "Heartbeat", "CP1-1-1"),
        ("received", None, None, None),
    ]
    assert table.ocpp()[-1]["errors"][0].startswith("not JSON")
    assert table.ocpp()[-1]["version"] == "1.6"
    assert table.events() == ["ocpp.stray_frame"]


async def test_the_owner_knows_which_session_a_frame_belongs_to(table: Table) -> None:
    table.link.session_for = lambda action, payload: f"{action}-{payload.get('idTag')}"

    async def handler(call: Call) -> Reply:
        return Reply({"idTagInfo": {"status": "Accepted"}})

    await serving(table, handler)
    table.link.received('[2,"1","Authorize",{"idTag":"A"}]')
    call = asyncio.ensure_future(table.link.call("Authorize", {"idTag": "B"}))
    await table.clock.sleep(1)
    call.cancel()
    sessions = [record["session"] for record in table.ocpp()]
    assert sessions == ["Authorize-A", "Authorize-A", "Authorize-B"]


async def test_a_lenient_link_hands_errors_to_the_handler(clock: Clock, journal: Journal) -> None:
    table = Table(clock, journal, validation=Validation.LENIENT)
    calls: list[Call] = []

    async def handler(call: Call) -> Reply:
        calls.append(call)
        return Reply({"idTagInfo": {"status": "Accepted"}})

    await serving(table, handler)
    table.link.received('[2,"1","Authorize",{}]')
    await table.clock.sleep(1)
    assert calls[0].errors == ("/idTag: is required",)
    assert table.ocpp()[0]["errors"] == ["/idTag: is required"]


async def test_a_21_link_sends_unconfirmed(clock: Clock, journal: Journal) -> None:
    table = Table(clock, journal, version=OcppVersion.V21)
    data = {"id": 1, "pending": 0, "basetime": NOW, "data": [{"t": 0, "v": "1"}]}
    await table.link.send("NotifyPeriodicEventStream", data)
    assert table.paper.frames[0][0] == 6
    handled: list[Call] = []

    async def handler(call: Call) -> Reply:
        handled.append(call)
        return Reply({})

    await serving(table, handler)
    table.link.received(table.paper.written[0])
    await table.clock.sleep(1)
    assert len(handled) == 1
    assert len(table.paper.written) == 1
