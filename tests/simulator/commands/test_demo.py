"""`roamlab demo`: exit codes, the summary, and Ctrl-C in the middle."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.cli import run
from simulator.kernel.journal import read
from tests.simulator.commands.process import Roamlab


def test_it_tells_the_story_and_ends_with_the_tables(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert run(["demo"]) == 0
    printed = capsys.readouterr().out
    for part in (
        "1  The stations come up",
        "9  The EMP's driver charges",
        "10  A CDR that Plugsurfing does not pay",
        "11  A car that needs no card",
        "Sessions and CDRs",
        "CDRs at the EMP, through Roam",
        "Findings of the peer",
        "cdr.authorization-reference",
        "The story went as told.",
    ):
        assert part in printed
    assert "not so" not in printed
    assert max(len(line) for line in printed.splitlines()) <= 100


def test_the_summary_is_one_json_object_on_stdout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = tmp_path / "demo.ndjson"
    assert run(["demo", "--json", "--seed", "5", "--journal", str(journal)]) == 0
    captured = capsys.readouterr()
    summary = json.loads(captured.out)
    assert summary["ok"] is True
    assert (summary["seed"], summary["clock"], summary["world"]) == (5, "virtual", "demo")
    assert len(summary["acts"]) == 11
    assert not any(act["skipped"] for act in summary["acts"])
    verdicts = [s["verdict"] for s in summary["sessions"]]
    assert verdicts == ["accepted"] * 4 + ["refused 2001", "accepted"]
    (passed,) = summary["emp_cdrs"]
    assert (passed["verdict"], passed["agrees"]) == ("accepted", True)
    assert passed["session"] == summary["sessions"][3]["session"]
    assert passed["excl_vat"] == summary["sessions"][3]["excl_vat"]
    assert {f["rule"] for f in summary["findings"]} == {
        "authorize.token",
        "cdr.authorization-reference",
        "roam.contract-format",  # a note: it comes back with dashes
    }
    assert "The stations come up" in captured.err
    header, *records = read(journal)
    assert header["seed"] == 5
    assert len(records) == summary["records"]


def test_another_world_is_played_as_far_as_it_can_be(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--json", "--world", "demo-211"]) == 0
    captured = capsys.readouterr()
    summary = json.loads(captured.out)
    assert (summary["ok"], summary["world"]) == (True, "demo-211")
    assert [act["skipped"] for act in summary["acts"] if act["skipped"]] == [
        "OCPI 2.1.1: Plugsurfing sends no commands",
        "OCPI 2.1.1: CDRs have no authorization_reference",
    ]
    assert [s["session_id"] for s in summary["sessions"]] == [None] * 4
    assert summary["emp_cdrs"][0]["agrees"] is True
    assert "Skipped: 2 of its acts." in " ".join(captured.err.split())


def test_a_world_without_plugsurfing_is_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = tmp_path / "w.yaml"
    world.write_text("name: w\ncpo: {country_code: DE, party_id: ABC, name: W}\n")
    assert run(["demo", "--world", str(world)]) == 2
    assert "the story needs a peer 'plugsurfing'" in capsys.readouterr().err


def test_another_seed_moves_the_locations(tmp_path: Path) -> None:
    def addresses(seed: int) -> set[str]:
        path = tmp_path / f"{seed}.ndjson"
        assert run(["demo", "--json", "--seed", str(seed), "--journal", str(path)]) == 0
        return {
            json.loads(record["request"]["body"])["address"]
            for record in read(path)
            if record.get("module") == "locations" and record.get("method") == "PUT"
        }

    first, second = addresses(1), addresses(2)
    assert len(first) == len(second) == 3
    assert not first & second


def test_ctrl_c_in_real_time_ends_at_once_with_all_flushed(tmp_path: Path) -> None:
    journal = tmp_path / "demo.ndjson"
    with Roamlab("demo", "--free-ports", "--clock", "real", "--journal", str(journal)) as demo:
        demo.wait_for("StartTransaction")
        assert demo.interrupt() == 130
        assert "Traceback" not in demo.output
    records = list(read(journal))
    assert any(record.get("action") == "StartTransaction" for record in records)
