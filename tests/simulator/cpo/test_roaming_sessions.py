"""Sessions and CDRs to be pulled: a peer's own."""

from __future__ import annotations

from typing import Any

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal
from simulator.ocpi.client import Answer
from simulator.ocpi.connection import SENDER
from tests.simulator.cpo.stations import station16
from tests.simulator.cpo.world import Emsp, World, running


async def get(world: World, module: str, **query: Any) -> Answer:
    peer = world.emsp.cpo
    url = peer.endpoints[module, SENDER]
    return await world.emsp.client.exchange(peer, "GET", url, module=module, query=query)


async def test_what_was_told_may_be_pulled(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with (
        running(clock, chance, journal, page_limit=2) as world,
        station16(world.cpo, clock) as station,
    ):
        await station.boot()
        start = rfc3339(clock.now())
        for _ in range(3):
            begun = await station.begin()
            await clock.sleep(600)
            await station.end(begun.transaction_id, 2000)
        begun = await station.begin()
        await clock.sleep(60)
        assert (await get(world, "sessions")).status_code == 2001  # date_from is required
        page = await get(world, "sessions", date_from=start)
        assert page.headers["X-Total-Count"] == "4"
        assert [s["status"] for s in page.data] == ["COMPLETED", "COMPLETED"]
        page = await get(world, "sessions", date_from=start, offset=2)
        assert [s["status"] for s in page.data] == ["COMPLETED", "ACTIVE"]
        page = await get(world, "cdrs")
        assert page.headers["X-Total-Count"] == "3"
        pushed = [body for _, body in world.emsp.of("cdrs")]
        assert page.data == pushed[:2]
        later = await get(world, "cdrs", date_from=pushed[1]["last_updated"])
        assert later.data == pushed[1:]


async def test_a_peer_sees_only_its_own(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        other = Emsp(clock, chance, journal, name="other", port=9300)
        await other.start()
        await world.cpo.register(other.server.versions_url, other.invite(), "other")
        await station.boot()
        begun = await station.begin()
        await clock.sleep(60)
        await station.end(begun.transaction_id, 2000)
        await world.told("cdr.accepted")
        assert len(world.emsp.cdrs) == 1
        assert other.of("sessions") == other.of("cdrs") == []
        url = other.cpo.endpoints["cdrs", SENDER]
        seen = await other.client.exchange(other.cpo, "GET", url, module="cdrs")
        assert seen.data == []
        await other.stop()
