"""Schemas come from the classes: required, optional, lists, limits, conditions."""

from __future__ import annotations

from simulator.ocpi.objects import KINDS, Token
from simulator.ocpi.objects_billing import CDR
from simulator.ocpi.objects_location import EVSE, Connector, Hours
from simulator.ocpi.schema import schema_of
from simulator.ocpi.shape import EXPECTED


def test_cardinality_one_is_required_and_not_null() -> None:
    schema = schema_of(Token)
    assert "uid" in schema["required"] and "group_id" not in schema["required"]
    assert schema["properties"]["uid"]["type"] == "string"
    assert schema["properties"]["uid"]["maxLength"] == 36


def test_an_optional_field_may_be_null() -> None:
    properties = schema_of(Token)["properties"]
    assert properties["group_id"]["type"] == ["string", "null"]
    assert None in properties["default_profile_type"]["enum"]
    assert properties["energy_contract"]["type"] == ["object", "null"]


def test_a_plus_list_holds_one_at_least() -> None:
    assert schema_of(EVSE)["properties"]["connectors"]["minItems"] == 1
    assert "minItems" not in schema_of(Connector)["properties"]["tariff_ids"]


def test_a_patch_needs_last_updated_alone() -> None:
    assert schema_of(CDR, partial=True)["required"] == ["last_updated"]


def test_conditions_hold_for_an_optional_object_only_where_it_is_one() -> None:
    assert schema_of(Hours)["allOf"]
    opening = schema_of(KINDS["location"])["properties"]["opening_times"]
    assert "allOf" not in opening and opening["if"] == {"type": "object"}


def test_every_property_says_what_is_expected() -> None:
    for cls in KINDS.values():
        for name, schema in schema_of(cls)["properties"].items():
            assert schema[EXPECTED], f"{cls.__name__}.{name}"
