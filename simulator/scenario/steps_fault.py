"""Steps that place faults and take them away (docs/faults.md).

Rule: a spec here is a spec anywhere; `at` names the peer that shall place it on its own board.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from simulator.scenario.step import Arg, Arguments, Kind, Play, Result, Step
from simulator.strict_yaml import Place
from simulator.wire.fault_kinds import FAULTS, HTTP, OCPP, FaultKind
from simulator.wire.fault_spec import CHOICES, LIMITS, MATCHERS, problems, shared
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


def _suits(given: Mapping[str, Any]) -> tuple[str, tuple[Arg, ...]]:
    """What a kind does, and what a spec of it takes; without one what all messages may match."""
    kind = FAULTS.get(str(given.get("kind")))
    common = {**MATCHERS, **LIMITS}
    if kind is None:
        return "", (_KIND, *(_shared(name, about) for name, about in common.items()), _AT)
    own = (
        Arg(told.name, Kind.ANY, f"{told.help}: {told.takes}", choices=told.choices,
            default=" ".join(told.default) if isinstance(told.default, tuple) else told.default)
        for told in kind.parameters
    )  # fmt: skip
    names = [name for name in shared(kind) if _speaks(kind, name)]
    where = f" ({kind.wires})" if not kind.lasting else ""
    return f"{kind.help}{where}", (
        _KIND, *own, *(_shared(name, common[name]) for name in names), _AT,
    )  # fmt: skip


def _shared(name: str, about: str) -> Arg:
    return Arg(name, Kind.ANY, about, names=NAMES.get(name), choices=CHOICES.get(name, ()))


def _speaks(kind: FaultKind, matcher: str) -> bool:
    """Whether there is anything to match: of one wire alone not what only the other has."""
    if matcher == "wire":
        return len(kind.on) > 1
    return kind.lasting or _ONLY.get(matcher, next(iter(kind.on))) in kind.on


def _args() -> Iterator[Arg]:
    yield _KIND
    yield _AT
    told = {**MATCHERS, **LIMITS}
    for kind in FAULTS.values():
        for parameter in kind.parameters:
            told.setdefault(parameter.name, parameter.help)
    for name, about in told.items():
        yield Arg(name, Kind.ANY, about, names=NAMES.get(name))


_KIND = Arg("kind", Kind.TEXT, "what goes wrong", required=True, choices=tuple(FAULTS))
# Matchers of one wire.
_ONLY = {"action": OCPP, "module": HTTP, "method": HTTP, "path": HTTP}
# Matchers of messages that name somebody.
NAMES = {"actor": "actor", "peer": "actor", "filter": "filter"}
_AT = Arg(AT, Kind.TEXT, "the peer that shall place it: its name, or `peer` for the first")
_ARGS = tuple(_args())
_KEYS = frozenset(arg.name for arg in _ARGS)

# fmt: off
STEPS: tuple[Step, ...] = (
    Step("fault", "world", "Place a fault; gives its id.", place, _ARGS, "kind",
         examine=_examine, suits=_suits),
    Step("clear_faults", "world", "Take a fault away, or all.", clear,
         (Arg("id", Kind.TEXT, "which; by default all"), _AT), "id"),
)
# fmt: on
