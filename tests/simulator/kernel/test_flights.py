"""What is under way between the ends of a loop: how late it comes makes no difference."""

from __future__ import annotations

import asyncio
import selectors
import socket
from collections.abc import Iterator
from selectors import EVENT_READ, EVENT_WRITE
from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.flights import Counted, Flights, Listening
from simulator.kernel.loop import run

A, B = ("127.0.0.1", 1), ("127.0.0.1", 2)
HERE, THERE = (A, B), (B, A)


def test_what_was_sent_is_late_until_it_is_ready_or_was_received() -> None:
    flights = Flights()
    flights.open(HERE, 5)
    flights.open(THERE, 6)
    watched = {5: EVENT_READ, 6: EVENT_READ}
    assert not flights.late((), watched)
    flights.sent(HERE, 10)
    assert flights.late((), watched) and flights.late((5,), watched)
    assert not flights.late((6,), watched), "it is there"
    assert not flights.late((), {5: EVENT_READ, 6: EVENT_WRITE}), "nobody there wants to read"
    flights.received(THERE, 4)
    assert flights.late((), watched)
    flights.received(THERE, 6)
    assert not flights.late((), watched)


def test_the_news_of_an_end_is_awaited_and_what_came_to_it_is_not() -> None:
    flights = Flights()
    flights.open(HERE, 5)
    flights.open(THERE, 6)
    flights.sent(THERE, 3)
    flights.closed(HERE)
    assert flights.late((), {6: EVENT_READ}) and not flights.late((), {5: EVENT_READ})
    flights.received(THERE, 0)
    assert not flights.late((), {5: EVENT_READ, 6: EVENT_READ})
    flights.closed(THERE)
    assert not flights.late((), {5: EVENT_READ, 6: EVENT_READ})


def test_a_call_is_awaited_where_somebody_listens() -> None:
    flights = Flights()
    flights.dialling(5)
    assert flights.late((), {5: EVENT_WRITE}) and not flights.late((5,), {5: EVENT_WRITE})
    flights.dialled(5, HERE, listener=7)
    assert flights.late((), {7: EVENT_READ})
    flights.accepted(THERE)
    assert not flights.late((), {5: EVENT_WRITE, 7: EVENT_READ})
    flights.dialled(5, HERE, listener=7)
    flights.deaf(7)
    assert not flights.late((), {7: EVENT_READ})
    flights.dialled(5, HERE, listener=7)
    flights.give_up()
    assert not flights.late((), {7: EVENT_READ})


def test_sockets_are_counted_at_both_ends() -> None:
    flights = Flights()
    with socket.create_server(("127.0.0.1", 0)) as server:
        there = socket.create_connection(server.getsockname())
        flights.dialled(there.fileno(), (there.getsockname(), there.getpeername()), server.fileno())
        watched = {server.fileno(): EVENT_READ}
        assert flights.late((), watched)
        taken, _ = Listening(server, flights).accept()
        assert not flights.late((), watched)
    one, two = Counted(there, flights), Counted(taken, flights)
    watched = {one.fileno(): EVENT_READ, two.fileno(): EVENT_READ}
    one.send(b"abc")
    one.sendmsg([b"de"])
    assert flights.late((), watched)
    assert two.recv(2) + two.recv(3) == b"abcde" and not flights.late((), watched)
    two.send(b"xyz")
    assert one.recv_into(bytearray(3)) == 3 and not flights.late((), watched)
    one.shutdown(socket.SHUT_WR)
    assert flights.late((), watched) and two.recv(1) == b"" and not flights.late((), watched)
    two.setblocking(False)
    two.close()
    assert flights.late((), watched) and one.recv(1) == b""
    one.close()
    assert not flights.late((), watched)


@pytest.fixture
def late_kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A kernel that hands over half of what is ready a look later, or two."""
    chance, hidden = Chance(7), [0]
    real = selectors.DefaultSelector.select

    def select(self: Any, timeout: float | None = None) -> Any:
        ready = real(self, timeout)
        if timeout != 0:  # nobody may be left waiting for what is there
            return ready
        shown = [one for one in ready if chance.uniform(0, 1) < 0.5]
        hidden[0] += len(ready) - len(shown)
        return shown

    monkeypatch.setattr(selectors.DefaultSelector, "select", select)
    yield hidden


async def _talk(clock: Clock) -> list[str]:
    """Several who talk to one server at the same moment; who hears what, in which order."""
    heard: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            heard.append(f"{asyncio.get_running_loop().time()} {line.decode()}")
            writer.write(line)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async def call(name: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in range(20):
            writer.write(f"{name} {number}\n".encode())
            async with clock.timeout(5):
                answer = await reader.readline()
            heard.append(f"{name} got {answer.decode()}")
            await clock.sleep(number % 3)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(call(name) for name in "abcde"))
    server.close()
    await server.wait_closed()
    return heard


def test_how_late_the_kernel_is_makes_no_difference(late_kernel: list[int]) -> None:
    def talk() -> list[str]:
        clock = Clock("virtual")
        return run(_talk(clock), clock)

    first = talk()
    assert late_kernel[0] > 100 and len(first) == 200
    for _ in range(5):
        assert talk() == first
