"""What the HTTP services of a PKI share: a server, a switch, what the journal is told.

Rule: a service answers as its switch says, and never fails for what it is asked.
"""

from __future__ import annotations

import ssl as _ssl
from abc import ABC, abstractmethod
from collections.abc import Collection

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.pki.switch import DOWN, SLOW, Switch
from simulator.wire.http import Headers, Request, Response
from simulator.wire.http_aio import HttpServer

# Status 0 closes the connection without an answer.
NO_ANSWER = Response(0)


class Service(ABC):
    """An HTTP service; `switch` may be set at any time. Alone on a port of its own after `start`,
    or asked by another one through `handle`.
    """

    modes: Collection[str] = ()

    def __init__(
        self,
        clock: Clock,
        journal: Journal,
        *,
        actor: str = "pki",
        host: str = "127.0.0.1",
        port: int = 0,
        ssl: _ssl.SSLContext | None = None,
    ) -> None:
        self.clock = clock
        self.journal = journal
        self.actor = actor
        self.switch = Switch()
        self._server = HttpServer(
            self.handle,
            clock,
            host=host,
            port=port,
            on_error=self._failed,
            ssl=ssl,
            insecure=True,  # OCSP is plain HTTP by custom, and no token is asked for here
        )

    async def start(self) -> None:
        """Listen. Raises BindError."""
        await self._server.start()

    async def stop(self) -> None:
        """Close every connection."""
        await self._server.stop()

    @property
    def base_url(self) -> str:
        """Scheme, host and port, once started."""
        return self._server.base_url

    def turn(self, switch: str) -> None:
        """Set the switch by its words: `slow:8`. Raises Mistake."""
        self.switch = Switch.parse(switch, self.modes)

    async def handle(self, request: Request) -> Response:
        """Answer a request, in the manner of the switch."""
        if self.switch.mode == DOWN:
            return NO_ANSWER
        if self.switch.mode == SLOW:
            await self.clock.sleep(self.switch.delay_s)
        return await self.answer(request)

    @abstractmethod
    async def answer(self, request: Request) -> Response:
        """Answer a request, well or badly, but at once."""

    def _failed(self, request: Request, error: Exception) -> None:
        self.journal.event(
            self.actor, "pki.failed", path=request.path, error=f"{type(error).__name__}: {error}"
        )


def refused(status: int, why: str, *, allow: str = "") -> Response:
    """A refusal in words, for protocols that have no form for it."""
    headers = {"Content-Type": "text/plain; charset=utf-8", **({"Allow": allow} if allow else {})}
    return Response(status, Headers(headers), f"{why}\n".encode())
