"""Messages held by a peer that runs alone: looked at, changed, let go on over its control API."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mock_peer.server import RunningPeer
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.connection import Connection
from simulator.ocpi.headers import authorization
from simulator.scenario.lab import Lab
from simulator.wire.http import Response
from simulator.wire.http_aio import HttpClient
from simulator.world_file import read_text

from .test_control_faults import ask, http, peer

__all__ = ["http", "peer"]  # fixtures


async def sent(http: HttpClient, peer: RunningPeer, clock: Clock) -> asyncio.Task[Response]:
    """An EMP that has registered with Roam asks for its versions."""
    token = "token-of-the-emp"
    peer.roam.book.save(Connection("c1", "emp", token_in=token, registered=True))
    headers = {"Authorization": authorization(token, "base64")}
    asking = asyncio.ensure_future(http.send("GET", peer.roam.versions_url, headers=headers))
    await clock.sleep(1)
    return asking


async def test_an_emp_s_request_is_held_by_its_name_and_goes_on(
    peer: RunningPeer, http: HttpClient, clock: Clock
) -> None:
    await ask(http, peer, "POST", "/faults", {"kind": "hold", "filter": "~cp emp"})
    asking = await sent(http, peer, clock)
    _, told = await ask(http, peer, "GET", "/held")
    (held,) = told["held"]
    assert (held["from"], held["to"], held["name"]) == ("emp", "roam", "GET versions")
    assert not asking.done()
    assert await ask(http, peer, "POST", f"/held/{held['id']}/release") == (
        200,
        {"released": [held["id"]]},
    )
    assert (await asking).status == 200
    assert (await ask(http, peer, "GET", "/held"))[1] == {"held": []}


async def test_an_answer_is_changed_on_its_way(
    peer: RunningPeer, http: HttpClient, clock: Clock
) -> None:
    await ask(http, peer, "POST", "/faults", {"kind": "hold", "of": "answer", "actor": "roam"})
    asking = await sent(http, peer, clock)
    change = {"status": 201, "set": {"/status_code": 2000}, "headers": {"X-Request-ID": None}}
    assert (await ask(http, peer, "POST", "/held/held-1/release", change))[0] == 200
    answer = await asking
    assert answer.status == 201 and b'"status_code":2000' in answer.body


async def test_what_is_not_held_is_refused(peer: RunningPeer, http: HttpClient) -> None:
    assert (await ask(http, peer, "POST", "/held/release"))[1] == {"released": []}
    status, told = await ask(http, peer, "POST", "/held/held-7/release")
    assert status == 409 and "no message 'held-7' is held" in str(told)


async def test_all_go_on_when_the_peer_ends(
    peer: RunningPeer, http: HttpClient, clock: Clock, journal: Journal
) -> None:
    await ask(http, peer, "POST", "/faults", {"kind": "hold", "times": "always"})
    asking = await sent(http, peer, clock)
    await peer.stop()
    assert (await asking).status == 200
    (released,) = (r for r in journal.records if r.get("what") == "hold.released")
    assert released["data"]["because"] == "the world ends"


def test_in_a_world_the_world_holds() -> None:
    world: Any = (
        "{name: w, seed: 1, clock: virtual, peers: [{name: plugsurfing}],"
        " cpo: {country_code: DE, party_id: ABC, name: W}}"
    )
    with Lab(read_text(world), start="off") as lab, pytest.raises(Exception, match="GET /v1/held"):
        lab.peer_control("/held")
