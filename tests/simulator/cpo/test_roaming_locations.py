"""Locations and tariffs: pulled in pages, pushed in order."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal
from simulator.ocpi.client import Answer
from simulator.ocpi.connection import SENDER
from simulator.ocpi.envelope import InvalidParameters
from simulator.ocpi.exchange import Ctx, Result
from simulator.ocpi.validate import errors
from simulator.wire.http import join_url
from tests.simulator.cpo.stations import station16
from tests.simulator.cpo.world import LOCATION, TARIFF, World, running


async def get(world: World, module: str, *ids: str, **query: Any) -> Answer:
    peer = world.emsp.cpo
    url = join_url(peer.endpoints[module, SENDER], *ids)
    return await world.emsp.client.exchange(peer, "GET", url, module=module, query=query)


def locations(count: int) -> list[dict[str, Any]]:
    return [
        {**LOCATION, "id": f"LOC{n}", "last_updated": f"2026-01-0{n}T00:00:00Z"}
        for n in range(1, count + 1)
    ]


async def test_the_list_in_pages(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal, locations=locations(5), page_limit=2) as world:
        url = world.emsp.cpo.endpoints["locations", SENDER]
        got = [
            g.obj
            async for g in world.emsp.client.get_all(
                world.emsp.cpo, url, "locations", gives="location"
            )
        ]
        assert [location["id"] for location in got] == ["LOC1", "LOC2", "LOC3", "LOC4", "LOC5"]
        assert all(errors("location", location, "2.2.1") == [] for location in got)
        page = await get(world, "locations", limit=50)
        assert page.headers["X-Total-Count"] == "5"
        assert page.headers["X-Limit"] == "2"
        dates = {"date_from": "2026-01-02T00:00:00Z", "date_to": "2026-01-04T00:00:00Z"}
        page = await get(world, "locations", **dates)
        assert [location["id"] for location in page.data] == ["LOC2", "LOC3"]
        page = await get(world, "locations", offset="minus one")
        assert page.status_code == 2001


async def test_one_by_one(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal) as world:
        assert (await get(world, "locations", "LOC1")).data["name"] == "Am Hafen"
        assert (await get(world, "locations", "LOC1", "E2")).data["uid"] == "E2"
        assert (await get(world, "locations", "LOC1", "E2", "1")).data["id"] == "1"
        assert (await get(world, "locations", "loc1", "e2", "1")).data["id"] == "1"
        assert (await get(world, "locations", "loc1")).data["id"] == "LOC1"
        for missing in (("LOC9",), ("LOC1", "E9"), ("LOC1", "E2", "9"), ("LOC9", "E2", "1")):
            assert (await get(world, "locations", *missing)).http_status == 404


async def test_tariffs(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal) as world:
        (tariff,) = (await get(world, "tariffs")).data
        assert tariff == TARIFF
        assert errors("tariff", tariff, "2.2.1") == []


async def test_who_registers_is_told_everything(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal, locations=locations(3)) as world:
        assert [(v, b["id"]) for v, b in world.emsp.of("tariffs")] == [("PUT", "T1")]
        told = [(v, b["id"]) for v, b in world.emsp.of("locations")]
        assert told == [("PUT", "LOC1"), ("PUT", "LOC2"), ("PUT", "LOC3")]


async def test_a_change_is_patched_once_and_goes_up(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        await clock.sleep(60)
        now = rfc3339(clock.now())
        await station.status("Available")
        await station.status("Available")
        await clock.sleep(1)
        patches = [b for v, b in world.emsp.of("locations") if v == "PATCH"]
        assert patches == [{"status": "AVAILABLE", "last_updated": now}]
        assert (await get(world, "locations", "LOC1")).data["last_updated"] == now
        evses = (await get(world, "locations", "LOC1")).data["evses"]
        assert [e["last_updated"] == now for e in evses] == [True, False, False]
        delta = await get(world, "locations", date_from=now)
        assert [location["id"] for location in delta.data] == ["LOC1"]


async def test_a_failed_patch_is_followed_by_the_whole_evse(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()

        async def no_patch(ctx: Ctx) -> Result | None:
            if ctx.method == "PATCH":
                raise InvalidParameters("unknown EVSE")
            return None

        world.emsp.misbehave = no_patch
        await station.status("Charging")
        await clock.sleep(1)
        verb, evse = world.emsp.of("locations")[-1]
        assert (verb, evse["uid"], evse["status"]) == ("PUT", "E1", "CHARGING")
        assert errors("evse", evse, "2.2.1") == []


async def test_changes_meanwhile_are_told_as_they_are_at_last(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()

        async def slow(ctx: Ctx) -> Result | None:
            await clock.sleep(5)
            return None

        world.emsp.misbehave = slow
        for status in ("Available", "Preparing", "Faulted", "Available", "Unavailable"):
            await station.status(status)
        await clock.sleep(60)
        patches = [b["status"] for v, b in world.emsp.of("locations") if v == "PATCH"]
        assert patches == ["AVAILABLE", "INOPERATIVE"]


async def test_who_was_away_hears_of_everything_again(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        await world.emsp.listener.stop()
        await station.status("Available")
        await clock.sleep(60)
        assert world.events("evse.not_taken")
        await world.emsp.listener.start()
        before = len(world.emsp.got)
        await station.status("Charging")
        await clock.sleep(1)
        told = [(verb, module) for verb, module, _ in world.emsp.got[before:]]
        assert told == [("PUT", "tariffs"), ("PUT", "locations"), ("PATCH", "locations")]


@pytest.mark.parametrize("module", ["locations", "tariffs"])
async def test_what_a_peer_does_not_take_is_not_pushed(
    module: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:
        (peer,) = world.cpo.peers.registered()
        peer.endpoints = {key: url for key, url in peer.endpoints.items() if key[0] != module}
        world.emsp.got.clear()
        await world.cpo._locations.tell_all(peer)
        assert world.emsp.of(module) == []
        assert len(world.emsp.got) == 1
