"""The two ends of OCPP that a replay can take: a station's connection, a CSMS that listens.

Rule: nothing is validated on the way, for a recording is said as it was; whoever cannot be reached,
or does not come, is a Mistake of exit code 3.
"""

from __future__ import annotations

import asyncio
import ssl as _ssl
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import Exit, Mistake
from simulator.scenario.replay_match import Memory
from simulator.scenario.replay_ocpp import Line, Pace, Player, first_s, play_all
from simulator.scenario.replay_report import Report
from simulator.scenario.replay_talk import Talk
from simulator.wire.ocpp_client import OcppClient, cause_of
from simulator.wire.ocpp_link import Link
from simulator.wire.ocpp_messages import Call, CallHandler, OcppVersion, Reply, Validation
from simulator.wire.ocpp_server import Admission, Knock, OcppServer

# How long (seconds) a CSMS that has said all stays on the line.
_LINGER_S = 0.25


class StationLine(Line):
    """A station's connection to a live CSMS."""

    def __init__(self, talk: Talk, url: str, *, clock: Clock, chance: Chance, journal: Journal,
                 patience_s: float, password: str | None = None,
                 ssl: Callable[[], _ssl.SSLContext] | None = None) -> None:  # fmt: skip
        self.player: Player | None = None
        self._station = talk.station
        self._clock = clock
        self._patience_s = patience_s
        self._up = asyncio.Event()
        self._failed: Exception | None = None
        self._settled = asyncio.Event()
        try:
            self._client = OcppClient(
                url=url,
                station_id=talk.station,
                version=OcppVersion(talk.version),
                clock=clock,
                chance=chance.child(talk.station),
                journal=journal,
                handler=self._handle,
                on_up=self._is_up,
                on_down=self._is_down,
                on_failed=self._has_failed,
                basic_password=password,
                validation=Validation.OFF,
                wait_minimum_s=1.0,
                random_range_s=0.0,
                repeat_times=2,
                peer="csms",
                ssl=ssl,
            )
        except ValueError as error:
            raise Mistake(str(error)) from error

    async def open(self) -> None:
        """Connect. Raises Mistake (3) if nobody is there."""
        await self._client.start()
        with suppress(TimeoutError):
            await self._clock.wait_for(self._settled.wait(), self._patience_s)
        if self._client.link is None:
            url, why = self._client.url, f"no connection within {self._patience_s:g} s"
            if self._failed is not None:
                why = cause_of(self._failed, url, self._client.version)
            raise Mistake(f"{self._station}: cannot connect to {url}: {why}", Exit.UNREACHABLE)

    async def link(self) -> Link | None:
        """The link; when it has gone, one that stands again within the time of patience."""
        if await self._clock.wait_event(self._up, self._patience_s):
            return self._client.link
        return None

    async def cut(self) -> None:
        """The network goes."""
        await self._client.drop(stay_down=True)
        self._up.clear()

    async def mend(self) -> None:
        """The network comes back."""
        await self._client.start()

    async def close(self) -> None:
        """Hang up."""
        await self._client.stop()

    async def _handle(self, call: Call) -> Reply:
        assert self.player is not None
        return await self.player.answer(call)

    async def _is_up(self, _link: Link) -> None:
        self._up.set()
        self._settled.set()

    def _is_down(self, _reason: str) -> None:
        self._up.clear()

    def _has_failed(self, error: Exception) -> None:
        self._failed = error
        self._settled.set()


async def play_stations(talks: list[Talk], url: str, *, pace: Pace, memory: Callable[[], Memory],
                        report: Report, chance: Chance, journal: Journal,
                        password: str | None = None, ignore: tuple[str, ...] = (),
                        ssl: Callable[[str], _ssl.SSLContext] | None = None) -> None:  # fmt: skip
    """Play the stations of a recording against a live CSMS; `ssl` gives what each has for TLS.

    Raises Mistake.
    """
    lines: list[StationLine] = []
    players = []
    pace.begin(first_s(talks))
    try:
        for talk in talks:
            line = StationLine(
                talk, url, clock=pace.clock, chance=chance, journal=journal,
                patience_s=pace.patience_s, password=password,
                ssl=None if ssl is None else partial(ssl, talk.station),
            )  # fmt: skip
            lines.append(line)
            line.player = Player(talk, line, pace, memory(), report, ignore)
            players.append(line.player)
        for line in lines:
            await line.open()
        await play_all(players)
    finally:
        for line in lines:
            await line.close()


