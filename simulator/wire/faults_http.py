"""Faults on HTTP: a client whose requests and answers may go wrong, and the same for a handler.

Rule: what wraps decides nothing but what the board says; without faults a request passes straight
through. An asker is never held longer than its own timeout, a server's exchange never for ever.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.wire import faults_text as texts
from simulator.wire.fault_kinds import ANSWER, HTTP, REQUEST
from simulator.wire.fault_spec import RECEIVED, SENT, Moment
from simulator.wire.faults import FaultBoard
from simulator.wire.faults_parcel import EFFECTS, Parcel
from simulator.wire.faults_tls import ClientTls
from simulator.wire.held_edit import Letter
from simulator.wire.http import Handler, Headers, Leaving, Request, Response, parse_query
from simulator.wire.http_aio import ConnectFailed, HttpClient, NoAnswer

_GONE = "who waits for it waits no more"
_REQUEST_ID = "X-Request-ID"
# The modules of OCPI as they stand in paths.
_MODULES = frozenset(
    ["credentials", "locations", "sessions", "cdrs", "tariffs", "tokens", "commands", "versions"]
)
PeerOf = Callable[[str], "str | None"]
Asker = Callable[[Request], "str | None"]
NOT_THERE = Response(0)


class _End:
    """One actor's end of HTTP: moments are seen from here."""

    def __init__(self, board: FaultBoard, clock: Clock, journal: Journal, actor: str) -> None:
        self._board = board
        self._clock = clock
        self._journal = journal
        self._actor = actor

    def struck(self, parcel: Parcel, direction: str, of: str, asked: _Asked) -> None:
        """Let the board's faults happen to a parcel."""
        moment = Moment(
            HTTP,
            self._actor,
            asked.peer,
            direction,
            of,
            module=module_of(asked.path),
            method=asked.method,
            path=asked.path,
            session=self._session(asked.headers),
            id=Headers(asked.headers).get(_REQUEST_ID),
            message=f"{asked.method} {asked.path}",
            payload=lambda: texts.decoded(parcel.body),
            body=lambda: parcel.text,
            status=parcel.status or None,
        )
        for hit in self._board.strike(moment):
            effect = EFFECTS.get(hit.fault.kind)
            if effect is None:
                continue
            told = effect(parcel, hit, self._clock)
            if told:
                hit.did(told)
            if parcel.gone:
                return

    async def kept(self, parcel: Parcel, left: Leaving | None = None) -> None:
        """Wait until somebody lets a held parcel go on, as it is or changed; `left` is done when
        the client that asked has gone.
        """
        hit, desk = parcel.keep, self._board.desk
        if hit is None or desk is None:
            return
        if parcel.gone:
            hit.did("not held: it is lost")
            return
        done: asyncio.Future[Letter | None] = asyncio.get_running_loop().create_future()

        def go(letter: Letter | None) -> None:
            if not done.done():
                done.set_result(letter)

        def leave(_left: object) -> None:
            desk.withdraw(number, _GONE)
            parcel.broken = True
            done.cancel()

        number = desk.take(hit, parcel.letter, go, self)
        if left is not None:
            left.add_done_callback(leave)
        try:
            parcel.become(await done)
        except asyncio.CancelledError:
            if parcel.broken:
                return
            desk.withdraw(number, _GONE)
            raise
        finally:
            if left is not None:
                left.remove_done_callback(leave)

    def _session(self, headers: Mapping[str, str]) -> str | None:
        told = Headers(headers).get(_REQUEST_ID)
        return None if told is None else self._journal.session_of(f"request/{told}")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked, of whom."""

    method: str
    path: str
    headers: Mapping[str, str]
    peer: str | None = None


def module_of(path: str) -> str | None:
    """The OCPI module that a path names, if it does."""
    return next((word for word in path.split("/") if word in _MODULES), None)


class FaultyHttp(HttpClient):
    """A client whose requests and answers may be struck. `peer_of` names whom a URL belongs to;
    `shows` is whose certificates it shows, by default the actor's.
    """

    def __init__(
        self,
        clock: Clock,
        board: FaultBoard,
        journal: Journal,
        actor: str,
        *,
        peer_of: PeerOf = lambda _url: None,
        shows: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(clock, **options)
        self._board = board
        self._disguised = ClientTls(self._tls, clock, board.disguises, shows or actor)
        self._end = _End(board, clock, journal, actor)
        self._peer_of = peer_of

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
        """Send one request, if it gets that far. Raises ConnectFailed, NoAnswer."""
        ask = partial(super().send, timeout_s=timeout_s, public=public)
        if not self._board.active:
            return await ask(method, url, headers=headers, body=body)
        limit_s = self._timeout_s if timeout_s is None else timeout_s
        asked = _Asked(method, _path(url), dict(headers or {}), self._peer_of(url))
        try:
            async with self._clock.timeout(limit_s):
                return await self._exchange(ask, asked, url, body)
        except TimeoutError as error:
            raise NoAnswer(f"{method} {url}: no answer within {limit_s:g} s") from error

    def _secure(self) -> ssl.SSLContext | None:
        return self._disguised.context() or super()._secure()

    async def _exchange(
        self, ask: Callable[..., Awaitable[Response]], asked: _Asked, url: str, body: bytes
    ) -> Response:
        there = Parcel(body, dict(asked.headers))
        self._end.struck(there, SENT, REQUEST, asked)
        await self._end.kept(there)
        await self._travel(there, asked, url)
        if there.instead is not None:
            return there.instead
        for _ in range(there.copies):
            answer = await ask(
                there.method or asked.method,
                _url(url, there),
                headers=there.headers,
                body=there.body,
            )
        back = Parcel(answer.body, answer.headers.plain(), answer.status)
        self._end.struck(back, RECEIVED, ANSWER, asked)
        await self._end.kept(back)
        await self._travel(back, asked, url)
        return replace(answer, status=back.status, headers=Headers(back.headers), body=back.body)

    async def _travel(self, parcel: Parcel, asked: _Asked, url: str) -> None:
        """Wait as long as it takes. Raises ConnectFailed where it never comes."""
        await self._clock.sleep(parcel.delay_s)
        if parcel.silence_s is not None:
            await self._clock.sleep(parcel.silence_s)
        if parcel.broken or parcel.silence_s is not None:
            raise ConnectFailed(f"{asked.method} {url}: the connection broke")


def client(
    clock: Clock,
    board: FaultBoard | None,
    journal: Journal,
    actor: str,
    *,
    peer_of: PeerOf = lambda _url: None,
    **options: Any,
) -> HttpClient:
    """An actor's client: a plain one where there is no board."""
    if board is None:
        return HttpClient(clock, **options)
    return FaultyHttp(clock, board, journal, actor, peer_of=peer_of, **options)


