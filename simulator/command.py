"""What commands share, the peer's too: options, the journal's file, running until Ctrl-C.

Rule: Ctrl-C and SIGTERM end a command the same way: everything is stopped and flushed within a
second, and the exit code is 130.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from simulator.mistakes import Exit, Mistake

if TYPE_CHECKING:
    from simulator.kernel.clock import Clock
    from simulator.kernel.journal import Journal

T = TypeVar("T")
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
# Those of `simulator.ocpi.versions`, which is too heavy for `--help`.
OCPI_VERSIONS = ("2.1.1", "2.2", "2.2.1")
# How long everything may take to stop, in real seconds.
GRACE_S = 0.8


def _clock_name(_ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Check a clock's name when it is given."""
    from simulator.kernel.clock import Clock, ClockError

    try:
        return str(Clock.parse(value))
    except ClockError as error:
        raise click.BadParameter(str(error), param=param) from error


def clock_option(default: str, note: str) -> Decorator:
    """--clock"""
    return click.option(
        "--clock",
        "clock_name",
        callback=_clock_name,
        default=default,
        metavar="real|virtual|scaled:N",
        help=f"How fast the world goes: scaled:60 is a minute a second. {note}",
    )


seed_option = click.option(
    "--seed",
    type=click.IntRange(min=0),
    metavar="N",
    help="Where all chance comes from: the same seed, the same world.",
)
journal_option = click.option(
    "--journal",
    "journal_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write everything that happens to FILE (docs/journal.md).",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")


def write_to(journal: Journal, path: Path | None) -> None:
    """Write a journal to a file from here on. Raises Mistake."""
    if path is not None:
        try:
            journal.open(path)
        except OSError as error:
            raise Mistake(f"--journal {path}: {error.strerror or error}") from error


def run(main: Coroutine[Any, Any, T], clock: Clock) -> T:
    """Run a command's main coroutine on its clock's loop; SIGTERM ends it as Ctrl-C does."""
    from simulator.kernel.loop import run as run_loop

    async def with_sigterm() -> T:
        task = asyncio.current_task()
        assert task is not None
        with contextlib.suppress(NotImplementedError):  # Windows knows no such signals
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await main

    try:
        return run_loop(with_sigterm(), clock)
    except asyncio.CancelledError as error:
        raise KeyboardInterrupt from error


async def forever() -> None:
    """Wait until the command is interrupted."""
    await asyncio.Event().wait()


@contextlib.asynccontextmanager
async def stopped_in_time(stop: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Run a block, then `stop`; what has not stopped within GRACE_S real seconds is left behind."""
    from simulator.kernel.clock import Clock

    try:
        yield
    finally:
        with contextlib.suppress(TimeoutError):
            async with Clock("real").timeout(GRACE_S):
                await stop()


def unreachable(message: str) -> Mistake:
    """A mistake of exit code 3: nothing there to bind or connect to."""
    return Mistake(message, Exit.UNREACHABLE)
