"""`roamlab journal import` and `show`."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.cli import run
from tests.simulator.scenario.recorded import file_of, frame, recording

LOG = """\
2024-05-01T10:00:00Z <- [2,"1","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]
oops
2024-05-01T10:00:01Z -> [3,"1",{"status":"Accepted"}]
"""


def test_a_log_is_imported_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "cp.log"
    log.write_text(LOG)
    assert run(["journal", "import", str(log), "--station", "CP1"]) == 0
    out, err = capsys.readouterr()
    assert "2 records of station CP1, 1 lines left out" in out
    assert "cp.log:2: no OCPP-J frame is in it" in err
    assert run(["journal", "show", str(tmp_path / "cp.ndjson")]) == 0
    assert "CP1 > cpo  BootNotification V M Accepted" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (["--strict"], "cp.log:2: no OCPP-J frame", 2),
        (["-o", "{log}"], "is the log itself", 2),
        (["-o", "/nowhere/x"], "No such file", 2),
        (["--station", ""], "--station: expected an id", 2),
    ],
)
def test_mistakes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str, code: int
) -> None:
    log = tmp_path / "cp.log"
    log.write_text(LOG)
    told = [each.format(log=log) for each in arguments]
    assert run(["journal", "import", str(log), "--station", "CP1", *told]) == code
    assert words in capsys.readouterr().err
    assert log.read_text() == LOG


def test_a_session_is_a_ladder_and_legs_are_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(recording(tmp_path).path)
    assert run(["journal", "show", path, "--sessions"]) == 0
    assert capsys.readouterr().out.split() == ["DE-AC-1-1-1", "NL-AC-2-1-1"]
    assert run(["journal", "show", path, "--session", "DE-AC-1-1-1"]) == 0
    ladder = capsys.readouterr().out
    assert ladder.split()[:3] == ["DE-AC-1", "cpo", "plugsurfing"]
    assert "StartTransaction" in ladder
    assert "NL-AC-2" not in ladder
    assert run(["journal", "show", path, "--leg", "event"]) == 0
    events = capsys.readouterr().out
    assert "DE-AC-1  car.plugged  evse 1" in events
    assert "POST" not in events
    assert run(["journal", "show", path, "--leg", "fault"]) == 5


def test_a_filter_picks_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(recording(tmp_path).path)
    shown = ["journal", "show", path, "--filter"]
    assert run([*shown, "~cp DE-AC-1 & (~a StartTransaction & ~s Accepted | ~a car.plugged)"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 2
    assert "car.plugged" in told[0]
    assert "StartTransaction" in told[1]
    assert run([*shown, "~s Accepted & ~err"]) == 5
    assert run([*shown, "~cp"]) == 2
    assert "--filter: at 4: ~cp needs a word" in capsys.readouterr().err


def test_a_truncated_journal_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = file_of(tmp_path / "j", frame(1, [2, "1", "Heartbeat", {}], action="Heartbeat"),
                   frame(2, [3, "1", {}], sent=False))  # fmt: skip
    path.write_bytes(path.read_bytes() + b'{"seq":3,')
    assert run(["journal", "show", str(path)]) == 0
    out, err = capsys.readouterr()
    assert "Heartbeat" in out
    assert "line 4 is cut off" in err
