"""Start a mock peer: its book, its OCPI server, its own requests, its control API, on one port.

Rule: this is the composition root of the package, and the entry point `simulator.peers`; whoever
starts a peer drives it over HTTP from then on, so that a remote one works the same way.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from mock_peer import profiles
from mock_peer.active import Active
from mock_peer.book import Book
from mock_peer.control import PREFIX, Control
from mock_peer.control_dealings import DealingsControl
from mock_peer.control_faults import FaultControl
from mock_peer.control_held import HeldControl
from mock_peer.control_roam import RoamControl
from mock_peer.control_sending import Sending
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
from mock_peer.shelf_memory import MEMORY, MemoryShelf
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal, Record
from simulator.mistakes import Mistake, did_you_mean
from simulator.ocpi.client import OcpiClient
from simulator.ocpi.connection import RECEIVER, SENDER, ConnectionStore, InterfaceRole, peer_at
from simulator.ocpi.directory import module_table
from simulator.ocpi.exchange import Route
from simulator.ocpi.gate import asker
from simulator.ocpi.handshake import Platform
from simulator.ocpi.registration import Registrar
from simulator.ocpi.server import OcpiServer
from simulator.ocpi.versions import VERSIONS
from simulator.wire import faults_http
from simulator.wire.faults_guest import GuestBoard, Welcome
from simulator.wire.faults_tls import server_tls
from simulator.wire.http import Handler, Request, Response
from simulator.wire.http_aio import HttpClient, HttpServer
from simulator.wire.security_events import plain_told, refusal_told
from simulator.wire.tls import NO_TLS, Tls

# What Plugsurfing uses at a CPO: one that offers none of it is no partner (3003). What it requires
# beyond that is the rule `credentials.endpoints`.
_USED: tuple[tuple[str, InterfaceRole], ...] = (
    ("locations", SENDER),
    ("tariffs", SENDER),
    ("tokens", RECEIVER),
    ("cdrs", SENDER),
    ("commands", RECEIVER),
)


@dataclass(frozen=True, slots=True)
class Ground:
    """What the parts of a peer stand on. `chance` is the peer's own stream."""

    peer: Peer
    book: Book
    seeds: Seeds
    clock: Clock
    chance: Chance
    journal: Journal
    database: str | MemoryShelf
    organisation: Organisation
    ocpi_versions: tuple[str, ...]
    tls: Tls
    insecure: bool
    faults: GuestBoard


class Urls:
    """Where others reach us: known once the server is there."""

    server: OcpiServer

    def cdr(self, version: str, key: str) -> str:
        """The Location of a CDR."""
        return self.server.endpoint_url(version, "cdrs", RECEIVER, key)

    def command_result(self, version: str, command: str, command_id: str) -> str:
        """The response_url of a command."""
        return self.server.endpoint_url(version, "commands", SENDER, command, command_id)


