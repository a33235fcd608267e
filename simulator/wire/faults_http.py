"""Faults on HTTP: a client whose requests and answers may go wrong, and the same for a handler.

Rule: what wraps decides nothing but what the board says; without faults a request passes straight
through. An asker is never held longer than its own timeout, a server's exchange never for ever.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal
from simulator.wire import faults_text as texts
from simulator.wire.fault_kinds import ANSWER, HTTP, REQUEST
from simulator.wire.fault_spec import RECEIVED, SENT, Moment
from simulator.wire.faults import FaultBoard, Hit
from simulator.wire.http import Handler, Headers, Request, Response
from simulator.wire.http_aio import ConnectFailed, HttpClient, NoAnswer

# A server that says nothing holds the connection for so long.
_SILENCE_S = 120.0
_REQUEST_ID = "X-Request-ID"
# The modules of OCPI as they stand in paths.
_MODULES = frozenset(
    ["credentials", "locations", "sessions", "cdrs", "tariffs", "tokens", "commands", "versions"]
)
PeerOf = Callable[[str], "str | None"]
NOT_THERE = Response(0)


@dataclass(slots=True)
class Parcel:
    """A request or an answer on its way, as faults leave it."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 0
    copies: int = 1
    delay_s: float = 0.0
    silence_s: float | None = None  # nothing comes for so long, then the connection breaks
    broken: bool = False
    instead: Response | None = None  # the answer, without the request being read
    method: str | None = None  # another one than it was sent with
    path: str | None = None

    @property
    def gone(self) -> bool:
        """It does not arrive."""
        return self.broken or self.silence_s is not None or self.instead is not None

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")


Effect = Callable[[Parcel, Hit, Clock], str]


