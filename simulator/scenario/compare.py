"""Comparators: what an expectation may say of a value, and whether it holds.

Rule: a plain value means equality (numbers by value, 1 is 1.0); a mapping of comparators means all
of them. What cannot be compared does not hold; it never raises.
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import regex

from simulator.mistakes import did_you_mean

# Of the machine's own time: only what backtracks without end takes as long.
_SEARCH_S = 0.25


class _Missing:
    """Where nothing stands."""

    def __repr__(self) -> str:
        return "nothing"


MISSING: Any = _Missing()


def holds(wanted: Any, seen: Any) -> bool:
    """True if a value is as wanted."""
    if not is_comparison(wanted):
        return _equal(wanted, seen)
    return all(COMPARATORS[name](operand, seen) for name, operand in wanted.items())


def is_comparison(wanted: Any) -> bool:
    """True for a mapping of comparators; any other mapping is a value."""
    return (
        isinstance(wanted, Mapping) and bool(wanted) and all(name in COMPARATORS for name in wanted)
    )


def problem(wanted: Any) -> str | None:
    """What is wrong with a comparison as it was written; None if nothing."""
    if not isinstance(wanted, Mapping):
        return None
    if not any(name in COMPARATORS for name in wanted):
        return _misspelt(wanted)
    for name, operand in wanted.items():
        if name not in COMPARATORS:
            return f"no comparator '{name}'.{did_you_mean(str(name), COMPARATORS)}"
        if isinstance(operand, str) and "${" in operand:
            continue  # known only when the step comes
        why = _CHECKS[name](operand) if name in _CHECKS else None
        if why is not None:
            return f"{name}: {why}"
    return None


def _misspelt(value: Mapping[str, Any]) -> str | None:
    """A mapping is a value; but one of a single key that is nearly a comparator was meant so."""
    name = str(next(iter(value), ""))
    if len(value) != 1 or not difflib.get_close_matches(name, COMPARATORS, cutoff=0.8):
        return None
    meant = did_you_mean(name, COMPARATORS)
    return f"no comparator '{name}'.{meant} A value like this is written {{eq: {{{name}: …}}}}"


def _order_problem(operand: Any) -> str | None:
    fits = _number(operand) is not None or _moment(operand)
    return None if fits else "expected a number, or a time"


def _pattern_problem(operand: Any) -> str | None:
    if not isinstance(operand, str):
        return "expected a regular expression, in quotes"
    try:
        regex.compile(operand)
    except (regex.error, OverflowError, RecursionError) as error:
        return f"not a regular expression: {error}"
    return None


def _search(pattern: str, text: str) -> bool:
    """A pattern that takes for ever does not hold: a world must not stand still for it."""
    try:
        return regex.search(pattern, text, timeout=_SEARCH_S) is not None
    except TimeoutError:
        return False


def _of_type(kind: type, about: str) -> Callable[[Any], str | None]:
    return lambda operand: None if isinstance(operand, kind) else f"expected {about}"


def _approx_problem(operand: Any) -> str | None:
    fits = _tolerance(operand) is not None
    return None if fits else "expected a number, or [number, tolerance]"


def _length_problem(operand: Any) -> str | None:
    """A length is a whole number, or comparators of one."""
    if is_comparison(operand):
        return problem(operand)
    whole = isinstance(operand, int) and not isinstance(operand, bool) and operand >= 0
    return None if whole else "expected a whole number, or comparators"


# What must be so of an operand, where not anything goes.
_CHECKS: Mapping[str, Callable[[Any], str | None]] = {
    **dict.fromkeys(("gt", "ge", "lt", "le"), _order_problem),
    "matches": _pattern_problem,
    "glob": _of_type(str, "a text with * and ?"),
    "in": _of_type(list, "a list"),
    "exists": _of_type(bool, "true or false"),
    "approx": _approx_problem,
    "length": _length_problem,
}


def count_problem(wanted: Any) -> str | None:
    """What is wrong with how often something is to happen; None if nothing."""
    if isinstance(wanted, str) and "${" in wanted:
        return None
    return _length_problem(wanted)


def in_words(wanted: Any) -> str:
    """A comparison for people: `> 5`, `one of [1, 2]`, `'x'`."""
    if not is_comparison(wanted):
        return shown(wanted)
    return " and ".join(f"{_SIGNS.get(n, n)} {shown(o)}" for n, o in wanted.items())


def shown(value: Any, limit: int = 120) -> str:
    """A value in one line, not too long."""
    text = _text(value)
    return text if len(text) <= limit else f"{text[:limit]}…"


def _text(value: Any) -> str:
    """A text as it is, unless it looks like something else; the rest in JSON's words."""
    if isinstance(value, str):
        looks_else = not value or value in ("true", "false", "null", "nothing")
        return f"'{value}'" if looks_else or _NUMERAL.fullmatch(value) else value
    if isinstance(value, bool) or value is None:
        return "null" if value is None else str(value).lower()
    return str(value) if isinstance(value, Decimal) else repr(value)


