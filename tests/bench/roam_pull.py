"""Location pull of 10,000 locations through Roam's paging, and what it costs to take them in.

Rule: one run, real sockets on loopback, an EMP and the peer in one process on the loop that real
clocks use, both ends journalling. Each location has two EVSEs with one connector and an inlined
tariff; beside it stands a bare aiohttp handler that gives the same bytes by the page.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import msgspec
from aiohttp import web

from mock_peer.emp import Emp, EmpConfig, start_emp
from mock_peer.roam_organisation import Organisation
from mock_peer.roam_pages import LARGEST_PAGE
from mock_peer.server import RunningPeer, start
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.loop import run as run_loop
from simulator.ocpi.connection import Connection
from tests.mock_peer.roam_things import connector, evse, location, tariff

Figure = tuple[str, float, str]

LOCATIONS = 10_000
KEPT_RECORDS = 1_000


@asynccontextmanager
async def _parties() -> AsyncIterator[tuple[Clock, RunningPeer, Emp]]:
    clock, chance = Clock("real"), Chance(1)
    journal = Journal(clock, seed=1, keep=KEPT_RECORDS)
    organisation = {"rules": {"roam.limit-locations": "off"}}
    peer = await start(clock=clock, chance=chance, journal=journal, organisation=organisation)
    emp = await start_emp(
        EmpConfig(pulls=False),
        clock=clock,
        chance=chance,
        journal=journal,
        versions_url=peer.roam.versions_url,
        token_a=peer.roam.token_a,
    )
    try:
        yield clock, peer, emp
    finally:
        await emp.stop()
        await peer.stop()


def _fill(clock: Clock, peer: RunningPeer) -> float:
    """Put all locations in the book, as a CPO's pushes would; returns seconds."""
    cpo = Connection(id="cpo-bench", peer="cpo")
    peer.book.save(cpo)
    now = clock.now()
    peer.book.put_tariff(cpo, "T1", tariff(), now)
    bodies = [
        location(
            id=f"L{n}",
            evses=[
                evse(uid=f"L{n}-{k}", evse_id=f"DE*ABC*E{n}*{k}", connectors=[connector(id=str(k))])
                for k in (1, 2)
            ],
        )
        for n in range(LOCATIONS)
    ]
    began = time.perf_counter()
    for body in bodies:
        peer.book.put_location(cpo, body, now)
    return time.perf_counter() - began


async def _bare(pages: list[bytes]) -> float:
    """Give the same bytes by a bare handler to a bare client that decodes them; seconds."""

    async def page(request: web.BaseRequest) -> web.Response:
        return web.Response(body=pages[int(request.query["n"])], content_type="application/json")

    runner = web.ServerRunner(web.Server(page, access_log=None))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    async with aiohttp.ClientSession() as session:
        began = time.perf_counter()
        for n in range(len(pages)):
            async with session.get(f"http://{host}:{port}/?n={n}") as answer:
                msgspec.json.decode(await answer.read())
        elapsed = time.perf_counter() - began
    await runner.cleanup()
    return elapsed


async def _measure() -> list[Figure]:
    async with _parties() as (clock, peer, emp):
        taken_in = _fill(clock, peer)
        began = time.perf_counter()
        count = await emp.pull()
        pulled = time.perf_counter() - began
        assert count == LOCATIONS
        began = time.perf_counter()
        await emp.pull(full=False)
        delta = time.perf_counter() - began
        every = list(peer.roam.catalogue.seen_by(Organisation()))
        slices = [every[n : n + LARGEST_PAGE] for n in range(0, LOCATIONS, LARGEST_PAGE)]
        pages = [
            msgspec.json.encode({"data": [entry.encoded for entry in part], "status_code": 1000})
            for part in slices
        ]
        bare = await _bare(pages)
    return [
        ("Roam: locations taken in and shaped for EMPs", LOCATIONS / taken_in, "a second"),
        (f"Roam: full pull of {LOCATIONS:,} locations, {len(pages)} pages", pulled, "s"),
        ("Roam: locations pulled", LOCATIONS / pulled, "a second"),
        ("bare aiohttp handler, the same bytes", LOCATIONS / bare, "a second"),
        ("Roam: delta pull in which nothing changed", delta * 1000, "ms"),
    ]


def run() -> list[Figure]:
    """All figures."""
    return run_loop(_measure(), Clock("real"))


if __name__ == "__main__":
    for name, value, unit in run():
        print(f"{name:64} {value:12,.2f} {unit}")
