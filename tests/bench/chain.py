"""The whole chain: sessions a second, CPU a session, memory a station, and how fast help comes.

Rule: everything is on: journal, both validations, the peer's rules, pricing, the book; all roles in
one process, on the virtual clock, so that nothing but work is measured. CPU time depends on the
machine and on what else it does: beside it stands the floor, the same number of round trips and
requests through bare `websockets` and `aiohttp`, measured in turns with it.
"""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
from aiohttp import web
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from simulator.kernel.clock import Clock, cpu_seconds
from simulator.kernel.loop import run as run_loop
from simulator.world import World
from simulator.world_file import WorldFile, read_text

Figure = tuple[str, float, str]

STATIONS = 50
ROUNDS = 4
BARE = 2_000  # round trips and requests
FRAME, BODY = "x" * 350, b"x" * 700  # what the chain's messages weigh
FLEET = 1_000
CHARGE_S = 480.0

WORLD = """\
name: bench
cpo: {{country_code: DE, party_id: RLB, name: Bench, session_update_interval_s: 240}}
{peers}
tariffs:
- id: t
  elements: [{{price_components: [{{type: ENERGY, price: 0.49, vat: 19, step_size: 1}}]}}]
locations:
{locations}
cars: {{any: {{soc_percent: 20}}}}
"""
LOCATION = """\
- id: L{n}
  country: DEU
  stations:
  - {{id: A{n}, ocpp: "1.6", tariff: t, meter_interval_s: 60}}
  - {{id: B{n}, ocpp: 2.0.1, tariff: t, meter_interval_s: 60}}"""
PEERS = "peers: [{name: plugsurfing, tokens: [{uid: 04A1B2C3D4E580}]}]"


def plan(stations: int, peers: str) -> WorldFile:
    """A world of so many stations, two at a location, one in each version."""
    locations = "\n".join(LOCATION.format(n=n) for n in range(stations // 2))
    return read_text(WORLD.format(peers=peers, locations=locations))


def run() -> list[Figure]:
    """Measure, in one run each."""
    return [*_chain(), *_memory(), *_help()]


def _chain() -> list[Figure]:
    before = _bare()
    world = World(plan(STATIONS, PEERS), clock="virtual", seed=1, keep=200_000)
    figures = run_loop(_sessions(world), world.clock)
    after = _bare()
    (_, _, _), (_, spent, _), (_, calls, _), (_, requests, _) = figures
    trip, request = ((one + other) / 2 for one, other in zip(before, after, strict=True))
    floor = calls * trip + requests * request
    return [
        *figures,
        ("bare transport: a WebSocket round trip, both ends", trip, "ms"),
        ("bare transport: an HTTP request, both ends", request, "ms"),
        ("bare transport: CPU of a session's round trips and requests", floor, "ms"),
        ("whole chain: CPU, of the bare transport's", spent / floor, "times"),
    ]


def _bare() -> tuple[float, float]:
    """CPU ms of a round trip and of a request, both ends together."""
    clock = Clock("virtual")
    return run_loop(_round_trips(), clock), run_loop(_requests(), clock)


async def _round_trips() -> float:
    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with (
        serve(echo, "127.0.0.1", 9000, compression=None),
        connect("ws://127.0.0.1:9000", compression=None) as link,
    ):

        async def trip() -> None:
            await link.send(FRAME)
            await link.recv()

        return await _cpu_ms(trip)


async def _requests() -> float:
    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(body=await request.read())

    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 8090).start()
    async with aiohttp.ClientSession() as client:

        async def request() -> None:
            async with client.post("http://127.0.0.1:8090/", data=BODY) as response:
                await response.read()

        took = await _cpu_ms(request)
    await runner.cleanup()
    return took


async def _cpu_ms(act: Callable[[], Awaitable[None]]) -> float:
    began = cpu_seconds()
    for _ in range(BARE):
        await act()
    return (cpu_seconds() - began) * 1000 / BARE


async def _sessions(world: World) -> list[Figure]:
    async with world:
        await world.clock.sleep(30)
        seq, cpu, began = world.journal.seq, cpu_seconds(), time.perf_counter()

        async def drive(name: str, delay_s: float) -> None:
            station = world.station(name)
            await world.clock.sleep(delay_s)
            for _ in range(ROUNDS):
                await station.plug(1, world.car("any"))
                await station.tap(1, "04A1B2C3D4E580")
                await world.clock.sleep(CHARGE_S)
                await station.tap(1, "04A1B2C3D4E580")
                await station.unplug(1)
                await world.clock.sleep(20)

        await asyncio.gather(*(drive(name, i * 3.0) for i, name in enumerate(world.stations)))
        await world.clock.sleep(30)
        took, cpu = time.perf_counter() - began, cpu_seconds() - cpu
        records = world.journal.since(seq)
        cdrs = sum(
            r["leg"] == "ocpi"
            and (r["actor"], r["module"], r["method"]) == ("cpo", "cdrs", "POST")
            and r["status_code"] == 1000
            for r in records
        )
        wanted = STATIONS * ROUNDS
        assert cdrs == wanted, f"{cdrs} CDRs accepted of {wanted} sessions"
        calls = sum(
            r["leg"] == "ocpp" and r["message_type"] == 2 and r["direction"] == "sent"
            for r in records
        )
        requests = sum(r["leg"] == "ocpi" and r["direction"] == "sent" for r in records)
    return [
        ("whole chain: sessions", wanted / took, "/s"),
        ("whole chain: CPU a session, all roles", cpu * 1000 / wanted, "ms"),
        ("whole chain: OCPP calls a session", calls / wanted, ""),
        ("whole chain: OCPI requests a session", requests / wanted, ""),
    ]


def _memory() -> list[Figure]:
    """Resident memory of 1,000 connected stations, both ends, in a process of its own."""
    code = "from tests.bench.chain import fleet; print(fleet())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [("memory a station, both ends, at 1,000 stations", float(done.stdout), "kB")]


def fleet() -> float:
    """kB that one of 1,000 idle connected stations costs, its CSMS end included."""
    world = World(plan(FLEET, ""), clock="virtual", seed=1, keep=100)

    async def measure() -> float:
        await world.start_cpo()
        gc.collect()
        before = _resident_kb()
        await world.start_stations()
        await world.clock.sleep(600)
        gc.collect()
        grown = _resident_kb() - before
        await world.stop()
        return grown / FLEET

    return run_loop(measure(), world.clock)


def _resident_kb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return float(line.split()[1])
    raise OSError("no VmRSS on this system")


def _help() -> list[Figure]:
    """`roamlab --help`, the median of nine."""
    took = []
    for _ in range(9):
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "simulator", "--help"], stdout=subprocess.DEVNULL, check=True
        )
        took.append(time.perf_counter() - began)
    return [("roamlab --help", sorted(took)[4] * 1000, "ms")]


if __name__ == "__main__":
    for name, value, unit in run():
        print(f"{name:60} {value:10,.2f} {unit}")
