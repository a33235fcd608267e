"""What commands share, the peer's too: options, the journal's file, running until Ctrl-C.

Rule: Ctrl-C, SIGTERM, a terminal that closes (SIGHUP) and the loss of the output end a command the
same way: everything is stopped and flushed within a second. The signals are exit code 130.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from simulator.interrupt import hand_over
from simulator.mistakes import Exit, Mistake, unwritable

if TYPE_CHECKING:
    from simulator.kernel.clock import Clock
    from simulator.kernel.journal import Journal

T = TypeVar("T")
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
# Those of `simulator.ocpi.versions`, which is too heavy for `--help`.
OCPI_VERSIONS = ("2.1.1", "2.2", "2.2.1")
# How long everything may take to stop, in real seconds.
GRACE_S = 0.8
# What a duration may be, so that every clock and timer can hold it.
_LONGEST_S = 366 * 24 * 3600.0


class Number(click.FloatRange):
    """A finite number within bounds: `nan` and `inf` are none."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read it. Raises click.BadParameter."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


def seconds(*, at_least: float = 0.0, above: bool = False) -> Number:
    """The type of options that take seconds; `above`: more than the least."""
    return Number(at_least, _LONGEST_S, min_open=above)


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
    type=click.IntRange(0, 2**63 - 1),  # what JSON readers hold
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
fault_option = click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="SPEC",
    help="Let something go wrong: drop,action=Heartbeat,times=2 (docs/faults.md). May be repeated.",
)
free_ports_option = click.option(
    "--free-ports",
    is_flag=True,
    help="Listen on free ports, whatever the world file names: others run on this machine, too.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")


def write_to(journal: Journal, path: Path | None) -> None:
    """Write a journal to a file from here on. Raises Mistake."""
    if path is not None:
        try:
            journal.open(path)
        except OSError as error:
            raise unwritable(f"--journal {path}", error) from error


class _Ending:
    """How a command ends before its time: by a signal, or because nobody takes its output."""

    def __init__(self) -> None:
        self.lost: Exception | None = None
        self._task: asyncio.Task[Any] | None = None

    def arm(self) -> None:
        """End the task that calls this, when the time comes."""
        self._task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is None or signal.getsignal(number) is signal.SIG_IGN:  # as nohup has it
                continue
            with contextlib.suppress(NotImplementedError):  # Windows knows no such signals
                loop.add_signal_handler(number, self.end)
        if self.lost is not None:  # before the loop ran
            self.end()

    def lose(self, error: Exception) -> None:
        """The output is lost: end, and tell by the first error."""
        if self.lost is None:
            self.lost = error
            self.end()

    def end(self) -> None:
        """Stop in order. A second time nothing more: stopping is not to be cancelled."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()


def run(main: Coroutine[Any, Any, T], clock: Clock, journal: Journal | None = None) -> T:
    """Run a command's main coroutine on its clock's loop; SIGTERM ends it as Ctrl-C does, and so
    does what becomes of the journal's file or listeners: that error is raised once all has stopped.
    """
    from simulator.kernel.loop import run as run_loop

    ending = _Ending()

    async def guarded() -> T:
        ending.arm()
        return await main

    if journal is not None:
        journal.lost = ending.lose
    hand_over()
    try:
        result = run_loop(guarded(), clock)
    except (asyncio.CancelledError, KeyboardInterrupt) as error:
        if ending.lost is None or isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        raise ending.lost from None
    if ending.lost is not None:
        raise ending.lost
    return result


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
