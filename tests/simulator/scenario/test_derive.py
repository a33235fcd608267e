"""Sessions of the demo become scenarios, and these pass in the same world."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.cli import run as roamlab
from simulator.mistakes import Exit, Mistake
from simulator.scenario.derive import scenario_from
from simulator.scenario.replay_recording import Recording, load
from simulator.scenario.runner import run
from simulator.scenario.schema import read
from simulator.scenario.verdict import Verdict
from simulator.world_file import find
from simulator.world_file import read as read_world
from tests.simulator.scenario.recorded import file_of, frame, recording

SESSIONS = ("DE-AC-1-1-1", "DE-DC-1-1-1", "NL-AC-1-1-1", "NL-AC-2-1-1", "FR-AC-1-1-1")
BEHIND_ROAM = "FR-DC-1-1-1"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    path = tmp_path_factory.mktemp("demo") / "demo.ndjson"
    assert roamlab(["demo", "--journal", str(path), "--json"]) == 0
    return load(path)


def scenario(told: Recording, session: str) -> str:
    return scenario_from(told, session, "demo", read_world(find("demo")))


@pytest.mark.parametrize("session", [*SESSIONS, BEHIND_ROAM])
def test_a_session_of_the_demo_passes_as_a_scenario(
    demo: Recording, session: str, tmp_path: Path
) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(scenario(demo, session))
    (made,) = read(path)
    assert len([action for action in made.actions if action.name.startswith("expect")]) > 0
    outcome = run(made)
    assert outcome.verdict is Verdict.PASS, f"{outcome.why}\n{outcome.details}"


def test_what_was_done_and_what_came_of_it_stand_in_the_file(demo: Recording) -> None:
    text = scenario(demo, "DE-AC-1-1-1")
    for part in (
        "plug: {station: DE-AC-1, car: anna}", 'tap: {station: DE-AC-1, token: "04A1B2C3D4E580"}',
        "unplug: {station: DE-AC-1}", "advance: 4 s", "seed: 42", "ocpp: StopTransaction",
        'ocpi: "POST cdrs"', "approx", 'never: {finding: "*", severity: reject}',
    ):  # fmt: skip
        assert part in text, part
    assert "save: {session: /id}" in text
    remote = scenario(demo, "DE-DC-1-1-1")
    assert 'stop_session: {session: "${session}"}' in remote
    assert "start_session" in remote
    offline = scenario(demo, "NL-AC-2-1-1")
    places = [offline.index(f"- {verb}:") for verb in ("plug", "offline", "stop_button", "online")]
    assert places == sorted(places)
    assert "finding: cdr.authorization-reference" in scenario(demo, "FR-AC-1-1-1")
    assert "emp_start" in scenario(demo, BEHIND_ROAM)


def test_a_scenario_fails_where_the_world_does_otherwise(demo: Recording, tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(scenario(demo, "DE-AC-1-1-1").replace(
        "steps:\n", 'steps:\n  - block_token: "04A1B2C3D4E580"\n'))  # fmt: skip
    (made,) = read(path)
    assert run(made).verdict is Verdict.FAIL


def test_a_session_in_which_nobody_did_anything(tmp_path: Path) -> None:
    told = load(file_of(tmp_path / "j", frame(1, [2, "1", "Heartbeat", {}], session="s")))
    with pytest.raises(Mistake, match="nothing in s tells what was done") as caught:
        scenario(told, "s")
    assert caught.value.exit_code == Exit.NOTHING
    with pytest.raises(Mistake, match="no session 'DE-AC-9-1-1'"):
        scenario(recording(tmp_path), "DE-AC-9-1-1")
