"""Scenario files, grammar v1, read strictly: every mistake with its line, all of them at once.

Rule: a file is checked whole before anything runs: the world of each run is built, its steps are
held against STEPS and that world. What only a running world knows is checked when the step comes.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from simulator.kernel.clock import Clock
from simulator.mistakes import did_you_mean
from simulator.scenario.metrics import threshold_mistake
from simulator.scenario.schema_steps import check_arguments, check_order, is_numbered_text, parts
from simulator.scenario.schema_world import Worlds, WrongWorld
from simulator.scenario.variables import fill, is_name
from simulator.strict_yaml import Document, Judge, Place, dotted, load, parse
from simulator.world_file import WorldFile

SCHEMA = Path(__file__).with_name("scenario.schema.json")
# Of one file: its matrix multiplies.
_MOST_RUNS = 1000
Build = Callable[[Mapping[str, Any]], WorldFile | None]
_NO_WORLD = WorldFile("", "", {})
_NOTHING: Mapping[str, Any] = MappingProxyType({})


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
    given: Mapping[str, Any] = field(default_factory=dict)  # its `values`, as they are for this run
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
        told = _told(self.values)
        return f"{self.name} [{told}]" if told else self.name


def read(path: Path, given: Mapping[str, Any] | None = None) -> list[Scenario]:
    """All runs of a scenario file. `given` takes the place of `values` that it has by these names.

    Raises Mistake with every error, each with its line.
    """
    return _read(
        lambda judge: load(path, SCHEMA, apart="steps", judge=judge),
        lambda document: Worlds(document, path).build,
        given or {},
    )


def read_for(world: WorldFile, text: str, path: str) -> list[Scenario]:
    """All runs of a scenario file's text, for a world that there is already: what the file says of
    its own is left aside, its steps are held against this one. Raises Mistake.
    """
    return _read(
        lambda judge: parse(text, path, SCHEMA, apart="steps", judge=judge),
        lambda _: lambda _: world,
    )


def peek(text: str, path: str) -> list[Scenario]:
    """All runs of a scenario file's text, to be looked at: their worlds are not built, and no names
    held against them. Raises Mistake with what is wrong even so.
    """
    return _read(
        lambda judge: parse(text, path, SCHEMA, apart="steps", judge=judge),
        lambda _: lambda _: None,
    )


def _read(
    read_with: Callable[[Judge], Document],
    built: Callable[[Document], Build],
    given: Mapping[str, Any] = _NOTHING,
) -> list[Scenario]:
    """The runs of a document that is read with a judge; `built`: how each one's world is."""
    worlds: list[WorldFile | None] = []

    def judge(document: Document) -> None:
        """Whatever the schema cannot say. Data of any shape may come."""
        if not isinstance(document.data, dict):
            return
        runs = math.prod(len(values) for values in _matrix(document).values())
        if runs > _MOST_RUNS:
            document.wrong(("matrix",), f"{runs} runs are more than {_MOST_RUNS}")
            return
        _give(document, given)
        check_order(document, {*_matrix(document), *_own(document)})
        _check_rest(document)
        worlds.extend(_check_runs(document, built(document)))

    document = read_with(judge)
    combinations = _combinations(document)
    pairs = zip(worlds, combinations, strict=True)
    return [_run(document, world or _NO_WORLD, values) for world, values in pairs]


def _combinations(document: Document) -> list[dict[str, Any]]:
    """One dictionary of values for each run; without a matrix one empty one."""
    values = {name: _typed(document, name, own) for name, own in _matrix(document).items()}
    return [dict(zip(values, run, strict=True)) for run in itertools.product(*values.values())]


def _own(document: Document) -> Mapping[str, Any]:
    """The values, as far as they are some."""
    own = document.data.get("values")
    return own if isinstance(own, dict) else {}


def _give(document: Document, given: Mapping[str, Any]) -> None:
    """Put what this run is given in the place of the document's values; 0123 is a text there."""
    for name, value in dict(_own(document)).items():
        spelled = document.spelled.get(("values", name))
        own = spelled if is_numbered_text(spelled) else value
        document.data["values"][name] = given.get(name, own)


def _matrix(document: Document) -> Mapping[str, list[Any]]:
    """The matrix, as far as it is one."""
    matrix = document.data.get("matrix")
    whole = isinstance(matrix, dict) and all(isinstance(v, list) for v in matrix.values())
    return matrix if isinstance(matrix, dict) and whole else {}


