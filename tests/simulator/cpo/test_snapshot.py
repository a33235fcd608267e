"""A CPO at a glance."""

from __future__ import annotations

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from tests.simulator.cpo.stations import station16
from tests.simulator.cpo.world import running


async def test_looking_at_it(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        await station.status("Available")
        await station.begin(connector=2)
        await clock.sleep(10)
        seen = world.cpo.snapshot()
        assert seen["party"] == "DE*ABC"
        assert seen["ocpp_url"] == "ws://127.0.0.1:9000/ocpp"
        assert seen["versions_url"] == "http://127.0.0.1:9100/ocpi/versions"
        assert [s["connected"] for s in seen["stations"]] == [True, False]
        assert seen["evses"] == {"E1": "AVAILABLE", "E2": "UNKNOWN", "E3": "UNKNOWN"}
        assert [p["name"] for p in seen["peers"]] == ["emsp"]
        assert (seen["tokens"], seen["cdrs"], seen["outbox"]) == (1, {}, [])
        (session,) = seen["sessions"]
        assert (session["station"], session["evse_id"], session["status"]) == ("CP16", 2, "ACTIVE")


async def test_tariffs_are_told_with_their_prices(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:
        (told,) = world.cpo.snapshot()["tariffs"].items()
        assert told == (
            "T1",
            {
                "type": "REGULAR",
                "currency": "EUR",
                "from": None,
                "until": None,
                "prices": {"FLAT": [1], "ENERGY": [0.5], "PARKING_TIME": [6]},
            },
        )
        at_night = {"price_components": [{"type": "ENERGY", "price": 0.4, "step_size": 1}]}
        by_day = {"price_components": [{"type": "ENERGY", "price": 0.5, "step_size": 1}]}
        world.cpo.change_tariff(
            "T1", type=None, elements=[by_day, at_night, by_day], end_date_time="2030-01-01T00:00Z"
        )
        now = world.cpo.snapshot()["tariffs"]["T1"]
        assert now["prices"] == {"ENERGY": [0.5, 0.4]}
        assert (now["type"], now["until"]) == ("REGULAR", "2030-01-01T00:00Z")
