"""`roamlab run`: verdicts, reports, repetition, exit codes, Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from xml.etree import ElementTree

import pytest

from simulator.cli import run
from tests.simulator.scenario.stage import scenario_file

from .process import Roamlab

FULL = Path("/dev/full")


def text(name: str, steps: str = "[note: x]") -> str:
    return f"name: {name}\nworld: tiny.yaml\ntags: [{name}]\nsteps: {steps}\n"


@pytest.mark.parametrize(
    ("steps", "code"),
    [("[note: x]", 0), ("[expect: {ocpi: PUT tariffs, within: 0}]", 1), ("[plugg]", 2)],
)
def test_exit_codes(tmp_path: Path, steps: str, code: int) -> None:
    assert run(["run", str(scenario_file(tmp_path, text("a", steps)))]) == code


def test_none_at_all_is_five(tmp_path: Path) -> None:
    assert run(["run", str(tmp_path)]) == 5
    assert run(["run", str(scenario_file(tmp_path, text("a"))), "--tag", "b"]) == 5


def test_reports_repetition_and_journals(tmp_path: Path) -> None:
    path, files = scenario_file(tmp_path, text("a")), [tmp_path / n for n in ("x", "n", "h")]
    told = ["--junit", str(files[0]), "--ndjson", str(files[1]), "--html", str(files[2])]
    folder = tmp_path / "j"
    again = ["--repeat", "2", "--seed", "5", "--journals", str(folder)]
    assert run(["run", str(path), *told, *again]) == 0
    assert ElementTree.parse(files[0]).getroot().attrib["tests"] == "2"
    outcomes = [json.loads(line) for line in files[1].read_text().splitlines()]
    assert [outcome["seed"] for outcome in outcomes] == [5, 6]
    assert sorted(p.name for p in folder.iterdir()) == ["a-1.ndjson", "a-2.ndjson"]


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has /dev/full")
def test_a_report_that_a_full_disk_takes_no_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, page = scenario_file(tmp_path, text("a")), tmp_path / "page.html"
    for option in ("--junit", "--ndjson", "--html"):
        assert run(["run", str(path), option, str(FULL)]) == 70
        assert "/dev/full: the report cannot be written: No space left" in capsys.readouterr().err
    assert run(["run", str(path), "--junit", str(FULL), "--html", str(page)]) == 70
    assert "PASS" in page.read_text()  # the other report is there
    assert run(["run", str(path), "--junit", str(tmp_path / "none" / "x")]) == 2


def test_what_is_no_file_is_refused_and_not_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe, folder = tmp_path / "pipe.yaml", tmp_path / "folder.yaml"
    os.mkfifo(pipe)
    folder.mkdir()
    assert run(["run", str(pipe)]) == 2
    assert f"{pipe}: a pipe, where a file is expected" in capsys.readouterr().err
    assert run(["run", "/dev/null"]) == 2
    assert "/dev/null: a device, where a file is expected" in capsys.readouterr().err
    assert run(["run", str(folder)]) == 5  # a folder is searched, whatever it is called


def test_outcomes_are_printed_as_they_come(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = scenario_file(tmp_path, text("a"))
    assert run(["run", str(path), "--repeat", "2", "--ndjson", "-"]) == 0
    lines = capfdbinary.readouterr().out.splitlines()
    assert [json.loads(line)["verdict"] for line in lines] == ["PASS", "PASS"]


def test_the_list_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = scenario_file(tmp_path, text("a"))
    assert run(["run", str(path), "--list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"scenario": "a", "path": str(path), "tags": ["a"]}
    ]


def one_quick_and_two_slow(folder: Path) -> None:
    scenario_file(folder, text("quick"), "a.yaml")
    for name in "bc":
        slow = text(name, "[advance: 300 s]") + "clock: real\nstart: off\n"
        ports = "change: {/cpo/ocpp_port: 0, /cpo/ocpi_port: 0, /peers/0/port: 0}\n"
        scenario_file(folder, slow + ports, f"{name}.yaml")


@pytest.mark.real
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_ends_it_with_a_summary(tmp_path: Path, jobs: int, number: int) -> None:
    one_quick_and_two_slow(tmp_path)
    with Roamlab("run", str(tmp_path), "--jobs", str(jobs)) as roamlab:
        roamlab.wait_for("PASS  quick")
        assert roamlab.interrupt(number) == 130
    assert "1 PASS, 2 not played" in roamlab.output


@pytest.mark.real
def test_killed_it_leaves_no_process_behind(tmp_path: Path) -> None:
    one_quick_and_two_slow(tmp_path)
    with Roamlab("run", str(tmp_path), "--jobs", "2") as roamlab:
        roamlab.wait_for("PASS  quick")
        roamlab.kill()
        assert roamlab.ended()  # its processes have its output, too
