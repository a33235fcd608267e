"""What all actors know is plain JSON, and looking changes nothing."""

from __future__ import annotations

import msgspec

from simulator.scenario.lab import Lab
from simulator.scenario.snapshot import snapshot
from simulator.world import World
from simulator.world_file import find, read, read_text

from .stage import TINY


def test_the_whole_world_is_plain_and_left_as_it_was() -> None:
    with Lab(read_text(TINY)) as lab:
        first, second = lab.snapshot(), lab.snapshot()
        assert first == second
        assert msgspec.json.decode(msgspec.json.encode(first))["world"]["name"] == "tiny"
        assert (set(first["stations"]), set(first["peers"])) == ({"ST1"}, {"plugsurfing"})


async def test_cars_are_told_as_they_arrive() -> None:
    async with World(read(find("demo"))) as world:
        before = (await snapshot(world))["cars"]
        assert list(before) == list(world.plan.cars)
        car = world.car("anna")
        assert before["anna"]["soc_percent"] == car.soc_percent
        assert before["anna"]["battery_kwh"] == car.battery_kwh
        assert car.contract is None and before["anna"]["contract"] is None
        held = {name: world.car(name).contract for name in before}
        assert any(held.values())
        told = {name: None if c is None else c.emaid for name, c in held.items()}
        assert {name: c["contract"] for name, c in (await snapshot(world))["cars"].items()} == told


async def test_no_registration_token_is_shown() -> None:
    async with World(read(find("demo"))) as world:
        state = await snapshot(world)
        peer = world.peers["plugsurfing"]
        real = (await peer.state())["token_a"]
        assert len(real) > 20
        assert real not in str(state)
        assert state["peers"]["plugsurfing"]["token_a"] == "***"
