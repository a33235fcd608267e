"""OCPP played back: as the stations of a recording towards a live CSMS, or as their CSMS.

Rule: what was recorded is said in its order; an answer is compared when it comes, and every wait is
bounded. What the live side asks is answered as it was, whenever it asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulator.kernel.clock import Clock
from simulator.scenario.replay_match import Deviation, Memory, deviations, holds_secret
from simulator.scenario.replay_report import Report
from simulator.scenario.replay_talk import SEND, Answer, Cut, Exchange, Talk
from simulator.wire.ocpp_link import Link
from simulator.wire.ocpp_messages import (
    Call,
    CallTimeout,
    ErrorCode,
    LinkClosed,
    OcppError,
    Reply,
)

# So many CALLs of one name may be asked before the one that was recorded first.
_WINDOW = 32
# A side that left so many CALLs in a row unanswered will not answer any more.
_SILENCES = 3
# So long (seconds) an error may take to leave.
_OUT_S = 0.05
# What a clock alone brings about: its number says nothing.
TIMED = frozenset({"Heartbeat"})


@dataclass(slots=True)
class Pace:
    """When to say what. `factor`: as many times as fast as it was; None: as soon as possible.
    `patience_s` is how long anything is waited for; `on_met` is told once that the other
    side is there.
    """

    clock: Clock
    factor: float | None = 1.0
    patience_s: float = 10.0
    origin_s: float = 0.0  # of the recording
    began_s: float = 0.0  # of the clock
    on_met: Callable[[], None] = field(default=lambda: None)
    _met: bool = False

    def begin(self, origin_s: float) -> None:
        """Now is when the recording begins."""
        self.origin_s, self.began_s = origin_s, self.clock.monotonic()
        self.met()

    def met(self) -> None:
        """The other side is there."""
        if not self._met:
            self._met = True
            self.on_met()

    async def until(self, at_s: float) -> None:
        """Wait until it is time."""
        if self.factor is None:
            return
        due_s = self.began_s + (at_s - self.origin_s) / self.factor
        left_s = due_s - self.clock.monotonic()
        if left_s > 0:
            await self.clock.sleep(left_s)

    async def take(self, duration_s: float) -> None:
        """Let as much time pass as something took."""
        if self.factor is not None and duration_s > 0:
            await self.clock.sleep(duration_s / self.factor)


class Line:
    """A way to the other side, which may be cut and mended. The two ends each have their own."""

    async def link(self) -> Link | None:
        """The link, as soon as there is one; None if there will be none."""
        raise NotImplementedError

    async def cut(self) -> None:
        """The network goes."""

    async def mend(self) -> None:
        """The network comes back."""


class Player:
    """One side of one station's talk."""

    def __init__(self, talk: Talk, line: Line, pace: Pace, memory: Memory, report: Report,
                 ignore: tuple[str, ...] = ()) -> None:  # fmt: skip
        self.talk = talk
        self._line = line
        self._pace = pace
        self._memory = memory
        self._report = report
        self._ignore = ignore
        self._awaited = [each for each in talk.exchanges if not each.ours]
        self._came: dict[Exchange, asyncio.Event] = {e: asyncio.Event() for e in self._awaited}
        self._last: dict[str, Exchange] = {}
        self._silences = 0
        self._over = False

    async def play(self) -> None:
        """Say all that is to be said, and hear all that is to come."""
        try:
            await self._play()
        finally:
            self._over = True

    async def _play(self) -> None:
        for turn in self.talk.turns:
            await self._pace.until(turn.at_s)
            if isinstance(turn, Cut):
                await (self._line.cut() if turn.kind == "down" else self._line.mend())
            elif not turn.ours:
                await self._hear(turn)
            elif not await self._say(turn):
                left = len(self.talk.turns) - self.talk.turns.index(turn) - 1
                self._report.note(f"{self.talk.station}: given up, {left} turns were not played")
                return

    # Saying

    async def _say(self, turn: Exchange) -> bool:
        """Send a CALL and hold its answer against the recorded one; False to give up."""
        if holds_secret(turn.request):
            self._report.note(f"#{turn.seq} {turn.name}: left out, for it holds a hidden secret")
            return True
        link = await self._line.link()
        if link is None:
            self._differ("closed", turn)
            return False
        try:
            live = await self._ask(link, turn)
        except LinkClosed as error:
            self._differ("closed", turn, why=str(error))
            return await self._line.link() is not None
        except CallTimeout:
            self._silences += 1
            if turn.answer is not None:
                self._differ("silent", turn, why=f"within {self._pace.patience_s:g} s")
            return self._silences < _SILENCES
        self._silences = 0
        if live is not None and turn.answer is not None:
            self._compare(turn, live)
        return True

    async def _ask(self, link: Link, turn: Exchange) -> Answer | None:
        """Raises CallTimeout, LinkClosed."""
        self._report.said += 1
        if turn.raw is not None:
            await link.send_raw(turn.raw)
            return None
        payload = self._memory.put(turn.request)
        if not isinstance(payload, dict):
            await link.send_raw(turn.raw or "")
            return None
        if turn.kind == SEND:
            await link.send(turn.name, payload)
            return None
        try:
            return Answer(await link.call(turn.name, payload, timeout_s=self._pace.patience_s))
        except OcppError as error:
            return Answer(error=str(error.code), description=error.description)

    def _compare(self, turn: Exchange, live: Answer) -> None:
        assert turn.answer is not None
        self._report.compared += 1
        found = deviations(turn.answer.facts, live.facts, self._memory, self._ignore)
        if found:
            self._differ("answer", turn, found)

    # Hearing

    async def _hear(self, turn: Exchange) -> None:
        """Wait for a CALL of the live side; it is answered elsewhere."""
        came = await self._pace.clock.wait_event(self._came[turn], self._pace.patience_s)
        if not came and turn in self._awaited:
            self._awaited.remove(turn)
            if turn.name not in TIMED:
                self._differ("missing", turn, why=f"within {self._pace.patience_s:g} s")

    async def answer(self, call: Call) -> Reply:
        """Answer a CALL of the live side as the recorded one was. Raises OcppError."""
        turn, found = self._recorded(call)
        if turn is None and (beside := self._beside(call)) is not None:
            self._report.answered += 1
            return self._reply(beside)
        if turn is None:
            turn = self._last.get(call.action)
            timed = turn is not None and call.action in TIMED
            if not timed and not self._over:
                self._report.differ("unexpected", self.talk.station, call.action)
            if turn is None:
                raise OcppError(ErrorCode.NOT_SUPPORTED, f"{call.action} is not in the recording")
        else:
            self._awaited.remove(turn)
            self._last[call.action] = turn
            self._report.compared += 1
            if found:
                self._differ("request", turn, found)
        self._report.answered += 1
        await self._pace.take(turn.delay_s)
        try:
            return self._reply(turn)
        except OcppError:  # goes out as soon as this is raised
            came = self._came.get(turn)
            if came is not None:
                self._pace.clock.call_later(_OUT_S, came.set)
            raise

    def _beside(self, call: Call) -> Exchange | None:
        """What was asked outside of the stretch: the same, else the same action."""
        asked = [each for each in self.talk.beside if each.name == call.action and each.answer]
        same = (each for each in asked if each.request == call.payload)
        return next(same, asked[0] if asked else None)

    def _reply(self, turn: Exchange) -> Reply:
        if turn.answer is None:
            raise OcppError(ErrorCode.INTERNAL_ERROR, "no answer was recorded")
        if turn.answer.error is not None:
            raise OcppError(turn.answer.error, turn.answer.description)
        payload = self._memory.put(turn.answer.payload)

        async def told() -> None:
            if turn in self._came:
                self._came[turn].set()

        return Reply(payload if isinstance(payload, dict) else {}, told)

    def _recorded(self, call: Call) -> tuple[Exchange | None, list[Deviation]]:
        """The recorded CALL that a live one is: of those that are still to come, the likest."""
        likely = [turn for turn in self._awaited if turn.name == call.action][:_WINDOW]
        best: Exchange | None = None
        least: list[Deviation] = []
        for turn in likely:
            trial = Memory(self._memory.shift, dict(self._memory.texts), dict(self._memory.named))
            found = deviations(turn.request, call.payload, trial, self._ignore)
            if best is None or len(found) < len(least):
                best, least = turn, found
            if not found:
                break
        if best is not None:
            deviations(best.request, call.payload, self._memory, self._ignore)  # learn its ids
        return best, least

    def _differ(
        self, kind: str, turn: Exchange, found: list[Deviation] | None = None, why: str = ""
    ) -> None:
        self._report.differ(kind, self.talk.station, turn.name, turn.seq, found or (), why)


def first_s(talks: list[Talk]) -> float:
    """When the first of several talks began."""
    return min(talk.turns[0].at_s for talk in talks)


async def play_all(players: list[Player]) -> None:
    """Play several talks beside each other; one that fails ends all."""
    tasks: list[asyncio.Task[Any]] = [asyncio.ensure_future(player.play()) for player in players]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
