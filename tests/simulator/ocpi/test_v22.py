"""2.2 there and back: valid on the wire, and nothing lost that is not listed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.ocpi.codec import Around
from simulator.ocpi.headers import Party
from simulator.ocpi.schema import hints_of
from simulator.ocpi.v22 import CODEC, SHAPE
from simulator.ocpi.validate import errors, extras
from tests.simulator.ocpi.samples import kind_of, names, sample
from tests.simulator.ocpi.strategies import canonical, differences, listed

AROUND = Around(Party("DE", "SNN"), Party("DE", "8PS"))
KINDS = ("location", "evse", "connector", "session", "cdr", "token", "command:START_SESSION")


@pytest.mark.parametrize("name", names())
def test_our_samples_are_valid_on_the_wire_and_come_back(name: str) -> None:
    kind, partial = kind_of(name), name.endswith(".patch")
    wire, losses = CODEC.to_wire(kind, sample(name), AROUND, partial=partial)
    assert errors(kind, wire, "2.2", partial=partial) == []
    assert extras(kind, wire, "2.2") == []
    back = CODEC.from_wire(kind, wire, AROUND, partial=partial)
    for place in differences(sample(name), back):
        assert listed(place, losses, sample(name)), place


def test_what_2_2_writes_otherwise_stands_among_the_fixtures() -> None:
    for name in names():
        wire = CODEC.to_wire(kind_of(name), sample(name), AROUND).obj
        assert (wire == sample(name)) == (name not in names("2.2")), name
        assert wire == sample(name, "2.2" if name in names("2.2") else "2.2.1"), name


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_object_comes_back_but_for_what_is_listed(kind: str, data: st.DataObject) -> None:
    obj = data.draw(canonical(kind))
    wire, losses = CODEC.to_wire(kind, obj, AROUND)
    later = [p for p in errors(kind, wire, "2.2") if not p.pointer.endswith("standard")]
    assert later == [], "but for connectors that came later"
    assert extras(kind, wire, "2.2") == []
    back = CODEC.from_wire(kind, wire, AROUND)
    for place in differences(obj, back):
        if place.startswith("/cdr_token/"):
            assert place.endswith(("/country_code", "/party_id"))
            continue
        assert listed(place, losses, obj), (place, losses)


def test_no_change_is_idle() -> None:
    for cls, changes in SHAPE.fields.items():
        for name, hint in changes.items():
            assert hints_of(cls)[name] != hint, f"{cls.__name__}.{name}"


def test_what_2_2_1_added_is_lost() -> None:
    def losses(name: str, **changes: Any) -> tuple[str, ...]:
        return CODEC.to_wire(kind_of(name), {**sample(name), **changes}, AROUND).losses

    assert losses("command.START_SESSION") == ("/connector_id",)
    assert losses("evse", capabilities=["START_SESSION_CONNECTOR_REQUIRED"]) == ("/capabilities/0",)
    assert losses("connector", power_type="AC_2_PHASE") == ("/power_type",)
    assert losses("cdr") == ("/cdr_location/state",)
    assert losses("token") == ()


def test_the_token_of_a_session_belongs_to_the_receiver() -> None:
    wire, losses = CODEC.to_wire("session", sample("session"), AROUND)
    assert set(wire["cdr_token"]) == {"uid", "type", "contract_id"} and losses == ()
    assert CODEC.from_wire("session", wire, AROUND) == sample("session")


def test_home_charging_is_told_by_a_field_more() -> None:
    """Plugsurfing wants 2.2.1's flag in 2.2, too; a remark alone tells nothing there."""
    cdr = {**sample("cdr"), "home_charging_compensation": True, "remark": "HCC_V"}
    wire, losses = CODEC.to_wire("cdr", cdr, AROUND)
    assert wire["home_charging_compensation"] is True and wire["remark"] == "HCC_V"
    assert losses == ("/cdr_location/state",)
    back = CODEC.from_wire("cdr", wire, AROUND)
    assert back["home_charging_compensation"] is True
    del wire["home_charging_compensation"]
    assert "home_charging_compensation" not in CODEC.from_wire("cdr", wire, AROUND)
