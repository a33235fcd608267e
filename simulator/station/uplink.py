"""What a station says to its CSMS: notices, the transaction queue, heartbeats.

Rule: transaction-related messages go through the queue and nothing else does. A notice that cannot
be sent at once is dropped, for a status is told anew when the link is back (OCPP 1.6 section 4.9).
Tasks live only while something waits to be sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.pace import Timer
from simulator.station.boot import Failure, Queued, heartbeat_due_s
from simulator.station.core import Core, Message, Payload, Transaction
from simulator.station.dialect import Dialect
from simulator.wire.ocpp_rpc import CallTimeout, LinkClosed, OcppError
from simulator.wire.ocpp_ws import Link

Acknowledged = Callable[[Queued, Transaction | None, Payload], None]
Lost = Callable[[], object]
Spawn = Callable[[Coroutine[Any, Any, None], str], "asyncio.Task[None]"]


class Uplink:
    """One station's way to its CSMS, from power-on to power-off."""

    __slots__ = (
        "_acknowledged",
        "_actor",
        "_clock",
        "_core",
        "_delivery",
        "_dialect",
        "_drained",
        "_heartbeat",
        "_journal",
        "_last_sent_s",
        "_spawn",
        "down_since_s",
        "link",
    )

    def __init__(
        self,
        core: Core,
        dialect: Dialect,
        *,
        clock: Clock,
        journal: Journal,
        actor: str,
        spawn: Spawn,
        acknowledged: Acknowledged,
    ) -> None:
        self._core = core
        self._dialect = dialect
        self._clock = clock
        self._journal = journal
        self._actor = actor
        self._spawn = spawn
        self._acknowledged = acknowledged
        self._delivery: asyncio.Task[None] | None = None
        self._heartbeat: Timer | None = None
        self._drained: asyncio.Event | None = None
        self._last_sent_s = 0.0
        self.down_since_s = clock.monotonic()
        self.link: Link | None = None

    @property
    def online(self) -> bool:
        """The CSMS can be reached, and has accepted the station."""
        return self.link is not None and self._core.boot.accepted

    # The link comes and goes

    def up(self, link: Link) -> None:
        """A connection stands."""
        self.link = link

    def resume(self) -> None:
        """The station may speak: deliver what waits, and let the heart beat."""
        self._deliver_soon()
        self.beat()

    def down(self) -> None:
        """The connection is gone."""
        self.link = None
        self.down_since_s = self._clock.monotonic()
        if self._delivery is not None:
            self._delivery.cancel()
            self._delivery = None
        self._core.memory.queue.interrupted()
        self._stop_heart()
        if self._drained is not None:
            self._drained.set()

    # Sending

    async def call(self, message: Message, session: str | None) -> Payload:
        """Send one message now, wait for the answer. Raises OcppError, CallTimeout, LinkClosed."""
        return await self._call(message.action, message.payload, session)

    def send(
        self, message: Message | None, session: str | None, tx: Transaction | None = None
    ) -> bool:
        """Send in order, in the background; returns whether it will be told at once."""
        if message is None:
            return True
        if message.transactional:
            return self._queue(message, session, tx)
        return self.notify(message, session)

    def notify(
        self,
        message: Message,
        session: str | None,
        *,
        triggered: bool = False,
        lost: Lost | None = None,
    ) -> bool:
        """Send what is of the moment; False if it cannot be sent, and is forgotten. `lost` is
        called if the link breaks first.
        """
        may = self._core.boot.may_send(message.action, triggered=triggered)
        if self.link is None or not may:
            return False
        # Tasks begin in the order of their making, and the link sends in the order it is asked.
        self._spawn(self._tell(message, session, lost), message.action)
        return True

    def _queue(self, message: Message, session: str | None, tx: Transaction | None) -> bool:
        name = None if tx is None else tx.name
        queued = Queued(
            message.action, message.payload, name, session, message.token, waited=not self.online
        )
        queue = self._core.memory.queue
        queue.push(queued)
        if not self.online:
            self._event("message.queued", session, action=message.action, waiting=len(queue))
        self._deliver_soon()
        return self.online

    async def drained(self, timeout_s: float) -> bool:
        """Wait until nothing waits to be delivered, or the link is gone."""
        if self.online and len(self._core.memory.queue):
            self._drained = asyncio.Event()
            await self._clock.wait_event(self._drained, timeout_s)
        return not len(self._core.memory.queue)

    async def _call(self, action: str, payload: Payload, session: str | None) -> Payload:
        if self.link is None:
            raise LinkClosed(f"{action}: the station is offline")
        self._last_sent_s = self._clock.monotonic()
        timeout_s = float(self._core.settings.integer("message_timeout_s"))
        return await self.link.call(action, payload, timeout_s=timeout_s, session=session)

    async def _tell(self, message: Message, session: str | None, lost: Lost | None) -> None:
        try:
            await self._call(message.action, message.payload, session)
        except (OcppError, CallTimeout) as error:
            self._event("message.failed", session, action=message.action, error=str(error))
        except LinkClosed:
            if lost is not None:
                lost()

    # The transaction queue

    def _deliver_soon(self) -> None:
        if self._delivery is None and self.online and len(self._core.memory.queue):
            self._delivery = self._spawn(self._deliver(), "transaction messages")

    async def _deliver(self) -> None:
        queue = self._core.memory.queue
        try:
            while self.online and (head := queue.head) is not None:
                wait_s = queue.wait_s(self._clock.monotonic())
                if wait_s > 0:
                    await self._clock.sleep(wait_s)
                await self._deliver_one(head)
        except LinkClosed:
            queue.interrupted()
        finally:
            if self._delivery is asyncio.current_task():
                self._delivery = None
        if self._drained is not None:
            self._drained.set()

    async def _deliver_one(self, head: Queued) -> None:
        memory = self._core.memory
        tx = memory.unsettled.get(head.transaction or "")
        try:
            answer = await self._call(head.action, self._dialect.address(head, tx), head.session)
        except (OcppError, CallTimeout) as error:
            self._failed(head, error)
        else:
            memory.queue.acknowledged()
            if head.waited:
                self._event("message.replayed", head.session, action=head.action)
            self._acknowledged(head, tx, answer)
        if tx is not None and tx.ended and not memory.queue.holds(tx.name):
            del memory.unsettled[tx.name]

    def _failed(self, head: Queued, error: Exception) -> None:
        settings, queue = self._core.settings, self._core.memory.queue
        now_s, interval_s = self._clock.monotonic(), settings.integer("message_retry_interval_s")
        what = "message.failed"
        if isinstance(error, CallTimeout) and not self._dialect.silence_is_failure:
            queue.unanswered(now_s, interval_s=interval_s)
        else:
            attempts = settings.integer("message_attempts")
            if queue.failed(now_s, attempts=attempts, interval_s=interval_s) is Failure.DISCARD:
                what = "message.discarded"
        self._event(
            what, head.session, action=head.action, attempts=head.attempts, error=str(error)
        )

    # Heartbeats: one timer a station

    def beat(self) -> None:
        """Beat when nothing has been sent for an interval, from now on."""
        self._stop_heart()
        if not self.online:
            return
        interval_s = float(self._core.settings.integer("heartbeat_interval_s"))
        now_s = self._clock.monotonic()
        due_s = heartbeat_due_s(interval_s, self._last_sent_s, now_s)
        if due_s <= 0:
            self.notify(self._dialect.heartbeat(), None)
            due_s = interval_s
        self._heartbeat = self._clock.call_later(due_s, self.beat)

    def _stop_heart(self) -> None:
        if self._heartbeat is not None:
            self._heartbeat.cancel()
            self._heartbeat = None

    def _event(self, what: str, session: str | None, **data: Any) -> None:
        self._journal.event(self._actor, what, session=session, **data)
