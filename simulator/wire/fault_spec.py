"""A fault as data: what strikes, whom, how often. Read from plain mappings and from words.

Rule: one flat mapping is the spec, wherever it comes from: YAML, JSON, a command line, a step. A
mistake in it names the key and what was expected, and nothing else is ever raised.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.kernel.duration import seconds
from simulator.kernel.filters import EVERYTHING, OUTCOME, Filter, asked, parse
from simulator.mistakes import Mistake, did_you_mean
from simulator.wire.fault_kinds import ANSWER, FAULTS, HTTP, OCPP, REQUEST, FaultKind
from simulator.wire.moment import LACKING, OfMoment
from simulator.wire.moment import RECEIVED as RECEIVED
from simulator.wire.moment import SENT as SENT
from simulator.wire.moment import Moment as Moment
from simulator.wire.spoken import unspoken_action, unspoken_method, unspoken_module

ALWAYS = "always"


class FaultError(Mistake, ValueError):
    """A fault that cannot be: `key` of the spec, and why."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key}: {why}" if key else why)
        self.key = key
        self.why = why


# Key of a spec -> what it says; texts may hold * and ?.
MATCHERS: Mapping[str, str] = {
    "wire": "ocpp or http; by default wherever the kind strikes",
    "actor": "at whose end: station/DE-AC-1, cpo, plugsurfing",
    "peer": "the other side; on HTTP only who asks knows it",
    "direction": "sent (default) or received, as the actor sees it",
    "of": "request or answer; by default an answer if the filter asks how it came out, else what"
    " the kind strikes first",
    "action": "the OCPP action, of an answer that of its request",
    "module": "the OCPI module",
    "method": "the HTTP method",
    "path": "the path of the URL",
    "where": "values in the payload, by JSON pointers: {/eventType: Started}",
    "filter": "what the filter picks, as in ~cp DE-AC-1 & ~a Authorize",
}
LIMITS: Mapping[str, str] = {
    "times": "so often, or `always`; 1, with `for` always",
    "after": "the first so many that fit pass",
    "probability": "how likely it strikes one that fits, 0 to 1",
    "for": "how long from now on, on the world's clock",
}
_GLOBS = ("actor", "peer", "action", "module", "method", "path")
# Matchers that name a message, and why none is called so.
_SPOKEN: Mapping[str, Callable[[str], str | None]] = {
    "action": unspoken_action,
    "module": unspoken_module,
    "method": unspoken_method,
}
# Matchers that take one of these.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "wire": (OCPP, HTTP), "direction": (SENT, RECEIVED), "of": (REQUEST, ANSWER),
}  # fmt: skip
_LASTING = ("actor", "for")


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, checked. `times` None: always; `for_s` None: until it is removed. `picks` is the
    filter of `match`.
    """

    kind: str
    match: Mapping[str, Any] = field(default_factory=dict)
    times: int | None = 1
    after: int = 0
    probability: float = 1.0
    for_s: float | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    picks: Filter = EVERYTHING

    @classmethod
    def parse(cls, spec: Any) -> Fault:
        """Read a spec. Raises FaultError, for the first thing that is wrong."""
        for error in problems(spec):
            raise error
        kind = FAULTS[spec["kind"]]
        for_s = None if spec.get("for") is None else seconds(spec["for"])
        unsaid = None if for_s is not None or kind.lasting else 1
        times = spec.get("times", unsaid)
        return cls(
            kind.name,
            {key: spec[key] for key in MATCHERS if spec.get(key) is not None},
            None if times == ALWAYS else times,
            spec.get("after", 0),
            float(spec.get("probability", 1.0)),
            for_s,
            {p.name: p.read(spec[p.name]) if p.name in spec else p.default
             for p in kind.parameters},
            _picks(spec.get("filter")),
        )  # fmt: skip

    def __getitem__(self, parameter: str) -> Any:
        return self.parameters[parameter]

    @property
    def row(self) -> FaultKind:
        """Its row of FAULTS."""
        return FAULTS[self.kind]

    def fits(self, moment: Moment) -> bool:
        """True for a message that it may strike."""
        struck, match = self.row.on.get(moment.wire), self.match
        if struck is None or match.get("wire", moment.wire) != moment.wire:
            return False
        if moment.of not in struck or (match.get("of") or self._of(struck)) != moment.of:
            return False
        either = moment.direction if self.row.either_end else SENT
        if match.get("direction", either) != moment.direction:
            return False
        for key in _GLOBS:
            wanted = match.get(key)
            if wanted is not None and not fnmatch.fnmatchcase(getattr(moment, key) or "", wanted):
                return False
        if self.picks is not EVERYTHING and not self.picks.matches(OfMoment(moment)):
            return False
        where = match.get("where")
        return where is None or all(_at(moment.payload(), p) == v for p, v in where.items())

    def _of(self, struck: tuple[str, ...]) -> str:
        """What it strikes unless told: an answer if its filter asks how something came out."""
        asks = ANSWER in struck and not OUTCOME.isdisjoint(asked(self.picks))
        return ANSWER if asks else struck[0]

    def concerns(self, actor: str) -> bool:
        """True for an actor that it may strike."""
        return fnmatch.fnmatchcase(actor, self.match.get("actor", "*"))

    def to_json(self) -> dict[str, Any]:
        """The spec again, every value told."""
        told: dict[str, Any] = {"kind": self.kind, **self.match}
        if not self.row.lasting:
            told["times"] = ALWAYS if self.times is None else self.times
            told["after"], told["probability"] = self.after, self.probability
        if self.for_s is not None:
            told["for"] = self.for_s
        parameters = {k: v for k, v in self.parameters.items() if v is not None}
        return {**told, **{k: list(v) if isinstance(v, tuple) else v
                           for k, v in parameters.items()}}  # fmt: skip


def shared(kind: FaultKind) -> tuple[str, ...]:
    """The keys of a kind's specs that are not its own: what matches, and limits."""
    return _LASTING if kind.lasting else (*MATCHERS, *LIMITS)


