"""`roamlab scenario from`: a file that `roamlab run` plays."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.cli import run
from tests.simulator.scenario.recorded import recording


def test_a_session_becomes_a_file_that_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, made = recording(tmp_path).path, tmp_path / "anna.yaml"
    assert run(["scenario", "from", str(path), "--session", "DE-AC-1-1-1", "-o", str(made)]) == 0
    assert run(["run", str(made)]) == 0
    assert "1 PASS" in capsys.readouterr().out
    assert run(["scenario", "from", str(path), "--session", "DE-AC-1-1-1"]) == 0
    assert capsys.readouterr().out == made.read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--session", "DE-AC-1-1-2"], "Did you mean 'DE-AC-1-1-1'"),
        (["--session", "DE-AC-1-1-1", "--world", "nowhere"], "no world 'nowhere'"),
        (["--session", "DE-AC-1-1-1", "-o", "/nowhere/x.yaml"], "No such file"),
    ],
)
def test_mistakes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    path = recording(tmp_path).path
    assert run(["scenario", "from", str(path), *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_journal_of_an_unknown_world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = recording(tmp_path).path
    path.write_bytes(path.read_bytes().replace(b'"world":"demo"', b'"world":"mine"', 1))
    assert run(["scenario", "from", str(path), "--session", "DE-AC-1-1-1"]) == 2
    assert "--world takes another" in capsys.readouterr().err
