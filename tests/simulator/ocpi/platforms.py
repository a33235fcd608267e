"""Two platforms that speak OCPI with each other over real sockets, for the tests of the toolkit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.client import OcpiClient
from simulator.ocpi.connection import Connection, MemoryStore
from simulator.ocpi.exchange import Route
from simulator.ocpi.handshake import Platform
from simulator.ocpi.registration import Registrar
from simulator.ocpi.server import OcpiServer
from simulator.wire.http_aio import HttpClient, HttpServer


def role(name: str, country: str, party: str) -> dict[str, Any]:
    """A credentials role."""
    return {
        "role": name,
        "country_code": country,
        "party_id": party,
        "business_details": {"name": f"{party} test platform"},
    }


CPO = role("CPO", "DE", "ABC")
EMSP = role("EMSP", "DE", "8PS")


@dataclass
class Side:
    """One platform: server, client, store, and what its hooks saw."""

    actor: str
    http: HttpServer
    client_http: HttpClient
    client: OcpiClient
    server: OcpiServer
    registrar: Registrar
    store: MemoryStore
    registered: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    def invite(self, peer: str, token_a: str = "token-A") -> Connection:
        """Hand out token A to a peer."""
        connection = Connection(id=peer, peer=peer, token_in=token_a)
        self.store.save(connection)
        return connection

    def invited(self, peer: str, versions_url: str, token_a: str = "token-A") -> Connection:
        """The connection of who was given token A."""
        connection = Connection(id=peer, peer=peer, token_out=token_a, versions_url=versions_url)
        self.store.save(connection)
        return connection


@asynccontextmanager
async def side(
    actor: str,
    roles: list[dict[str, Any]],
    clock: Clock,
    chance: Chance,
    journal: Journal,
    routes: Iterable[Route] = (),
    *,
    versions: tuple[str, ...] = ("2.2.1",),
    port: int = 0,
    **options: Any,
) -> AsyncIterator[Side]:
    """Run a platform."""
    store = MemoryStore()
    client_http = HttpClient(clock, timeout_s=10)
    client = OcpiClient(client_http, clock, chance.child(actor), journal, actor)
    needs = options.pop("needs", ())
    platform = Platform("", roles, versions, needs)
    registrar = Registrar(client, store, platform, chance.child(actor))
    registered: list[str] = []
    ended: list[str] = []

    async def on_registered(connection: Connection) -> None:
        registered.append(connection.id)

    async def on_ended(connection: Connection) -> None:
        ended.append(connection.id)

    server = OcpiServer(
        clock=clock,
        journal=journal,
        actor=actor,
        registrar=registrar,
        routes=routes,
        on_registered=on_registered,
        on_ended=on_ended,
        **options,
    )
    http = await HttpServer(server.handle, clock, port=port, on_too_long=server.handle).start()
    server.base_url = http.base_url
    try:
        yield Side(actor, http, client_http, client, server, registrar, store, registered, ended)
    finally:
        await client_http.close()
        await http.stop()
        await server.stop()
