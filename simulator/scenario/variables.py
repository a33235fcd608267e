"""Variables in scenario files: `${name}` stands for a value of the matrix, or one that was saved.

Rule: a text that is one variable alone keeps the value's type; within other words it is spelled
out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from simulator.mistakes import did_you_mean
from simulator.scenario.compare import MISSING
from simulator.scenario.sights import point
from simulator.scenario.step import StepError

_MEANT = re.compile(r"\$\{([^}]*)\}?")
_VARIABLE = re.compile(r"\$\{\s*([A-Za-z_][A-Za-z0-9_.]*)\s*\}")


def fill(value: Any, variables: Mapping[str, Any], *, partly: bool = False) -> Any:
    """The value with every variable in its place. Raises StepError for one that has no value;
    `partly`: leaves that one as it is.
    """
    if isinstance(value, str):
        whole = _VARIABLE.fullmatch(value)
        if whole is None or (partly and not _known(whole, variables)):
            return _within(value, variables, partly)
        return _look_up(whole[1], variables)
    if isinstance(value, Mapping):
        return {
            _within(str(key), variables, partly): fill(part, variables, partly=partly)
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [fill(part, variables, partly=partly) for part in value]
    return value


def _known(match: re.Match[str], variables: Mapping[str, Any]) -> bool:
    return match[1].partition(".")[0] in variables


def _within(text: str, variables: Mapping[str, Any], partly: bool) -> str:
    def spell(match: re.Match[str]) -> str:
        if partly and not _known(match, variables):
            return match[0]
        return _spelled(_look_up(match[1], variables))

    return _VARIABLE.sub(spell, text)


def named(value: Any) -> Iterator[str]:
    """The variables that a value speaks of, those too that cannot be."""
    if isinstance(value, str):
        yield from (match[1].strip() for match in _MEANT.finditer(value))
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from named(key)
            yield from named(part)
    elif isinstance(value, list):
        for part in value:
            yield from named(part)


def is_name(text: object) -> bool:
    """True for what may be the name of a variable."""
    return isinstance(text, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text) is not None


def _look_up(name: str, variables: Mapping[str, Any]) -> Any:
    """`cdr`, or a place within it: `cdr.total_cost.excl_vat`, `cdrs.0`."""
    first, *way = name.split(".")
    if first not in variables:
        raise StepError(f"${{{name}}} has no value here.{did_you_mean(first, variables)}")
    value = point(variables[first], "".join(f"/{step}" for step in way))
    if value is MISSING:
        raise StepError(f"${{{name}}}: nothing stands there in '{first}'")
    return value


def _spelled(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)
