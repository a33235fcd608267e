"""The steps of a scenario file, held against STEPS before anything runs.

Rule: whatever can be known from the file alone is told now, with its line: verbs, arguments, names
of the world, variables that have no value by then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from simulator.mistakes import did_you_mean
from simulator.scenario.step import Kind, StepError, nameless, namings
from simulator.scenario.steps import STEPS
from simulator.scenario.variables import fill, is_name, named
from simulator.strict_yaml import Document, Place
from simulator.world_file import WorldFile

# What every step may have beside its own arguments: the variable that its result is kept under.
SAVE = "save"
Note = Callable[[Place, str], None]
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")


def written_steps(document: Document) -> list[Any]:
    """The steps as they were written, as far as they are a list."""
    steps = document.data.get("steps")
    return steps if isinstance(steps, list) else []


def parts(written: Any) -> tuple[str, Any, Any]:
    """Verb, arguments, and where the result is kept. A step without arguments is a bare word."""
    if isinstance(written, str):
        return written, None, None
    (name, given) = next(iter(written.items()))
    if isinstance(given, dict) and SAVE in given and not _own_save(name):
        given = dict(given)
        return name, given, given.pop(SAVE)
    return name, given, None


def check_order(document: Document, variables: set[str]) -> None:
    """Find steps that are none, and variables that have no value when their step comes."""
    kept, spelled = set(variables), _spelled(document)
    for number, written in enumerate(written_steps(document)):
        place: Place = ("steps", number)
        if not (isinstance(written, str) or (isinstance(written, dict) and len(written) == 1)):
            document.wrong(place, "expected one verb, with its arguments behind it")
            continue
        name, given, save = parts(written)
        if name not in STEPS:
            document.wrong(place, f"no step '{name}'.{did_you_mean(name, STEPS)}")
            continue
        _respell(document, (*place, name), name, spelled.get(number, ()))
        for variable in named(given):
            if variable.partition(".")[0] not in kept:
                hint = did_you_mean(variable, kept)
                document.wrong((*place, name), f"${{{variable}}} has no value yet.{hint}")
        for why in _save_problems(save):
            document.wrong((*place, name, SAVE), why)
        kept |= _kept(given, save)


def check_arguments(
    document: Document, values: Mapping[str, Any], world: WorldFile | None, note: Note
) -> None:
    """Hold the arguments of one run against STEPS, and the names in them against its world."""
    for number, written in enumerate(written_steps(document)):
        if not isinstance(written, str | dict) or not written:
            continue
        name, given, _ = parts(written)
        if name not in STEPS:
            continue
        step, place = STEPS[name], ("steps", number, name)
        told = fill(given, values, partly=True)
        for steps, why in step.problems(told):
            note((*place, *_within(given, steps)), why)
        try:
            arguments = step.named(told)
        except StepError:
            continue
        for where, names, value in namings(step.args, arguments):
            lacking = nameless(names, value, world) if world and "${" not in value else None
            if lacking is not None:
                note((*place, *_within(given, where)), lacking)


def _within(given: Any, steps: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Where a problem stands in the file: a bare value's argument has no line of its own."""
    named_there = isinstance(given, dict) and (not steps or steps[0] in given)
    return steps if named_there else steps[1:]


# What steps keep


def _own_save(name: str) -> bool:
    """True for steps that keep more than their result: expectations."""
    return any(arg.name == SAVE for arg in STEPS[name].args) if name in STEPS else False


def _save_problems(save: Any) -> Iterator[str]:
    if save is None or is_name(save):
        return
    if not isinstance(save, dict):
        yield "expected a variable's name, or names and JSON pointers into the result"
        return
    for name, pointer in save.items():
        if not is_name(name):
            yield f"'{name}' is no name for a variable: letters, digits and _"
        if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
            yield f"{name}: expected a JSON pointer into the result"


def _kept(given: Any, save: Any) -> set[str]:
    """The variables that have a value after a step."""
    own = given.get(SAVE) if isinstance(given, dict) else None
    of = given.get("of") if isinstance(given, dict) else given
    every = [save, own, *(each.get(SAVE) for each in _dicts(of))]
    names = {each for each in every if isinstance(each, str)}
    return names.union(*(each for each in every if isinstance(each, dict)))


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    yield from (each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()


# Spelling


def is_numbered_text(spelled: Any) -> bool:
    """True for what YAML takes for a number and no JSON writes so: 0123 is a text."""
    return isinstance(spelled, str) and _LEADING_ZERO.fullmatch(spelled) is not None


def _spelled(document: Document) -> Mapping[Any, list[tuple[Place, str]]]:
    """What was spelled otherwise than it was read, by step: there may be thousands of either."""
    found: dict[Any, list[tuple[Place, str]]] = {}
    for where, spelled in document.spelled.items():
        if where[:1] == ("steps",) and len(where) > 1:
            found.setdefault(where[1], []).append((where, spelled))
    return found


def _respell(
    document: Document, place: Place, name: str, there: Iterable[tuple[Place, str]]
) -> None:
    """A uid like 0123 or 1e5 is text where the step wants text: take it as it was spelled."""
    for where, spelled in there:
        if where[: len(place)] == place and (
            is_numbered_text(spelled) or _wants_text(name, where[len(place) :])
        ):
            _put(document.data, where, spelled)


def _wants_text(name: str, where: Place) -> bool:
    """True for an argument that is a text, also in the list of expectations."""
    step = STEPS[name]
    if len(where) > 1 and where[-2:] and isinstance(where[-2], int):
        step, where = STEPS["expect"], where[-1:]
    wanted = step.primary if not where else where[0] if len(where) == 1 else None
    texts = (Kind.TEXT, Kind.WANTED)
    return any(arg.name == wanted and arg.kind in texts for arg in step.args)


def _put(data: Any, place: Place, value: Any) -> None:
    for step in place[:-1]:
        data = data[step]
    data[place[-1]] = value
