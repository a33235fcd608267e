"""HTTP as values: requests, responses and a path table. No sockets.

Rule: handlers are functions from Request to Response; how they travel is `http_aio`'s affair.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, ItemsView, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Generic, NamedTuple, Protocol, TypeVar
from urllib.parse import parse_qsl, quote, unquote

from simulator import __version__
from simulator.mistakes import Exit

_PLAIN_SEGMENT = re.compile(r"[A-Za-z0-9_.~*:@-]*").fullmatch
_TAKEN = (
    ". Is another roamlab running? World files and options can name other ports; port 0 takes a "
    "free one, --free-ports does for a whole world"
)
USER_AGENT = f"roamlab/{__version__}"


class BindError(OSError):
    """A server cannot listen where it was told to."""

    exit_code = Exit.UNREACHABLE

    @classmethod
    def at(cls, host: str, port: int, error: OSError) -> BindError:
        """Say where it failed and why, in the system's words."""
        number = error.errno or 0
        why = os.strerror(number) if number > 0 else error.strerror or str(error)
        hint = _TAKEN if number == errno.EADDRINUSE else ""
        return cls(error.errno, f"cannot listen on {host}:{port}: {why}{hint}")


class Headers(Mapping[str, str]):
    """Header fields: looked up without regard to case, kept as they were spelled; as plain text,
    whatever kind of `str` a library names them by, for records and reports are made of them.
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, str] | None = None) -> None:
        self._fields = {name.lower(): (str(name), value) for name, value in (fields or {}).items()}

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._fields.values())

    def __len__(self) -> int:
        return len(self._fields)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._fields

    def items(self) -> ItemsView[str, str]:
        """Names as they were spelled, and values."""
        return self.plain().items()

    def plain(self) -> dict[str, str]:
        """As a dict, spelled as they were."""
        return dict(self._fields.values())

    def __repr__(self) -> str:
        return f"Headers({self.plain()})"


class Leaving(Protocol):
    """A future that is done when a client leaves."""

    def add_done_callback(self, call: Callable[[Any], object], /) -> None:
        """Call it then; soon, if that was before."""

    def remove_done_callback(self, call: Callable[[Any], object], /) -> int:
        """Call it no more."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `path` is still percent-encoded; `base_url` is scheme and authority as the
    client dialled. `too_long`: the body had more than so many bytes, and is not here. `left` is
    done once its client has closed the connection, and waits for no answer.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    base_url: str = ""
    remote: str = ""
    too_long: int | None = None
    left: Leaving | None = field(default=None, compare=False, repr=False)

    @property
    def url(self) -> str:
        """The whole URL."""
        query = "&".join(f"{quote(k)}={quote(v)}" for k, v in self.query.items())
        return f"{self.base_url}{self.path}{'?' + query if query else ''}"


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response. Status 0 closes the connection without an answer.

    With `stream` the body is what it yields, chunk by chunk, for as long as it does.
    """

    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    stream: AsyncIterator[bytes] | None = None


Handler = Callable[[Request], Awaitable[Response]]
H = TypeVar("H")


@dataclass(frozen=True, slots=True)
class Match(Generic[H]):
    """A row of the table that fits a path, and the decoded values of its `{placeholders}`."""

    row: H
    params: Mapping[str, str]


class PathTable(Generic[H]):
    """Rows under `METHOD /path/{placeholder}`; a trailing slash makes no difference."""

    def __init__(self) -> None:
        # By number of segments: a table of three versions of OCPI has some eighty rows.
        self._rows: dict[int, list[tuple[str, _Pattern, H]]] = {}

    def add(self, method: str, pattern: str, row: H) -> None:
        """Add a row."""
        segments = split_path(pattern)
        self._rows.setdefault(len(segments), []).append((method, _pattern(segments), row))

    def match(self, method: str, path: str) -> Match[H] | None:
        """The first row that fits method and path."""
        segments = split_path(path)
        for row_method, pattern, row in self._rows.get(len(segments), ()):
            if row_method == method and (params := _fit(pattern, segments)) is not None:
                return Match(row, params)
        return None

    def methods(self, path: str) -> list[str]:
        """The methods that this path knows, for `Allow`; empty for an unknown path."""
        segments = split_path(path)
        rows = self._rows.get(len(segments), ())
        return sorted({m for m, pattern, _ in rows if _fit(pattern, segments) is not None})


def split_path(path: str) -> tuple[str, ...]:
    """The segments of a path, still encoded; a trailing slash adds none."""
    return tuple(path.strip("/").split("/")) if path.strip("/") else ()


class _Pattern(NamedTuple):
    """A path's words and placeholders, each with its place; the last word tells most apart."""

    words: tuple[tuple[int, str], ...]
    names: tuple[tuple[int, str], ...]


@lru_cache(maxsize=1024)  # the servers of one world, and of the next, have the same paths
def _pattern(segments: tuple[str, ...]) -> _Pattern:
    words = [(n, word) for n, word in enumerate(segments) if not word.startswith("{")]
    names = [(n, name[1:-1]) for n, name in enumerate(segments) if name.startswith("{")]
    return _Pattern(tuple(reversed(words)), tuple(names))


def _fit(pattern: _Pattern, segments: tuple[str, ...]) -> dict[str, str] | None:
    for place, word in pattern.words:
        if segments[place] != word:
            return None
    return {name: unquote(segments[place]) for place, name in pattern.names}


def parse_query(text: str) -> dict[str, str]:
    """Read a query string; the last of several equal names wins."""
    return dict(parse_qsl(text, keep_blank_values=True))


def join_url(base: str, *segments: str) -> str:
    """Append path segments to a URL, percent-encoded, with one slash between."""
    head, question, query = base.partition("?")
    path = "/".join([_quoted(segment) for segment in segments])
    return f"{head.rstrip('/')}/{path}{question}{query}" if segments else base


def _quoted(segment: str) -> str:
    return segment if _PLAIN_SEGMENT(segment) else quote(segment, safe="*:@")
