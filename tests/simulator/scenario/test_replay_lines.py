"""The ends that a replay takes: nobody there, a stranger at the door, a wrong password."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import Exit, Mistake
from simulator.scenario.replay import Plan, replay
from simulator.scenario.replay_recording import load
from simulator.scenario.replay_report import Report
from tests.simulator.scenario.recorded import file_of, frame

SECRET = [2, "1", "ChangeConfiguration", {"key": "AuthorizationKey", "value": "***"}]
RESET = [2, "2", "Reset", {"type": "Soft"}]


def play(path: Path, clock: Clock, plan: Plan, *records: dict[str, Any]) -> Any:
    told = load(file_of(path, *records))
    return replay(told, plan, clock=clock, chance=Chance(1), journal=Journal(clock))


@pytest.mark.parametrize("against", ["ws://127.0.0.1:9/ocpp", "ws://127.0.0.1:9"])
async def test_nobody_is_there(clock: Clock, tmp_path: Path, against: str) -> None:
    with pytest.raises(Mistake, match=r"cannot connect to ws://127\.0\.0\.1:9") as caught:
        await play(tmp_path / "j", clock, Plan("stations", against), frame(1, RESET, sent=False))
    assert caught.value.exit_code == Exit.UNREACHABLE


async def test_no_station_comes(clock: Clock, tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="no station connected within 5 s: S1") as caught:
        await play(tmp_path / "j", clock, Plan("csms", port=0, wait_s=5.0), frame(1, RESET))
    assert caught.value.exit_code == Exit.UNREACHABLE


async def test_the_door_knows_its_stations_and_secrets_stay_out(
    clock: Clock, tmp_path: Path
) -> None:
    where: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    plan = Plan("csms", port=0, listening=where.set_result)
    heard: list[str] = []

    async def station() -> None:
        url = await where
        spoken = [Subprotocol("ocpp1.6")]
        with pytest.raises(InvalidStatus, match="404"):
            await connect(f"{url}/STRANGER", subprotocols=spoken, proxy=None)
        async with connect(f"{url}/S1", subprotocols=spoken, proxy=None) as socket:
            async for text in socket:
                heard.append(str(text))
                message_id = str(text).split('"')[1]
                await socket.send(f'[3,"{message_id}",{{"status":"Rejected"}}]')

    visitor = asyncio.create_task(station())
    report: Report = await play(
        tmp_path / "j", clock, plan,
        frame(1, SECRET, sent=False), frame(2, [3, "1", {"status": "Accepted"}]),
        frame(3, RESET, sent=False), frame(4, [3, "2", {"status": "Accepted"}]),
    )  # fmt: skip
    await visitor
    assert len(heard) == 1
    assert '"Reset"' in heard[0]
    assert "S1 Reset: the answer differs: /status" in report.differences[0].in_words()
    assert any("hidden secret" in note for note in report.notes)
    assert "STRANGER: refused, it is not in the recording" in report.notes


async def test_a_wrong_password_is_refused(clock: Clock, tmp_path: Path) -> None:
    where: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    plan = Plan("csms", port=0, wait_s=3.0, password="right", listening=where.set_result)
    task = asyncio.create_task(play(tmp_path / "j", clock, plan, frame(1, RESET)))
    with pytest.raises(InvalidStatus, match="401"):
        await connect(f"{await where}/S1", subprotocols=[Subprotocol("ocpp1.6")], proxy=None)
    with pytest.raises(Mistake, match="no station connected"):
        await task
