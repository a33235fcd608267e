"""JSON schemas of a version's objects, derived from their classes.

Rule: nothing is said twice: a schema knows what the annotations of the classes, the version's
changes and the conditions between fields say. Unknown fields are always allowed.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, get_args, get_origin, get_type_hints

from simulator.ocpi.shape import CANONICAL, EXPECTED, Schema, Shape
from simulator.ocpi.types import Amount, Filled, Text


def schema_of(cls: type, shape: Shape = CANONICAL, *, partial: bool = False) -> Schema:
    """The schema of a class. `partial`: of a PATCH, which may hold any of the fields."""
    return _Writer(shape).object(cls, partial=partial)


def hints_of(cls: type, shape: Shape = CANONICAL) -> dict[str, Any]:
    """The fields of a class in a version, with their hints."""
    hints = {**get_type_hints(cls, include_extras=True), **shape.fields.get(cls, {})}
    return {name: hint for name, hint in hints.items() if hint is not None}


class _Writer:
    """Write schemas in one version's shape."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape

    def object(self, cls: type, *, partial: bool = False) -> Schema:
        hints = hints_of(cls, self._shape)
        required = [name for name, hint in hints.items() if get_origin(hint) is not NotRequired]
        schema: Schema = {
            "type": "object",
            "properties": {name: self._field(hint) for name, hint in hints.items()},
            "required": [n for n in required if not partial or n in self._shape.patch_needs],
            EXPECTED: f"object ({cls.__name__})",
        }
        conditions = self._shape.conditions_of(cls)
        if conditions and not partial:
            schema["allOf"] = list(conditions)
        return schema

    def _field(self, hint: Any) -> Schema:
        if get_origin(hint) is not NotRequired:
            return self._value(hint)
        return _nullable(self._value(get_args(hint)[0]))

    def _value(self, hint: Any, marks: tuple[Any, ...] = ()) -> Schema:
        origin, args = get_origin(hint), get_args(hint)
        if origin is Annotated:
            return self._value(args[0], args[1:])
        for mark in marks:
            if isinstance(mark, Text):
                return _text(self._shape.texts.get(mark, mark))
            if isinstance(mark, Amount):
                return _amount(mark)
        if origin is list:
            return self._list(args[0], filled=any(isinstance(mark, Filled) for mark in marks))
        if origin is Literal:
            return {"enum": list(args), EXPECTED: f"one of {', '.join(args)}"}
        if hint is bool:
            return {"type": "boolean", EXPECTED: "true or false"}
        return self.object(hint)

    def _list(self, item: Any, *, filled: bool) -> Schema:
        schema: Schema = {"type": "array", "items": self._value(item), EXPECTED: "list"}
        if filled:
            schema |= {"minItems": 1, EXPECTED: "list of at least one"}
        return schema


def _nullable(schema: Schema) -> Schema:
    """The same, or null: an optional field may be null instead of absent."""
    schema = dict(schema)
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    if "type" in schema:
        schema["type"] = [schema["type"], "null"]
    if "allOf" in schema:
        conditions = {"allOf": schema.pop("allOf")}
        schema |= {"if": {"type": "object"}, "then": conditions}
    return schema


def _text(mark: Text) -> Schema:
    schema: Schema = {"type": "string", "pattern": mark.pattern, EXPECTED: mark.name}
    if mark.max_length is not None:
        schema["maxLength"] = mark.max_length
    if mark.min_length:
        schema["minLength"] = mark.min_length
    return schema


def _amount(mark: Amount) -> Schema:
    bounds = {"minimum": mark.minimum, "maximum": mark.maximum}
    return {
        "type": "integer" if mark.whole else "number",
        EXPECTED: mark.name,
        **{name: bound for name, bound in bounds.items() if bound is not None},
    }
