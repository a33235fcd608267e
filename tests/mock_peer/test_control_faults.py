"""Faults over the peer's control API: placed, told, struck, taken away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from mock_peer.server import RunningPeer, start
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import Mistake
from simulator.wire.http_aio import ConnectFailed, HttpClient

Ask = Any


@pytest.fixture
async def peer(clock: Clock, chance: Chance, journal: Journal) -> AsyncIterator[RunningPeer]:
    running = await start(clock=clock, chance=chance, journal=journal)
    yield running
    await running.stop()


@pytest.fixture
async def http(clock: Clock) -> AsyncIterator[HttpClient]:
    client = HttpClient(clock)
    yield client
    await client.close()


async def ask(http: HttpClient, peer: RunningPeer, method: str, path: str, body: Any = None) -> Any:
    content = b"" if body is None else msgspec.json.encode(body)
    answer = await http.send(method, f"{peer.control_url}{path}", body=content)
    return answer.status, msgspec.json.decode(answer.body)


async def test_a_fault_strikes_and_tells_how_often(peer: RunningPeer, http: HttpClient) -> None:
    spec = {"kind": "http_status", "status": 503, "path": "/ocpi/versions", "for": "1 h"}
    assert await ask(http, peer, "POST", "/faults", spec) == (200, {"id": "fault-1"})
    answers = [(await http.send("GET", peer.versions_url)).status for _ in range(2)]
    assert answers == [503, 503]
    _, told = await ask(http, peer, "GET", "/faults")
    (fault,) = told["faults"]
    assert (fault["kind"], fault["hits"], fault["active"]) == ("http_status", 2, True)
    assert await ask(http, peer, "DELETE", "/faults/fault-1") == (200, {"done": True})
    assert (await http.send("GET", peer.versions_url)).status == 401


async def test_all_are_taken_away(peer: RunningPeer, http: HttpClient) -> None:
    for _ in range(2):
        await ask(http, peer, "POST", "/faults", {"kind": "drop"})
    assert (await ask(http, peer, "DELETE", "/faults"))[0] == 200
    assert await ask(http, peer, "GET", "/faults") == (200, {"faults": []})


@pytest.mark.parametrize(
    ("spec", "pointer"),
    [
        ({"kind": "dorp"}, "/kind"),
        ({"kind": "drop", "times": 0}, "/times"),
        ({"kind": "drop", "nonsense": 1}, "/nonsense"),
        ({"kind": "drop", "status": 500}, "/status"),
        ({"kind": "drop", "module": "cdr"}, "/module"),
        ({"kind": "drop", "actor": "plugsurfin"}, "/actor"),
        ({}, ""),
        ({"kind": "power_cut"}, "/kind"),
    ],
)
async def test_what_is_no_fault_is_refused_with_its_place(
    peer: RunningPeer, http: HttpClient, spec: Any, pointer: str
) -> None:
    status, told = await ask(http, peer, "POST", "/faults", spec)
    assert (status, told["pointer"]) == (400, pointer)


async def test_an_unknown_id_is_404(peer: RunningPeer, http: HttpClient) -> None:
    assert (await ask(http, peer, "DELETE", "/faults/fault-9"))[0] == 404


async def test_the_control_api_is_never_struck(peer: RunningPeer, http: HttpClient) -> None:
    spec = {"kind": "reset", "times": "always", "direction": "received", "wire": "http"}
    await ask(http, peer, "POST", "/faults", spec)
    with pytest.raises(ConnectFailed):
        await http.send("GET", peer.versions_url)
    with pytest.raises(ConnectFailed):
        await http.send("GET", peer.roam.versions_url)
    assert (await ask(http, peer, "GET", "/faults"))[0] == 200


async def test_the_openapi_document_knows_every_key(peer: RunningPeer, http: HttpClient) -> None:
    _, told = await ask(http, peer, "GET", "/openapi.json")
    keys = told["components"]["schemas"]["NewFault"]["properties"]
    assert {"kind", "for", "times", "status", "bytes_per_s", "where"} <= keys.keys()


async def test_faults_are_there_from_the_start(
    clock: Clock, chance: Chance, journal: Journal, http: HttpClient
) -> None:
    # Twice: the client asks again by itself where asking twice does no harm.
    faults = [{"kind": "reset", "of": "request", "direction": "received", "times": 2}]
    running = await start(clock=clock, chance=chance, journal=journal, faults=faults)
    try:
        with pytest.raises(ConnectFailed):
            await http.send("GET", running.versions_url)
    finally:
        await running.stop()
    with pytest.raises(Mistake, match="Did you mean 'drop'"):
        await start(clock=clock, chance=chance, journal=journal, faults=[{"kind": "dorp"}])
