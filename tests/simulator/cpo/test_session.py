"""From what a station tells to session and CDR."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.cpo.authorize import Decision, Verdict
from simulator.cpo.readings import Reading
from simulator.cpo.session import Event, Head, Kind, Place, Session, replay
from simulator.ocpi.tariff import price
from simulator.ocpi.validate import errors
from tests.simulator.cpo.world import LOCATION, TARIFF, token

START = datetime(2026, 1, 15, 7, tzinfo=UTC)
CDR_LOCATION = {
    "id": "LOC1",
    "address": "Kaistraße 5",
    "city": "Kiel",
    "country": "DEU",
    "coordinates": LOCATION["coordinates"],
    "evse_uid": "E1",
    "evse_id": "DE*ABC*E1",
    "connector_id": "1",
    "connector_standard": "IEC_62196_T2",
    "connector_format": "SOCKET",
    "connector_power_type": "AC_3_PHASE",
}
PLACE = Place(CDR_LOCATION, "Europe/Berlin", "EUR", TARIFF)
ALLOWED = Decision(
    Verdict.ALLOWED,
    "CARD1",
    "eMSP says ALLOWED",
    START,
    method="AUTH_REQUEST",
    connection_id="p1",
    token=token(),
    reference="AUTH-1",
)
REFUSED = Decision(Verdict.BLOCKED, "CARD1", "eMSP says BLOCKED", START, connection_id="p1")


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def head(place: Place = PLACE) -> Head:
    return Head("S1", "DE", "ABC", "CP1", "TX1", 1, place, START, "CP1-1-1")


def event(
    minutes: float, kind: Kind = "updated", *, kwh: str | None = None, **fields: Any
) -> Event:
    readings = fields.pop("readings", ())
    if kwh is not None:
        readings = (Reading(at(minutes), register_kwh=Decimal(kwh)),)
    return Event(kind, at(minutes), at(minutes), readings=readings, **fields)


def session(*events: Event, place: Place = PLACE) -> Session:
    return replay(head(place), events)


BEGUN = event(0, "started", kwh="100", decision=ALLOWED)


def test_a_16_session_from_start_to_cdr() -> None:
    done = session(
        BEGUN,
        event(0, state="Charging"),
        event(30, kwh="105"),
        event(60, kwh="110"),
        event(60, state="SuspendedEV"),
        event(90, "ended", kwh="110", reason="Local"),
    )
    cdr = done.to_cdr(at(91))
    assert done.status == "COMPLETED"
    assert (cdr["total_energy"], cdr["total_time"]) == (10, Decimal("1.5"))
    assert cdr["total_parking_time"] == Decimal("0.5")
    assert [p["dimensions"] for p in cdr["charging_periods"]] == [
        [{"type": "TIME", "volume": 1}, {"type": "ENERGY", "volume": 10}],
        [{"type": "PARKING_TIME", "volume": Decimal("0.5")}, {"type": "ENERGY", "volume": 0}],
    ]
    # 1 to begin, 10 kWh at 0.5, half an hour of parking at 6
    assert cdr["total_cost"] == {"excl_vat": 9, "incl_vat": Decimal("10.71")}
    assert cdr["total_fixed_cost"]["excl_vat"] == 1
    assert cdr["total_energy_cost"]["excl_vat"] == 5
    assert cdr["total_parking_cost"]["excl_vat"] == 3
    assert "total_time_cost" not in cdr
    assert cdr["authorization_reference"] == "AUTH-1"
    assert cdr["cdr_token"]["contract_id"] == "DE-EMP-CARD1"
    assert cdr["tariffs"] == [TARIFF]
    assert len(cdr["id"]) <= 36


def test_what_is_told_is_valid_in_221() -> None:
    running = session(BEGUN, event(5, kwh="101"))
    assert errors("session", running.to_ocpi(), "2.2.1") == []
    assert errors("session", running.to_patch(0), "2.2.1", partial=True) == []
    running.apply(event(9, "ended", kwh="102"))
    assert errors("session", running.to_ocpi(), "2.2.1") == []
    assert errors("cdr", running.to_cdr(at(9)), "2.2.1") == []


def test_a_201_session_begins_when_card_and_cable_are_there() -> None:
    plugged_first = session(
        event(0, "started", state="EVConnected", kwh="7"), event(2, decision=ALLOWED)
    )
    assert (plugged_first.status, plugged_first.active_at) == ("ACTIVE", at(2))
    card_first = session(event(0, "started", state="Idle", decision=ALLOWED))
    assert (card_first.status, card_first.active_at) == ("PENDING", None)
    card_first.apply(event(1, state="EVConnected"))
    assert (card_first.status, card_first.active_at) == ("ACTIVE", at(1))


def test_who_never_plugs_in_pays_nothing() -> None:
    done = session(
        event(0, "started", state="Idle", decision=ALLOWED), event(3, "ended", reason="Timeout")
    )
    assert done.status == "INVALID"
    assert done.to_ocpi()["status"] == "INVALID"


def test_a_session_that_was_refused_is_invalid() -> None:
    done = session(event(0, "started", kwh="1", decision=REFUSED), event(1, "ended", kwh="2"))
    assert done.status == "INVALID"
    assert done.refusal == REFUSED
    assert done.connection_id is None


def test_waiting_to_begin_is_no_parking_but_waiting_after_it_is() -> None:
    done = session(
        event(0, "started", state="EVConnected", decision=ALLOWED, kwh="0"),
        event(10, state="Charging", kwh="0"),
        event(20, state="EVConnected", kwh="2"),
        event(40, "ended", kwh="2"),
    )
    kinds = [p.dimension for p in done.metering.closed] if done.metering else []
    assert kinds == ["TIME", "PARKING_TIME"]


@pytest.mark.parametrize(
    ("state", "kind"),
    [("SuspendedEVSE", "TIME"), ("SuspendedEV", "PARKING_TIME"), ("Charging", "TIME")],
)
def test_parking_is_the_cars_choice(state: str, kind: str) -> None:
    done = session(BEGUN, event(10, state=state, kwh="101"), event(20, "ended", kwh="101"))
    assert done.metering is not None
    assert done.metering.closed[-1].dimension == kind


def test_a_meter_that_goes_back_is_noted_and_costs_nothing() -> None:
    done = session(BEGUN, event(10, kwh="105"), event(20, kwh="1"), event(30, "ended", kwh="3"))
    assert done.kwh == 7
    assert "went back" in done.odd[0]


def test_a_reading_of_a_time_to_come_is_noted_and_left_out() -> None:
    far = (Reading(at(3 * 1440), register_kwh=Decimal(999)),)
    done = session(BEGUN, event(10, readings=far), event(20, "ended", kwh="101"))
    assert done.kwh == 1
    assert "which is to come" in done.odd[0]


def test_intervals_count_where_there_is_no_register() -> None:
    more = (Reading(at(10), interval_kwh=Decimal("0.5")),)
    done = session(event(0, "started", decision=ALLOWED), event(10, readings=more))
    done.apply(event(20, "ended", readings=(Reading(at(20), interval_kwh=Decimal("0.25")),)))
    assert done.kwh == Decimal("0.75")


def test_what_was_told_before_counts_once() -> None:
    told = (
        Reading(at(5), register_kwh=Decimal(101)),
        Reading(at(10), register_kwh=Decimal(102)),
        Reading(at(12), register_kwh=Decimal(103)),
    )
    done = session(BEGUN, event(10, kwh="102"), event(12, "ended", readings=told))
    assert done.kwh == 3


def test_events_after_the_end_change_nothing() -> None:
    done = session(BEGUN, event(10, "ended", kwh="101"))
    before = done.to_cdr(at(10))
    done.apply(event(8, kwh="150", state="SuspendedEV", seq_no=3))
    assert done.to_cdr(at(10)) == before
    assert done.has_seen(3)
    assert not done.has_seen(4)
    assert not done.has_seen(None)


def test_the_last_reference_given_counts() -> None:
    later = msgspec.structs.replace(ALLOWED, reference="AUTH-2")
    done = session(BEGUN, event(1, decision=later), event(2, "ended"))
    assert done.to_cdr(at(2))["authorization_reference"] == "AUTH-2"


def test_an_interruption_is_told() -> None:
    alone = msgspec.structs.replace(
        ALLOWED, interrupted=True, reference=None, method="WHITELIST", why="eMSP not reachable"
    )
    cdr = session(event(0, "started", kwh="0", decision=alone), event(1, "ended")).to_cdr(at(1))
    assert cdr["remark"] == "Authorized locally: eMSP not reachable"
    assert cdr["auth_method"] == "WHITELIST"
    assert "authorization_reference" not in cdr


def test_fields_are_left_out_on_purpose() -> None:
    done = session(BEGUN, event(2, "ended"))
    assert "authorization_reference" not in done.to_cdr(at(2), ("authorization_reference",))


def test_without_a_tariff_it_is_free() -> None:
    done = session(
        BEGUN, event(60, "ended", kwh="120"), place=Place(CDR_LOCATION, "Europe/Berlin", "EUR")
    )
    cdr = done.to_cdr(at(60))
    assert cdr["total_cost"] == {"excl_vat": 0, "incl_vat": 0}
    assert "tariffs" not in cdr
    assert "tariff_id" not in cdr["charging_periods"][0]
    assert "total_cost" not in done.to_ocpi()


def test_a_patch_adds_the_periods_that_are_new() -> None:
    dear_at_nine = {
        **TARIFF,
        "elements": [
            {
                "price_components": [{"type": "ENERGY", "price": 1, "step_size": 1}],
                "restrictions": {"start_time": "09:00"},
            },
            *TARIFF["elements"],
        ],
    }
    place = Place(CDR_LOCATION, "Europe/Berlin", "EUR", dear_at_nine)
    running = session(BEGUN, event(50, kwh="105"), place=place)
    assert "charging_periods" not in running.to_patch(0)
    running.apply(event(70, kwh="107"))  # nine o'clock in Berlin was at minute 60
    patch = running.to_patch(0)
    assert [p["start_date_time"] for p in patch["charging_periods"]] == ["2026-01-15T07:00:00.000Z"]
    assert "charging_periods" not in running.to_patch(1)
    running.apply(event(80, "ended", kwh="108"))
    assert [p["start_date_time"][11:16] for p in running.periods()] == ["07:00", "08:00"]


states = st.sampled_from(["Charging", "SuspendedEV", "SuspendedEVSE", "EVConnected", "Idle", None])
happenings = st.lists(st.tuples(st.integers(0, 3600), st.integers(-5, 20000), states), max_size=15)


@given(happenings)
def test_the_cdr_is_priced_as_its_peer_will_price_it(told: list[tuple[int, int, Any]]) -> None:
    done, seconds, wh = session(BEGUN), 0, 100_000
    for passed_s, more_wh, state in told:
        seconds, wh = seconds + passed_s, wh + more_wh
        done.apply(event(seconds / 60, kwh=str(Decimal(wh) / 1000), state=state))
    done.apply(event(seconds / 60 + 1, "ended", kwh=str(Decimal(wh) / 1000)))
    cdr = msgspec.json.decode(
        msgspec.json.Encoder(decimal_format="number").encode(done.to_cdr(at(0)))
    )
    assert errors("cdr", cdr, "2.2.1") == []
    again = price(cdr["tariffs"], cdr, time_zone="Europe/Berlin")
    assert abs(float(again.total_cost.excl_vat) - cdr["total_cost"]["excl_vat"]) < 0.0001
    volumes = [d for p in cdr["charging_periods"] for d in p["dimensions"]]
    energy = sum(Decimal(str(d["volume"])) for d in volumes if d["type"] == "ENERGY")
    time = sum(Decimal(str(d["volume"])) for d in volumes if d["type"] != "ENERGY")
    assert energy == Decimal(str(cdr["total_energy"]))
    assert time == Decimal(str(cdr["total_time"]))


@given(happenings)
def test_a_replay_is_the_same_session(told: list[tuple[int, int, Any]]) -> None:
    events, seconds, wh = [BEGUN], 0, 100_000
    for number, (passed_s, more_wh, state) in enumerate(told):
        seconds, wh = seconds + passed_s, wh + more_wh
        kwh = str(Decimal(wh) / 1000)
        events.append(event(seconds / 60, kwh=kwh, state=state, seq_no=number))
    live = session(*events)
    stored = [msgspec.json.encode(e) for e in events]
    again = replay(head(), [msgspec.json.decode(e, type=Event) for e in stored])
    assert again.to_ocpi() == live.to_ocpi()
    assert again.last_updated == live.last_updated
