"""Worlds: composed from a file, started and stopped whole, and the same every time."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.kernel.clock import Clock
from simulator.kernel.loop import run
from simulator.mistakes import Exit, Mistake
from simulator.scenario.snapshot import snapshot
from simulator.wire.http import BindError
from simulator.world import World
from simulator.world_config import station_config
from simulator.world_file import WorldFile, find, read, read_text

SMALL = """\
name: small
seed: 7
clock: virtual
cpo: {country_code: DE, party_id: ABC, name: Small}
peers: [{name: plugsurfing, tokens: [{uid: 04AA}]}]
tariffs: [{id: t, elements: [{price_components: [{type: ENERGY, price: 0.5, step_size: 1}]}]}]
locations:
- id: L1
  country: DEU
  stations:
  - {id: S16, ocpp: 1.6, tariff: t, omit_from_cdrs: [total_cost], password: 0123456789abcdef}
  - {id: S201, ocpp: 2.0.1, evses: [[dc-150, chademo-50]], tariff: t, meter_interval_s: 30}
cars: {mine: {soc_percent: 10}}
"""


@pytest.fixture
def plan() -> WorldFile:
    return read_text(SMALL)


def what(world: World) -> Iterator[str]:
    return (str(record.get("what")) for record in world.journal.records)


async def session(world: World, name: str = "S16") -> None:
    """One whole session, to its CDR."""
    station = world.station(name)
    await station.plug(1, world.car("mine"))
    await station.tap(1, "04AA")
    await world.clock.sleep(600)
    await station.tap(1, "04AA")
    await station.unplug(1)
    await world.clock.sleep(30)


async def test_a_world_starts_registers_charges_and_stops(plan: WorldFile) -> None:
    async with World(plan) as world:
        assert set(world.stations) == {"S16", "S201"}
        await session(world)
        await session(world, "S201")
        cdrs = [
            r["status_code"]
            for r in world.journal.records
            if r["leg"] == "ocpi" and r["module"] == "cdrs" and r["actor"] == "cpo"
        ]
    assert cdrs == [2001, 1000]  # the 1.6 station's lack a field on purpose
    assert not [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]


async def test_nothing_is_left_running_when_the_start_fails(plan: WorldFile) -> None:
    taken = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 9000)
    with pytest.raises(BindError, match=r"cannot listen on 127\.0\.0\.1:9000") as caught:
        async with World(plan):
            pass
    assert caught.value.exit_code == Exit.UNREACHABLE
    taken.close()
    assert not [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]


async def test_the_peer_may_begin_the_handshake() -> None:
    text = SMALL.replace("{name: plugsurfing,", "{name: plugsurfing, register: peer,")
    async with World(read_text(text)) as world:
        await world.clock.sleep(5)
        posts = [
            r["actor"]
            for r in world.journal.records
            if r["leg"] == "ocpi" and r["method"] == "POST" and r["direction"] == "sent"
        ]
        assert posts[0] == "plugsurfing"
        assert [peer.peer for peer in world.cpo.peers.registered()] == ["plugsurfing"]


async def test_a_station_that_is_not_accepted_is_told(
    plan: WorldFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(plan)
    monkeypatch.setattr("simulator.world.station_config", _stranger)
    with pytest.raises(Mistake, match="station S16 was not accepted within 60 s") as caught:
        async with world:
            pass
    assert caught.value.exit_code == Exit.TIMEOUT


def _stranger(plan, csms_url, _tls):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    return replace(station_config(plan, csms_url), id=f"{plan.id}-unknown")


async def test_virtual_time_and_an_outside_peer_exclude_each_other(plan: WorldFile) -> None:
    text = SMALL.replace("tokens: [{uid: 04AA}]", "url: 'https://peer.example/v', token: abc")
    with pytest.raises(Mistake, match="the clock is virtual, but plugsurfing is outside") as caught:
        World(read_text(text))
    assert "--clock real" in str(caught.value)
    world = World(read_text(text), clock="real")
    assert world.peers["plugsurfing"].outside
    await world.stop()


AWAY = """\
name: away
cpo:
  {country_code: DE, party_id: ABC, name: Small,
   outside: {token: '%s', versions_url: '%s', csms: '%s'}}
