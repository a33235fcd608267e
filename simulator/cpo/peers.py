"""The CPO's roaming peers: who is connected, and one way to send them something.

Rule: endpoints are discovered, never built; what a peer has no endpoint for is not sent, and that
is an answer like any other.
"""

from __future__ import annotations

from typing import Any

from simulator.cpo.common import ACTOR, Common
from simulator.ocpi.client import Answer, Failure, OcpiClient
from simulator.ocpi.codec import Kind
from simulator.ocpi.connection import RECEIVER, Connection, InterfaceRole, peer_at
from simulator.ocpi.versions import VERSIONS, Version
from simulator.wire.http import join_url

# The peer did not get it, or we do not know whether it did.
NOT_THERE = frozenset({Failure.UNREACHABLE, Failure.NO_ANSWER})


class Peers:
    """The registered connections of a CPO."""

    def __init__(self, common: Common, client: OcpiClient) -> None:
        self.config = common.config
        self.client = client
        self._book = common.book
        self._journal = common.journal

    def registered(self) -> list[Connection]:
        """Those that may exchange data, oldest first."""
        return [peer for peer in self._book.connections.all() if peer.registered]

    def get(self, connection_id: str | None) -> Connection | None:
        """A registered connection by id."""
        peer = self._book.connections.get(connection_id)
        return peer if peer is not None and peer.registered else None

    def offering(self, module: str, role: InterfaceRole) -> list[Connection]:
        """The registered peers that have this interface."""
        return [peer for peer in self.registered() if (module, role) in peer.endpoints]

    def name_at(self, url: str) -> str | None:
        """The name of the peer that a URL leads to, as the journal has it."""
        return peer_at(self._book.connections.all(), url)

    @staticmethod
    def version(peer: Connection) -> Version:
        """The version that a registered peer speaks."""
        return VERSIONS[peer.version or ""]

    async def push(
        self,
        peer: Connection,
        method: str,
        module: str,
        *segments: str,
        body: Any = None,
        takes: Kind | None = None,
        session: str | None = None,
    ) -> Answer:
        """Send one of our objects to a peer's receiver interface; raises nothing.

        `segments` follow the endpoint's URL; objects of ours stand below our country code and party
        id there (2.2.1 transport_and_format, "Client Owned Objects").
        """
        base = peer.endpoints.get((module, RECEIVER))
        if base is None:
            return Answer(method, "", failure=Failure.NOT_SENT, message=f"no {module} endpoint")
        return await self.client.exchange(
            peer,
            method,
            join_url(base, *segments),
            module=module,
            body=body,
            takes=takes,
            session=session,
        )

    def owned(self, *ids: str) -> tuple[str, ...]:
        """The path of an object of ours at a peer."""
        return (self.config.country_code, self.config.party_id, *ids)

    def event(
        self, what: str, peer: Connection | None, session: str | None = None, **data: Any
    ) -> None:
        """Journal what was decided about a peer."""
        name = peer.peer if peer is not None else None
        self._journal.event(ACTOR, what, peer=name, session=session, **data)
