"""The seam to `websockets`: what its connection does for a link, and for nobody else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from simulator.kernel.clock import Clock
from simulator.wire.ocpp_messages import LinkClosed
from simulator.wire.ocpp_socket import NO_PROXY, ClientSocket, ServerSocket, timeouts
from simulator.wire.plain_frames import write_text


class Ear:
    """A Receiver that remembers."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.binaries: list[int] = []
        self.reasons: list[str] = []

    def received(self, text: str) -> None:
        self.texts.append(text)

    def received_binary(self, size: int) -> None:
        self.binaries.append(size)

    def lost(self, reason: str) -> None:
        self.reasons.append(reason)


@contextlib.asynccontextmanager
async def pair(
    clock: Clock, ping_interval_s: float | None = None
) -> AsyncIterator[tuple[ServerSocket, ClientSocket]]:
    """Both ends of a connection; the client pings, if told how often."""
    accepted: asyncio.Future[ServerSocket] = asyncio.get_running_loop().create_future()

    async def keep(connection: ServerConnection) -> None:
        assert isinstance(connection, ServerSocket)
        accepted.set_result(connection)
        await connection.wait_closed()

    options: Any = timeouts(clock, None, 20.0)
    pinging: Any = timeouts(clock, ping_interval_s, 20.0)
    async with (
        serve(keep, "127.0.0.1", 9000, create_connection=ServerSocket, **options),
        connect(
            "ws://127.0.0.1:9000", create_connection=ClientSocket, **NO_PROXY, **pinging
        ) as client,
    ):
        assert isinstance(client, ClientSocket)
        yield await accepted, client


@pytest.mark.parametrize("data", [b"", b"data"])
async def test_the_librarys_pings_are_answered(clock: Clock, data: bytes) -> None:
    ear = Ear()

    async def keep(connection: ServerConnection) -> None:
        assert isinstance(connection, ServerSocket)
        connection.attach(ear)
        await connection.wait_closed()

    options: Any = timeouts(clock, None, 20.0)
    async with (
        serve(keep, "127.0.0.1", 9000, create_connection=ServerSocket, **options),
        connect("ws://127.0.0.1:9000", **NO_PROXY, **options) as library,
    ):
        for text in ("before", "after"):
            await library.send(text)
            async with clock.timeout(5.0):
                await (await library.ping(data))
        assert ear.texts == ["before", "after"]


async def test_pongs_keep_a_connection(clock: Clock) -> None:
    async with pair(clock, ping_interval_s=30.0) as (server, client):
        ends = [Ear(), Ear()]
        for socket, ear in zip((server, client), ends, strict=True):
            socket.attach(ear)
        await clock.sleep(600)
        server.write("still here")
        await clock.sleep(1)
        assert [(ear.texts, ear.reasons) for ear in ends] == [([], []), (["still here"], [])]


async def test_text_goes_straight_to_the_receiver(clock: Clock) -> None:
    async with pair(clock) as (server, client):
        ear = Ear()
        server.attach(ear)
        client.write("one")
        client.write("zwei é")
        await client.drain()
        await clock.sleep(1)
        assert ear.texts == ["one", "zwei é"]


async def test_a_frame_may_come_in_pieces(clock: Clock) -> None:
    async with pair(clock) as (server, client):
        ear, back = Ear(), Ear()
        server.attach(ear)
        client.attach(back)
        wanted = []
        for masked, sender in ((True, client), (False, server)):
            whole = write_text(b"in two pieces", masked=masked)
            assert whole is not None
            for cut in range(1, len(whole)):
                sender.transport.write(whole[:cut])
                await clock.sleep(1)
                # The second piece and a whole frame after it, read at once.
                sender.transport.write(whole[cut:] + whole)
                await clock.sleep(1)
                sender.write(f"after {cut}")
                await clock.sleep(1)
                wanted += ["in two pieces", "in two pieces", f"after {cut}"]
            assert (ear if masked else back).texts == wanted
            wanted = []


async def test_a_fragmented_message_may_be_followed_by_any_other(clock: Clock) -> None:
    async with pair(clock) as (server, client):
        ear = Ear()
        server.attach(ear)
        for number in range(3):
            await client.send(["in ", "frag", "ments"])
            await clock.sleep(1)
            client.write(f"plain {number}")
            await clock.sleep(1)
        assert ear.texts == [
            "in fragments",
            "plain 0",
            "in fragments",
            "plain 1",
            "in fragments",
            "plain 2",
        ]


