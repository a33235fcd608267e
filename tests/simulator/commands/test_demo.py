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
        "8  A CDR that Plugsurfing does not pay",
        "Sessions and CDRs",
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
    assert len(summary["acts"]) == 8
    assert [s["verdict"] for s in summary["sessions"]] == ["accepted"] * 3 + ["refused 2001"]
    assert {f["rule"] for f in summary["findings"]} == {
        "authorize.token",
        "cdr.authorization-reference",
    }
    assert "The stations come up" in captured.err
    header, *records = read(journal)
    assert header["seed"] == 5
    assert len(records) == summary["records"]


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


def test_ctrl_c_in_real_time_ends_within_a_second_with_all_flushed(tmp_path: Path) -> None:
    journal = tmp_path / "demo.ndjson"
    with Roamlab("demo", "--clock", "real", "--journal", str(journal)) as demo:
        demo.wait_for("StartTransaction")
        code, seconds = demo.interrupt()
        assert code == 130
        assert seconds < 2.0  # one for us, one for a busy machine
        assert "Traceback" not in demo.output
    records = list(read(journal))
    assert any(record.get("action") == "StartTransaction" for record in records)
