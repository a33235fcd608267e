"""The command line: lazy, clear, and with the right exit codes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from simulator.cli import COMMANDS, run
from simulator.mistakes import Exit


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == Exit.PASS
    printed = capsys.readouterr().out
    for name, row in COMMANDS.items():
        assert f"  {name} " in printed
        assert row.help in printed


def test_help_imports_nothing_heavy() -> None:
    heavy = ["asyncio", "aiohttp", "rich", "faker", "msgspec", "ruamel", "sqlite3"]
    code = (
        "import sys; before = set(sys.modules); from simulator.cli import run; run(['--help']);"
        f"print(sorted(set({heavy}) & (set(sys.modules) - before)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


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


def test_a_reader_who_has_seen_enough_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "simulator", "--help"], stdout=write, stderr=subprocess.PIPE
    )
    os.close(write)
    assert done.stderr == b""
    assert done.returncode in (0, 1)
