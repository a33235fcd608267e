"""Steps that are performed one after the other in a world that runs: at once, or one at a time.

Rule: never two of them at once; the first that goes wrong ends them and is the verdict. Whatever
plays a scenario plays it on this.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from simulator.kernel.clock import rfc3339
from simulator.mistakes import Exit, Mistake
from simulator.scenario.compare import MISSING
from simulator.scenario.expect import ExpectationFailed
from simulator.scenario.metrics import metrics_of, threshold_problem
from simulator.scenario.schema import Action, Scenario
from simulator.scenario.schema_steps import parts
from simulator.scenario.sights import point
from simulator.scenario.step import SECRET, Play, StepError, StepFailed, named_s
from simulator.scenario.steps import STEPS, perform, step_of
from simulator.scenario.unstruck import never_struck
from simulator.scenario.variables import fill
from simulator.scenario.verdict import Done, Outcome, Verdict
from simulator.wire.http_aio import HttpFailure
from simulator.world import World

StageState = dict[str, Any]


class Stage:
    """Steps that wait in a world. `source` is the scenario that they are of: its variables,
    thresholds and expected verdict count. Expectations look from where the stage was made.
    """

    def __init__(
        self,
        world: World,
        name: str,
        actions: Sequence[Action],
        *,
        source: Scenario | None = None,
        outcome: Outcome | None = None,
    ) -> None:
        self.id, self.name, self.actions, self.source = "", name, tuple(actions), source
        self.remark = ""  # what is left aside of the file that it is of
        self.outcome = outcome or Outcome(name, source.path if source else name)
        self.outcome.of = len(self.actions)
        self.outcome.seed, self.outcome.clock = world.seed, str(world.clock)
        self.ended = False
        self.gone = asyncio.Event()  # set once it was dropped
        self._since, self._began_s = world.journal.seq, world.clock.monotonic()
        values = {**source.given, **source.values} if source else {}
        self._play = Play(world, values, cursor=self._since, began=self._since)
        self._running: asyncio.Task[None] | None = None
        self._until_s: float | None = None  # when what the running step waits for is over

    # Playing

    async def step(self) -> StageState:
        """Perform the next step. Raises StepError: it has ended, or a step runs already."""
        return await self._alone(len(self.outcome.steps) + 1)

    async def run(self, until: int | None = None) -> StageState:
        """Perform the steps that are left, or those before number `until`, which then is the next.
        Raises StepError.
        """
        if until is not None and not 1 <= until <= len(self.actions):
            raise StepError(f"{self.name}: there is no step {until}: it has {len(self.actions)}")
        if until is not None and until <= len(self.outcome.steps):
            raise StepError(f"{self.name}: step {until} has been performed already")
        return await self._alone(len(self.actions) if until is None else until - 1)

    async def _alone(self, last: int) -> StageState:
        if self.ended or self.gone.is_set():
            told = f"ended: {self.outcome.verdict}" if self.ended else "been dropped"
            raise StepError(f"{self.name} has {told}")
        if self._running is not None:
            raise StepError(f"{self.name}: a step of it runs already")
        self._running = asyncio.get_running_loop().create_task(self._perform_to(last))
        try:
            await self._running
        except asyncio.CancelledError:
            if self.gone.is_set():
                raise StepError(f"{self.name} was dropped while a step ran") from None
            raise
        finally:
            self._running = self._until_s = None
        return self.state()

    async def _perform_to(self, last: int) -> None:
        """Perform steps up to a number, or up to the first that goes wrong."""
        steps = self.outcome.steps
        while len(steps) < last:
            action = self.actions[len(steps)]
            world, problem = self._play.world, None
            seq, at, began_s = world.journal.seq, rfc3339(world.clock.now()), self._now_s
            try:
                await self._perform(action)
            except Exception as error:
                problem = error
            ms = round((self._now_s - began_s) * 1000, 3)
            why = None if problem is None else str(problem)
            steps.append(Done(action.name, action.line, at, seq, why, ms))
            if problem is not None:
                self.outcome.line = action.line
                self._end(problem)
                return
        if len(steps) == len(self.actions):
            self._end()

    async def _perform(self, action: Action) -> None:
        given = fill(action.given, self._play.variables)
        wanted_s = _waits_s(action.name, given)
        self._until_s = self._now_s + wanted_s if wanted_s else None
        result = await perform(self._play, action.name, given)
        if isinstance(action.save, str):
            self._play.variables[action.save] = result
        elif action.save is not None:
            for name, pointer in action.save.items():
                self._play.variables[name] = look_up(result, pointer)

    def _end(self, problem: Exception | None = None) -> None:
        """Say how it ended: by what went wrong, else by the thresholds."""
        outcome, journal = self.outcome, self._play.world.journal
        outcome.remarks = never_struck(journal.since(self._since))
        if problem is not None:
            broke(outcome, problem)
        else:
            outcome.metrics = metrics_of(journal.since(self._since))
            limits = self.source.thresholds.items() if self.source else ()
            told = (threshold_problem(name, limit, outcome.metrics) for name, limit in limits)
            if broken := [why for why in told if why is not None]:
                outcome.ended(Verdict.FAIL, "; ".join(broken))
        if self.source is not None:
            outcome.turn(self.source.expected, self.source.because)
        outcome.world_s = self._now_s - self._began_s
        self.ended = True
        self._play.sightings.close()

    async def drop(self) -> None:
        """Let it go; a step that runs is cancelled."""
        self.gone.set()
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
        self._play.sightings.close()

    # Looking

    @property
    def _now_s(self) -> float:
        return self._play.world.clock.monotonic()

    def state(self) -> StageState:
        """How far it is, as plain JSON; `within_s`: how long the running step may still wait, on
        the world's clock.
        """
        outcome, source = self.outcome, self.source
        left_s = None if self._until_s is None else max(0.0, self._until_s - self._now_s)
        return {
            "id": self.id,
            "name": self.name,
            "purpose": source.purpose if source else "",
            "file": source.path if source else None,
            "remark": self.remark,
            "at": len(outcome.steps),
            "of": outcome.of,
            "running": self._running is not None,
            "verdict": str(outcome.verdict) if self.ended else None,
            "why": outcome.why or "",
            "details": outcome.details.splitlines(),
            "steps": [self._told(number) for number in range(len(self.actions))],
            "within_s": None if left_s is None else round(left_s, 3),
        }

    def _told(self, number: int) -> dict[str, Any]:
        """A step, as plain JSON; variables that have a value by now stand filled in."""
        action, variables = self.actions[number], self._play.variables
        done = self.outcome.steps[number] if number < len(self.outcome.steps) else None
        near = self.actions[max(0, number - 1) : number + 1]
        notes = [a.given for a in reversed(near) if a.name == "note"]
        caption = STEPS["note"].named(notes[0]).get("text") if notes else None
        return {
            "number": number + 1,
            "line": action.line,
            "verb": action.name,
            "text": in_words(fill(action.given, variables, partly=True)),
            "caption": None if caption is None else str(fill(caption, variables, partly=True)),
            "state": self._mark(number, done),
            "ms": None if done is None else done.ms,
            "why": "" if done is None else done.problem or "",
        }

    def _mark(self, number: int, done: Done | None) -> str:
        if done is not None:
            return "done" if done.problem is None else "failed"
        if self._running is not None and number == len(self.outcome.steps):
            return "running"
        return "skipped" if self.ended or self.gone.is_set() else "waiting"


async def play_here(world: World, name: str, steps: Sequence[Any]) -> Outcome:
    """Play steps, as a file would write them, in a world that runs, and leave it running.

    A step's number stands where a file has lines. Raises nothing that a step can cause.
    """
    try:
        stage = Stage(world, name, written(steps))
    except StepError as error:
        outcome = Outcome(name, name, of=len(steps), seed=world.seed, clock=str(world.clock))
        broke(outcome, error)
        return outcome
    try:
        await stage.run()
    finally:
        await stage.drop()
    return stage.outcome


def written(steps: Sequence[Any]) -> tuple[Action, ...]:
    """Steps as they were written. Raises StepError."""
    return tuple(_written(number, step) for number, step in enumerate(steps, 1))


def _written(number: int, step: Any) -> Action:
    if not (isinstance(step, str) or (isinstance(step, dict) and len(step) == 1)):
        raise StepError(f"step {number}: expected one verb, with its arguments behind it")
    name, given, save = parts(step)
    step_of(name)
    return Action(name, given, number, save)


def look_up(result: Any, pointer: str) -> Any:
    """What stands at a JSON pointer of a step's result. Raises StepError."""
    value = point(result, pointer)
    if value is MISSING:
        raise StepError(f"save: the result has nothing at {pointer}")
    return value


