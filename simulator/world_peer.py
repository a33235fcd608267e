"""A peer of a world, driven over HTTP only: one started here and one far away are the same.

Rule: the peer's package is never imported; it is found by its entry point and then spoken to.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from inspect import signature
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import Exit, Mistake, did_you_mean
from simulator.wire.faults import FaultBoard
from simulator.wire.faults_guest import Welcome
from simulator.wire.http_aio import HttpClient
from simulator.wire.tls import Identity, Tls, TlsPem, pinned_context
from simulator.world_file import PeerPlan

IN_MEMORY = ":memory:"
ENTRY_POINTS = "simulator.peers"


class PeerRefused(Mistake):
    """The peer's control API refused: the message names the call and the answer."""


class Peer:
    """A peer and its control API (`/_mock/`, where it has one)."""

    def __init__(
        self,
        plan: PeerPlan,
        *,
        clock: Clock,
        chance: Chance,
        journal: Journal,
        insecure: bool = False,
        faults: FaultBoard | None = None,
    ) -> None:
        self.plan = plan
        self.name = plan.name
        self.versions_url = plan.url or ""
        self.base_url = ""
        self._clock = clock
        self._chance = chance
        self._journal = journal
        self._running: Any = None
        self._kept: Any = None  # of one that was killed
        self._safety = safety(plan.tls, insecure=insecure)
        self._welcome = None if faults is None else Welcome(faults, plan.name)
        self._http = ControlClient(clock, self._welcome, self._safety)

    @property
    def outside(self) -> bool:
        """True for a peer that runs elsewhere and has no control API here."""
        return self.plan.url is not None

    @property
    def token_a(self) -> str:
        """The token A for the next registration: each one uses its token up."""
        token: str = (self.plan.token or "") if self._running is None else self._running.token_a
        return token

    async def start(self, host: str) -> None:
        """Start it in this world and give it its tokens. Raises BindError, Mistake."""
        if self.outside:
            return
        start = installed(ENTRY_POINTS, "peer", self.plan.kind)
        offer = tuple(self.plan.ocpi_versions)
        versions = {"ocpi_versions": offer} if offer else {}
        self._running = await start(
            clock=self._clock,
            chance=self._chance.child(self.name),
            journal=self._journal,
            host=host,
            port=self.plan.port or 0,
            profile=dict(self.plan.profile),
            strict=self.plan.strict,
            database=self.plan.database if self._kept is None else self._kept,
            tokens=list(self.plan.tokens) or None,
            **versions,
            **self._safety,
            **told_of_the_world(start, self._welcome),
        )
        self._kept = None
        self.versions_url = self._running.versions_url
        self.base_url = self._running.base_url

    def cut(self) -> None:
        """Cut every connection to it, without a word."""
        if self._running is not None:
            self._running.cut()

    @property
    def missing(self) -> str | None:
        """Why there is nobody to be asked; None if there is."""
        return None if self._kept is None else f"{self.name} is dead: revive_peer starts it again"

    async def kill(self) -> None:
        """Kill it, as by kill -9: nobody is told, nothing is finished; what it was told stands in
        its database. Raises Mistake where it does not run here, or would lose all.
        """
        if self.missing is not None:
            raise Mistake(self.missing)
        if self._running is None:
            raise Mistake(f"{self.name} does not run here")
        if not hasattr(self._running, "cut"):
            raise Mistake(f"{self.name} is of a kind that cannot be killed (docs/add-peer.md)")
        kept = getattr(self._running, "kept", self.plan.database)
        if kept == IN_MEMORY:
            raise Mistake(f"{self.name} would lose its book: it needs a 'database'")
        self._journal.event("world", "peer.killed", peer=self.name)
        self._running.cut(amid=True)
        running, self._running, self._kept = self._running, None, kept
        await running.stop()

    async def revive(self) -> None:
        """Start it again on its database, where it was. Raises Mistake, BindError."""
        if self._kept is None:
            raise Mistake(f"{self.name} has not been killed")
        place = urlsplit(self.base_url)
        self._journal.event("world", "peer.revived", peer=self.name)
        self.plan = replace(self.plan, port=place.port or 0)
        await self.start(place.hostname or "")

    @property
    def struck(self) -> bool:
        """Whether faults of the world's board reach it: not all kinds of peers know how."""
        if self.outside:
            return False
        start = installed(ENTRY_POINTS, "peer", self.plan.kind)
        return bool(told_of_the_world(start, self._welcome))

    async def stop(self) -> None:
        """Stop it, if it was started here."""
        await self._http.close()
        if self._running is not None:
            running, self._running = self._running, None
            await running.stop()

    # Its control API

    async def put_token(self, token: Mapping[str, Any]) -> Any:
        """Create or change a token at the peer, which pushes it to its CPOs."""
        fields = {key: value for key, value in token.items() if key != "uid"}
        return await self.control("PUT", f"/tokens/{quote(token['uid'], safe='')}", fields)

    async def command(self, command: str, **fields: Any) -> Any:
        """Let the peer send a command; returns what the CPO answered and, later, its result."""
        return await self.control("POST", f"/commands/{command}", fields)

    async def register(self, versions_url: str, token_a: str) -> Any:
        """Let the peer begin the credentials handshake."""
        return await self.control(
            "POST", "/register", {"versions_url": versions_url, "token_a": token_a}
        )

    async def state(self) -> Any:
        """What the peer holds."""
        return await self.control("GET", "/state")

    async def findings(self, after: int = 0) -> Any:
        """The rules that were broken."""
        return await self.control("GET", f"/findings?{urlencode({'after': after})}")

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control API. Raises PeerRefused, HttpFailure."""
        return await drive(self._http, method, f"{self.base_url}/_mock{path}", body)


def safety(tls: Tls | None, *, insecure: bool) -> dict[str, Any]:
    """What is said of TLS to whom it is started: nothing where there is nothing to say, for not all
    kinds of peers know the words.
    """
    said: dict[str, Any] = {} if tls is None else {"tls": tls}
    return {**said, "insecure": True} if insecure else said


def told_of_the_world(start: Any, welcome: Welcome | None) -> dict[str, Welcome]:
    """What is said of the world to whom it is started, where that kind knows the word."""
    knows = "guest_of" in signature(start).parameters
    return {"guest_of": welcome} if knows and welcome is not None else {}


class ControlClient(HttpClient):
    """Who drives a guest: what this wears at handshakes is known, and no reason to refuse it."""

    def __init__(self, clock: Clock, driven: Welcome | None, safety: Mapping[str, Any]) -> None:
        super().__init__(clock, **safety)
        self._driven = driven
        self._pinned: tuple[Identity, ssl.SSLContext] | None = None

    def _secure(self) -> ssl.SSLContext | None:
        driven = self._driven
        shown = None if driven is None else driven.faults.disguises.of(driven.name)
        if not isinstance(shown, TlsPem):
            return super()._secure()
        if self._pinned is None or self._pinned[0] is not shown:
            self._pinned = (shown, pinned_context(shown, self._tls.identity))
        return self._pinned[1]


async def drive(http: HttpClient, method: str, url: str, body: Any = None) -> Any:
    """Call a control API; returns the JSON of its answer. Raises PeerRefused, HttpFailure."""
    answer = await http.send(
        method,
        url,
        headers={"Content-Type": "application/json"} if body is not None else {},
        body=b"" if body is None else msgspec.json.encode(body),
    )
    text = answer.body.decode(errors="replace")
    if not 200 <= answer.status < 300:
        raise PeerRefused(f"{method} {url}: HTTP {answer.status}: {text[:500]}", Exit.FAILED)
    return msgspec.json.decode(answer.body) if answer.body else None


def installed(group: str, what: str, kind: str) -> Any:
    """What an entry point of a group names. Raises Mistake: nothing of that kind is installed."""
    known = _points(group)
    if kind not in known:
        raise Mistake(f"no {what} of kind '{kind}' is installed.{did_you_mean(kind, known)}")
    return known[kind].load()


@cache  # to find them is to read what every installed distribution says of itself
def _points(group: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=group)}
