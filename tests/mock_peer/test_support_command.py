"""`roamlab support-bundle` on the command line."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from simulator.cli import run
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal


@pytest.fixture
def journal_file(tmp_path: Path) -> Path:
    journal, path = Journal(Clock("virtual")), tmp_path / "run.ndjson"
    journal.ocpi(
        "plugsurfing", "cpo", None, version="2.2.1", module="sessions", method="PUT",
        url="http://a/ocpi/2.2.1/receiver/sessions/DE/ABC/S1", direction="received",
        request_headers={"Authorization": "Token x"}, request_body='{"id":"S1"}',
        response_headers={}, response_body='{"status_code":1000}', http_status=200,
        status_code=1000, ms=1,
    )  # fmt: skip
    journal.open(path)
    journal.close()
    return path


def test_the_page_is_printed(journal_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["support-bundle", "S1", "--journal", str(journal_file)]) == 0
    assert capsys.readouterr().out.startswith("# Session S1")


def test_json_and_zip_are_written(
    journal_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, packed = tmp_path / "case.json", tmp_path / "case.zip"
    for path in (plain, packed):
        assert run(["support-bundle", "S1", "--journal", str(journal_file), "-o", str(path)]) == 0
        assert "1 messages" in capsys.readouterr().out
    assert json.loads(plain.read_text())["session"] == "S1"
    assert zipfile.is_zipfile(packed)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["S2", "--journal", "{journal}"], 5, "no message of session 'S2'"),
        (["S1", "--journal", "{tmp}/absent"], 2, "No such file"),
        (["S1", "--journal", "{journal}", "-o", "{tmp}/case.txt"], 2, ".zip or .json"),
        (["S1", "--journal", "{journal}", "-o", "{tmp}/no/case.zip"], 2, "No such file"),
        (["S1", "--journal", "{tmp}/empty"], 2, "it is empty"),
        (["S1", "--journal", "{tmp}/other"], 2, "not JSON"),
        (["S1"], 2, "--journal"),
    ],
)
def test_mistakes_are_one_clear_line(
    journal_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    (tmp_path / "empty").write_text("")
    (tmp_path / "other").write_text("hello\n")
    filled = [part.format(journal=journal_file, tmp=tmp_path) for part in arguments]
    assert run(["support-bundle", *filled]) == code
    assert words in capsys.readouterr().err