def broke(outcome: Outcome, error: Exception) -> None:
    """What an error says about a run."""
    if isinstance(error, ExpectationFailed):
        outcome.details = error.details
        outcome.ended(Verdict.FAIL, str(error))
    elif isinstance(error, StepFailed):
        outcome.ended(Verdict.FAIL, str(error))
    else:
        known = isinstance(error, Mistake | OSError | HttpFailure)
        words = str(error) if known else f"internal error: {type(error).__name__}: {error}"
        if not known and not outcome.details:
            outcome.details = "".join(traceback.format_exception(error))
        code = getattr(error, "exit_code", Exit.UNREACHABLE if known else Exit.INTERNAL)
        # 1 is a verdict on the world; there is none where it could not be played.
        code = Exit.USAGE if code == Exit.FAILED else code
        outcome.ended(Verdict.ERROR, words or type(error).__name__, code)


def _waits_s(name: str, given: Any) -> float:
    """How long a step says that it waits; nothing for one that is wrong, which its turn tells."""
    try:
        return named_s(STEPS[name].read(given))
    except (StepError, KeyError):
        return 0.0


def in_words(given: Any) -> str:
    """A step's arguments in a line, as a file may write them; nothing secret is in it."""
    if isinstance(given, Mapping):
        return ", ".join(
            f"{key}: {'***' if key in SECRET else _within(value)}" for key, value in given.items()
        )
    if isinstance(given, list):
        return ", ".join(_within(value) for value in given)
    return "" if given is None else _scalar(given)


def _within(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{{in_words(value)}}}"
    return f"[{in_words(value)}]" if isinstance(value, list) else _scalar(value)


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