def handler(
    handle: Handler,
    board: FaultBoard | None,
    clock: Clock,
    journal: Journal,
    actor: str,
    asker: Asker = lambda _request: None,
) -> Handler:
    """An actor's handler: itself where there is no board, else one that may be struck. `asker`
    names who sends a request, where that can be told.
    """
    if board is None:
        return handle
    end, faults = _End(board, clock, journal, actor), board

    async def serve(request: Request) -> Response:
        if not faults.active or request.too_long is not None:
            return await handle(request)
        asked = _Asked(request.method, request.path, request.headers, asker(request))
        there = Parcel(request.body, request.headers.plain())
        end.struck(there, RECEIVED, REQUEST, asked)
        await end.kept(there, request.left)
        if there.gone:
            return await _failed(there, clock)
        await clock.sleep(there.delay_s)
        arrived = replace(
            request,
            method=there.method or request.method,
            path=there.path or request.path,
            query=request.query if there.query is None else parse_query(there.query),
            headers=Headers(there.headers),
            body=there.body,
        )
        for _ in range(there.copies):
            answer = await handle(arrived)
        back = Parcel(answer.body, answer.headers.plain(), answer.status)
        end.struck(back, SENT, ANSWER, asked)
        await end.kept(back, request.left)
        if back.gone:
            return await _failed(back, clock)
        await clock.sleep(back.delay_s)
        return replace(answer, status=back.status, headers=Headers(back.headers), body=back.body)

    return serve


async def _failed(parcel: Parcel, clock: Clock) -> Response:
    """What comes of an exchange that a fault has ended."""
    await clock.sleep(parcel.delay_s + (parcel.silence_s or 0.0))
    return NOT_THERE if parcel.instead is None else parcel.instead


def _url(url: str, parcel: Parcel) -> str:
    """Where a parcel goes: there, unless it has another path or query by now."""
    if parcel.path is None and parcel.query is None:
        return url
    parts = urlsplit(url)
    query = parts.query if parcel.query is None else parcel.query
    return parts._replace(path=parcel.path or parts.path, query=query).geturl()


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""
