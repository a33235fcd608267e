"""How the objects of a version differ from the canonical ones: fields, texts, conditions.

Rule: a version's classes are the canonical ones plus a table of changes; only what differs is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.ocpi import objects, objects_billing, objects_location
from simulator.ocpi.types import Text

Schema = dict[str, Any]
EXPECTED = "x-expected"  # beside each limit of a schema: our words for it


def _when(name: str, value: object) -> Schema:
    return {"properties": {name: {"const": value}}, "required": [name]}


# What the specification's prose demands between the fields of one object.
CONDITIONS: Mapping[type, tuple[Schema, ...]] = {
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
    objects_billing.CDR: (
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


@dataclass(frozen=True, slots=True)
class Shape:
    """The objects of one version.

    `fields` holds, by class, the hints of fields that are new or other, and None for a field that
    is not there. `texts` replaces kinds of text everywhere. `conditions` replaces those of a class.
    `patch_needs` are the fields that every PATCH must have.
    """

    kinds: Mapping[str, type] = field(default_factory=lambda: objects.KINDS)
    fields: Mapping[type, Mapping[str, Any]] = field(default_factory=dict)
    texts: Mapping[Text, Text] = field(default_factory=dict)
    conditions: Mapping[type, tuple[Schema, ...]] = field(default_factory=dict)
    patch_needs: tuple[str, ...] = ("last_updated",)

    def conditions_of(self, cls: type) -> tuple[Schema, ...]:
        """The conditions between the fields of a class."""
        return self.conditions.get(cls, CONDITIONS.get(cls, ()))


CANONICAL = Shape()
