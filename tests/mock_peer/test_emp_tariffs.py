"""Tariffs as a CPO pushes them."""

from __future__ import annotations

from typing import Any

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import TestCpo, connected


async def held(cpo: TestCpo) -> list[dict[str, Any]]:
    _, state = await cpo.control("GET", "/state")
    found: list[dict[str, Any]] = state["held"][0]["tariffs"]
    return found


async def test_put_replaces_and_delete_forgets(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        assert (await cpo.put_tariff(o.tariff())).http_status == 201
        assert (await cpo.put_tariff(o.tariff(currency="SEK"))).http_status == 200
        assert [tariff["currency"] for tariff in await held(cpo)] == ["SEK"]
        assert (await cpo.ask("DELETE", "tariffs", "DE", "ABC", "t1")).status_code == 1000
        assert await held(cpo) == []
        assert (await cpo.ask("DELETE", "tariffs", "DE", "ABC", "T1")).http_status == 404
        assert (await cpo.put_tariff(o.tariff())).http_status == 201


async def test_a_tariff_of_another_type_is_taken_and_dropped(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        await cpo.put_tariff(o.tariff())
        answer = await cpo.put_tariff(o.tariff(type="PROFILE_CHEAP"))
        assert answer.status_code == 1000
        assert await held(cpo) == []
        assert await cpo.findings() == ["tariff.regular-only"]


async def test_a_tariff_that_changed_or_went_still_prices_the_session_that_began_before(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    profile = {"rules": {"cdr.realtime-only": "off"}}
    async with connected(clock, chance, journal, profile=profile) as cpo:
        await cpo.put_tariff(o.tariff())
        await cpo.put_location(o.location())
        begun = clock.now()
        await clock.sleep(60)
        await cpo.put_tariff(o.tariff(price="0.90"))
        await cpo.ask("DELETE", "tariffs", "DE", "ABC", "T1")
        await clock.sleep(1740)
        told = await cpo.post_cdr(o.cdr(start=begun, tariffs=[o.tariff(price="0.90")]))
        assert told.status_code == 1000
        assert await cpo.findings() == []
