"""Roam beside the EMP face: its book, server and deliveries, and the relay between the two.

Rule: this is the composition root of face B; `server` starts it on the peer's own port.
"""

from __future__ import annotations

from mock_peer.active import Active
from mock_peer.book import Book
from mock_peer.emp_tokens import TokenSource
from mock_peer.relay import Relay
from mock_peer.roam_book import RoamBook
from mock_peer.roam_catalogue import Catalogue
from mock_peer.roam_face import PREFIX, RoamFace
from mock_peer.roam_judging import ACTOR, RoamJudge
from mock_peer.roam_organisation import Organisation
from mock_peer.roam_outbound import Outbound
from mock_peer.shelf_memory import MEMORY, MemoryShelf
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.client import OcpiClient
from simulator.wire.http import Request, Response
from simulator.wire.http_aio import HttpClient


class Roam:
    """Face B of one peer."""

    def __init__(
        self,
        cpos: Book,
        active: Active,
        tokens: TokenSource,
        http: HttpClient,
        *,
        clock: Clock,
        chance: Chance,
        journal: Journal,
        database: str | MemoryShelf = MEMORY,
        organisation: Organisation | None = None,
    ) -> None:
        own = chance.child(ACTOR)
        self.book = RoamBook(database, organisation=organisation)
        self.catalogue = Catalogue(self.book.ids)
        judge = RoamJudge(self.book, clock=clock, journal=journal)
        self.client = client = OcpiClient(http, clock, own, journal, ACTOR, routing=False)
        self.outbound = Outbound(judge, client)
        self.relay = Relay(
            judge=judge,
            catalogue=self.catalogue,
            outbound=self.outbound,
            cpos=cpos,
            active=active,
        )
        self.face = RoamFace(
            self.book,
            self.catalogue,
            self.outbound,
            self.relay,
            judge=judge,
            client=client,
            chance=own,
        )
        cpos.watcher = self.relay
        tokens.ask_owner = self.relay.authorize

    def start(self, base_url: str) -> None:
        """Take up what a former run left; the peer serves at `base_url`."""
        self.face.server.base_url = base_url
        self.relay.restore()
        self.outbound.start()

    async def stop(self) -> None:
        """Stop sending, and close the book."""
        await self.outbound.stop()
        await self.face.server.stop()
        self.book.close()

    @property
    def versions_url(self) -> str:
        """What an EMP needs first."""
        return self.face.server.versions_url

    @property
    def token_a(self) -> str:
        """The token A for the next EMP."""
        return self.face.invite().token_in

    @staticmethod
    def takes(path: str) -> bool:
        """True for a path of face B."""
        return path == PREFIX or path.startswith(f"{PREFIX}/")

    async def handle(self, request: Request) -> Response:
        """Answer a request of an EMP."""
        return await self.face.handle(request)
