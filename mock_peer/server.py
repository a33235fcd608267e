"""Start a mock peer: its book, its OCPI server, its own requests, its control API, on one port.

Rule: this is the composition root of the package, and the entry point `simulator.peers`; whoever
starts a peer drives it over HTTP from then on, so that a remote one works the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mock_peer import profiles
from mock_peer.active import Active
from mock_peer.book import Book
from mock_peer.control import PREFIX, Control
from mock_peer.control_roam import RoamControl
from mock_peer.control_views import Views
from mock_peer.emp_face import EmpFace
from mock_peer.judging import Judge
from mock_peer.profile import Profile, parse
from mock_peer.profiles import Peer
from mock_peer.roam import Roam
from mock_peer.roam_judging import ACTOR as ROAM
from mock_peer.roam_organisation import Organisation
from mock_peer.roam_organisation import parse as parse_organisation
from mock_peer.seeds import Seeds
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal, Record
from simulator.ocpi.client import OcpiClient
from simulator.ocpi.connection import RECEIVER, SENDER, InterfaceRole
from simulator.ocpi.exchange import Route
from simulator.ocpi.handshake import Platform
from simulator.ocpi.registration import Registrar
from simulator.ocpi.server import OcpiServer
from simulator.wire.http import Request, Response
from simulator.wire.http_aio import HttpClient, HttpServer


@dataclass(slots=True)
class RunningPeer:
    """A peer that serves."""

    name: str
    book: Book
    active: Active
    _journal: Journal
    _http: HttpServer
    _client: HttpClient
    _ocpi: OcpiServer
    _control: Control
    roam: Roam
    _unsubscribe: Any = None

    @property
    def base_url(self) -> str:
        """Scheme, host and port."""
        return self._http.base_url

    @property
    def versions_url(self) -> str:
        """What a CPO needs first."""
        return self._ocpi.versions_url

    @property
    def control_url(self) -> str:
        """The root of the control API."""
        return f"{self.base_url}{PREFIX}"

    @property
    def token_a(self) -> str:
        """The token A for the next CPO."""
        return self.active.invite().token_in

    async def stop(self) -> None:
        """Stop serving, cancel what is under way, close the book."""
        await self._http.stop()
        await self._control.stop()
        await self._ocpi.stop()
        await self.roam.stop()
        await self._client.close()
        self._unsubscribe()
        self.book.close()


async def start(
    *,
    clock: Clock,
    chance: Chance,
    journal: Journal,
    host: str = "127.0.0.1",
    port: int = 0,
    profile: Mapping[str, Any] | Profile | None = None,
    strict: bool | None = None,
    database: str = ":memory:",
    tokens: Sequence[Mapping[str, Any]] | None = None,
    organisation: Mapping[str, Any] | None = None,
) -> RunningPeer:
    """Start a peer. `profile` is every CPO's unless it has its own; `strict` overrides it;
    `organisation` is every EMP's unless it has its own.

    Raises Mistake (exit 2) for a profile, tokens or database that cannot be used, BindError
    (exit 3) for a port.
    """
    agreed = profile if isinstance(profile, Profile) else parse(profile)
    if strict is not None:
        agreed = parse({"strict": strict}, base=agreed)
    peer = profiles.find(agreed.peer)
    seeds = Seeds(peer, tokens)
    book = Book(database, profile=agreed)
    if not book.tokens.all:
        seeds.plant(book, clock.now())
    try:
        emps = parse_organisation(organisation or {})
        return await _serve(
            peer, book, seeds, clock, chance, journal, host, port, database=database, emps=emps
        )
    except BaseException:
        book.close()
        raise


async def _serve(
    peer: Peer,
    book: Book,
    seeds: Seeds,
    clock: Clock,
    chance: Chance,
    journal: Journal,
    host: str,
    port: int,
    *,
    database: str,
    emps: Organisation,
) -> RunningPeer:
    own = chance.child(peer.name)
    judge = Judge(book, clock=clock, journal=journal, actor=peer.name)
    http_client = HttpClient(clock)
    client = OcpiClient(http_client, clock, own, journal, peer.name)
    registrar = Registrar(client, book, Platform("", [_role(peer)]), own)
    face = EmpFace(judge, own, lambda version, key: cdr_url(version, key))
    active = Active(
        judge,
        face.tokens,
        client,
        registrar,
        own,
        lambda *path: result_url(*path),
    )
    ocpi = OcpiServer(
        clock=clock,
        journal=journal,
        actor=peer.name,
        registrar=registrar,
        routes=face.routes(),
        on_registered=active.registered,
        on_ended=active.ended,
        unsupported=face.unsupported,
        tamper=face.observe,
    )

    def cdr_url(version: str, key: str) -> str:
        return ocpi.endpoint_url(version, "cdrs", RECEIVER, key)

    def result_url(version: str, command: str, command_id: str) -> str:
        return ocpi.endpoint_url(version, "commands", SENDER, command, command_id)

    def offers(version: str) -> list[tuple[str, InterfaceRole]]:
        return _offered(face.routes(), version)

    views = Views(book, ocpi, offers, clock, journal)
    roam = Roam(
        book,
        active,
        face.tokens,
        http_client,
        clock=clock,
        chance=own,
        journal=journal,
        database=database,
        organisation=emps,
    )

    control = Control(
        active=active,
        registrar=registrar,
        views=views,
        seeds=seeds,
        more=RoamControl(roam).operations(),
    )

    async def handle(request: Request) -> Response:
        if roam.takes(request.path):
            return await roam.handle(request)
        if request.path == PREFIX or request.path.startswith(f"{PREFIX}/"):
            return await control.handle(request)
        return await ocpi.handle(request)

    def told(request: Request, error: Exception) -> None:
        failure = f"{type(error).__name__}: {error}"
        journal.event(peer.name, "peer.failed", url=request.path, error=failure)

    server = await HttpServer(handle, clock, host=host, port=port, on_error=told).start()
    ocpi.base_url = server.base_url
    roam.start(server.base_url)
    active.invite()
    unsubscribe = journal.subscribe(_keeper(book, (peer.name, ROAM)))
    return RunningPeer(
        peer.name, book, active, journal, server, http_client, ocpi, control, roam, unsubscribe
    )


def _keeper(book: Book, actors: tuple[str, ...]) -> Any:
    """A journal subscriber that keeps this peer's findings in the book."""
    kept = (
        "at",
        "peer",
        "session",
        "rule",
        "severity",
        "pointer",
        "seen",
        "expected",
        "objects",
        "message_seq",
    )

    def keep(record: Record) -> None:
        if record["leg"] == "finding" and record["actor"] in actors:
            book.add_finding({name: record[name] for name in kept})

    return keep


def _offered(routes: Sequence[Route], version: str) -> list[tuple[str, InterfaceRole]]:
    rows = [(route.module, route.role) for route in routes if version in route.versions]
    return list(dict.fromkeys([("credentials", SENDER), *rows]))


def _role(peer: Peer) -> dict[str, Any]:
    """Who the peer is, as a credentials role."""
    return {
        "role": "EMSP",
        "country_code": peer.country_code,
        "party_id": peer.party_id,
        "business_details": {"name": peer.business_name, "website": peer.website},
    }
