"""The CSMS's end of OCPP-J over WebSocket: a server for any number of stations.

Rule: every connection becomes one `Link`, or an answer that the specification names (OCPP-J 3):
404 for an unknown station, 401 for a wrong password, and for no common version a handshake without
subprotocol followed by a close. Security profiles 0 and 1; with an SSLContext (`wire.tls`) 2 and
3: whoever admits stations is told the name in their client certificate.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import http
import ssl as _ssl
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import unquote_to_bytes

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import MultipleValuesError
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.loop import bound_port
from simulator.wire.chores import Chores, tell
from simulator.wire.exposure import refuse_plain_server
from simulator.wire.faults import FaultBoard
from simulator.wire.faults_ocpp import Plug, faulty
from simulator.wire.http import USER_AGENT, BindError
from simulator.wire.ocpp_link import Link
from simulator.wire.ocpp_messages import CallHandler, OcppVersion, Validation
from simulator.wire.ocpp_socket import (
    MAX_FRAME_BYTES,
    ServerSocket,
    quiet,
    timeouts,
)
from simulator.wire.tls import HANDSHAKE_TIMEOUT_S, client_name

# A thousand stations may knock in the same moment, after an outage.
_BACKLOG = 1024


class Admission(Enum):
    """What a CSMS says to a station that knocks."""

    ADMITTED = 101
    UNKNOWN = 404
    UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class Knock:
    """What a station shows at the door: its id in the URL, a password (profiles 1 and 2), the
    common name of its client certificate (profile 3), and whether it came over TLS.
    """

    station_id: str
    password: str | None = None
    certificate_name: str | None = None
    tls: bool = False


Accept = Callable[[Knock], Awaitable[bool | Admission] | bool | Admission]


class OcppServer:
    """The CSMS's end: stations connect to `<path>/<percent-encoded station id>`.

    `accept(knock)` admits a station or not; a plain False means unknown.
    `on_link(link)` is told of each new connection and returns the handler of its CALLs; `on_gone`
    of each that ended. `forgiving`: actions that are handled despite violations of their schema, as
    long as types are right. A second connection of a station replaces its first. Without TLS it
    listens on loopback alone, unless it is to be `insecure`.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        chance: Chance,
        journal: Journal,
        actor: str,
        accept: Accept,
        on_link: Callable[[Link], CallHandler],
        on_gone: Callable[[Link], None] | None = None,
        host: str = "127.0.0.1",
        port: int = 9000,
        path: str = "/ocpp",
        versions: Sequence[OcppVersion] = (OcppVersion.V16, OcppVersion.V201),
        validation: Validation = Validation.STRICT,
        forgiving: Collection[str] = (),
        call_timeout_s: float = 30.0,
        ping_interval_s: float | None = 60.0,
        ping_timeout_s: float = 20.0,
        ssl: _ssl.SSLContext | None = None,
        insecure: bool = False,
        faults: FaultBoard | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.path = "/" + path.strip("/")
        self.links: dict[str, Link] = {}
        self._clock = clock
        self._chance = chance
        self._journal = journal
        self._actor = actor
        self._accept = accept
        self._on_link = on_link
        self._on_gone = on_gone
        self._versions = tuple(versions)
        self._validation = validation
        self._forgiving = forgiving
        self._call_timeout_s = call_timeout_s
        self._ping_interval_s = ping_interval_s
        self._ping_timeout_s = ping_timeout_s
        self._ssl = ssl
        self._faults = faults
        self._insecure = insecure
        self._server: Server | None = None
        self._chores = Chores(journal, actor)

    @property
    def url(self) -> str:
        """The endpoint to which a station appends its id, once started."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'wss' if self._ssl else 'ws'}://{host}:{self.port}{self.path}"

    async def start(self) -> OcppServer:
        """Listen. Raises BindError, PlainText."""
        refuse_plain_server(self.host, tls=self._ssl is not None, insecure=self._insecure)
        tls: dict[str, Any] = {}
        if self._ssl is not None:
            tls = {"ssl": self._ssl, "ssl_handshake_timeout": HANDSHAKE_TIMEOUT_S}
        try:
            self._server = await serve(
                self._connected,
                self.host,
                self.port,
                process_request=self._admit,
                select_subprotocol=self._select,
                subprotocols=[Subprotocol(version.subprotocol) for version in self._versions],
                create_connection=ServerSocket,
                server_header=USER_AGENT,
                max_size=MAX_FRAME_BYTES,
                backlog=_BACKLOG,
                logger=quiet,
                **tls,
                **timeouts(self._clock, self._ping_interval_s, self._ping_timeout_s),
            )
        except OSError as error:
            raise BindError.at(self.host, self.port, error) from error
        self.port = bound_port(next(iter(self._server.sockets)))
        return self

    def cut(self, *, amid: bool = False) -> None:
        """Cut every connection without a word; who was connected may come back.

        With `amid` nothing is done any more that was asked for.
        """
        for link in self.links.values():
            link.abort()
            if amid:
                link.interrupt()

    async def stop(self) -> None:
        """Stop listening, close every link, end all that runs for them."""
        if self._server is None:
            return
        server, self._server = self._server, None
        links = list(self.links.values())
        server.close()
        await asyncio.gather(*(link.close(1001, "the server stops") for link in links))
        await self._chores.stop()
        for link in links:
            link.interrupt()
        await server.wait_closed()

    # The handshake

    async def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuse who is not admitted, before the WebSocket exists (OCPP-J 3.2, 6.2.2)."""
        station_id = self._station_id(request.path)
        if station_id is None:
            return self._refuse(connection, Admission.UNKNOWN, request.path)
        username, password = _basic_auth(request)
        if username not in (None, station_id):
            return self._refuse(connection, Admission.UNAUTHORIZED, station_id)
        try:
            tls = connection.transport.get_extra_info("ssl_object")
            knock = Knock(station_id, password, client_name(tls), tls is not None)
            verdict = self._accept(knock)
            if isinstance(verdict, Awaitable):
                verdict = await verdict
        except Exception as error:
            self._failed(station_id, error)
            raise
        if isinstance(verdict, bool):
            verdict = Admission.ADMITTED if verdict else Admission.UNKNOWN
        if verdict is not Admission.ADMITTED:
            return self._refuse(connection, verdict, station_id)
        return None

    def _refuse(self, connection: ServerConnection, verdict: Admission, who: str) -> Response:
        status = http.HTTPStatus(verdict.value)
        self._journal.event(self._actor, "ocpp.refused", station=who, http_status=status.value)
        response = connection.respond(status, f"{status.phrase}\n")
        if verdict is Admission.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = 'Basic realm="OCPP", charset="UTF-8"'
        return response

    def _station_id(self, path: str) -> str | None:
        prefix, _, last = path.partition("?")[0].rpartition("/")
        if prefix.rstrip("/") != self.path.rstrip("/") or not last:
            return None
        try:
            return unquote_to_bytes(last).decode()
        except UnicodeDecodeError:
            return None

    def _select(
        self, _connection: ServerConnection, offered: Sequence[Subprotocol]
    ) -> Subprotocol | None:
        """The first version of the station's list that we speak too: it states its preference."""
        spoken = {version.subprotocol for version in self._versions}
        return next((subprotocol for subprotocol in offered if subprotocol in spoken), None)

    # The connection

    async def _connected(self, connection: ServerConnection) -> None:
        assert isinstance(connection, ServerSocket)
        assert connection.request is not None
        station_id = self._station_id(connection.request.path)
        assert station_id is not None
        version = OcppVersion.of_subprotocol(connection.subprotocol)
        if version is None:
            offered = ", ".join(connection.request.headers.get_all("Sec-WebSocket-Protocol"))
            self._journal.event(
                self._actor, "ocpp.no_common_version", station=station_id, offered=offered
            )
            await connection.close(1002, "no common OCPP version")
            return
        peer = f"station/{station_id}"
        wire = faulty(
            connection,
            self._faults,
            clock=self._clock,
            journal=self._journal,
            actor=self._actor,
            peer=peer,
        )
        link = Link(
            wire,
            peer_id=station_id,
            version=version,
            clock=self._clock,
            ids=self._chance,
            journal=self._journal,
            actor=self._actor,
            peer=peer,
            chores=self._chores,
            validation=self._validation,
            forgiving=self._forgiving,
            call_timeout_s=self._call_timeout_s,
        )
        try:
            await self._serve(link, wire)
        except Exception as error:
            self._failed(station_id, error)
            raise

    def _failed(self, station_id: str, error: Exception) -> None:
        peer = f"station/{station_id}"
        self._journal.event(self._actor, "ocpp.failed", peer=peer, error=tell(error))

    async def _serve(self, link: Link, wire: Plug) -> None:
        station_id = link.peer_id
        before = self.links.pop(station_id, None)
        self.links[station_id] = link
        if before is not None:
            self._chores.start(before.close(1008, "replaced by a newer connection"), "replace")
        peer = f"station/{station_id}"
        self._journal.event(self._actor, "ocpp.connected", peer=peer, version=str(link.version))
        try:
            handler = self._on_link(link)
            wire.attach(link)
            await link.serve(handler)
        finally:
            if self.links.get(station_id) is link:
                del self.links[station_id]
            self._journal.event(
                self._actor, "ocpp.disconnected", peer=peer, reason=link.closed_because
            )
            if self._on_gone is not None:
                self._on_gone(link)


def _basic_auth(request: Request) -> tuple[str | None, str | None]:
    """User name and password of a request; what cannot be read counts as absent."""
    try:
        scheme, _, coded = request.headers["Authorization"].partition(" ")
        login = base64.b64decode(coded.strip(), validate=True)
    except (KeyError, MultipleValuesError, binascii.Error, ValueError):
        return None, None
    username, colon, password = login.partition(b":")
    if scheme.lower() != "basic" or not colon:
        return None, None
    return _text(username), _text(password)


def _text(data: bytes) -> str:
    # A password of 1.6 may be 20 bytes of any kind (OCPP-J 1.6, 6.2.2).
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
