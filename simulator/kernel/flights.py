"""What is under way between the ends of one loop: bytes, calls to a server, the news of an end.

Rule: the kernel may hand over late what was sent on loopback, as a busy machine does; so everything
is counted at both ends, and what the loop sees next never depends on how late it was.
"""

from __future__ import annotations

import socket
from collections.abc import Collection, Mapping
from selectors import EVENT_READ, EVENT_WRITE
from typing import Any

# An end by its own address and the other's, as it names them itself.
End = tuple[Any, Any]


class Flights:
    """Counts what the ends of a loop send each other, by the end that it comes to."""

    def __init__(self) -> None:
        self._ends: dict[End, int] = {}  # those that are open, and their file descriptors
        self._bytes: dict[End, int] = {}
        self._over: set[End] = set()  # to whom the other end has said its last
        self._calls: dict[End, int] = {}  # the end that will be, and who listens for it
        self._dialling: set[int] = set()

    def open(self, end: End, fd: int) -> None:
        """An end is there."""
        self._ends[end] = fd

    def sent(self, end: End, size: int) -> None:
        """It has sent so many bytes."""
        other = end[::-1]
        self._bytes[other] = self._bytes.get(other, 0) + size

    def received(self, end: End, size: int) -> None:
        """It has got so many bytes; none: the news that the other will send no more."""
        left = self._bytes.get(end, 0) - size
        if left > 0 and size:
            self._bytes[end] = left
        else:
            self._bytes.pop(end, None)
        if not size:
            self._over.discard(end)

    def finished(self, end: End) -> None:
        """It will send no more."""
        other = end[::-1]
        if other in self._ends:
            self._over.add(other)

    def closed(self, end: End) -> None:
        """It is gone, and what was on its way to it."""
        if self._ends.pop(end, None) is not None:
            self.finished(end)
        self._forget(end)

    def dialling(self, fd: int) -> None:
        """A connection is asked for."""
        self._dialling.add(fd)

    def dialled(self, fd: int, end: End | None = None, listener: int | None = None) -> None:
        """It stands, from this end; or it does not."""
        self._dialling.discard(fd)
        if end is not None and listener is not None:
            self._calls[end[::-1]] = listener

    def accepted(self, end: End) -> None:
        """Who listens has taken a call."""
        self._calls.pop(end, None)

    def deaf(self, listener: int) -> None:
        """Nobody listens there any more."""
        self._calls = {end: fd for end, fd in self._calls.items() if fd != listener}

    def late(self, ready: Collection[int], watched: Mapping[int, int]) -> bool:
        """Whether something comes yet to a descriptor that is `watched` (for which events) and not
        `ready`.
        """
        for end in (*self._bytes, *self._over):
            fd = self._ends.get(end, -1)
            if fd not in ready and watched.get(fd, 0) & EVENT_READ:
                return True
        return any(
            fd not in ready and watched.get(fd, 0) & event
            for fds, event in ((self._calls.values(), EVENT_READ), (self._dialling, EVENT_WRITE))
            for fd in fds
        )

    def give_up(self) -> None:
        """Wait for none of it any more."""
        for counted in (self._bytes, self._over, self._calls, self._dialling):
            counted.clear()

    def _forget(self, end: End) -> None:
        self._bytes.pop(end, None)
        self._over.discard(end)
        self._calls.pop(end, None)


class Counted:
    """A connected socket whose traffic is counted; all else is the socket's own."""

    def __init__(self, sock: socket.socket, flights: Flights) -> None:
        self._sock, self._flights = sock, flights
        self._end: End = (sock.getsockname(), sock.getpeername())
        flights.open(self._end, sock.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def send(self, *args: Any) -> int:
        """As a socket does."""
        size = self._sock.send(*args)
        self._flights.sent(self._end, size)
        return size

    def sendmsg(self, *args: Any) -> int:
        """As a socket does."""
        size = self._sock.sendmsg(*args)
        self._flights.sent(self._end, size)
        return size

    def recv(self, *args: Any) -> bytes:
        """As a socket does."""
        try:
            data = self._sock.recv(*args)
        except OSError as error:
            self._broke(error)
            raise
        self._flights.received(self._end, len(data))
        return data

    def recv_into(self, *args: Any) -> int:
        """As a socket does."""
        try:
            size = self._sock.recv_into(*args)
        except OSError as error:
            self._broke(error)
            raise
        self._flights.received(self._end, size)
        return size

    def _broke(self, error: OSError) -> None:
        """Nothing more comes over a connection that broke."""
        if not isinstance(error, BlockingIOError | InterruptedError):
            self._flights.received(self._end, 0)

    def shutdown(self, how: int) -> None:
        """As a socket does."""
        self._sock.shutdown(how)
        if how != socket.SHUT_RD:
            self._flights.finished(self._end)

    def close(self) -> None:
        """As a socket does."""
        self._flights.closed(self._end)
        self._sock.close()


class Listening:
    """A listening socket whose calls are counted."""

    def __init__(self, sock: socket.socket, flights: Flights) -> None:
        self._sock, self._flights = sock, flights

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def accept(self) -> tuple[socket.socket, Any]:
        """As a socket does."""
        sock, address = self._sock.accept()
        self._flights.accepted((sock.getsockname(), address))
        return sock, address