class RunningPeer:
    """A peer: its parts put together, and served on one port."""

    def __init__(self, ground: Ground, host: str, port: int) -> None:
        self.name = ground.peer.name
        self.book = ground.book
        self._ground = ground
        self._client = self._http_client(self.name, lambda: self.book)
        self._roam_client = self._http_client(ROAM, lambda: self.roam.book)
        urls = Urls()
        judge = Judge(
            ground.book, clock=ground.clock, journal=ground.journal, actor=ground.peer.name
        )
        face = EmpFace(judge, ground.chance, urls.cdr)
        registrar = self._registrar()
        self.active = Active(
            judge, face.tokens, registrar.client, registrar, ground.chance, urls.command_result
        )
        self._ocpi = urls.server = self._server(face, registrar)
        self.roam = self._roam(face)
        self._control = self._controls(face, registrar)
        self._answer = self._faulty(self._ocpi.handle, self.name, lambda: self.book)
        self._answer_emps = self._faulty(self.roam.handle, ROAM, lambda: self.roam.book)
        self._http = HttpServer(
            self._handle,
            ground.clock,
            host=host,
            port=port,
            on_error=self._told,
            on_too_long=self._handle,
            ssl=self._server_tls(),
            insecure=ground.insecure,
        )
        self._unsubscribe = ground.journal.subscribe(_keeper(ground.book, (self.name, ROAM)))

    # The parts

    def _http_client(self, actor: str, book: Callable[[], ConnectionStore]) -> HttpClient:
        ground = self._ground
        return faults_http.client(
            ground.clock,
            ground.faults,
            ground.journal,
            actor,
            peer_of=lambda url: peer_at(book().all(), url),
            shows=ground.faults.known_as,
            tls=ground.tls,
            insecure=ground.insecure,
            warn=plain_told(ground.journal, actor),
        )

    def _server_tls(self) -> ssl.SSLContext | None:
        ground = self._ground
        refused = refusal_told(ground.journal, self.name, "ocpi")
        board = ground.faults
        return server_tls(ground.tls, ground.clock, board, board.known_as, refused)

    def _faulty(self, handle: Handler, actor: str, book: Callable[[], ConnectionStore]) -> Handler:
        ground = self._ground
        return faults_http.handler(
            handle, ground.faults, ground.clock, ground.journal, actor, asker(book)
        )

    def _registrar(self) -> Registrar:
        ground = self._ground
        client = OcpiClient(self._client, ground.clock, ground.chance, ground.journal, self.name)
        platform = Platform("", [_role(ground.peer)], ground.ocpi_versions, uses=_USED)
        return Registrar(client, ground.book, platform, ground.chance)

    def _server(self, face: EmpFace, registrar: Registrar) -> OcpiServer:
        return OcpiServer(
            clock=self._ground.clock,
            journal=self._ground.journal,
            actor=self.name,
            registrar=registrar,
            routes=[*face.routes(), *face.refusals()],
            on_registered=self.active.registered,
            on_ended=self.active.ended,
            unsupported=face.unsupported,
            absent=face.absent,
            judge=face.judge_credentials,
            tamper=face.observe,
        )

    def _roam(self, face: EmpFace) -> Roam:
        ground = self._ground
        return Roam(
            ground.book,
            self.active,
            face.tokens,
            self._roam_client,
            clock=ground.clock,
            chance=ground.chance,
            journal=ground.journal,
            database=ground.database,
            organisation=ground.organisation,
        )

    def _controls(self, face: EmpFace, registrar: Registrar) -> Control:
        ground, rows = self._ground, face.routes()
        offers = partial(_offered, rows)
        views = Views(ground.book, self._ocpi, offers, ground.clock, ground.journal)
        sending = Sending(self.active, views, ground.seeds, ground.ocpi_versions)
        dealings = DealingsControl(
            ground.book,
            self.active,
            self.roam,
            ground.faults,
            module_table(rows, ground.ocpi_versions),
            lambda: self.versions_url,
        )
        return Control(
            active=self.active,
            registrar=registrar,
            views=views,
            seeds=ground.seeds,
            more=(
                *sending.operations(),
                *RoamControl(self.roam).operations(),
                *FaultControl(ground.faults).operations(),
                *HeldControl(ground.faults).operations(),
                *dealings.operations(),
            ),
        )

    # What a user needs

    @property
    def kept(self) -> str | MemoryShelf:
        """What another is started with as its `database`, to go on where this one was killed."""
        return self._ground.database

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

    # Life

    async def serve(self) -> None:
        """Listen, and hand out token A. Raises BindError."""
        await self._http.start()
        self._ocpi.base_url = self.base_url
        self.roam.start(self.base_url)
        self.active.invite()

    def announce(self, url: str) -> None:
        """Let CPOs reach us at this scheme, host and port: a proxy's or a tunnel's, not our own."""
        self._ocpi.base_url = url.rstrip("/")

    def cut(self, *, amid: bool = False) -> None:
        """Cut every connection to us, without a word; see `HttpServer.cut`."""
        self._http.cut(amid=amid)

    async def stop(self) -> None:
        """Stop serving, cancel what is under way, close the book."""
        self._ground.faults.let_go()
        await self._http.stop()
        await self._control.stop()
        await self._ocpi.stop()
        await self.roam.stop()
        await self._client.close()
        await self._roam_client.close()
        self._unsubscribe()
        self.book.close()

    async def _handle(self, request: Request) -> Response:
        if self.roam.takes(request.path):
            return await self._answer_emps(request)
        if request.path == PREFIX or request.path.startswith(f"{PREFIX}/"):
            return await self._control.handle(request)
        return await self._answer(request)

    def _told(self, request: Request, error: Exception) -> None:
        failure = f"{type(error).__name__}: {error}"
        self._ground.journal.event(self.name, "peer.failed", url=request.path, error=failure)


