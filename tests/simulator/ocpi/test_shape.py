"""A version's shape is the canonical one with its changes."""

from __future__ import annotations

from simulator.ocpi.objects import Token
from simulator.ocpi.objects_billing import CDR
from simulator.ocpi.objects_location import Hours
from simulator.ocpi.schema import hints_of, schema_of
from simulator.ocpi.shape import CANONICAL, CONDITIONS, Shape
from simulator.ocpi.types import DATE_TIME_TEXT, String64, Text


def test_the_canonical_shape_changes_nothing() -> None:
    assert schema_of(Token, CANONICAL) == schema_of(Token)
    assert CANONICAL.conditions_of(CDR) == CONDITIONS[CDR]
    assert CANONICAL.conditions_of(Token) == ()


def test_fields_go_come_and_change() -> None:
    shape = Shape(fields={Token: {"contract_id": None, "auth_id": String64}})
    hints = hints_of(Token, shape)
    assert "contract_id" not in hints and hints["auth_id"] == String64
    assert schema_of(Token, shape)["properties"]["auth_id"]["maxLength"] == 64


def test_a_kind_of_text_changes_everywhere() -> None:
    shape = Shape(texts={DATE_TIME_TEXT: Text("moment", None, "^M$")})
    period = schema_of(CDR, shape)["properties"]["charging_periods"]["items"]
    assert period["properties"]["start_date_time"]["pattern"] == "^M$"


def test_conditions_are_replaced_by_class() -> None:
    shape = Shape(conditions={Hours: ()})
    assert "allOf" not in schema_of(Hours, shape)
    assert "allOf" in schema_of(CDR, shape)


def test_what_a_patch_needs() -> None:
    assert schema_of(Token, Shape(patch_needs=()), partial=True)["required"] == []
