"""The outermost frame of every command: call it, put mistakes into words, give an exit code.

Rule: a user never sees a traceback, unless by asking for it with --debug.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import traceback
from collections.abc import Sequence

import click

from simulator.mistakes import FULL, Exit


def call(command: click.Command, arguments: Sequence[str], name: str = "roamlab") -> int:
    """Run a command under a name; returns its exit code."""
    _take_what_streams_there_are()
    try:
        return _call(command, arguments, name)
    except BrokenPipeError:  # the reader of our output has seen enough
        return Exit.PASS
    except (KeyboardInterrupt, click.Abort):
        if sys.stderr.isatty():
            _say("")  # behind the terminal's ^C
        return Exit.INTERRUPTED
    except Exception as error:
        if "--debug" in arguments:
            _say("".join(traceback.format_exception(error)))
        return _tell(error)
    finally:
        _give_up_what_cannot_be_written()


def _call(command: click.Command, arguments: Sequence[str], name: str) -> int:
    if f"_{name.upper()}_COMPLETE" in os.environ:  # the shell asks what may come next
        command.main(list(arguments), prog_name=name)
    try:
        # Not by `main`, which has its own mind about pipes whose reader has gone.
        with command.make_context(name, list(arguments)) as context:
            result = command.invoke(context)
    except click.exceptions.Exit as end:  # after --help and --version
        result = end.exit_code
    except SystemExit as end:  # rich's mind about them
        if isinstance(end.__context__, BrokenPipeError):
            raise end.__context__ from None
        raise
    sys.stdout.flush()
    return result if isinstance(result, int) else Exit.PASS


def _take_what_streams_there_are() -> None:
    """A stream that was closed before we began is nobody's; a character that the terminal's
    encoding lacks is no reason to fail.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # in order: each takes the descriptor that was left free
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _give_up_what_cannot_be_written() -> None:
    """Spare the interpreter's end another try, which would print a traceback."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _tell(error: Exception) -> int:
    """Put an error into words on stderr; those that a user can cause carry an `exit_code`."""
    code = getattr(error, "exit_code", None)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        _say(error.format_message(), err=False)
        return Exit.USAGE
    if isinstance(error, click.UsageError) and error.ctx is not None:
        hint = f"\nTry '{error.ctx.command_path} --help'."
        _say(f"roamlab: {error.format_message()}{hint}")
        return Exit.USAGE
    if isinstance(error, click.ClickException):
        _say(f"roamlab: {error.format_message()}")
        return error.exit_code
    if isinstance(code, int):
        words = error.strerror if isinstance(error, OSError) else error
        _say(f"roamlab: {words}")
        return code
    if isinstance(error, OSError) and error.errno in FULL:
        where = error.filename or "the output"
        _say(f"roamlab: cannot write to {where}: {error.strerror}")
        return Exit.INTERNAL
    _say(
        f"roamlab: internal error: {type(error).__name__}: {error}\n"
        "Run it again as `roamlab --debug …` for the traceback."
    )
    return Exit.INTERNAL


def _say(words: str, *, err: bool = True) -> None:
    """Say it on stderr, if anybody takes it."""
    with contextlib.suppress(OSError):
        click.echo(words, err=err)
