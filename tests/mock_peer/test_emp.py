"""The simulated EMP by itself: it pulls, issues, registers, and tells what failed."""

from __future__ import annotations

import asyncio

import pytest

from mock_peer.emp import Emp, EmpConfig, EmpError, start_emp
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from tests.mock_peer import objects as o
from tests.mock_peer.roaming import EMP_PORT, TOKEN, roaming
from tests.mock_peer.test_roam_listing import stock


async def test_it_pulls_all_at_first_and_at_night_and_deltas_each_minute(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    config = EmpConfig(port=EMP_PORT, tokens=(TOKEN,))
    async with roaming(clock, chance, journal, config=config) as whole:
        await whole.cpo.put_location(o.location())
        await clock.sleep(3 * 60)
        assert len(whole.emp.book.locations) == 1
        connection = whole.cpo.peer.book.all()[0]
        whole.cpo.peer.book.remove_location(connection, "LOC1")
        await clock.sleep(3600)
        assert len(whole.emp.book.locations) == 1  # a delta does not tell what is gone
        await clock.sleep(23 * 3600)
        assert whole.emp.book.locations == {}
        full = [r["at"][11:16] for r in whole.told("emp.pulled") if r["data"]["full"]]
        assert full == ["07:00", "03:00"]
        asked = whole.requests("roam", "locations", "GET")
        assert len(asked) == 24 * 60 + 4
        assert whole.findings("roam.l") == []


async def test_a_pull_that_fails_leaves_what_was_known(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        await whole.share()
        await whole.cpo.peer._http.stop()
        with pytest.raises(EmpError, match="unreachable"):
            await whole.emp.pull()
        assert len(whole.emp.book.locations) == 1
        assert len(whole.told("emp.pull-failed")) == 1


async def test_a_registration_that_is_refused_is_told(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal, register=False) as whole:
        with pytest.raises(EmpError, match=r"the registration failed: .*401"):
            await whole.emp.register(whole.roam.versions_url, "wrong")
        with pytest.raises(EmpError, match="not registered"):
            await whole.emp.pull()
        config = EmpConfig(port=8102)
        with pytest.raises(EmpError, match="the registration failed"):
            await start_emp(
                config,
                clock=clock,
                chance=chance,
                journal=journal,
                versions_url=whole.roam.versions_url,
                token_a="wrong",
            )
        again = await start_emp(config, clock=clock, chance=chance, journal=journal)
        await again.stop()  # the port was free again


async def test_a_new_registration_takes_the_place_of_the_old_one(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        former = whole.emp.connection
        await whole.emp.register(whole.roam.versions_url, whole.roam.token_a)
        assert whole.emp.connection is not former
        assert await whole.emp.pull() == 0
        assert (await whole.emp.push_token(TOKEN)).ok


async def test_a_token_is_issued_as_ours(clock: Clock, chance: Chance, journal: Journal) -> None:
    emp = Emp(EmpConfig(party_id="XYZ"), clock=clock, chance=chance, journal=journal)
    issued = emp.issue({"uid": "A", "contract_id": "DEXYZC000000011", "whitelist": "NEVER"})
    assert (issued["party_id"], issued["type"], issued["whitelist"]) == ("XYZ", "RFID", "NEVER")
    assert emp.book.tokens == {("a", "RFID"): issued}


async def test_a_start_with_an_unknown_token_is_a_mistake(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        with pytest.raises(EmpError, match="no token nobody"):
            await whole.emp.start_session("nobody", "el0")


async def test_it_never_pulls_twice_at_a_time(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        stock(whole, 600)
        await clock.sleep(60)
        brought = await asyncio.gather(whole.emp.pull(), whole.emp.pull(full=False))
        assert brought == [600, 0]
        assert whole.findings("roam.locations-page") == []