peers: [{name: plugsurfing, port: 0, register: peer, tokens: [{uid: 04AA}]}]
locations: [{id: L1, country: DEU, stations: [{id: S16, ocpp: 1.6}]}]
cars: {mine: {soc_percent: 10}}
"""


@pytest.mark.real
async def test_stations_and_peer_go_to_a_cpo_outside() -> None:
    here = SMALL.replace("Small}", "Small, ocpp_port: 0, ocpi_port: 0}").replace("- {id: S201", "#")
    here = here.replace("clock: virtual", "").replace(", password: 0123456789abcdef", "")
    theirs = World(read_text(here.replace("peers:", "#")))
    await theirs.start(stations=False)
    door = (theirs.cpo.token_a("plugsurfing"), theirs.cpo.versions_url, theirs.cpo.ocpp_url)
    async with World(read_text(AWAY % door)) as ours:
        assert [peer.peer for peer in theirs.cpo.peers.registered()] == ["plugsurfing"]
        await ours.station("S16").plug(1, ours.car("mine"))
        assert await ours.station("S16").tap(1, "04AA")
        assert "cpo" not in {record["actor"] for record in ours.journal.records}
        with pytest.raises(Mistake, match="the CPO is outside this world"):
            _ = ours.cpo
        with pytest.raises(Mistake, match=r"the clock is virtual, but .* the CPO is outside"):
            World(ours.plan, clock="virtual")
        assert (await snapshot(ours))["cpo"] is None
    await theirs.stop()


async def test_what_the_caller_says_overrides_the_file(plan: WorldFile) -> None:
    world = World(plan, clock="scaled:60", seed=9)
    assert (world.clock.factor, world.seed) == (60, 9)
    assert world.journal.header == {
        "format": "roamlab-journal/1",
        "seed": 9,
        "clock": "scaled:60",
        "world": "small",
    }
    no_seed = read_text(SMALL.replace("seed: 7\n", ""))
    others = [World(plan), World(no_seed), World(no_seed)]
    assert others[0].seed == 7
    assert others[1].seed != others[2].seed
    for each in (world, *others):
        await each.stop()


async def test_unknown_names_are_guessed_at(plan: WorldFile) -> None:
    async with World(plan) as world:
        with pytest.raises(Mistake, match=r"no station 'S61' in this world\. Did you mean 'S16'"):
            world.station("S61")
        with pytest.raises(Mistake, match=r"no car 'yours' in this world\. Known: mine\."):
            world.car("yours")


def record_session(plan: WorldFile, seed: int) -> bytes:
    """The journal of one small world, on a loop of its own."""
    world = World(plan, seed=seed)

    async def play() -> bytes:
        async with world:
            await session(world)
            await world.station("S201").offline()
            await session(world, "S201")
            await world.station("S201").online()
            await world.clock.sleep(60)
        return world.journal.dump()

    return run(play(), world.clock)


def test_the_same_seed_writes_the_same_journal_byte_for_byte(plan: WorldFile) -> None:
    first = record_session(plan, 7)
    assert first.count(b"\n") > 150
    for _ in range(5):
        assert record_session(plan, 7) == first
    assert record_session(plan, 8) != first


def test_under_load_and_in_other_processes_it_is_the_same_journal(tmp_path: Path) -> None:
    """Hash seeds, the process, and what else the machine does make no difference."""
    paths = [tmp_path / f"{number}.ndjson" for number in range(5)]
    runs = [  # all at once: each is the others' load
        subprocess.Popen(
            [sys.executable, "-m", "simulator", "demo", "--journal", str(path), "--json"],
            env={"PYTHONHASHSEED": str(number)},
            stdout=subprocess.DEVNULL,
        )
        for number, path in enumerate(paths)
    ]
    try:
        assert [run.wait(120) for run in runs] == [0] * len(runs)
    finally:
        for run in runs:
            run.kill()
            run.wait()
    journals = [path.read_bytes() for path in paths]
    assert len(journals[0]) > 500_000
    assert all(journal == journals[0] for journal in journals)


def test_the_shipped_world_is_found() -> None:
    assert read(find("demo")).name == "demo"


async def test_a_session_goes_through_whatever_the_speed_becomes(plan: WorldFile) -> None:
    async with World(plan, clock="scaled:60") as world:
        loop = asyncio.get_running_loop()
        changes = [(1.0, 600), (0.5, 0), (3.0, 5), (20.0, 3600)]
        due_s = 0.0
        for pause_s, factor in changes:
            due_s += pause_s
            loop.call_later(due_s, world.clock.speed, factor)
        await session(world, "S201")
        assert loop.time() > due_s  # the last of them has come
        cdrs = [r for r in world.journal.records if r["leg"] == "ocpi" and r["module"] == "cdrs"]
        assert {r["status_code"] for r in cdrs} == {1000}
        stamps = [record["at"] for record in world.journal.records]
        assert stamps == sorted(stamps)


async def test_a_paused_world_talks_on_and_can_be_stopped(plan: WorldFile) -> None:
    async with Clock("virtual").timeout(3600), World(plan, clock="scaled:60") as world:
        station = world.station("S16")
        world.clock.speed(0)
        now = world.clock.now()
        await station.plug(1, world.car("mine"))
        assert await station.tap(1, "04AA")
        assert world.clock.now() == now
    assert not world.clock.paused  # whoever waits for time to pass can be stopped