def _drop(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    parcel.silence_s = _SILENCE_S
    return "lost"


def _delay(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    delay_s = hit.delay_s()
    parcel.delay_s += delay_s
    return f"{delay_s:g} s later"


def _duplicate(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    parcel.copies += hit.fault["copies"]
    return f"{hit.fault['copies']} more"


def _truncate(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    whole = len(parcel.body)
    parcel.body = texts.truncate(parcel.text, hit.chance, hit.fault["bytes"]).encode()
    return f"{len(parcel.body)} of {whole} bytes"


def _corrupt(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    parcel.body = texts.corrupt(parcel.text, hit.chance, hit.fault["bytes"]).encode()
    return f"bits flipped in {hit.fault['bytes']} places"


def _malformed(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    parcel.body = texts.malformed(parcel.text).encode()
    return "its last bracket is missing"


def _wrong_type(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    pointer = hit.fault["pointer"] or ""
    body = texts.retyped(texts.decoded(parcel.body), pointer)
    if body is None:
        return f"nothing: there is no {pointer}"
    parcel.body = texts.encoded(body).encode()
    return f"{pointer or 'the body'} is of another type"


def _alter(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    fault, did = hit.fault, []
    if fault["set"] or fault["remove"]:
        did.append(_altered(parcel, fault["set"] or {}, fault["remove"] or ()))
    if hit.moment.of == REQUEST:
        parcel.method, parcel.path = fault["as_method"], fault["as_path"]
        did += [told for told in (parcel.method, parcel.path) if told]
    return ", ".join(did) or "nothing"


def _altered(parcel: Parcel, new: Mapping[str, Any], gone: tuple[str, ...]) -> str:
    body = texts.decoded(parcel.body) if parcel.body else {}
    if body is None:
        return "nothing: it is no JSON"
    body, astray = texts.altered(body, new, gone)
    parcel.body = texts.encoded(body).encode()
    return texts.alteration(new, gone, astray)


def _late(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    parcel.delay_s += hit.fault["by"]
    return f"{hit.fault['by']:g} s later"


def _http_status(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    status = hit.fault["status"]
    _answer(parcel, hit, Response(status))
    return f"HTTP {status}"


def _ocpi_status(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    code = hit.fault["status_code"]
    envelope = {
        "status_code": code,
        "status_message": "a fault was placed here",
        "timestamp": rfc3339(clock.now()),
    }
    headers = Headers({"Content-Type": "application/json"})
    _answer(parcel, hit, Response(200, headers, texts.encoded(envelope).encode()))
    return f"OCPI {code}"


def _answer(parcel: Parcel, hit: Hit, answer: Response) -> None:
    """Put another answer in place of this one; a request gets it without being read."""
    if hit.moment.of == REQUEST:
        parcel.instead = answer
    else:
        parcel.status, parcel.body = answer.status, answer.body
        parcel.headers = answer.headers.plain()


def _missing_headers(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    wanted = {name.lower() for name in hit.fault["headers"]}
    missing = [name for name in parcel.headers if name.lower() in wanted]
    for name in missing:
        del parcel.headers[name]
    return f"without {', '.join(missing)}" if missing else "nothing: it had none of them"


def _empty(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    parcel.body = b""
    return "without its body"


def _reset(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    parcel.broken = True
    return "lost, with the connection"


def _half_open(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    parcel.silence_s = hit.fault["lasts"]
    return f"nothing for {parcel.silence_s:g} s, then the connection breaks"


def _slow_close(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    parcel.delay_s += hit.fault["by"]
    parcel.headers["Connection"] = "close"
    return f"ends {hit.fault['by']:g} s later"


def _bandwidth(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    took_s = round(len(parcel.body) / hit.fault["bytes_per_s"], 3)
    parcel.delay_s += took_s
    return f"takes {took_s:g} s"


EFFECTS: Mapping[str, Effect] = {
    "drop": _drop,
    "delay": _delay,
    "duplicate": _duplicate,
    "truncate": _truncate,
    "corrupt": _corrupt,
    "malformed_json": _malformed,
    "wrong_type": _wrong_type,
    "alter": _alter,
    "late_answer": _late,
    "http_status": _http_status,
    "ocpi_status": _ocpi_status,
    "missing_headers": _missing_headers,
    "empty_body": _empty,
    "reset": _reset,
    "half_open": _half_open,
    "slow_close": _slow_close,
    "bandwidth": _bandwidth,
}


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
            message=f"{asked.method} {asked.path}",
            payload=lambda: texts.decoded(parcel.body),
        )
        for hit in self._board.strike(moment):
            effect = EFFECTS.get(hit.fault.kind)
            if effect is None:
                continue
            hit.did(effect(parcel, hit, self._clock))
            if parcel.gone:
                return

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
    """A client whose requests and answers may be struck. `peer_of` names whom a URL belongs to."""

    def __init__(
        self,
        clock: Clock,
        board: FaultBoard,
        journal: Journal,
        actor: str,
        *,
        peer_of: PeerOf = lambda _url: None,
        **options: Any,
    ) -> None:
        super().__init__(clock, **options)
        self._board = board
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

    async def _exchange(
        self, ask: Callable[..., Awaitable[Response]], asked: _Asked, url: str, body: bytes
    ) -> Response:
        there = Parcel(body, dict(asked.headers))
        self._end.struck(there, SENT, REQUEST, asked)
        await self._travel(there, asked, url)
        if there.instead is not None:
            return there.instead
        for _ in range(there.copies):
            answer = await ask(
                there.method or asked.method,
                urlsplit(url)._replace(path=there.path).geturl() if there.path else url,
                headers=there.headers,
                body=there.body,
            )
        back = Parcel(answer.body, answer.headers.plain(), answer.status)
        self._end.struck(back, RECEIVED, ANSWER, asked)
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
    handle: Handler, board: FaultBoard | None, clock: Clock, journal: Journal, actor: str
) -> Handler:
    """An actor's handler: itself where there is no board, else one that may be struck."""
    if board is None:
        return handle
    end, faults = _End(board, clock, journal, actor), board

    async def serve(request: Request) -> Response:
        if not faults.active or request.too_long is not None:
            return await handle(request)
        asked = _Asked(request.method, request.path, request.headers)
        there = Parcel(request.body, request.headers.plain())
        end.struck(there, RECEIVED, REQUEST, asked)
        if there.gone:
            return await _failed(there, clock)
        await clock.sleep(there.delay_s)
        arrived = replace(
            request,
            method=there.method or request.method,
            path=there.path or request.path,
            headers=Headers(there.headers),
            body=there.body,
        )
        for _ in range(there.copies):
            answer = await handle(arrived)
        back = Parcel(answer.body, answer.headers.plain(), answer.status)
        end.struck(back, SENT, ANSWER, asked)
        if back.gone:
            return await _failed(back, clock)
        await clock.sleep(back.delay_s)
        return replace(answer, status=back.status, headers=Headers(back.headers), body=back.body)

    return serve


async def _failed(parcel: Parcel, clock: Clock) -> Response:
    """What comes of an exchange that a fault has ended."""
    await clock.sleep(parcel.delay_s + (parcel.silence_s or 0.0))
    return NOT_THERE if parcel.instead is None else parcel.instead


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""
