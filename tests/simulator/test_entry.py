"""The frame around every command: mistakes in words, exit codes, no tracebacks."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import click
import pytest

from simulator.entry import call
from simulator.mistakes import Exit, Mistake
from simulator.wire.http import BindError


def failing(error: BaseException) -> click.Command:
    @click.command()
    @click.option("--debug", is_flag=True)
    def broken(debug: bool) -> None:
        raise error

    return broken


@pytest.mark.parametrize(
    ("error", "code", "printed"),
    [
        (Mistake("bad file"), 2, "roamlab: bad file\n"),
        (Mistake("late", Exit.TIMEOUT), 4, "roamlab: late\n"),
        (BindError(98, "cannot listen: in use"), 3, "roamlab: cannot listen: in use\n"),
        (KeyboardInterrupt(), 130, ""),
        (click.Abort(), 130, ""),
        (click.ClickException("no"), 1, "roamlab: no\n"),
        (ValueError("oops"), 70, "roamlab: internal error: ValueError: oops\nRun it again as"),
    ],
)
def test_every_end_has_its_exit_code(
    error: BaseException, code: int, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(failing(error), []) == code
    captured = capsys.readouterr().err.lstrip("\n")
    assert captured.startswith(printed)
    assert "Traceback" not in captured


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(failing(ValueError("oops")), ["--debug"]) == Exit.INTERNAL
    assert "Traceback" in capsys.readouterr().err


def test_a_wrong_option_names_the_help_of_that_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call(failing(ValueError()), ["--debg"], "roamlab broken") == Exit.USAGE
    assert capsys.readouterr().err == (
        "roamlab: No such option '--debg'. Did you mean '--debug'?\nTry 'roamlab broken --help'.\n"
    )


def test_a_command_may_return_its_exit_code() -> None:
    @click.command()
    def judged() -> int:
        return Exit.FAILED

    @click.command()
    def content() -> None:
        pass

    assert (call(judged, []), call(content, [])) == (Exit.FAILED, Exit.PASS)


def test_a_disk_that_is_full_is_no_internal_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(failing(OSError(errno.ENOSPC, "No space left on device")), []) == Exit.INTERNAL
    printed = capsys.readouterr().err
    assert printed == "roamlab: cannot write to the output: No space left on device\n"


def test_a_pipe_whose_reader_has_gone_is_a_quiet_end(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(failing(BrokenPipeError(errno.EPIPE, "Broken pipe")), []) == Exit.PASS
    assert capsys.readouterr().err == ""


# Only a process shows what the interpreter's own end makes of its streams


def shell(line: str, **environment: str) -> tuple[str, str]:
    done = subprocess.run(
        ["bash", "-c", line.replace("roamlab", f"{sys.executable} -m simulator")],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )
    return done.stdout, done.stderr


@pytest.mark.parametrize(
    ("line", "printed", "complaint"),
    [
        ("roamlab rules | head -1 | wc -l; echo ${PIPESTATUS[0]}", "1\n0\n", ""),
        ("roamlab rules --json | head -1; echo ${PIPESTATUS[0]}", "[\n0\n", ""),
        (
            "roamlab rules > /dev/full; echo $?",
            "70\n",
            "roamlab: cannot write to the output: No space left on device\n",
        ),
        (
            "roamlab --version > /dev/full; echo $?",
            "70\n",
            "roamlab: cannot write to the output: No space left on device\n",
        ),
        ("roamlab rules --no-such 2> /dev/full; echo $?", "2\n", ""),
        ("roamlab rules >&-; echo $?", "0\n", ""),
        ("roamlab --version <&-", None, ""),
    ],
)
def test_streams_that_are_full_closed_or_left(
    line: str, printed: str | None, complaint: str
) -> None:
    out, error = shell(line)
    assert (out if printed is not None else None, error) == (printed, complaint)


def test_an_alphabet_that_lacks_a_character() -> None:
    for line in ("roamlab rules", "roamlab --help", "roamlab cpo --help"):
        out, error = shell(line, PYTHONIOENCODING="ascii", LC_ALL="C")
        assert (bool(out), error) == (True, "")


def test_the_shell_may_ask_what_comes_next() -> None:
    out, _ = shell("roamlab", _ROAMLAB_COMPLETE="bash_source")
    assert "_roamlab_completion" in out
