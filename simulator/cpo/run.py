"""The CPO as one actor: its parts put together, and the verbs that a world has.

The way from plug-in to CDR: `csms_v16` or `csms_v201` takes a station's message, `counter` decides
about the card, `ledger` writes the event and folds it into a `session`, which says what OCPI is to
be told, and `deliveries` tells the peer until it has answered.

Rule: a shell. Decisions are made in the pure modules; what must survive is in the book.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simulator.cpo import authorize, csms_v16, csms_v201
from simulator.cpo.book import Book
from simulator.cpo.calls import Request, Start, Stop
from simulator.cpo.certificates_asked import CertificateVerbs
from simulator.cpo.common import ACTOR, Common
from simulator.cpo.config import CpoConfig
from simulator.cpo.counter import Counter
from simulator.cpo.csms import FORGIVING, Csms
from simulator.cpo.dealings import dealings
from simulator.cpo.deliveries import Deliveries
from simulator.cpo.dispatcher import Dispatcher
from simulator.cpo.ledger import Ledger
from simulator.cpo.peers import Peers
from simulator.cpo.plugs import Plugs
from simulator.cpo.pnc import Pnc
from simulator.cpo.providers import Providers
from simulator.cpo.roaming import Roaming
from simulator.cpo.roaming_commands import RoamingCommands
from simulator.cpo.roaming_locations import Locations
from simulator.cpo.roaming_sessions import RoamingSessions
from simulator.cpo.roaming_tokens import RoamingTokens
from simulator.cpo.sites import Sites
from simulator.cpo.snapshot import snapshot
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal
from simulator.mistakes import Mistake
from simulator.ocpi.by_hand import ByHand, send
from simulator.ocpi.client import OcpiCallFailed, OcpiClient
from simulator.ocpi.connection import Connection
from simulator.ocpi.directory import module_table
from simulator.ocpi.envelope import OcpiError
from simulator.ocpi.exchange import Route
from simulator.pki.ocsp_http import OcspClient
from simulator.wire.faults import FaultBoard
from simulator.wire.faults_http import client as faulty_client
from simulator.wire.faults_tls import server_tls
from simulator.wire.ocpp_link import Link
from simulator.wire.ocpp_messages import OcppVersion, Payload
from simulator.wire.ocpp_server import OcppServer
from simulator.wire.security_events import plain_told, refusal_told

DIALECTS = {OcppVersion.V16: csms_v16.ROUTES, OcppVersion.V201: csms_v201.ROUTES}


class UnknownVerbTarget(Mistake):
    """A verb names a station, session, CDR or peer that is not there."""


class Cpo:
    """A charge point operator: stations on one side, roaming peers on the other.

    Raises StoreError and TariffError for a database or a tariff that cannot be used.
    """

    def __init__(
        self,
        config: CpoConfig,
        *,
        clock: Clock,
        chance: Chance,
        journal: Journal,
        faults: FaultBoard | None = None,
    ) -> None:
        self.config = config
        clock = clock if faults is None else faults.clock_of(ACTOR)
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self.book = Book(config.database, clock)
        self.sites = Sites(config, rfc3339(clock.now()))
        chance = chance.child("cpo").of_start(self.book.started())
        common = Common(config, self.sites, self.book, clock, chance, journal, faults)
        self._http = faulty_client(
            clock,
            faults,
            journal,
            ACTOR,
            peer_of=lambda url: self.peers.name_at(url),
            tls=config.ocpi_tls,
            insecure=config.insecure,
            warn=plain_told(journal, ACTOR),
        )
        sites = self.sites
        client = OcpiClient(
            self._http,
            clock,
            chance,
            journal,
            ACTOR,
            location=sites.location,
            tariff=sites.tariffs.get,
        )
        self.peers = Peers(common, client)
        self._deliveries = Deliveries(common, self.peers)
        self.ledger = Ledger(common, self._deliveries)
        self._tokens = RoamingTokens(common, self.peers)
        self._counter = Counter(common, self.peers, self._tokens)
        self._locations = Locations(common, self.peers)
        self._ocsp = OcspClient(self._http, clock)
        self._plugs = Plugs(common, self._locations.connector_changed)
        self.csms = self._csms(common)
        self._certificates = CertificateVerbs(self.csms)
        self._dispatcher = Dispatcher(self.csms)
        routes = self._routes(common)
        self._modules = module_table(routes, config.ocpi_versions)
        self._roaming = Roaming(
            common, self.peers, self._tokens, self._locations, self._deliveries, routes
        )
        self._ocpp = self._server(common)

    def _csms(self, common: Common) -> Csms:
        return Csms(
            common,
            self.ledger,
            self._counter,
            dialects=DIALECTS,
            on_evse=self._locations.evse_changed,
            pnc=Pnc(common, self._counter, self._ocsp),
            plugs=self._plugs,
            providers=Providers(common, self._http, self._ocsp),
        )

    def _server(self, common: Common) -> OcppServer:
        config, clock, journal = common.config, common.clock, common.journal
        refused = refusal_told(journal, ACTOR, "ocpp")
        return OcppServer(
            clock=clock,
            chance=common.chance.child("ocpp"),
            journal=journal,
            actor=ACTOR,
            accept=self.csms.admit,
            on_link=self.csms.arrive,
            on_gone=self.csms.leave,
            host=config.host,
            port=config.ocpp_port,
            versions=tuple(DIALECTS),
            forgiving=FORGIVING,
            call_timeout_s=config.call_timeout_s,
            faults=common.faults,
            ssl=server_tls(config.ocpp_tls, clock, common.faults, ACTOR, refused, ask_clients=True),
            insecure=config.insecure,
        )

    def _routes(self, common: Common) -> list[Route]:
        """What peers may ask of us, module by module."""
        commands = RoamingCommands(common, self.peers, self.ledger, self._counter, self._dispatcher)
        modules = (self._locations, self._tokens, RoamingSessions(common), commands)
        return [route for module in modules for route in module.routes()]

    # Life

    @property
    def ocpp_url(self) -> str:
        """Where stations connect: they append their id."""
        return self._ocpp.url

    @property
    def versions_url(self) -> str:
        """Where peers begin."""
        return self._roaming.server.versions_url

    async def start(self) -> None:
        """Listen for peers, then for stations; go on with what was under way. Raises BindError."""
        await self._roaming.start()
        await self._ocpp.start()
        self.csms.start()
        self._plugs.start()
        self._deliveries.start()
        for peer in self.peers.registered():
            self._begin(self._resume(peer))

    def cut(self, *, amid: bool = False) -> None:
        """Cut every connection to both servers, without a word; see `OcppServer.cut`."""
        self._ocpp.cut(amid=amid)
        self._roaming.http.cut(amid=amid)

    async def kill(self) -> CpoConfig:
        """Die as by kill -9: what is not committed is lost, nobody is told, nothing is finished.

        Returns what another is started with, on its database and at its ports.
        """
        left = self.book.abandon()
        self.cut(amid=True)
        dying = (self._deliveries.stop(), self._locations.stop(), self._roaming.stop())
        await asyncio.gather(*dying)
        await self.stop()
        database = self.config.database if left is None else left
        ocpp, ocpi = self._ocpp.port, self._roaming.http.port
        return replace(self.config, database=database, ocpp_port=ocpp, ocpi_port=ocpi)

    async def stop(self) -> None:
        """Let stations go, stop telling, and close the book."""
        await self._ocpp.stop()
        self.csms.stop()
        self._plugs.stop()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._locations.stop()
        await self._deliveries.stop()
        await self._roaming.stop()
        await self._http.close()
        self.book.close()

    async def _resume(self, peer: Connection) -> None:
        """After a restart: what changed meanwhile goes both ways, in a version still offered."""
        if peer.version not in self.config.ocpi_versions:
            try:
                await self._roaming.update(peer, None)
            except (OcpiError, OcpiCallFailed) as error:
                self.peers.event("peer.not_updated", peer, problem=str(error))
            return
        await self._locations.tell_all(peer)
        await self._tokens.pull(peer)

    def _begin(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Verbs: peers

    def token_a(self, peer: str = "peer") -> str:
        """Issue a token A; `peer` is the name by which the journal knows its bearer."""
        return self._roaming.invite(peer)

    async def register(self, versions_url: str, token_a: str, peer: str = "peer") -> Connection:
        """Begin the credentials handshake. Raises OcpiError, OcpiCallFailed."""
        return await self._roaming.register(versions_url, token_a, peer)

    async def rotate(self, peer: str, versions: tuple[str, ...] | None = None) -> None:
        """Change both tokens of a connection, and go to the highest common of these versions.

        Without `versions` they are all that we offer. Raises UnknownVerbTarget, OcpiError,
        OcpiCallFailed.
        """
        await self._roaming.update(self._peer(peer), versions)

    async def unregister(self, peer: str) -> None:
        """End a connection. Raises UnknownVerbTarget, OcpiError."""
        await self._roaming.unregister(self._peer(peer))

    async def pull_tokens(self, peer: str) -> None:
        """Take over a peer's whole list of tokens. Raises UnknownVerbTarget."""
        await self._tokens.pull(self._peer(peer))

    def retry_cdr(self, cdr_id: str) -> None:
        """Send a CDR again that was refused. Raises UnknownVerbTarget."""
        row = self.book.cdrs.get(cdr_id)
        if row is None or row.connection_id is None:
            raise UnknownVerbTarget(f"there is no CDR {cdr_id} that concerns a peer")
        self._deliveries.retry_cdr(cdr_id, row.connection_id)

    def change_tariff(self, tariff_id: str, **fields: Any) -> None:
        """Change a tariff's fields (None: leave one out) and tell peers; open sessions keep it.

        Raises UnknownVerbTarget, TariffError.
        """
        if tariff_id not in self.sites.tariffs:
            raise UnknownVerbTarget(f"there is no tariff {tariff_id}")
        self.sites.change_tariff(tariff_id, fields, rfc3339(self._clock.now()))
        self._locations.tariff_changed(tariff_id)

    def omit(self, station_id: str, *fields: str) -> None:
        """From now on leave these fields out of the station's CDRs, to see a peer refuse them."""
        self.ledger.omit[station_id] = fields

    # Verbs: stations

    async def remote_start(self, station_id: str, evse_id: int, uid: str) -> str:
        """Ask a station to start for a token; returns OCPI's CommandResultType."""
        known = self.book.tokens.find(uid, authorize.TOKEN_TYPES[None])
        kind = known.token["type"] if known else "RFID"
        number = self.book.settings.count("remote_start_id")
        start = Start(evse_id, uid, authorize.tag(uid), kind, number)
        return await self.ask_station(station_id, start)

    async def remote_stop(self, session_id: str) -> str:
        """Ask a session's station to stop it; returns OCPI's CommandResultType."""
        session = self.ledger.by_id(session_id)
        if session is None:
            raise UnknownVerbTarget(f"there is no session {session_id}")
        head = session.head
        result, _ = await self._dispatcher.ask(
            head.station_id, Stop(head.transaction_id), session=head.trace
        )
        return result

    async def ask_station(self, station_id: str, request: Request) -> str:
        """Send any request of `calls`; returns OCPI's CommandResultType."""
        result, _ = await self._dispatcher.ask(station_id, request)
        return result

    async def ask_station_for(self, station_id: str, request: Request) -> Payload:
        """Send any request of `calls`; returns the station's answer, empty if there was none."""
        _, answer = await self._dispatcher.ask(station_id, request)
        return answer

    def link_of(self, station_id: str) -> Link | None:
        """A station's connection; None while there is none."""
        station = self.csms.connected.get(station_id)
        return None if station is None else station.link

    async def send_ocpi(self, peer: str | None, wanted: ByHand) -> dict[str, Any]:
        """Send any request to a peer, by default the newest; what came back. Raises
        UnknownVerbTarget, ByHandError.
        """
        known = self.peers.registered()
        chosen = self._peer(peer if peer is not None or not known else known[-1].id)
        return await send(self.peers.client, chosen, wanted)

    def block_token(self, uid: str) -> None:
        """Refuse a token here, whatever its eMSP says."""
        self.book.tokens.block(uid)

    def unblock_token(self, uid: str) -> None:
        """Leave a token to its eMSP again."""
        self.book.tokens.unblock(uid)

    # Verbs: Plug & Charge; results are OCPI's CommandResultType

    async def set_pnc(self, station_id: str, enabled: bool, evse_id: int = 0) -> str:
        """Switch Plug & Charge at a station, or (2.0.1) at one of its EVSEs."""
        return await self._certificates.set_pnc(station_id, enabled, evse_id)

    async def install_certificate(self, station_id: str, kind: str, certificate: str) -> str:
        """Have a station keep a root (PEM); `kind` is 2.0.1's InstallCertificateUseEnumType."""
        return await self._certificates.install(station_id, kind, certificate)

    async def delete_certificate(self, station_id: str, hash_data: Mapping[str, Any]) -> str:
        """Have a station forget a certificate, named by CertificateHashDataType."""
        return await self._certificates.delete(station_id, hash_data)

    async def installed_certificates(self, station_id: str, *kinds: str) -> list[dict[str, Any]]:
        """What a station has of these kinds (all if none): rows of CertificateHashDataChainType."""
        return await self._certificates.installed(station_id, *kinds)

    async def trigger_sign(self, station_id: str, message: str = "SignV2GCertificate") -> str:
        """Have a station send a CSR; what it asks for is signed by the authority of `est_url`."""
        return await self._certificates.trigger_sign(station_id, message)

    def forget_statuses(self) -> None:
        """Forget what OCSP responders have said, so that they are asked anew."""
        self._ocsp.forget()

    # Looking

    def snapshot(self) -> dict[str, Any]:
        """How things stand, as plain JSON."""
        return {
            "party": f"{self.config.country_code}*{self.config.party_id}",
            "ocpp_url": self.ocpp_url,
            "versions_url": self.versions_url,
            **snapshot(self.book, self.sites, self.csms, self._plugs, self.peers, self.ledger),
        }

    def dealings(self) -> dict[str, Any]:
        """What it has with its peers, at a glance, as plain JSON."""
        return dealings(self.config, self.book, self._modules, self._deliveries.next_tries)

    def _peer(self, name: str | None) -> Connection:
        for peer in self.peers.registered():
            if name in (peer.id, peer.peer):
                return peer
        raise UnknownVerbTarget(f"there is no registered peer {name or 'at all'}")
