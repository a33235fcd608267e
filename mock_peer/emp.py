"""A simulated EMP behind a Roam-like CPO: registers, pulls, pushes tokens, starts and stops.

Rule: it knows the other side by OCPI 2.2.1 alone, so it serves against anyone's. What fails is told
in the journal and raised to whoever asked; what it does by itself goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mock_peer import raw
from mock_peer.emp_answers import EmpAnswers
from mock_peer.emp_book import EmpBook
from mock_peer.emp_control import PREFIX, EmpControl, EmpError
from mock_peer.emp_judging import EmpJudge
from mock_peer.emp_pulling import Pulling
from mock_peer.emp_receiving import ACTOR, Receiving
from mock_peer.rule import Occasion
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal
from simulator.ocpi import by_hand
from simulator.ocpi.by_hand import ByHand
from simulator.ocpi.client import Answer, OcpiCallFailed, OcpiClient
from simulator.ocpi.connection import RECEIVER, SENDER, Connection, InterfaceRole, MemoryStore
from simulator.ocpi.envelope import OcpiError
from simulator.ocpi.gate import asker
from simulator.ocpi.handshake import Platform
from simulator.ocpi.registration import Registrar
from simulator.ocpi.server import OcpiServer
from simulator.wire import faults_http
from simulator.wire.faults_guest import GuestBoard, Welcome
from simulator.wire.faults_tls import server_tls
from simulator.wire.http import Request, Response, join_url
from simulator.wire.http_aio import HttpServer
from simulator.wire.security_events import plain_told, refusal_told
from simulator.wire.tls import NO_TLS, Tls

__all__ = ["Emp", "EmpConfig", "EmpError", "start_emp"]

VERSION = "2.2.1"
RESULT_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class EmpConfig:
    """Who it is, and what it has. `tokens` are OCPI 2.2.1 tokens, without owner and time."""

    name: str = "Example EMP"
    country_code: str = "DE"
    party_id: str = "EMP"
    host: str = "127.0.0.1"
    port: int = 0
    actor: str = ACTOR  # its own name in the journal
    peer: str = "roam"  # the other side's
    tokens: tuple[Mapping[str, Any], ...] = ()
    pulls: bool = True  # pull by itself: a delta every minute, all of it every night
    answers: EmpAnswers = field(default_factory=EmpAnswers)
    tls: Tls = NO_TLS
    insecure: bool = False  # plain text beyond loopback


class Emp:
    """The EMP: `start` serves, `register` or `token_a` connect, the verbs act."""

    def __init__(
        self,
        config: EmpConfig,
        *,
        clock: Clock,
        chance: Chance,
        journal: Journal,
        guest_of: Welcome | None = None,
    ) -> None:
        self.config = config
        self.answers = config.answers
        self.book = EmpBook()
        self._clock = clock
        self._chance = chance.child(f"emp/{config.country_code}{config.party_id}")
        self._journal = journal
        self._store = MemoryStore()
        actor = config.actor
        board = None if guest_of is None else self._board(guest_of)
        self._http = faults_http.client(
            clock,
            board,
            journal,
            actor,
            peer_of=lambda _url: config.peer,
            tls=config.tls,
            insecure=config.insecure,
            warn=plain_told(journal, actor),
        )
        self._client = OcpiClient(self._http, clock, self._chance, journal, config.actor)
        role = {
            "role": "EMSP",
            "country_code": config.country_code,
            "party_id": config.party_id,
            "business_details": {"name": config.name},
        }
        platform = Platform("", [role], versions=(VERSION,))
        self._registrar = Registrar(self._client, self._store, platform, self._chance)
        self._judge = EmpJudge(clock=clock, journal=journal, actor=config.actor, peer=config.peer)
        self._receiving = Receiving(
            self.book,
            self.answers,
            judge=self._judge,
            chance=self._chance,
            journal=journal,
            actor=config.actor,
            cdr_url=lambda name: self._own_url("cdrs", RECEIVER, name),
        )
        self._server = OcpiServer(
            clock=clock,
            journal=journal,
            actor=config.actor,
            registrar=self._registrar,
            routes=self._receiving.routes(),
            on_registered=self._registered,
            tamper=self._receiving.spoil,
        )
        asks = asker(lambda: self._store)
        self._answer = faults_http.handler(self._server.handle, board, clock, journal, actor, asks)
        self._control = EmpControl(self)
        self._web = HttpServer(
            self._handle,
            clock,
            host=config.host,
            port=config.port,
            ssl=server_tls(config.tls, clock, board, actor, refusal_told(journal, actor, "ocpi")),
            insecure=config.insecure,
        )
        self._pulling = Pulling(self.book, self._client, self._judge, self._locations)
        for token in config.tokens:
            self.issue(token)

    def _board(self, guest_of: Welcome) -> GuestBoard:
        """Where the faults of a world strike it; it has none of its own."""
        drawn = self._chance.child("faults")
        actor = self.config.actor
        return GuestBoard(drawn, self._clock, self._journal, actor=actor, guest_of=guest_of)

    # Life

    def cut(self) -> None:
        """Cut every connection to us, without a word."""
        self._web.cut()

    async def start(self) -> Emp:
        """Serve, and pull if there is whom to ask. Raises BindError."""
        await self._web.start()
        self._server.base_url = self._web.base_url
        if self.registered and self.config.pulls:
            self._pulling.start()
        return self

    async def down(self) -> None:
        """Be away, as a machine without power: nothing is finished, nobody is told. `start` is back
        with what it holds, for it is no database that is tried here.
        """
        self._web.cut(amid=True)
        await self._pulling.stop()
        await self._web.stop()

    async def stop(self) -> None:
        """Stop pulling and serving."""
        await self._pulling.stop()
        await self._server.stop()
        await self._web.stop()
        await self._http.close()

    async def _handle(self, request: Request) -> Response:
        if self._control.takes(request.path):
            return await self._control.handle(request)
        return await self._answer(request)

    @property
    def versions_url(self) -> str:
        """Where the other side begins."""
        return self._server.versions_url

    @property
    def control_url(self) -> str:
        """The root of the control API."""
        return f"{self._web.base_url}{PREFIX}"

    def _own_url(self, module: str, role: InterfaceRole, *segments: str) -> str:
        return self._server.endpoint_url(VERSION, module, role, *segments)

    # Registration

    def token_a(self) -> str:
        """Invite the other side: the token it registers with."""
        connection = Connection(id=self._next_id(), peer=self.config.peer)
        connection.token_in = self._registrar.new_token()
        self._store.save(connection)
        return connection.token_in

    async def register(self, versions_url: str, token_a: str) -> None:
        """Begin the handshake. Raises EmpError."""
        connection = Connection(id=self._next_id(), peer=self.config.peer)
        connection.versions_url, connection.token_out = versions_url, token_a
        try:
            await self._registrar.register(connection)
        except (OcpiError, OcpiCallFailed) as error:
            self._store.remove(connection)
            raise EmpError(f"the registration failed: {error}") from error
        await self._registered(connection)

    def _next_id(self) -> str:
        return f"roam-{len(self._store.all()) + 1}"

    async def _registered(self, connection: Connection) -> None:
        """Look at who they are, push our tokens, and begin to pull."""
        self._judge.judge(Occasion.ROAM_CREDENTIALS, {"roles": connection.their_roles}, None)
        self._journal.event(
            self.config.actor,
            "emp.registered",
            peer=connection.peer,
            parties=[str(connection.their_party)],
            modules=sorted(f"{module} {role}" for module, role in connection.endpoints),
        )
        await self._clock.sleep(1.0)  # the other side must have stored our answer first
        for token in list(self.book.tokens.values()):
            try:
                await self.push_token(token)
            except EmpError as error:  # a side that takes no tokens has locations all the same
                self._tell("emp.token-refused", token=token["uid"], answer=str(error))
        if self.config.pulls:
            self._pulling.start()

    @property
    def registered(self) -> bool:
        """True once it is registered with a CPO."""
        return any(one.registered for one in self._store.all())

    @property
    def connection(self) -> Connection:
        """The connection that is registered, of several the newest. Raises EmpError."""
        found = next((one for one in reversed(self._store.all()) if one.registered), None)
        if found is None:
            raise EmpError("the EMP is not registered with anyone")
        return found

    async def unregister(self) -> Answer:
        """DELETE our credentials. Raises EmpError."""
        return await self._registrar.unregister(self.connection)

    async def send(self, wanted: ByHand) -> dict[str, Any]:
        """Send any request, valid or not. Raises EmpError, ByHandError."""
        return await by_hand.send(self._client, self.connection, wanted)

    def _locations(self) -> tuple[Connection, str]:
        return self.connection, self._endpoint("locations", SENDER)

    def _endpoint(self, module: str, role: InterfaceRole, *segments: str) -> str:
        url = self.connection.endpoints.get((module, role))
        if url is None:
            raise EmpError(f"the other side offers no {module} as {role}")
        return join_url(url, *segments)

    async def pull(self, *, full: bool = True) -> int:
        """Pull the locations: see `Pulling.pull`. Raises EmpError."""
        return await self._pulling.pull(full=full)

    # Tokens

    def issue(self, token: Mapping[str, Any]) -> dict[str, Any]:
        """Make a token of ours; `push_token` tells of it."""
        issued = {
            "country_code": self.config.country_code,
            "party_id": self.config.party_id,
            "type": "RFID",
            "issuer": self.config.name,
            "valid": True,
            "whitelist": "ALLOWED_OFFLINE",
            **token,
            "last_updated": rfc3339(self._clock.now()),
        }
        self.book.tokens[str(issued["uid"]).casefold(), str(issued["type"])] = issued
        return issued

    async def push_token(self, token: Mapping[str, Any]) -> Answer:
        """PUT a token; a changed one is kept, too. Raises EmpError."""
        issued = self.issue(token)
        owner = (issued["country_code"], issued["party_id"], issued["uid"])
        answer = await self._client.exchange(
            self.connection,
            "PUT",
            self._endpoint("tokens", RECEIVER, *owner),
            module="tokens",
            body=issued,
            takes="token",
            query={"type": issued["type"]} if issued["type"] != "RFID" else None,
        )
        if not answer.ok:
            self._tell("emp.token-refused", token=issued["uid"], answer=answer.message)
        return answer

    # Commands

    async def start_session(
        self,
        token_uid: str,
        location_id: str,
        evse_uid: str | None = None,
        connector_id: str | None = None,
        *,
        token_type: str = "RFID",
    ) -> dict[str, Any]:
        """Start remotely; returns {response, result}, the result None if none came.

        Raises EmpError.
        """
        token = self.book.tokens.get((token_uid.casefold(), token_type))
        if token is None:
            raise EmpError(f"no token {token_uid} of type {token_type}")
        parts = {"location_id": location_id, "evse_uid": evse_uid, "connector_id": connector_id}
        told = {name: value for name, value in parts.items() if value is not None}
        return await self.command("START_SESSION", {"token": token, **told})

    async def stop_session(self, session_id: str) -> dict[str, Any]:
        """Stop remotely; returns {response, result}. Raises EmpError."""
        return await self.command("STOP_SESSION", {"session_id": session_id})

    async def command(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send any command, and wait for its result where it was accepted. Raises EmpError."""
        command_id = self._chance.uuid4()
        self.book.results[command_id] = {}
        response_url = self._own_url("commands", SENDER, name, command_id)
        session = self._journal.session_of(f"session/{body.get('session_id')}")
        answer = await self._client.exchange(
            self.connection,
            "POST",
            self._endpoint("commands", RECEIVER, name),
            module="commands",
            body={"response_url": response_url, **body},
            session=session,
        )
        response = answer.data if answer.ok else {"failure": answer.message}
        session = answer.session
        self._tell("emp.command", session, command=name, response=raw.text(response, "/result"))
        result = None
        if raw.text(response, "/result") == "ACCEPTED":
            result = await self._result(command_id)
        return {"response": response, "result": result}

    async def _result(self, command_id: str) -> dict[str, Any] | None:
        try:
            async with self._clock.timeout(RESULT_TIMEOUT_S):
                while not self.book.results[command_id]:
                    self._receiving.arrived.clear()
                    await self._receiving.arrived.wait()
        except TimeoutError:
            return None
        return self.book.results[command_id]

    def _tell(self, what: str, session: str | None = None, **data: Any) -> None:
        self._journal.event(self.config.actor, what, peer=self.config.peer, session=session, **data)


async def start_emp(
    config: EmpConfig | Mapping[str, Any] | None = None,
    *,
    clock: Clock,
    chance: Chance,
    journal: Journal,
    versions_url: str | None = None,
    token_a: str | None = None,
    guest_of: Welcome | None = None,
) -> Emp:
    """Start an EMP, and register it where a versions URL and token A are given.

    `config` may be a mapping with the fields of EmpConfig: whoever finds this by its entry point
    (`simulator.emps`) imports nothing of it. `guest_of` is the world that it is started in. Raises
    BindError, EmpError.
    """
    told = config if isinstance(config, EmpConfig) else EmpConfig(**(config or {}))
    emp = Emp(told, clock=clock, chance=chance, journal=journal, guest_of=guest_of)
    await emp.start()
    if versions_url is not None and token_a is not None:
        try:
            await emp.register(versions_url, token_a)
        except BaseException:
            await emp.stop()
            raise
    return emp
