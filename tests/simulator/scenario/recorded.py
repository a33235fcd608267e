"""Journals to play back: worlds with the demo's stations and sessions, recorded in virtual time."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from simulator.kernel.chance import Chance
from simulator.kernel.journal import FORMAT, Journal
from simulator.kernel.loop import run
from simulator.scenario.replay import Plan, replay
from simulator.scenario.replay_recording import Recording, load
from simulator.scenario.replay_report import Report
from simulator.station.run import Station
from simulator.wire.tls import Tls
from simulator.world import World
from simulator.world_config import station_config
from simulator.world_file import find, read

Living = Callable[[World], Awaitable[None]]
CARD, BLOCKED = "04A1B2C3D4E580", "04DEADBEEF0180"
STATIONS = {"1.6": "DE-AC-1", "2.0.1": "NL-AC-2"}


def fresh(**changes: Any) -> World:
    """The demo's world, without its EMPs, which register on their own."""
    plan = replace(read(find("demo")), emps=(), **changes)
    return World(plan, clock="virtual")


async def live(world: World) -> None:
    """A session by card in either version, the second with its network cut in the middle."""
    for name in STATIONS.values():
        station = world.station(name)
        await world.clock.sleep(5)
        await station.plug(1, world.car("anna"))
        await station.tap(1, CARD)
        await world.clock.sleep(590)  # no sample is under way when the network goes
        if name == STATIONS["2.0.1"]:
            await station.offline()
            await world.clock.sleep(300)
            await station.online()
            await world.clock.sleep(60)
        await station.stop_session(1)
        await station.unplug(1)
        await world.clock.sleep(60)


def recorded(folder: Path, world: World, living: Living = live) -> Recording:
    """What happens in a world while it lives."""

    async def main() -> bytes:
        async with world:
            await living(world)
            return world.journal.dump()

    path = folder / "world.ndjson"
    path.write_bytes(run(main(), world.clock))
    return load(path)


@cache
def _bytes() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return recorded(Path(folder), fresh()).path.read_bytes()


def recording(folder: Path) -> Recording:
    """What happens in a fresh world while it lives."""
    path = folder / "world.ndjson"
    path.write_bytes(_bytes())
    return load(path)


def play_stations(told: Recording, world: World, **plan: Any) -> tuple[Report, Journal]:
    """Play stations against the CPO of a world whose own are off."""

    async def main() -> tuple[Report, Journal]:
        journal = Journal(world.clock)
        try:
            await world.start(stations=False)
            side = Plan(plan.pop("side", "stations"), world.cpo.ocpp_url, **plan)
            report = await replay(told, side, clock=world.clock, chance=Chance(1), journal=journal)
            return report, journal
        finally:
            await world.stop()

    return run(main(), world.clock)


def as_cpo(told: Recording, world: World, **options: Any) -> tuple[Report, Journal]:
    """Play the CPO against the peer of a world whose own is off."""

    async def main() -> tuple[Report, Journal]:
        journal = Journal(world.clock)
        try:
            await world.start_peers()
            peer = world.peers["plugsurfing"]
            side = Plan("cpo", peer.versions_url, **{"token": peer.token_a, "port": 0, **options})
            report = await replay(told, side, clock=world.clock, chance=Chance(1), journal=journal)
            return report, journal
        finally:
            await world.stop()

    return run(main(), world.clock)


async def live_cpo(world: World, url: str, living: Living = live) -> None:
    """A world without its peer, for one that is played."""
    if world.pki is not None:
        await world.pki.start()
    await world.start_cpo()
    await world.start_stations()
    await world.register_at(url, "token-a", "plugsurfing")
    await living(world)


async def live_stations(
    world: World, url: str, living: Living = live, names: Iterable[str] = STATIONS.values()
) -> None:
    """Stations of a world without their CPO, for one that is played."""
    csms = Tls(ca=world.plan.ocpp_tls.ca)
    for plan in (p for p in world.plan.stations if p.id in names):
        config = station_config(plan, url, csms)
        world.stations[plan.id] = Station(
            config if world.pki is None else world.pki.equip(config, plan),
            clock=world.clock, chance=world.chance, journal=world.journal,
        )  # fmt: skip
    for station in world.stations.values():
        await station.start()
        await station.wait_ready(60)
    await living(world)


def listening(told: Recording, world: World, plan: Plan, play: Any) -> tuple[Report, Journal]:
    """Play a side that listens, and let the live one live."""

    async def main() -> tuple[Report, Journal]:
        loop, journal = asyncio.get_running_loop(), Journal(world.clock)
        where: asyncio.Future[str] = loop.create_future()
        side = replace(plan, listening=where.set_result)
        task = loop.create_task(
            replay(told, side, clock=world.clock, chance=Chance(1), journal=journal)
        )
        try:
            await play(world, await where)
            return await task, journal
        finally:
            task.cancel()
            await world.stop()

    return run(main(), world.clock)


def frame(seq: int, text: Any, *, sent: bool = True, at: str = "2026-01-15T07:00:00.000Z",
          action: str | None = None, **more: Any) -> dict[str, Any]:  # fmt: skip
    """A record of a frame of station S1."""
    parts = text if isinstance(text, list) else [None, None]
    told = msgspec.json.encode(text).decode() if isinstance(text, list) else text
    return {
        "seq": seq, "at": at, "leg": "ocpp", "actor": "station/S1", "peer": "cpo", "session": None,
        "version": "1.6", "action": action, "message_type": parts[0], "message_id": parts[1],
        "direction": "sent" if sent else "received", "frame": told, "errors": [], **more,
    }  # fmt: skip


def file_of(path: Path, *records: dict[str, Any]) -> Path:
    """A journal file of these records."""
    header = {"format": FORMAT, "seed": 1, "clock": "virtual", "world": "demo"}
    lines = [msgspec.json.encode(each) for each in (header, *records)]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path
