"""A CPO for the tests: an OcpiServer with what a CPO offers, and an OcpiClient to push with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from mock_peer.server import RunningPeer, start
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.client import Answer, OcpiClient
from simulator.ocpi.connection import RECEIVER, SENDER, Connection, InterfaceRole, MemoryStore
from simulator.ocpi.exchange import Ctx, Result, Route
from simulator.ocpi.handshake import Platform
from simulator.ocpi.paging import window
from simulator.ocpi.registration import Registrar
from simulator.ocpi.server import OcpiServer
from simulator.wire.http import Response, join_url
from simulator.wire.http_aio import HttpClient, HttpServer

PEER_PORT, CPO_PORT = 8090, 8080
OWNER = ("DE", "ABC")
_PATIENCE_S = 900.0  # the control API answers once the peer has waited for others in vain


@dataclass
class TestCpo:
    """What the CPO holds, and what it received."""

    __test__ = False

    http: HttpServer
    client: OcpiClient
    server: OcpiServer
    registrar: Registrar
    store: MemoryStore
    peer: RunningPeer
    journal: Journal
    clock: Clock
    raw: HttpClient
    locations: list[dict[str, Any]] = field(default_factory=list)
    tariffs: list[dict[str, Any]] = field(default_factory=list)
    cdrs: list[dict[str, Any]] = field(default_factory=list)
    tokens: dict[str, Any] = field(default_factory=dict)
    commands: list[dict[str, Any]] = field(default_factory=list)
    command_answer: dict[str, Any] = field(
        default_factory=lambda: {"result": "ACCEPTED", "timeout": 30}
    )
    connection: Connection = field(default_factory=lambda: Connection("peer", "plugsurfing"))

    # OCPI

    async def register(self) -> None:
        """Register with the peer's token A."""
        self.connection.token_out = self.peer.token_a
        self.connection.versions_url = self.peer.versions_url
        await self.registrar.register(self.connection)

    async def ask(
        self, method: str, module: str, *path: str, role: InterfaceRole = RECEIVER, **rest: Any
    ) -> Answer:
        """Send a request to one of the peer's modules."""
        url = join_url(self.connection.endpoints[module, role], *path)
        return await self.client.exchange(self.connection, method, url, module=module, **rest)

    async def put_location(self, body: dict[str, Any]) -> Answer:
        """PUT a location."""
        return await self.ask("PUT", "locations", *OWNER, body["id"], body=body)

    async def put_tariff(self, body: dict[str, Any]) -> Answer:
        """PUT a tariff."""
        return await self.ask("PUT", "tariffs", *OWNER, body["id"], body=body)

    async def put_session(self, body: dict[str, Any]) -> Answer:
        """PUT a session."""
        return await self.ask("PUT", "sessions", *OWNER, body["id"], body=body)

    async def authorize(self, uid: str, body: Any = None, **query: str) -> Answer:
        """Ask for a token at a location."""
        path = (uid, "authorize")
        return await self.ask("POST", "tokens", *path, role=SENDER, body=body, query=query)

    async def post_cdr(self, body: Any) -> Answer:
        """POST a CDR."""
        return await self.ask("POST", "cdrs", body=body)

    # The control API

    async def control(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask the peer's control API; returns HTTP status and decoded answer."""
        content = b"" if body is None else msgspec.json.encode(body)
        url = f"{self.peer.control_url}{path}"
        response = await self.raw.send(method, url, body=content, timeout_s=_PATIENCE_S)
        return response.status, msgspec.json.decode(response.body)

    async def send(self, method: str, url: str, body: bytes, **headers: str) -> Response:
        """Send any bytes anywhere."""
        return await self.raw.send(method, url, body=body, headers=headers)

    async def findings(self) -> list[str]:
        """The rules that broke so far, as the control API tells them."""
        _, told = await self.control("GET", "/findings")
        return [finding["rule"] for finding in told["findings"]]


@asynccontextmanager
async def connected(
    clock: Clock,
    chance: Chance,
    journal: Journal,
    *,
    register: bool = True,
    version: str = "2.2.1",
    routes: bool = True,
    offers: Sequence[str] = (),
    **options: Any,
) -> AsyncIterator[TestCpo]:
    """A peer and a CPO that has registered with it, pulls and pushes done. The CPO offers `version`
    alone; with `offers` it registers in it, and offers them from then on.
    """
    options.setdefault("port", PEER_PORT)
    peer = await start(clock=clock, chance=chance, journal=journal, **options)
    raw, store = HttpClient(clock), MemoryStore()
    client = OcpiClient(raw, clock, chance.child("cpo"), journal, "cpo")
    role = {
        "role": "CPO",
        "country_code": OWNER[0],
        "party_id": OWNER[1],
        "business_details": {"name": "Test CPO"},
    }
    platform = Platform("", [role], tuple(offers) or (version,))
    registrar = Registrar(client, store, platform, chance.child("cpo"))
    cpo: TestCpo | None = None

    async def listed(ctx: Ctx) -> Result:
        assert cpo is not None
        lists = {"locations": cpo.locations, "tariffs": cpo.tariffs, "cdrs": cpo.cdrs}
        return ctx.listing(window(lists.get(ctx.module or "", []), ctx.page(2)))

    async def take_token(ctx: Ctx) -> Result:
        assert cpo is not None
        cpo.tokens[ctx.params["token_uid"]] = ctx.json
        return Result(created=True)

    async def take_command(ctx: Ctx) -> Result:
        assert cpo is not None
        cpo.commands.append({"command": ctx.params["command"], **ctx.json})
        return Result(cpo.command_answer)

    offered = [
        Route("locations", SENDER, "GET", "", listed),
        Route("tariffs", SENDER, "GET", "", listed),
        Route("sessions", SENDER, "GET", "", listed),
        Route("cdrs", SENDER, "GET", "", listed),
        Route("tokens", RECEIVER, "PUT", "{country}/{party}/{token_uid}", take_token),
        Route("commands", RECEIVER, "POST", "{command}", take_command),
    ]
    server = OcpiServer(
        clock=clock,
        journal=journal,
        actor="cpo",
        registrar=registrar,
        routes=offered if routes else [],
    )
    http = await HttpServer(
        server.handle, clock, port=0 if options["port"] == 0 else CPO_PORT
    ).start()
    server.base_url = http.base_url
    platform.versions = (version,)
    cpo = TestCpo(http, client, server, registrar, store, peer, journal, clock, raw)
    try:
        if register:
            await cpo.register()
            await clock.sleep(10)
        yield cpo
    finally:
        await http.stop()
        await server.stop()
        await raw.close()
        await cpo.peer.stop()
