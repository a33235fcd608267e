"""The stages of a running world, over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from simulator.scenario.stages import MOST
from tests.simulator.test_control import ANNA, controlled

FILE = f"""\
name: by-card
purpose: A card is accepted.
world: nowhere.yaml
clock: real
matrix: {{card: [{ANNA}, 04DEADBEEF0180]}}
steps:
  - note: Anna comes.
  - plug: {{station: DE-AC-1, car: anna}}
  - tap: {{station: DE-AC-1, token: "${{card}}"}}
  - advance: 40 min
  - stop: DE-AC-1
  - expect: {{ocpi: POST cdrs, status: 1000, within: 60 s}}
thresholds: {{cdrs: {{ge: 1}}}}
"""


async def test_a_file_is_stepped_from_plug_to_cdr() -> None:
    async with controlled() as (world, call):
        status, stage = await call("POST", "/stages", {"file": "by-card.yaml", "text": FILE})
        assert (status, stage["id"], stage["at"], stage["of"]) == (200, "1", 0, 6)
        assert stage["name"] == f"by-card [card={ANNA}]" and stage["file"] == "by-card.yaml"
        assert "left aside" in stage["remark"] and "one of 2 runs" in stage["remark"]
        assert str(world.clock) == "virtual"
        status, stage = await call("POST", "/stages/1/step")
        assert (stage["at"], stage["steps"][1]["caption"]) == (1, "Anna comes.")
        status, stage = await call("POST", "/stages/1/run", {"until": 4})
        assert (status, stage["at"], stage["verdict"]) == (200, 3, None)
        assert (await call("GET", "/stages/1"))[1] == stage == (await call("GET", "/stages"))[1][0]
        assert (await call("GET", "/stations/DE-AC-1"))[1]["evses"][0]["transaction"]
        status, stage = await call("POST", "/stages/1/run")
        assert (status, stage["verdict"], stage["at"]) == (200, "PASS", 6)
        status, answer = await call("POST", "/stages/1/step")
        assert (status, answer["error"].split(" ", 2)[2]) == (409, "has ended: PASS")
        assert (await call("DELETE", "/stages/1"))[0] == 200
        assert (await call("GET", "/stages"))[1] == []


async def test_the_run_of_a_file_is_chosen() -> None:
    async with controlled() as (_, call):
        text = {"text": FILE}
        status, stage = await call("POST", "/stages", {**text, "only": "04DEAD"})
        assert (status, stage["steps"][2]["text"]) == (
            200,
            "station: DE-AC-1, token: 04DEADBEEF0180",
        )
        status, answer = await call("POST", "/stages", {**text, "only": "nobody"})
        assert status == 400 and f"by-card [card={ANNA}]" in answer["error"]


async def test_steps_fail_with_the_nearest_misses() -> None:
    async with controlled() as (_, call):
        wanted = {"ocpp": "StatusNotification", "where": {"/status": "No"}, "within": "2 s"}
        steps = [{"plug": "DE-AC-1"}, {"expect": wanted}, "clear_faults"]
        status, stage = await call("POST", "/stages", {"name": "vain", "steps": steps})
        assert (status, stage["name"], stage["file"], stage["remark"]) == (200, "vain", None, "")
        status, stage = await call("POST", "/stages/1/run")
        assert (status, stage["verdict"]) == (200, "FAIL")
        assert [step["state"] for step in stage["steps"]] == ["done", "failed", "skipped"]
        assert any("/status: expected" in line for line in stage["details"])


async def test_who_is_not_of_the_world_is_refused_before_a_step_or_as_it_comes() -> None:
    stranger = "station/DE-AC-9"
    placed = {"kind": "drop", "actor": stranger}
    file = FILE.replace("{ocpi: POST cdrs,", f"{{ocpi: POST cdrs, by: {stranger},")
    saved = [{"note": {"text": stranger, "save": "who"}}, {"never": {"ocpp": "*", "by": "${who}"}}]
    async with controlled() as (_, call):
        for path, body in (
            ("/steps/expect", {"ocpp": "*", "by": stranger}),
            ("/steps/fault", placed),
            ("/steps/intercept", f"~cp {stranger}"),
            ("/stages", {"text": file}),
        ):
            status, answer = await call("POST", path, body)
            assert status == 400 and f"'{stranger}'" in answer["error"], (path, answer)
        assert (await call("GET", "/faults"))[1] == (await call("GET", "/stages"))[1] == []
        for number, steps in enumerate(([{"note": "x"}, {"fault": placed}], saved), 1):
            await call("POST", "/stages", {"steps": steps})
            status, stage = await call("POST", f"/stages/{number}/run")
            assert (status, stage["verdict"], stage["at"]) == (200, "ERROR", 2)
            assert f"no actor is called '{stranger}'" in stage["why"]


async def test_it_is_dropped_while_a_step_runs() -> None:
    async with controlled() as (world, call):
        wait = {"expect": {"ocpi": "POST cdrs", "within": "10 min"}}
        await call("POST", "/stages", {"steps": [wait]})
        running = asyncio.create_task(call("POST", "/stages/1/step"))
        await world.clock.sleep(5)
        stage = (await call("GET", "/stages/1"))[1]
        assert stage["running"] and 590 < stage["within_s"] < 600
        status, answer = await call("POST", "/stages/1/run")
        assert (status, "runs already" in answer["error"]) == (409, True)
        assert (await call("DELETE", "/stages/1"))[0] == 200
        status, answer = await running
        assert (status, "dropped" in answer["error"]) == (409, True)
        assert world.clock.monotonic() < 60


async def test_a_held_clock_passes_in_steps_alone() -> None:
    async with controlled() as (world, call):
        world.clock.hold()
        before = world.clock.now()
        await call("POST", "/stages", {"steps": [{"advance": "1 h"}, {"note": "x"}]})
        assert world.clock.now() == before
        await call("POST", "/stages/1/step")
        assert 3600 <= (world.clock.now() - before).total_seconds() < 3601
        world.clock.release()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("GET", "/stages/7", None, 404, "no stage '7'"),
        ("POST", "/stages/7/step", None, 404, "no stage '7'"),
        ("DELETE", "/stages/7", None, 404, "no stage '7'"),
        ("POST", "/stages", None, 400, "either steps or text"),
        ("POST", "/stages", [], 400, "a mapping"),
        ("POST", "/stages", {"steps": []}, 400, "a list of steps"),
        ("POST", "/stages", {"steps": "x"}, 400, "a list of steps"),
        ("POST", "/stages", {"steps": ["plugg"]}, 400, "Did you mean 'plug'"),
        ("POST", "/stages", {"steps": ["note"], "world": "x"}, 400, "world: a stage takes"),
        ("POST", "/stages", {"text": FILE, "name": 5}, 400, "name: expected text"),
        ("POST", "/stages", {"text": "steps: 5", "file": "f"}, 400, "f:1: steps: expected a list"),
        ("POST", "/stages", {"text": FILE.replace("AC-1,", "AC-7,")}, 400, "no station 'DE-AC-7'"),
        ("POST", "/stages/1/run", {"until": "2"}, 400, "the number of a step"),
        ("POST", "/stages/1/run", {"untill": 2}, 400, "the number of a step"),
        ("POST", "/stages/1/run", {"until": 2}, 409, "there is no step 2: it has 1"),
    ],
)
async def test_a_wrong_call_is_an_answer(
    method: str, path: str, body: Any, status: int, words: str
) -> None:
    async with controlled() as (_, call):
        await call("POST", "/stages", {"steps": [{"note": "x"}]})
        code, answer = await call(method, path, body)
        assert code == status, answer
        assert words in answer["error"]


async def test_so_many_and_no_more() -> None:
    async with controlled() as (_, call):
        for _ in range(MOST):
            assert (await call("POST", "/stages", {"steps": ["clear_faults"]}))[0] == 200
        status, answer = await call("POST", "/stages", {"steps": ["clear_faults"]})
        assert status == 409 and "drop one first" in answer["error"]
