"""A row of the control API's table, and what its handler gets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec


class Call(NamedTuple):
    """One call: path parameters, query, decoded body."""

    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any


class Operation(NamedTuple):
    """A row: method, path, one line of help, body type, answer type, handler, query parameters."""

    method: str
    path: str
    summary: str
    takes: type[msgspec.Struct] | None
    gives: type[msgspec.Struct]
    handler: Callable[[Call], Awaitable[Any]]
    query: Mapping[str, str] = MappingProxyType({})
    optional: bool = False
