"""Variables in scenario files: `${name}` stands for a value of the matrix, or one that was saved.

Rule: a text that is one variable alone keeps the value's type; within other words it is spelled
out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from simulator.mistakes import did_you_mean
from simulator.scenario.step import StepError

_VARIABLE = re.compile(r"\$\{\s*([A-Za-z_][A-Za-z0-9_.]*)\s*\}")


def fill(value: Any, variables: Mapping[str, Any]) -> Any:
    """The value with every variable in its place. Raises StepError for one that has no value."""
    if isinstance(value, str):
        whole = _VARIABLE.fullmatch(value)
        if whole is not None:
            return _look_up(whole[1], variables)
        return _VARIABLE.sub(lambda match: _spelled(_look_up(match[1], variables)), value)
    if isinstance(value, Mapping):
        return {fill(key, variables): fill(part, variables) for key, part in value.items()}
    return [fill(part, variables) for part in value] if isinstance(value, list) else value


def named(value: Any) -> Iterator[str]:
    """The variables that a value speaks of."""
    if isinstance(value, str):
        yield from (match[1] for match in _VARIABLE.finditer(value))
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from named(key)
            yield from named(part)
    elif isinstance(value, list):
        for part in value:
            yield from named(part)


def _look_up(name: str, variables: Mapping[str, Any]) -> Any:
    if name not in variables:
        raise StepError(f"${{{name}}} has no value here.{did_you_mean(name, variables)}")
    return variables[name]


def _spelled(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)