class _Stall(Line):
    """Where a live station will connect."""

    def __init__(self, clock: Clock, patience_s: float) -> None:
        self.player: Player | None = None
        self.now: Link | None = None
        self._clock = clock
        self._patience_s = patience_s
        self.up = asyncio.Event()

    async def link(self) -> Link | None:
        """The link; when it has gone, the station's next within the time of patience."""
        if await self._clock.wait_event(self.up, self._patience_s):
            return self.now
        return None


class CsmsDoor:
    """Listens as the CSMS of a recording for the stations that it tells of."""

    def __init__(self, talks: list[Talk], *, pace: Pace, memory: Callable[[], Memory],
                 report: Report, chance: Chance, journal: Journal, host: str = "127.0.0.1",
                 port: int = 9000, password: str | None = None, ignore: tuple[str, ...] = (),
                 ssl: _ssl.SSLContext | None = None, insecure: bool = False) -> None:  # fmt: skip
        self._talks = talks
        self._pace = pace
        self._report = report
        self._password = password
        self._stalls: dict[str, _Stall] = {}
        for talk in talks:
            stall = self._stalls[talk.station] = _Stall(pace.clock, pace.patience_s)
            stall.player = Player(talk, stall, pace, memory(), report, ignore)
        self._server = OcppServer(
            clock=pace.clock,
            chance=chance,
            journal=journal,
            actor="csms",
            accept=self._admit,
            on_link=self._linked,
            on_gone=self._gone,
            host=host,
            port=port,
            versions=tuple(dict.fromkeys(OcppVersion(talk.version) for talk in talks)),
            validation=Validation.OFF,
            ssl=ssl,
            insecure=insecure,
        )

    async def start(self) -> str:
        """Listen; the URL to which stations append their ids. Raises BindError."""
        return (await self._server.start()).url

    async def play(self, wait_s: float) -> None:
        """Wait for the stations and play. Raises Mistake (3) if none comes."""
        clock = self._pace.clock
        began_s = clock.monotonic()
        here = []
        for name, stall in self._stalls.items():
            left_s = max(0.001, wait_s - (clock.monotonic() - began_s))
            if await clock.wait_event(stall.up, left_s):
                assert stall.player is not None
                here.append(stall.player)
            else:
                self._report.differ("missing", name, "connection", why=f"within {wait_s:g} s")
        if not here:
            names = ", ".join(self._stalls)
            raise Mistake(f"no station connected within {wait_s:g} s: {names}", Exit.UNREACHABLE)
        self._pace.begin(first_s(self._talks))
        await play_all(here)
        # Who hangs up with the last answer is not heard out by every station.
        await clock.sleep(_LINGER_S)

    async def stop(self) -> None:
        """Listen no more."""
        await self._server.stop()

    def _admit(self, knock: Knock) -> Admission:
        if knock.station_id not in self._stalls:
            self._report.note(f"{knock.station_id}: refused, it is not in the recording")
            return Admission.UNKNOWN
        if self._password is not None and knock.password != self._password:
            return Admission.UNAUTHORIZED
        return Admission.ADMITTED

    def _linked(self, link: Link) -> CallHandler:
        stall = self._stalls[link.peer_id]
        assert stall.player is not None
        stall.now = link
        self._pace.met()
        stall.up.set()
        return stall.player.answer

    def _gone(self, link: Link) -> None:
        stall = self._stalls[link.peer_id]
        if stall.now is link:
            stall.now = None
            stall.up.clear()
