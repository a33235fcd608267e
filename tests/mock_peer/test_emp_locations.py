"""Locations, EVSEs and connectors as a CPO pushes them."""

from __future__ import annotations

from typing import Any

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import TestCpo, connected

LATER = "2026-01-15T08:00:00Z"


async def held(cpo: TestCpo, group: str = "locations") -> list[dict[str, Any]]:
    _, state = await cpo.control("GET", "/state")
    found: list[dict[str, Any]] = state["held"][0][group]
    return found


async def push(cpo: TestCpo, method: str, *path: str, body: Any) -> Any:
    return await cpo.ask(method, "locations", "DE", "ABC", *path, body=body)


async def test_put_is_201_then_200_and_replaces(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        assert (await cpo.put_location(o.location())).http_status == 201
        bare = {name: value for name, value in o.location().items() if name != "name"}
        assert (await cpo.put_location(bare)).http_status == 200
        assert await held(cpo) == [bare]


async def test_a_child_that_is_put_changes_the_time_of_all_above(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        await cpo.put_location(o.location())
        second = o.evse("LOC1-2", "DE*ABC*ELOC12", last_updated=LATER)
        assert (await push(cpo, "PUT", "LOC1", "LOC1-2", body=second)).http_status == 201
        (home,) = await held(cpo)
        assert [evse["uid"] for evse in home["evses"]] == ["LOC1-1", "LOC1-2"]
        assert home["last_updated"] == LATER
        new = o.connector("1", max_amperage=16, last_updated="2026-01-15T09:00:00Z")
        assert (await push(cpo, "PUT", "loc1", "loc1-2", "1", body=new)).http_status == 200
        (home,) = await held(cpo)
        assert home["evses"][1]["connectors"] == [new]
        assert home["evses"][1]["last_updated"] == home["last_updated"] == new["last_updated"]
        assert home["evses"][0]["last_updated"] == o.AT


async def test_a_patch_changes_its_fields_and_nothing_below(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        await cpo.put_location(o.location())
        body = {"name": "New", "evses": [], "last_updated": LATER}
        assert (await push(cpo, "PATCH", "LOC1", body=body)).status_code == 1000
        body = {"status": "CHARGING", "connectors": [], "last_updated": LATER}
        assert (await push(cpo, "PATCH", "LOC1", "LOC1-1", body=body)).status_code == 1000
        body = {"max_amperage": 63, "last_updated": LATER}
        assert (await push(cpo, "PATCH", "LOC1", "LOC1-1", "1", body=body)).status_code == 1000
        (home,) = await held(cpo)
        (evse,) = home["evses"]
        (connector,) = evse["connectors"]
        assert (home["name"], evse["status"], connector["max_amperage"]) == ("New", "CHARGING", 63)
        assert {home["last_updated"], evse["last_updated"], connector["last_updated"]} == {LATER}
        assert await cpo.findings() == ["location.patch-scope"] * 2


async def test_a_patch_needs_its_time_and_an_object(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        await cpo.put_location(o.location())
        late = await push(cpo, "PATCH", "LOC1", body={"name": "x"})
        assert (late.status_code, late.http_status) == (2001, 200)
        lost = await push(cpo, "PATCH", "LOC9", body={"name": "x", "last_updated": LATER})
        assert lost.status_code == 2003
        assert await cpo.findings() == ["location.valid", "location.unique"]


async def test_what_is_dropped_is_not_kept(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with connected(clock, chance, journal) as cpo:
        await cpo.put_tariff(o.tariff("P1", type="PROFILE_GREEN"))
        connector = o.connector(tariff_ids=["T1", "T2", "T3"])
        body = o.location(
            publish=False,
            publish_allowed_to=[{"uid": "1", "type": "RFID"}],
            evses=[o.evse(connectors=[connector])],
        )
        assert (await cpo.put_location(body)).status_code == 1000
        (home,) = await held(cpo)
        assert "publish_allowed_to" not in home
        assert home["evses"][0]["connectors"][0]["tariff_ids"] == ["T1"]
        _, state = await cpo.control("GET", "/state")
        assert state["held"][0]["hidden_locations"] == ["LOC1"]
        assert state["held"][0]["tariffs"] == []


async def test_a_removed_evse_frees_its_ids(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with connected(clock, chance, journal) as cpo:
        await cpo.put_location(o.location())
        moved = o.location("LOC2", evses=[o.evse()])
        assert (await cpo.put_location(moved)).status_code == 2001
        gone = {"status": "REMOVED", "last_updated": LATER}
        await push(cpo, "PATCH", "LOC1", "LOC1-1", body=gone)
        assert (await cpo.put_location(moved)).status_code == 1000


async def test_one_agreed_exception_holds_for_one_connection(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    profile = {"rules": {"location.territory": "off", "location.one-tariff": "off"}}
    async with connected(clock, chance, journal, profile=profile) as cpo:
        connector = o.connector(tariff_ids=["T1", "T2"])
        body = o.location(country="AUS", evses=[o.evse(connectors=[connector])])
        assert (await cpo.put_location(body)).status_code == 1000
        assert await held(cpo) == [body]
        assert await cpo.findings() == []
