"""Scenario files, grammar v1, read strictly: every mistake with its line, all of them at once.

Rule: a file is checked whole before anything runs: its world is built, its steps are held against
STEPS. What only a running world knows (is there such a station?) is checked when the step comes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.kernel.clock import Clock
from simulator.mistakes import Mistake, did_you_mean
from simulator.scenario.step import Kind, StepError
from simulator.scenario.steps import STEPS
from simulator.scenario.variables import fill, named
from simulator.strict_yaml import Document, Place, load, part
from simulator.world_file import SCHEMA as WORLD_SCHEMA
from simulator.world_file import WorldFile, find, read_changed

SCHEMA = Path(__file__).with_name("scenario.schema.json")
# What every step may have beside its own arguments: the variable that its result is kept under.
SAVE = "save"


@dataclass(frozen=True, slots=True)
class Action:
    """One step of a file: its verb, what it was given, the line it stands on."""

    name: str
    given: Any
    line: int
    save: Any = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One run of a scenario: of a matrix, one combination of its values."""

    path: str
    name: str
    world: WorldFile
    actions: tuple[Action, ...]
    purpose: str = ""
    tags: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)  # of the matrix
    clock: str | None = None
    seed: int | None = None
    start: str = "all"
    expected: str = "PASS"
    because: str | None = None
    not_applicable: str | None = None
    thresholds: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Its name, and the values of its matrix: `rfid [ocpi=2.2.1]`."""
        told = ", ".join(f"{name}={value}" for name, value in self.values.items())
        return f"{self.name} [{told}]" if told else self.name


def read(path: Path) -> list[Scenario]:
    """All runs of a scenario file. Raises Mistake with every error, each with its line."""
    document = load(path, SCHEMA, apart="steps")
    _check_steps(document)
    document.check()
    return [_run(document, path, values) for values in _combinations(document)]


def _combinations(document: Document) -> Iterator[dict[str, Any]]:
    """One dictionary of values for each run; without a matrix one empty one."""
    matrix = document.data.get("matrix", {})
    spelled = {
        name: [document.spelled.get(("matrix", name, i), v) for i, v in enumerate(values)]
        for name, values in matrix.items()
    }
    for values in itertools.product(*spelled.values()):
        yield dict(zip(spelled, values, strict=True))


def _run(document: Document, path: Path, values: dict[str, Any]) -> Scenario:
    data = document.data
    actions = tuple(_action(document, i) for i in range(len(data["steps"])))
    return Scenario(
        path=document.path,
        name=data["name"],
        world=_world(document, path, values),
        actions=actions,
        purpose=data.get("purpose", ""),
        tags=tuple(data.get("tags", ())),
        values=values,
        clock=data.get("clock"),
        seed=data.get("seed"),
        start=data.get("start", "all"),
        expected=data.get("expected", "PASS"),
        because=data.get("because"),
        not_applicable=_not_applicable(data, values),
        thresholds=data.get("thresholds", {}),
    )


def _not_applicable(data: Mapping[str, Any], values: Mapping[str, Any]) -> str | None:
    for case in data.get("not_applicable", ()):
        if all(str(values.get(name)) == str(value) for name, value in case["when"].items()):
            return str(case["reason"])
    return None


# The world


def _world(document: Document, path: Path, values: Mapping[str, Any]) -> WorldFile:
    """The world of one run, with its changes. Raises Mistake."""
    told = document.data.get("world", "demo")
    try:
        world = part(document, "world") if isinstance(told, dict) else _world_file(told, path)
        world.data = fill(world.data, values)
        changes = fill(document.data.get("change", {}), values)
    except StepError as error:
        line = document.line(("world",))
        raise Mistake(f"{document.path}:{line}: world: {error}") from error
    return read_changed(world, changes)


def _world_file(told: str, path: Path) -> Document:
    """A world of its own file: beside the scenario, or one that comes along."""
    beside = path.parent / told
    return load(beside if beside.is_file() else find(told), WORLD_SCHEMA)


# Steps


def _action(document: Document, number: int) -> Action:
    name, given, save = _parts(document.data["steps"][number])
    return Action(name, given, document.line(("steps", number, name)), save)


def _parts(written: Any) -> tuple[str, Any, Any]:
    """Verb, arguments, and where the result is kept. A step without arguments is a bare word."""
    if isinstance(written, str):
        return written, None, None
    (name, given) = next(iter(written.items()))
    if isinstance(given, dict) and SAVE in given and not _own_save(name):
        given = dict(given)
        return name, given, given.pop(SAVE)
    return name, given, None


def _own_save(name: str) -> bool:
    """True for steps that keep more than their result: expectations."""
    return any(arg.name == SAVE for arg in STEPS[name].args) if name in STEPS else False


def _check_steps(document: Document) -> None:
    """Hold every step against STEPS, and every variable against what has a value by then."""
    kept = set(document.data.get("matrix", {}))
    for number, written in enumerate(document.data["steps"]):
        place: Place = ("steps", number)
        if not (isinstance(written, str) or (isinstance(written, dict) and len(written) == 1)):
            document.wrong(place, "expected one verb, with its arguments behind it")
            continue
        name, given, save = _parts(written)
        if name not in STEPS:
            document.wrong(place, f"no step '{name}'.{did_you_mean(name, STEPS)}")
            continue
        _respell(document, (*place, name), name, given)
        for argument, why in STEPS[name].problems(given):
            document.wrong((*place, name, *((argument,) if argument else ())), why)
        for variable in named(given):
            if variable.partition(".")[0] not in kept:
                hint = did_you_mean(variable, kept)
                document.wrong((*place, name), f"${{{variable}}} has no value yet.{hint}")
        told = save if save is not None else (given or {}).get(SAVE) if _own_save(name) else None
        kept |= {told} if isinstance(told, str) else set(told or ())


def _respell(document: Document, place: Place, name: str, given: Any) -> None:
    """A uid like 0123 is text where the step wants text: take it as it was spelled."""
    if not isinstance(given, dict):
        return
    texts = {arg.name for arg in STEPS[name].args if arg.kind is Kind.TEXT}
    for argument in given:
        spelled = document.spelled.get((*place, argument))
        if argument in texts and spelled is not None:
            given[argument] = spelled


def clock_of(scenario: Scenario, told: str | None) -> Clock:
    """The clock of a run: as told, else the scenario's, else its world's; else virtual."""
    return Clock.parse(told or scenario.clock or scenario.world.clock)
