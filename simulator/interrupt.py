"""Ctrl-C and SIGTERM before anything runs: while Python still imports, there is nothing to stop.

Rule: imports the interpreter's own modules alone, so that it can act before all others do.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from types import FrameType

INTERRUPTED = 130


def leave_quietly() -> None:
    """End at once and silently when interrupted, until somebody has something to stop.

    An exception would not do: Python drops those that are raised while it tidies up an import.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _leave)


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
    signal.raise_signal(signal.SIGINT)


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)
