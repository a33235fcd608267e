"""`roamlab check` on the command line: options, reports, exit codes."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from mock_peer import check_command, check_cpo, check_emp
from mock_peer.check_model import Report
from simulator.cli import run
from simulator.kernel.clock import Clock
from tests.mock_peer.checking import mixed, report

ROOT = Path(__file__).parent.parent.parent
URL = "http://127.0.0.1:9999/ocpi/versions"


class Played:
    """Stands in for a check: keeps the plan, gives a report."""

    def __init__(self, outcome: Report) -> None:
        self.outcome = outcome
        self.plan: Any = None

    async def __call__(self, plan: Any, *, tell: Any, clock: Clock, **_: Any) -> Report:
        self.plan = plan
        tell("playing")
        await clock.sleep(0)
        return self.outcome


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    check = Played(mixed())
    monkeypatch.setattr(check_cpo, "check_cpo", check)
    monkeypatch.setattr(check_emp, "check_emp", check)
    return check


def test_options_become_the_plan(played: Played, capsys: pytest.CaptureFixture[str]) -> None:
    words = "check cpo URL --token A --version 2.2 --wait 5 --remote-start L1/E1 --charge 7 --keep"
    more = ["--only", "cdr.*", "--skip", "cdr.price", "--host", "0.0.0.0", "--port", "8123"]
    assert run([*words.replace("URL", URL).split(), *more]) == 1
    plan = played.plan
    assert (plan.versions_url, plan.token, plan.version) == (URL, "A", "2.2")
    assert (plan.wait_s, plan.remote_start, plan.charge_s, plan.keep) == (5, "L1/E1", 7, True)
    assert (plan.only, plan.skip) == (("cdr.*",), ("cdr.price",))
    assert (plan.host, plan.port) == ("0.0.0.0", 8123)
    out = capsys.readouterr()
    assert "cdr.not-negative" in out.out
    assert out.err == "playing\n"


def test_a_remote_start_without_a_place_takes_the_first(played: Played) -> None:
    run(["check", "cpo", URL, "--token", "A", "--remote-start"])
    assert played.plan.remote_start == "first"


def test_an_emp_has_its_own_options(played: Played, tmp_path: Path) -> None:
    (tmp_path / "o.yaml").write_text("keys_per_contract: 3\n")
    told = ["--organisation", str(tmp_path / "o.yaml"), "--ask-every", "3"]
    assert run(["check", "emp", URL, "--token", "A", *told]) == 1
    assert played.plan.organisation.keys_per_contract == 3
    assert played.plan.ask_every_s == 3


def test_reports_are_written_where_they_are_asked_for(
    played: Played, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tmp_path / name for name in ("r.json", "r.xml", "r.html")]
    options = [part for name, path in zip(("--json", "--junit", "--html"), files, strict=True)
               for part in (name, str(path))]  # fmt: skip
    assert run(["check", "cpo", URL, "--token", "A", *options]) == 1
    assert json.loads(files[0].read_text())["exit_code"] == 1
    assert files[1].read_bytes().startswith(b"<?xml")
    assert files[2].read_text().startswith("<!doctype html>")
    assert "cdr.not-negative" in capsys.readouterr().out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_a_report_that_a_full_disk_takes_no_more(
    played: Played, capsys: pytest.CaptureFixture[str]
) -> None:
    for option in ("--json", "--junit", "--html"):
        assert run(["check", "cpo", URL, "--token", "A", option, "/dev/full"]) == 70
        assert f"{option} /dev/full: No space left on device" in capsys.readouterr().err


def test_json_on_stdout_is_all_there_is(played: Played, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "cpo", URL, "--token", "A", "--json", "-"]) == 1
    assert json.loads(capsys.readouterr().out)["kind"] == "cpo"


@pytest.mark.parametrize(("outcome", "code"), [(report(), 0), (report(missing=("CDR",)), 4)])
def test_the_exit_code_is_the_report_s(played: Played, outcome: Report, code: int) -> None:
    played.outcome = outcome
    assert run(["check", "cpo", URL, "--token", "A"]) == code


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["cpo", URL], 2, "--token"),
        (["cpo"], 2, "--listen"),
        (["cpo", URL, "--listen"], 2, "leave VERSIONS_URL out"),
        (["cpo", "--listen", "--wait", "0"], 2, "--wait 0"),
        (["cpo", "--listen", "--token", "a b"], 2, "white space"),
        (["cpo", "--listen", "--public-url", "here"], 2, "--public-url"),
        (["emp"], 2, "VERSIONS_URL"),
        (["cpo", "ftp://x", "--token", "A"], 2, "http:// or https://"),
        (["cpo", URL, "--token", "A", "--only", "cdr.prise"], 2, "Did you mean 'cdr.price'?"),
        (["cpo", URL, "--token", "A", "--wait", "-1"], 2, "--wait"),
        (["cpo", URL, "--token", "A", "--version", "2.3"], 2, "2.2.1"),
        (["cpo", URL, "--token", "A", "--profile", "absent.yaml"], 2, "absent.yaml"),
        (["cpo", URL, "--token", "A"], 3, "9999"),
        (["emp", URL, "--token", "A"], 3, "9999"),
    ],
)
def test_mistakes_are_one_clear_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    assert run(["check", *arguments]) == code
    err = capsys.readouterr().err
    assert words in err
    assert "Traceback" not in err


def test_a_report_that_cannot_be_written_is_a_mistake(
    played: Played, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "cpo", URL, "--token", "A", "--html", str(tmp_path / "no" / "r")]) == 2
    assert "--html" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["cpo", "emp"])
def test_every_option_stands_in_the_docs(name: str) -> None:
    text = (ROOT / "docs" / "cli.md").read_text() + (ROOT / "docs" / "check.md").read_text()
    command = check_command.check.commands[name]
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert f"`{max(parameter.opts, key=len)}" in text, parameter.opts


def test_no_loop_is_left_behind(played: Played) -> None:
    run(["check", "cpo", URL, "--token", "A"])
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()


def test_listening_is_part_of_the_plan(played: Played) -> None:
    assert run(["check", "cpo", "--listen", "--token", "A"]) == 1
    assert (played.plan.listen, played.plan.versions_url, played.plan.token) == (True, "", "A")


@pytest.mark.real
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_with_a_report_and_130(number: int, tmp_path: Path) -> None:
    page = tmp_path / "r.html"
    words = ["check", "cpo", "--listen", "--json", "-", "--html", str(page)]
    with subprocess.Popen(
        [sys.executable, "-m", "simulator", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None and process.stderr is not None
        while "waiting" not in process.stderr.readline():
            pass
        process.send_signal(number)
        told = json.loads(process.stdout.read())
        assert process.wait(timeout=60) == 130
        assert process.stderr.read() == ""
    assert (told["exit_code"], told["problem"]) == (130, "interrupted")
    assert "interrupted" in page.read_text()


def test_nobody_registering_is_exit_4(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "cpo", "--listen", "--wait", "0.2"]) == 4
    assert "no CPO registered within 0.2 s" in capsys.readouterr().err
