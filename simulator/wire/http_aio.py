"""HTTP over real sockets: aiohttp's server and client behind the values of `http`.

Rule: whatever arrives, the server answers or closes, and goes on; whatever a handler raises becomes
a 500 and is reported.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl as _ssl
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any

import aiohttp
from aiohttp import web

from simulator.kernel.clock import Clock
from simulator.kernel.loop import bound_port
from simulator.mistakes import Exit
from simulator.wire.exposure import IN_SO_MANY_WORDS, plain_host, refuse_plain_server
from simulator.wire.http import USER_AGENT, Handler, Headers, Request, Response
from simulator.wire.http import BindError as BindError
from simulator.wire.tls import (
    HANDSHAKE_TIMEOUT_S,
    MAYBE_OUR_CERTIFICATE,
    NO_TLS,
    Tls,
    failure_of,
    in_words,
)

# The library logs every malformed request with a traceback; whoever sent it has its 400.
_quiet = logging.getLogger("simulator.wire.aiohttp")
_quiet.addHandler(logging.NullHandler())
_quiet.propagate = False
_QUIETLY: dict[str, Any] = {"access_log": None, "logger": _quiet}

MAX_BODY_BYTES = 16 * 1024 * 1024
# A peer that sends half a body and falls silent holds a connection for so long, and no longer.
BODY_TIMEOUT_S = 30.0
# And one that connects and asks nothing, or never ends its first head, for so long.
HEAD_TIMEOUT_S = 10.0
_BACKLOG = 128
# How long a client keeps a connection that nobody uses. aiohttp counts the machine's seconds, and
# looks by a timer of the loop's: in virtual time that is thousands of looks, and what it finds
# depends on how fast the machine is. There all servers are ours, and it keeps them.
_KEPT_S, _KEPT_IN_VIRTUAL_TIME_S = 15.0, 24 * 3600.0


class HttpFailure(Exception):
    """No HTTP answer came. The message names the URL and the cause."""

    exit_code = Exit.UNREACHABLE


class ConnectFailed(HttpFailure):
    """The connection could not be made, or broke before an answer."""


class NoAnswer(HttpFailure):
    """No answer came in time."""

    exit_code = Exit.TIMEOUT


class HttpServer:
    """Serve one handler on one port of the loopback interface, unless told another host.

    `on_too_long` answers a request whose body is over the limit, and gets it without the body; else
    a bare 413 does. Without TLS it listens on loopback alone, unless it is to be `insecure`.
    `outside`: its callers know the machine's ports alone, not those of a virtual world.
    """

    def __init__(
        self,
        handler: Handler,
        clock: Clock,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        on_error: Callable[[Request, Exception], None] | None = None,
        on_too_long: Handler | None = None,
        ssl: _ssl.SSLContext | None = None,
        insecure: bool = False,
        outside: bool = False,
    ) -> None:
        self._handler = handler
        self._clock = clock
        self.host = host
        self.port = port
        self._on_error = on_error
        self._on_too_long = on_too_long or _too_long
        self._ssl = ssl
        self._insecure = insecure
        self._outside = outside
        self._runner: web.ServerRunner | None = None
        self._serving: set[asyncio.Task[Any]] = set()
        self._silent: dict[asyncio.BaseProtocol, asyncio.TimerHandle] = {}
        self._listener: asyncio.Server | None = None

    @property
    def base_url(self) -> str:
        """Scheme, host and port, once started."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self._ssl else 'http'}://{host}:{self.port}"

    async def start(self) -> HttpServer:
        """Listen. Raises BindError, PlainText."""
        refuse_plain_server(self.host, tls=self._ssl is not None, insecure=self._insecure)
        server = web.Server(self._serve, **_QUIETLY)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.25)
        await self._runner.setup()
        try:
            # aiohttp's own site would give a silent client a minute for its handshake.
            self._listener = await asyncio.get_running_loop().create_server(
                lambda: self._accept(_Connection(server)),
                **self._place(),
                ssl=self._ssl,
                backlog=_BACKLOG,
                ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S if self._ssl else None,
            )
        except OSError as error:
            await self._runner.cleanup()
            raise BindError.at(self.host, self.port, error) from error
        self.port = bound_port(self._listener.sockets[0])
        return self

    def _accept(self, connection: asyncio.BaseProtocol) -> asyncio.BaseProtocol:
        """Watch a connection until it has asked for something; the library would wait for ever."""
        wait_s = HEAD_TIMEOUT_S + (HANDSHAKE_TIMEOUT_S if self._ssl else 0.0)
        loop = asyncio.get_running_loop()
        self._silent[connection] = loop.call_later(wait_s, self._let_go, connection)
        return connection

    def _let_go(self, connection: Any) -> None:
        del self._silent[connection]
        if connection.transport is not None:
            connection.transport.abort()

    def _place(self) -> dict[str, Any]:
        """Where to listen, as the loop wants it. Raises OSError."""
        if not self._outside:
            return {"host": self.host, "port": self.port}
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        return {"sock": socket.create_server((self.host, self.port), family=family)}

    def cut(self, *, amid: bool = False) -> None:
        """Cut every connection without a word; who was connected may come back.

        With `amid` nothing is done any more that was asked for.
        """
        server = self._runner.server if self._runner is not None else None
        for connection in server.connections if server is not None else ():
            if connection.transport is not None:
                connection.transport.abort()
        for task in self._serving if amid else ():
            task.cancel()

    async def stop(self) -> None:
        """Stop listening and close every connection."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        for watch in self._silent.values():
            watch.cancel()
        self._silent.clear()
        # The library forgets a request whose client has left, but not its handler.
        left = self._serving - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _serve(self, incoming: web.BaseRequest) -> web.StreamResponse:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        if (watch := self._silent.pop(incoming.protocol, None)) is not None:
            watch.cancel()
        try:
            return await self._answer(incoming)
        finally:
            self._serving.discard(task)

    async def _answer(self, incoming: web.BaseRequest) -> web.StreamResponse:
        try:
            body = await self._read(incoming.content)
        except TimeoutError:
            return self._write(Response(408))
        except web.RequestPayloadError:  # named as compressed, and is not
            return self._write(Response(400))
        url = incoming.rel_url
        request = Request(
            method=incoming.method,
            path=url.raw_path,
            query=dict(url.query) if url.raw_query_string else {},
            headers=Headers(incoming.headers),
            body=body or b"",
            base_url=f"{incoming.scheme}://{incoming.host}",
            remote=incoming.remote or "",
            too_long=MAX_BODY_BYTES if body is None else None,
            left=getattr(incoming.protocol, "left", None),
        )
        handler = self._on_too_long if body is None else self._handler
        try:
            response = await handler(request)
        except Exception as error:
            if self._on_error is not None:
                self._on_error(request, error)
            response = Response(500)
        if response.status == 0:
            if incoming.transport is not None:
                incoming.transport.abort()
            raise asyncio.CancelledError
        if response.stream is not None:
            return await self._stream(incoming, response)
        return self._write(response)

    async def _stream(self, incoming: web.BaseRequest, response: Response) -> web.StreamResponse:
        """Send what comes, until it ends or nobody listens any more."""
        assert response.stream is not None
        written = web.StreamResponse(status=response.status, headers=response.headers.plain())
        await written.prepare(incoming)
        with contextlib.suppress(ConnectionError):
            async for chunk in response.stream:
                await written.write(chunk)
            await written.write_eof()
        return written

    async def _read(self, content: aiohttp.StreamReader) -> bytes | None:
        """The body; None for one that is too long. Raises TimeoutError, RequestPayloadError."""
        if content.is_eof():  # all of it came with the head
            return _whole(content)
        async with self._clock.timeout(BODY_TIMEOUT_S):
            return await _read_on(content)

    def _write(self, response: Response) -> web.Response:
        headers = response.headers.plain()
        headers["Server"] = USER_AGENT
        headers["Date"] = _http_date(self._clock.now().replace(microsecond=0))
        return web.Response(status=response.status, headers=headers, body=response.body)


class _Connection(web.RequestHandler):
    """The library's, and `left` is done when it is over."""

    def __init__(self, server: web.Server) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(server, loop=loop, **_QUIETLY)
        self.left: asyncio.Future[None] = loop.create_future()

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        self.left.set_result(None)


