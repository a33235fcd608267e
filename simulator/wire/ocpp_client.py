"""The station's end of OCPP-J over WebSocket: one connection, kept up.

Rule: a station never gives up. Whatever ends or prevents the connection, it waits as the
specification's back-off says and tries again (OCPP-J 2.0.1, 5.3; 1.6 errata 3.3).
"""

from __future__ import annotations

import asyncio
import base64
import ssl as _ssl
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

from websockets.asyncio.client import connect
from websockets.exceptions import (
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    InvalidURI,
    NegotiationError,
)
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.wire.chores import Chores, tell
from simulator.wire.faults import FaultBoard
from simulator.wire.faults_ocpp import faulty
from simulator.wire.http import USER_AGENT
from simulator.wire.ocpp_link import Link
from simulator.wire.ocpp_messages import CallHandler, LinkClosed, OcppVersion, Validation
from simulator.wire.ocpp_socket import MAX_FRAME_BYTES, NO_PROXY, ClientSocket, quiet, timeouts
from simulator.wire.tls import MAYBE_OUR_CERTIFICATE, TlsError, failure_of, in_words

_PROTOCOL = "Sec-WebSocket-Protocol"
_MOST_SAID = 200  # letters of what a CSMS says when it refuses


class BackOff:
    """How long to wait before connecting again (OCPP-J 2.0.1, 5.3; variables of chapter 8)."""

    def __init__(
        self,
        chance: Chance,
        *,
        wait_minimum_s: float = 10.0,
        random_range_s: float = 5.0,
        repeat_times: int = 5,
    ) -> None:
        self.wait_minimum_s = wait_minimum_s
        self.random_range_s = random_range_s
        self.repeat_times = repeat_times
        self._chance = chance
        self._attempts = 0

    def next_s(self) -> float:
        """The wait before the next attempt: doubled up to `repeat_times` times, plus chance."""
        doublings = min(self._attempts, self.repeat_times)
        self._attempts += 1
        return self.wait_minimum_s * 2.0**doublings + self._chance.uniform(0, self.random_range_s)

    def reset(self) -> None:
        """A connection stands: begin anew."""
        self._attempts = 0


