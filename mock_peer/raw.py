"""Read raw JSON of any shape: every reader answers None or nothing where the shape is another.

Rule: nothing here raises on any JSON value, and nothing copies it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

Json = Any
_NOTHING: list[Json] = []
_ZERO = Decimal(0)
_NUMBER = (int, float, Decimal)
_DIGITS = 30  # arithmetic beyond overflows, and no price or meter reading goes there
_LEAP_SECOND = re.compile(r"(T\d\d:\d\d):60(?:\.\d+)?")
# What is compared with a moment lies around it: one that leaves no room for that is held inside.
_ROOM = timedelta(days=366)
_FIRST, _LAST = (d.replace(tzinfo=UTC) for d in (datetime.min + _ROOM, datetime.max - _ROOM))


@lru_cache(maxsize=4096)
def steps(pointer: str) -> tuple[str, ...]:
    """The unescaped steps of a JSON pointer (RFC 6901)."""
    if not pointer:
        return ()
    return tuple(
        part.replace("~1", "/").replace("~0", "~") for part in pointer.lstrip("/").split("/")
    )


def at(value: Json, pointer: str) -> Json:
    """What stands at a JSON pointer, or None."""
    for step in steps(pointer):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def text(value: Json, pointer: str) -> str | None:
    """The string at a pointer, or None."""
    path = steps(pointer)
    # Most pointers name a member: the way to it is not walked.
    found = value.get(path[0]) if len(path) == 1 and type(value) is dict else at(value, pointer)
    return found if isinstance(found, str) else None


def key(value: Json, pointer: str = "") -> str | None:
    """The string at a pointer as OCPI compares identifiers (CiString): without regard to case."""
    found = text(value, pointer)
    return found.casefold() if found is not None else None


def number(value: Json, pointer: str) -> Decimal | None:
    """The number at a pointer, exact, or None; neither a boolean nor what no meter counts to."""
    return exact(at(value, pointer))


def exact(value: Json) -> Decimal | None:
    """A value as an exact number, or None: see `number`."""
    if isinstance(value, bool) or not isinstance(value, _NUMBER):
        return None
    found = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not found:
        return _ZERO  # whatever its exponent
    return found if found.is_finite() and abs(found.adjusted()) < _DIGITS else None


def items(value: Json, pointer: str) -> list[Json]:
    """The list at a pointer, or an empty one."""
    path = steps(pointer)
    found = value.get(path[0]) if len(path) == 1 and type(value) is dict else at(value, pointer)
    return found if isinstance(found, list) else _NOTHING


def entries(value: Json, pointer: str) -> Iterator[tuple[str, Json]]:
    """Each element of the list at a pointer, with its own pointer."""
    for index, item in enumerate(items(value, pointer)):
        yield f"{pointer}/{index}", item


def moment(value: Json, pointer: str = "") -> datetime | None:
    """The DateTime at a pointer, UTC with `Z` or no zone (2.2.1 types, DateTime); else None.

    A leap second (RFC 3339, 5.6) is the second after it; what the edges of time leave no room to
    compare with is the first or last moment that has it.
    """
    found = text(value, pointer)
    if found is None:
        return None
    leap = timedelta(0)
    if ":60" in found:
        found, leaps = _LEAP_SECOND.subn(r"\1:59", found)
        leap = timedelta(seconds=leaps)
    try:
        when = datetime.fromisoformat(found)
        if when.tzinfo is not UTC:
            when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if not _FIRST <= when <= _LAST:
        when = min(max(when, _FIRST), _LAST)
    return when + leap if leap else when


def remove(value: Json, pointers: Iterable[str]) -> Json:
    """Take what the pointers name out of `value`, in place; returns None if the whole is named."""
    for pointer in sorted(pointers, key=_from_the_end, reverse=True):
        path = steps(pointer)
        if not path:
            return None
        parent = at(value, pointer[: pointer.rindex("/")])
        if isinstance(parent, dict):
            parent.pop(path[-1], None)
        elif isinstance(parent, list) and path[-1].isdecimal() and int(path[-1]) < len(parent):
            del parent[int(path[-1])]
    return value


def _from_the_end(pointer: str) -> tuple[tuple[int, str], ...]:
    # Later list elements go first, so that the earlier ones keep their place.
    return tuple((int(step), "") if step.isdecimal() else (-1, step) for step in steps(pointer))