def _typed(document: Document, name: str, values: list[Any]) -> list[Any]:
    """Values keep their type; beside texts (2.1.1), and as in 0123, a number is a text."""
    spelled = [document.spelled.get(("matrix", name, i), v) for i, v in enumerate(values)]
    mixed = any(isinstance(value, str) for value in values)
    return [
        text if mixed or is_numbered_text(text) else value
        for text, value in zip(spelled, values, strict=True)
    ]


def _run(document: Document, world: WorldFile, values: dict[str, Any]) -> Scenario:
    data = document.data
    actions = tuple(_action(document, i) for i in range(len(data["steps"])))
    return Scenario(
        path=document.path,
        name=data["name"],
        world=world,
        actions=actions,
        purpose=data.get("purpose", ""),
        tags=tuple(data.get("tags", ())),
        values=values,
        given=_own(document),
        clock=data.get("clock"),
        seed=data.get("seed"),
        start=data.get("start", "all"),
        expected=data.get("expected", "PASS"),
        because=data.get("because"),
        not_applicable=_not_applicable(data, values),
        thresholds=fill(data.get("thresholds", {}), {**_own(document), **values}),
    )


def _not_applicable(data: Mapping[str, Any], values: Mapping[str, Any]) -> str | None:
    """Why a combination is left out; None if it is not, or its exception cannot be read."""
    cases = data.get("not_applicable")
    for case in cases if isinstance(cases, list) else ():
        when = case.get("when") if isinstance(case, dict) else None
        if isinstance(when, dict) and all(str(values.get(n)) == str(v) for n, v in when.items()):
            return str(case.get("reason"))
    return None


def _check_rest(document: Document) -> None:
    """What belongs together: matrix, exceptions, expectations, thresholds."""
    data, matrix = document.data, _matrix(document)
    for key, names in (("matrix", matrix), ("values", _own(document))):
        for name in names:
            if not is_name(name):
                document.wrong((key, name), "no name for a variable: letters, digits and _")
            if key == "values" and name in matrix:
                document.wrong((key, name), "the matrix has it, too")
    cases = data.get("not_applicable")
    for i, case in enumerate(cases if isinstance(cases, list) else ()):
        when = case.get("when") if isinstance(case, dict) else None
        for name in when if isinstance(when, dict) else ():
            if name not in matrix:
                hint = did_you_mean(name, matrix)
                place: Place = ("not_applicable", i, "when", name)
                document.wrong(place, f"the matrix has no '{name}'.{hint}")
    if data.get("expected") == "FAIL" and "because" not in data:
        document.wrong(("expected",), "a known failure needs its reason: 'because' is missing")
    limits = data.get("thresholds")
    for name, limit in limits.items() if isinstance(limits, dict) else ():
        why = threshold_mistake(limit)
        if why is not None:
            document.wrong(("thresholds", name), why)


def _check_runs(document: Document, build: Build) -> list[WorldFile | None]:
    """The worlds of all runs. What is wrong is noted once, with the values it is wrong for; what a
    scenario does not apply to may be wrong.
    """
    worlds: list[WorldFile | None] = []
    combinations = _combinations(document)
    judged = [v for v in combinations if _not_applicable(document.data, v) is None]
    problems: dict[tuple[int, str], list[str]] = {}
    own = _own(document)
    for values in combinations or [{}]:
        filled = {**own, **values}
        wrong: set[tuple[int, str]] = set()
        world = None
        try:
            world = build(filled)
            worlds.append(world)
        except WrongWorld as error:
            worlds.append(None)
            wrong |= set(error.problems)
        if combinations and values not in judged:
            continue

        def note(place: Place, why: str, wrong: set[tuple[int, str]] = wrong) -> None:
            wrong.add((document.line(place), f"{dotted(place)}: {why}"))

        check_arguments(document, filled, world, note)
        for problem in wrong:
            problems.setdefault(problem, []).append(_told(values))
    for (line, text), told in problems.items():
        everywhere = len(told) == max(1, len(judged))
        document.problems.append((line, text if everywhere else f"{text} ({'; '.join(told)})"))
    return worlds


def _told(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())


def _action(document: Document, number: int) -> Action:
    name, given, save = parts(document.data["steps"][number])
    return Action(name, given, document.line(("steps", number, name)), save)


def clock_of(scenario: Scenario, told: str | None) -> Clock:
    """The clock of a run: as told, else the scenario's, else its world's; else virtual."""
    return Clock.parse(told or scenario.clock or scenario.world.clock)