async def start(
    *,
    clock: Clock,
    chance: Chance,
    journal: Journal,
    host: str = "127.0.0.1",
    port: int = 0,
    profile: Mapping[str, Any] | Profile | None = None,
    strict: bool | None = None,
    database: str | MemoryShelf = MEMORY,
    tokens: Sequence[Mapping[str, Any]] | None = None,
    organisation: Mapping[str, Any] | None = None,
    ocpi_versions: Sequence[str] = (),
    tls: Tls = NO_TLS,
    insecure: bool = False,
    faults: Sequence[Any] = (),
    guest_of: Welcome | None = None,
) -> RunningPeer:
    """Start a peer. `profile` is every CPO's unless it has its own; `strict` overrides it;
    `database` is a file, `:memory:` or what is `kept` of another;
    `organisation` is every EMP's unless it has its own; `ocpi_versions` are offered to CPOs, or
    all that there are. With `tls` both faces and the control API are served over HTTPS, and `tls`
    says whom to trust; `insecure` allows plain text beyond loopback. `faults` are placed from the
    start (docs/faults.md); `guest_of` is the world that it is started in.

    Raises Mistake (exit 2) for a version, profile, tokens, database, certificate or fault that
    cannot be used, BindError (exit 3) for a port.
    """
    versions = _known_versions(ocpi_versions)
    agreed = profile if isinstance(profile, Profile) else parse(profile)
    if strict is not None:
        agreed = parse({"strict": strict}, base=agreed)
    peer = profiles.find(agreed.peer)
    seeds = Seeds(peer, tokens)
    emps = parse_organisation(organisation or {})
    if database == MEMORY:
        database = MemoryShelf()  # one for both faces, as a file is
    book = Book(database, profile=agreed)
    if not book.tokens.all:
        seeds.plant(book, clock.now())
    own = chance.child(peer.name).of_start(book.started())
    faulty = own.child("faults")
    board = GuestBoard(faulty, clock, journal, actor=peer.name, guest_of=guest_of)
    board.actors = frozenset({peer.name, ROAM, board.known_as})
    running = RunningPeer(
        Ground(
            peer, book, seeds, clock, own, journal, database, emps, versions, tls, insecure, board
        ),
        host,
        port,
    )
    try:
        for spec in faults:
            board.add(spec)
        await running.serve()
    except BaseException:
        await running.stop()
        raise
    return running


def _known_versions(wanted: Sequence[str]) -> tuple[str, ...]:
    """The versions to offer. Raises Mistake."""
    for version in wanted:
        if version not in VERSIONS:
            near = did_you_mean(version, VERSIONS)
            raise Mistake(f"there is no OCPI version '{version}' here.{near}")
    return tuple(dict.fromkeys(wanted)) or tuple(VERSIONS)


def _keeper(book: Book, actors: tuple[str, ...]) -> Any:
    """A journal subscriber that keeps this peer's findings in the book."""
    kept = (
        *("at", "peer", "session", "rule", "severity", "pointer"),
        *("seen", "expected", "objects", "message_seq"),
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
