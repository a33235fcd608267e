"""2.1.1 there and back: valid on the wire, and nothing lost that is not listed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.ocpi.codec import Around
from simulator.ocpi.headers import Party
from simulator.ocpi.v211 import CODEC, COMMAND_TIMEOUT_S
from simulator.ocpi.validate import What, errors, extras
from tests.simulator.ocpi.samples import kind_of, names, sample
from tests.simulator.ocpi.strategies import canonical, differences, listed

CPO, EMSP = Party("DE", "SNN"), Party("DE", "8PS")
LOCATION = sample("location")


def known_location(location_id: str) -> Any:
    return LOCATION if location_id == LOCATION["id"] else None


def known_token(contract_id: str) -> Any:
    return sample("token") if contract_id == sample("token")["contract_id"] else None


SENT = Around(CPO, EMSP, location=known_location, token=known_token, role="CPO")
TOKEN_SENT = Around(EMSP, CPO, location=known_location, role="EMSP")


def around(kind: str) -> Around:
    """Tokens and commands come from the eMSP, the rest from the CPO."""
    return TOKEN_SENT if kind.startswith(("token", "command:", "authorization")) else SENT


def down(name: str, **changes: Any) -> tuple[Any, list[str]]:
    kind = kind_of(name)
    obj = {**sample(name), **changes}
    wire, losses = CODEC.to_wire(kind, obj, around(kind), partial=name.endswith(".patch"))
    return wire, list(losses)


SENDABLE = [
    name
    for name in names()
    if CODEC.sends(kind_of(name), sample(name)) and not name.startswith("version")
]


@pytest.mark.parametrize("name", SENDABLE)
def test_our_samples_are_valid_on_the_wire(name: str) -> None:
    wire, _ = down(name)
    assert errors(kind_of(name), wire, "2.1.1", partial=name.endswith(".patch")) == []
    assert extras(kind_of(name), wire, "2.1.1") == []


@pytest.mark.parametrize("name", SENDABLE)
def test_our_samples_are_written_as_they_stand_among_the_fixtures(name: str) -> None:
    assert down(name)[0] == sample(name, "2.1.1")


@pytest.mark.parametrize("name", SENDABLE)
def test_what_differs_after_the_way_back_is_listed(name: str) -> None:
    kind, partial = kind_of(name), name.endswith(".patch")
    before = sample(name)
    wire, losses = CODEC.to_wire(kind, before, around(kind), partial=partial)
    back = CODEC.from_wire(kind, wire, around(kind), partial=partial)
    for place in differences(sample(name), back):
        assert listed(place, losses, before), place
    assert before == sample(name), "the codec changed its input"


KINDS = (
    "location",
    "evse",
    "connector",
    "tariff",
    "token",
    "location_references",
    "authorization_info",
    "session",
    "cdr",
    "command:START_SESSION",
    "command:STOP_SESSION",
    "command:RESERVE_NOW",
    "command:UNLOCK_CONNECTOR",
    "command_response",
    "command_result",
    "credentials",
)
# What 2.1.1 must have and nobody may know: a place's address within a session, a type of connector
# that came later, a period with no dimension but later ones.
NOT_OURS = ("/location", "/standard", "/charging_periods")


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_object_comes_back_but_for_what_is_listed(kind: str, data: st.DataObject) -> None:
    obj = data.draw(canonical(kind))
    if not CODEC.sends(kind, obj):
        return
    if kind == "credentials":
        obj["roles"][0]["role"] = "CPO"
    wire, losses = CODEC.to_wire(kind, obj, around(kind))
    for problem in errors(kind, wire, "2.1.1"):
        assert any(part in problem.pointer for part in NOT_OURS), problem.message
    assert extras(kind, wire, "2.1.1") == []
    back = CODEC.from_wire(kind, wire, around(kind))
    for place in differences(obj, back):
        if place in ("/country_code", "/party_id") or place.endswith(
            ("/token/country_code", "/token/party_id")
        ):
            continue  # told by the connection, not by the object
        if place.startswith("/tariffs/") and place.endswith(("country_code", "party_id")):
            continue
        assert listed(place, losses, obj), (place, losses)


@given(data=st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_second_way_loses_no_more(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    obj = data.draw(canonical(kind))
    if not CODEC.sends(kind, obj):
        return
    once, _ = CODEC.to_wire(kind, obj, around(kind))
    back = CODEC.from_wire(kind, once, around(kind))
    again, _ = CODEC.to_wire(kind, back, around(kind))
    places = differences(once, again)
    # A place that 2.1.1 calls OTHER has no canonical type.
    assert [place for place in places if not place.endswith("/type")] == []


TEXT = st.text(max_size=4)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=6,
)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_whatever_a_peer_sends_is_read(kind: str, data: st.DataObject) -> None:
    name = next(n for n in SENDABLE if kind_of(n) == kind and not n.endswith(".patch"))
    wire, _ = down(name)
    broken = (
        data.draw(st.dictionaries(st.sampled_from(sorted(wire)), JSON))
        if isinstance(wire, dict)
        else {}
    )
    for raw in ({**wire, **broken}, data.draw(JSON)):
        back = CODEC.from_wire(kind, raw, around(kind))
        CODEC.from_wire(kind, raw, around(kind), partial=True)
        CODEC.to_wire(kind, back, around(kind))
        CODEC.to_wire(kind, raw, around(kind), partial=True)
        CODEC.sends(kind, raw)


# Field by field


def test_a_token_s_contract_is_its_auth_id() -> None:
    wire, losses = down("token.app_user", type="APP_USER")
    assert wire == {
        "uid": "app-7f3c1a52",
        "type": "OTHER",
        "auth_id": "DE-8PS-C00000042-7",
        "issuer": "Plugsurfing",
        "valid": True,
        "whitelist": "NEVER",
        "last_updated": "2026-01-15T07:00:00Z",
    }
    assert losses == ["/type", "/last_updated"]
    back = CODEC.from_wire("token", wire, TOKEN_SENT)
    assert (back["country_code"], back["party_id"]) == ("DE", "8PS")
    assert back["contract_id"] == "DE-8PS-C00000042-7"


def test_a_price_loses_its_vat() -> None:
    wire, losses = down("session")
    assert str(wire["total_cost"]) == "6.862"
    assert "/total_cost/incl_vat" in losses
    assert CODEC.from_wire("session", wire, SENT)["total_cost"] == {"excl_vat": wire["total_cost"]}


def test_a_session_has_other_names() -> None:
    wire, losses = down("session")
    assert wire["start_datetime"] == "2026-01-15T08:00:00Z"
    assert wire["end_datetime"] == "2026-01-15T09:00:00Z"
    assert wire["auth_id"] == "DE-8PS-C12345678-X"
    assert "start_date_time" not in wire and "cdr_token" not in wire
    assert "/authorization_reference" in losses
    back = CODEC.from_wire("session", wire, SENT)
    assert back["cdr_token"] == sample("session")["cdr_token"], "the owner knows the token"


def test_a_contract_that_nobody_knows_stands_for_the_token() -> None:
    wire = {**down("session")[0], "auth_id": "DE-XXX-1"}
    assert CODEC.from_wire("session", wire, SENT)["cdr_token"] == {
        "country_code": "DE",
        "party_id": "8PS",
        "uid": "DE-XXX-1",
        "type": "RFID",
        "contract_id": "DE-XXX-1",
    }


def test_later_words_become_older_ones() -> None:
    wire, losses = down("session.reserved")
    assert (wire["status"], wire["auth_method"]) == ("PENDING", "AUTH_REQUEST")
    assert {"/status", "/auth_method"} <= set(losses)


def test_dimensions_that_came_later_are_left_out_with_empty_periods() -> None:
    power = {"type": "POWER", "volume": 11}
    energy = {"type": "ENERGY", "volume": 1}
    start = {"start_date_time": "2026-01-15T08:00:00Z"}
    periods = [{**start, "dimensions": [power]}, {**start, "dimensions": [power, energy]}]
    wire, losses = down("session", charging_periods=periods)
    assert wire["charging_periods"] == [{**start, "dimensions": [energy]}]
    assert "/charging_periods/0" in losses and "/charging_periods/1/dimensions/0" in losses


def test_a_session_patch_stays_a_part() -> None:
    wire, losses = down("session.patch")
    assert set(wire) == {"kwh", "charging_periods", "last_updated"}
    assert losses == ["/charging_periods/0/tariff_id"]
    assert CODEC.from_wire("session", wire, SENT, partial=True) == wire


def test_the_breakdown_of_a_cdr_is_lost() -> None:
    wire, losses = down("cdr")
    assert wire["stop_date_time"] == "2026-01-15T09:00:00Z"
    assert not [name for name in wire if name.startswith("total_") and name.endswith("_cost")][1:]
    assert {"/session_id", "/total_energy_cost", "/signed_data", "/tariffs/0/min_price"} <= set(
        losses
    )


@pytest.mark.parametrize(
    ("flag", "remark", "incl_vat", "told"),
    [
        (True, "HCC_E", None, "HCC_E"),
        (True, "HCC_V", 1, "HCC_V"),
        (True, None, None, "HCC_E"),
        (True, None, 1, "HCC_V"),
        (True, "Thanks", 1, "HCC_V"),
        (False, "HCC_E", 1, None),
        (None, "HCC_V", 1, None),
        (False, "Thanks", 1, "Thanks"),
    ],
)
def test_home_charging_is_told_by_the_remark(
    flag: bool | None, remark: str | None, incl_vat: int | None, told: str | None
) -> None:
    cost = {"excl_vat": 1, "incl_vat": incl_vat}
    wire, losses = down("cdr", home_charging_compensation=flag, remark=remark, total_cost=cost)
    assert wire.get("remark") == told
    assert ("/remark" in losses) == (told != remark)
    back = CODEC.from_wire("cdr", wire, SENT)
    assert bool(back.get("home_charging_compensation")) == bool(flag)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("location", {"publish": False}),
        ("tariff", {"type": "AD_HOC_PAYMENT"}),
        ("tariff", {"elements": [{"restrictions": {"reservation": "RESERVATION"}}]}),
        ("cdr", {"credit": True}),
    ],
)
def test_what_the_version_must_not_carry(kind: str, changes: dict[str, Any]) -> None:
    assert CODEC.sends(kind, sample(kind))
    assert not CODEC.sends(kind, {**sample(kind), **changes})


def test_there_is_no_cancelling_and_no_preference() -> None:
    assert not CODEC.sends("command:CANCEL_RESERVATION", {})
    assert not CODEC.sends("charging_preferences", {})


def test_a_restriction_that_cannot_be_said_takes_its_element_along() -> None:
    wire, losses = down("tariff")
    assert len(wire["elements"]) == 1
    assert "/elements/1" in losses and "/elements/2" in losses
    assert "vat" not in wire["elements"][0]["price_components"][0]


@pytest.mark.parametrize(
    ("name", "number", "lost"),
    [("17", 17, False), ("RES-5", 2_031_310_104, True), ("007", None, True)],
)
def test_a_reservation_is_numbered(name: str, number: int | None, lost: bool) -> None:
    wire, losses = down("command.RESERVE_NOW", reservation_id=name)
    assert isinstance(wire["reservation_id"], int)
    assert ("/reservation_id" in losses) == lost
    if not lost:
        assert wire["reservation_id"] == number
        back = CODEC.from_wire("command:RESERVE_NOW", wire, TOKEN_SENT)
        assert back["reservation_id"] == name
    assert wire == down("command.RESERVE_NOW", reservation_id=name)[0]


def test_one_enum_answers_commands_at_once_and_later() -> None:
    assert down("command_result") == ({"result": "REJECTED"}, ["/message", "/result"])
    assert CODEC.from_wire("command_result", {"result": "UNKNOWN_SESSION"})["result"] == "FAILED"
    assert CODEC.from_wire("command_result", {"result": "TIMEOUT"})["result"] == "TIMEOUT"
    assert CODEC.from_wire("command_response", {"result": "ACCEPTED"}) == {
        "result": "ACCEPTED",
        "timeout": COMMAND_TIMEOUT_S,
    }


def test_credentials_name_one_party() -> None:
    wire, losses = down("credentials")
    assert (wire["country_code"], wire["party_id"]) == ("DE", "SNN")
    assert "roles" not in wire and losses == ["/roles/1"]
    back = CODEC.from_wire("credentials", wire, SENT)
    assert back["roles"] == [sample("credentials")["roles"][0]]


def test_unknown_fields_and_values_survive() -> None:
    wire = {"uid": "1", "type": "NEW", "help": {"a": [1]}}
    back = CODEC.from_wire("token", wire, TOKEN_SENT)
    assert (back["type"], back["help"]) == ("NEW", {"a": [1]})


def test_missing_fields_are_found_missing() -> None:
    found = errors("cdr", {}, "2.1.1")
    assert {p.what for p in found} == {What.MISSING}
    assert "/stop_date_time" in {p.pointer for p in found}


@pytest.mark.parametrize("name", ["min_current", "max_current", "reservation"])
def test_a_restriction_that_is_null_goes_without_its_element(name: str) -> None:
    element = {**sample("tariff")["elements"][0], "restrictions": {name: None, "max_kwh": 5}}
    wire, losses = down("tariff", elements=[element])
    assert wire["elements"][0]["restrictions"] == {"max_kwh": 5}
    assert not [loss for loss in losses if "restrictions" in loss or loss == "/elements/0"]
