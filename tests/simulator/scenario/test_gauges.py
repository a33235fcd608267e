"""How much goes on in a world."""

from __future__ import annotations

from simulator.scenario.gauges import Gauges
from simulator.world import World
from simulator.world_file import find, read

ANNA = "04A1B2C3D4E580"


async def test_a_world_tells_its_sessions_power_and_cdrs() -> None:
    async with World(read(find("demo"))) as world:
        gauges = Gauges(world, lambda: 0.0)
        assert gauges.look() == {"sessions": 0, "power_kw": 0}
        station = world.station("DE-AC-1")
        await station.plug(1, world.car("anna"))
        await station.tap(1, ANNA)
        await world.clock.sleep(60)
        assert gauges.look() == {"sessions": 0, "power_kw": 0}, "one look a real second"
        fresh = Gauges(world)
        told = fresh.figures()
        assert told["sessions"] == 1 and 10 < told["power_kw"] < 12
        assert told["at"].startswith("2026-01-15T07:01") and told["clock"] == "virtual"
        await station.stop_session(1)
        await station.unplug(1)
        await world.clock.sleep(60)
        told = gauges.figures()
        assert told["cdrs"] == {"accepted": 1} and told["totals"]["accepted_cdrs"] == 1
        await world.kill_cpo()
        assert gauges.figures()["cdrs"] == {}
        await world.revive_cpo()
        assert gauges.figures()["cdrs"] == {"accepted": 1}
        gauges.close()
        fresh.close()
        await station.plug(1, world.car("anna"))
        assert gauges.figures()["totals"] == told["totals"]
