"""What goes wrong by a user's hand, and how the process tells: exit codes and clear words.

Rule: a mistake names its place and what was expected, and never shows a traceback.
"""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command (docs/cli.md)."""

    PASS = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    TIMEOUT = 4
    NOTHING = 5
    INTERNAL = 70
    INTERRUPTED = 130


class Mistake(Exception):
    """A user's mistake: the message is all that is shown. `exit_code` is the process's."""

    def __init__(self, message: str, exit_code: Exit = Exit.USAGE) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def in_words(error: BaseException) -> str:
    """What is said of an error: of one that is ours, not the user's, what it is."""
    if isinstance(error, Mistake):
        return str(error)
    return f"internal error: {type(error).__name__}: {error}"


# What a file or a pipe answers that takes no more.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def unwritable(what: str, error: OSError) -> Mistake:
    """The mistake of an output that cannot be written; a disk that is full is nobody's usage."""
    code = Exit.INTERNAL if error.errno in FULL else Exit.USAGE
    return Mistake(f"{what}: {error.strerror or error}", code)


def meant(word: str, known: Iterable[str]) -> str | None:
    """The one of `known` that was probably meant, whatever its case; None where none is near."""
    choices = sorted(known)
    near = difflib.get_close_matches(word.lower(), [choice.lower() for choice in choices], n=1)
    return next((choice for choice in choices if choice.lower() == near[0]), None) if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?` where one of `known` is near, else the choices, else nothing."""
    choices = sorted(known)
    if (near := meant(word, choices)) is not None:
        return f" Did you mean '{near}'?"
    return f" Known: {', '.join(choices)}." if 0 < len(choices) <= 12 else ""
