"""The world of a scenario: a name, a file or written out, with the changes the scenario makes.

Rule: a mistake names the scenario's line that causes it: one in a world written out its own line,
one in a change the change's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from simulator.mistakes import Mistake
from simulator.scenario.step import StepError
from simulator.scenario.variables import fill
from simulator.strict_yaml import Document, Place, change, dotted, load_shared, part
from simulator.world_file import SCHEMA, WorldFile, find, read_changed

Problems = list[tuple[int, str]]


class WrongWorld(Exception):
    """A world that cannot be built: lines of the scenario's file, and what is wrong there."""

    def __init__(self, problems: Problems) -> None:
        super().__init__("\n".join(text for _, text in problems))
        self.problems = problems


class Worlds:
    """The worlds of a scenario's runs; files are read once, and parsed once for all scenarios."""

    def __init__(self, document: Document, path: Path) -> None:
        self._document, self._path = document, path
        self._files: dict[Path, Document] = {}

    def build(self, values: Mapping[str, Any]) -> WorldFile:
        """The world of one run. Raises WrongWorld."""
        plan = self._plan(values)
        changes = self._changes(values)
        if not changes:
            return self._read(plan)
        changed = part(plan)
        for place, pointer, value in changes:
            self._put(changed, place, pointer, value)
        try:
            return read_changed(changed, {})
        except Mistake as mistake:
            self._read(plan)  # tells what was wrong before
            told = changed.problems or [(0, str(mistake))]
            raise WrongWorld([self._blamed(text, changes) for _, text in told]) from mistake

    def _plan(self, values: Mapping[str, Any]) -> Document:
        """The world without its changes."""
        written = self._document.data.get("world", "demo")
        line = self._document.line(("world",))
        try:
            filled = fill(written, values)
            if isinstance(written, dict):
                world = part(self._document, "world")
                world.data = filled
                return world
            if not isinstance(filled, str):
                raise WrongWorld([])  # the schema tells
            return part(self._file(filled))
        except StepError as error:
            raise WrongWorld([(line, f"world: {error}")]) from error
        except OSError as error:  # a name that no file can have
            told = f"world: {error.strerror or error}"
            raise WrongWorld([(line, told)]) from error
        except Mistake as mistake:
            lines = str(mistake).splitlines()
            raise WrongWorld([(line, f"world: {text}") for text in lines]) from mistake

    def _file(self, name: str) -> Document:
        """A world of its own file: beside the scenario, or one that comes along."""
        beside = self._path.parent / name
        path = beside if beside.is_file() else find(name)
        if path not in self._files:
            self._files[path] = load_shared(path, SCHEMA)
        return self._files[path]

    def _read(self, plan: Document) -> WorldFile:
        own = plan.path == self._document.path
        told = part(plan)
        try:
            return read_changed(told, {})
        except Mistake as mistake:
            if own and told.problems:
                problems = [(line, f"world: {text}") for line, text in told.problems]
                raise WrongWorld(problems) from mistake
            line = self._document.line(("world",))
            lines = str(mistake).splitlines()
            raise WrongWorld([(line, f"world: {text}") for text in lines]) from mistake

    # Changes

    def _changes(self, values: Mapping[str, Any]) -> list[tuple[Place, str, Any]]:
        """Where each change stands, its pointer and its value."""
        told = self._document.data.get("change")
        changes: list[tuple[Place, str, Any]] = []
        problems: Problems = []
        for pointer, value in told.items() if isinstance(told, dict) else ():
            place = ("change", pointer)
            try:
                ((filled, filled_value),) = fill({pointer: value}, values).items()
                changes.append((place, filled, filled_value))
            except StepError as error:
                problems.append((self._document.line(place), f"change.{pointer}: {error}"))
        if problems:
            raise WrongWorld(problems)
        return changes

    def _put(self, world: Document, place: Place, pointer: str, value: Any) -> None:
        try:
            where = _place(world.data, pointer)
            change(world, {pointer: value})
        except (Mistake, LookupError, ValueError) as error:
            line = self._document.line(place)
            raise WrongWorld([(line, f"change.{pointer}: nothing can be put there")]) from error
        # Numbers are spelled as the scenario has them, no longer as the world's file.
        for old in [p for p in world.spelled if p[: len(where)] == where]:
            del world.spelled[old]
        for own, spelled in self._document.spelled.items():
            if own[:2] == place:
                world.spelled[*where, *own[2:]] = spelled

    def _blamed(self, text: str, changes: list[tuple[Place, str, Any]]) -> tuple[int, str]:
        """The change whose place a problem names; of several the most particular."""
        fitting = sorted(
            (dotted(_steps(pointer)), place, pointer)
            for place, pointer, _ in changes
            if text.startswith(dotted(_steps(pointer)))
        )
        place: Place = fitting[-1][1] if fitting else ("change",)
        head = f"change.{fitting[-1][2]}" if fitting else "change"
        return self._document.line(place), f"{head}: {text}"


def _steps(pointer: str) -> Place:
    steps = (step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
    return tuple(int(step) if step.isdecimal() else step for step in steps)


def _place(data: Any, pointer: str) -> Place:
    """The place in the data that a pointer will change. Raises LookupError, ValueError."""
    return tuple(_walk(data, pointer))


def _walk(data: Any, pointer: str) -> Iterator[str | int]:
    for step in (s.replace("~1", "/").replace("~0", "~") for s in pointer.split("/")[1:]):
        if isinstance(data, list):
            number = len(data) if step == "-" else int(step)
            yield number
            data = data[number] if number < len(data) else {}
        else:
            yield step
            data = data.get(step, {}) if isinstance(data, dict) else {}
