"""What arrived otherwise than it was sent."""

from __future__ import annotations

from simulator.scenario.compare import MISSING
from simulator.tui import details
from simulator.tui.arrival import Change, changes
from tests.simulator.tui.stage import Wire
from tests.simulator.tui.test_pairing import paired


def test_an_exchange_of_two_ends_tells_what_changed() -> None:
    wire = Wire()
    wire.ocpi("PUT", "sessions", {"kwh": 1, "currency": "EUR"}, direction="received", data=[1])
    wire.ocpi("PUT", "sessions", {"kwh": -1}, data=[1, 2])
    wire.ocpi("PUT", "sessions", {"kwh": 1}, ident="r2")
    wire.ocpi("PUT", "sessions", {"kwh": 1}, ident="r2", direction="received")
    first, second = paired(wire.records)
    assert list(changes(first)) == [
        Change("request", "/kwh", -1, 1),
        Change("request", "/currency", MISSING, "EUR"),
        Change("answer", "/data/1", MISSING, 2),
    ]
    assert list(changes(second)) == []
    text = details.exchange(first).plain
    assert "Changed on its way" in text
    assert "request /currency  nothing → EUR" in text
    assert "Changed" not in details.exchange(second).plain


def test_frames_of_two_ends_tell_what_changed() -> None:
    wire = Wire()
    wire.ocpp(2, "station/CP1", "sent", {"idTag": "A"}, action="Authorize")
    wire.ocpp(2, "cpo", "received", {"idTag": "B"}, action="Authorize")
    wire.ocpp(3, "cpo", "sent", {"idTagInfo": {"status": "Accepted"}})
    wire.ocpp(3, "station/CP1", "received", {"idTagInfo": {"status": "Blocked"}})
    (ex,) = paired(wire.records)
    assert list(changes(ex)) == [
        Change("request", "/3/idTag", "A", "B"),
        Change("answer", "/2/idTagInfo/status", "Accepted", "Blocked"),
    ]


def test_one_end_alone_tells_nothing() -> None:
    wire = Wire()
    wire.call("Authorize", far=False)
    wire.ocpi("PUT", "sessions", {"kwh": 1})
    wire.journal.append("step", "scenario", step="plug", arguments={})
    assert [list(changes(ex)) for ex in paired(wire.records)] == [[], [], []]
