"""What the screens show, kept as plain values."""

from __future__ import annotations

from simulator.tui.rows import OfExchange
from simulator.tui.store import LOOKS, POINTS, Store
from tests.simulator.tui.stage import FakeEngine, Wire, evse, station


def test_reading_says_what_has_changed_and_counts_failures_once() -> None:
    engine, wire = FakeEngine("CP1"), Wire()
    store = Store(engine)
    wire.call("Heartbeat")
    wire.call("Authorize", kind=4)
    wire.ocpi("POST", "cdrs", {}, direction="received", code=2001)
    wire.ocpi("POST", "cdrs", {}, code=2001)
    engine.new = wire.records
    changes = store.read()
    assert (changes.exchanges, changes.added) == ({1, 2, 3}, 3)
    assert store.failures == 2
    assert store.versions["exchanges"] == 1
    assert not store.read() and store.versions["exchanges"] == 1
    assert store.at == wire.records[-1]["at"]


async def test_time_passes_where_nothing_happens_and_is_that_of_the_world_there() -> None:
    engine, wire = FakeEngine("CP1"), Wire()
    store = Store(engine)
    engine.told = {"at": "2026-01-15T07:30:00.000Z"}
    await store.look()
    assert store.at == "2026-01-15T07:30:00.000Z"
    engine.told = {}  # as of a world that has run
    await store.look()
    assert store.at == "2026-01-15T07:30:00.000Z"
    wire.call("Heartbeat")  # a world begun anew behind the same address
    engine.new = wire.records
    store.read()
    assert store.at == wire.records[-1]["at"] < "2026-01-15T07:30:00.000Z"


def test_a_record_that_tells_no_time_is_odd() -> None:
    engine, wire = FakeEngine("CP1"), Wire()
    store = Store(engine)
    wire.call("Heartbeat")
    timeless = {"seq": 9, "leg": "event", "actor": "x", "what": "y", "data": {}, "session": None}
    engine.new = [*wire.records, timeless]
    store.read()
    assert store.odd == 1 and store.at == wire.records[-1]["at"]


def test_the_ring_forgets() -> None:
    engine, wire = FakeEngine(), Wire()
    store = Store(engine, size=3)
    for _ in range(5):
        wire.call("Heartbeat")
    engine.new = wire.records
    store.read()
    assert (store.exchanges.first, store.exchanges.last) == (3, 5)


async def test_looking_takes_the_focus_what_changed_and_where_energy_flows() -> None:
    engine = FakeEngine(*(f"CP{n}" for n in range(LOOKS * 10)))
    store = Store(engine)
    for _ in range(3):  # all are looked at once, some at a time
        await store.look()
    assert len(store.stations) == len(engine.there)
    engine.looked.clear()
    assert await store.look() == set()
    assert engine.looked == []
    engine.there["CP7"] = station("CP7", evse(car="compact", power_w=11000.0, soc_percent=20.0))
    engine.new = [Wire().journal.event("station/CP7", "car.plugged")]
    store.read()
    store.focus = "CP1"
    assert await store.look() == {"CP7"}
    engine.looked.clear()
    await store.look()
    assert engine.looked == ["CP1", "CP7"]
    assert list(store.history["CP7", 1]) == [(11000.0, 20.0)] * 2
    for _ in range(POINTS * 2):
        await store.look()
    assert len(store.history["CP7", 1]) == POINTS


async def test_a_look_costs_no_more_than_so_many_stations_and_all_have_their_turn() -> None:
    engine = FakeEngine(*(f"CP{n:03}" for n in range(LOOKS * 3)))
    store = Store(engine)
    for name in engine.there:
        engine.there[name] = station(name, evse(car="compact"))
    while len(store.stations) < len(engine.there):
        await store.look()
    engine.looked.clear()
    await store.look()
    assert len(engine.looked) == LOOKS


def test_the_rate_is_of_real_time() -> None:
    engine, wire = FakeEngine(), Wire()
    store = Store(engine)
    store.tick(1000)
    for _ in range(10):
        wire.call("Heartbeat")
    engine.new = wire.records
    store.read()
    store.tick(3000)
    assert store.rate == 5


def test_the_traffic_of_a_station() -> None:
    engine, wire = FakeEngine(), Wire()
    store = Store(engine)
    for number in range(5):
        wire.call("Heartbeat")
        wire.ocpi("GET", "tokens", {}, ident=str(number))
    engine.new = wire.records
    store.read()
    assert [ex.number for ex in store.of_station("CP1", 3)] == [5, 7, 9]


def test_a_comment_stands_at_its_exchange() -> None:
    engine, wire = FakeEngine("CP1"), Wire()
    store = Store(engine)
    wire.call("Heartbeat")
    wire.call("Authorize")
    answer = wire.records[-1]["seq"]
    for about, text in ((answer, "odd"), (answer - 3, "very"), (999, "nowhere"), (None, "so")):
        arguments = {"text": text} if about is None else {"text": text, "about": about}
        wire.journal.append("step", "scenario", step="note", arguments=arguments)
    engine.new = wire.records
    assert 2 in store.read().exchanges
    told = [store.exchanges.get(number) for number in range(1, store.exchanges.last + 1)]
    assert [ex.said for ex in told if ex is not None] == ["", "odd / very", *[""] * 4]
    assert ("odd" in str(OfExchange(told[1]).field("any"))) is True  # type: ignore[arg-type]
