"""A world in the hands of a test: the steps as plain calls, one after the other.

Rule: every call is a step of STEPS and returns when it has taken effect. On a virtual clock the
world moves only inside calls, and nothing of it needs a thread; on a real or scaled one it lives in
a thread of its own, so that it answers while the test talks to its own system.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, TypeVar

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Record
from simulator.kernel.loop import new_loop
from simulator.mistakes import did_you_mean
from simulator.scenario.ladder import ladder, session_near
from simulator.scenario.snapshot import snapshot
from simulator.scenario.step import Play, StepError
from simulator.scenario.steps import STEPS, perform, step_of
from simulator.world import World
from simulator.world_file import WorldFile
from simulator.world_ports import Ports, of_a_test

T = TypeVar("T")
Work = Coroutine[Any, Any, T]


class _Ground(Protocol):
    """Where a world lives."""

    def run(self, work: Work[T]) -> T:
        """Do some of its work, and wait for it."""

    def close(self) -> None:
        """No more work will come."""


# What can be up when a test begins, as in scenario files.
_STARTS = ("all", "unregistered", "off")
# What a test may say of its world's ports; by default only those that its file names are fixed.
_PORTS = {"fixed": Ports.FIXED, "free": Ports.ALL_FREE}


class _Inside:
    """On the caller's own thread: the loop runs only while it has work."""

    def __init__(self, clock: Clock) -> None:
        self._runner = asyncio.Runner(loop_factory=lambda: new_loop(clock))

    def run(self, work: Work[T]) -> T:
        """Do some of its work, and wait for it. Raises StepError within a loop that runs."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._runner.run(work)
        work.close()
        raise StepError(
            "a world on a virtual clock moves only while it is asked: not from async"
            " code; make the test a plain function, or take the real clock"
        )

    def close(self) -> None:
        """No more work will come."""
        self._runner.close()


class _Beside:
    """On a thread of its own: the loop runs all the time."""

    def __init__(self, clock: Clock) -> None:
        self._loop = new_loop(clock)
        self._thread = threading.Thread(target=self._loop.run_forever, name="roamlab", daemon=True)
        self._thread.start()

    def run(self, work: Work[T]) -> T:
        """Do some of its work, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """No more work will come."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5.0)
        self._loop.close()


class Lab:
    """A running world and its steps: `lab.plug(station="DE-AC-1", car="anna")`.

    Every name of STEPS is a method; what it returns is what the step gives. Raises StepError, and
    ExpectationFailed for what did not happen.
    """

    def __init__(
        self,
        plan: WorldFile,
        *,
        clock: str | None = None,
        seed: int | None = None,
        start: str = "all",
        journal: Path | None = None,
        ports: str | None = None,
    ) -> None:
        _check_begin(start, seed, ports)
        self.journal_file = journal
        told = Clock.parse(clock or plan.clock)
        self._ground: _Ground = (_Inside if told.mode == "virtual" else _Beside)(told)
        self._closed = False
        try:
            taken = of_a_test(plan) if ports is None else _PORTS[ports]
            built = _begin(plan, str(told), seed, taken, start, journal)
            self.world, self._play = self._ground.run(built)
        except BaseException:
            self._ground.close()
            raise

    def do(self, step: str, given: Any = None, /, **arguments: Any) -> Any:
        """Perform a step by name, with a bare value, named arguments, or both: the bare value is
        the step's first that is not named (`plug("DE-AC-1", car="anna")`).

        `for` and other words of Python's own take an underscore behind them.
        """
        __tracebackhide__ = True
        try:
            told = {name.rstrip("_"): value for name, value in arguments.items()}
            if told and given is not None:
                told = {step_of(step).bare(told): given, **told}
            return self._ground.run(perform(self._play, step, told or given))
        except StepError as error:  # the steps' own frames tell a test's author nothing
            raise error.with_traceback(None) from error.__cause__

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in STEPS:
            hint = did_you_mean(name, STEPS) or f" Its steps are {', '.join(STEPS)}."
            raise AttributeError(f"a lab has no '{name}'.{hint}")
        step = step_of(name)

        def call(given: Any = None, /, **arguments: Any) -> Any:
            __tracebackhide__ = True
            return self.do(name, given, **arguments)

        call.__doc__ = step.help
        return call

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *STEPS]

    @property
    def variables(self) -> Mapping[str, Any]:
        """What `save` has kept."""
        return self._play.variables

    @property
    def records(self) -> list[Record]:
        """The journal, so far."""
        return list(self.world.journal.records)

    def snapshot(self) -> dict[str, Any]:
        """What all actors know."""
        return self._ground.run(snapshot(self.world))

    def invitation(self, partner: str = "partner") -> tuple[str, str]:
        """The CPO's versions URL and a new token A, for a backend of yours that registers there;
        `partner` is what the journal will call it.
        """

        async def told() -> tuple[str, str]:
            return self.world.invitation(partner)

        return self._ground.run(told())

    def ladder(self, session: str | None = None) -> str:
        """Who said what to whom; by default in the session that was last spoken of."""
        records = self.records
        return ladder(records, session or session_near(records, self.world.journal.seq))

    def close(self) -> None:
        """Stop the world. A second time nothing more."""
        if self._closed:
            return
        self._closed = True
        try:
            self._ground.run(self.world.stop())
        finally:
            self._ground.close()

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _check_begin(start: str, seed: object, ports: str | None) -> None:
    """Hold what a test says of a world's beginning against what there is. Raises StepError."""
    if start not in _STARTS:
        raise StepError(f"start '{start}': expected one of {', '.join(_STARTS)}")
    if ports is not None and ports not in _PORTS:
        raise StepError(f"ports '{ports}': expected one of {', '.join(_PORTS)}")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise StepError(f"seed {seed!r:.40}: expected a whole number")


async def _begin(
    plan: WorldFile,
    clock: str,
    seed: int | None,
    ports: Ports,
    start: str,
    journal: Path | None,
) -> tuple[World, Play]:
    """Build and start a world where it will live: its databases know one thread alone."""
    world = World(plan, clock=clock, seed=seed, ports=ports)
    play = Play(world)
    try:
        if journal is not None:
            world.journal.open(journal)
        await world.begin(start)
    except BaseException:
        await world.stop()
        raise
    return world, play
