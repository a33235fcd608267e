"""All services on one port, and their switches."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import Mistake
from simulator.pki.certificates import hash_data
from simulator.pki.ocsp import OcspStatus
from simulator.pki.ocsp_http import OcspClient
from simulator.pki.server import PkiServer
from simulator.pki.store import Pki
from simulator.wire.http import Response
from simulator.wire.http_aio import HttpClient


@pytest.fixture
async def server(clock: Clock, journal: Journal) -> AsyncIterator[PkiServer]:
    pki = Pki.create(Chance(1), clock.now())
    it = PkiServer(pki, clock=clock, chance=Chance(2), journal=journal)
    await it.start()
    yield it
    await it.stop()


@pytest.fixture
async def http(clock: Clock) -> AsyncIterator[HttpClient]:
    it = HttpClient(clock)
    yield it
    await it.close()


async def turn(http: HttpClient, server: PkiServer, body: bytes) -> Response:
    return await http.send("PUT", server.urls["switches_url"], body=body)


async def test_each_service_has_its_place(server: PkiServer, http: HttpClient) -> None:
    urls = server.urls
    assert (await http.send("POST", urls["ocsp_url"])).headers["Content-Type"] == (
        "application/ocsp-response"
    )
    assert (await http.send("GET", f"{urls['est_url']}/cpo/cacerts")).status == 200
    assert (await http.send("GET", f"{urls['pool_url']}/v1/root/rootCerts")).status == 200
    assert (await http.send("GET", f"{urls['pool_url']}/elsewhere")).status == 404


async def test_switches_are_set_and_read_while_it_runs(
    server: PkiServer, http: HttpClient, clock: Clock
) -> None:
    pki = Pki.create(Chance(1), clock.now())
    data = hash_data(pki.certificate("MO_SUB1"), pki.certificate("MO_ROOT"))
    client = OcspClient(http, clock)

    async def status() -> OcspStatus:
        client.forget()
        url = server.urls["ocsp_url"]
        return (await client.ask(data, url, None, pki.roots("MO"))).status

    assert await status() is OcspStatus.GOOD
    response = await turn(http, server, b'{"ocsp": "stale", "pool": "slow:9"}')
    assert json.loads(response.body) == {"ocsp": "stale", "pool": "slow:9", "est": "ok"}
    assert await status() is OcspStatus.UNUSABLE
    assert (await turn(http, server, b'{"ocsp": "ok"}')).status == 200
    assert await status() is OcspStatus.GOOD
    told = await http.send("GET", server.urls["switches_url"])
    assert json.loads(told.body) == {"ocsp": "ok", "pool": "slow:9", "est": "ok"}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"ocsp": "down", "pool": "stale"}', "no such switch: 'stale'"),
        (b'{"ocsp": "down", "poll": "ok"}', "no such service: 'poll'. Did you mean 'pool'?"),
        (b'{"ocsp": 1}', "Expected `str`"),
        (b"down", "malformed"),
    ],
)
async def test_a_wrong_switch_changes_nothing(
    server: PkiServer, http: HttpClient, body: bytes, says: str
) -> None:
    response = await turn(http, server, body)
    assert response.status == 400
    assert says in response.body.decode()
    assert str(server.ocsp.switch) == "ok"
    assert (await http.send("DELETE", server.urls["switches_url"])).status == 405


async def test_one_service_down_leaves_the_others_up(server: PkiServer, http: HttpClient) -> None:
    server.set_switches({"pool": "down"})
    assert (await http.send("POST", server.urls["ocsp_url"])).status == 200
    with pytest.raises(Mistake, match="no such service"):
        server.set_switches({"crl": "down"})
