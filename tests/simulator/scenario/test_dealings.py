"""What CPO, peers and EMPs have with each other."""

from __future__ import annotations

import msgspec

from simulator.scenario.dealings import dealings
from simulator.world import World
from simulator.world_file import find, read, read_text

OUTSIDE = """
name: outside
cpo: {country_code: DE, party_id: RLB, name: outside, ocpi_port: 0, ocpp_port: 0}
peers: [{name: ps, url: "http://127.0.0.1:9/ocpi/versions", token: abc}]
locations: []
"""


async def test_both_sides_of_a_connection_without_its_tokens() -> None:
    async with World(read(find("demo")), seed=42) as world:
        told = await dealings(world)
        (peer,) = told["peers"].values()
        assert [one["version"] for one in peer["connections"]] == ["2.2.1"]
        assert [one["peer"] for one in told["cpo"]["connections"]] == ["plugsurfing"]
        (emp,) = told["emps"].values()
        assert emp["connections"][0]["registered"] and told["faults"] == []
        text = msgspec.json.encode(told).decode()
        for connection in world.cpo.peers.registered():
            assert connection.token_in not in text and connection.token_out not in text
        await world.kill_cpo()
        assert (await dealings(world))["cpo"] is None


async def test_who_has_nothing_to_tell_says_why() -> None:
    world = World(read_text(OUTSIDE))
    assert (await dealings(world))["peers"] == {
        "ps": {"trouble": "it runs elsewhere", "versions_url": "http://127.0.0.1:9/ocpi/versions"}
    }
    await world.stop()
