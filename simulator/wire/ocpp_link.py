"""One live OCPP-J connection, either end: the asyncio shell around `ocpp_rpc`.

Rule: a frame costs no task of its own. Answers are settled where they arrive; incoming CALLs are
handled one at a time, in order, by the one coroutine that serves the link. So a handler may itself
call the peer, and whatever shall happen after its answer goes into `Reply.after`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Any, Protocol

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.pace import Timer
from simulator.wire.chores import Chores, tell
from simulator.wire.ocpp_messages import (
    Answered,
    Call,
    CallHandler,
    CallTimeout,
    ErrorCode,
    Late,
    LinkClosed,
    MessageType,
    OcppError,
    OcppVersion,
    Payload,
    Pending,
    Refused,
    Reply,
    Sent,
    Stray,
    Validation,
)
from simulator.wire.ocpp_rpc import Rpc

SessionFor = Callable[[str | None, Payload], str | None]

# So many CALLs may wait to be handled; past that the socket is not read until they are fewer.
_INBOX_HIGH = 64
_REASON_LIMIT = 40  # characters: a close frame holds 123 bytes of reason


class Wire(Protocol):
    """What a link needs of a transport. Another WebSocket library fits behind it."""

    def write(self, text: str) -> None:
        """Send one text message, buffered. Raises LinkClosed."""

    async def drain(self) -> None:
        """Wait until the buffer is small enough to write on."""

    def pause_reading(self, paused: bool) -> None:
        """Stop or resume taking frames from the socket."""

    async def close(self, code: int, reason: str) -> None:
        """Close with the closing handshake."""

    def abort(self) -> None:
        """Cut the connection, without a word."""


class _Waiting:
    """Who waits for the answer to a CALL of ours."""

    __slots__ = ("future", "session")

    def __init__(self, future: asyncio.Future[Payload], session: str | None) -> None:
        self.future = future
        self.session = session

    def fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)


async def _run(after: Callable[[], Awaitable[None]]) -> None:
    await after()


class Link:
    """Call the peer, answer its calls, and record every frame of either."""

    def __init__(
        self,
        wire: Wire,
        *,
        peer_id: str,
        version: OcppVersion,
        clock: Clock,
        ids: Chance,
        journal: Journal,
        actor: str,
        peer: str,
        chores: Chores,
        validation: Validation = Validation.STRICT,
        call_timeout_s: float = 30.0,
        forgiving: Collection[str] = (),
    ) -> None:
        self.peer_id = peer_id
        self.version = version
        self.closed = asyncio.Event()
        self.closed_because = ""
        self.session_for: SessionFor | None = None
        self.call_timeout_s = call_timeout_s
        self._wire = wire
        self._rpc = Rpc(version, validation=validation, forgiving=forgiving)
        self._clock = clock
        self._ids = ids
        self._journal = journal
        self._actor = actor
        self._peer = peer
        self._chores = chores
        self._record = partial(journal.ocpp, actor, peer, version=version.value)
        self._inbox: list[Call] = []
        self._wake: asyncio.Future[None] | None = None
        self._server: asyncio.Task[None] | None = None
        self._reading_paused = False
        self._alarm: Timer | None = None
        self._alarm_at = 0.0

    def __repr__(self) -> str:
        return f"<Link {self._actor} - {self._peer} ocpp{self.version}>"

    # Calling

    async def call(
        self,
        action: str,
        payload: Payload,
        *,
        timeout_s: float | None = None,
        session: str | None = None,
        checked: bool = True,
    ) -> Payload:
        """Send a CALL and wait for its answer; CALLs go out one at a time, in order. Unchecked, an
        invalid one goes out, too.

        Raises OcppError (the peer's CALLERROR, or `local`: we found the message invalid),
        CallTimeout, LinkClosed.
        """
        if self.closed.is_set():
            raise LinkClosed(self.closed_because)
        if session is None and self.session_for is not None and isinstance(payload, dict):
            session = self.session_for(action, payload)
        message_id = self._ids.uuid4()
        limit_s = self._clock.patience(self.call_timeout_s) if timeout_s is None else timeout_s
        try:
            pending = self._rpc.call(
                message_id, action, payload, timeout_s=limit_s, checked=checked
            )
        except OcppError as error:
            self._event("ocpp.not_sent", session, action=action, error=str(error))
            raise
        future: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        pending.context = _Waiting(future, session)
        self._pump()
        try:
            return await future
        except asyncio.CancelledError:
            self._rpc.withdraw(pending)
            if future.done() and not future.cancelled():
                future.exception()  # nobody will ask for it any more
            raise

    async def send(self, action: str, payload: Payload, *, session: str | None = None) -> None:
        """Send an unconfirmed SEND (2.1). Raises OcppError (local), LinkClosed."""
        sent = self._rpc.send(self._ids.uuid4(), action, payload)
        self._write(sent, session)
        await self._wire.drain()

    async def send_raw(self, text: str, *, session: str | None = None) -> None:
        """Send any text as a frame: nonsense, on purpose. Raises LinkClosed."""
        text = text.encode(errors="replace").decode()  # a text frame is UTF-8 at least
        self._wire.write(text)
        self._record(
            session,
            direction="sent",
            frame=text,
            message_type=None,
            message_id=None,
            action=None,
        )
        await self._wire.drain()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection; outstanding calls raise LinkClosed at once."""
        self.lost(reason or "closed by this end")
        await self._wire.close(code, reason[:_REASON_LIMIT])

    def abort(self) -> None:
        """Cut the connection without a close frame, as a broken network does."""
        self._wire.abort()

    # Serving: one coroutine a link

    async def serve(self, handler: CallHandler) -> None:
        """Handle incoming CALLs, one at a time and in order, until the link is closed."""
        self._server = asyncio.current_task()
        inbox = self._inbox
        while True:
            while inbox:
                await self._handle(handler, inbox.pop(0))
                if self._reading_paused and len(inbox) < _INBOX_HIGH // 2:
                    self._reading_paused = False
                    self._wire.pause_reading(False)
            if self.closed.is_set():
                return
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake

    def interrupt(self) -> None:
        """Stop serving now, even amid a handler."""
        if self._server is not None:
            self._server.cancel()

    async def _handle(self, handler: CallHandler, call: Call) -> None:
        reply: Reply | None = None
        try:
            reply = await handler(call)
            sent = self._rpc.answer(call, reply.payload)
        except OcppError as error:
            sent = self._rpc.refuse(call, error)
        except Exception as error:
            self._event("ocpp.handler_failed", None, action=call.action, error=tell(error))
            failure = OcppError(ErrorCode.INTERNAL_ERROR, f"{call.action} failed")
            sent = self._rpc.refuse(call, failure)
        if sent is not None:
            try:
                self._write(sent, None)
            except LinkClosed:
                self._event("ocpp.unanswered", None, action=call.action, id=call.message_id)
                return
            await self._wire.drain()
            if sent.message_type != MessageType.CALLRESULT:
                return
        if reply is not None and reply.after is not None:
            self._chores.start(_run(reply.after), f"after {call.action}")

    # What the wire brings

    def received(self, text: str) -> None:
        """Take one text message from the wire."""
        got = self._rpc.receive(text)
        event = got.event
        session = None
        if isinstance(event, Call) and self.session_for is not None:
            session = self.session_for(event.action, event.payload)
        self._record(
            session,
            direction="received",
            frame=text,
            message_type=got.message_type,
            message_id=got.message_id,
            action=got.action,
            errors=list(got.errors),
        )
        if got.reply is not None and not self.closed.is_set():
            self._write_or_lose(got.reply)
        if isinstance(event, Call):
            self._accept(event)
        else:
            self._settle(event)

    def received_binary(self, size: int) -> None:
        """Take note of a binary message: OCPP-J has none."""
        self._event("ocpp.binary_frame", None, bytes=size)

    def lost(self, reason: str) -> None:
        """The connection is over: whoever waits for an answer gets LinkClosed."""
        if self.closed.is_set():
            return
        self.closed_because = reason
        self.closed.set()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        for pending in self._rpc.close():
            pending.context.fail(LinkClosed(f"{pending.action}: {reason}"))
        self._awaken()

    def _accept(self, call: Call) -> None:
        self._inbox.append(call)
        if len(self._inbox) > _INBOX_HIGH and not self._reading_paused:
            self._reading_paused = True
            self._wire.pause_reading(True)
        self._awaken()

    def _awaken(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def _settle(self, event: Answered | Late | Refused | Stray) -> None:
        if isinstance(event, Answered):
            waiting: _Waiting = event.pending.context
            if event.error is not None:
                waiting.fail(event.error)
            elif not waiting.future.done():
                waiting.future.set_result(event.payload)
            self._pump()
        elif isinstance(event, Late):
            answer = str(event.error) if event.error is not None else event.payload
            self._event(
                "ocpp.late_answer", None, action=event.action, id=event.message_id, answer=answer
            )
        elif isinstance(event, Stray):
            self._event("ocpp.stray_frame", None, reason=event.reason)

    # Writing

    def _pump(self) -> None:
        """Send the next CALL of the queue, if its turn has come."""
        if not self._rpc.ready:
            return
        now = self._clock.monotonic()
        pending = self._rpc.next_call(now)
        assert pending is not None
        if self._write_or_lose(pending):
            assert pending.deadline is not None
            self._set_alarm(now, pending.deadline)

    def _write_or_lose(self, sent: Sent) -> bool:
        session = sent.context.session if isinstance(sent, Pending) else None
        try:
            self._write(sent, session)
        except LinkClosed as error:
            self.lost(str(error))
            self._wire.abort()
            return False
        return True

    def _write(self, sent: Sent, session: str | None) -> None:
        self._wire.write(sent.text)
        self._record(
            session,
            direction="sent",
            frame=sent.text,
            message_type=sent.message_type,
            message_id=sent.message_id,
            action=sent.action,
            errors=list(sent.errors),
        )

    # Deadlines: one timer a link, set again only when it is too late, so that a call costs none

    def _set_alarm(self, now: float, deadline: float) -> None:
        if self._alarm is not None:
            if self._alarm_at <= deadline:
                return
            self._alarm.cancel()
        self._alarm_at = deadline
        self._alarm = self._clock.call_later(deadline - now, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        now = self._clock.monotonic()
        expired = self._rpc.expire(max(now, self._alarm_at))
        if expired is not None:
            waiting: _Waiting = expired.context
            limit_s = expired.timeout_s
            self._event("ocpp.timeout", waiting.session, action=expired.action, after_s=limit_s)
            waiting.fail(CallTimeout(f"{expired.action}: no answer within {limit_s:g} s"))
            self._pump()
        elif self._rpc.deadline is not None:
            self._set_alarm(now, self._rpc.deadline)

    def _event(self, what: str, session: str | None, **data: Any) -> None:
        self._journal.event(self._actor, what, peer=self._peer, session=session, **data)
