"""The outermost frame of every command: call it, put mistakes into words, give an exit code.

Rule: a user never sees a traceback, unless by asking for it with --debug.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

import click

from simulator.mistakes import Exit


def call(command: click.Command, arguments: Sequence[str], name: str = "roamlab") -> int:
    """Run a command under a name; returns its exit code."""
    try:
        result = command.main(list(arguments), prog_name=name, standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else Exit.PASS
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.PASS
    except (KeyboardInterrupt, click.Abort):
        return Exit.INTERRUPTED
    except Exception as error:
        if "--debug" in arguments:
            traceback.print_exception(error)
        return _tell(error)


def _tell(error: Exception) -> int:
    """Put an error into words on stderr; those that a user can cause carry an `exit_code`."""
    code = getattr(error, "exit_code", None)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message())
        return Exit.USAGE
    if isinstance(error, click.UsageError) and error.ctx is not None:
        hint = f"\nTry '{error.ctx.command_path} --help'."
        click.echo(f"roamlab: {error.format_message()}{hint}", err=True)
        return Exit.USAGE
    if isinstance(error, click.ClickException):
        click.echo(f"roamlab: {error.format_message()}", err=True)
        return error.exit_code
    if isinstance(code, int):
        words = error.strerror if isinstance(error, OSError) else error
        click.echo(f"roamlab: {words}", err=True)
        return code
    click.echo(
        f"roamlab: internal error: {type(error).__name__}: {error}\n"
        "Run it again as `roamlab --debug …` for the traceback.",
        err=True,
    )
    return Exit.INTERNAL
