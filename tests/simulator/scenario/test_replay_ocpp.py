"""A talk against a counterpart that is silent, closes, or says odd things: every wait ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.scenario.replay import Plan, replay
from simulator.scenario.replay_ocpp import Pace, first_s
from simulator.scenario.replay_recording import load
from simulator.scenario.replay_report import Report
from simulator.scenario.replay_talk import Cut, Talk
from tests.simulator.scenario.recorded import file_of, frame

Behaviour = Callable[[ServerConnection], Awaitable[None]]
BEATS = [
    record
    for n in range(1, 6)
    for record in (
        frame(2 * n, [2, f"{n}", "Authorize", {"idTag": f"T{n}"}], action="Authorize"),
        frame(2 * n + 1, [3, f"{n}", {"idTagInfo": {"status": "Accepted"}}], sent=False),
    )
]


async def against(behaviour: Behaviour, path: Path, clock: Clock, **plan: Any) -> Report:
    """Play five cards against a server of one behaviour."""
    file_of(path, *BEATS)
    server = await serve(behaviour, "127.0.0.1", 0, subprotocols=["ocpp1.6"])  # type: ignore[list-item]
    port = next(iter(server.sockets)).getsockname()[1]
    try:
        side = Plan("stations", f"ws://127.0.0.1:{port}/ocpp", factor=None, **plan)
        return await replay(load(path), side, clock=clock, chance=Chance(1), journal=Journal(clock))
    finally:
        server.close(close_connections=True)
        await server.wait_closed()


async def test_a_silent_counterpart_is_given_up(clock: Clock, tmp_path: Path) -> None:
    async def silent(connection: ServerConnection) -> None:
        async for _ in connection:
            pass

    report = await against(silent, tmp_path / "j", clock, patience_s=2.0)
    assert [each.kind for each in report.differences] == ["silent"] * 3
    assert report.differences[0].why == "within 2 s"
    assert any("given up, 2 turns" in note for note in report.notes)


async def test_a_counterpart_that_closes(clock: Clock, tmp_path: Path) -> None:
    async def closes(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.close(1008, "not today")

    report = await against(closes, tmp_path / "j", clock, patience_s=2.0)
    assert {each.kind for each in report.differences} == {"closed"}
    assert "not today" in report.differences[0].in_words()


@pytest.mark.parametrize(
    "said", ["nonsense", "[]", "[3,7,{}]", '[9,"1",{}]', '[3,"zzz",{}]', "\x00"]
)
async def test_odd_things_are_no_answers(clock: Clock, tmp_path: Path, said: str) -> None:
    async def odd(connection: ServerConnection) -> None:
        async for _ in connection:
            await connection.send(said)

    report = await against(odd, tmp_path / "j", clock, patience_s=1.0)
    assert [each.kind for each in report.differences] == ["silent"] * 3


async def test_an_error_for_an_answer_and_a_call_nobody_recorded(
    clock: Clock, tmp_path: Path
) -> None:
    heard: list[str] = []

    async def refuses(connection: ServerConnection) -> None:
        await connection.send('[2,"x","Reset",{"type":"Soft"}]')
        async for text in connection:
            heard.append(str(text))
            if str(text).startswith("[2"):
                message_id = str(text).split('"')[1]
                await connection.send(f'[4,"{message_id}","InternalError","no",{{}}]')

    report = await against(refuses, tmp_path / "j", clock)
    kinds = [each.kind for each in report.differences]
    assert kinds.count("unexpected") == 1
    assert kinds.count("answer") == 10  # idTagInfo gone, CALLERROR instead, for each of five
    assert any('"NotSupported"' in text for text in heard)


async def test_pace(clock: Clock) -> None:
    pace = Pace(clock, 2.0)
    pace.begin(100.0)
    began_s = clock.monotonic()
    await pace.until(110.0)
    await pace.take(4.0)
    assert clock.monotonic() - began_s == pytest.approx(7.0)
    await pace.until(50.0)  # past: at once
    assert clock.monotonic() - began_s == pytest.approx(7.0)
    assert first_s([Talk("a", "1.6", [Cut(5.0, "up")]), Talk("b", "1.6", [Cut(3.0, "up")])]) == 3.0
