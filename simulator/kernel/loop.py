"""Event loops for a world: virtual time over real loopback sockets, or uvloop for real and scaled
clocks.

Rule of the virtual loop: time stands still while any socket has something to say; when all are idle
it jumps to the next timer. It also keeps a port space of its own, so that a world's URLs are the
same in every run while the sockets below use whatever ports are free.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import inspect
import os
import select
import selectors
import socket
import sys
import time
from collections.abc import Coroutine, Iterator
from selectors import EVENT_WRITE
from typing import Any, TypeVar

from simulator.kernel.clock import Clock
from simulator.kernel.flights import Counted, Flights, Listening

T = TypeVar("T")

# A day of 10 s ticks: asyncio's own cap for one select call, kept so that jumps stay bounded.
_LONGEST_JUMP_S = 24 * 3600.0
_FIRST_FREE_PORT = 49152
# Real seconds that the kernel may take to hand over what was sent on loopback.
_LONGEST_DELIVERY_S = 2.0
_LONGEST_DIAL_MS = 50
# Allocations before each look for cyclic garbage, by generation (CPython's own: 700, 10, 10).
_GC_THRESHOLDS = (20_000, 20, 20)


class _IdleJumpSelector(selectors.DefaultSelector):
    """A selector that never waits for a timer: it asks the sockets, and moves the clock when none
    is ready.
    """

    def __init__(self) -> None:
        super().__init__()
        self.loop: VirtualLoop | None = None
        self.flights = Flights()
        self._order: dict[int, int] = {}
        self._registered = 0
        self._watched: dict[int, int] = {}
        self._writing: set[int] = set()  # who waits for room to write

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = super().register(fileobj, events, data)
        self._registered += 1
        self._order[key.fd] = self._registered
        self._watch(key.fd, events)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = super().modify(fileobj, events, data)
        self._watch(key.fd, events)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        key = super().unregister(fileobj)
        self._watched.pop(key.fd, None)
        self._writing.discard(key.fd)
        return key

    def _watch(self, fd: int, events: int) -> None:
        self._watched[fd] = events
        (self._writing.add if events & EVENT_WRITE else self._writing.discard)(fd)

    def _arrived(self) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready once all that is under way on loopback was delivered."""
        ready = super().select(0)
        flights, watched = self.flights, self._watched
        if not flights.late({key.fd for key, _ in ready}, watched):
            return ready
        until = time.monotonic() + _LONGEST_DELIVERY_S
        while flights.late({key.fd for key, _ in ready}, watched):
            if time.monotonic() > until:
                flights.give_up()
                break
            os.sched_yield()
            ready = super().select(0)
        return ready

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._arrived()
        if not ready and timeout != 0 and self._writing:
            os.sched_yield()  # the other end may have made room just now
            ready = super().select(0)
        if not ready and timeout != 0:
            loop = self.loop
            assert loop is not None
            if timeout is None or loop.waits_for_threads:
                ready = super().select(timeout if timeout is None else min(timeout, 0.05))
            elif loop.may_jump(timeout):
                loop.jump(timeout)
            else:  # time is held: only the sockets can wake us
                ready = super().select(None)
        if len(ready) > 1:
            order = self._order
            ready.sort(key=lambda pair: order.get(pair[0].fd, 0))
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio loop whose time jumps to the next timer whenever every socket is idle.

    Only for closed worlds: every party on this loop, IP literals for addresses, nothing of the
    conversation in threads.
    """

    def __init__(self) -> None:
        selector = _IdleJumpSelector()
        self._now = 0.0
        super().__init__(selector)
        selector.loop = self
        self._flights = selector.flights
        self._clock_resolution = 1e-9
        self._threads = 0
        self.horizon: float | None = None
        self._ports: dict[int, int] = {}  # the world's port -> the socket's
        self._listeners: dict[int, int] = {}  # the socket's port -> its descriptor

    def time(self) -> float:
        return self._now

    # Time may be held: then it moves up to the horizon and no further, and who waits beyond waits.

    def may_jump(self, at_most_s: float) -> bool:
        """True if time can move: to the next timer, or at least to the horizon."""
        if self.horizon is None:
            return True
        if self._now + at_most_s > self.horizon:
            self._now = max(self._now, self.horizon)
            return False
        return True

    @property
    def waits_for_threads(self) -> bool:
        return self._threads > 0

    def jump(self, at_most_s: float) -> None:
        """Move time to the next timer, at most so far."""
        target = self._now + min(at_most_s, _LONGEST_JUMP_S)
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        if scheduled:
            target = min(target, scheduled[0].when())
        self._now = max(self._now, target)

    # Work in threads takes real time: while some is pending the loop waits for it and time stands
    # still.

    def run_in_executor(  # type: ignore[override]  # typeshed's variadic form
        self, executor: Any, func: Any, *args: Any
    ) -> asyncio.Future[Any]:
        self._threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._thread_done)
        return future

    def _thread_done(self, _future: object) -> None:
        self._threads -= 1

    async def shutdown_default_executor(self, *args: Any, **kwargs: Any) -> None:
        self._threads += 1
        try:
            await super().shutdown_default_executor(*args, **kwargs)
        finally:
            self._threads -= 1

    # The world's own port space.

    async def create_server(
        self, protocol_factory: Any, host: Any = None, port: int | None = None, **kwargs: Any
    ) -> asyncio.Server:
        if port is None or kwargs.get("sock") is not None:
            server = await super().create_server(protocol_factory, host, port, **kwargs)
            # It has the machine's own number, in this world too.
            self._ports |= {own: own for own in (s.getsockname()[1] for s in server.sockets)}
            return server
        if port == 0:
            port = _FIRST_FREE_PORT
            while port in self._ports:
                port += 1
        elif port in self._ports:
            raise OSError(errno.EADDRINUSE, f"port {port} is in use in this world")
        server = await super().create_server(protocol_factory, host, 0, **kwargs)
        self._ports[port] = server.sockets[0].getsockname()[1]
        return server

    # What is under way is counted at both ends.

    def _make_socket_transport(self, sock: Any, *args: Any, **kwargs: Any) -> Any:
        counted = _counted(sock, self._flights)
        return super()._make_socket_transport(counted, *args, **kwargs)  # type: ignore[misc]

    def _make_ssl_transport(self, rawsock: Any, *args: Any, **kwargs: Any) -> Any:
        counted = _counted(rawsock, self._flights)
        return super()._make_ssl_transport(counted, *args, **kwargs)  # type: ignore[misc]

    def _start_serving(self, protocol_factory: Any, sock: Any, *args: Any, **kwargs: Any) -> None:
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            self._listeners[sock.getsockname()[1]] = sock.fileno()
        heard = Listening(sock, self._flights)
        super()._start_serving(protocol_factory, heard, *args, **kwargs)  # type: ignore[misc]

    def _stop_serving(self, sock: socket.socket) -> None:
        self._flights.deaf(sock.fileno())
        if sock.fileno() != -1:
            port = sock.getsockname()[1]
            self._listeners.pop(port, None)
            self._ports = {ours: theirs for ours, theirs in self._ports.items() if theirs != port}
        super()._stop_serving(sock)  # type: ignore[misc]

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            port = address[1]
            real = self._ports.get(port)
            if real is None and port not in self._ports.values():
                raise ConnectionRefusedError(
                    errno.ECONNREFUSED, f"nobody in this world listens on {address[0]}:{port}"
                )
            address = (address[0], real or port, *address[2:])
        fd = sock.fileno()
        self._flights.dialling(fd)
        try:
            if not _connected(sock, address):
                await super().sock_connect(sock, address)
        except BaseException:
            self._flights.dialled(fd)
            raise
        self._flights.dialled(
            fd, (sock.getsockname(), sock.getpeername()), self._listeners.get(address[1])
        )

    def world_port(self, socket_port: int) -> int:
        """The port by which the world knows a socket's port."""
        for ours, theirs in self._ports.items():
            if theirs == socket_port:
                return ours
        return socket_port


