"""The command line: lazy, clear, and with the right exit codes."""

from __future__ import annotations

import os
import subprocess
import sys

import click
import pytest

from simulator import cli
from simulator.cli import COMMANDS, Row, run
from simulator.mistakes import Exit, Mistake


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == Exit.PASS
    printed = capsys.readouterr().out
    for name, row in COMMANDS.items():
        assert f"  {name} " in printed
        assert row.help in printed


def test_help_imports_nothing_heavy() -> None:
    heavy = "asyncio aiohttp rich faker msgspec ruamel sqlite3 importlib.metadata".split()
    code = (
        "import sys; before = set(sys.modules); from simulator.cli import run; run(['--help']);"
        f"print(sorted(set({heavy}) & (set(sys.modules) - before)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # click itself asks for importlib.metadata on some versions.
    assert set(eval(done.stderr)) <= {"importlib.metadata"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_loads_and_shows_its_help(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([name, "--help"]) == Exit.PASS
    assert f"Usage: roamlab {name}" in capsys.readouterr().out


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == Exit.USAGE
    assert "Commands:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dmo"], "roamlab: no such command 'dmo'. Did you mean 'demo'?\nTry 'roamlab --help'."),
        (["--hlp"], "roamlab: No such option '--hlp'"),
        (["demo", "--sed", "1"], "roamlab: No such option '--sed'. Did you mean '--seed'?"),
        (["demo", "--seed", "one"], "roamlab: Invalid value for '--seed'"),
        (["demo", "--clock", "fast"], "expected real, virtual or scaled:N"),
        (["demo", "--clock", "scaled:0"], "scaled:N takes a number above 0"),
        (["up", "--clock", "virtual"], "take real or scaled:N"),
        (["up", "nowhere.yaml"], "roamlab: nowhere.yaml: cannot read it: No such file"),
        (["up", "dmo"], "Did you mean 'demo'?"),
        (["station"], "Missing option '--csms'"),
    ],
)
def test_a_users_mistake_is_told_in_words(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == Exit.USAGE
    captured = capsys.readouterr()
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


def fails_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def broken() -> None:
        raise error

    monkeypatch.setattr(cli, "_load", lambda name, row: broken)
    monkeypatch.setitem(COMMANDS, "broken", Row("", ""))


@pytest.mark.parametrize(
    ("error", "code", "printed"),
    [
        (Mistake("bad file"), 2, "roamlab: bad file\n"),
        (Mistake("late", Exit.TIMEOUT), 4, "roamlab: late\n"),
        (KeyboardInterrupt(), 130, ""),
        (click.Abort(), 130, ""),
        (click.ClickException("no"), 1, "roamlab: no\n"),
        (ValueError("oops"), 70, "roamlab: internal error: ValueError: oops\nRun it again as"),
    ],
)
def test_every_end_has_its_exit_code(
    error: BaseException,
    code: int,
    printed: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fails_with(error, monkeypatch)
    assert run(["broken"]) == code
    captured = capsys.readouterr().err
    assert captured.startswith(printed)
    assert "Traceback" not in captured


def test_debug_shows_the_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fails_with(ValueError("oops"), monkeypatch)
    assert run(["--debug", "broken"]) == Exit.INTERNAL
    assert "Traceback" in capsys.readouterr().err


def test_a_port_in_use_is_exit_code_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from simulator.wire.http_aio import BindError

    fails_with(BindError(98, "cannot listen on 127.0.0.1:9000: in use"), monkeypatch)
    assert run(["broken"]) == Exit.UNREACHABLE
    assert capsys.readouterr().err == "roamlab: cannot listen on 127.0.0.1:9000: in use\n"


def test_a_command_may_return_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def judged() -> int:
        return Exit.FAILED

    monkeypatch.setattr(cli, "_load", lambda name, row: judged)
    monkeypatch.setitem(COMMANDS, "judged", Row("", ""))
    assert run(["judged"]) == Exit.FAILED


def test_a_reader_who_has_seen_enough_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "simulator", "--help"], stdout=write, stderr=subprocess.PIPE
    )
    os.close(write)
    assert done.stderr == b""
    assert done.returncode in (0, 1)
