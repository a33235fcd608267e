"""Faults on OCPP-J: what stands between a link and its socket, and lets messages go wrong.

Rule: it looks at text alone, and knows nothing of the link. Without faults every message passes
straight through. Waiting costs timers, never tasks; what waits dies with the connection.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.pace import Timer
from simulator.wire.fault_kinds import CLOSE, OCPP
from simulator.wire.fault_spec import RECEIVED, SENT, Moment
from simulator.wire.faults import FaultBoard, Hit
from simulator.wire.faults_frame import EFFECTS, Draft, Frame
from simulator.wire.held_edit import Letter
from simulator.wire.holding import Desk
from simulator.wire.ocpp_link import Wire
from simulator.wire.ocpp_messages import LinkClosed
from simulator.wire.ocpp_socket import Receiver

_CALLS_KEPT = 256


class Plug(Wire, Protocol):
    """A socket: a wire that can be told who takes its messages."""

    def attach(self, receiver: Receiver) -> None:
        """Deliver messages from now on."""


class _Lane:
    """One direction: messages that wait their turn, in order, and those that have lost it."""

    def __init__(self, clock: Clock, deliver: Callable[[str], None]) -> None:
        self._clock = clock
        self._deliver = deliver
        self._queue: deque[tuple[float, str]] = deque()
        self._timer: Timer | None = None
        self._strays: dict[int, Timer] = {}
        self._held: dict[int, str] = {}
        self._numbers = 0
        self._line_free_s = 0.0

    @property
    def idle(self) -> bool:
        """Nothing waits."""
        return not self._queue and not self._held

    def put(self, text: str, delay_s: float = 0.0, bytes_per_s: float = 0.0) -> None:
        """Deliver in order, now or later. Raises LinkClosed."""
        now_s = self._clock.monotonic()
        if bytes_per_s:
            began_s = max(now_s, self._line_free_s)
            self._line_free_s = began_s + len(text.encode()) / bytes_per_s
            delay_s += self._line_free_s - now_s
        due_s = now_s + delay_s
        if not self._queue and delay_s <= 0:
            self._pass(text)
            return
        self._queue.append((max(due_s, self._queue[-1][0]) if self._queue else due_s, text))
        if self._timer is None:
            self._set(now_s)

    def stray(self, text: str, delay_s: float) -> None:
        """Deliver later, whatever passes meanwhile."""
        self._numbers += 1
        number = self._numbers

        def arrive() -> None:
            self._strays.pop(number, None)
            with suppress(LinkClosed):
                self._deliver(text)

        self._strays[number] = self._clock.call_later(delay_s, arrive)

    def hold(self, text: str, within_s: float) -> None:
        """Deliver once the next one has passed, or after so long."""
        self._numbers += 1
        number = self._numbers

        def arrive() -> None:
            with suppress(LinkClosed):
                self._release(number)

        self._held[number] = text
        self._strays[number] = self._clock.call_later(within_s, arrive)

    def clear(self) -> None:
        """Lose all that waits."""
        for timer in (self._timer, *self._strays.values()):
            if timer is not None:
                timer.cancel()
        self._timer = None
        self._queue.clear()
        self._strays.clear()
        self._held.clear()

    def _pass(self, text: str) -> None:
        self._deliver(text)
        for number in list(self._held):
            self._release(number)

    def _release(self, number: int) -> None:
        text = self._held.pop(number, None)
        timer = self._strays.pop(number, None)
        if timer is not None:
            timer.cancel()
        if text is not None:
            self._deliver(text)

    def _set(self, now_s: float) -> None:
        self._timer = self._clock.call_later(self._queue[0][0] - now_s, self._ring)

    def _ring(self) -> None:
        self._timer = None
        _, text = self._queue.popleft()
        with suppress(LinkClosed):
            self._pass(text)
        if self._queue and self._timer is None:
            self._set(self._clock.monotonic())


class FaultyWire:
    """The Wire of a link, and the receiver of its socket: what passes may be struck."""

    def __init__(
        self,
        socket: Plug,
        board: FaultBoard,
        *,
        clock: Clock,
        journal: Journal,
        actor: str,
        peer: str,
    ) -> None:
        self._socket = socket
        self._board = board
        self._clock = clock
        self._journal = journal
        self._actor = actor
        self._peer = peer
        self._receiver: Receiver | None = None
        self._out = _Lane(clock, socket.write)
        self._in = _Lane(clock, self._arrive)
        self._actions: OrderedDict[str, str] = OrderedDict()
        self._silence: Hit | None = None
        self._silent_until_s = 0.0

    def attach(self, receiver: Receiver) -> None:
        """Deliver messages from now on."""
        self._receiver = receiver
        self._socket.attach(self)

    # The link's side

    def write(self, text: str) -> None:
        """Send one text message, if it gets that far. Raises LinkClosed."""
        if self._passes(self._out):
            self._socket.write(text)
        else:
            self._strike(SENT, text)

    async def drain(self) -> None:
        """Wait until the buffer is small enough to write on."""
        await self._socket.drain()

    def pause_reading(self, paused: bool) -> None:
        """Stop or resume taking frames from the socket."""
        self._socket.pause_reading(paused)

    async def close(self, code: int, reason: str) -> None:
        """Close with the closing handshake, sooner or later."""
        self._clear()
        if self._board.active:
            moment = Moment(OCPP, self._actor, self._peer, SENT, CLOSE, message=reason)
            for hit in self._board.strike(moment):
                hit.did(f"{hit.fault['by']:g} s later")
                await self._clock.sleep(hit.fault["by"])
        await self._socket.close(code, reason)

    def abort(self) -> None:
        """Cut the connection, without a word."""
        self._socket.abort()

    # The socket's side

    def received(self, text: str) -> None:
        """Take one text message from the socket."""
        if self._passes(self._in):
            self._arrive(text)
        else:
            self._strike(RECEIVED, text)

    def received_binary(self, size: int) -> None:
        """Take note of a binary message."""
        if self._receiver is not None:
            self._receiver.received_binary(size)

    def lost(self, reason: str) -> None:
        """The connection is over, and so is what was on its way."""
        receiver, self._receiver = self._receiver, None
        self._clear()
        if receiver is not None:
            receiver.lost(reason)

    def _arrive(self, text: str) -> None:
        if self._receiver is not None:
            self._receiver.received(text)

    def _clear(self) -> None:
        self._out.clear()
        self._in.clear()
        if self._board.desk is not None:
            self._board.desk.lose(self, "the connection is over")

    # What happens on the way

    def _passes(self, lane: _Lane) -> bool:
        return lane.idle and self._silence is None and not self._board.active

    def _strike(self, direction: str, text: str) -> None:
        frame = Frame(text)
        moment = self._moment(direction, frame)
        if self._silence is not None:
            if self._clock.monotonic() < self._silent_until_s:
                self._silence.did("lost in the silence", moment)
                return
            self._silence = None
        draft = Draft(text)
        for hit in self._board.strike(moment):
            effect = EFFECTS.get(hit.fault.kind)
            if effect is None:
                continue
            told = effect(draft, hit)
            if told:
                hit.did(told)
            if draft.silence_s:
                self._silence = hit
                self._silent_until_s = self._clock.monotonic() + draft.silence_s
            if draft.gone:
                if draft.keep is not None:
                    draft.keep.did("not held: it is lost")
                break
        self._send_on(direction, draft)

    def _send_on(self, direction: str, draft: Draft) -> None:
        lane, back = (self._out, self._in) if direction == SENT else (self._in, self._out)
        if draft.abort:
            self._socket.abort()
        if draft.reply is not None:
            back.stray(draft.reply, 0.0)  # never within the call that it answers
        if draft.gone:
            return
        if draft.keep is not None and self._board.desk is not None:
            self._hold(direction, draft, draft.keep, self._board.desk)
            return
        for _ in range(draft.copies):
            if draft.late_s:
                lane.stray(draft.text, draft.late_s + draft.delay_s)
            elif draft.held_s:
                lane.hold(draft.text, draft.held_s + draft.delay_s)
            else:
                lane.put(draft.text, draft.delay_s, draft.bytes_per_s)

    def _hold(self, direction: str, draft: Draft, hit: Hit, desk: Desk) -> None:
        """Let it wait until somebody lets it go on; what comes after it passes."""
        frame, draft.keep = Frame(draft.text), None

        def go(letter: Letter | None) -> None:
            if letter is None:
                return
            if letter.text != frame.content:
                draft.text = frame.with_content(letter.text)
            with suppress(LinkClosed):
                self._send_on(direction, draft)

        desk.take(hit, Letter(frame.content), go, self)

    def _moment(self, direction: str, frame: Frame) -> Moment:
        message_id, action = frame.id or "", frame.action
        if action is not None:
            self._actions[message_id] = action
            if len(self._actions) > _CALLS_KEPT:
                self._actions.popitem(last=False)
        return Moment(
            OCPP,
            self._actor,
            self._peer,
            direction,
            frame.of,
            action=action or self._actions.get(message_id),
            session=self._journal.session_of(f"message/{message_id}"),
            message=frame.text,
            payload=lambda: frame.payload,
            id=frame.id,
        )


def faulty(socket: Plug, board: FaultBoard | None, **who: Any) -> Plug:
    """A socket as a link uses it: itself where there is no board, else one that may be struck."""
    return socket if board is None else FaultyWire(socket, board, **who)
