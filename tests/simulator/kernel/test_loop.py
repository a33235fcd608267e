"""The virtual loop: time jumps only when every socket is idle; ports are the world's own."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from typing import Any

import pytest

from simulator.kernel.clock import Clock, stopwatch
from simulator.kernel.loop import VirtualLoop, bound_port, new_loop, run


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line)
    writer.close()


async def test_a_day_passes_in_a_moment(clock: Clock) -> None:
    elapsed_ms = stopwatch()
    await clock.sleep(24 * 3600)
    assert clock.monotonic() == 24 * 3600
    assert elapsed_ms() < 60_000


async def test_a_month_is_crossed_in_several_jumps(clock: Clock) -> None:
    await clock.sleep(31 * 24 * 3600)
    assert clock.monotonic() == 31 * 24 * 3600


async def test_timers_fire_in_the_order_of_their_times(clock: Clock) -> None:
    fired: list[tuple[str, float]] = []
    for name, delay_s in (("late", 30.0), ("early", 10.0), ("middle", 20.0)):
        clock.call_later(delay_s, lambda name=name: fired.append((name, clock.monotonic())))
    await clock.sleep(31)
    assert fired == [("early", 10.0), ("middle", 20.0), ("late", 30.0)]


async def test_time_stands_still_while_sockets_talk(clock: Clock) -> None:
    server = await asyncio.start_server(echo, "127.0.0.1", 9000)
    reader, writer = await asyncio.open_connection("127.0.0.1", 9000)
    for number in range(500):
        writer.write(f"{number}\n".encode())
        async with clock.timeout(0.001):  # would fire at once if time moved under way
            assert await reader.readline() == f"{number}\n".encode()
    assert clock.monotonic() == 0.0
    writer.close()
    await writer.wait_closed()
    server.close()


def test_two_worlds_listen_on_the_same_port_at_the_same_time() -> None:
    async def listen() -> asyncio.Server:
        return await asyncio.start_server(echo, "127.0.0.1", 8080)

    async def close(server: asyncio.Server) -> int:
        port = bound_port(server.sockets[0])
        server.close()
        await server.wait_closed()
        return port

    worlds = [VirtualLoop(), VirtualLoop()]
    servers = [world.run_until_complete(listen()) for world in worlds]
    ports = [
        world.run_until_complete(close(server))
        for world, server in zip(worlds, servers, strict=True)
    ]
    assert ports == [8080, 8080]
    for world in worlds:
        world.close()


async def test_free_ports_are_the_same_in_every_run() -> None:
    servers = [await asyncio.start_server(echo, "127.0.0.1", 0) for _ in range(3)]
    assert [bound_port(server.sockets[0]) for server in servers] == [49152, 49153, 49154]
    for server in servers:
        server.close()


async def test_a_port_in_use_in_this_world_is_refused() -> None:
    server = await asyncio.start_server(echo, "127.0.0.1", 8080)
    with pytest.raises(OSError, match="8080 is in use in this world") as caught:
        await asyncio.start_server(echo, "127.0.0.1", 8080)
    assert caught.value.errno == errno.EADDRINUSE
    server.close()


async def test_a_port_is_free_again_once_its_server_has_closed() -> None:
    for _ in range(3):
        server = await asyncio.start_server(echo, "127.0.0.1", 8080)
        server.close()
        await server.wait_closed()


async def test_a_port_where_nobody_listens_refuses_the_connection() -> None:
    with pytest.raises(ConnectionRefusedError, match="nobody in this world listens"):
        await asyncio.open_connection("127.0.0.1", 8081)


async def test_the_outside_cannot_be_dialled_by_chance() -> None:
    """A real port that somebody else holds is not a port of this world."""
    with socket.socket() as outside:
        outside.bind(("127.0.0.1", 0))
        outside.listen()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", outside.getsockname()[1])


async def test_time_waits_for_threads(clock: Clock) -> None:
    release = threading.Event()
    threading.Timer(0.05, release.set).start()
    clock.call_later(3600, lambda: None)
    assert await asyncio.to_thread(release.wait, 10)
    assert clock.monotonic() == 0.0


async def test_what_waits_for_ever_is_woken_by_a_thread() -> None:
    """With no timer at all the loop blocks instead of spinning, and still hears a thread."""
    woken = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()
    threading.Timer(0.05, lambda: loop.call_soon_threadsafe(woken.set_result, "woken")).start()
    assert await woken == "woken"


def test_each_clock_gets_its_loop() -> None:
    virtual, real = new_loop(Clock("virtual")), new_loop(Clock("real"))
    try:
        assert isinstance(virtual, VirtualLoop)
        assert not isinstance(real, VirtualLoop)
    finally:
        virtual.close()
        real.close()


def test_run_returns_what_main_returns_and_ends_its_tasks() -> None:
    clock = Clock("virtual")
    ended: list[str] = []

    async def lingering() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("lingering")

    async def main() -> float:
        task = asyncio.create_task(lingering())
        await clock.sleep(60)
        assert not task.done()
        return clock.monotonic()

    assert run(main(), clock) == 60
    assert ended == ["lingering"]


@pytest.mark.real
async def test_on_a_real_loop_a_port_is_what_the_socket_says() -> None:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    assert bound_port(server.sockets[0]) == server.sockets[0].getsockname()[1]
    server.close()


def before_3_13_3(loop: Any, coro: Any, *, name: Any = None, context: Any = None) -> Any:
    """What `asyncio.eager_task_factory` takes there; uvloop would hand it `eager_start`, too."""


def since_3_13_3(loop: Any, coro: Any, *, eager_start: bool = True, **kwargs: Any) -> Any:
    """What it takes there."""


@pytest.mark.parametrize(
    ("python", "factory", "fits"),
    [
        ((3, 12, 1), before_3_13_3, True),
        ((3, 13, 0), before_3_13_3, False),
        ((3, 13, 3), since_3_13_3, True),
    ],
)
def test_uvloop_only_where_tasks_may_begin_at_once(
    monkeypatch: pytest.MonkeyPatch, python: tuple[int, ...], factory: Any, fits: bool
) -> None:
    pytest.importorskip("uvloop")
    with monkeypatch.context() as patch:
        patch.setattr("sys.version_info", python)
        patch.setattr(asyncio, "eager_task_factory", factory, raising=False)
        loop = new_loop(Clock("real"))
    loop.close()
    assert type(loop).__module__.startswith("uvloop") is fits


@pytest.mark.skipif(not hasattr(asyncio, "eager_task_factory"), reason="from Python 3.12 on")
@pytest.mark.parametrize("clock", ["real", "virtual"])
def test_tasks_may_begin_at_once_as_the_interface_wants_it(clock: Any) -> None:
    async def begun() -> bool:
        return True

    async def main() -> bool:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        return await asyncio.create_task(begun())

    assert run(main(), Clock(clock))
