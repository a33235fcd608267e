"""JSON schemas of OCPI objects, derived from their classes.

Rule: nothing is said twice. What a schema knows comes from the annotations of the classes, except
the conditions between fields, which stand in `CONDITIONS`. Unknown fields are always allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, NotRequired, get_args, get_origin, get_type_hints

from simulator.ocpi import objects, objects_location
from simulator.ocpi.types import Amount, Filled, Text

Schema = dict[str, Any]
EXPECTED = "x-expected"  # beside each limit: our words for it


def _when(field: str, value: object) -> Schema:
    return {"properties": {field: {"const": value}}, "required": [field]}


# What the specification's prose demands between fields of one object.
CONDITIONS: Mapping[type, tuple[Schema, ...]] = MappingProxyType(
    {
        objects_location.Hours: (
            {
                "if": _when("twentyfourseven", False),
                "then": {
                    "required": ["regular_hours"],
                    "properties": {"regular_hours": {"type": "array", "minItems": 1}},
                    EXPECTED: "regular hours, as it is not open 24 hours, 7 days",
                },
            },
        ),
        objects_location.PublishTokenType: (
            {
                "anyOf": [
                    {"required": ["uid"]},
                    {"required": ["visual_number"]},
                    {"required": ["group_id"]},
                ],
                EXPECTED: "uid, visual_number or group_id",
            },
            {
                "dependentRequired": {"uid": ["type"], "visual_number": ["issuer"]},
                EXPECTED: "type beside uid, issuer beside visual_number",
            },
        ),
        objects.StartSession: (
            {
                "dependentRequired": {"connector_id": ["evse_uid"]},
                EXPECTED: "evse_uid, as connector_id is set",
            },
        ),
        objects.CDR: (
            {
                "if": _when("credit", True),
                "then": {
                    "required": ["credit_reference_id"],
                    EXPECTED: "credit_reference_id, as this is a credit CDR",
                },
                "else": {
                    "properties": {
                        "id": {"maxLength": 36, EXPECTED: "CiString(36), as this is no credit CDR"}
                    }
                },
            },
        ),
    }
)


def schema_of(cls: type, *, partial: bool = False) -> Schema:
    """The schema of a class. `partial`: of a PATCH, where only `last_updated` is required."""
    hints = get_type_hints(cls, include_extras=True)
    required = [name for name, hint in hints.items() if get_origin(hint) is not NotRequired]
    schema: Schema = {
        "type": "object",
        "properties": {name: _field(hint) for name, hint in hints.items()},
        "required": [name for name in required if name == "last_updated" or not partial],
        EXPECTED: f"object ({cls.__name__})",
    }
    conditions = CONDITIONS.get(cls, ())
    if conditions and not partial:
        schema["allOf"] = list(conditions)
    return schema


def _field(hint: Any) -> Schema:
    if get_origin(hint) is not NotRequired:
        return _value(hint)
    return _nullable(_value(get_args(hint)[0]))


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


def _value(hint: Any, marks: tuple[Any, ...] = ()) -> Schema:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _value(args[0], args[1:])
    for mark in marks:
        if isinstance(mark, Text):
            return _text(mark)
        if isinstance(mark, Amount):
            return _amount(mark)
    if origin is list:
        return _list(args[0], filled=any(isinstance(mark, Filled) for mark in marks))
    if origin is Literal:
        return {"enum": list(args), EXPECTED: f"one of {', '.join(args)}"}
    if hint is bool:
        return {"type": "boolean", EXPECTED: "true or false"}
    return schema_of(hint)


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


def _list(item: Any, *, filled: bool) -> Schema:
    schema: Schema = {"type": "array", "items": _value(item), EXPECTED: "list"}
    if filled:
        schema |= {"minItems": 1, EXPECTED: "list of at least one"}
    return schema
