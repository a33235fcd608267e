"""Steps that hold messages on their way, and let them go on (docs/faults.md, Holding).

Rule: holding is a fault like any other, of kind `hold`; what is held can be seen in the snapshot
under `held`, and never waits for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from simulator.mistakes import did_you_mean
from simulator.scenario.step import Arg, Arguments, Kind, Play, Result, Step, StepFailed
from simulator.scenario.steps_fault import NAMES
from simulator.strict_yaml import Place
from simulator.wire.fault_kinds import FAULTS, HOLD
from simulator.wire.fault_spec import ALWAYS, LIMITS, MATCHERS, problems
from simulator.wire.held_edit import MISSING, Edit
from simulator.wire.holding import Desk, HoldError
from simulator.world import World

_MATCHERS = {"filter": MATCHERS["filter"], **MATCHERS, **LIMITS}
_PARAMETERS = {parameter.name: parameter.help for parameter in FAULTS[HOLD].parameters}


async def intercept(play: Play, given: Arguments) -> Result:
    """Hold messages from now on; the id under which that can be stopped."""
    told = {key: value for key, value in given.items() if value is not None}
    return play.world.faults.board.add({"kind": HOLD, **told})


async def stop_intercepting(play: Play, given: Arguments) -> Result:
    """Hold no more; what is held stays so. Raises StepFailed."""
    board, number = play.world.faults.board, given["id"]
    known = [told["id"] for told in intercepts(play.world)]
    if number is not None and number not in known:
        hint = did_you_mean(number, known)
        raise StepFailed(f"stop_intercepting: nothing is intercepted as '{number}'.{hint}")
    for each in known if number is None else [number]:
        board.remove(each)


async def release(play: Play, given: Arguments) -> Result:
    """Let held messages go on; their ids. Raises StepFailed."""
    remove = given["remove"]
    edit = Edit(
        MISSING if given["body"] is None else given["body"],
        given["set"] or {},
        tuple(remove.split() if isinstance(remove, str) else remove or ()),
        given["status"],
        given["headers"] or {},
        bool(given["drop"]),
    )
    try:
        return desk_of(play.world).release(given["id"], edit)
    except HoldError as error:
        raise StepFailed(f"release: {error}") from error


def intercepts(world: World) -> list[dict[str, Any]]:
    """What is being intercepted: specs with ids and hits, as `faults` of the snapshot has them."""
    return [told for told in world.faults.board.list() if told["kind"] == HOLD]


def desk_of(world: World) -> Desk:
    """Where the messages of a world are held."""
    desk = world.faults.board.desk
    assert desk is not None
    return desk


def _examine_intercept(given: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """What a spec has against it; what a variable stands for is known only when it comes."""
    told = {k: v for k, v in given.items() if not (isinstance(v, str) and "${" in v)}
    for error in problems({"kind": HOLD, **told}):
        if error.key in _MATCHERS or error.key in _PARAMETERS:
            yield (error.key,), error.why


def _examine_release(given: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    edits = [key for key in ("body", "set", "remove", "status", "headers") if key in given]
    if given.get("drop") is True and edits:
        yield ("drop",), f"what is lost needs no {edits[0]}"
    remove = given.get("remove")
    if not isinstance(remove, str | list | None):
        yield ("remove",), "expected pointers, a list or with blanks between"
    for key in ("set", "remove"):
        told = given.get(key)
        if not isinstance(told, str | list | Mapping):
            continue
        for pointer in told.split() if isinstance(told, str) else told:
            if not isinstance(pointer, str) or pointer[:1] not in ("", "/", "$"):
                yield (key,), f"'{pointer}' is no JSON pointer: it begins with /"
    headers = given.get("headers")
    for name, value in headers.items() if isinstance(headers, Mapping) else ():
        if not isinstance(value, str | None) or (value is not None and not value.isprintable()):
            yield ("headers", name), "expected text, or null to take it out"


def _intercept_args() -> Iterator[Arg]:
    for name, about in {**_MATCHERS, **_PARAMETERS}.items():
        default = ALWAYS if name == "times" else None
        about = "so often; always unless told otherwise" if name == "times" else about
        yield Arg(name, Kind.ANY, about, names=NAMES.get(name), default=default)


_ID = "which, as the snapshot has it under `held`; by default all"
# fmt: off
STEPS: tuple[Step, ...] = (
    Step("intercept", "world", "Hold messages on their way until they are released; gives its id.",
         intercept, tuple(_intercept_args()), "filter", examine=_examine_intercept),
    Step("release", "world", "Let a held message go on, as it is, changed or lost; or all.",
         release,
         (Arg("id", Kind.TEXT, _ID),
          Arg("body", Kind.ANY, "another body: JSON, or a text of JSON, sent as it is written"),
          Arg("set", Kind.MAPPING, "new values in its JSON, by pointers"),
          Arg("remove", Kind.ANY, "pointers of what is taken out, a list or with blanks between"),
          Arg("status", Kind.INTEGER, "another HTTP status, of an answer"),
          Arg("headers", Kind.MAPPING, "other HTTP headers; null takes one out"),
          Arg("drop", Kind.FLAG, "true: it is lost")),
         "id", examine=_examine_release),
    Step("stop_intercepting", "world", "Hold no more messages; what is held stays so.",
         stop_intercepting, (Arg("id", Kind.TEXT, "what intercept gave; by default all"),), "id"),
)
# fmt: on
