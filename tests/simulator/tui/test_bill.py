"""The session that an audience looks at."""

from __future__ import annotations

from typing import Any

from simulator.tui.bill import Bill, bill
from simulator.tui.store import Store
from tests.simulator.tui.stage import ANNA, FakeEngine, Wire, evse, station

ENDED = "transaction.ended"


def _event(wire: Wire, what: str, session: str, *, at: str = "CP1", **data: Any) -> None:
    wire.journal.event(f"station/{at}", what, session=session, **data)


def _store(wire: Wire) -> tuple[Store, FakeEngine]:
    engine = FakeEngine("CP1", "CP2")
    engine.new = wire.records
    store = Store(engine)
    store.read()
    return store, engine


def test_nobody_has_come_yet() -> None:
    store, _ = _store(Wire())
    assert bill(store, None) == Bill() and bill(store, "CP1") == Bill("CP1")


async def test_while_it_goes_on_the_meter_and_the_cpo_tell() -> None:
    wire = Wire()
    _event(wire, "transaction.started", "s1", token=ANNA, evse=1)
    wire.ocpi("PUT", "sessions", {"currency": "EUR", "kwh": 0}, session="s1")
    wire.ocpi("PATCH", "sessions", {"total_cost": {"excl_vat": 1.239}}, session="s1", ident="r2")
    wire.ocpi("PATCH", "sessions", {"status": "ACTIVE"}, session="s1", ident="r3")
    store, engine = _store(wire)
    engine.there["CP1"] = station("CP1", evse(session="s1", transaction="1", energy_wh=2516))
    await store.look()
    assert bill(store, None) == Bill("CP1", "charging", "2.52", "1.24", "EUR")
    store.stations["CP1"] = station("CP1", evse(session="another", transaction="1", energy_wh=9))
    assert bill(store, None).kwh == ""


def test_once_there_is_a_bill_it_tells() -> None:
    wire = Wire()
    _event(wire, "transaction.started", "s1", token=ANNA, evse=1)
    wire.ocpi("PATCH", "sessions", {"total_cost": {"excl_vat": 9}}, session="s1")
    wire.journal.event("cpo", "cdr.made", session="s1", kwh="3.6410", cost="2.1341", currency="EUR")
    wire.journal.event("cpo", "cdr.refused", session="s1", problem="2001 no")
    store, _ = _store(wire)
    told = bill(store, "CP1")
    assert (told.kwh, told.cost, told.cdr, told.problem) == ("3.64", "2.13", "refused", "2001 no")
    assert bill(store, "CP2") == Bill("CP2"), "at the station that is looked at, nobody came"


def test_the_newest_session_at_the_station_is_looked_at() -> None:
    wire = Wire()
    for session, at in (("s1", "CP1"), ("s2", "CP2"), ("s3", "CP1")):
        _event(wire, "car.plugged", session, at=at, model="compact")
    _event(wire, "card.refused", "s2", at="CP2")
    store, _ = _store(wire)
    assert (bill(store, "CP2").state, bill(store, None).station) == ("refused", "CP1")


def test_prices_of_ocpi_2_1_1_and_bodies_that_are_none() -> None:
    wire = Wire()
    _event(wire, "car.plugged", "s1")
    record = wire.ocpi("PUT", "sessions", {"currency": "EUR", "total_cost": 2.5}, session="s1")
    broken = wire.ocpi("PATCH", "sessions", {}, session="s1", ident="r2")
    broken["request"]["body"] = "no JSON"
    store, _ = _store(wire)
    assert bill(store, None).cost == "2.50"
    broken["request"]["body"] = "[" * 5000
    assert bill(store, None).cost == "2.50"
    record["request"]["body"] = "[]"
    assert bill(store, None).cost == ""
