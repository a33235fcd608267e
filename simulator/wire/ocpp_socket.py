"""The seam to `websockets`: its connections, made to hand text messages straight to a link.

Rule: this file alone knows the library. Messages are delivered where the socket is read instead of
through a queue and a reading task, which doubles the speed; handshakes, control frames, limits and
timeouts stay the library's. A message that is one plain frame, as nearly all are, is read and
written without its parser; so is a ping without data, and its pong.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import typing
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import ServerConnection
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Protocol, Side, State
from websockets.streams import StreamReader

from simulator.kernel.clock import Clock
from simulator.wire.ocpp_messages import LinkClosed
from simulator.wire.plain_frames import read_empty, read_text, write_empty, write_text

# The library logs refused handshakes and broken connections; the journal records them instead.
quiet = logging.getLogger("simulator.wire.websockets")
quiet.addHandler(logging.NullHandler())
quiet.propagate = False

# The library learnt of proxies in 15.0; a simulator's stations need none.
_knows_proxies = "proxy" in inspect.signature(connect.__init__).parameters
NO_PROXY: dict[str, Any] = {"proxy": None} if _knows_proxies else {}

MAX_FRAME_BYTES = 1024 * 1024
OPEN_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 0.5
_CLIENT = Side.CLIENT
# Where the library's parser stands between two frames.
_AT_EOF = StreamReader.at_eof.__code__
_OPEN, _CLOSING, _CLOSED = State.OPEN, State.CLOSING, State.CLOSED
_CONT, _TEXT, _BINARY = Opcode.CONT, Opcode.TEXT, Opcode.BINARY
_PING, _PONG = Opcode.PING, Opcode.PONG


class _NoQueue:
    """Where the library would put messages for `recv`, which nobody calls."""

    @staticmethod
    def close() -> None:
        """Nobody waits."""


class Receiver(typing.Protocol):
    """Who takes the messages of a socket."""

    def received(self, text: str) -> None:
        """One text message."""

    def received_binary(self, size: int) -> None:
        """A binary message, refused; `size` in bytes."""

    def lost(self, reason: str) -> None:
        """The connection is over."""


class Socket(Connection):
    """A WebSocket connection with a receiver: the Wire of a Link."""

    _receiver: Receiver | None = None
    _early: tuple[Frame, ...] = ()
    _fragments: bytearray | None = None
    _lost_by: Exception | None = None
    _abort_timer: asyncio.TimerHandle | None = None
    _pulse: asyncio.TimerHandle | None = None
    _pong_due = False
    _between_frames = False  # the next byte that comes begins a frame

    def attach(self, receiver: Receiver) -> None:
        """Deliver messages from now on; those that came with the handshake first."""
        self._receiver = receiver
        for message in (self.request, self.response):
            if message is not None:  # 8 kB, held by the library as long as the connection
                message.headers.clear()
        early, self._early = self._early, ()
        for frame in early:
            self._message(receiver, frame)
        if self.protocol.state is _CLOSED:
            receiver.lost(self.reason)

    # The Wire of a Link

    def write(self, text: str) -> None:
        """Send one text message. Raises LinkClosed."""
        protocol = self.protocol
        if protocol.state is not _OPEN:
            raise LinkClosed(self.reason)
        data = text.encode()
        plain = write_text(data, masked=protocol.side is _CLIENT)
        try:
            if plain is not None:
                self.transport.write(plain)
            else:
                protocol.send_text(data)
                self.send_data()
        except (OSError, RuntimeError) as error:
            raise LinkClosed(f"cannot write: {error}") from error

    async def drain(self) -> None:
        """Wait until the write buffer is small again; a lost connection is told to the receiver."""
        if self.paused:
            with contextlib.suppress(OSError):
                await super().drain()

    def pause_reading(self, paused: bool) -> None:
        """Stop or resume reading from the socket."""
        if not self.transport.is_closing():
            if paused:
                self.transport.pause_reading()
            else:
                self.transport.resume_reading()

    def abort(self) -> None:
        """Cut the TCP connection."""
        self.transport.abort()

    @property
    def reason(self) -> str:
        """Why the connection is over, in words."""
        protocol = self.protocol
        if protocol.state is _CLOSED:
            error, cause = protocol.close_exc, self._lost_by
            return f"{error}: {cause}" if cause is not None else str(error)
        got, sent = protocol.close_rcvd, protocol.close_sent
        if got is not None:
            return f"the peer closed: {got}"
        return f"closed by this end: {sent}" if sent is not None else "the connection is closing"

    # The library's callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, without the queues that a connection without receiver needs."""
        super().connection_made(transport)
        self.recv_messages = typing.cast(Any, _NoQueue)
        self.drain_waiters = typing.cast(Any, [])  # an empty deque takes 600 bytes

    def process_event(self, event: Any) -> None:
        """Take a frame: data goes to the receiver, all else to the library."""
        opcode = event.opcode if isinstance(event, Frame) else None
        if opcode is _TEXT or opcode is _CONT or opcode is _BINARY:
            if self._receiver is None:
                self._early += (event,)
            else:
                self._message(self._receiver, event)
        elif opcode is _PONG:
            self._pong_due = False
        else:
            super().process_event(event)

    def data_received(self, data: bytes) -> None:
        """Take bytes; should they end the WebSocket, see to it that the TCP connection ends too."""
        protocol, receiver = self.protocol, self._receiver
        if self._between_frames and receiver is not None and protocol.state is _OPEN:
            masked = protocol.side is not _CLIENT
            text = read_text(data, masked=masked)
            if text is not None and self._fragments is None:
                self._take(receiver, text)
                return
            if text is None and self._beat(read_empty(data, masked=masked)):
                return
        super().data_received(data)
        self._between_frames = _awaits_a_frame(protocol)
        if protocol.state is _CLOSING:
            self._closing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the receiver."""
        for timer in (self._abort_timer, self._pulse):
            if timer is not None:
                timer.cancel()
        self._lost_by = exc
        super().connection_lost(exc)
        if self._receiver is not None:
            self._receiver.lost(self.reason)

    # Pings: a timer a connection, in place of the library's task, its futures and timeouts

    def start_keepalive(self) -> None:
        """Begin to ping, if it is wanted."""
        if self.ping_interval is not None:
            self._pulse = self.loop.call_later(self.ping_interval, self._ping)

    def _ping(self) -> None:
        if self.protocol.state is not _OPEN:
            return
        assert self.ping_timeout is not None
        self._pong_due = True
        self._write_empty(_PING)
        self._pulse = self.loop.call_later(self.ping_timeout, self._expect_pong)

    def _beat(self, opcode: int | None) -> bool:
        """Answer a ping, or take note of a pong; False if it is neither."""
        if opcode == _PING:
            self._write_empty(_PONG)
        elif opcode == _PONG:
            self._pong_due = False
        return opcode in (_PING, _PONG)

    def _write_empty(self, opcode: Opcode) -> None:
        with contextlib.suppress(OSError, RuntimeError):
            self.transport.write(write_empty(opcode, masked=self.protocol.side is _CLIENT))

    def _expect_pong(self) -> None:
        if self._pong_due:
            self._fail(CloseCode.INTERNAL_ERROR, "keepalive ping timeout")
            return
        assert self.ping_interval is not None and self.ping_timeout is not None
        pause_s = max(0.0, self.ping_interval - self.ping_timeout)
        self._pulse = self.loop.call_later(pause_s, self._ping)

    def _closing(self) -> None:
        """The other end has a moment to close; nothing more is sent or taken meanwhile."""
        if self._abort_timer is not None:
            return
        self._abort_timer = self.loop.call_later(CLOSE_TIMEOUT_S, self.transport.abort)
        if self._receiver is not None:
            self._receiver.lost(self.reason)

    def _message(self, receiver: Receiver, frame: Frame) -> None:
        protocol = self.protocol
        # What the peer sent before its close frame counts, though the library has answered that.
        ours = protocol.close_sent is not None and not protocol.close_rcvd_then_sent
        if ours or protocol.state is _CLOSED:
            return
        if frame.opcode is _BINARY:
            receiver.received_binary(len(frame.data))
            self._fail(CloseCode.UNSUPPORTED_DATA, "OCPP-J messages are text")
            return
        if frame.opcode is _TEXT and frame.fin:
            data: bytes | bytearray = bytes(frame.data)
        else:
            if self._fragments is None:
                self._fragments = bytearray()
            self._fragments += frame.data
            if not frame.fin:
                return
            data, self._fragments = self._fragments, None
        self._take(receiver, data)

    def _take(self, receiver: Receiver, data: bytes | bytearray) -> None:
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            self._fail(CloseCode.INVALID_DATA, f"{error.reason} at position {error.start}")
            return
        receiver.received(text)

    def _fail(self, code: CloseCode, reason: str) -> None:
        self.protocol.fail(code, reason)
        self.send_data()
        self._closing()


def _awaits_a_frame(protocol: Protocol) -> bool:
    """Whether the library's parser has read whole frames and nothing beyond."""
    step: Any = protocol.parser
    while (inner := getattr(step, "gi_yieldfrom", None)) is not None:
        step = inner
    return getattr(step, "gi_code", None) is _AT_EOF and not protocol.reader.buffer


class ServerSocket(Socket, ServerConnection):
    """The CSMS's end of a connection."""


class ClientSocket(Socket, ClientConnection):
    """The station's end of a connection."""


def timeouts(clock: Clock, ping_interval_s: float | None, ping_timeout_s: float) -> dict[str, Any]:
    """Options of both ends. The library counts seconds of the loop: a world's pass faster."""
    return {
        "compression": None,
        "open_timeout": OPEN_TIMEOUT_S,
        "close_timeout": CLOSE_TIMEOUT_S,
        "ping_interval": ping_interval_s / clock.factor if ping_interval_s else None,
        "ping_timeout": max(1.0, ping_timeout_s / clock.factor),
    }
