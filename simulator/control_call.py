"""What a call of the control API is, and a row of its table.

Rule: a handler takes a call and gives plain data; what is wrong is a ControlError.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.wire.http import Leaving


class ControlError(Exception):
    """An answer that is no success: HTTP status, what is wrong, and more to show."""

    def __init__(self, status: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.more = more


@dataclass(frozen=True, slots=True)
class Call:
    """One call: path parameters, query, decoded body (None: there was none); `left` is done once
    its caller has gone.
    """

    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    left: Leaving | None = None

    def number(self, name: str, default: int) -> int:
        """A query parameter that is a whole number. Raises ControlError."""
        text = self.query.get(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdecimal() and len(text) < 16):
            raise ControlError(400, f"{name}: expected a whole number, not '{text}'")
        return int(text)


@dataclass(frozen=True, slots=True)
class Row:
    """One operation. `query` holds its parameters with their help; `takes` tells of its body."""

    method: str
    path: str
    help: str
    handler: Callable[[Call], Awaitable[Any]]
    query: Mapping[str, str] = field(default_factory=dict)
    takes: str | None = None