def _connected(sock: Any, address: Any) -> bool:
    """Connect to a server of this loop. The kernel does it alone, mostly at once: that it now and
    then takes a moment shall make no difference. False if it takes long. Raises OSError.
    """
    problem = sock.connect_ex(address)
    if problem == errno.EINPROGRESS:
        poll = select.poll()
        poll.register(sock, select.POLLOUT)
        if not poll.poll(_LONGEST_DIAL_MS):
            return False
        problem = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if problem:
        raise OSError(problem, f"connect to {address[0]}:{address[1]}: {os.strerror(problem)}")
    return True


def _counted(sock: Any, flights: Flights) -> Any:
    """A socket whose traffic is counted; the same where it has no other end any more."""
    try:
        return Counted(sock, flights)
    except OSError:
        return sock


def bound_port(sock: socket.socket) -> int:
    """The port others must dial to reach this listening socket."""
    port: int = sock.getsockname()[1]
    loop = asyncio.get_running_loop()
    return loop.world_port(port) if isinstance(loop, VirtualLoop) else port


def new_loop(clock: Clock) -> asyncio.AbstractEventLoop:
    """Make the loop that a clock needs."""
    if clock.mode == "virtual":
        return _small_reads(VirtualLoop())
    try:
        import uvloop
    except ImportError:
        return _small_reads(asyncio.new_event_loop())
    if not _uvloop_makes_tasks():
        return _small_reads(asyncio.new_event_loop())
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


def _uvloop_makes_tasks() -> bool:
    """Whether uvloop can make tasks by asyncio's own factory, which the interface wants: it hands
    over `eager_start` from Python 3.13 on, and 3.13.0 to 3.13.2 do not take it.
    """
    if sys.version_info >= (3, 13):
        taken = inspect.signature(asyncio.eager_task_factory).parameters.values()
        return any(each.name == "eager_start" or each.kind is each.VAR_KEYWORD for each in taken)
    return True


def _small_reads(loop: asyncio.AbstractEventLoop) -> asyncio.AbstractEventLoop:
    """Read 16 KiB at a time: asyncio's default allocates 256 KiB a read, which costs two thirds of
    the speed.
    """
    from asyncio import selector_events

    selector_events._SelectorTransport.max_size = 16 * 1024  # type: ignore[attr-defined]
    return loop


@contextlib.contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for garbage in cycles less often: what a world allocates it mostly keeps (records), and
    each look goes over it again.
    """
    before = gc.get_threshold()
    gc.set_threshold(*_GC_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def run(main: Coroutine[Any, Any, T], clock: Clock) -> T:
    """Run a world's main coroutine on the loop its clock needs, and clean up after it."""
    with _rare_collections(), asyncio.Runner(loop_factory=lambda: new_loop(clock)) as runner:
        return runner.run(main)
