"""Faults on HTTP, at the asker's end and at the answerer's, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.loop import run
from simulator.wire import faults_http
from simulator.wire.fault_kinds import FAULTS, HTTP
from simulator.wire.faults import FaultBoard
from simulator.wire.faults_http import module_of
from simulator.wire.held_edit import Edit
from simulator.wire.holding import Desk
from simulator.wire.http import Headers, Request, Response
from simulator.wire.http_aio import ConnectFailed, HttpClient, HttpFailure, HttpServer, NoAnswer

BODY = b'{"id":"1","total_cost":{"excl_vat":4.00}}'
ANSWER = b'{"data":[1,2],"status_code":1000}'


class Bench:
    """A server and a client, each with a board of its own."""

    def __init__(self, clock: Clock, journal: Journal) -> None:
        self.clock = clock
        self.seen: list[Request] = []
        self.asking = FaultBoard(Chance(1), clock, journal)
        self.answering = FaultBoard(Chance(2), clock, journal)
        self.asking.desk = self.answering.desk = Desk(clock, journal)
        self.server = HttpServer(
            faults_http.handler(self.handle, self.answering, clock, journal, "peer"), clock
        )
        self.client = faults_http.client(
            clock, self.asking, journal, "cpo", peer_of=lambda url: "plugsurfing", timeout_s=30.0
        )

    async def handle(self, request: Request) -> Response:
        self.seen.append(request)
        return Response(201, Headers({"Location": "/cdrs/1"}), ANSWER)

    async def post(self) -> Response:
        return await self.client.send(
            "POST",
            f"{self.server.base_url}/ocpi/2.2.1/cdrs",
            headers={"Authorization": "Token x", "X-Request-ID": "r1"},
            body=BODY,
        )

    async def stop(self) -> None:
        await self.client.close()
        await self.server.stop()


@pytest.fixture
async def bench(clock: Clock, journal: Journal) -> AsyncIterator[Bench]:
    made = Bench(clock, journal)
    await made.server.start()
    yield made
    await made.stop()


async def test_without_a_board_there_is_nothing_between(clock: Clock, journal: Journal) -> None:
    client = faults_http.client(clock, None, journal, "cpo")
    assert type(client) is HttpClient
    bench = Bench(clock, journal)
    assert faults_http.handler(bench.handle, None, clock, journal, "x") == bench.handle


async def test_without_faults_everything_passes(bench: Bench, journal: Journal) -> None:
    answer = await bench.post()
    assert (answer.status, answer.body, answer.headers["location"]) == (201, ANSWER, "/cdrs/1")
    assert (bench.seen[0].body, journal.seq) == (BODY, 0)


# Requests, where they leave


@pytest.mark.parametrize(
    ("spec", "body"),
    [
        ({"kind": "truncate", "bytes": 5}, BODY[:5]),
        ({"kind": "malformed_json"}, BODY[:-1]),
        ({"kind": "empty_body"}, b""),
        ({"kind": "wrong_type", "pointer": "/id"}, BODY.replace(b'"1"', b'["1"]')),
        ({"kind": "wrong_type"}, b"[" + BODY + b"]"),
    ],
)
async def test_a_request_arrives_changed(bench: Bench, spec: Any, body: bytes) -> None:
    bench.asking.add(spec)
    assert (await bench.post()).status == 201
    assert bench.seen[0].body == body


async def test_a_request_lacks_headers(bench: Bench) -> None:
    bench.asking.add({"kind": "missing_headers"})
    await bench.post()
    assert "Authorization" not in bench.seen[0].headers
    assert "X-Request-ID" in bench.seen[0].headers


async def test_a_request_asks_for_something_else_from_either_end(bench: Bench) -> None:
    there = {"as_path": "/elsewhere", "as_query": "a=1&b=x%20y"}
    bench.asking.add({"kind": "alter", **there, "set_headers": {"OCPI-to-party-id": "ABC"}})
    await bench.post()
    bench.asking.add({"kind": "alter", "as_query": "a=1"})
    bench.answering.add({"kind": "alter", "direction": "received", "as_query": ""})
    await bench.post()
    first, second = bench.seen
    assert (first.path, first.query) == ("/elsewhere", {"a": "1", "b": "x y"})
    assert first.headers["OCPI-to-party-id"] == "ABC"
    assert (second.path, second.query) == ("/ocpi/2.2.1/cdrs", {})


async def test_a_request_comes_twice(bench: Bench) -> None:
    bench.asking.add({"kind": "duplicate"})
    await bench.post()
    assert len(bench.seen) == 2


async def test_a_lost_request_is_waited_for_in_vain(bench: Bench, clock: Clock) -> None:
    for kind in ("drop", "half_open"):
        began = clock.monotonic()
        bench.asking.add({"kind": kind})
        with pytest.raises(NoAnswer, match="no answer within 30 s"):
            await bench.post()
        assert clock.monotonic() - began == pytest.approx(30)
    assert bench.seen == []


async def test_silence_may_end_before_the_patience(bench: Bench, clock: Clock) -> None:
    bench.asking.add({"kind": "half_open", "lasts": 10})
    with pytest.raises(ConnectFailed):
        await bench.post()
    assert clock.monotonic() == pytest.approx(10)


async def test_a_request_is_answered_unread(bench: Bench) -> None:
    bench.asking.add({"kind": "http_status", "of": "request", "status": 502})
    assert (await bench.post()).status == 502
    assert bench.seen == []


# Answers, where they arrive


@pytest.mark.parametrize(
    ("spec", "status", "body"),
    [
        ({"kind": "truncate", "bytes": 4}, 201, ANSWER[:4]),
        ({"kind": "malformed_json"}, 201, ANSWER[:-1]),
        ({"kind": "empty_body"}, 201, b""),
        ({"kind": "http_status", "status": 503}, 503, b""),
    ],
)
async def test_an_answer_arrives_changed(bench: Bench, spec: Any, status: int, body: bytes) -> None:
    bench.asking.add({**spec, "of": "answer", "direction": "received"})
    answer = await bench.post()
    assert (answer.status, answer.body, len(bench.seen)) == (status, body, 1)


async def test_an_answer_lacks_headers(bench: Bench) -> None:
    spec = {"kind": "missing_headers", "headers": "Location", "of": "answer"}
    bench.asking.add({**spec, "direction": "received"})
    assert "Location" not in (await bench.post()).headers


async def test_the_connection_breaks_before_the_answer(bench: Bench) -> None:
    bench.asking.add({"kind": "reset", "of": "answer", "direction": "received"})
    with pytest.raises(ConnectFailed, match="the connection broke"):
        await bench.post()
    assert len(bench.seen) == 1


# Where they are answered


async def test_another_ocpi_status_has_no_data(bench: Bench) -> None:
    bench.answering.add({"kind": "ocpi_status", "status_code": 3001})
    answer = await bench.post()
    told = msgspec.json.decode(answer.body)
    assert (answer.status, told["status_code"], "data" in told) == (200, 3001, False)
    assert told["timestamp"].endswith("Z")
    assert len(bench.seen) == 1


async def test_a_server_can_fail_before_it_reads(bench: Bench) -> None:
    spec = {"kind": "http_status", "of": "request", "direction": "received"}
    bench.answering.add(spec)
    assert (await bench.post()).status == 500
    assert bench.seen == []


@pytest.mark.parametrize(
    "spec",
    [
        {"kind": "late_answer", "by": 20},
        {"kind": "delay", "of": "answer", "by": 20},
        {"kind": "slow_close", "by": 20},
        {"kind": "bandwidth", "of": "answer", "bytes_per_s": len(ANSWER) / 20},
    ],
)
async def test_an_answer_takes_its_time(bench: Bench, clock: Clock, spec: Any) -> None:
    bench.answering.add(spec)
    assert (await bench.post()).body == ANSWER
    assert clock.monotonic() == pytest.approx(20, abs=0.1)


async def test_a_server_hangs_up(bench: Bench) -> None:
    bench.answering.add({"kind": "reset", "of": "answer"})
    with pytest.raises(ConnectFailed):
        await bench.post()
    assert len(bench.seen) == 1


async def test_a_server_falls_silent(bench: Bench) -> None:
    bench.answering.add({"kind": "drop", "of": "answer"})
    with pytest.raises(NoAnswer):
        await bench.post()


# Whom it strikes, and what is told


async def test_matchers_see_module_method_path_peer_and_body(bench: Bench) -> None:
    misses = (
        {"module": "tokens"},
        {"method": "PUT"},
        {"path": "/emp/*"},
        {"peer": "other"},
        {"where": {"/id": "2"}},
        {"actor": "peer"},
    )
    for miss in misses:
        bench.asking.add({"kind": "reset", **miss})
    assert (await bench.post()).status == 201
    told = {"module": "cdrs", "method": "POST", "path": "*/2.2.1/cdrs", "peer": "plug*"}
    bench.asking.add({"kind": "reset", "where": {"/id": "1"}, **told})
    with pytest.raises(ConnectFailed):
        await bench.post()


async def test_the_journal_is_told(bench: Bench, journal: Journal) -> None:
    journal.link("request/r1", "S")
    bench.asking.add({"kind": "empty_body"})
    await bench.post()
    record = next(r for r in journal.records if r["leg"] == "fault")
    assert (record["actor"], record["peer"], record["session"]) == ("cpo", "plugsurfing", "S")
    assert record["data"]["message"] == "POST /ocpi/2.2.1/cdrs"
    assert "Token x" not in str(list(journal.records))


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("/ocpi/2.2.1/sender/tokens/DE/8PS/cdrs", "tokens"),
        ("/ocpi/versions", "versions"),
        ("/ocpi/2.2.1", None),
        ("", None),
    ],
)
def test_a_path_names_its_module(path: str, module: str | None) -> None:
    assert module_of(path) == module


# Storms


STORM = st.lists(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(sorted(name for name, k in FAULTS.items() if HTTP in k.on))},
        optional={
            "times": st.sampled_from([1, "always"]),
            "probability": st.sampled_from([0.3, 1.0]),
            "direction": st.sampled_from(["sent", "received"]),
        },
    ),
    max_size=4,
)


@given(STORM, STORM)
def test_a_storm_never_hangs_leaks_or_raises_else(
    asking: list[dict[str, Any]], answering: list[dict[str, Any]]
) -> None:
    async def play(clock: Clock, journal: Journal) -> None:
        before = asyncio.all_tasks()
        bench = Bench(clock, journal)
        await bench.server.start()
        for spec in asking:
            bench.asking.add(spec)
        for spec in answering:
            bench.answering.add(spec)
        for _ in range(4):
            began = clock.monotonic()
            try:
                await bench.post()
            except HttpFailure:
                assert clock.monotonic() - began <= 30.001
        await bench.stop()
        assert asyncio.all_tasks() == before

    clock = Clock("virtual")
    run(play(clock, Journal(clock)), clock)


# Holding


async def held(bench: Bench, board: FaultBoard) -> asyncio.Task[Response]:
    """A request that is asked, and held on its way."""
    asking = asyncio.ensure_future(bench.post())
    assert board.desk is not None
    while not board.desk.snapshot():
        await bench.clock.sleep(0.01)
        assert not asking.done()
    return asking


@pytest.mark.parametrize("end", ["asking", "answering"])
async def test_a_request_is_held_changed_and_goes_on(bench: Bench, end: str) -> None:
    board: FaultBoard = getattr(bench, end)
    board.add({"kind": "hold", "filter": "~u cdrs"})
    asking = await held(bench, board)
    assert bench.seen == []
    board.desk.release(  # type: ignore[union-attr]
        edit=Edit(set={"/id": "2"}, headers={"X-Request-ID": "r9", "Authorization": None})
    )
    assert (await asking).status == 201
    (seen,) = bench.seen
    assert seen.body == BODY.replace(b'"1"', b'"2"')
    assert (seen.headers["X-Request-ID"], "Authorization" in seen.headers) == ("r9", False)


@pytest.mark.parametrize("end", ["asking", "answering"])
async def test_an_answer_is_held_and_becomes_another(bench: Bench, end: str) -> None:
    board: FaultBoard = getattr(bench, end)
    board.add({"kind": "hold", "filter": "~s 1000"})
    asking = await held(bench, board)
    (told,) = board.desk.snapshot()  # type: ignore[union-attr]
    assert (told["of"], told["status"], len(bench.seen)) == ("answer", 201, 1)
    board.desk.release(  # type: ignore[union-attr]
        edit=Edit(body='{"status_code": 2001}', status=400)
    )
    answer = await asking
    assert (answer.status, answer.body) == (400, b'{"status_code": 2001}')


async def test_who_asks_gives_up_on_what_is_held(
    bench: Bench, clock: Clock, journal: Journal
) -> None:
    bench.asking.add({"kind": "hold"})
    with pytest.raises(NoAnswer, match="no answer within 30 s"):
        await bench.post()
    assert clock.monotonic() == pytest.approx(30)
    assert bench.asking.desk is not None
    assert (bench.asking.desk.snapshot(), bench.seen) == ([], [])
    assert journal.records[-1]["data"]["because"] == "who waits for it waits no more"


@pytest.mark.parametrize(("filter_", "handled"), [("~u cdrs", 0), ("~s 1000", 1)])
async def test_what_is_held_where_it_is_asked_goes_with_who_asked(
    bench: Bench, clock: Clock, journal: Journal, filter_: str, handled: int
) -> None:
    bench.answering.add({"kind": "hold", "filter": filter_})
    asking = await held(bench, bench.answering)
    with pytest.raises(NoAnswer):
        await asking
    await clock.sleep(0.1)
    assert bench.answering.desk is not None
    assert bench.answering.desk.snapshot() == []
    (told,) = (r["data"] for r in journal.records if r.get("what") == "hold.lost")
    assert told["because"] == "who waits for it waits no more"
    await clock.sleep(3600)
    assert len(bench.seen) == handled


async def test_what_is_dropped_never_comes(bench: Bench) -> None:
    bench.asking.add({"kind": "hold"})
    asking = await held(bench, bench.asking)
    bench.asking.desk.release(edit=Edit(drop=True))  # type: ignore[union-attr]
    with pytest.raises(HttpFailure):
        await asking
    assert bench.seen == []


async def test_bytes_that_nobody_changed_stay(bench: Bench) -> None:
    bench.asking.add({"kind": "hold"})
    asking = asyncio.ensure_future(
        bench.client.send("POST", f"{bench.server.base_url}/x", body=b"\xff\xfe")
    )
    while not bench.asking.desk.snapshot():  # type: ignore[union-attr]
        await bench.clock.sleep(0.01)
    bench.asking.desk.release()  # type: ignore[union-attr]
    await asking
    assert bench.seen[0].body == b"\xff\xfe"
