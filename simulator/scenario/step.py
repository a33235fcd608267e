"""What a step is: a verb with named arguments, performed in a world and told in the journal.

Rule: one registry (`steps.STEPS`) serves scenario files, the control API, tests and the interface
alike; a step's arguments are checked before anything happens, by what the world really holds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from simulator.kernel.duration import seconds, words
from simulator.mistakes import Exit, Mistake, did_you_mean
from simulator.scenario.filter_names import unpicked
from simulator.scenario.sights import Sightings
from simulator.world_names import actors_of, no_actor, no_session

if TYPE_CHECKING:
    from simulator.world import World
    from simulator.world_file import WorldFile

ACTOR = "scenario"
Arguments = dict[str, Any]
Result = Any
PAUSED = "the clock is paused, and this needs time to pass: the step speed lets it go on"
# Where in the arguments something is wrong (names, numbers in lists), and why.
Place = tuple[str | int, ...]
Problem = tuple[Place, str]
# Arguments that say how long a step takes; beside them it has so much for what it waits for.
_DURATIONS = ("by", "within", "for", "wait")
_PATIENCE_S = 600.0
# A step that begins where time stands still has so many seconds of the loop: nobody may be there to
# let time go on. Who pauses in the middle of one wants it to wait.
_PAUSED_S = 10.0
# Never shown, whatever step has it.
SECRET = frozenset({"token_a", "password"})


class StepError(Mistake):
    """A step that cannot be done so: the message names step, argument and what was expected."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Exit.FAILED)


class StepFailed(StepError):
    """A step that was done and did not come out as it had to."""


class Kind(StrEnum):
    """What an argument takes, in words for people."""

    TEXT = "text"
    INTEGER = "a whole number"
    NUMBER = "a number"
    DURATION = "a duration"
    FLAG = "true or false"
    MAPPING = "a mapping"
    LIST = "a list"
    WANTED = "text, or comparators"
    ANY = "anything"


@dataclass(frozen=True, slots=True)
class Arg:
    """An argument. `names` says what of a world it must name: station, car, peer, emp, tariff,
    actor, session, filter (whose words do). `each`: what the items of a list take.
    """

    name: str
    kind: Kind
    help: str
    required: bool = False
    names: str | None = None
    choices: tuple[str, ...] = ()
    default: Any = None
    each: tuple[Arg, ...] = ()

    def read(self, value: Any) -> Any:
        """The value as the step wants it. Raises ValueError, whose text says what was expected."""
        if self.kind is Kind.DURATION:
            return seconds(value)
        if not _FITS[self.kind](value):
            raise ValueError(f"expected {self.kind.value}, not {_shown(value)}")
        if self.choices and value not in self.choices:
            raise ValueError(
                f"'{value}' is none of the choices.{did_you_mean(value, self.choices)}"
            )
        return value


@dataclass(slots=True)
class Play:
    """A world while somebody plays it.

    Expectations look at the records after `cursor`: the journal's position before the first action
    since the last expectation. `began` is where all of it began: before that nothing is looked at.
    `variables` are what `${name}` stands for.
    """

    world: World
    variables: dict[str, Any] = field(default_factory=dict)
    cursor: int = 0
    began: int = 0
    expected_last: bool = True  # nothing was done since the last expectation
    sightings: Sightings = field(init=False)

    def __post_init__(self) -> None:
        self.sightings = Sightings(self.world.journal)

    def acts(self) -> None:
        """Something is about to be done: what was before it is past, once it was looked at."""
        if self.expected_last:
            self.cursor = max(self.cursor, self.world.journal.seq)
            self.expected_last = False

    def saw(self, seq: int) -> None:
        """An expectation was met by this record: the next looks behind it."""
        self.cursor = max(self.cursor, seq)
        self.expected_last = True


