"""Sessions as the journal tells them."""

from __future__ import annotations

from simulator.tui.visits import Visit, Visits
from tests.simulator.tui.stage import Wire


def told(*events: tuple[str, dict[str, object]]) -> Visit:
    wire, visits = Wire(), Visits()
    for what, data in events:
        visits.take(wire.journal.event("station/CP1", what, session="S1", **data))
    return visits.all["S1"]


def test_from_the_plug_to_an_accepted_cdr() -> None:
    visit = told(
        ("car.plugged", {"evse": 1, "model": "compact"}),
        ("card.presented", {"token": "X", "evse": 1}),
        ("authorization.decided", {"uid": "X", "verdict": "ALLOWED", "method": "AUTH_REQUEST"}),
        ("transaction.started", {"token": "X", "evse": 1}),
        ("session.status", {"status": "COMPLETED", "kwh": "7.3030"}),
        ("cdr.made", {"kwh": "7.3030", "cost": "3.93", "currency": "EUR", "end": "later"}),
        ("cdr.accepted", {}),
    )
    assert (visit.station, visit.evse, visit.car, visit.token) == ("CP1", "1", "compact", "X")
    assert (visit.state, visit.kwh, visit.cost, visit.cdr) == (
        "completed", "7.3030", "3.93", "accepted",
    )  # fmt: skip
    assert not visit.bad and len(visit.records) == 7


def test_a_card_that_is_refused() -> None:
    visit = told(
        ("car.plugged", {"evse": 1}),
        ("authorization.decided", {"uid": "X", "verdict": "BLOCKED", "why": "eMSP says BLOCKED"}),
        ("car.unplugged", {"evse": 1}),
    )
    assert (visit.state, visit.problem) == ("refused", "eMSP says BLOCKED")


def test_a_contract_that_is_refused() -> None:
    visit = told(
        ("car.plugged", {"evse": 1}),
        ("pnc.began", {"emaid": None}),
        ("pnc.installed", {"emaid": "DE8PSC123456783"}),
        ("pnc.refused", {"emaid": "DE8PSC123456783", "why": "local_expired"}),
    )
    assert (visit.state, visit.contract, visit.token) == ("refused", *["DE8PSC123456783"] * 2)
    assert visit.problem == "contract: the station found it expired, and asked nobody"


def test_the_csms_reason_stays_where_the_station_only_says_that_it_refused() -> None:
    visit = told(
        ("authorization.decided", {"uid": "X", "verdict": "BLOCKED", "why": "eMSP says BLOCKED"}),
        ("pnc.refused", {"emaid": "X", "why": "the CSMS refuses"}),
    )
    assert visit.problem == "eMSP says BLOCKED"


def test_a_cdr_that_is_refused_and_then_accepted() -> None:
    visit = told(("cdr.made", {"cost": "1"}), ("cdr.refused", {"problem": "2001"}))
    assert visit.bad and visit.problem == "2001"
    visit = told(("cdr.refused", {"problem": "2001"}), ("cdr.accepted", {}))
    assert not visit.bad and visit.refusal == "2001", "why it was refused can still be asked"


def test_findings_stand_with_their_session() -> None:
    wire, visits = Wire(), Visits()
    record = {**wire.finding(1), "session": "S1"}
    assert visits.take(record) == "S1"
    assert visits.all["S1"].bad
    assert visits.take(wire.finding(1)) is None


def test_a_recording_that_begins_in_the_middle_tells_what_it_can() -> None:
    wire, visits = Wire(), Visits()
    visits.take(wire.ocpi("PATCH", "sessions", {"kwh": 3}, session="S7"))
    assert (visits.all["S7"].station, visits.all["S7"].place) == ("", "S7")
    visits.take(wire.ocpp(2, "cpo", "received", {}, action="MeterValues", session="S7"))
    assert visits.all["S7"].place == "CP1"
