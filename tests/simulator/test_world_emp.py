"""A world's EMP is found by its entry point and driven over HTTP alone."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import Mistake
from simulator.wire.http_aio import HttpFailure
from simulator.world import World
from simulator.world_emp import Emp
from simulator.world_file import EmpPlan, PeerPlan, WorldFile, read_text
from simulator.world_peer import Peer, PeerRefused

WORLD = """\
name: behind
seed: 3
clock: virtual
cpo: {{country_code: DE, party_id: ABC, name: Behind}}
peers: [{{name: plugsurfing}}]
emps:
- name: theirs
  country_code: NL
  party_id: XYZ
  register: {register}
  business_name: Theirs
  organisation: {{countries: [{country}]}}
  tokens: [{{uid: 04EE, contract_id: NLXYZC000000015}}]
locations: [{{id: L1, country: DEU, stations: [{{id: S1, ocpp: "1.6"}}]}}]
cars: {{mine: {{soc_percent: 10}}}}
"""


def plan(register: str = "emp", country: str = "DEU") -> WorldFile:
    return read_text(WORLD.format(register=register, country=country))


async def seen(world: World) -> tuple[Any, Any]:
    """What the EMP holds, and Roam's view of it."""
    await world.clock.sleep(10)
    await world.emps["theirs"].pull()
    (view,) = [
        emp
        for emp in (await world.peers["plugsurfing"].control("GET", "/roam"))["emps"]
        if emp["registered"]
    ]
    return await world.emps["theirs"].state(), view


@pytest.mark.parametrize("register", ["emp", "roam"])
async def test_it_registers_as_it_is_set_up(register: str) -> None:
    async with World(plan(register)) as world:
        state, view = await seen(world)
        assert (state["registered"], state["party"]) == (True, "NL*XYZ")
        assert [location["country"] for location in state["locations"]] == ["DEU"]
        assert (view["organisation"]["name"], view["tokens"]) == ("Theirs", 1)
        assert view["organisation"]["countries"] == ["DEU"]


@pytest.mark.parametrize("register", ["emp", "roam"])
async def test_its_organisation_decides_what_it_sees(register: str) -> None:
    async with World(plan(register, "NLD")) as world:
        assert (await seen(world))[0]["locations"] == []


async def test_nobody_begins_where_the_file_says_so() -> None:
    async with World(plan("nobody")) as world:
        assert (await world.emps["theirs"].state())["registered"] is False


async def test_it_starts_and_stops_a_session_from_afar() -> None:
    async with World(plan()) as world:
        emp = world.emps["theirs"]
        await seen(world)
        await world.station("S1").plug(1, world.car("mine"))
        await world.clock.sleep(5)
        assert (await emp.start_session(token_uid="04EE"))["result"]["result"] == "ACCEPTED"
        await world.clock.sleep(1200)
        assert (await emp.stop_session())["result"]["result"] == "ACCEPTED"
        await world.clock.sleep(60)
        (session,) = (await emp.state())["sessions"]
        (cdr,) = (await emp.state())["cdrs"]
        assert cdr["session_id"] == session["id"]
        assert cdr["cdr_token"]["contract_id"] == "NL-XYZ-C00000001-5"
        with pytest.raises(PeerRefused, match=r"/_emp/start: HTTP 409"):
            await emp.start_session(token_uid="04FF")


