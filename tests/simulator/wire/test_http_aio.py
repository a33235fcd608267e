"""HTTP over real sockets: both ends with each other, and the server with any noise."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.kernel.clock import Clock
from simulator.kernel.loop import VirtualLoop, run
from simulator.wire import http_aio
from simulator.wire.http import USER_AGENT, BindError, Headers, Request, Response
from simulator.wire.http_aio import ConnectFailed, HttpClient, HttpServer, NoAnswer


async def echo(request: Request) -> Response:
    """Answer with what was understood."""
    seen = {
        "method": request.method,
        "path": request.path,
        "query": dict(request.query),
        "base_url": request.base_url,
        "remote": request.remote,
        "body": request.body.decode("latin-1"),
    }
    return Response(200, Headers({"X-Seen": request.headers.get("X-Sent", "")}), pack(seen))


def pack(value: Any) -> bytes:
    return json.dumps(value).encode()


@contextlib.asynccontextmanager
async def serving(clock: Clock, handler: Any = echo, **options: Any) -> AsyncIterator[HttpServer]:
    server = await HttpServer(handler, clock, **{"port": 8080, **options}).start()
    try:
        yield server
    finally:
        await server.stop()


@pytest.fixture
async def client(clock: Clock) -> AsyncIterator[HttpClient]:
    it = HttpClient(clock)
    yield it
    await it.close()


async def test_a_request_arrives_as_it_was_sent(clock: Clock, client: HttpClient) -> None:
    async with serving(clock) as server:
        assert server.base_url == "http://127.0.0.1:8080"
        response = await client.send(
            "PATCH",
            f"{server.base_url}/a%2Fb/c?x=1%202&x=3",
            headers={"X-Sent": "hello"},
            body=b"\x00\xff",
        )
    assert response.status == 200
    assert response.headers["x-seen"] == "hello"
    assert response.headers["Server"] == USER_AGENT
    assert response.headers["Date"] == "Thu, 15 Jan 2026 07:00:00 GMT"
    seen = json.loads(response.body)
    assert seen["method"] == "PATCH"
    assert seen["path"] == "/a%2Fb/c"
    assert seen["base_url"] == "http://127.0.0.1:8080"
    assert seen["remote"] == "127.0.0.1"
    assert seen["body"] == "\x00ÿ"


async def test_a_connection_is_kept_for_the_next_request(clock: Clock, client: HttpClient) -> None:
    async with serving(clock) as server:
        for _ in range(3):
            assert (await client.send("GET", server.base_url)).status == 200


async def test_a_slow_machine_keeps_the_connections_of_virtual_time(
    clock: Clock, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine_s = itertools.count(step=60.0)  # a minute passes whenever somebody looks
    monkeypatch.setattr("aiohttp.connector.monotonic", lambda: next(machine_s))
    dialled: list[Any] = []
    connect = VirtualLoop.sock_connect

    async def told(loop: VirtualLoop, sock: socket.socket, address: Any) -> None:
        dialled.append(address)
        await connect(loop, sock, address)

    monkeypatch.setattr(VirtualLoop, "sock_connect", told)
    async with serving(clock) as server:
        for _ in range(3):
            assert (await client.send("GET", server.base_url)).status == 200
            await clock.sleep(600)
    assert len(dialled) == 1


async def test_a_handler_that_fails_is_a_500_and_told(clock: Clock, client: HttpClient) -> None:
    told: list[tuple[str, Exception]] = []

    async def fail(request: Request) -> Response:
        raise RuntimeError("no book")

    def on_error(request: Request, error: Exception) -> None:
        told.append((request.path, error))

    async with serving(clock, fail, on_error=on_error) as server:
        assert (await client.send("GET", f"{server.base_url}/x")).status == 500
        assert (await client.send("GET", f"{server.base_url}/y")).status == 500
    assert [path for path, _ in told] == ["/x", "/y"]


async def test_status_0_closes_without_an_answer(clock: Clock, client: HttpClient) -> None:
    async def hang_up(request: Request) -> Response:
        return Response(0 if request.path == "/x" else 200)

    async with serving(clock, hang_up) as server:
        with pytest.raises(ConnectFailed, match="GET http://127"):
            await client.send("GET", f"{server.base_url}/x")
        assert (await client.send("GET", f"{server.base_url}/y")).status == 200


async def test_a_redirect_is_an_answer(clock: Clock, client: HttpClient) -> None:
    async def move(request: Request) -> Response:
        return Response(302, Headers({"Location": "/elsewhere"}))

    async with serving(clock, move) as server:
        assert (await client.send("GET", server.base_url)).status == 302


async def test_an_answer_that_does_not_come_is_told_in_time(
    clock: Clock, client: HttpClient
) -> None:
    async def sleep(request: Request) -> Response:
        await clock.sleep(3600)
        return Response(200)

    async with serving(clock, sleep) as server:
        with pytest.raises(NoAnswer, match="no answer within 7 s"):
            await client.send("GET", server.base_url, timeout_s=7)
        assert clock.monotonic() == pytest.approx(7)
        with pytest.raises(NoAnswer):
            await client.send("GET", server.base_url)
        assert clock.monotonic() == pytest.approx(37)


@pytest.mark.real
async def test_a_fast_clock_does_not_make_it_hasty() -> None:
    clock = Clock("scaled", factor=6000)

    async def sleep(request: Request) -> Response:
        await clock.sleep(1800)
        return Response(200)

    client = HttpClient(clock)
    async with serving(clock, sleep) as server:
        assert (await client.send("GET", server.base_url)).status == 200
    await client.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://", "nonsense", "http://[x"])
async def test_a_server_that_is_not_there_is_told(client: HttpClient, url: str) -> None:
    with pytest.raises(ConnectFailed, match="GET "):
        await client.send("GET", url)


@pytest.mark.parametrize(
    "reply", [b"", b"\xff\xfe\x00", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"]
)
async def test_a_server_that_talks_nonsense_is_told(client: HttpClient, reply: bytes) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async with await asyncio.start_server(babble, "127.0.0.1", 8080):
        with pytest.raises(ConnectFailed):
            await client.send("GET", "http://127.0.0.1:8080")


async def test_a_body_too_large_is_refused_at_either_end(
    clock: Clock, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_aio, "MAX_BODY_BYTES", 1000)

    async def large(request: Request) -> Response:
        return Response(200, body=b"x" * (1001 if request.path == "/large" else 1000))

    async with serving(clock, large) as server:
        sizes = [
            (await client.send("POST", server.base_url, body=b"x" * size)).status
            for size in (1000, 1001)
        ]
        assert sizes == [200, 413]
        with pytest.raises(ConnectFailed, match="larger than 1000 bytes"):
            await client.send("GET", f"{server.base_url}/large")


async def test_who_wants_to_answers_for_a_body_that_is_too_long(
    clock: Clock, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_aio, "MAX_BODY_BYTES", 1000)
    seen: list[Request] = []

    async def explain(request: Request) -> Response:
        seen.append(request)
        return Response(413, body=b"a thousand at most")

    async with serving(clock, on_too_long=explain) as server:
        answer = await client.send("POST", f"{server.base_url}/x", body=b"x" * 1001)
        assert (answer.status, answer.body) == (413, b"a thousand at most")
        assert (seen[0].path, seen[0].body, seen[0].too_long) == ("/x", b"", 1000)
        assert (await client.send("POST", server.base_url, body=b"x")).status == 200
    assert len(seen) == 1


@pytest.mark.parametrize("said", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"])
async def test_who_connects_and_asks_nothing_is_let_go(clock: Clock, said: bytes) -> None:
    async with serving(clock) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(said)
        began = clock.monotonic()
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        assert clock.monotonic() - began == pytest.approx(http_aio.HEAD_TIMEOUT_S, abs=0.1)
        writer.close()


async def test_who_has_asked_may_be_silent_afterwards(clock: Clock) -> None:
    async with serving(clock) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await reader.readline()).split()[1] == b"200"
            await clock.sleep(2 * http_aio.HEAD_TIMEOUT_S)
            left = await reader.read(10_000)
            assert left.endswith(b"}")
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_that_is_not_as_its_encoding_says_is_its_senders_mistake(
    clock: Clock, encoding: str
) -> None:
    failed: list[Exception] = []
    async with serving(clock, on_error=lambda _, error: failed.append(error)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: {encoding}\r\n"
        writer.write(head.encode() + b"Content-Length: 8\r\n\r\nnot that")
        assert (await reader.readline()).split()[1] == b"400"
        writer.close()
        await writer.wait_closed()
    assert failed == []


async def test_half_a_body_is_waited_for_so_long_and_no_longer(clock: Clock) -> None:
    async with serving(clock) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
        assert (await reader.readline()).split()[1] == b"408"
        assert clock.monotonic() == pytest.approx(30)
        writer.close()
        await writer.wait_closed()


async def test_a_port_in_use_is_told(clock: Clock) -> None:
    async with serving(clock):
        with pytest.raises(BindError, match=r"cannot listen on 127\.0\.0\.1:8080"):
            async with serving(clock):
                raise AssertionError("it listened")


async def test_a_free_port_is_found(clock: Clock, client: HttpClient) -> None:
    async with serving(clock, port=0) as server:
        assert server.port > 0
        assert (await client.send("GET", server.base_url)).status == 200


async def test_stop_does_not_wait_for_a_slow_handler(clock: Clock, client: HttpClient) -> None:
    async def sleep(request: Request) -> Response:
        await clock.sleep(3600)
        return Response(200)

    async with serving(clock, sleep) as server:
        sending = asyncio.ensure_future(client.send("GET", server.base_url, timeout_s=3600))
        await clock.sleep(1)
        await server.stop()
        assert clock.monotonic() <= 2
        with pytest.raises(ConnectFailed):
            await sending


# Any bytes


async def say(port: int, data: bytes, *, hang_up: bool = True) -> bytes:
    """Send bytes; return all that comes back until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    with contextlib.suppress(ConnectionError):
        writer.write(data)
        if hang_up:
            writer.write_eof()
        answer = await reader.read()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return answer


