"""The page in a browser: who gets it, what it holds, and that no tab outlives its end."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest

from simulator.kernel.clock import Clock
from simulator.tui.web import TABS, Pages
from simulator.wire.http import BindError

pytestmark = pytest.mark.real
# Says that it is there, then says back what it hears, as the interface's own driver packs it.
ECHO = """
import os, sys
os.write(1, b"__GANGLION__\\n")
def say(text):
    os.write(1, b"D" + len(text).to_bytes(4, "big") + text)
say(os.environ["COLUMNS"].encode() + b" x " + os.environ["ROWS"].encode())
say(os.environ["SECRET"].encode())
while data := os.read(0, 1000):
    say(data)
"""


@pytest.fixture
async def pages() -> AsyncIterator[Pages]:
    there = Pages([sys.executable, "-c", ECHO], {"SECRET": "it-came"})
    await there.start()
    yield there
    await there.stop()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def heard(socket: aiohttp.ClientWebSocketResponse, words: bytes) -> None:
    told = b""
    while words not in told:
        told += (await socket.receive(60)).data


async def becomes(true: Callable[[], bool]) -> bool:
    for _ in range(900):
        if true():
            return True
        await Clock("real").sleep(0.05)
    return False


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_the_page_asks_for_nothing_from_elsewhere(
    pages: Pages, http: aiohttp.ClientSession
) -> None:
    async with http.get(pages.url) as answer:
        text = await answer.text()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "://" not in text and "it-came" not in text
    for place in re.findall(r'(?:src|href)="([^":]+)"|url\("([^"]+)"\)', text):
        async with http.get(pages.url + "".join(place)) as answer:
            assert answer.status == 200, place


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "rebound.example"}, 403),
        ({"Host": "["}, 400),
        ({"Origin": "http://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "localhost:1", "Origin": "http://localhost:1"}, 200),
        ({"Host": "192.0.2.7"}, 200),
    ],
)
async def test_only_own_pages_are_admitted(
    pages: Pages, http: aiohttp.ClientSession, headers: dict[str, str], status: int
) -> None:
    for path in ("", "ws", "static/js/textual.js"):
        async with http.get(pages.url + path, headers=headers) as answer:
            expected = 400 if (path, status) == ("ws", 200) else status  # a GET is no WebSocket
            assert answer.status in {expected, 403} if status == 400 else answer.status == expected
    assert pages.pids == []


async def test_a_tab_is_a_process_that_ends_with_it(
    pages: Pages, http: aiohttp.ClientSession
) -> None:
    async with http.ws_connect(f"{pages.url}ws?width=9999&height=0x") as socket:
        await heard(socket, b"500 x 24")
        (pid,) = pages.pids
        odds = ("{", "5", '["resize", {"width": 3}]', '["stdin"]', '["ping", 4]', "[" * 99_999)
        for odd in (*odds, '["stdin", "\\ud800"]'):
            await socket.send_str(odd)
        await socket.send_json(["ping", "17"])
        await heard_text(socket, '["pong", "17"]')
        await socket.send_json(["stdin", "hello"])
        await heard(socket, b"hello")
    assert await becomes(lambda: gone(pid))
    assert await becomes(lambda: pages.pids == [])  # who reaped it is told a moment later


async def heard_text(socket: aiohttp.ClientWebSocketResponse, words: str) -> None:
    while (await socket.receive(60)).data != words:
        pass


async def test_when_the_process_ends_so_does_the_tab(
    pages: Pages, http: aiohttp.ClientSession
) -> None:
    async with http.ws_connect(f"{pages.url}ws") as socket:
        await heard(socket, b"it-came")
        os.kill(pages.pids[0], 9)
        while (await socket.receive(60)).type is aiohttp.WSMsgType.BINARY:
            pass
        assert socket.closed


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("import sys; sys.exit('roamlab: nobody\\x1b[2J is at http://127.0.0.1:1')",
         ["a tab's interface ended: nobody[2J is at http://127.0.0.1:1"]),
        ("import os; os.kill(os.getpid(), 9)", ["a tab's interface ended: killed by signal 9"]),
        ("raise SystemExit(4)", ["a tab's interface ended: exit code 4"]),
        ("raise SystemExit(130)", []),
        ("", []),
    ],
)  # fmt: skip
async def test_of_a_process_that_ends_by_a_mistake_we_say_so_and_nobody_else_does(
    http: aiohttp.ClientSession, script: str, told: list[str],
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    said: list[str] = []
    pages = Pages([sys.executable, "-c", script], {}, say=said.append)
    await pages.start()
    async with http.ws_connect(f"{pages.url}ws") as socket:
        while not socket.closed:
            await socket.receive(60)
    assert await becomes(lambda: pages.pids == [])
    await pages.stop()
    assert said == told
    assert capfd.readouterr() == ("", "")


async def test_a_tab_that_is_closed_before_its_process_has_begun_is_no_mistake(
    http: aiohttp.ClientSession,
) -> None:
    said: list[str] = []
    pages = Pages([sys.executable, "-c", "input()"], {}, say=said.append)
    await pages.start()
    async with http.ws_connect(f"{pages.url}ws"):
        assert await becomes(lambda: len(pages.pids) == 1)
    assert await becomes(lambda: pages.pids == [])
    await pages.stop()
    assert said == []


async def test_the_end_leaves_no_process(http: aiohttp.ClientSession) -> None:
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + ECHO
    pages = Pages([sys.executable, "-c", stubborn], {"SECRET": "it-came"})
    await pages.start()
    sockets = [await http.ws_connect(f"{pages.url}ws") for _ in range(2)]
    for socket in sockets:
        await heard(socket, b"it-came")
    pids = pages.pids
    assert len(pids) == 2
    await pages.stop()
    assert await becomes(lambda: all(map(gone, pids)))
    for socket in sockets:
        await socket.close()


async def test_there_is_an_end_to_tabs(http: aiohttp.ClientSession) -> None:
    pages = Pages([sys.executable, "-c", "input()"], {})
    await pages.start()
    pages._tabs |= {object() for _ in range(TABS)}  # type: ignore[misc]
    with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
        await http.ws_connect(f"{pages.url}ws")
    pages._tabs.clear()
    await pages.stop()


async def test_a_port_that_is_taken(pages: Pages) -> None:
    with pytest.raises(BindError):
        await Pages([], {}, port=pages.port).start()
