"""Records become exchanges."""

from __future__ import annotations

from collections.abc import Iterable

from simulator.kernel.journal import Record
from simulator.tui.exchange import Exchange
from simulator.tui.pairing import Pairing
from tests.simulator.tui.stage import Wire


def paired(records: Iterable[Record]) -> list[Exchange]:
    pairing = Pairing()
    return [ex for record in records for ex, new in pairing.take(record) if new]


def test_four_records_of_a_call_are_one_exchange_told_by_the_station() -> None:
    wire = Wire()
    wire.call("Authorize", {"idTag": "X"}, {"idTagInfo": {"status": "Accepted"}})
    (one,) = paired(wire.records)
    assert (one.name, one.sender, one.receiver) == ("Authorize", "CP1", "cpo")
    assert one.record["actor"] == "station/CP1"
    assert one.answer is not None and one.answer["actor"] == "station/CP1"
    assert [record["direction"] for record in one.far] == ["received", "sent"]


def test_a_call_of_the_other_side_has_its_own_ends() -> None:
    wire = Wire()
    wire.ocpp(2, "cpo", "sent", {}, action="Reset")
    wire.ocpp(2, "station/CP1", "received", {}, action="Reset")
    wire.ocpp(3, "station/CP1", "sent", {"status": "Accepted"}, action="Reset")
    wire.ocpp(3, "cpo", "received", {"status": "Accepted"}, action="Reset")
    (one,) = paired(wire.records)
    assert (one.sender, one.receiver, one.answer and one.answer["actor"]) == ("cpo", "CP1", "cpo")


def test_a_station_that_is_not_ours_is_told_by_who_heard_it() -> None:
    wire = Wire()
    wire.ocpp(2, "cpo", "received", {}, action="Heartbeat")
    wire.ocpp(3, "cpo", "sent", {"currentTime": "now"}, action="Heartbeat")
    (one,) = paired(wire.records)
    assert (one.sender, one.receiver) == ("CP1", "cpo")
    assert one.answer is not None


def test_an_answer_to_nothing_is_nothing() -> None:
    wire = Wire()
    wire.ocpp(3, "station/CP1", "received", {})
    assert paired(wire.records) == []


def test_both_ends_of_a_request_are_one_told_by_who_asked() -> None:
    wire = Wire()
    wire.ocpi("POST", "cdrs", {}, direction="received")
    wire.ocpi("POST", "cdrs", {})
    wire.ocpi("POST", "cdrs", {}, ident="r2")
    one, other = paired(wire.records)
    assert (one.name, one.sender, one.receiver) == ("POST cdrs", "cpo", "plugsurfing")
    assert one.record["direction"] == "sent"
    assert [record["direction"] for record in one.far] == ["received"]
    assert other.far == []


def test_ends_that_know_each_other_by_other_names_are_one_told_by_who_asked() -> None:
    wire = Wire()
    heard = {**wire.ocpi("PUT", "sessions", {}, direction="received"), "peer": "cpo-2"}
    (one,) = paired([heard, wire.ocpi("PUT", "sessions", {})])
    assert (one.sender, one.receiver) == ("cpo", "plugsurfing")


def test_a_request_that_is_handed_on_under_its_id_is_another() -> None:
    wire = Wire()
    asked = {**wire.ocpi("PUT", "sessions", {}), "actor": "roam", "peer": "emp"}
    heard = {**wire.ocpi("PUT", "sessions", {}, direction="received"), "actor": "roam"}
    assert [ex.sender for ex in paired([asked, heard])] == ["roam", "cpo"]


def test_a_repeated_request_with_the_same_id_is_another() -> None:
    wire = Wire()
    wire.ocpi("POST", "cdrs", {})
    wire.ocpi("POST", "cdrs", {})
    assert len(paired(wire.records)) == 2


def test_a_finding_is_a_line_and_stands_with_what_it_judges() -> None:
    wire = Wire()
    judged = wire.ocpi("POST", "cdrs", {"id": "1"}, direction="received", code=2001)
    wire.finding(judged["seq"])
    wire.ocpi("POST", "cdrs", {"id": "1"}, code=2001)
    exchange, finding = paired(wire.records)
    assert finding.leg == "finding" and finding.name == "cdr.some-rule"
    assert [f["rule"] for f in exchange.findings] == ["cdr.some-rule"]
    assert exchange.record["direction"] == "sent"


def test_steps_and_faults_are_lines_and_events_are_not() -> None:
    wire = Wire()
    wire.journal.append("step", "scenario", step="plug", arguments={"station": "CP1"})
    wire.journal.append("fault", "station/CP1", "cpo", fault="drop", data={})
    wire.journal.event("cpo", "session.begun")
    assert [(ex.leg, ex.name) for ex in paired(wire.records)] == [
        ("step", "plug"),
        ("fault", "drop"),
    ]