GOOD = b"GET /ok HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

requests = st.builds(
    lambda method, path, version, headers, body: (
        b" ".join([method, path, version]) + b"\r\n" + headers + b"\r\n" + body
    ),
    st.sampled_from([b"GET", b"POST", b"PRI", b"get", b"", b"\x00"]),
    st.sampled_from([b"/", b"*", b"http://x/", b"//", b"/%ff?%ff=%", b"/a b", b""])
    | st.binary(max_size=20),
    st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/9.9", b"HTTP/1.1 x", b""]),
    st.sampled_from(
        [
            b"",
            b"Host: x\r\n",
            b"Content-Length: 5\r\n",
            b"Content-Length: -1\r\n",
            b"Content-Length: 5\r\nContent-Length: 6\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"Content-Encoding: gzip\r\nContent-Length: 4\r\n",
            b"Upgrade: websocket\r\nConnection: Upgrade\r\n",
            b"Expect: 100-continue\r\nContent-Length: 3\r\n",
            b"no colon\r\n",
            b": no name\r\n",
            b"X: " + b"x" * 9000 + b"\r\n",
        ]
    )
    | st.binary(max_size=30),
    st.sampled_from([b"", b"hello", b"5\r\nhello\r\n0\r\n\r\n", b"zz\r\n", b"\x1f\x8b\x08"]),
)


@given(data=st.binary(max_size=200) | requests | st.lists(requests, max_size=3).map(b"".join))
@settings(max_examples=150, deadline=None)
def test_any_bytes_leave_the_server_standing(data: bytes) -> None:
    async def main(clock: Clock) -> None:
        failures: list[Exception] = []
        options = {"on_error": lambda _request, error: failures.append(error)}
        async with serving(clock, **options) as server:
            answer = await clock.wait_for(say(server.port, data), 120)
            assert answer == b"" or answer.startswith(b"HTTP/1.")
            good = await say(server.port, GOOD, hang_up=False)
            assert good.startswith(b"HTTP/1.1 200")
        assert failures == []

    clock = Clock("virtual")
    run(main(clock), clock)


async def test_a_handler_whose_client_has_left_ends_with_the_server(clock: Clock) -> None:
    async def slow(request: Request) -> Response:
        await clock.sleep(3600)
        return Response(200)

    before = asyncio.all_tasks()
    server = await HttpServer(slow, clock).start()
    client = HttpClient(clock)
    with pytest.raises(NoAnswer):
        await client.send("GET", f"{server.base_url}/x", timeout_s=1)
    await client.close()
    await server.stop()
    assert asyncio.all_tasks() == before
