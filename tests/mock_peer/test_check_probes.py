"""Probes: what goes out, with whose token, and what is kept of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mock_peer.check_probes import NOWHERE, PROBES, UNKNOWN_TOKEN, Probe, Prober, Site, Stage
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.connection import RECEIVER, SENDER, Connection
from simulator.ocpi.envelope import encode
from simulator.ocpi.headers import token_of
from simulator.wire.http import Headers, Request, Response
from simulator.wire.http_aio import ConnectFailed, HttpClient, HttpServer

PORT = 8080
BASE = f"http://127.0.0.1:{PORT}"
ROLE = {"role": "EMSP", "country_code": "DE", "party_id": "8PS", "business_details": {"name": "P"}}


def site(clock: Clock, **changes: Any) -> Site:
    connection = Connection(
        "cpo-2",
        "cpo-2",
        token_in="ours-in",
        token_out="theirs",
        versions_url=f"{BASE}/versions",
        version="2.2.1",
        endpoints={
            ("locations", SENDER): f"{BASE}/locations",
            ("tokens", RECEIVER): f"{BASE}/tokens",
            ("credentials", SENDER): f"{BASE}/credentials",
        },
        our_roles=[ROLE],
    )
    whole = Site(connection, "token-a", clock.now(), {"uid": "T1"}, "LOC1", f"{BASE}/us", {})
    return replace(whole, **changes)


class Echo:
    """A server that keeps what it was sent."""

    def __init__(self, clock: Clock) -> None:
        self.seen: list[Request] = []
        self.clock = clock
        self.http = HttpServer(self.handle, clock, port=PORT)

    async def handle(self, request: Request) -> Response:
        self.seen.append(request)
        headers = {"Content-Type": "application/json", "Link": f'<{BASE}/next>; rel="next"'}
        return Response(200, Headers(headers), encode([], now=self.clock.now()))


async def test_probes_go_out_as_their_rows_say(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    echo, http = Echo(clock), HttpClient(clock)
    await echo.http.start()
    prober = Prober(http, clock=clock, chance=chance, journal=journal, actor="plugsurfing")
    try:
        for stage in Stage:
            await prober.send_all(stage, site(clock, answers=prober.answers))
    finally:
        await http.close()
        await echo.http.stop()
    assert set(prober.records) == {probe.name for probe in PROBES}
    sent = dict(zip((p.name for p in PROBES), echo.seen, strict=True))
    tokens = {name: token_of(request.headers, "base64") for name, request in sent.items()}
    assert tokens["versions"] == tokens["token A again"] == "token-a"
    assert tokens["unknown token"] == UNKNOWN_TOKEN
    assert tokens["no token"] is None
    assert tokens["first page"] == "theirs"
    assert sent["first page"].query == {"limit": "1"}
    assert sent["next page"].path == "/next"
    assert sent["one location"].path == "/locations/LOC1"
    assert sent["no such location"].path == f"/locations/{NOWHERE}"
    assert sent["from tomorrow"].query["date_from"].startswith("2026-01-16T")
    assert sent["token again"].path == "/tokens/DE/8PS/T1"
    assert sent["broken JSON"].body == b'{"uid"'
    assert b'"ours-in"' in sent["registered twice"].body
    assert all("X-Request-ID" in request.headers for request in echo.seen)
    records = {r["seq"]: r for r in journal.records}
    told = records[prober.records["token of another id"]]
    assert told["http_status"] == 200
    assert NOWHERE in told["request"]["body"]
    secrets = journal.dump()
    assert b"theirs" not in secrets
    assert b"ours-in" not in secrets


async def test_what_has_no_url_is_not_sent(clock: Clock, chance: Chance, journal: Journal) -> None:
    http = HttpClient(clock)
    prober = Prober(http, clock=clock, chance=chance, journal=journal, actor="plugsurfing")
    bare = Connection("c", "c", version="2.2.1", our_roles=[ROLE], token_in="t")
    await prober.send_all(Stage.AFTER, site(clock, connection=replace(bare), location_id=None))
    await http.close()
    assert [name for name in prober.records if name != "token A again"] == []


async def test_a_closed_port_is_told(clock: Clock, chance: Chance, journal: Journal) -> None:
    http = HttpClient(clock)
    prober = Prober(http, clock=clock, chance=chance, journal=journal, actor="plugsurfing")
    failure = await prober.send(PROBES[0], site(clock))
    await http.close()
    assert isinstance(failure, ConnectFailed)
    (told,) = journal.records
    assert told["http_status"] is None


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_a_probe_never_carries_a_token_that_counts_where_it_should_not(probe: Probe) -> None:
    assert probe.token in ("ours", "none", "unknown", "A")
    assert probe.method in ("GET", "PUT", "POST")