async def test_an_unknown_kind_is_guessed_at_and_a_stop_is_harmless(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    ground: Any = {"clock": clock, "chance": chance, "journal": journal}
    emp = Emp(EmpPlan("e", kind="rom"), Peer(PeerPlan("p"), **ground), **ground)
    with pytest.raises(Mistake, match=r"no EMP of kind 'rom'.*Did you mean 'roam'"):
        await emp.start("127.0.0.1")
    await emp.stop()
    await emp.stop()


async def test_it_is_away_and_back_with_what_it_held() -> None:
    async with World(read_text(WORLD.format(register="emp", country="DEU"), "w.yaml")) as world:
        (emp,) = world.emps.values()
        await world.clock.sleep(5)
        held, url = await emp.state(), emp.control_url
        assert held["registered"]
        with pytest.raises(Mistake, match="has not been away"):
            await emp.up()
        await emp.down()
        with pytest.raises(HttpFailure):
            await emp.state()
        with pytest.raises(Mistake, match="is away: emp_up"):
            await emp.down()
        await world.clock.sleep(300)
        await emp.up()
        since = world.journal.seq
        assert (emp.control_url, await emp.state()) == (url, held)
        await world.clock.sleep(300)
        pulls = [r for r in world.journal.records if r["seq"] > since and r["leg"] == "ocpi"]
        assert len({r["seq"] for r in pulls if r["actor"] == emp.actor}) >= 4
        told = [r["what"] for r in world.journal.records if r["actor"] == "world"]
        assert told == ["emp.down", "emp.up"]


TWO = """\
name: two
seed: 3
clock: virtual
cpo: {country_code: DE, party_id: ABC, name: Behind}
peers: [{name: plugsurfing}]
emps:
- name: first
  tokens: [{uid: 04E1, contract_id: DEEMPC000000015}]
- name: second
  country_code: NL
  party_id: XYZ
  port: 8101
  register: roam
  tokens: [{uid: 04E2, contract_id: NLXYZC000000015}]
locations:
- {id: L1, country: DEU, stations: [{id: S1, ocpp: "1.6"}, {id: S2, ocpp: "2.0.1"}]}
cars: {mine: {soc_percent: 10}, yours: {soc_percent: 10}}
"""


async def charge(world: World, station: str, car: str, card: str) -> str:
    """Let a driver charge with a card; returns the session of the plug-in."""
    here = world.station(station)
    await here.plug(1, world.car(car))
    await world.clock.sleep(5)
    assert await here.tap(1, card)
    await world.clock.sleep(600)
    await here.stop_session(1)
    await world.clock.sleep(5)
    await here.unplug(1)
    await world.clock.sleep(60)
    return next(
        record["session"]
        for record in reversed(world.journal.records)
        if record["actor"] == f"station/{station}" and record["session"]
    )


async def test_two_emps_are_told_apart_and_each_gets_its_own() -> None:
    async with World(read_text(TWO)) as world:
        await world.clock.sleep(60)
        sessions = [
            await charge(world, "S1", "mine", "04E1"),
            await charge(world, "S2", "yours", "04E2"),
        ]
        for name, uid, session in zip(world.emps, ("04E1", "04E2"), sessions, strict=True):
            state = await world.emps[name].state()
            assert [told["cdr_token"]["uid"] for told in state["sessions"]] == [uid]
            assert [cdr["cdr_token"]["uid"] for cdr in state["cdrs"]] == [uid]
            told = [r for r in world.journal.records if r["session"] == session]
            emps = {actor for r in told for actor in (r["actor"], r["peer"]) if "emp" in str(actor)}
            assert emps == {f"emp/{name}"}
        named = {
            (record["actor"], record["peer"])
            for record in world.journal.records
            if "roam" in (record["actor"], record["peer"])
        }
        assert named - {("roam", None)} == {
            pair
            for name in ("emp/first", "emp/second")
            for pair in (("roam", name), (name, "roam"))
        }


async def test_two_emps_of_one_contract_prefix_are_refused() -> None:
    same = TWO.replace("register: roam", "organisation: {contract_prefixes: [NL-XYZ, DE-EMP]}")
    with pytest.raises(PeerRefused, match=r"DEEMP is registered for DE\*EMP.*/contract_prefixes/1"):
        async with World(read_text(same)):
            pass


def test_two_emps_of_one_party_are_a_mistake() -> None:
    same = TWO.replace("country_code: NL\n  party_id: XYZ", "country_code: DE\n  party_id: EMP")
    with pytest.raises(Mistake, match=r"'second' is the same party as another EMP"):
        read_text(same)
