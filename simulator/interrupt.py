"""Ctrl-C and SIGTERM before anything runs: while Python still imports, there is nothing to stop.

Rule: imports the interpreter's own modules alone, so that it can act before all others do.
"""

from __future__ import annotations

import os
import signal
from types import FrameType

INTERRUPTED = 130


def leave_quietly() -> None:
    """End at once and silently when interrupted, until somebody has something to stop.

    An exception would not do: Python drops those that are raised while it tidies up an import.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _leave)


def hand_over() -> None:
    """Ctrl-C is an exception again: a loop takes over that stops what it runs."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)