@dataclass(frozen=True, slots=True)
class Step:
    """A verb. `primary` is the argument that a bare value stands for (`whole`: any value); `acts`
    is false for those that only look or talk. `examine` finds what else is wrong with arguments;
    `shown` makes of them what may stand in the journal; `suits` tells of those chosen so far in
    words what they mean, and which arguments there are beside them.
    """

    name: str
    group: str
    help: str
    run: Callable[[Play, Arguments], Awaitable[Result]]
    args: tuple[Arg, ...] = ()
    primary: str | None = None
    acts: bool = True
    whole: bool = False
    examine: Callable[[Mapping[str, Any]], Iterable[Problem]] | None = None
    shown: Callable[[Arguments], Arguments] | None = None
    suits: Callable[[Mapping[str, Any]], tuple[str, Sequence[Arg]]] | None = None

    def bare(self, named: Container[str]) -> str:
        """What a bare value stands for beside named ones: the primary argument, or the first that
        is needed and not named. Raises StepError.
        """
        if self.primary is not None and self.primary not in named:
            return self.primary
        for arg in self.args:
            if arg.required and arg.name not in named:
                return arg.name
        raise StepError(f"{self.name} takes no bare value here: name its arguments")

    def problems(self, given: Any) -> Iterable[Problem]:
        """What is wrong with arguments as they were written, and where."""
        try:
            arguments = self.named(given)
        except StepError as error:
            yield (), str(error)
            return
        known = {arg.name: arg for arg in self.args}
        for name, value in arguments.items():
            if name not in known:
                yield (name,), f"no such argument.{did_you_mean(str(name), known)}"
            elif not (isinstance(value, str) and "${" in value):
                try:
                    known[name].read(value)
                except ValueError as error:
                    yield (name,), str(error)
        for arg in self.args:
            if arg.required and arg.name not in arguments:
                yield (), f"'{arg.name}' is missing: {arg.help}"
        if self.examine is not None:
            yield from self.examine(arguments)

    def read(self, given: Any) -> Arguments:
        """The arguments, checked, with defaults for those left out. Raises StepError."""
        for place, why in self.problems(given):
            raise StepError(f"{', '.join(map(str, (self.name, *place)))}: {why}")
        arguments = self.named(given)
        values = {arg.name: arg.default for arg in self.args}
        for arg in self.args:
            if arg.name in arguments:
                try:  # again: what looked like a variable is none any more
                    values[arg.name] = arg.read(arguments[arg.name])
                except ValueError as error:
                    raise StepError(f"{self.name}, {arg.name}: {error}") from error
        return values

    def named(self, given: Any) -> Mapping[str, Any]:
        """The arguments by name: a bare value is the primary one's, nothing is none at all. Raises
        StepError.
        """
        if given is None:
            return {}
        if isinstance(given, Mapping) and not (self.whole or self._is_primary(given)):
            return given
        if self.primary is None:
            wanted = ", ".join(arg.name for arg in self.args) or "nothing"
            raise StepError(f"expected a mapping with {wanted}")
        return {self.primary: given}

    def _is_primary(self, given: Mapping[Any, Any]) -> bool:
        """True for a mapping that is the primary argument itself: none of its keys is, or nearly
        is, an argument.
        """
        if not given or all(
            a.name != self.primary or a.kind is not Kind.MAPPING for a in self.args
        ):
            return False
        names = [arg.name for arg in self.args]
        return not any(get_close_matches(str(key), names, n=1) for key in given)


async def do(step: Step, play: Play, given: Any) -> Result:
    """Check, tell and perform one step. Raises StepError, StepFailed where it takes too long, and
    what its verb raises.

    The record is made before anything happens, so that it stands in front of what follows from it;
    one that fails is told of by an event of its own.
    """
    arguments = step.read(given)
    _check_names(step, play, arguments)
    if step.acts:
        play.acts()
    told = arguments if step.shown is None else step.shown(arguments)
    shown = {
        name: "***" if name in SECRET else value
        for name, value in told.items()
        if value is not None
    }
    journal = play.world.journal
    record = journal.append("step", ACTOR, step=step.name, arguments=shown)
    try:
        return await _performed(step, play, arguments)
    except Mistake as error:
        journal.event(ACTOR, "step.failed", about=record["seq"], step=step.name, why=str(error))
        raise


