"""A world that runs elsewhere, through its control API.

Rule: records come by its stream, stations and the rest by asking; what is lost of the connection is
said, and tried again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypedDict
from urllib.parse import quote, urlsplit

import aiohttp
import msgspec

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Record
from simulator.mistakes import Exit, Mistake
from simulator.tui.engine import NOTHING_HELD, READ_ONLY, Facts, Snapshot, tokens_of

# Records of before that are shown at once; beyond so many stations each is asked for by itself.
_BEFORE, _AT_ONCE = 20_000, 200
_AGAIN_S, _PATIENCE_S, _STEP_S = 1.0, 10.0, 600.0
_PLAY_S = 7 * 24 * 3600.0  # a stage may play for as long as its steps take
_LINE = 2**26  # bytes that one record may have
_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _World(TypedDict):
    name: str
    seed: int
    clock: str
    paused: bool
    records: int
    recording: str | None


class _Now(TypedDict):
    world: _World
    stations: dict[str, Snapshot]
    faults: list[Snapshot]


class _Held(TypedDict):
    held: list[Snapshot]
    intercepts: list[Snapshot]


class _Figures(TypedDict):
    clock: str
    totals: Snapshot


class _Dealings(TypedDict):
    peers: dict[str, Snapshot]
    emps: dict[str, Snapshot]


# What makes an answer one of a control API; of others an object is enough.
_SHAPES: Mapping[tuple[str, str], Any] = {
    ("GET", "/world"): _Now,
    ("GET", "/stations"): dict[str, Snapshot],
    ("GET", "/held"): _Held,
    ("GET", "/metrics"): _Figures,
    ("GET", "/dealings"): _Dealings,
    ("GET", "/stages"): list[Snapshot],
}


class RemoteEngine:
    """A running world behind `url`, as `roamlab up --control` prints it."""

    def __init__(self, url: str, *, token: str | None = None, read_only: bool = False) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise Mistake(f"--attach: expected a URL, as in http://127.0.0.1:8000, not '{url}'")
        self._base = f"{parts.scheme}://{parts.netloc}/v1"
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._read_only = read_only
        self.facts = Facts("attached", "", 0, "", read_only)
        self._lost = ""  # what has become of the stream
        self._silent = ""  # why the last question was not answered
        self._clock = Clock("real")
        self._http: aiohttp.ClientSession | None = None
        self._new: list[Record] = []
        self._seen = 0
        self._snapshot: Snapshot = {}
        self._held = NOTHING_HELD
        self._stages: Sequence[Snapshot] = []
        self._reader: asyncio.Task[None] | None = None

    @property
    def trouble(self) -> str:
        """What keeps it from being looked at."""
        return self._lost or self._silent

    async def start(self) -> None:
        """Look at the world once, and begin to listen. Raises Mistake."""
        self._http = aiohttp.ClientSession(headers=self._headers, read_bufsize=_LINE)
        try:
            await self._meet()
        except BaseException:
            await self._http.close()
            raise
        self._reader = asyncio.get_running_loop().create_task(self._listen())

    async def _meet(self) -> None:
        """Look at the world; one that is not that of before is listened to from its beginning.
        Raises Mistake.
        """
        told = (await self.world())["world"]
        now = Facts("attached", told["name"], told["seed"], told["clock"], self._read_only,
                    told["paused"], told["recording"])  # fmt: skip
        before = self.facts.world, self.facts.seed
        if before != (now.world, now.seed) or told["records"] < self._seen:
            self._seen = max(0, told["records"] - _BEFORE)
        self.facts = now

    async def stop(self) -> None:
        """Leave the world as it is."""
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
        if self._http is not None:
            await self._http.close()

    async def _listen(self) -> None:
        """Read the stream; where it ends, go on after the last record that came."""
        assert self._http is not None
        while True:
            try:
                if self._lost:  # perhaps it was started anew meanwhile
                    await self._meet()
                url = f"{self._base}/journal/stream?after={self._seen}"
                limit = aiohttp.ClientTimeout(total=None, sock_connect=_PATIENCE_S)
                async with self._http.get(url, timeout=limit) as answer:
                    self._lost = "" if answer.status == 200 else f"HTTP {answer.status}"
                    async for line in answer.content:
                        record = msgspec.json.decode(line)
                        self._seen = record["seq"]
                        self._new.append(record)
                        if record["leg"] == "event" and record["actor"] == "world":
                            self.facts = _now(self.facts, record["what"], record["data"])
                self._lost = self._lost or "the stream has ended"
            except (aiohttp.ClientError, OSError, Mistake) as error:
                self._lost = f"not connected: {error or type(error).__name__}"
            except (ValueError, LookupError, TypeError, RecursionError) as error:
                self._lost = f"no journal comes: {error or type(error).__name__}"
            await self._clock.sleep(_AGAIN_S)

    def take(self) -> Sequence[Record]:
        """The records since the last call."""
        new = self._new[:]
        self._new.clear()
        return new

    def names(self) -> Sequence[str]:
        """The stations, as they were there at the last look."""
        return list(self._snapshot.get("stations", ()))

    async def stations(self, names: Sequence[str]) -> Mapping[str, Snapshot]:
        """How these stations stand; what cannot be asked stays as it was."""
        if not names:
            return {}
        try:
            if len(self.names()) <= _AT_ONCE:
                every = await self._ask("GET", "/stations")
                return {name: every[name] for name in names if name in every}
            asked = [self._ask("GET", f"/stations/{quote(name, safe='')}") for name in names]
            return dict(zip(names, await asyncio.gather(*asked), strict=True))
        except Mistake as error:
            self._silent = str(error)
            return {}

    async def world(self) -> Snapshot:
        """All that its actors know. Raises Mistake."""
        self._snapshot = await self._ask("GET", "/world")
        return self._snapshot

    async def figures(self) -> Snapshot:
        """What goes on there, over the last minutes; nothing where it cannot be asked."""
        try:
            told: Snapshot = await self._ask("GET", "/metrics")
        except Mistake as error:
            self._silent = str(error)
            return {}
        return told

    async def dealings(self) -> Snapshot:
        """What CPO, peers and EMPs have with each other. Raises Mistake."""
        told: Snapshot = await self._ask("GET", "/dealings")
        return told

    async def held(self) -> Snapshot:
        """What is held, and what is intercepted; what cannot be asked stays as it was."""
        try:
            self._held = await self._ask("GET", "/held")
        except Mistake as error:
            self._silent = str(error)
        return self._held

    def faults(self) -> Sequence[Snapshot]:
        """The faults that were placed, at the last look."""
        return list(self._snapshot.get("faults", ()))

    def known(self, what: str) -> Sequence[str]:
        """Names of a kind, as they were there at the last look."""
        now = self._snapshot
        if what == "tariff":  # the CPO's; it may be dead, or none of that world's
            return list((now.get("cpo") or {}).get("tariffs", ()))
        if what == "token":
            actors = (*now.get("peers", {}).values(), *now.get("emps", {}).values())
            return tokens_of([actor.get("tokens", ()) for actor in actors])
        kinds = {"station": "stations", "car": "cars", "peer": "peers", "emp": "emps"}
        return list(now.get(kinds.get(what, ""), ()))

    async def perform(self, step: str, arguments: Mapping[str, Any]) -> Any:
        """Perform a step there. Raises Mistake."""
        return (await self._do("POST", f"/steps/{step}", dict(arguments), _STEP_S))["result"]

    async def load(self, steps: str | Sequence[Any], name: str, only: str = "") -> Snapshot:
        """Load steps into that world. Raises Mistake."""
        told = {"text": steps, "file": name} if isinstance(steps, str) else {"steps": steps}
        return await self._do("POST", "/stages", {"name": name, "only": only, **told})

    async def stages(self) -> Sequence[Snapshot]:
        """How far each stage is; what cannot be asked stays as it was."""
        try:
            self._stages = await self._ask("GET", "/stages")
        except Mistake as error:
            self._silent = str(error)
        return self._stages

    async def step(self, stage: str) -> Snapshot:
        """Perform the next step of a stage. Raises Mistake."""
        return await self._do("POST", f"/stages/{stage}/step", None, _PLAY_S)

    async def play(self, stage: str, until: int | None = None) -> Snapshot:
        """Perform the steps that are left, or those before number `until`. Raises Mistake."""
        given = None if until is None else {"until": until}
        return await self._do("POST", f"/stages/{stage}/run", given, _PLAY_S)

    async def drop(self, stage: str) -> Snapshot:
        """Let a stage go. Raises Mistake."""
        return await self._do("DELETE", f"/stages/{stage}")

    async def _do(
        self, method: str, path: str, body: Any = None, patience_s: float = _PATIENCE_S
    ) -> Snapshot:
        """A call that changes something. Raises Mistake."""
        if self.facts.read_only:
            raise Mistake(READ_ONLY)
        content = None if body is None else msgspec.json.encode(body)
        told: Snapshot = await self._ask(method, path, content, patience_s)
        return told

    async def _ask(
        self, method: str, path: str, body: bytes | None = None, patience_s: float = _PATIENCE_S
    ) -> Any:
        """One call. Raises Mistake: nobody there, or what it says."""
        assert self._http is not None
        url = f"{self._base}{path}"
        limit = aiohttp.ClientTimeout(total=patience_s)
        try:
            async with self._http.request(method, url, data=body, timeout=limit) as answer:
                content = await answer.read()
        except TimeoutError as error:
            raise Mistake(f"{url}: no answer within {patience_s:g} s", Exit.TIMEOUT) from error
        except (aiohttp.ClientError, OSError) as error:
            raise Mistake(f"{url}: nobody answers: {error}", Exit.UNREACHABLE) from error
        try:
            told = msgspec.json.decode(content)
        except _NOT_JSON as error:
            raise Mistake(f"{url}: no control API: {error}", Exit.UNREACHABLE) from error
        if answer.status >= 400:
            why = told.get("error") if isinstance(told, dict) else None
            raise Mistake(str(why or f"{url}: HTTP {answer.status}"), Exit.FAILED)
        try:
            msgspec.convert(told, _SHAPES.get((method, path), dict[str, Any]))
        except msgspec.ValidationError as error:
            raise Mistake(f"{url}: no control API: {error}", Exit.UNREACHABLE) from error
        self._silent = ""
        return told


def _now(facts: Facts, what: str, told: Mapping[str, Any]) -> Facts:
    """What is true of a world after an event of its own."""
    if what == "clock.speed":
        return replace(facts, clock=f"scaled:{told['factor']:g}", paused=told["paused"])
    if what == "recording.began":
        return replace(facts, recording=told["file"])
    return replace(facts, recording=None) if what.startswith("recording.") else facts
