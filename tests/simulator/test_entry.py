"""The frame around every command: mistakes in words, exit codes, no tracebacks."""

from __future__ import annotations

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
