"""OCPI as a CPO: the modules put together, and the life of a connection.

Rule: handlers are written once, over canonical objects; what a version says differently stands in
its codec. Who registers is told everything and asked for its tokens; whoever began it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.cpo.common import ACTOR, Common
from simulator.cpo.config import CpoConfig
from simulator.cpo.deliveries import Deliveries
from simulator.cpo.peers import Peers
from simulator.cpo.roaming_locations import Locations
from simulator.cpo.roaming_tokens import RoamingTokens
from simulator.ocpi.connection import RECEIVER, SENDER, Connection, InterfaceRole, party_of
from simulator.ocpi.exchange import Route
from simulator.ocpi.gate import asker
from simulator.ocpi.handshake import Platform
from simulator.ocpi.headers import Party
from simulator.ocpi.registration import Registrar
from simulator.ocpi.server import OcpiServer
from simulator.wire.faults_http import handler as faulty_handler
from simulator.wire.faults_tls import server_tls
from simulator.wire.http_aio import HttpServer
from simulator.wire.security_events import refusal_told

# What a CPO uses at a peer, if it is there: what is not, goes untold. One that offers none of it
# is no partner (3003).
_USED: tuple[tuple[str, InterfaceRole], ...] = (
    ("locations", RECEIVER),
    ("tariffs", RECEIVER),
    ("sessions", RECEIVER),
    ("cdrs", RECEIVER),
    ("tokens", SENDER),
)


class Roaming:
    """The OCPI side of a CPO: its server, and registration either way."""

    def __init__(
        self,
        common: Common,
        peers: Peers,
        tokens: RoamingTokens,
        locations: Locations,
        deliveries: Deliveries,
        routes: Sequence[Route],
    ) -> None:
        self._book = book = common.book
        self._peers = peers
        self._tokens = tokens
        self._locations = locations
        self._deliveries = deliveries
        self._chance = common.chance.child("connections")
        versions = tuple(common.config.ocpi_versions)
        platform = Platform("", [_role(common.config)], versions, uses=_USED)
        self.registrar = Registrar(peers.client, book.connections, platform, common.chance)
        self.server = OcpiServer(
            clock=common.clock,
            journal=common.journal,
            actor=ACTOR,
            registrar=self.registrar,
            routes=routes,
            on_registered=self.welcome,
            on_ended=self.part,
            location=common.sites.location,
            tariff=common.sites.tariffs.get,
        )
        config = common.config
        self.http = HttpServer(
            faulty_handler(
                self.server.handle,
                common.faults,
                common.clock,
                common.journal,
                ACTOR,
                asker(lambda: book.connections),
            ),
            common.clock,
            host=config.host,
            port=config.ocpi_port,
            on_too_long=self.server.handle,
            ssl=server_tls(
                config.ocpi_tls,
                common.clock,
                common.faults,
                ACTOR,
                refusal_told(common.journal, ACTOR, "ocpi"),
            ),
            insecure=config.insecure,
        )

    async def start(self) -> None:
        """Listen. Raises BindError."""
        await self.http.start()
        self.server.base_url = self.http.base_url

    async def stop(self) -> None:
        """Stop answering, and what follows answers."""
        await self.http.stop()
        await self.server.stop()

    # Registration, either way

    def invite(self, peer: str) -> str:
        """A token A for a peer that will begin the handshake."""
        connection = Connection(self._chance.uuid4(), peer, token_in=self.registrar.new_token())
        self._book.connections.save(connection)
        return connection.token_in

    async def register(self, versions_url: str, token_a: str, peer: str) -> Connection:
        """Begin the handshake with a peer's token A. Raises OcpiError, OcpiCallFailed."""
        connection = Connection(
            self._chance.uuid4(), peer, token_out=token_a, versions_url=versions_url
        )
        try:
            await self.registrar.register(connection)
        except BaseException:
            self._book.connections.remove(connection)
            raise
        await self.welcome(connection)
        return connection

    async def update(self, connection: Connection, versions: tuple[str, ...] | None) -> None:
        """Rotate both tokens, and go to the highest common of these versions (or of all we offer).

        Who is told by other means from then on is told everything anew. Raises OcpiError,
        OcpiCallFailed.
        """
        before = (connection.version, connection.endpoints)
        await self.registrar.update(connection, versions)
        if (connection.version, connection.endpoints) != before:
            await self.welcome(connection)

    async def unregister(self, connection: Connection) -> None:
        """End a connection."""
        await self.registrar.unregister(connection)
        await self.part(connection)

    # What follows

    async def welcome(self, connection: Connection) -> None:
        """Tell a registered peer everything, take its tokens, send what waits for it."""
        self._peers.event(
            "peer.registered",
            connection,
            version=connection.version,
            parties=[str(party) for party in _parties(connection)],
            lacking=[f"{m} ({role})" for m, role in _USED if (m, role) not in connection.endpoints],
        )
        for party in _parties(connection):
            self._book.cdrs.adopt(connection.id, party.country_code, party.party_id)
        self._deliveries.renew(connection.id)
        self._deliveries.wake(connection.id)
        await self._locations.tell_all(connection)
        await self._tokens.pull(connection)

    async def part(self, connection: Connection) -> None:
        """Forget a peer's tokens; what it is owed stays in the book."""
        self._book.tokens.forget_peer(connection.id)
        await self._book.committed()
        self._peers.event("peer.left", connection)


def _role(config: CpoConfig) -> dict[str, Any]:
    """How credentials present the CPO (2.2.1 credentials, CredentialsRole)."""
    return {
        "role": "CPO",
        "business_details": {"name": config.name},
        "party_id": config.party_id,
        "country_code": config.country_code,
    }


def _parties(connection: Connection) -> list[Party]:
    return [party_of(role) for role in connection.their_roles]
