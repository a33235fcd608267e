"""The CSMS's end: who is let in, who replaces whom, and whatever else knocks at the port."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.loop import run
from simulator.wire.http import BindError
from simulator.wire.ocpp_rpc import Call, LinkClosed, OcppVersion, Reply
from simulator.wire.ocpp_socket import NO_PROXY
from simulator.wire.ocpp_ws import Admission, Knock, Link, OcppServer

NOW = "2026-01-15T07:00:00.000Z"
HEARTBEAT = '[2,"1","Heartbeat",{}]'
ANSWER = f'[3,"1",{{"currentTime":"{NOW}"}}]'


async def heartbeat(call: Call) -> Reply:
    return Reply({"currentTime": NOW})


@contextlib.asynccontextmanager
async def serving(clock: Clock, journal: Journal, **options: Any) -> AsyncIterator[OcppServer]:
    settings = {
        "accept": lambda _knock: True,
        "on_link": lambda _link: heartbeat,
        **options,
    }
    server = OcppServer(clock=clock, chance=Chance(1), journal=journal, actor="cpo", **settings)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def dial(
    server: OcppServer, station: str = "CP1", *, offer: Any = ("ocpp1.6",), **options: Any
) -> ClientConnection:
    return await connect(
        f"{server.url}/{station}",
        subprotocols=list(offer) if offer else None,
        compression=None,
        **NO_PROXY,
        **options,
    )


def login(user: str, password: str | bytes) -> dict[str, dict[str, str]]:
    secret = password if isinstance(password, bytes) else password.encode()
    coded = base64.b64encode(user.encode() + b":" + secret).decode()
    return {"additional_headers": {"Authorization": f"Basic {coded}"}}


async def goes_on(server: OcppServer) -> None:
    """The server still takes a station and answers it."""
    async with await dial(server, "STILL-THERE") as station:
        await station.send(HEARTBEAT)
        assert await station.recv() == ANSWER


def whats(journal: Journal) -> list[str]:
    return [record["what"] for record in journal.records if record["leg"] == "event"]


# Who is let in


async def test_a_station_is_taken_and_answered(clock: Clock, journal: Journal) -> None:
    async with serving(clock, journal) as server:
        assert server.url == "ws://127.0.0.1:9000/ocpp"
        async with await dial(server) as station:
            await station.send(HEARTBEAT)
            assert await station.recv() == ANSWER
            assert list(server.links) == ["CP1"]
            assert server.links["CP1"].version is OcppVersion.V16
        await clock.sleep(1)
        assert server.links == {}
    assert whats(journal) == ["ocpp.connected", "ocpp.disconnected"]


@pytest.mark.parametrize(
    ("path", "station"),
    [("CP1", "CP1"), ("RDAM%20123", "RDAM 123"), ("%C3%A9%2F1", "é/1"), ("CP1?x=1", "CP1")],
)
async def test_the_path_ends_in_the_encoded_station_id(
    clock: Clock, journal: Journal, path: str, station: str
) -> None:
    async with serving(clock, journal) as server, await dial(server, path):
        assert list(server.links) == [station]


@pytest.mark.parametrize("path", ["", "/", "/ocpp", "/ocpp/", "/ocpp/%FF", "/ocpp/a/b", "/CP1"])
async def test_any_other_path_is_not_found(clock: Clock, journal: Journal, path: str) -> None:
    async with serving(clock, journal) as server:
        url = server.url.removesuffix("/ocpp") + path
        with pytest.raises(InvalidStatus) as refused:
            await connect(url, **NO_PROXY)
        assert refused.value.response.status_code == 404
        await goes_on(server)


async def test_an_unknown_station_is_not_found(clock: Clock, journal: Journal) -> None:
    async with serving(clock, journal, accept=lambda knock: knock.station_id != "CP9") as server:
        with pytest.raises(InvalidStatus) as refused:
            await dial(server, "CP9")
        assert refused.value.response.status_code == 404
        await goes_on(server)
    [record] = [r for r in journal.records if r.get("what") == "ocpp.refused"]
    assert record["data"] == {"station": "CP9", "http_status": 404}


def guarded(knock: Knock) -> Admission:
    return Admission.ADMITTED if knock.password == "pässword" else Admission.UNAUTHORIZED


async def test_security_profile_1_takes_the_right_password(clock: Clock, journal: Journal) -> None:
    async with (
        serving(clock, journal, accept=guarded) as server,
        await dial(server, **login("CP1", "pässword")),
    ):
        assert list(server.links) == ["CP1"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        login("CP1", "wrong"),
        login("CP2", "pässword"),
        {"additional_headers": {"Authorization": "Bearer pässword".encode().decode("latin-1")}},
        {"additional_headers": {"Authorization": "Basic ???"}},
        {"additional_headers": {"Authorization": "Basic Q1Ax"}},
        {"additional_headers": [("Authorization", "Basic a"), ("Authorization", "Basic b")]},
    ],
)
async def test_security_profile_1_asks_for_the_password(
    clock: Clock, journal: Journal, options: dict[str, Any]
) -> None:
    async with serving(clock, journal, accept=guarded) as server:
        with pytest.raises(InvalidStatus) as refused:
            await dial(server, **options)
        assert refused.value.response.status_code == 401
        assert refused.value.response.headers["WWW-Authenticate"].startswith("Basic")
    assert "pässword" not in journal.dump().decode()


async def test_a_password_of_16_may_be_any_bytes(clock: Clock, journal: Journal) -> None:
    key = bytes.fromhex("0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF")
    seen: list[str | None] = []

    async def accept(knock: Knock) -> bool:
        seen.append(knock.password)
        return True

    async with serving(clock, journal, accept=accept) as server:
        await (await dial(server, **login("CP1", key))).close()
    assert seen == [key.decode("latin-1")]


# Which version


async def test_the_stations_preference_chooses_the_version(clock: Clock, journal: Journal) -> None:
    versions = (OcppVersion.V16, OcppVersion.V201, OcppVersion.V21)
    async with serving(clock, journal, versions=versions) as server:
        for offer, chosen in (
            (["ocpp1.6", "ocpp2.0.1"], "ocpp1.6"),
            (["ocpp2.1", "ocpp2.0.1", "ocpp1.6"], "ocpp2.1"),
            (["ocpp1.5", "soap", "ocpp2.0.1"], "ocpp2.0.1"),
        ):
            async with await dial(server, offer=offer) as station:
                assert station.subprotocol == chosen


@pytest.mark.parametrize("offer", [None, ["ocpp1.5"], ["ocpp2.1"], ["OCPP1.6"]])
async def test_without_a_common_version_the_handshake_ends_in_a_close(
    clock: Clock, journal: Journal, offer: Any
) -> None:
    async with serving(clock, journal) as server:
        station = await dial(server, offer=offer)
        assert station.subprotocol is None
        with pytest.raises(ConnectionClosed):
            await station.recv()
        assert station.protocol.close_code == 1002
        assert server.links == {}
        await goes_on(server)
    assert "ocpp.no_common_version" in whats(journal)


# One connection a station


async def test_a_second_connection_replaces_the_first(clock: Clock, journal: Journal) -> None:
    gone: list[Link] = []
    async with serving(clock, journal, on_gone=gone.append) as server:
        first = await dial(server)
        old = server.links["CP1"]
        call = asyncio.ensure_future(old.call("Reset", {"type": "Soft"}))
        await clock.sleep(1)
        async with await dial(server) as second:
            with pytest.raises(LinkClosed):
                await call
            await first.wait_closed()
            assert first.protocol.close_code == 1008
            await second.send(HEARTBEAT)
            assert await second.recv() == ANSWER
            assert server.links["CP1"] is not old
            assert gone == [old]
        await clock.sleep(1)
        assert len(gone) == 2


async def test_a_first_connection_that_is_dead_does_not_hold_up_the_second(
    clock: Clock, journal: Journal
) -> None:
    async with serving(clock, journal) as server:
        first = await dial(server)
        first.transport.pause_reading()
        async with await dial(server) as second:
            await second.send(HEARTBEAT)
            assert await second.recv() == ANSWER
        await clock.sleep(5)
        first.transport.abort()


# What a link may send


@pytest.mark.parametrize(
    ("message", "code"),
    [(b"\x00\x01", 1003), ("x" * (1024 * 1024 + 1), 1009)],
)
async def test_what_ocpp_cannot_be_closes_the_connection(
    clock: Clock, journal: Journal, message: str | bytes, code: int
) -> None:
    async with serving(clock, journal) as server:
        station = await dial(server)
        await station.send(message)
        with pytest.raises(ConnectionClosed):
            await station.recv()
        assert station.protocol.close_code == code
        await clock.sleep(1)
        assert server.links == {}
        await goes_on(server)


async def test_text_that_is_not_utf8_closes_the_connection(clock: Clock, journal: Journal) -> None:
    async with serving(clock, journal) as server:
        station = await dial(server)
        await station.send(b'[2,"\xff","Heartbeat",{}]', text=True)
        with pytest.raises(ConnectionClosed):
            await station.recv()
        assert station.protocol.close_code == 1007
        await goes_on(server)


async def test_a_message_in_fragments_is_one_message(clock: Clock, journal: Journal) -> None:
    async with serving(clock, journal) as server, await dial(server) as station:
        await station.send(['[2,"é1"', ',"Heart', 'beat",{}', "]", ""])
        assert await station.recv() == ANSWER.replace('"1"', '"é1"')


async def test_a_station_that_answers_no_ping_is_given_up(clock: Clock, journal: Journal) -> None:
    async with serving(clock, journal, ping_interval_s=60.0, ping_timeout_s=20.0) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(upgrade("/ocpp/CP1"))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        link = server.links["CP1"]
        await link.closed.wait()
        assert clock.monotonic() == pytest.approx(80.0, abs=1.0)
        writer.close()
        await writer.wait_closed()


# Whatever else knocks


def upgrade(path: str, *, extra: str = "", subprotocol: str = "ocpp1.6") -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n"
        f"Sec-WebSocket-Protocol: {subprotocol}\r\n{extra}Sec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


async def say(server: OcppServer, data: bytes, *, hang_up: bool = True) -> bytes:
    """Send bytes; return all that comes back until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(data)
    answer = b""
    with contextlib.suppress(ConnectionError):
        if hang_up:
            writer.write_eof()
        answer = await reader.read()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return answer


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /ocpp/CP1 HTTP/1.1\r\nHost: x\r\n\r\n", b"426"),
        (b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
        (upgrade("/ocpp/CP1").replace(b"Version: 13", b"Version: 12"), b"400"),
        (upgrade("/ocpp/CP1").replace(b"x3JJHM", b""), b"400"),
    ],
)
async def test_http_that_is_no_websocket_gets_its_status(
    clock: Clock, journal: Journal, data: bytes, status: bytes
) -> None:
    async with serving(clock, journal) as server:
        assert (await say(server, data, hang_up=False)).split()[1] == status
        assert server.links == {}
        await goes_on(server)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /ocpp/CP1 HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
        b"GET / HTTP/0.9\r\n\r\n",
        b"x" * 100_000,
        upgrade("/ocpp/CP1") + b"\xff" * 50,
        upgrade("/ocpp/CP1") + b"\x81\x05hello",
        upgrade("/ocpp/CP1") + b"\x83\x80\x00\x00\x00\x00",
        upgrade("/ocpp/CP1")[:-2],
    ],
)
async def test_noise_is_answered_or_closed_and_the_server_goes_on(
    clock: Clock, journal: Journal, data: bytes
) -> None:
    async with serving(clock, journal) as server:
        await clock.wait_for(say(server, data), 30)
        await clock.sleep(1)
        assert server.links == {}
        await goes_on(server)


