"""`roamlab run --control`: a scenario whose steps wait for somebody."""

from __future__ import annotations

import json
import signal
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from simulator.cli import run
from simulator.kernel.journal import read
from tests.simulator.scenario.stage import scenario_file

from .process import Roamlab

HEAD = "name: mine\nworld: tiny.yaml\n"
STEPS = f"""{HEAD}steps:
  - expect: {{ocpp: BootNotification, within: 0}}
  - plug: {{station: ST1, car: anna}}
  - advance: 2 h
"""


def call(method: str, url: str) -> Any:
    with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=60) as answer:
        return json.loads(answer.read())


def begun(roamlab: Roamlab) -> str:
    """The URL of the stage that waits."""
    facts = json.loads(roamlab.wait_for('"control_url"'))
    return f"{facts['control_url']}/stages/{facts['stage']}"


@pytest.mark.real
def test_it_waits_is_stepped_and_ends_with_its_verdict(tmp_path: Path) -> None:
    path, report = scenario_file(tmp_path, STEPS), tmp_path / "report.ndjson"
    told = ("--json", "--ndjson", str(report), "--journals", str(tmp_path / "j"))
    with Roamlab("run", str(path), "--control", "0", *told) as own:
        url = begun(own)
        first = call("GET", url)
        assert (first["at"], first["verdict"], first["remark"]) == (0, None, "")
        base = url.partition("/stages")[0]
        clock = call("GET", f"{base}/clock")
        assert (clock["clock"], clock["held"]) == ("virtual", True)
        assert call("POST", f"{url}/step")["at"] == 1  # how the world began can be looked at
        assert call("POST", f"{url}/run")["verdict"] == "PASS"
        assert call("DELETE", url)["verdict"] == "PASS"
        assert own.process.wait(10) == 0
    (outcome,) = map(json.loads, report.read_text().splitlines())
    assert (outcome["verdict"], len(outcome["steps"]), outcome["real_ms"] > 0) == ("PASS", 3, True)
    assert any(record.get("step") == "plug" for record in read(tmp_path / "j" / "mine.ndjson"))


@pytest.mark.real
def test_a_failure_is_its_exit_code_and_people_are_told_what_to_call(tmp_path: Path) -> None:
    path = scenario_file(tmp_path, f"{HEAD}steps: [expect: {{ocpi: PUT tariffs, within: 1 s}}]\n")
    with Roamlab("run", str(path), "--control", "0") as own:
        own.wait_for("Ctrl-C ends it, too.")
        url = own.wait_for("DELETE ").split()[-1]
        assert call("POST", f"{url}/run")["verdict"] == "FAIL"
        call("DELETE", url)
        assert own.process.wait(10) == 1
        assert "FAIL  mine" in own.output and "1 FAIL" in own.output


@pytest.mark.real
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, None])
def test_before_its_end_it_is_interrupted(tmp_path: Path, how: int | None) -> None:
    with Roamlab("run", str(scenario_file(tmp_path, STEPS)), "--control", "0", "--json") as own:
        url = begun(own)
        call("POST", f"{url}/step")
        if how is None:
            call("DELETE", url)
            assert own.process.wait(10) == 130
        else:
            assert own.interrupt(how) == 130
        assert "Traceback" not in own.output


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((), "there are 2: choose it with --only\n  mine [v=1]\n  mine [v=2]"),
        (("--only", "v=2"), "mine [v=2] does not apply: no"),
        (("--only", "v=1", "--repeat", "2"), "leave out --jobs and --repeat"),
        (("--only", "v=3"), "there are 0"),
    ],
)
def test_one_run_and_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], words: str
) -> None:
    cases = "matrix: {v: [1, 2]}\nnot_applicable: [{when: {v: 2}, reason: 'no'}]\n"
    path = scenario_file(tmp_path, f"{HEAD}{cases}steps: [note: x]\n")
    assert run(["run", str(path), "--control", "0", *more]) == 2
    assert words in capsys.readouterr().err


def test_a_token_needs_an_api(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "rfid", "--control-token", "x"]) == 2
    assert "--control-token needs --control" in capsys.readouterr().err


def test_only_picks_runs_of_a_matrix(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = scenario_file(tmp_path, f"{HEAD}matrix: {{v: [1, 2]}}\nsteps: [note: x]\n")
    assert run(["run", str(path), "--only", "v=2"]) == 0
    assert "1 PASS" in capsys.readouterr().out