async def test_what_came_before_the_receiver_waits_for_it(clock: Clock) -> None:
    async with pair(clock) as (server, client):
        client.write("early")
        await clock.sleep(1)
        ear = Ear()
        server.attach(ear)
        client.write("late")
        await clock.sleep(1)
        assert ear.texts == ["early", "late"]


async def test_a_receiver_attached_too_late_is_told_so(clock: Clock) -> None:
    async with pair(clock) as (server, client):
        client.abort()
        await server.wait_closed()
        ear = Ear()
        server.attach(ear)
        assert len(ear.reasons) == 1


async def test_the_end_is_told_with_its_reason(clock: Clock) -> None:
    async with pair(clock) as (server, client):
        ear = Ear()
        server.attach(ear)
        await client.close(1000, "going home")
        await server.wait_closed()
        assert "1000" in ear.reasons[0]
        assert "going home" in ear.reasons[0]
        with pytest.raises(LinkClosed):
            server.write("anybody?")


@pytest.mark.parametrize("to", ["station", "csms"])
async def test_what_comes_with_the_close_frame_is_taken(clock: Clock, to: str) -> None:
    async with pair(clock) as (server, client):
        sender, hearer = (server, client) if to == "station" else (client, server)
        ear = Ear()
        hearer.attach(ear)
        sender.protocol.send_text(b"the last word")
        sender.protocol.send_close(1000, "bye")
        sender.transport.write(b"".join(sender.protocol.data_to_send()))
        await clock.sleep(1)
        assert ear.texts == ["the last word"]
        assert ear.reasons[0] == "the peer closed: 1000 (OK) bye"


async def test_a_cut_is_told_to_the_other_end(clock: Clock) -> None:
    async with pair(clock) as (server, client):
        ear = Ear()
        server.attach(ear)
        client.abort()
        await server.wait_closed()
        assert len(ear.reasons) >= 1
        with pytest.raises(LinkClosed):
            client.write("still here")


async def test_binary_is_refused(clock: Clock) -> None:
    async with pair(clock) as (server, client):
        ear = Ear()
        server.attach(ear)
        await client.send(b"\x00" * 7)
        client.write("and text")
        await client.wait_closed()
        assert ear.binaries == [7]
        assert ear.texts == []
        assert client.protocol.close_code == 1003


async def test_a_peer_that_does_not_close_after_a_failure_is_cut(clock: Clock) -> None:
    async with pair(clock) as (server, client):
        ear = Ear()
        server.attach(ear)
        await client.send(b"binary")
        client.transport.pause_reading()  # it never sees the close frame
        await clock.sleep(0.1)
        assert len(ear.reasons) == 1
        await clock.wait_for(server.wait_closed(), 2)
        client.transport.abort()


async def test_reading_stops_and_resumes(clock: Clock) -> None:
    async with pair(clock) as (server, client):
        ear = Ear()
        server.attach(ear)
        server.pause_reading(True)
        client.write("one")
        await clock.sleep(1)
        assert ear.texts == []
        server.pause_reading(False)
        await clock.sleep(1)
        assert ear.texts == ["one"]


async def test_drain_waits_for_a_slow_peer(clock: Clock) -> None:
    async with pair(clock) as (server, client):
        ear = Ear()
        server.attach(ear)
        server.pause_reading(True)
        text = "x" * 100_000
        written = 0
        while not client.paused:
            client.write(text)
            written += 1
        draining = asyncio.ensure_future(client.drain())
        await clock.sleep(1)
        assert not draining.done()
        server.pause_reading(False)
        await draining
        await clock.sleep(1)
        assert len(ear.texts) == written


async def test_drain_ends_when_the_connection_does(clock: Clock) -> None:
    async with pair(clock) as (server, client):
        server.attach(Ear())
        server.pause_reading(True)
        while not client.paused:
            client.write("x" * 100_000)
        draining = asyncio.ensure_future(client.drain())
        await clock.sleep(1)
        server.abort()
        await clock.wait_for(draining, 5)


def test_timeouts_are_the_worlds() -> None:
    fast = timeouts(Clock("scaled", factor=60), 60.0, 120.0)
    assert (fast["ping_interval"], fast["ping_timeout"]) == (1.0, 2.0)
    assert timeouts(Clock("virtual"), None, 20.0)["ping_interval"] is None
    assert timeouts(Clock("virtual"), 0, 20.0)["ping_interval"] is None
