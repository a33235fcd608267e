"""A small CPO that is not ours, written by hand on a bare socket: good by default, bad on request.

What it does wrong is an `Odd`: it may change an answer, the way it is written, or what is pushed.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import gzip
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from mock_peer.check_cpo import Plan, check_cpo
from mock_peer.check_model import Report
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal
from simulator.ocpi.envelope import read_json, write_json
from simulator.wire.http import Response
from simulator.wire.http_aio import HttpClient, HttpFailure
from tests.mock_peer import objects

TOKEN_A, TOKEN_C = "odd-token-a", "odd-token-c"
PLACE = "DE/ABC/LOC1"
Json = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: tuple[str, ...]
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def module(self) -> str:
        return self.path[1] if len(self.path) > 1 else self.path[0]


@dataclass
class Said:
    """An answer on its way out. `raw` takes the place of all of it; b"" closes without a word."""

    status: int
    envelope: Any
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    style: str = "plain"  # plain, gzip, chunked, http/1.0
    delay_s: float = 0.0


@dataclass(frozen=True)
class Odd:
    """What is odd about it: answers (`answer` changes one in place), lists, pushes."""

    answer: Callable[[Asked, Said], None] = lambda asked, said: None
    locations: tuple[Json, ...] = (objects.location(), objects.location("LOC2"))
    tariffs: tuple[Json, ...] = (objects.tariff(),)
    drive: Callable[[OddCpo], Awaitable[None]] | None = None
    roles: int = 1  # how often it names itself
    guards: bool = True  # against tokens that are none


class OddCpo:
    """Serve OCPI 2.2.1, register when asked to, push what a tester makes it push."""

    def __init__(self, clock: Clock, odd: Odd) -> None:
        self.clock = clock
        self.odd = odd
        self.token_b = ""
        self._good_token = TOKEN_A
        self.theirs: dict[str, str] = {}
        self.cdrs: list[Json] = []
        self.late_s = 0.0  # between the end of a session and its CDR
        self.registered = asyncio.Event()
        self._http = HttpClient(clock)
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> OddCpo:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.base = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/cpo"
        return self

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._server.close()
        await self._server.wait_closed()
        await self._http.close()

    # What it says

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            asked = await _read(reader)
            said = await self._answer(asked)
            if said.status >= 200:
                self.odd.answer(asked, said)
            await self.clock.sleep(said.delay_s)
            writer.write(_written(said))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # who asked is gone, or we are
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, asked: Asked) -> Said:
        told = asked.headers.get("authorization", "").removeprefix("Token ")
        try:
            token = base64.b64decode(told).decode("ascii", "replace")
        except binascii.Error:
            token = told
        if self.odd.guards and token != (self._good_token or None):
            return self._said(None, 2001, 401, asked)
        handler = getattr(self, f"_{asked.module}".replace("2.2.1", "details"), None)
        if handler is None:
            return self._said(None, 2000, 404, asked)
        status, code, data, headers = await handler(asked)
        return self._said(data, code, status, asked, headers)

    def _said(self, data: Any, code: int, status: int, asked: Asked, headers: Any = None) -> Said:
        envelope = {"status_code": code, "timestamp": rfc3339(self.clock.now())}
        if data is not None:
            envelope["data"] = data
        ids = {n: v for n, v in asked.headers.items() if n in ("x-request-id", "x-correlation-id")}
        return Said(
            status, envelope, {"Content-Type": "application/json", **ids, **(headers or {})}
        )

    async def _versions(self, asked: Asked) -> Any:
        return 200, 1000, [{"version": "2.2.1", "url": f"{self.base}/2.2.1"}], {}

    async def _details(self, asked: Asked) -> Any:
        rows = [("credentials", "SENDER"), ("locations", "SENDER"), ("tariffs", "SENDER"),
                ("tokens", "RECEIVER"), ("cdrs", "SENDER")]  # fmt: skip
        listed = [{"identifier": m, "role": r, "url": f"{self.base}/{m}"} for m, r in rows]
        return 200, 1000, {"version": "2.2.1", "endpoints": listed}, {}

    async def _credentials(self, asked: Asked) -> Any:
        if asked.method == "POST" and self.registered.is_set():
            return 405, 2000, None, {}
        if asked.method == "DELETE":
            self._good_token = ""
            return 200, 1000, None, {}
        if asked.method in ("POST", "PUT"):
            body = read_json(asked.body)
            await self._look(body["url"], body["token"])
        role = {"role": "CPO", "country_code": "DE", "party_id": "ABC",
                "business_details": {"name": "Odd"}}  # fmt: skip
        roles = [role] * self.odd.roles
        told = {"token": TOKEN_C, "url": f"{self.base}/versions", "roles": roles}
        return 200, 1000, told, {}

    async def _look(self, versions_url: str, token: str) -> None:
        """Fetch versions and details of the other side with its new token."""
        self.token_b = token
        listed = await self.call("GET", versions_url)
        url = next(v["url"] for v in listed["data"] if v["version"] == "2.2.1")
        details = await self.call("GET", url)
        self.theirs = {row["identifier"]: row["url"] for row in details["data"]["endpoints"]}
        self._good_token = TOKEN_C
        self.registered.set()

    async def _locations(self, asked: Asked) -> Any:
        if len(asked.path) > 2:
            found = [one for one in self.odd.locations if one["id"] == asked.path[2]]
            return (200, 1000, found[0], {}) if found else (404, 2003, None, {})
        return self._list("locations", self.odd.locations, asked)

    async def _tariffs(self, asked: Asked) -> Any:
        return self._list("tariffs", self.odd.tariffs, asked)

    async def _cdrs(self, asked: Asked) -> Any:
        return self._list(
            "cdrs", tuple(self.cdrs), replace(asked, query={"limit": "1", **asked.query})
        )

    def _list(self, module: str, listed: tuple[Json, ...], asked: Asked) -> Any:
        since = asked.query.get("date_from")
        if since is not None:
            limit = datetime.fromisoformat(since)
            listed = tuple(
                one for one in listed if datetime.fromisoformat(one["last_updated"]) >= limit
            )
        offset, size = int(asked.query.get("offset", 0)), int(asked.query.get("limit", 50))
        headers = {"X-Total-Count": str(len(listed)), "X-Limit": "50"}
        if offset + size < len(listed):
            dates = f"&date_from={since}" if since else ""
            url = f"{self.base}/{module}?offset={offset + size}&limit={size}{dates}"
            headers["Link"] = f'<{url}>; rel="next"'
        return 200, 1000, list(listed[offset : offset + size]), headers

    async def _tokens(self, asked: Asked) -> Any:
        try:
            token = json.loads(asked.body)
        except ValueError:
            return 400, 2001, None, {}
        good = token.get("uid") == asked.path[-1] and "valid" in token
        return (200, 1000, None, {}) if good else (400, 2001, None, {})

    # What it asks

    async def call(self, method: str, url: str, body: Any = None) -> Json:
        """One request with token B; the envelope that came back."""
        headers = {
            "Authorization": "Token " + base64.b64encode(self.token_b.encode()).decode(),
            "X-Request-ID": "r", "X-Correlation-ID": "c",
            "OCPI-from-country-code": "DE", "OCPI-from-party-id": "ABC",
            "OCPI-to-country-code": "DE", "OCPI-to-party-id": "8PS",
        }  # fmt: skip
        content = b"" if body is None else body if isinstance(body, bytes) else write_json(body)
        if content:
            headers["Content-Type"] = "application/json"
        try:
            answer: Response = await self._http.send(method, url, headers=headers, body=content)
        except HttpFailure:
            return {}
        told: Json = read_json(answer.body)
        return told

    async def push(self, method: str, module: str, path: str = "", body: Any = None) -> Json:
        """One request at a module of the other side."""
        return await self.call(method, f"{self.theirs[module]}/{path}".rstrip("/"), body)

    async def authorize(self, uid: str) -> str | None:
        """Ask for a token at LOC1; the reference of the answer."""
        where = {"location_id": "LOC1", "evse_uids": ["LOC1-1"]}
        answer = await self.push("POST", "tokens", f"{uid}/authorize", where)
        return (answer.get("data") or {}).get("authorization_reference")

    async def charge(self, **fields: Any) -> Json:
        """A whole session: authorization, session, CDR; the CDR that was sent."""
        now = self.clock.now()
        reference = await self.authorize(objects.CARD)
        told = objects.session(start_date_time=rfc3339(now), last_updated=rfc3339(now))
        await self.push("PUT", "sessions", "DE/ABC/S1", told)
        await self.clock.sleep(1800)
        end = rfc3339(self.clock.now())
        done = {"kwh": 10, "status": "COMPLETED", "end_date_time": end, "last_updated": end}
        await self.push("PUT", "sessions", "DE/ABC/S1", {**told, **done})
        cdr = objects.cdr(start=now, reference=reference)
        cdr = {name: value for name, value in {**cdr, **fields}.items() if value is not None}
        await self.clock.sleep(self.late_s)
        await self.post(cdr)
        return cdr

    async def post(self, cdr: Json) -> None:
        """POST a CDR, and keep it for those who pull."""
        if all(one["id"] != cdr["id"] for one in self.cdrs):
            self.cdrs.append(cdr)
        await self.push("POST", "cdrs", "", cdr)


async def good(cpo: OddCpo) -> None:
    """All that a check waits for, as it should be; a CDR twice."""
    at = rfc3339(cpo.clock.now())
    await cpo.push(
        "PATCH", "locations", f"{PLACE}/LOC1-1", {"status": "CHARGING", "last_updated": at}
    )
    await cpo.authorize(objects.BLOCKED_CARD)
    await cpo.post(await cpo.charge())


def charges(**fields: Any) -> Callable[[OddCpo], Awaitable[None]]:
    """As `good`, with a CDR that differs."""

    async def drive(cpo: OddCpo) -> None:
        at = rfc3339(cpo.clock.now())
        status = {"status": "CHARGING", "last_updated": at}
        await cpo.push("PATCH", "locations", f"{PLACE}/LOC1-1", status)
        await cpo.authorize(objects.BLOCKED_CARD)
        await cpo.charge(**fields)

    return drive


async def check_odd(
    clock: Clock, odd: Odd | None = None, **plan: Any
) -> tuple[Report, Journal, list[str]]:
    """Run `check cpo` on it."""
    words: list[str] = []
    told = odd or Odd()
    cpo = await OddCpo(clock, told).start()

    async def drive() -> None:
        await cpo.registered.wait()
        await clock.sleep(300)
        await (told.drive or good)(cpo)

    driver = asyncio.ensure_future(drive())
    journal = Journal(clock)
    wanted = Plan(f"{cpo.base}/versions", TOKEN_A, wait_s=7200)
    try:
        report = await check_cpo(
            replace(wanted, **plan), clock=clock, chance=Chance(1), journal=journal,
            tell=words.append,
        )  # fmt: skip
    finally:
        driver.cancel()
        await asyncio.gather(driver, return_exceptions=True)
        await cpo.stop()
    return report, journal, words


# On the wire


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    fields = (line.partition(":") for line in head[1:] if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in fields}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    parts = urlsplit(target)
    path = tuple(unquote(part) for part in parts.path.split("/") if part)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return Asked(method, path, query, headers, body)


def _written(said: Said) -> bytes:
    if said.raw is not None:
        return said.raw
    is_bytes = isinstance(said.envelope, bytes)
    body = said.envelope if is_bytes else write_json(said.envelope)
    headers, proto = dict(said.headers), "HTTP/1.1"
    if said.style == "gzip":
        body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
    if said.style == "chunked":
        half = len(body) // 2
        chunks = (body[:half], body[half:], b"")
        body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks if chunk)
        body, headers["Transfer-Encoding"] = body + b"0\r\n\r\n", "chunked"
    elif said.style == "http/1.0":
        proto = "HTTP/1.0"
    else:
        headers["Content-Length"] = str(len(body))
    headers["Connection"] = "close"
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{proto} {said.status} x\r\n{head}\r\n".encode("latin-1") + body