async def test_who_says_nothing_is_shown_out(clock: Clock, journal: Journal) -> None:
    async with serving(clock, journal) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        assert await clock.wait_for(reader.read(), 30) == b""
        writer.close()
        await writer.wait_closed()
        await goes_on(server)


def masked(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    """A client's frame, masked with zeros."""
    first = (0x80 if fin else 0) | opcode
    length = len(payload)
    head = bytes([first, 0x80 | length]) if length < 126 else b""
    if not head:
        head = bytes([first, 0x80 | 126]) + length.to_bytes(2, "big")
    return head + bytes(4) + payload


noise = st.binary(max_size=200)
json_like = st.sampled_from(
    [b"", b"{", b"[", b'[2,"1",', b'[3,"1",{}]', b'[2,"1","Heartbeat",{}]', b"[4]", b"\xff"]
)
frames = st.lists(
    st.builds(masked, st.integers(0, 15), json_like | noise, fin=st.booleans()) | noise,
    max_size=6,
).map(b"".join)


@given(data=noise | frames.map(lambda rest: upgrade("/ocpp/CP1") + rest))
@settings(max_examples=80, deadline=None)
def test_any_bytes_leave_the_server_standing(data: bytes) -> None:
    async def main(clock: Clock) -> None:
        async with serving(clock, Journal(clock)) as server:
            await clock.wait_for(say(server, data), 60)
            await goes_on(server)

    clock = Clock("virtual")
    run(main(clock), clock)


# Its own life


async def test_a_port_in_use_is_told(clock: Clock, journal: Journal) -> None:
    async with serving(clock, journal):
        with pytest.raises(BindError, match=r"cannot listen on 127\.0\.0\.1:9000"):
            async with serving(clock, journal):
                raise AssertionError("it listened")


async def test_stop_closes_every_link_even_amid_a_handler(clock: Clock, journal: Journal) -> None:
    async def slow(call: Call) -> Reply:
        await clock.sleep(3600)
        return Reply({})

    async with serving(clock, journal, on_link=lambda _link: slow) as server:
        stations = [await dial(server, f"CP{number}") for number in range(5)]
        await stations[0].send(HEARTBEAT)
        await clock.sleep(1)
        began = clock.monotonic()
        await server.stop()
        assert clock.monotonic() - began < 1
        for station in stations:
            await station.wait_closed()
            assert station.protocol.close_code == 1001
        assert server.links == {}


async def test_stop_does_not_wait_for_a_station_that_is_dead(
    clock: Clock, journal: Journal
) -> None:
    async with serving(clock, journal) as server:
        station = await dial(server)
        station.transport.pause_reading()
        began = clock.monotonic()
        await server.stop()
        assert clock.monotonic() - began <= 1
        station.transport.abort()


async def test_trouble_in_the_owners_callbacks_is_told_and_survived(
    clock: Clock, journal: Journal
) -> None:
    def accept(knock: Knock) -> bool:
        if knock.station_id == "CP1":
            raise RuntimeError("the book is shut")
        return True

    def on_link(link: Link) -> Any:
        if link.peer_id == "CP2":
            raise RuntimeError("no hands")
        return heartbeat

    async with serving(clock, journal, accept=accept, on_link=on_link) as server:
        with pytest.raises(InvalidStatus) as refused:
            await dial(server, "CP1")
        assert refused.value.response.status_code == 500
        with pytest.raises(ConnectionClosed):
            await (await dial(server, "CP2")).recv()
        await goes_on(server)
        assert "CP2" not in server.links
    errors = [r["data"]["error"] for r in journal.records if r.get("what") == "ocpp.failed"]
    assert [error.split(" (")[0] for error in errors] == [
        "RuntimeError: the book is shut",
        "RuntimeError: no hands",
    ]
