"""What an action means: which stations, which EVSE of each, which card.

Rule: pure; it ends in arguments of steps, and nothing is done that no scenario could do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from simulator.mistakes import Mistake
from simulator.scenario.step import Step
from simulator.scenario.steps import STEPS
from simulator.tui.engine import Snapshot
from simulator.tui.widgets.palette import Choice

FOCUS, MARKED, SHOWN, ALL = TARGETS = ("@focus", "@marked", "@shown", "@all")
# Whom each target means on a screen; those that mean nobody are not in it.
Meant = Mapping[str, Sequence[str]]
# Steps that are asked about even where nothing must be: what they do depends on it.
_ASKED = frozenset({"connector_fault", "fault", "start", "suspend", "tap"})
# Step -> the argument that says whom it means, where that is not `station`.
_WHOM = {"fault": "actor"}
_ACTOR = "station/"  # what the name of an actor begins with that is a station


# What a clock's factor goes up and down by: these and their tens.
_SPEEDS = (1.0, 2.0, 5.0)


def next_speed(factor: float, way: int) -> float:
    """The next faster factor of a clock, or with `way` -1 the next slower: 1, 2, 5, 10, 20, …"""
    steps = [round(base * 10.0**power, 3) for power in range(-3, 7) for base in _SPEEDS]
    steps = [step for step in steps if step <= 1e6]
    if way > 0:
        return next((step for step in steps if step > factor), factor)
    return next((step for step in reversed(steps) if step < factor), factor)


def _free(evse: Snapshot) -> bool:
    return evse["car"] is None


def _taken(evse: Snapshot) -> bool:
    return evse["car"] is not None


def _charging(evse: Snapshot) -> bool:
    return evse["transaction"] is not None


def _waiting(evse: Snapshot) -> bool:
    return evse["car"] is not None and evse["transaction"] is None


# Step -> the EVSE that is meant where nobody names one: the first like this, else the first.
_MEANT: Mapping[str, Callable[[Snapshot], bool]] = {
    "plug": _free,
    "unplug": _taken,
    "tap": _waiting,
    "start": _waiting,
    "stop": _charging,
    "stop_button": _charging,
    "suspend": _charging,
    "resume": _charging,
}


def has(step: Step, name: str) -> bool:
    """Whether a step takes this argument."""
    return any(arg.name == name for arg in step.args)


def whom(step: Step) -> str:
    """The argument that says which stations a step means; empty where none does."""
    name = _WHOM.get(step.name, "station")
    return name if has(step, name) else ""


def _called(step: Step, station: str) -> str:
    return f"{_ACTOR}{station}" if whom(step) == "actor" else station


def asks(step: Step) -> bool:
    """Whether there is something to ask, the station aside."""
    return step.name in _ASKED or any(arg.required and arg.name != "station" for arg in step.args)


def meant(step: Step, now: Snapshot | None) -> int | None:
    """The EVSE that a step means at a station."""
    fits = _MEANT.get(step.name)
    if now is None or fits is None or not has(step, "evse"):
        return None
    return next((int(evse["evse_id"]) for evse in now["evses"] if fits(evse)), 1)


def beginning(step: Step, targets: Sequence[str], token: str, target: str = "") -> dict[str, str]:
    """What a form begins with; `target` is what was typed for its stations."""
    given = {}
    if (key := whom(step)) and (target or targets):
        given[key] = target or (_called(step, targets[0]) if len(targets) == 1 else MARKED)
    if has(step, "token") and token:
        given["token"] = token
    return given


def spread(
    step: Step,
    given: Mapping[str, Any],
    targets: Sequence[str],
    known: Mapping[str, Snapshot],
    meant_by: Meant | None = None,
) -> Iterator[dict[str, Any]]:
    """The arguments for each station that is meant, by default the `targets`; EVSEs as each
    station's state suggests. A fault means anybody where its `actor` is left empty. Raises Mistake
    for a target that means nobody.
    """
    key = whom(step)
    told = given.get(key)
    if not key or (told is None and key != "station"):
        yield dict(given)
        return
    names = targets if told is None else [told]
    if isinstance(told, str) and told.startswith("@"):
        names = [_called(step, name) for name in (meant_by or {}).get(told, ())]
        if not names:
            raise Mistake(f"{step.name}: {nobody(told, meant_by or {})}")
    for name in names:
        arguments = {**given, key: name}
        number = meant(step, known.get(str(name)))
        if number is not None and "evse" not in given:
            arguments["evse"] = number
        yield arguments


def nobody(target: str, meant_by: Meant) -> str:
    """Why a target means no station."""
    there = ", ".join(f"{name} ({len(names)})" for name, names in meant_by.items())
    return f"{target} means no station here; there is {there or 'no target'}"


def choices(places: Sequence[Choice]) -> list[Choice]:
    """The palette: the interface's own commands, then every step in its group."""
    steps = [
        Choice(f"step:{step.name}", step.name, step.help, f"{group} steps", bool(whom(step)))
        for group in dict.fromkeys(step.group for step in STEPS.values())
        for step in STEPS.values()
        if step.group == group
    ]
    return [*places, *steps]
