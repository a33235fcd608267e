"""`roamlab replay` from the command line: exit codes, words, Ctrl-C."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.cli import run
from tests.simulator.commands.process import Roamlab, free_port
from tests.simulator.scenario.recorded import file_of, frame

RECORDS = (
    frame(1, [2, "1", "Authorize", {"idTag": "A"}], action="Authorize"),
    frame(2, [3, "1", {"idTagInfo": {"status": "Accepted"}}], sent=False),
)
NOWHERE = "ws://127.0.0.1:9/ocpp"


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (["--as", "stations", "--against", NOWHERE], "cannot connect", 3),
        (["--as", "station/X", "--against", NOWHERE], "nothing is recorded for station/X", 5),
        (["--as", "cpo"], "no OCPI", 5),
        (["--as", "pier"], "Did you mean 'peer'", 2),
        (["--as", "stations"], "--against: which CSMS?", 2),
        (["--as", "stations", "--against", "nonsense"], "expected ws://", 2),
        (["--as", "stations", "--timing", "x0"], "expected recorded, none or xN", 2),
        (["--as", "stations", "--ignore", "a"], "no JSON pointer", 2),
        (["--as", "stations", "--session", "s"], "no session 's'", 2),
        (["--as", "csms", "--host", "192.0.2.1"], "without TLS", 2),
        (["--as", "csms", "--wait", "0.2", "--port", "0"], "no station connected", 3),
    ],
)
def test_mistakes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str, code: int
) -> None:
    path = file_of(tmp_path / "j", *RECORDS)
    assert run(["replay", str(path), *arguments]) == code
    err = capsys.readouterr().err
    assert words in err
    assert "Traceback" not in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_a_journal_that_a_full_disk_does_not_take(tmp_path: Path) -> None:
    path = file_of(tmp_path / "j", *RECORDS)
    told = ["replay", str(path), "--as", "stations", "--against", NOWHERE]
    assert run([*told, "--journal", "/dev/full"]) == 70


def test_a_replay_against_a_running_world_and_ctrl_c(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file_of(tmp_path / "j", *RECORDS)
    port = free_port()
    with Roamlab("replay", str(path), "--as", "csms", "--port", str(port)) as csms:
        csms.wait_for("listening at ws://127.0.0.1")
        told = ["replay", str(path), "--as", "stations", "--against", f"ws://127.0.0.1:{port}/ocpp"]
        assert run([*told, "--json", "--journal", str(tmp_path / "live")]) == 0
        report = json.loads(capsys.readouterr().out)
        assert (report["said"], report["compared"], report["differences"]) == (1, 1, [])
        assert csms.wait_for("no differences")
        assert csms.process.wait(10) == 0
    assert (tmp_path / "live").read_text().count('"Authorize"') == 2
    with Roamlab("replay", str(path), "--as", "csms", "--port", "0") as waiting:
        waiting.wait_for("listening")
        assert waiting.interrupt() == 130


def test_both_ends_over_tls_from_the_directory_of_a_pki(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, pki, port = file_of(tmp_path / "j", *RECORDS), str(tmp_path / "pki"), free_port()
    assert run(["pki", "init", "--directory", pki]) == 0
    assert run(["pki", "issue", "station", "S1", "--directory", pki]) == 0
    told = ["replay", str(path), "--as", "stations", "--against", f"wss://127.0.0.1:{port}/ocpp"]
    with Roamlab("replay", str(path), "--as", "csms", "--port", str(port), "--pki", pki) as csms:
        csms.wait_for("listening at wss://127.0.0.1")
        assert run(told) == 3  # whom this machine trusts is not whom the directory does
        assert "TLS: " in capsys.readouterr().err
        assert run([*told, "--pki", pki, "--journal", str(tmp_path / "live")]) == 0
        assert csms.process.wait(10) == 0
    assert run([*told, "--pki", str(tmp_path / "none")]) == 2
