"""Roam: Plugsurfing as CPO DE*8PS towards EMPs, in OCPI 2.2.1.

Rule: one server of its own beside the EMP face's, on the same port; limits count before anything
else looks at a request.
"""

from __future__ import annotations

from mock_peer.judging import refusal, refusing, tell
from mock_peer.roam_book import RoamBook
from mock_peer.roam_catalogue import Catalogue
from mock_peer.roam_commands import Commands, CpoSide
from mock_peer.roam_judging import ACTOR, RoamJudge, tell_apart
from mock_peer.roam_keys import Keys
from mock_peer.roam_limits import RequestLimits
from mock_peer.roam_listing import Listing
from mock_peer.roam_organisation import Organisation
from mock_peer.roam_outbound import Outbound
from mock_peer.roam_tokens import ISSUER
from mock_peer.rule import V221, Finding, Occasion
from simulator.kernel.chance import Chance
from simulator.ocpi.client import OcpiClient
from simulator.ocpi.connection import Connection
from simulator.ocpi.envelope import MethodNotAllowed, OcpiError, encode
from simulator.ocpi.exchange import Ctx
from simulator.ocpi.handshake import Platform
from simulator.ocpi.headers import MessageIds, Routing, candidates
from simulator.ocpi.registration import Registrar
from simulator.ocpi.server import OcpiServer
from simulator.ocpi.text import printable, text_of
from simulator.wire.http import Headers, Request, Response

PREFIX = "/roam"
ROLE = {
    "role": "CPO",
    "country_code": ISSUER[0],
    "party_id": ISSUER[1],
    "business_details": {"name": "Plugsurfing", "website": "https://plugsurfing.com"},
}


