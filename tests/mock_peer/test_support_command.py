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
        (["S1x", "--journal", "{journal}"], 5, "Did you mean 'S1'?"),
        (["S1", "--journal", "{tmp}/lacking"], 2, "lacking:2: not a record: no url"),
        (["S1", "--journal", "{tmp}/binary"], 2, "binary:1: not JSON"),
        (["S1", "--journal", "{tmp}/foreign"], 2, "foreign:1: not a"),
        (["S1", "--journal", "{tmp}/broken"], 2, "broken:2: not JSON"),
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
    head, told = journal_file.read_text().splitlines()
    (tmp_path / "lacking").write_text(f"{head}\n{told.replace('url', 'uri')}\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\n")
    (tmp_path / "foreign").write_text('{"a":1}\n')
    (tmp_path / "broken").write_text(f"{head}\n{told[:40]}\n{told}\n")
    filled = [part.format(journal=journal_file, tmp=tmp_path) for part in arguments]
    assert run(["support-bundle", *filled]) == code
    assert words in capsys.readouterr().err


def test_a_last_line_that_was_cut_off_is_left_out(
    journal_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = journal_file.read_text()
    journal_file.write_text(told + told.splitlines()[1][:50])
    assert run(["support-bundle", "S1", "--journal", str(journal_file)]) == 0
    out = capsys.readouterr()
    assert out.out.startswith("# Session S1")
    assert out.err == f"{journal_file}:3: cut off, and left out\n"


def test_the_journals_of_both_sides_make_one_case(
    journal_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.ndjson"
    other.write_text(journal_file.read_text().replace('"received"', '"sent"'))
    both = ["--journal", str(journal_file), "--journal", str(other)]
    path = tmp_path / "case.json"
    assert run(["support-bundle", "S1", *both, "-o", str(path)]) == 0
    told = json.loads(path.read_text())["exchanges"]
    assert [(one["seq"], one["from"]) for one in told] == [(1, "cpo"), (2, "plugsurfing")]
