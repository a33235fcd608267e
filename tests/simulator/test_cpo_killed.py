"""A CPO that dies as by kill -9: what it had not committed is lost, and nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from simulator.mistakes import Mistake
from simulator.scenario.snapshot import snapshot
from simulator.wire.http_aio import ConnectFailed, HttpClient
from simulator.world import World
from simulator.world_file import read_text

WORLD = """\
name: small
seed: 7
clock: virtual
cpo: {country_code: DE, party_id: ABC, name: Small, database: "%s"}
peers: [{name: plugsurfing, tokens: [{uid: 04AA}]}]
tariffs: [{id: t, elements: [{price_components: [{type: ENERGY, price: 0.5, step_size: 1}]}]}]
locations:
- id: L1
  country: DEU
  stations:
  - {id: S16, ocpp: 1.6, tariff: t}
  - {id: S201, ocpp: 2.0.1, tariff: t}
cars: {mine: {soc_percent: 10}}
"""


@pytest.fixture(params=[":memory:", "book.db"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    where = request.param if request.param == ":memory:" else str(tmp_path / request.param)
    return World(read_text(WORLD % where, "w.yaml"))


async def test_what_is_committed_survives_and_what_is_not_does_not(world: World) -> None:
    async with world:
        settings = world.cpo.book.settings
        assert settings.count("kept") == 1
        await world.cpo.book.committed()
        assert settings.count("lost") == 1
        await world.kill_cpo()
        assert (await snapshot(world))["cpo"] is None
        await world.clock.sleep(1)
        await world.revive_cpo()
        assert world.cpo.book.settings is not settings
        assert [world.cpo.book.settings.count(name) for name in ("kept", "lost")] == [2, 1]
        assert [peer.peer for peer in world.cpo.peers.registered()] == ["plugsurfing"]


@pytest.mark.parametrize("name", ["S16", "S201"])
@pytest.mark.parametrize("ends", ["while it is dead", "afterwards"])
async def test_a_session_is_billed_once(world: World, name: str, ends: str) -> None:
    async with world:
        station, url = world.station(name), world.cpo.versions_url
        await station.plug(1, world.car("mine"))
        assert await station.tap(1, "04AA")
        await world.clock.sleep(600)
        await world.kill_cpo()
        await world.clock.sleep(600)
        if ends == "while it is dead":
            await station.stop_session(1)
        await world.clock.sleep(60)
        await world.revive_cpo()
        assert world.cpo.versions_url == url
        await world.clock.sleep(300)
        if ends == "afterwards":
            await station.stop_session(1)
        await world.clock.sleep(300)
        (cdr,) = world.cpo.book.cdrs.all()
        meter = station.core.evses[0].meter.show(world.clock.monotonic()).energy_wh
        assert cdr.state == "accepted"
        assert abs(float(cdr.body["total_energy"]) * 1000 - meter) <= 2
        (connection,) = (await world.peers["plugsurfing"].state())["held"]
        assert [held["id"] for held in connection["cdrs"]] == [cdr.id]


async def test_the_moment_of_every_message_of_a_transaction_may_be_its_last(world: World) -> None:
    async with world:
        station = world.station("S16")
        for number, action in enumerate(("StartTransaction", "StopTransaction"), 1):
            dying = asyncio.create_task(killed_upon(world, action))
            await station.plug(1, world.car("mine"))
            await station.tap(1, "04AA")
            await world.clock.sleep(300)
            await station.stop_session(1)
            await station.unplug(1)
            await dying
            await world.clock.sleep(900)
            assert world.cpo.snapshot()["cdrs"] == {"accepted": number}
            assert world.cpo.snapshot()["sessions"] == []


async def killed_upon(world: World, action: str) -> None:
    """Kill it as soon as it has read such a message, before anything is committed."""
    await world.journal.wait_for(
        lambda r: (
            r["leg"] == "ocpp"
            and r["actor"] == "cpo"
            and r["direction"] == "received"
            and r["action"] == action
        ),
        timeout_s=3600,
        after=world.journal.seq,
    )
    await world.kill_cpo()
    await world.clock.sleep(30)
    await world.revive_cpo()


async def test_nobody_is_told_and_nobody_answers(world: World) -> None:
    async with world:
        url, csms = world.cpo.versions_url, world.cpo.csms
        assert set(csms.connected) == {"S16", "S201"}
        since = len(list(world.journal.records))
        await world.kill_cpo()
        await world.clock.sleep(5)
        client = HttpClient(world.clock)
        with pytest.raises(ConnectFailed):
            await client.send("GET", url)
        await client.close()
        whys = [
            record["data"]["reason"]
            for record in list(world.journal.records)[since:]
            if record.get("what") == "ocpp.disconnected" and record["actor"] != "cpo"
        ]
        assert len(whys) == 2
        assert all("close frame" in why for why in whys), whys  # "no close frame received or sent"


async def test_the_dead_die_once_and_the_living_are_not_revived(world: World) -> None:
    async with world:
        with pytest.raises(Mistake, match="the CPO is alive"):
            await world.revive_cpo()
        await world.kill_cpo()
        with pytest.raises(Mistake, match="revive_cpo starts it again"):
            await world.kill_cpo()
    # A world may end with its CPO dead.