class RoamFace:
    """The OCPI server towards EMPs, and the registration with them."""

    def __init__(
        self,
        book: RoamBook,
        catalogue: Catalogue,
        outbound: Outbound,
        cpos: CpoSide,
        *,
        judge: RoamJudge,
        client: OcpiClient,
        chance: Chance,
    ) -> None:
        self.book = book
        self._judge = judge
        self._clock = clock = judge.clock
        self._journal = journal = judge.journal
        self._cpos = cpos
        self._limits: dict[str, RequestLimits] = {}
        self.registrar = Registrar(
            client,
            book,
            Platform("", [ROLE], versions=(V221,)),
            chance,
        )
        routes = [
            *Listing(judge, catalogue, chance).routes(),
            *Keys(judge, cpos.forward_token).routes(),
            *Commands(judge, outbound, cpos).routes(),
        ]
        self.server = OcpiServer(
            clock=clock,
            journal=journal,
            actor=ACTOR,
            registrar=self.registrar,
            routes=routes,
            prefix=PREFIX,
            on_registered=self._registered,
            on_ended=self._ended,
            unsupported=self._unsupported,
            tamper=self._observe,
        )

    # Registration

    def invite(self, organisation: Organisation | None = None) -> Connection:
        """A connection that waits for its EMP: its `token_in` is token A."""
        waiting = (c for c in self.book.all() if not c.registered and not c.token_out)
        connection = next(waiting, None) or self.book.new_connection()
        connection.token_in = connection.token_in or self.registrar.new_token()
        if organisation is not None:
            self.book.set_organisation(connection, organisation)
        self.book.save(connection)
        return connection

    async def register(
        self,
        versions_url: str,
        token_a: str,
        organisation: Organisation | None = None,
        name: str | None = None,
    ) -> Connection:
        """Begin the handshake with an EMP; `name` is what the journal calls it.

        Raises OrganisationError, OcpiError, OcpiCallFailed.
        """
        connection = self.book.new_connection()
        connection.peer = name or connection.peer
        connection.versions_url, connection.token_out = versions_url, token_a
        if organisation is not None:
            self.book.set_organisation(connection, organisation)
        try:
            await self.registrar.register(connection)
        except BaseException:
            self.book.remove(connection)
            raise
        await self._registered(connection)
        return connection

    async def _registered(self, connection: Connection) -> None:
        """Look at what the EMP offers, and tell who it is."""
        self.book.save(connection)  # its party is known now, and with it its default organisation
        for former in self.book.replaced_by(connection):
            self._journal.event(ACTOR, "roam.replaced", peer=connection.peer, former=former.id)
        offered = [
            {"identifier": module, "role": role} for module, role in sorted(connection.endpoints)
        ]
        ours = self.registrar.platform.credentials("", connection.our_roles)
        for occasion, raw in (
            (Occasion.ROAM_ENDPOINTS, {"endpoints": offered}),
            (Occasion.ROAM_CREDENTIALS, ours),
        ):
            self._judge.sent(connection, occasion, raw, message_seq=None)
        self._journal.event(
            ACTOR,
            "roam.registered",
            peer=connection.peer,
            connection=connection.id,
            parties=[str(connection.their_party)],
        )

    async def _ended(self, connection: Connection) -> None:
        """Take the tokens of an EMP that left back from CPOs."""
        self._journal.event(ACTOR, "roam.ended", peer=connection.peer)
        await self._cpos.withdraw_tokens(connection)

    # Requests

    async def handle(self, request: Request) -> Response:
        """Answer a request of an EMP, unless it is one too many."""
        connection = self._sender(request)
        if connection is not None:
            organisation = self.book.organisation(connection)
            exceeded = self._limits.setdefault(connection.id, RequestLimits()).ask(
                self._clock.now(),
                per_minute=organisation.requests_per_minute,
                per_day=organisation.requests_per_day,
            )
            if exceeded is not None:
                head = {"exceeded": exceeded}
                found = self._judge.found(connection, Occasion.ROAM_REQUEST, head)
                if organisation.strict and refusing(found) is not None:
                    return self._too_many(request, connection, found)
                tell_apart(self._journal, ACTOR, connection.peer, found, None)
        return await self.server.handle(request)

    def _sender(self, request: Request) -> Connection | None:
        seen = (self.book.by_token(one.token) for one in candidates(request.headers))
        return next((connection for connection in seen if connection is not None), None)

    def _too_many(self, request: Request, connection: Connection, found: list[Finding]) -> Response:
        """HTTP 429 without Retry-After, recorded like any exchange."""
        error = refusal(found[0])
        body = encode(None, error.status_code, error.message, now=self._clock.now())
        headers = {"Content-Type": "application/json", **MessageIds.of(request.headers).headers()}
        record = self._journal.ocpi(
            ACTOR,
            connection.peer,
            None,
            version=V221,
            module=None,
            method=request.method,
            url=printable(request.url),
            direction="received",
            request_headers={k: printable(v) for k, v in request.headers.items()},
            request_body=text_of(request.body),
            response_headers=headers,
            response_body=text_of(body),
            http_status=error.http_status,
            status_code=error.status_code,
            ms=0.0,
        )
        tell_apart(self._journal, ACTOR, connection.peer, found, record["seq"])
        return Response(error.http_status, Headers(headers), body)

    def _unsupported(self, ctx: Ctx, offered: list[str]) -> OcpiError:
        """The 405 for a verb that Roam does not take: it names the rule where one does."""
        head = {"module": ctx.module, "method": ctx.method, "refused": True}
        found = self._judge.found(ctx.connection, Occasion.ROAM_REQUEST, head)
        tell(ctx, found)
        refused = refusing(found)
        if refused is not None:
            return refusal(refused)
        instead = ", ".join(offered) or "nothing"
        return MethodNotAllowed(f"{ctx.method} is not taken here; {instead} is")

    async def _observe(self, ctx: Ctx, response: Response) -> Response:
        """See every exchange on its way out: routing headers are ignored, and told."""
        to = Routing.of(ctx.headers).receiver
        if ctx.stored is not None and to is not None:
            head = {"module": ctx.module, "method": ctx.method, "routed_to": str(to)}
            tell(ctx, self._judge.found(ctx.connection, Occasion.ROAM_REQUEST, head))
        kept = {k: v for k, v in response.headers.items() if not k.lower().startswith("ocpi-")}
        return Response(response.status, Headers(kept), response.body)