async def _performed(step: Step, play: Play, arguments: Arguments) -> Result:
    """Perform it within its time. Raises StepFailed, and what its verb raises."""
    clock, longest_s = play.world.clock, named_s(arguments) + _PATIENCE_S
    try:
        # Where time is held it must reach the end of the timeout, else nobody would tell.
        with clock.passing(longest_s + 1.0):
            async with clock.timeout(longest_s, paused_s=_PAUSED_S if clock.paused else None):
                return await step.run(play, arguments)
    except TimeoutError as error:
        if clock.paused:
            raise StepFailed(f"{step.name}: {PAUSED}") from error
        why = str(error) or f"it did not come to an end within {words(longest_s)}"
        raise StepFailed(f"{step.name}: {why}") from error


def named_s(arguments: Arguments) -> float:
    """How much time a step's arguments name."""
    told = [arguments[name] for name in _DURATIONS if isinstance(arguments.get(name), int | float)]
    return float(sum(told))


def _check_names(step: Step, play: Play, arguments: Arguments) -> None:
    for place, names, value in namings(step.args, arguments):
        if names in _KNOWN:
            where, why = "", _not_of(names, value, _KNOWN[names](play.world))
        else:
            where, why = f", {', '.join(map(str, place))}", nameless(names, value, play.world.plan)
        if why is not None:
            raise StepError(f"{step.name}{where}: {why}")


def namings(
    args: Iterable[Arg], given: Mapping[str, Any], within: Place = ()
) -> Iterator[tuple[Place, str, str]]:
    """What of a world arguments name: where it stands, what it names, and how."""
    for arg in args:
        value = given.get(arg.name)
        if arg.names is not None and isinstance(value, str):
            yield (*within, arg.name), arg.names, value
        for number, each in enumerate(value if arg.each and isinstance(value, list) else ()):
            if isinstance(each, Mapping):
                yield from namings(arg.each, each, (*within, arg.name, number))


def nameless(names: str, value: str, world: WorldFile) -> str | None:
    """Why there will be nothing of that name in a world; None if there may be."""
    if names == "filter":
        return unpicked(value, actors_of(world))
    if names == "actor":
        return no_actor(value, actors_of(world))
    if names == "session":
        return no_session(value, world.stations)
    return _not_of(names, value, _PLANNED[names](world))


def _not_of(names: str, value: str, known: Iterable[str]) -> str | None:
    known = list(known)
    hint = did_you_mean(value, known)
    return None if value in known else f"no {names} '{value}' in this world.{hint}"


# What an argument can name -> what there is.
_KNOWN: Mapping[str, Callable[[World], Iterable[str]]] = {
    "station": lambda world: world.stations,
    "car": lambda world: world.plan.cars,
    "peer": lambda world: world.peers,
    "emp": lambda world: world.emps,
    "tariff": lambda world: world.cpo.sites.tariffs,
}


# The same -> what there will be, by the file.
_PLANNED: Mapping[str, Callable[[WorldFile], Iterable[str]]] = {
    "station": lambda world: [station.id for station in world.stations],
    "car": lambda world: world.cars,
    "peer": lambda world: [peer.name for peer in world.peers],
    "emp": lambda world: [emp.name for emp in world.emps],
    "tariff": lambda world: [str(tariff["id"]) for tariff in world.tariffs],
}


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_FITS: Mapping[Kind, Callable[[Any], bool]] = {
    Kind.TEXT: lambda value: isinstance(value, str),
    Kind.INTEGER: _whole,
    Kind.NUMBER: lambda value: _whole(value) or isinstance(value, float),
    Kind.FLAG: lambda value: isinstance(value, bool),
    Kind.MAPPING: lambda value: isinstance(value, Mapping),
    Kind.LIST: lambda value: isinstance(value, list),
    Kind.WANTED: lambda value: isinstance(value, str | Mapping),
    Kind.ANY: lambda value: True,
}


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list) else f"'{value}'"
