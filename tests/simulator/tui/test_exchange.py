"""A line of the traffic in words and JSON."""

from __future__ import annotations

from simulator.tui.exchange import Exchange
from tests.simulator.tui.stage import Wire
from tests.simulator.tui.test_pairing import paired


def one(wire: Wire) -> Exchange:
    return paired(wire.records)[0]


def test_a_call_in_words() -> None:
    wire = Wire()
    wire.call("Authorize", {"idTag": "X1"}, {"idTagInfo": {"status": "Blocked"}})
    ex = one(wire)
    assert (ex.line.what, ex.line.detail, ex.line.outcome) == ("Authorize", "X1", "Blocked")
    assert (ex.request, ex.reply) == ({"idTag": "X1"}, {"idTagInfo": {"status": "Blocked"}})
    assert not ex.failed
    assert ex.ms == 0


def test_a_call_without_answer_says_what_was_asked() -> None:
    wire = Wire()
    wire.ocpp(2, "station/CP1", "sent", {"idTag": "X1"}, action="Authorize")
    ex = one(wire)
    assert (ex.line.detail, ex.line.outcome, ex.ms, ex.reply) == ("X1", "…", None, None)


def test_words_follow_what_becomes_known() -> None:
    wire = Wire()
    wire.ocpp(2, "cpo", "received", {"idTag": "X1"}, action="Authorize")
    ex = one(wire)
    assert ex.line.outcome == "…"
    ex.answer = wire.ocpp(3, "cpo", "sent", {"idTagInfo": {"status": "Accepted"}})
    ex.changed()
    assert (ex.line.sender, ex.line.outcome) == ("CP1", "Accepted")


def test_what_failed() -> None:
    wire = Wire()
    wire.call("Authorize", kind=4)
    wire.ocpi("POST", "cdrs", {}, code=2001)
    wire.finding(0)
    wire.finding(0, severity="note")
    wire.ocpp(2, "station/CP1", "sent", {}, ident="e", errors=["/idTag: too long"])
    wire.ocpi("POST", "cdrs", {}, ident="ok")
    told = paired(wire.records)
    assert [ex.failed for ex in told] == [True, True, True, False, True, False]
    assert told[0].reply == ["InternalError", "no", {}]
    assert told[4].errors == [("CP1", "/idTag: too long")]


def test_an_exchange_over_http() -> None:
    wire = Wire()
    wire.ocpi("POST", "cdrs", {"id": "c1"}, code=2001, session="S1")
    ex = one(wire)
    assert ex.session == "S1"
    assert (ex.ms, ex.request, ex.line.tone) == (12.5, {"id": "c1"}, "bad")
    assert ex.reply["status_code"] == 2001
    assert "c1" in ex.text() and "as it is" in ex.text()


def test_a_step_says_its_arguments() -> None:
    wire = Wire()
    wire.journal.append("step", "scenario", step="plug", arguments={"station": "CP1", "evse": 1})
    assert one(wire).line.detail == "station=CP1 evse=1"