class OcppClient:
    """The station's end: connect, and connect again with growing pauses whenever it breaks.

    `on_up(link)` runs beside the link, so that it may call; it is cancelled when the link ends.
    `on_down(reason)` is told when it has ended, `on_failed(error)` why there is none. `backoff` may
    be changed while running; `ssl` and `basic_password` too, for the next connection. `ssl` may be
    what makes a context for each attempt.
    Raises ValueError for a URL that is none.
    """

    def __init__(
        self,
        *,
        url: str,
        station_id: str,
        version: OcppVersion,
        clock: Clock,
        chance: Chance,
        journal: Journal,
        handler: CallHandler,
        on_up: Callable[[Link], Awaitable[None]],
        on_down: Callable[[str], None],
        basic_password: str | None = None,
        validation: Validation = Validation.STRICT,
        call_timeout_s: float = 30.0,
        ping_interval_s: float | None = None,
        ping_timeout_s: float = 20.0,
        wait_minimum_s: float = 10.0,
        random_range_s: float = 5.0,
        repeat_times: int = 5,
        peer: str = "cpo",
        ssl: _ssl.SSLContext | Callable[[], _ssl.SSLContext | None] | None = None,
        on_failed: Callable[[Exception], None] | None = None,
        faults: FaultBoard | None = None,
    ) -> None:
        self.url = f"{url.rstrip('/')}/{quote(station_id, safe='')}"
        _check(self.url)
        self.station_id = station_id
        self.version = version
        self.link: Link | None = None
        self.basic_password = basic_password
        self.ping_interval_s = ping_interval_s
        self._chance = chance.child("ocpp")
        self.backoff = BackOff(
            self._chance,
            wait_minimum_s=wait_minimum_s,
            random_range_s=random_range_s,
            repeat_times=repeat_times,
        )
        self._clock = clock
        self._journal = journal
        self._actor = f"station/{station_id}"
        self._peer = peer
        self._handler = handler
        self._on_up = on_up
        self._on_down = on_down
        self._validation = validation
        self._call_timeout_s = call_timeout_s
        self._ping_timeout_s = ping_timeout_s
        self.ssl = ssl
        self._faults = faults
        self._on_failed = on_failed
        self._chores = Chores(journal, self._actor)
        self._down = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to connect, in the background, and go on until stopped."""
        if self._running is None:
            self._running = self._chores.start(self._run(), "connection")

    async def stop(self) -> None:
        """Close the connection and end all that runs for it."""
        self._running = None
        if self.link is not None:
            await self.link.close(1000, "")
        await self._chores.stop()

    async def drop(self, *, stay_down: bool = False) -> None:
        """Cut the network: no close frame. Connects again after the back-off.

        With `stay_down` only `start` brings it back.
        """
        running, link = self._running, self.link
        if stay_down:
            self._running = None
        if link is not None:
            link.abort()
            await link.closed.wait()
        if running is None or running is asyncio.current_task():
            return  # a handler cuts the branch it sits on: the rest follows when it has ended
        if link is not None:
            await self._down.wait()
        if stay_down:
            running.cancel()
            await asyncio.wait([running])

    async def _run(self) -> None:
        me = asyncio.current_task()
        while True:
            try:
                connection = await self._connect()
            except (
                *(OSError, ValueError, EOFError, InvalidHandshake),
                *(LinkClosed, TlsError),
            ) as error:
                self._event("ocpp.connect_failed", url=self.url, error=self._cause(error))
                if self._on_failed is not None:
                    self._on_failed(error)
            else:
                await self._use(connection)
            if self._running is not me:
                return
            wait_s = self.backoff.next_s()
            self._event("ocpp.reconnect", after_s=round(wait_s, 3))
            await self._clock.sleep(wait_s)

    async def _connect(self) -> ClientSocket:
        headers = {}
        if self.basic_password is not None:
            login = base64.b64encode(f"{self.station_id}:{self.basic_password}".encode())
            headers["Authorization"] = f"Basic {login.decode()}"
        options: dict[str, Any] = timeouts(self._clock, self.ping_interval_s, self._ping_timeout_s)
        context = self.ssl() if callable(self.ssl) else self.ssl
        if context is not None:
            options["ssl"] = context
        connection = await connect(
            self.url,
            subprotocols=[Subprotocol(self.version.subprotocol)],
            additional_headers=headers,
            user_agent_header=USER_AGENT,
            create_connection=ClientSocket,
            max_size=MAX_FRAME_BYTES,
            logger=quiet,
            **NO_PROXY,
            **options,
        )
        if connection.subprotocol is None:
            await connection.close(1002, "no common OCPP version")
            raise LinkClosed(_unspoken(self.version, "it agreed to none"))
        return cast(ClientSocket, connection)

    def _cause(self, error: Exception) -> str:
        return cause_of(error, self.url, self.version)

    async def _use(self, connection: ClientSocket) -> None:
        """Serve one connection to its end."""
        self.backoff.reset()
        self._down.clear()
        wire = faulty(
            connection,
            self._faults,
            clock=self._clock,
            journal=self._journal,
            actor=self._actor,
            peer=self._peer,
        )
        link = self.link = Link(
            wire,
            peer_id=self._peer,
            version=self.version,
            clock=self._clock,
            ids=self._chance,
            journal=self._journal,
            actor=self._actor,
            peer=self._peer,
            chores=self._chores,
            validation=self._validation,
            call_timeout_s=self._call_timeout_s,
        )
        self._event("ocpp.connected", version=str(self.version), url=self.url)
        wire.attach(link)
        up = self._chores.start(self._up(link), "on_up")
        try:
            await link.serve(self._handler)
        except asyncio.CancelledError:
            link.lost("the client stops")
            link.abort()
            raise
        finally:
            self.link = None
            up.cancel()
            self._event("ocpp.disconnected", reason=link.closed_because)
            self._on_down(link.closed_because)
            self._down.set()

    async def _up(self, link: Link) -> None:
        try:
            await self._on_up(link)
        except LinkClosed as error:
            self._event("ocpp.interrupted", error=tell(error))

    def _event(self, what: str, **data: Any) -> None:
        self._journal.event(self._actor, what, peer=self._peer, **data)


def _check(url: str) -> None:
    try:
        parse_uri(url)
    except (InvalidURI, ValueError) as error:
        raise ValueError(f"{url}: expected ws://host:port/path or wss://host:port/path") from error


def cause_of(error: BaseException, url: str, version: OcppVersion) -> str:
    """Why a connection to this URL in this version failed, in words."""
    unspoken = _refusal_of(error, version)
    if unspoken is not None:
        return unspoken
    failure = failure_of(error)
    if failure is not None:
        return f"TLS: {in_words(failure)}"
    if isinstance(error, InvalidMessage | ConnectionError) and url.startswith("wss:"):
        return f"{error}{MAYBE_OUR_CERTIFICATE}"
    inner = error.__cause__
    return f"{error}: {inner}" if inner is not None else str(error) or type(error).__name__


def _refusal_of(error: BaseException, version: OcppVersion) -> str | None:
    """That the CSMS does not speak a version, where the handshake failed for that.

    It should agree to none, and close (OCPP-J 2.0.1, 3.2). Others agree to what nobody asked for,
    or answer HTTP 400, with or without a word about it.
    """
    if isinstance(error, NegotiationError) and "subprotocol" in str(error):
        return _unspoken(version, f"it offered {str(error).rpartition(': ')[2]}")
    if not isinstance(error, InvalidStatus) or error.response.status_code != HTTPStatus.BAD_REQUEST:
        return None
    offered = ", ".join(error.response.headers.get_all(_PROTOCOL))
    said = " ".join(bytes(error.response.body or b"").decode(errors="replace").split())[:_MOST_SAID]
    if offered:
        return _unspoken(version, f"HTTP 400; it offered {offered}")
    if "subprotocol" in said.lower() or _PROTOCOL.lower() in said.lower():
        return _unspoken(version, f"HTTP 400: {said}")
    told = f": {said}" if said else ""
    return f"{error}{told} (so answers a CSMS that does not speak {version.subprotocol}, too)"


def _unspoken(version: OcppVersion, why: str) -> str:
    return f"the CSMS does not speak {version.subprotocol} ({why})"
