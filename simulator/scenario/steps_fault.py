"""Steps that place faults and take them away (docs/faults.md).

Rule: a spec here is a spec anywhere; `at` names the peer that shall place it on its own board.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from simulator.scenario.step import Arg, Arguments, Kind, Play, Result, Step
from simulator.strict_yaml import Place
from simulator.wire.fault_kinds import FAULTS
from simulator.wire.fault_spec import LIMITS, MATCHERS, problems
from simulator.world_faults import AT, without_place


async def place(play: Play, given: Arguments) -> Result:
    """Place a fault; its id."""
    told = {key: value for key, value in given.items() if value is not None}
    return await play.world.faults.place(told)


async def clear(play: Play, given: Arguments) -> Result:
    """Take faults away."""
    await play.world.faults.clear(given["id"], given[AT])


def _examine(given: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """What a spec's kind has against it; what a variable stands for is known only when it comes."""
    told = {
        key: value
        for key, value in without_place(given).items()
        if key in _KEYS and not (isinstance(value, str) and "${" in value)
    }
    if told.get("kind") in FAULTS:
        for error in problems(told):
            yield (error.key,), error.why


def _args() -> Iterator[Arg]:
    yield Arg("kind", Kind.TEXT, "what goes wrong", required=True, choices=tuple(FAULTS))
    yield _AT
    told = {**MATCHERS, **LIMITS}
    for kind in FAULTS.values():
        for parameter in kind.parameters:
            told.setdefault(parameter.name, parameter.help)
    for name, about in told.items():
        yield Arg(name, Kind.ANY, about, names=NAMES.get(name))


# Matchers of messages that name somebody.
NAMES = {"actor": "actor", "peer": "actor"}
_AT = Arg(AT, Kind.TEXT, "the peer that shall place it: its name, or `peer` for the first")
_ARGS = tuple(_args())
_KEYS = frozenset(arg.name for arg in _ARGS)

# fmt: off
STEPS: tuple[Step, ...] = (
    Step("fault", "world", "Place a fault; gives its id.", place, _ARGS, "kind",
         examine=_examine),
    Step("clear_faults", "world", "Take a fault away, or all.", clear,
         (Arg("id", Kind.TEXT, "which; by default all"), _AT), "id"),
)
# fmt: on
