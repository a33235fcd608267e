"""A world's EMP is found by its entry point and driven over HTTP alone."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import Mistake
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
