"""CDR posts and location PUTs a second: the mock peer with rules, journal and book, beside a bare
aiohttp handler.

Rule: both answer the same bytes from the same client, which is a process of its own, in one run;
the figure that does not hang on the machine's other work is the CPU a request.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from mock_peer.server import start
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.loop import run as run_loop
from simulator.ocpi.envelope import write_json
from simulator.ocpi.headers import authorization
from simulator.wire.http_aio import HttpClient
from tests.mock_peer import objects as o

Figure = tuple[str, float, str]

POSTS = 6_000
WARM_UP = 500
CONNECTIONS = 32
PERIODS = 4
TOKEN = "token-of-the-bench"
ID = "BENCH0000000000"  # stands for each object's own id, in the path and in the body


def run() -> list[Figure]:
    """Measure each of the two, bare and judged, in one run."""
    return [*_compare("CDR posts", "POST", "cdrs"), *_compare("location PUTs", "PUT", "locations")]


def _compare(what: str, method: str, module: str) -> list[Figure]:
    bare = run_loop(_bare(method, _BODIES[module]("reference")), Clock("real"))
    peer = run_loop(_peer(method, module), Clock("real"))
    return [
        (f"{what}: bare aiohttp handler", bare[0], "/s"),
        (f"{what}: mock peer, all rules, journal, book", peer[0], "/s"),
        (f"{what}: mock peer / bare handler, by rate", peer[0] / bare[0], "x"),
        (f"{what}: bare aiohttp handler, CPU", bare[1], "us each"),
        (f"{what}: mock peer, CPU", peer[1], "us each"),
    ]


async def _bare(method: str, body: bytes) -> tuple[float, float]:
    """Read the object as JSON, answer an envelope as JSON: what one writes first."""
    answer = {"status_code": 1000, "status_message": "Success", "timestamp": o.AT}

    async def handle(request: web.Request) -> web.Response:
        await request.json()
        return web.json_response(answer, status=201)

    app = web.Application()
    app.router.add_route(method, "/{id}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        return await _measure(method, f"http://127.0.0.1:{port}/{ID}", body)
    finally:
        await runner.cleanup()


async def _peer(method: str, module: str) -> tuple[float, float]:
    """The peer as it is."""
    clock = Clock("real")
    journal = Journal(clock, keep=10_000)
    peer = await start(clock=clock, chance=Chance(1), journal=journal)
    client = HttpClient(clock)

    async def ask(method: str, url: str, body: Any) -> Any:
        headers = {"Authorization": authorization(TOKEN, "base64")}
        answer = await client.send(method, url, body=write_json(body), headers=headers)
        assert answer.status < 300, answer.body
        return msgspec.json.decode(answer.body)

    try:
        made = await ask(
            "POST",
            f"{peer.control_url}/connections",
            {
                "version": "2.2.1",
                "our_token": TOKEN,
                "their_token": TOKEN,
                # One reference serves all: otherwise the client would have to ask for each.
                "profile": {"rules": {"cdr.paid-once": "off"}},
            },
        )
        urls = {e["identifier"]: e["url"] for e in made["endpoints"]}
        await ask("PUT", f"{urls['tariffs']}/DE/ABC/T1", o.tariff())
        await ask("PUT", f"{urls['locations']}/DE/ABC/LOC1", o.location())
        url = f"{urls['tokens']}/{o.CARD}/authorize"
        reference = (await ask("POST", url, {"location_id": "LOC1"}))["data"]
        body = _BODIES[module](reference["authorization_reference"])
        target = urls[module] if method == "POST" else f"{urls[module]}/DE/ABC/{ID}"
        figures = await _measure(method, target, body)
        state = await ask("GET", f"{peer.control_url}/findings", None)
        found = sorted({f["rule"] for f in state["findings"]})
        assert found == ["request.ids"] or not found, found
        return figures
    finally:
        await client.close()
        await peer.stop()


def _cdr(reference: str) -> bytes:
    """A CDR of about 4 kB that breaks no rule: four periods, and the signed values of its meter."""
    now = Clock("real").now()
    body = o.cdr(ID, start=now, reference=reference)
    body["end_date_time"] = body["last_updated"] = body["start_date_time"]
    period = body["charging_periods"][0]
    energy = [{"type": "ENERGY", "volume": 10 if n == 0 else 0} for n in range(PERIODS)]
    more = [{"type": "TIME", "volume": 0}, {"type": "MAX_CURRENT", "volume": 16}]
    body["charging_periods"] = [{**period, "dimensions": [one, *more]} for one in energy]
    body["total_time"] = 0
    signed = [
        {"nature": nature, "plain_data": "0" * 100, "signed_data": "A" * 500}
        for nature in ("Start", "End")
    ]
    body["signed_data"] = {"encoding_method": "OCMF", "signed_values": signed}
    return write_json(body)


def _location(_reference: str) -> bytes:
    """A location of about 4 kB that breaks no rule: eight EVSEs with a connector each."""
    evses = [o.evse(f"{ID}-{n}", f"DE*ABC*E{ID}{n}") for n in range(8)]
    return write_json(o.location(ID, evses=evses))


_BODIES: dict[str, Callable[[str], bytes]] = {"cdrs": _cdr, "locations": _location}


async def _measure(method: str, url: str, body: bytes) -> tuple[float, float]:
    """Requests a second, and this process's CPU microseconds a request."""
    began, cpu = 0.0, 0.0

    def ready() -> None:
        nonlocal began, cpu
        began, cpu = time.perf_counter(), time.process_time()

    await _drive(method, url, body, ready)
    return POSTS / (time.perf_counter() - began), (time.process_time() - cpu) / POSTS * 1e6


async def _drive(method: str, url: str, body: bytes, ready: Callable[[], None]) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.peer_intake",
        method,
        url,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(body)
    process.stdin.close()
    assert await process.stdout.readline() == b"warm\n"
    ready()
    assert await process.stdout.readline() == b"done\n"
    assert await process.wait() == 0


async def _send_all(method: str, url: str, body: bytes) -> None:
    """The client: raw keep-alive connections, each request an object of its own."""
    host, _, path = url.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    head = (
        f"{method} /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Authorization: {authorization(TOKEN, 'base64')}\r\n"
        f"X-Request-ID: {ID}\r\nX-Correlation-ID: {ID}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    message = head + body
    streams = [await asyncio.open_connection(name, int(port)) for _ in range(CONNECTIONS)]
    numbers = iter(range(WARM_UP + POSTS))

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, last: int) -> None:
        for number in numbers:
            writer.write(message.replace(ID.encode(), b"BENCH%010d" % number))
            answer = await reader.readuntil(b"\r\n\r\n")
            assert b" 201 " in answer[:16], answer + await reader.read(500)
            length = next(
                int(line[15:])
                for line in answer.split(b"\r\n")
                if line[:15].lower() == b"content-length:"
            )
            await reader.readexactly(length)
            if number >= last:
                return

    everybody: Callable[[int], Awaitable[Any]] = lambda last: asyncio.gather(  # noqa: E731
        *(work(reader, writer, last) for reader, writer in streams)
    )
    await everybody(WARM_UP - CONNECTIONS)
    print("warm", flush=True)
    await everybody(WARM_UP + POSTS)
    print("done", flush=True)


if __name__ == "__main__":
    run_loop(_send_all(*sys.argv[1:3], sys.stdin.buffer.read()), Clock("real"))
