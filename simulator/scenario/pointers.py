"""The places that an expectation can point at: what stands in messages, by the standards' schemas,
and in the journal's other records.

Rule: a name is refused where nothing that could fit has it and one that something has is near: it
is misspelt, and what points nowhere would let a `never` pass for ever. Any other name may be a
vendor's own field. Schemas are read when they are first asked for, and each pointer is judged once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple

from simulator.kernel.events import EVENTS, PARTICULARS
from simulator.mistakes import did_you_mean, meant
from simulator.ocpi.bodies import BODIES, schemas
from simulator.ocpi.versions import VERSIONS
from simulator.scenario.compare import COMPARATORS, glob, is_comparison
from simulator.wire.ocpp_messages import MessageType, OcppVersion
from simulator.wire.ocpp_schema import actions, schema

_OWN = ' A field of somebody\'s own is found as in "": {contains: …}.'
# Where a message begins is where its pointers begin: what some would write before them.
_WHOLE = frozenset({"payload", "body", "request", "response", "answer", "data"})
_WHOLES: Mapping[str, frozenset[str]] = {
    "ocpp": _WHOLE,
    "ocpi": _WHOLE | {"cdr", "session", "token", "location", "tariff", "status_code"},
    "event": frozenset({"data"}),
    "fault": frozenset({"data"}),
}
_OF_ANY = ("seq", "at", "leg", "actor", "peer", "session")
# What the records of the other legs hold (docs/journal.md).
_RECORDS: Mapping[str, tuple[str, ...]] = {
    "event": tuple(sorted(PARTICULARS)),
    "finding": (
        *_OF_ANY, "rule", "severity", "pointer", "seen", "expected", "message_seq", "objects",
    ),
    "step": (*_OF_ANY, "step", "arguments"),
    "fault": ("id", "did", "wire", "direction", "of", "action", "message", "held", "name"),
}  # fmt: skip
# The parts of a match that only messages have -> the legs that have them.
_ONLY: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("answer", "direction", "version"), ("ocpp", "ocpi")),
    **dict.fromkeys(("headers", "path", "query", "http", "status"), ("ocpi",)),
    **dict.fromkeys(("severity", "pointer", "seen"), ("finding",)),
    "error": ("ocpp",),
}
# The definition of objects that anybody may put anything into (OCPP 2.0.1 part 2, CustomDataType).
_OPEN = "CustomDataType"
_VERSIONS = frozenset({*OcppVersion, *VERSIONS})
# Of what was judged before; whoever asks may ask for ever.
_KEPT = 1000
_SCALARS = frozenset({"string", "number", "integer", "boolean", "null"})


class Looked(NamedTuple):
    """What is looked at: a leg, the name on it (a pattern), a version (None: any)."""

    leg: str
    name: str
    version: str | None = None

    @classmethod
    def of(cls, leg: str, name: str, version: Any) -> Looked:
        """The same of a version as it was written: comparators leave all of them."""
        known = isinstance(version, str) and version in _VERSIONS
        return cls(leg, name, version if known else None)


class _Node(NamedTuple):
    """What a schema says of a place, and the definitions that it refers to."""

    schema: Mapping[str, Any]
    definitions: Mapping[str, Any]


def not_there(leg: str, part: str) -> str | None:
    """Why nothing on a leg has this part of a match; None if something has."""
    legs = _ONLY.get(part)
    if legs is None or not leg or leg in legs:
        return None
    return f"nothing of '{leg}' has that, {' and '.join(legs)} alone"


def nowhere(looked: Looked, part: str, pointer: str, wanted: Any) -> str | None:
    """Why nothing will ever stand at a pointer into a `part` (where, answer), or no such value, or
    no header be such; None if it can be.
    """
    why = None if part == "headers" else misplaced(looked, part, pointer)
    if why is None and isinstance(wanted, Mapping) and not is_comparison(wanted):
        why = _no_value(looked, part, pointer, wanted)
    return why


@lru_cache(_KEPT)
def misplaced(looked: Looked, part: str, pointer: str) -> str | None:
    """Why nothing will ever stand at a pointer into a `part` (where, answer); None if it can."""
    if "${" in pointer or not pointer:
        return None
    if _bodiless(looked, part):
        return "a GET and a DELETE carry no body: look into the answer"
    return _walk(looked, part, pointer)[1]


def _no_value(looked: Looked, part: str, pointer: str, wanted: Mapping[Any, Any]) -> str | None:
    """Why a mapping that compares nothing is no value that could stand there; None if it could:
    there is an object with such fields.
    """
    if not wanted or "${" in pointer or any("${" in str(name) for name in wanted):
        return None
    nodes = () if part == "headers" else _walk(looked, part, pointer)[0]
    known = {name for node in nodes for name in node.schema.get("properties", ())}
    wrong = next((str(name) for name in wanted if name not in known), None)
    if wrong is None:
        return None
    hint = did_you_mean(wrong, known | COMPARATORS.keys())
    return f"no comparator '{wrong}'.{hint} A mapping as it is: {{eq: {{…}}}}."


# Walking


@lru_cache(_KEPT)
def _walk(looked: Looked, part: str, pointer: str) -> tuple[tuple[_Node, ...], str | None]:
    """What can stand at a pointer (nothing where that is not known), and why nothing can."""
    nodes = _roots(looked, part)
    if not nodes:
        return (), None
    whole = _WHOLES.get(looked.leg, frozenset())
    for step in (s.replace("~1", "/").replace("~0", "~") for s in pointer.split("/")[1:]):
        found = tuple(_below(nodes, step))
        if not found:
            return (), _unknown(nodes, step, whole)
        nodes, whole = found, frozenset()
    return nodes, None


def _below(nodes: Iterable[_Node], step: str) -> Iterator[_Node]:
    for schema_, definitions in nodes:
        properties = schema_.get("properties", {})
        if step in properties:
            yield _node(properties[step], definitions)
        elif "items" in schema_ and step.lstrip("-").isdecimal():
            yield _node(schema_["items"], definitions)
        elif step == "length" and ("items" in schema_ or properties):
            yield _Node({"type": "integer"}, {})


def _unknown(nodes: Iterable[_Node], step: str, whole: frozenset[str]) -> str | None:
    """Why a step leads nowhere; None where it may yet lead somewhere."""
    schemas_ = [node.schema for node in nodes]
    if any(_anything(each) for each in schemas_):
        return None
    known = {name for each in schemas_ for name in each.get("properties", ())}
    lists = any("items" in each for each in schemas_)
    if lists and (step == "*" or not known):
        return f"a list stands there, not '{step}': expected a number (-1 is the last), or length"
    near = meant(step, known | whole)
    if near is None:
        return None
    if near not in known:
        example = f", as in /{min(known)}" if known else ""
        return f"pointers begin within what a message holds{example}, not with '{step}'"
    return f"no field is called '{step}' there. Did you mean '{near}'?{_OWN}"


def _anything(schema_: Mapping[str, Any]) -> bool:
    """True for a place of which nothing is said, or that takes whatever there is."""
    told = schema_.get("type")
    scalar = "enum" in schema_ or (
        set(told) <= _SCALARS if isinstance(told, list) else told in _SCALARS
    )
    return not scalar and "properties" not in schema_ and "items" not in schema_


def _node(schema_: Mapping[str, Any], definitions: Mapping[str, Any]) -> _Node:
    reference = schema_.get("$ref")
    if reference is not None:
        name = str(reference).rpartition("/")[2]
        schema_ = {} if name == _OPEN else definitions[name]
    return _Node(schema_, definitions)


# Where pointers begin


def _bodiless(looked: Looked, part: str) -> bool:
    """True for OCPI requests that never have a body."""
    method = looked.name.partition(" ")[0]
    return (looked.leg, part) == ("ocpi", "where") and method in ("GET", "DELETE")


@lru_cache(_KEPT)
def _roots(looked: Looked, part: str) -> tuple[_Node, ...]:
    """What a part of all that fits can be; nothing where that is not known."""
    if not looked.leg:
        every = (
            Looked(leg, "* *" if leg == "ocpi" else "*") for leg in ("ocpp", "ocpi", *_RECORDS)
        )
        return tuple(node for each in every for node in _roots(each, part))
    return tuple(_ROOTS[looked.leg](looked, part))


def _ocpp(looked: Looked, part: str) -> Iterator[_Node]:
    kinds = (MessageType.CALLRESULT,) if part == "answer" else (MessageType.CALL, MessageType.SEND)
    for version in OcppVersion:
        for action in sorted(actions(version)) if looked.version in (None, version) else ():
            if glob(looked.name, action):
                read = (_schema(version, action, kind) for kind in kinds)
                told = next((each for each in read if each is not None), None)
                if told is not None:
                    yield _Node(told, told.get("definitions", {}))


@cache
def _schema(version: OcppVersion, action: str, kind: int) -> dict[str, Any] | None:
    return schema(version, action, kind)


def _ocpi(looked: Looked, part: str) -> Iterator[_Node]:
    for method, module in BODIES:
        if glob(looked.name, f"{method} {module}"):
            for each in schemas(method, module, looked.version, answer=part == "answer"):
                yield _Node(each, {})


def _record(looked: Looked, part: str) -> Iterator[_Node]:
    """Of an event that is nobody's here nothing is known."""
    own = looked.leg != "event" or any(glob(looked.name, event) for event in EVENTS)
    if own and part == "where":
        yield _Node({"properties": {name: {} for name in _RECORDS[looked.leg]}}, {})


_ROOTS = {"ocpp": _ocpp, "ocpi": _ocpi, **dict.fromkeys(_RECORDS, _record)}
