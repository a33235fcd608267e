"""An EMP's driver at a station of the real CPO core: EMP, Roam, Plugsurfing, CPO, station."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from mock_peer.emp import Emp, EmpConfig, start_emp
from mock_peer.emp_answers import Verdict
from simulator.kernel.loop import VirtualLoop
from simulator.world import World
from simulator.world_file import find, read

CARD = "04EE0001EE0001"
STATION = "DE-AC-1"
TOKEN = {"uid": CARD, "contract_id": "DEEMPC000000015", "whitelist": "NEVER"}


@asynccontextmanager
async def demo(version: str = "2.2.1") -> AsyncIterator[tuple[World, Emp]]:
    """The demo's world, its CPO on that version of OCPI, with an EMP behind Plugsurfing's Roam."""
    world = World(replace(read(find("demo")), emps=()), clock="virtual")
    emp: Emp | None = None
    try:
        await world.start_peers()
        await world.start_cpo()
        await world.start_stations()
        peer = world.peers["plugsurfing"]
        cpo = {
            "versions_url": world.cpo.versions_url,
            "token_a": world.cpo.token_a("plugsurfing"),
            "version": version,
        }
        await peer.control("POST", "/register", cpo)
        roam = await peer.control("GET", "/roam")
        several = {"organisation": {"keys_per_contract": 2}}
        await peer.control("PUT", f"/roam/emps/{roam['emps'][0]['id']}", several)
        emp = await start_emp(
            EmpConfig(port=8100, tokens=(TOKEN,), pulls=False),
            clock=world.clock,
            chance=world.chance,
            journal=world.journal,
            versions_url=roam["versions_url"],
            token_a=roam["token_a"],
        )
        await world.clock.sleep(10)
        await emp.pull()
        yield world, emp
    finally:
        if emp is not None:
            await emp.stop()
        await world.stop()


def evse_of(emp: Emp, station: str) -> tuple[str, str, str]:
    """The ids by which the EMP knows a station's first connector."""
    for location in emp.book.locations.values():
        for evse in location["evses"]:
            name = evse.get("evse_id", "").replace("*", "")
            if station.replace("-", "") in name:
                return location["id"], evse["uid"], evse["connectors"][0]["id"]
    raise AssertionError(f"{station} is at no location that the EMP sees")


def actors_of(world: World, session: str) -> set[str]:
    return {r["actor"] for r in world.journal.records if r["session"] == session}


def commands(world: World) -> list[Any]:
    """Both sides' records of every command and result."""
    return [r for r in world.journal.records if r.get("module") == "commands"]


@pytest.mark.parametrize("version", ["2.2", "2.2.1"])
async def test_a_driver_taps_charges_and_the_emp_gets_a_right_bill(version: str) -> None:
    async with demo(version) as (world, emp):
        station = world.station(STATION)
        await station.plug(1, world.car("anna"))
        await world.clock.sleep(5)
        assert await station.tap(1, CARD)
        await world.clock.sleep(1800)
        await station.stop_session(1)
        await world.clock.sleep(5)
        await station.unplug(1)
        await world.clock.sleep(120)
        ((name, cdr),) = emp.book.cdrs.items()
        session = emp.book.sessions[name]
        assert session["status"] == "COMPLETED"
        assert cdr["cdr_token"]["contract_id"] == "DE-EMP-C00000001-5"
        assert {"total_fixed_cost", "total_energy_cost"} <= set(cdr)
        location, evse, connector = evse_of(emp, STATION)
        plug = emp.book.connector(location, evse, connector)
        assert plug is not None
        assert [one["id"] for one in cdr["tariffs"]] == [one["id"] for one in plug["tariffs"]]
        assert emp.book.bills[name].agrees is True
        told = [r for r in world.journal.records if r["leg"] == "event" and r["what"] == "emp.cdr"]
        assert {f"station/{STATION}", "cpo", "plugsurfing", "roam", "emp"} <= actors_of(
            world, told[0]["session"]
        )


