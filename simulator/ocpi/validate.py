"""Every error of a raw object: where it is, what was seen, what was expected.

Rule: the raw wire is judged, in the version's own shape, and nothing stops at the first error.
Unknown fields are never an error (`extras` lists them); unknown enum values are told apart, since
some readers tolerate them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

import jsonschema_rs

from simulator.ocpi.envelope import Json
from simulator.ocpi.schema import schema_of
from simulator.ocpi.shape import EXPECTED, Schema
from simulator.ocpi.versions import VERSIONS


class What(StrEnum):
    """The sorts of problems."""

    MISSING = "missing"
    TYPE = "type"
    FORMAT = "format"
    LENGTH = "length"
    RANGE = "range"
    ENUM = "enum"
    CARDINALITY = "cardinality"
    CONDITION = "condition"


@dataclass(frozen=True, slots=True)
class Problem:
    """One error: JSON pointer, what was expected there and what was seen."""

    pointer: str
    what: What
    expected: str
    seen: Json

    @property
    def message(self) -> str:
        """In words."""
        if self.what is What.MISSING:
            return f"{self.pointer}: missing; expected {self.expected}"
        return f"{self.pointer or '/'}: expected {self.expected}, not {_short(self.seen)}"


def errors(
    kind: str,
    obj: Json,
    version: str,
    *,
    partial: bool = False,
    unknown_enums: bool = True,
) -> list[Problem]:
    """All problems of an object as a version's wire has it, in the order of the schema.

    `partial` judges the body of a PATCH: any of the fields, with `last_updated` from 2.2 on.
    `unknown_enums=False` lets enum values pass that the version does not know. Raises KeyError for
    a kind that the version does not have.
    """
    schema, validator = _compiled(kind, version, partial)
    problems = [_problem(error, schema) for error in validator.iter_errors(obj)]
    return [p for p in problems if unknown_enums or p.what is not What.ENUM]


def extras(kind: str, obj: Json, version: str) -> list[str]:
    """The pointers of fields that the version does not know, however deep. Raises KeyError."""
    schema, _ = _compiled(kind, version, False)
    return list(_unknown(schema, obj, ""))


@cache
def _compiled(
    kind: str, version: str, partial: bool
) -> tuple[Schema, jsonschema_rs.Draft202012Validator]:
    shape = VERSIONS[version].shape
    schema = schema_of(shape.kinds[kind], shape, partial=partial)
    return schema, jsonschema_rs.Draft202012Validator(schema)


# How a schema's keyword failed, in our words; for the others, see `_problem`.
_WHAT: Mapping[str, What] = {
    "type": What.TYPE,
    "enum": What.ENUM,
    "pattern": What.FORMAT,
    "minLength": What.LENGTH,
    "maxLength": What.LENGTH,
    "minimum": What.RANGE,
    "maximum": What.RANGE,
    "minItems": What.CARDINALITY,
    "anyOf": What.CONDITION,
}


def _problem(error: jsonschema_rs.ValidationError, schema: Schema) -> Problem:
    *place, keyword = error.schema_path
    node: Any = schema
    for step in place:
        node = node[step]
    pointer = _pointer(error.instance_path)
    if keyword in ("required", "dependentRequired"):
        name = getattr(error.kind, "property", "")
        own = node.get("properties", {}).get(name, {})
        wanted = own.get(EXPECTED) or node.get(EXPECTED, "a value")
        return Problem(f"{pointer}/{_escape(name)}", What.MISSING, wanted, None)
    seen = error.instance
    return Problem(pointer, _WHAT[str(keyword)], node.get(EXPECTED, str(keyword)), seen)


def _unknown(schema: Schema, obj: Json, pointer: str) -> Iterator[str]:
    if isinstance(obj, list) and "items" in schema:
        for index, item in enumerate(obj):
            yield from _unknown(schema["items"], item, f"{pointer}/{index}")
    if not isinstance(obj, dict) or "properties" not in schema:
        return
    for name, value in obj.items():
        here = f"{pointer}/{_escape(name)}"
        known = schema["properties"].get(name)
        if known is None:
            yield here
        else:
            yield from _unknown(known, value, here)


def _pointer(path: list[str | int]) -> str:
    return "".join(f"/{_escape(str(step))}" for step in path)


def _escape(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def _short(value: Json) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    text = "null" if value is None else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