def problems(spec: Any) -> Iterator[FaultError]:
    """All that is wrong with a spec."""
    if not isinstance(spec, Mapping):
        yield FaultError("", f"expected a mapping with a kind, not {spec!r:.40}")
        return
    name = spec.get("kind")
    if not isinstance(name, str) or name not in FAULTS:
        why = "is missing" if name is None else f"no fault {name!r:.40}"
        hint = did_you_mean(name, FAULTS) if isinstance(name, str) else ""
        yield FaultError("kind", f"{why}.{hint or ' Known: ' + ', '.join(FAULTS) + '.'}")
        return
    kind = FAULTS[name]
    parameters = {parameter.name: parameter for parameter in kind.parameters}
    for key, value in spec.items():
        if key == "kind":
            continue
        if key not in parameters and key not in shared(kind):
            hint = did_you_mean(str(key), (*shared(kind), *parameters))
            yield FaultError(str(key), f"{name} has none.{hint}")
            continue
        try:
            if key in parameters:
                parameters[key].read(value)
            else:
                _check(kind, key, value)
        except ValueError as error:
            yield FaultError(key, str(error))


def _check(kind: FaultKind, key: str, value: Any) -> None:
    """Hold a matcher or a limit against what it takes. Raises ValueError."""
    if key in _GLOBS and not (isinstance(value, str) and value):
        raise ValueError(f"expected text, with * and ? for anything, not {value!r:.40}")
    if key == "actor" and value.startswith("station/") and list(kind.on) == [HTTP]:
        raise ValueError(f"{kind.name} strikes on {kind.wires} only, which no station speaks")
    if key in _SPOKEN and (why := _SPOKEN[key](value)) is not None:
        raise ValueError(why)
    if key in CHOICES and value not in CHOICES[key]:
        raise ValueError(f"expected {' or '.join(CHOICES[key])}, not {value!r:.40}")
    if key == "wire" and value not in kind.on:
        raise ValueError(f"{kind.name} strikes on {kind.wires} only")
    if key == "of" and not any(value in struck for struck in kind.on.values()):
        raise ValueError(f"{kind.name} strikes no {value}")
    if key == "where" and not (
        isinstance(value, Mapping) and all(isinstance(p, str) and p[:1] == "/" for p in value)
    ):
        raise ValueError("expected JSON pointers and values: {/eventType: Started}")
    if key == "filter":
        _picks(value)
    if key in _LIMITS_CHECKED and not _LIMITS_CHECKED[key][0](value):
        raise ValueError(f"expected {_LIMITS_CHECKED[key][1]}, not {value!r:.40}")
    if key == "for":
        seconds(value)


def _picks(told: Any) -> Filter:
    """A filter of messages. Raises ValueError."""
    if not isinstance(told, str | None):
        raise ValueError(f"expected text, as in ~cp CP1 & ~a Authorize, not {told!r:.40}")
    return parse(told or "", lacking=LACKING)


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value < 2**53


def _share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


_LIMITS_CHECKED: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "times": (lambda v: v == ALWAYS or _whole(v, 1), "a whole number from 1, or always"),
    "after": (lambda v: _whole(v, 0), "a whole number from 0"),
    "probability": (_share, "a number from 0 to 1"),
}


def from_words(text: str) -> dict[str, Any]:
    """Read `kind,key=value,…`, or a mapping in YAML or JSON. Raises FaultError."""
    if text.lstrip().startswith("{"):
        told = _yaml(text)
        if not isinstance(told, dict):
            raise FaultError("", "expected a mapping")
        return told
    kind, *pairs = (part.strip() for part in text.split(","))
    spec: dict[str, Any] = {"kind": kind}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise FaultError("", f"expected key=value, not '{pair}'")
        spec[key.strip()] = _yaml(value)
    return spec


def from_options(texts: Iterable[str]) -> list[Fault]:
    """Read what options of a command line say. Raises FaultError, which names the option."""
    faults = []
    for text in texts:
        try:
            faults.append(Fault.parse(from_words(text)))
        except FaultError as error:
            raise FaultError("", f"--fault {text}: {error}") from error
    return faults


def _yaml(text: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        raise FaultError("", f"not YAML: {str(error).splitlines()[0]}") from error


def _at(value: Any, pointer: str) -> Any:
    """What stands at a JSON pointer; a fault's `where` takes nothing for what is not there."""
    for step in (s.replace("~1", "/").replace("~0", "~") for s in pointer.split("/")[1:]):
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