def _whole(content: aiohttp.StreamReader) -> bytes | None:
    body = content.read_nowait()
    return None if len(body) > MAX_BODY_BYTES else body


async def _read_on(content: aiohttp.StreamReader) -> bytes | None:
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)


@lru_cache(maxsize=64)
def _http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


async def _too_long(_request: Request) -> Response:
    return Response(413)


class HttpClient:
    """Send requests over kept-alive connections; one client serves all of an actor's peers.

    `tls` says whom to trust over https, and who we are. Plain http beyond loopback is refused,
    unless it is to be `insecure`: then `warn` is told of each such host once. Raises TlsError for
    files that are none.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        timeout_s: float = 30.0,
        tls: Tls = NO_TLS,
        insecure: bool = False,
        warn: Callable[[str], None] | None = None,
    ) -> None:
        self._clock = clock
        self._timeout_s = timeout_s
        self._kept_s = _KEPT_IN_VIRTUAL_TIME_S if clock.mode == "virtual" else _KEPT_S
        # What this machine trusts is a large file: read only if somebody is called over https.
        self._tls = tls
        self._ssl = tls.client(clock) if tls != NO_TLS else None
        self._insecure = insecure
        self._warn = warn
        self._warned: set[str] = set()
        self._session: aiohttp.ClientSession | None = None

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout_s: float | None = None,
        public: bool = False,
    ) -> Response:
        """Send one request and read the whole answer; redirects are not followed.

        `public`: anybody may read it, so that plain http will do. Raises ConnectFailed, NoAnswer.
        """
        host = None if public else plain_host(url)
        if host is not None:
            self._refuse_or_warn(method, url, host)
        if self._ssl is None and url.startswith("https:"):
            self._ssl = NO_TLS.client(self._clock)
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=None),
                headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
                connector=aiohttp.TCPConnector(
                    limit=0, limit_per_host=64, keepalive_timeout=self._kept_s
                ),
                skip_auto_headers=["Content-Type"],
                auto_decompress=True,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        limit = self._clock.patience(self._timeout_s) if timeout_s is None else timeout_s
        try:
            async with (
                self._clock.timeout(limit),
                self._session.request(
                    method,
                    url,
                    headers=headers,
                    data=body or None,
                    allow_redirects=False,
                    ssl=self._secure() or True,
                ) as answer,
            ):
                content = answer.content
                whole = _whole(content) if content.is_eof() else await _read_on(content)
                if whole is None:
                    raise ConnectFailed(
                        f"{method} {url}: the answer is larger than {MAX_BODY_BYTES} bytes"
                    )
                return Response(answer.status, Headers(answer.headers), whole)
        except TimeoutError as error:
            raise NoAnswer(f"{method} {url}: no answer within {limit:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ConnectFailed(f"{method} {url}: {self._cause(url, error)}") from error

    def _secure(self) -> _ssl.SSLContext | None:
        """What the next handshake is made with."""
        return self._ssl

    def _refuse_or_warn(self, method: str, url: str, host: str) -> None:
        if not self._insecure:
            raise ConnectFailed(
                f"{method} {url}: not sent, for tokens could be read on the way: take https, or "
                f"say {IN_SO_MANY_WORDS}"
            )
        if self._warn is not None and host not in self._warned:
            self._warned.add(host)
            self._warn(host)

    def _cause(self, url: str, error: Exception) -> str:
        failure = failure_of(error)
        if failure is not None:
            return f"TLS: {in_words(failure)}"
        words = str(error) or type(error).__name__
        if isinstance(error, aiohttp.ServerDisconnectedError) and url.startswith("https:"):
            words += MAYBE_OUR_CERTIFICATE
        return words

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
            with contextlib.suppress(RuntimeError):
                await asyncio.sleep(0)  # noqa: TID251 - one turn of the loop, no time passes
