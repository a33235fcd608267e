"""Records and messages that anybody may have written: what of them cannot be shown says so.

Rule: an odd one takes its own words away, never the interface; so panes, tables and filters are
made of records under this roof.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from textual.content import Content

# What stands where something else was expected makes one of these.
ODD: tuple[type[Exception], ...] = (
    msgspec.MsgspecError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError,
    RecursionError,
)  # fmt: skip
_LONGEST = 200


def why(error: Exception) -> str:
    """What is said in the place of something that cannot be shown."""
    return f"this cannot be shown: {type(error).__name__}: {error}"[:_LONGEST]


def content(make: Callable[[], Content]) -> Content:
    """A text, or why there is none."""
    try:
        return make()
    except ODD as error:
        return Content(why(error))
