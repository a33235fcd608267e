"""The control API of a running world, over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from simulator.control import LAG, PAGE, PREFIX, Control
from simulator.scenario.steps import STEPS
from simulator.wire.http_aio import HttpClient, HttpFailure
from simulator.world import World
from simulator.world_file import find, read

ANNA = "04A1B2C3D4E580"


@contextlib.asynccontextmanager
async def controlled(
    token: str | None = None, clock: str | None = None
) -> AsyncIterator[tuple[World, Caller]]:
    async with World(read(find("demo")), clock=clock) as world:
        control = Control(world, port=0, token=token)
        await control.start()
        http = HttpClient(world.clock, timeout_s=7200)
        try:
            yield world, Caller(http, control.url)
        finally:
            await http.close()
            await control.stop()


class Caller:
    def __init__(self, http: HttpClient, url: str) -> None:
        self.http, self.url = http, url

    async def __call__(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any]:
        content = b"" if body is None else msgspec.json.encode(body)
        answer = await self.http.send(method, f"{self.url}{path}", headers=headers, body=content)
        return answer.status, msgspec.json.decode(answer.body)


async def test_a_session_from_plug_to_cdr_by_http_alone() -> None:
    async with controlled() as (_, call):
        place = {"station": "DE-AC-1"}
        assert (await call("POST", "/steps/plug", {**place, "car": "anna"}))[0] == 200
        status, answer = await call("POST", "/steps/tap", {**place, "token": ANNA})
        assert (status, answer["result"]) == (200, True)
        status, answer = await call("POST", "/wait", {"ocpi": "PUT sessions", "status": 1000})
        assert (status, answer["result"]["name"]) == (200, "PUT sessions")
        assert len((await call("GET", "/sessions"))[1]) == 1
        await call("POST", "/steps/advance", "40 min")
        await call("POST", "/steps/stop", "DE-AC-1")
        status, _ = await call("POST", "/wait", {"ocpi": "POST cdrs", "status": 1000})
        assert status == 200
        assert list((await call("GET", "/cdrs"))[1].values()) != []
        assert (await call("GET", "/sessions"))[1] == []


async def test_what_there_is() -> None:
    async with controlled() as (world, call):
        status, whole = await call("GET", "/world")
        assert (status, whole["world"]["name"]) == (200, "demo")
        assert set(whole) >= {"world", "stations", "cpo", "peers", "emps"}
        assert set((await call("GET", "/stations"))[1]) == set(world.stations)
        assert (await call("GET", "/stations/DE-DC-1"))[1]["version"] == "2.0.1"
        assert (await call("GET", "/clock"))[1]["clock"] == "virtual"
        steps = (await call("GET", "/steps"))[1]
        assert [step["name"] for step in steps] == list(STEPS)
        shown = (await call("GET", "/openapi.json"))[1]
        assert "/v1/steps/plug" in shown["paths"]
        assert "/v1/journal/stream" in shown["paths"]


async def test_the_journal_by_pages_and_parts() -> None:
    async with controlled() as (world, call):
        status, first = await call("GET", "/journal?limit=10")
        assert (status, len(first["records"]), first["next"]) == (200, 10, 10)
        rest = (await call("GET", f"/journal?after=10&limit={10 * PAGE}"))[1]
        assert [r["seq"] for r in rest["records"]] == list(range(11, world.journal.seq + 1))
        legs = {r["leg"] for r in (await call("GET", "/journal?leg=ocpi"))[1]["records"]}
        assert legs == {"ocpi"}
        picked = (await call("GET", "/journal?filter=~leg%20event%20%26%20~cp%20DE-AC-1"))[1]
        assert {r["leg"] for r in picked["records"]} == {"event"}
        assert all("station/DE-AC-1" in (r["actor"], r["peer"]) for r in picked["records"])
        assert (await call("GET", "/findings"))[1]["records"] == [
            r for r in world.journal.records if r["leg"] == "finding"
        ]


async def test_a_stream_tells_each_record_as_it_comes() -> None:
    async with controlled() as (world, call), aiohttp.ClientSession() as session:
        async with session.get(f"{call.url}/journal/stream?filter=hello") as stream:
            await call("POST", "/steps/note", "good bye")
            await call("POST", "/steps/note", "hello")
            line = await stream.content.readline()
            assert msgspec.json.decode(line)["arguments"] == {"text": "hello"}
        async with session.get(f"{call.url}/journal/stream?leg=step") as stream:
            await call("POST", "/steps/note", "hello")
            line = await stream.content.readline()
            assert msgspec.json.decode(line)["arguments"] == {"text": "hello"}
        seq = world.journal.seq
        async with session.get(f"{call.url}/journal/stream?after=0") as stream:
            seen = [msgspec.json.decode(await stream.content.readline()) for _ in range(seq)]
            assert [record["seq"] for record in seen] == list(range(1, seq + 1))


async def test_who_has_left_a_stream_is_told_no_more_though_nothing_came() -> None:
    async with controlled() as (world, call), aiohttp.ClientSession() as session:
        before = len(world.journal._subscribers)
        async with session.get(f"{call.url}/journal/stream?leg=finding"):
            assert len(world.journal._subscribers) == before + 1
        while len(world.journal._subscribers) > before:
            await world.clock.sleep(60)
            assert world.clock.monotonic() < 24 * 3600


async def test_what_was_there_when_a_stream_began_is_no_lag() -> None:
    async with controlled() as (world, call), aiohttp.ClientSession() as session:
        for number in range(3 * LAG):
            world.journal.event("world", "counted", number=number, words="x" * 1000)
        async with session.get(f"{call.url}/journal/stream?after=0") as stream:
            for _ in range(3):
                world.journal.event("world", "counted")
            last = world.journal.event("world", "over")
            while msgspec.json.decode(await stream.content.readline()) != last:
                pass


async def test_a_message_is_held_seen_changed_and_released_over_http() -> None:
    async with controlled() as (_, call):
        number = (await call("POST", "/steps/intercept", "~a PUT & ~u sessions"))[1]["result"]
        start = {"station": "DE-AC-1", "token": ANNA, "car": "anna"}
        assert (await call("POST", "/steps/start", start))[0] == 200
        assert (await call("POST", "/wait", {"fault": "hold"}))[0] == 200
        told = (await call("GET", "/held"))[1]
        assert [one["id"] for one in told["intercepts"]] == [number]
        (held,) = told["held"]
        assert (held["id"], held["name"], held["to"]) == ("held-1", "PUT sessions", "plugsurfing")
        assert "Token ***" in held["headers"].values()
        body = {**held["body"], "kwh": "much"}
        status, problem = await call("POST", "/steps/release", {"id": "held-2", "body": body})
        assert (status, "Did you mean 'held-1'" in problem["error"]) == (409, True)
        text = msgspec.json.encode(body).decode()
        told = (await call("POST", "/steps/release", {"id": "held-1", "body": text}))[1]
        assert told["result"] == ["held-1"]
        assert (await call("POST", "/wait", {"finding": "*", "pointer": "/kwh"}))[0] == 200
        assert (await call("POST", "/steps/stop_intercepting"))[0] == 200
        assert (await call("GET", "/held"))[1] == {"intercepts": [], "held": []}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("GET", "/nothing", None, 404, "see /v1/openapi.json"),
        ("DELETE", "/world", None, 405, "GET is"),
        ("GET", "/world?x=1", None, 400, "no query parameter 'x'"),
        ("GET", "/journal?after=-1", None, 400, "expected a whole number"),
        ("GET", "/journal?leg=ocp", None, 400, "leg: no leg 'ocp'. Did you mean 'ocpp'?"),
        ("GET", "/journal?filter=~cp", None, 400, "filter: at 4: ~cp needs a word"),
        ("GET", "/journal/stream?filter=~m", None, 400, "filter: at 1: ~m says nothing here"),
        ("GET", "/stations/DE-AC-2", None, 404, "Did you mean 'DE-AC-1'"),
        ("POST", "/steps/plugg", {}, 404, "Did you mean 'plug'"),
        ("POST", "/steps/plug", {"station": "DE-AC-9"}, 400, "Did you mean"),
        ("POST", "/steps/plug", {"station": 5}, 400, "expected text"),
        ("POST", "/steps/unplug", "DE-AC-1", 409, "has no car"),
        ("POST", "/steps/advance", "soon", 400, "expected a duration"),
        ("POST", "/wait", {"ocpi": "POST cdrs", "within": 5}, 408, "not seen"),
        ("POST", "/wait", {"filter": "~a cdrs & ~s 1000", "within": 5}, 408, "not seen"),
        ("POST", "/wait", {"filter": "~a"}, 400, "filter: at 3: ~a needs a word"),
        ("POST", "/wait", {"ocpi": "POST cdrs", "statuss": 5}, 400, "Did you mean 'status'"),
    ],
)
async def test_a_wrong_call_is_an_answer(  # type: ignore[no-untyped-def]
    method: str, path: str, body, status: int, words: str
) -> None:
    async with controlled() as (_, call):
        code, answer = await call(method, path, body)
        assert code == status, answer
        assert words in answer["error"]
        assert (await call("GET", "/clock"))[0] == 200


async def test_a_wait_in_vain_shows_what_was_nearest() -> None:
    async with controlled() as (_, call):
        wanted = {"ocpi": "PUT locations", "status": 2001, "within": 1}
        status, answer = await call("POST", "/wait?after=0", wanted)
        assert status == 408
        assert "status: expected 2001, was 1000" in answer["details"]


async def test_a_wait_looks_behind_the_last_step_that_did_something() -> None:
    async with controlled() as (_, call):
        place, started = {"station": "DE-AC-1", "token": ANNA}, {"ocpp": "StartTransaction"}
        after = (await call("POST", "/steps/start", place))[1]["after"]
        assert (await call("POST", "/wait", started))[0] == 200
        await call("POST", "/steps/note", "what only talks moves nothing")
        assert (await call("POST", "/wait", started))[0] == 200
        await call("POST", "/steps/advance", "10 min")
        assert (await call("POST", "/wait", {**started, "within": 5}))[0] == 408
        assert (await call("POST", f"/wait?after={after}", started))[0] == 200


async def test_a_body_that_is_no_json() -> None:
    async with controlled() as (_, call):
        url = f"{call.url}/steps/plug"
        for body in (b"{", b"\xff", b"[" * 100_000):
            answer = await call.http.send("POST", url, body=body)
            assert answer.status == 400


async def test_a_peer_that_does_not_answer_is_no_error_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def refused(*_: Any, **__: Any) -> None:
        raise HttpFailure("nobody there")

    async with controlled() as (world, call):
        monkeypatch.setattr(world.cpo, "remote_stop", refused)
        status, told = await call("POST", "/steps/remote_stop", "x")
        assert (status, told["error"]) == (409, "nobody there")


async def test_an_error_of_our_own_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async with controlled() as (world, call):
        monkeypatch.setattr(world.cpo, "remote_stop", None)
        told = "internal error: TypeError: 'NoneType' object is not callable"
        assert await call("POST", "/steps/remote_stop", "x") == (500, {"error": told})


async def test_with_a_token_nobody_else_may_call() -> None:
    async with controlled("s3cret") as (_, call):
        assert (await call("GET", "/clock"))[0] == 401
        assert (await call("GET", "/clock", Authorization="Bearer other"))[0] == 401
        assert (await call("GET", "/clock", Authorization="Bearer s3cret"))[0] == 200
        web_page = {"Authorization": "Bearer s3cret", "Origin": "https://example.org"}
        assert (await call("GET", "/clock", **web_page))[0] == 200


async def test_a_web_page_may_not_call_without_one() -> None:
    async with controlled() as (_, call):
        assert (await call("GET", "/clock", Origin="https://example.org"))[0] == 403


async def test_a_name_that_was_led_here_is_refused_without_one() -> None:
    """As a web page's own would be, once its DNS says 127.0.0.1."""
    async with controlled() as (_, call):
        for host in ("evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "[::1"):
            assert (await call("GET", "/world", Host=host))[0] == 403, host
        for host in ("localhost:8000", "127.0.0.1", "[::1]:8000"):
            assert (await call("GET", "/clock", Host=host))[0] == 200, host
    async with controlled("s3cret") as (_, call):
        named = {"Authorization": "Bearer s3cret", "Host": "roamlab.example"}
        assert (await call("GET", "/clock", **named))[0] == 200


async def test_a_held_clock_is_turned_by_steps_alone() -> None:
    async with controlled() as (world, call):
        world.clock.hold()
        before = world.clock.monotonic()
        assert (await call("GET", "/clock"))[1]["held"] is True
        assert world.clock.monotonic() == before
        await call("POST", "/steps/advance", "10 min")
        assert world.clock.monotonic() == before + 600
        status, _ = await call("POST", "/wait", {"ocpi": "POST cdrs", "within": "1 min"})
        assert (status, world.clock.monotonic()) == (408, before + 660)
        world.clock.release()


async def test_a_short_call_does_not_stop_the_time_of_a_long_one() -> None:
    async with controlled() as (world, call):
        world.clock.hold()
        before = world.clock.monotonic()
        wanted = {"ocpi": "POST cdrs", "within": "1 h"}
        waits = [asyncio.create_task(call("POST", "/wait", wanted)) for _ in range(2)]
        await call("GET", "/clock")
        assert (await call("POST", "/steps/note", "x"))[0] == 200
        assert [(await each)[0] for each in waits] == [408, 408]
        assert world.clock.monotonic() == before + 3600
        world.clock.release()


async def test_calls_at_a_time_do_not_wait_for_each_other() -> None:
    async with controlled() as (world, call):
        waiting = asyncio.create_task(
            call("POST", "/wait", {"event": "car.plugged", "within": "1 h"})
        )
        await world.clock.sleep(0)
        await call("POST", "/steps/plug", {"station": "NL-AC-1", "car": "anna"})
        status, answer = await waiting
        assert (status, answer["result"]["name"]) == (200, "car.plugged")
        assert world.clock.monotonic() < 60


def test_the_page_names_every_call() -> None:
    page = (Path(__file__).parents[2] / "docs" / "control.md").read_text(encoding="utf-8")
    world = World(read(find("demo")))
    try:
        for row in Control(world).rows():
            assert f"`{row.method} {PREFIX}{row.path}`" in page
    finally:
        world.cpo.book.close()


async def test_a_scenario_is_played_in_the_running_world() -> None:
    steps = [
        {"fault": {"kind": "delay", "actor": "cpo", "wire": "http", "module": "cdrs", "by": "9 s"}},
        {"start": {"station": "DE-AC-1", "token": ANNA, "car": "anna"}},
        {"expect": {"ocpi": "PUT sessions", "save": {"session": "/id"}}},
        {"advance": "10 min"},
        {"stop": "DE-AC-1"},
        {"expect": {"ocpi": "POST cdrs", "where": {"/session_id": "${session}"}}},
    ]
    async with controlled() as (_, call):
        status, outcome = await call("POST", "/scenarios", {"name": "mine", "steps": steps})
        assert (status, outcome["verdict"], outcome["scenario"]) == (200, "PASS", "mine")
        assert [step["line"] for step in outcome["steps"]] == [1, 2, 3, 4, 5, 6]
        assert outcome["metrics"]["cdrs"] == 1
        faults = (await call("GET", "/faults"))[1]
        assert [(fault["kind"], fault["hits"]) for fault in faults] == [("delay", 1)]
        vain = [{"note": "now"}, {"expect": {"ocpi": "POST cdrs", "within": "1 s"}}]
        status, outcome = await call("POST", "/scenarios", {"steps": vain})
        assert (status, outcome["verdict"], outcome["line"]) == (200, "FAIL", 2)
        for body, words in (
            ({}, "a list of steps"),
            ({"steps": ["note"], "world": "x"}, "world: a running world takes"),
        ):
            status, answer = await call("POST", "/scenarios", body)
            assert status == 400 and words in answer["error"]
        status, outcome = await call("POST", "/scenarios", {"steps": [{"plugg": 1}]})
        assert outcome["verdict"] == "ERROR" and "Did you mean 'plug'" in outcome["why"]


async def test_the_speed_of_a_running_world() -> None:
    async with controlled(clock="scaled:60") as (_, call):
        assert (await call("POST", "/steps/speed", 5))[1]["result"] == "scaled:5"
        now = (await call("GET", "/clock"))[1]
        assert (now["clock"], now["factor"], now["paused"]) == ("scaled:5", 5, False)
        await call("POST", "/steps/speed", 0)
        first, second = [(await call("GET", "/clock"))[1] for _ in range(2)]
        assert (first["factor"], first["paused"]) == (5, True)
        assert first["now"] == second["now"]
        status, told = await call("POST", "/steps/advance", "1 min")
        assert (status, told["error"].split(":")[1]) == (409, " the clock is paused, and this "
            "needs time to pass")  # fmt: skip
    async with controlled() as (_, call):
        status, told = await call("POST", "/steps/speed", 5)
        assert (status, "start with --clock scaled:1" in told["error"]) == (400, True)


async def test_what_actors_have_with_each_other() -> None:
    async with controlled() as (_, call):
        status, told = await call("GET", "/dealings")
        assert status == 200 and set(told) == {"cpo", "peers", "emps", "faults"}
        assert told["cpo"]["connections"][0]["token_out"] is True


async def test_figures_for_machines() -> None:
    async with controlled() as (_, call):
        place = {"station": "DE-AC-1"}
        await call("POST", "/steps/start", {**place, "token": ANNA, "car": "anna"})
        await call("POST", "/steps/advance", "10 min")
        status, told = await call("GET", "/metrics?over=30")
        assert (status, told["window_s"], told["sessions"]) == (200, 30, 1)
        assert told["totals"]["ocpp_calls"] > 5 and told["totals"]["ocpi_failures"] == 0
        assert set(told["rates"]) == set(told["latency_ms"]) == {"ocpp", "ocpi"}
        assert (await call("GET", "/metrics?over=x"))[0] == 400
        for beyond in (0, 181):
            status, told = await call("GET", f"/metrics?over={beyond}")
            assert (status, told["error"]) == (
                400,
                f"over: expected 1 to 180 seconds, not {beyond}",
            )
        assert (await call("GET", "/metrics?over=180"))[0] == 200
