"""The stages of a world: steps that were loaded into it and wait to be performed.

Rule: each has an id as long as the world lives; a file's own world is left aside, which is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.mistakes import Exit, Mistake, did_you_mean
from simulator.scenario.schema import Scenario, read_for
from simulator.scenario.stage import Stage, StageState, written
from simulator.world import World

# Each follows the journal: so many may stand at a time.
MOST = 20
NO_STEPS = "expected a scenario file's text, or a list of steps"


class Stages:
    """The stages of one world, by id."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._all: dict[str, Stage] = {}
        self._number = 0

    def load(self, steps: str | Sequence[Any], name: str, only: str = "") -> Stage:
        """A stage of a scenario file's text, or of steps as a file has them. `only`: what the title
        of the run must hold, where the text has several. Raises Mistake with all that is wrong.
        """
        if isinstance(steps, str):
            runs = read_for(self._world.plan, steps, name)
            run = one_of(runs, only)
            stage = Stage(self._world, run.title, run.actions, source=run)
            stage.remark = _left_aside(run, len(runs))
        elif isinstance(steps, list | tuple) and steps:
            stage = Stage(self._world, name, written(steps))
        else:
            raise Mistake(NO_STEPS)
        return self.add(stage)

    def add(self, stage: Stage) -> Stage:
        """Let a stage stand here, under an id. Raises TooMany."""
        if len(self._all) >= MOST:
            raise TooMany(f"{MOST} stages stand here already: drop one first", Exit.FAILED)
        self._number += 1
        stage.id = str(self._number)
        self._all[stage.id] = stage
        return stage

    def states(self) -> list[StageState]:
        """How far each one is, the oldest first."""
        return [stage.state() for stage in self._all.values()]

    def __getitem__(self, ident: str) -> Stage:
        """One of them. Raises NoStage."""
        if ident not in self._all:
            raise NoStage(f"no stage '{ident}'.{did_you_mean(ident, self._all)}", Exit.FAILED)
        return self._all[ident]

    async def drop(self, ident: str) -> StageState:
        """Let one go; a step that runs is cancelled. Gives its last state. Raises NoStage."""
        stage = self[ident]
        del self._all[ident]
        await stage.drop()
        return stage.state()

    async def close(self) -> None:
        """Let all go."""
        for ident in tuple(self._all):
            await self.drop(ident)


class NoStage(Mistake):
    """There is no stage of that id."""


class TooMany(Mistake):
    """No further stage can stand here."""


def one_of(runs: Sequence[Scenario], only: str = "") -> Scenario:
    """The first run that applies, of those whose title holds `only`. Raises Mistake."""
    fitting = [run for run in runs if only in run.title]
    if not fitting:
        titles = ", ".join(run.title for run in runs[:5])
        more = ", …" if len(runs) > 5 else ""
        raise Mistake(f"no run's title holds '{only}'; there are: {titles}{more}")
    found = next((run for run in fitting if run.not_applicable is None), None)
    if found is None:
        raise Mistake(f"{fitting[0].title} does not apply: {fitting[0].not_applicable}")
    return found


def _left_aside(run: Scenario, runs: int) -> str:
    """What of a file does not count in a world that runs already."""
    told = "its own world, clock, seed and start are left aside: this one runs already"
    return f"{told}; one of {runs} runs" if runs > 1 else told


def loaded(stages: Stages, body: Mapping[str, Any]) -> Stage:
    """A stage of what a caller sends: `name` and `steps`, or `file` and `text`, perhaps `only`.
    Raises Mistake.
    """
    unknown = set(body) - {"name", "steps", "file", "text", "only"}
    if unknown:
        known = "name and steps, or file and text, perhaps only"
        raise Mistake(f"{', '.join(sorted(unknown))}: a stage takes {known}")
    texts = {key: body.get(key, "") for key in ("name", "file", "text", "only")}
    for key, value in texts.items():
        if not isinstance(value, str):
            raise Mistake(f"{key}: expected text")
    if ("steps" in body) == ("text" in body):
        raise Mistake("expected either steps or text")
    if "text" in body:
        name = texts["file"] or texts["name"] or "posted"
        return stages.load(texts["text"], name, texts["only"])
    if not isinstance(body["steps"], list):
        raise Mistake("steps: expected a list of steps")
    return stages.load(body["steps"], texts["name"] or "by hand")
