"""Face B as part of a peer: on one port, over a restart, the same bytes each time."""

from __future__ import annotations

import asyncio
from pathlib import Path

from mock_peer.emp import EmpConfig, start_emp
from mock_peer.roam import Roam
from mock_peer.roam_organisation import Organisation
from mock_peer.server import start
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.loop import VirtualLoop
from tests.mock_peer import objects as o
from tests.mock_peer.roaming import CARD, TOKEN, roaming
from tests.mock_peer.test_relay import cdr_of, session_of


def test_its_paths() -> None:
    assert Roam.takes("/roam")
    assert Roam.takes("/roam/versions")
    assert not Roam.takes("/roaming")


async def test_locations_ids_and_tokens_are_there_after_a_restart(
    clock: Clock, chance: Chance, journal: Journal, tmp_path: Path
) -> None:
    database = str(tmp_path / "peer.db")
    async with roaming(clock, chance, journal, database=database) as whole:
        plug = await whole.share()
    peer = await start(clock=clock, chance=chance, journal=journal, port=8090, database=database)
    (entry,) = peer.roam.catalogue.seen_by(Organisation())
    assert entry.shown["id"] == plug[0]
    assert entry.shown["evses"][0]["connectors"][0]["tariffs"]
    assert peer.roam.book.tokens.find(CARD, "RFID") is not None
    await peer.stop()


async def test_the_locations_of_a_cpo_go_with_its_registration(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        await whole.share()
        await whole.cpo.registrar.unregister(whole.cpo.connection)
        await clock.sleep(60)
        assert await whole.emp.pull() == 0
        assert whole.emp.book.locations == {}


async def test_two_emps_see_the_same_ids_and_only_their_own_cdrs(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        other_token = {"uid": "04EE00FF", "contract_id": "NLABCC00000001X"}
        config = EmpConfig(
            port=8101, country_code="NL", party_id="ABC", tokens=(other_token,), pulls=False
        )
        roam = whole.roam
        other = await start_emp(
            config,
            clock=clock,
            chance=chance,
            journal=journal,
            versions_url=roam.versions_url,
            token_a=roam.token_a,
        )
        plug = await whole.share()
        await other.pull()
        assert other.book.first_plug() == plug
        told = await whole.cpo.authorize(CARD, {"location_id": "LOC1"})
        await whole.cpo.post_cdr(cdr_of(whole, told.data["authorization_reference"]))
        await clock.sleep(60)
        assert (len(whole.emp.book.cdrs), len(other.book.cdrs)) == (1, 0)
        await other.stop()


async def test_an_emp_that_lost_its_memory_registers_anew_and_goes_on(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    several = {"keys_per_contract": 2}
    async with roaming(clock, chance, journal) as whole:
        roam = whole.roam
        (emp,) = roam.book.all()
        await whole.cpo.control("PUT", f"/roam/emps/{emp.id}", {"organisation": several})
        await whole.share()
        told = await whole.cpo.authorize(CARD, {"location_id": "LOC1"})
        reference = told.data["authorization_reference"]
        cdr = cdr_of(whole, reference, session_id="S1")
        await whole.cpo.put_session(session_of(whole, authorization_reference=reference))
        await clock.sleep(60)
        await whole.emp.stop()  # without a word, and its registration with it
        again = await start_emp(
            EmpConfig(port=8100, tokens=(TOKEN,), pulls=False),
            clock=clock,
            chance=chance.child("again"),
            journal=journal,
            versions_url=roam.versions_url,
            token_a=roam.token_a,
        )
        (replaced,) = whole.told("roam.replaced")
        assert (replaced["peer"], replaced["data"]["former"]) == ("emp", emp.id)
        (now,) = [one for one in roam.book.all() if one.registered]
        assert roam.book.organisation(now).keys_per_contract == 2
        assert (now.peer, roam.book.by_token(emp.token_in)) == ("emp", None)
        assert [held.uid for held in roam.book.tokens.of(now.id)] == [CARD]
        second = {"uid": "04EE0002", "contract_id": TOKEN["contract_id"]}
        assert (await again.push_token(second)).ok
        await clock.sleep(1740)
        assert (await whole.cpo.post_cdr(cdr)).ok
        await clock.sleep(60)
        (passed,) = again.book.cdrs.values()
        stopped = await again.stop_session(passed["session_id"])
        assert stopped["response"]["result"] == "ACCEPTED"  # it is the EMP's session still
        await again.stop()


def _journal_of_a_day() -> bytes:
    clock = Clock("virtual")
    journal = Journal(clock, seed=7, world="roam")

    async def day() -> None:
        config = EmpConfig(port=8100, tokens=(TOKEN,), pulls=False)
        async with roaming(clock, Chance(7), journal, config=config) as whole:
            await whole.share()
            told = await whole.cpo.authorize(CARD, {"location_id": "LOC1"})
            whole.emp.answers.cdr_http_status = 500
            await whole.cpo.post_cdr(cdr_of(whole, told.data["authorization_reference"]))
            await clock.sleep(6 * 3600)
            await whole.cpo.put_tariff(o.tariff(price="0.60"))
            await whole.emp.pull(full=False)
            await clock.sleep(18 * 3600)

    loop = VirtualLoop()
    try:
        loop.run_until_complete(day())
    finally:
        loop.close()
        asyncio.set_event_loop(None)
    return journal.dump()


def test_the_same_seed_gives_the_same_journal() -> None:
    assert _journal_of_a_day() == _journal_of_a_day()