_NUMERAL = re.compile(r"[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?")
_SIGNS = {"eq": "=", "ne": "not", "gt": ">", "ge": ">=", "lt": "<", "le": "<=", "in": "one of"}


def _equal(wanted: Any, seen: Any) -> bool:
    if seen is MISSING:
        return False
    a, b = _number(wanted), _number(seen)
    if a is not None and b is not None:
        return a == b
    if isinstance(wanted, Mapping) and isinstance(seen, Mapping):
        return wanted.keys() == seen.keys() and all(_equal(v, seen[k]) for k, v in wanted.items())
    if isinstance(wanted, list) and isinstance(seen, list):
        return len(wanted) == len(seen) and all(map(_equal, wanted, seen))
    return type(wanted) is type(seen) and bool(wanted == seen)


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return number if number.is_finite() else None


def _moment(value: Any) -> bool:
    """RFC 3339 moments in UTC are ordered as texts are."""
    return isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value) is not None


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def meets(operand: Any, seen: Any) -> bool:
        a, b = _number(operand), _number(seen)
        if a is not None and b is not None:
            return compare(b, a)
        return _moment(operand) and _moment(seen) and compare(seen, operand)

    return meets


def _contains(operand: Any, seen: Any) -> bool:
    if isinstance(seen, str):
        return isinstance(operand, str) and operand in seen
    if isinstance(seen, list):
        return any(_equal(operand, each) for each in seen)
    if isinstance(seen, Mapping) and isinstance(operand, Mapping):
        return all(_equal(v, seen.get(k, MISSING)) for k, v in operand.items())
    return isinstance(seen, Mapping) and isinstance(operand, str) and operand in seen


def _tolerance(operand: Any) -> tuple[Decimal, Decimal] | None:
    value, within = operand if isinstance(operand, list) and len(operand) == 2 else (operand, 0.01)
    a, b = _number(value), _number(within)
    return None if a is None or b is None else (a, b)


def _approx(operand: Any, seen: Any) -> bool:
    wanted, number = _tolerance(operand), _number(seen)
    return wanted is not None and number is not None and abs(number - wanted[0]) <= wanted[1]


def _length(operand: Any, seen: Any) -> bool:
    return isinstance(seen, str | list | Mapping) and holds(operand, len(seen))


def _exists(operand: Any, seen: Any) -> bool:
    return (seen is not MISSING) is bool(operand)


def glob(pattern: str, text: str) -> bool:
    """True if a text fits a pattern with `*` and `?`."""
    return fnmatch.fnmatchcase(text, pattern)


COMPARATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": _equal,
    "ne": lambda operand, seen: not _equal(operand, seen),
    "gt": _ordered(lambda a, b: a > b),
    "ge": _ordered(lambda a, b: a >= b),
    "lt": _ordered(lambda a, b: a < b),
    "le": _ordered(lambda a, b: a <= b),
    "in": lambda operand, seen: (
        isinstance(operand, list) and any(_equal(each, seen) for each in operand)
    ),
    "matches": lambda operand, seen: (
        isinstance(seen, str) and _pattern_problem(operand) is None and _search(operand, seen)
    ),
    "glob": lambda operand, seen: (
        isinstance(seen, str) and isinstance(operand, str) and glob(operand, seen)
    ),
    "contains": _contains,
    "exists": _exists,
    "length": _length,
    "approx": _approx,
}
