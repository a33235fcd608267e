"""JSON for people, line by line, with what is wrong at its place.

Rule: a remark stands at its JSON pointer; where nothing stands there, at the nearest place above.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

LINES = 2_000
# Steps in; what is nested deeper stands in one line.
DEEP = 60
_POINTER = re.compile(r"^((?:/[^\s:]*)+|#?/)(?::\s*|\s+)(.*)$", re.DOTALL)


class Piece(NamedTuple):
    """A line: `indent` steps in, its name (with colon), its value, and remarks on it."""

    indent: int
    name: str
    value: str
    remarks: tuple[str, ...] = ()


def at_pointer(told: str) -> tuple[str, str]:
    """A remark's pointer and words: `/a/b: too long`; no pointer means the whole."""
    match = _POINTER.match(told)
    return (match[1].lstrip("#"), match[2]) if match else ("", told)


def lines(value: Any, remarks: Mapping[str, list[str]] | None = None) -> Iterator[Piece]:
    """A value's lines, at most LINES of them, then how many were left out."""
    placed = _placed(value, remarks or {})
    left = 0
    for number, piece in enumerate(_lines(value, "", 0, "", placed, "")):
        if number < LINES or piece.remarks:
            yield piece
        else:
            left += 1
    if left:
        yield Piece(0, "", f"… {left} more lines")


def _placed(value: Any, remarks: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Each remark at the nearest place that is there; what is missing is named in it."""
    placed: dict[str, list[str]] = {}
    for pointer, words in remarks.items():
        there, missing = _nearest(value, pointer)
        prefix = f"{missing}: " if missing else ""
        placed.setdefault(there, []).extend(prefix + word for word in words)
    return placed


def _nearest(value: Any, pointer: str) -> tuple[str, str]:
    there = ""
    steps = pointer.split("/")[1:]
    for number, step in enumerate(steps):
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return there, "/" + "/".join(steps[number:])
        there += f"/{step}"
    return there, ""


def _lines(
    value: Any, pointer: str, indent: int, name: str, placed: Mapping[str, list[str]], tail: str
) -> Iterator[Piece]:
    told = tuple(placed.get(pointer, ()))
    label = f"{name}: " if name else ""
    if not isinstance(value, Mapping | list) or not value or indent >= DEEP:
        yield Piece(indent, label, _plain(value) + tail, told)
        return
    is_map = isinstance(value, Mapping)
    opening, closing = ("{", "}") if is_map else ("[", "]")
    if not is_map and all(not isinstance(item, Mapping | list) for item in value):
        flat = f"[{', '.join(map(_plain, value))}]"
        if len(flat) <= 60 and not any(at.startswith(f"{pointer}/") for at in placed):
            yield Piece(indent, label, flat + tail, told)
            return
    yield Piece(indent, label, opening, told)
    items = value.items() if isinstance(value, Mapping) else enumerate(value)
    for number, (key, item) in enumerate(items, 1):
        step = str(key).replace("~", "~0").replace("/", "~1")
        comma = "," if number < len(value) else ""
        inner = str(key) if is_map else ""
        yield from _lines(item, f"{pointer}/{step}", indent + 1, inner, placed, comma)
    yield Piece(indent, "", closing + tail)


def _plain(value: Any) -> str:
    return msgspec.json.encode(value).decode()
