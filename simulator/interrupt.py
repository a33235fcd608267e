"""What ends a command from outside: Ctrl-C and SIGTERM before anything runs, while Python still
imports and there is nothing to stop; and the end of whoever started it.

Rule: imports the interpreter's own modules alone, so that it can act before all others do.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from types import FrameType

INTERRUPTED = 130
# Set by programs that start a command: it ends as by SIGTERM once its standard input does, so that
# they leave nothing behind, however they end themselves.
TIED = "ROAMLAB_TIED"


def leave_quietly() -> None:
    """End at once and silently when interrupted, until somebody has something to stop.

    An exception would not do: Python drops those that are raised while it tidies up an import.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _leave)


def end_with_stdin() -> None:
    """Where TIED is set: be ended when standard input ends."""
    if os.environ.pop(TIED, None):  # what this command starts is no affair of theirs
        import threading

        threading.Thread(target=_await_the_end, daemon=True).start()


def _await_the_end() -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    os.kill(os.getpid(), signal.SIGTERM)


def hand_over(*, sigterm: bool = False) -> None:
    """Ctrl-C is an exception again: a loop takes over that stops what it runs; `sigterm`: SIGTERM
    is the same.
    """
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if sigterm and signal.getsignal(signal.SIGTERM) is _leave:
        signal.signal(signal.SIGTERM, _as_interrupt)


@contextlib.contextmanager
def shielding() -> Iterator[None]:
    """Processes that are started within never hear Ctrl-C: who started them ends them."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # children inherit it
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _as_interrupt(_number: int, _frame: FrameType | None) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as behind a script's `&`
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)