async def test_behind_a_cpo_of_211_the_bill_is_right_and_the_key_uncertain() -> None:
    async with demo("2.1.1") as (world, emp):
        await emp.push_token({**TOKEN, "uid": "04EE0002EE0002"})
        station = world.station(STATION)
        await station.plug(1, world.car("anna"))
        await world.clock.sleep(5)
        assert await station.tap(1, "04EE0002EE0002")
        await world.clock.sleep(1800)
        await station.stop_session(1)
        await world.clock.sleep(120)
        assert emp.book.sessions == {}  # 2.1.1 CPOs push none
        ((name, cdr),) = emp.book.cdrs.items()
        assert "session_id" not in cdr
        assert emp.book.bills[name].agrees is True
        assert cdr["cdr_token"]["uid"] == CARD  # the first of the contract, not the one tapped
        assert cdr["total_energy_cost"].keys() == cdr["total_cost"].keys() == {"excl_vat"}
        (posted,) = [
            record
            for record in world.journal.records
            if record["leg"] == "ocpi" and (record["actor"], record["module"]) == ("emp", "cdrs")
        ]
        assert posted["request"]["headers"]["X-Original-Protocol"] == "OCPI-2.1.1"
        assert {f"station/{STATION}", "cpo", "roam", "emp"} <= actors_of(world, posted["session"])


@pytest.mark.parametrize("version", ["2.2", "2.2.1"])
async def test_a_driver_is_started_and_stopped_from_afar(version: str) -> None:
    async with demo(version) as (world, emp):
        station = world.station(STATION)
        await station.plug(1, world.car("anna"))
        await world.clock.sleep(5)
        started = await emp.start_session(CARD, *evse_of(emp, STATION))
        assert started["result"]["result"] == "ACCEPTED", started
        await world.clock.sleep(1800)
        (session_id,) = emp.book.sessions
        assert emp.book.sessions[session_id]["kwh"] > 0
        stopped = await emp.stop_session(session_id)
        assert stopped["result"]["result"] == "ACCEPTED"
        await world.clock.sleep(120)
        (cdr,) = emp.book.cdrs.values()
        assert cdr["session_id"] == emp.book.sessions[session_id]["id"]
        (journey,) = {r["session"] for r in world.journal.records if r.get("what") == "emp.cdr"}
        told = commands(world)
        assert {(r["actor"], r["direction"]) for r in told} == {
            (actor, direction)
            for actor in ("emp", "roam", "plugsurfing", "cpo")
            for direction in ("sent", "received")
        }
        assert {r["session"] for r in told} == {journey}, "known from the plug-in on"


@pytest.mark.parametrize("version", ["2.1.1", "2.2", "2.2.1"])
async def test_a_card_that_the_emp_disables_starts_no_more(version: str) -> None:
    async with demo(version) as (world, emp):
        station = world.station(STATION)
        await station.plug(1, world.car("anna"))
        await world.clock.sleep(5)
        await emp.push_token({**TOKEN, "valid": False})
        await world.clock.sleep(5)
        assert not await station.tap(1, CARD)
        await emp.push_token({**TOKEN, "valid": True})
        await world.clock.sleep(5)
        assert await station.tap(1, CARD)


async def test_a_driver_whom_the_emp_refuses_does_not_charge() -> None:
    async with demo() as (world, emp):
        emp.answers.tokens[CARD] = Verdict(allowed="NO_CREDIT")
        station = world.station(STATION)
        await station.plug(1, world.car("anna"))
        await world.clock.sleep(5)
        assert not await station.tap(1, CARD)
        await world.clock.sleep(600)
        assert emp.book.sessions == emp.book.cdrs == {}


def test_the_same_seed_tells_the_same_story() -> None:
    def told() -> bytes:
        async def story() -> Any:
            async with demo() as (world, _):
                station = world.station(STATION)
                await station.plug(1, world.car("anna"))
                await station.tap(1, CARD)
                await world.clock.sleep(600)
                await station.stop_session(1)
                await world.clock.sleep(60)
                return world.journal.dump()

        loop = VirtualLoop()
        try:
            return bytes(loop.run_until_complete(story()))
        finally:
            loop.close()
            asyncio.set_event_loop(None)

    assert told() == told()
