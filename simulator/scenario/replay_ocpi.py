"""OCPI played back: as one party of a recording towards the other, which is live.

Rule: requests go out in the order of the recording, each after what was answered to the other side
before it; the live side's are answered as they were. Recorded tokens are hidden: what takes their
place comes by option, or from the handshake itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from simulator.kernel.chance import Chance
from simulator.kernel.journal import Journal, Record
from simulator.mistakes import Exit, Mistake
from simulator.ocpi.headers import CORRELATION_ID, REQUEST_ID, authorization, candidates
from simulator.ocpi.versions import BEFORE_NEGOTIATION, VERSIONS
from simulator.scenario.compare import MISSING
from simulator.scenario.replay_match import Deviation, Memory, deviations
from simulator.scenario.replay_ocpp import Pace
from simulator.scenario.replay_places import CONFIGURATION, Places, data_of, is_meant, tail
from simulator.scenario.replay_report import Report
from simulator.scenario.replay_talk import OcpiExchange, body_of, comes_first, ocpi_answer
from simulator.wire.http import Headers, Request, Response
from simulator.wire.http_aio import ConnectFailed, HttpClient, HttpFailure

# Headers of a message that are the transport's, or made anew.
_OWN = frozenset({"authorization", "content-length", "date", "server", "host", "user-agent",
                  "accept", "accept-encoding", "connection", "transfer-encoding",
                  REQUEST_ID.lower(), CORRELATION_ID.lower()})  # fmt: skip
_SILENCES = 3


class OcpiPlayer:
    """One party of a recording; `token` is what the live party knows us by."""

    def __init__(self, talk: list[OcpiExchange], side: str, other: str, *, pace: Pace,
                 memory: Memory, report: Report, chance: Chance, journal: Journal,
                 http: HttpClient, against: str | None, token: str | None = None,
                 own_token: str | None = None, ignore: tuple[str, ...] = ()) -> None:  # fmt: skip
        self.talk = sorted(talk, key=lambda each: each.seq)
        self._side, self._other = side, other
        self._pace, self._memory, self._report = pace, memory, report
        self._chance, self._journal, self._http = chance, journal, http
        self._token = token
        self._own_token = own_token or chance.uuid4()
        self._checks_token = own_token is not None
        self._ignore = ignore
        self.places = Places(memory, against)
        self._awaited = [each for each in self.talk if not each.ours]
        self._came = {each: asyncio.Event() for each in self._awaited}
        self._said = {each: asyncio.Event() for each in self.talk if each.ours}
        self._answered: list[OcpiExchange] = []
        self._heard = asyncio.Event()
        self._silences = 0
        self._over = False
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def listens(self) -> bool:
        """True if the live side asked anything."""
        return bool(self._awaited)

    def listen_at(self, base_url: str) -> str:
        """Say where we listen; the URL of our versions there, or where they would be."""
        urls = [each.record["url"] for each in self.talk if not each.ours]
        for url in urls:
            parts = urlsplit(url)
            self._memory.bases[f"{parts.scheme}://{parts.netloc}"] = base_url
        first = next((u for e, u in zip(self._theirs(), urls, strict=True)
                      if e.module == "versions"), None)  # fmt: skip
        return str(self._memory.put(first)) if first else base_url

    def _theirs(self) -> list[OcpiExchange]:
        return [each for each in self.talk if not each.ours]

    async def play(self, wait_s: float) -> None:
        """Say and hear all of it. Raises Mistake: 3 if nobody is there, 2 without a token."""
        if not any(each.ours for each in self.talk) or self.places.versions_url is None:
            await self._first_request(wait_s)
        self._pace.begin(min(each.at_s for each in self.talk))
        try:
            for turn in self.talk:
                await self._pace.until(turn.at_s)
                if not turn.ours:
                    continue
                goes_on = await self._say(turn)
                self._said[turn].set()
                if not goes_on:
                    left = len(self.talk) - self.talk.index(turn) - 1
                    self._report.note(f"given up: {left} exchanges were not played")
                    return
            for turn in list(self._awaited):
                await self._hear(turn)
            await self._pace.clock.wait_event(self._idle, self._pace.patience_s)
        finally:
            self._over = True

    async def _first_request(self, wait_s: float) -> None:
        if not await self._pace.clock.wait_event(self._heard, wait_s):
            raise Mistake(f"{self._other} did not ask anything within {wait_s:g} s",
                          Exit.UNREACHABLE)  # fmt: skip

    # Asking

    async def _say(self, turn: OcpiExchange) -> bool:
        """Ask what was asked, and hold the answer against the recorded one; False to give up."""
        for each in [each for each in self._awaited if comes_first(each, turn)]:
            await self._hear(each)
        url = await self._url(turn)
        if url is None:
            self._differ("closed", turn, why="the live side has no such endpoint")
            return True
        response = await self._send(turn, url)
        if response is None:
            return self._silences < _SILENCES
        self._silences = 0
        text = response.body.decode(errors="replace")
        self._learn(turn, text)
        if turn.answer is not None:
            self._report.compared += 1
            live = ocpi_answer(response.status, {"body": text})
            found = self._deviations(turn.module, turn.answer.payload, live)
            self._learn_location(turn, response.headers)
            if found:
                self._differ("answer", turn, found)
        return True

    async def _url(self, turn: OcpiExchange) -> str | None:
        if turn.record["version"] is not None and not self.places.version_urls:
            await self._discover(turn.record["version"])
        return self.places.url_of(turn)

    async def _discover(self, version: str) -> None:
        """Ask for versions and endpoints, where the recording did not. Raises Mistake."""
        url = self.places.versions_url
        if url is None:
            raise Mistake("--against: where are the live side's versions?")
        listed = await self._ask_plainly(url, version)
        self.places.learn_versions(None, listed)
        details_url = self.places.version_urls.get(version)
        if details_url is None:
            offered = ", ".join(self.places.version_urls) or "none that can be read"
            raise Mistake(f"{url}: OCPI {version} was recorded; offered are: {offered}",
                          Exit.FAILED)  # fmt: skip
        self.places.learn_details(None, await self._ask_plainly(details_url, version))

    async def _ask_plainly(self, url: str, version: str) -> Any:
        headers = {"Authorization": self._authorization(version)}
        try:
            response = await self._http.send("GET", url, headers=headers,
                                             timeout_s=self._pace.patience_s)  # fmt: skip
        except HttpFailure as error:
            raise Mistake(str(error), error.exit_code) from error
        if response.status != 200:
            raise Mistake(f"GET {url}: HTTP {response.status}: is the token right?", Exit.FAILED)
        return data_of(response.body.decode(errors="replace"))

    async def _send(self, turn: OcpiExchange, url: str) -> Response | None:
        """Raises Mistake (3) if the first request reaches nobody."""
        headers = self._request_headers(turn)
        body = self._request_body(turn)
        began_s = self._pace.clock.monotonic()
        first = self._report.said == 0 and not self.places.known
        self._report.said += 1
        response: Response | None = None
        try:
            response = await self._http.send(
                turn.record["method"],
                url,
                headers=headers,
                body=body,
                timeout_s=self._pace.patience_s,
            )
        except HttpFailure as error:
            if first and isinstance(error, ConnectFailed):
                raise Mistake(str(error), Exit.UNREACHABLE) from error
            self._silences += 1
            if turn.answer is not None:
                self._differ("silent", turn, why=str(error))
        self._record(turn.record, "sent", url, headers, body, response, began_s)
        return response

    def _request_headers(self, turn: OcpiExchange) -> dict[str, str]:
        headers = self._kept(turn.record["request"]["headers"])
        headers["Authorization"] = self._authorization(turn.record["version"])
        for name in (REQUEST_ID, CORRELATION_ID):
            if Headers(turn.record["request"]["headers"]).get(name) is not None:
                headers[name] = self._chance.uuid4()
        return headers

    def _authorization(self, version: str | None) -> str:
        if self._token is None:
            raise Mistake("--token: recorded tokens are hidden, so what does the live side know us"
                          " by?")  # fmt: skip
        spoken = version or next(
            (e.record["version"] for e in self.talk if e.record["version"]), ""
        )
        return authorization(self._token, VERSIONS.get(spoken, BEFORE_NEGOTIATION).token_form)

    def _request_body(self, turn: OcpiExchange) -> bytes:
        text = turn.record["request"]["body"] or ""
        if turn.module != "credentials":
            return self._said_now(text)
        return self._with_token(text)

    def _said_now(self, text: str) -> bytes:
        """A recorded body with the live ids; what nothing changes in stays as it was."""
        value = body_of(text)
        now = self._memory.put(value)
        return text.encode() if value is MISSING or now == value else msgspec.json.encode(now)

    def _with_token(self, text: str) -> bytes:
        """A body with credentials of ours, request or answer."""
        value = self._memory.put(body_of(text))
        inner = value.get("data", value) if isinstance(value, dict) else None
        if not isinstance(inner, dict) or "token" not in inner:
            return self._said_now(text)
        inner["token"] = self._own_token
        return msgspec.json.encode(value)

    # What answers and requests teach

    def _learn(self, turn: OcpiExchange, live_text: str) -> None:
        response = turn.record["response"]
        recorded, live = data_of(response["body"] if response else None), data_of(live_text)
        if turn.module == "versions":
            named = turn.record["version"] is not None
            learn = self.places.learn_details if named else self.places.learn_versions
            learn(recorded, live)
        elif turn.module == "credentials":
            self._learn_credentials(live)

    def _learn_credentials(self, credentials: Any) -> None:
        if isinstance(credentials, Mapping):
            if isinstance(credentials.get("token"), str):
                self._token = credentials["token"]
            if isinstance(credentials.get("url"), str):
                self.places.versions_url = credentials["url"]

    def _learn_location(self, turn: OcpiExchange, live: Headers) -> None:
        response = turn.record["response"]
        old = Headers(response["headers"]).get("Location") if response else None
        new = live.get("Location")
        if old and new:
            self._memory.texts[old] = new
        elif old:
            self._differ("answer", turn, [Deviation("/headers/Location", old, MISSING)])

    # Answering

    async def answer(self, request: Request) -> Response:
        """Answer a request of the live side as the recorded one was."""
        self._under_way += 1
        self._idle.clear()
        try:
            return await self._answer(request)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def _answer(self, request: Request) -> Response:
        began_s = self._pace.clock.monotonic()
        self._pace.met()
        self._heard.set()
        url = f"{request.base_url}{request.path}"
        if self._checks_token and not self._knows(request):
            self._report.note(f"{request.method} {url}: answered with 401, for the token is wrong")
            return Response(401, Headers({"Content-Type": "application/json"}), _REFUSED)
        live = body_of(request.body.decode(errors="replace"))
        turn = self._recorded(request, live)
        again = turn is not None and turn not in self._awaited
        known = turn is not None and (not again or request.method == "GET")
        if not known and not self._over:
            path = request.path[:200]
            self._report.differ("unexpected", self._other, f"{request.method} {path}")
        if turn is None:
            return Response(404, Headers({"Content-Type": "application/json"}), _UNKNOWN)
        if not again:
            self._take(turn, request, live)
        if turn.module == "credentials" and request.method in ("POST", "PUT"):
            self._learn_credentials(live)
        self._report.answered += 1
        if turn.module == "credentials":
            await self._called_back(turn)
        await self._pace.take(turn.delay_s)
        response = self._reply(turn, request)
        self._record(turn.record, "received", url, request.headers.plain(), request.body,
                     response, began_s)  # fmt: skip
        return response

    async def _called_back(self, turn: OcpiExchange) -> None:
        """Ask what was asked back before credentials were answered."""
        for each, said in self._said.items():
            if comes_first(turn, each) and each.seq < turn.seq:
                await self._pace.clock.wait_event(said, self._pace.patience_s)

    def _knows(self, request: Request) -> bool:
        return any(seen.token == self._own_token for seen in candidates(request.headers))

    def _recorded(self, request: Request, live: Any) -> OcpiExchange | None:
        """The recorded request that a live one is: one still to come, else one that has come."""
        for pool in (self._awaited, self._answered):
            for named_there in (False, True):
                for turn in pool:
                    if is_meant(turn, request, self._memory, named_there=named_there):
                        return turn
        return None

    def _take(self, turn: OcpiExchange, request: Request, live: Any) -> None:
        """A request has come: learn its ids, compare it."""
        old = urlsplit(turn.record["url"]).path.strip("/").split("/")
        new = request.path.strip("/").split("/")
        for one, other in zip(old, new, strict=False):
            if one != other:
                self._memory.learn("", one, other)
        self._awaited.remove(turn)
        self._answered.append(turn)
        self._came[turn].set()
        self._report.compared += 1
        found = self._deviations(turn.module, turn.request, live)
        if found:
            self._differ("request", turn, found)

    def _reply(self, turn: OcpiExchange, request: Request) -> Response:
        response = turn.record["response"]
        if response is None:
            return Response(0)  # nobody had answered
        headers = self._kept(response["headers"])
        for name in (REQUEST_ID, CORRELATION_ID):
            if name in request.headers:
                headers[name] = request.headers[name]
        text = response["body"] or ""
        body = self._with_token(text) if turn.module == "credentials" else self._said_now(text)
        return Response(turn.record["http_status"] or 200, Headers(headers), body)

    async def _hear(self, turn: OcpiExchange) -> None:
        """Wait for a request of the live side; it is answered elsewhere."""
        if await self._pace.clock.wait_event(self._came[turn], self._pace.patience_s):
            return
        if turn in self._awaited:
            self._awaited.remove(turn)
            self._differ("missing", turn, why=f"within {self._pace.patience_s:g} s")

    # Small things

    def _kept(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {
            name: str(self._memory.put(value))
            for name, value in headers.items()
            if name.lower() not in _OWN
        }

    def _deviations(self, module: str, recorded: Any, live: Any) -> list[Deviation]:
        if module in CONFIGURATION:  # URLs and tokens are what the handshake is about
            return [each for each in deviations(recorded, live, self._memory, self._ignore)
                    if not each.pointer.startswith("/data")]  # fmt: skip
        return deviations(recorded, live, self._memory, self._ignore)

    def _differ(self, kind: str, turn: OcpiExchange, found: list[Deviation] | None = None,
                why: str = "") -> None:  # fmt: skip
        rest = "/".join(tail(turn.record["url"], turn.module))
        name = f"{turn.name} {rest}".rstrip()
        self._report.differ(kind, self._other, name, turn.seq, found or (), why)

    def _record(self, recorded: Record, direction: Any, url: str, headers: Mapping[str, str],
                body: bytes, response: Response | None, began_s: float) -> None:  # fmt: skip
        text = response.body.decode(errors="replace") if response is not None else None
        code = body_of(text)
        status = code.get("status_code") if isinstance(code, dict) else None
        self._journal.ocpi(
            self._side, self._other, recorded["session"],
            version=recorded["version"], module=recorded["module"], method=recorded["method"],
            url=url, direction=direction, request_headers=headers,
            request_body=body.decode(errors="replace"),
            response_headers=response.headers.plain() if response is not None else None,
            response_body=text,
            http_status=response.status if response is not None else None,
            status_code=status if isinstance(status, int) else None,
            ms=(self._pace.clock.monotonic() - began_s) * 1000,
        )  # fmt: skip


_UNKNOWN = b'{"status_code":2000,"status_message":"not in the recording"}'
_REFUSED = b'{"status_code":2000,"status_message":"unknown token"}'
