"""The interface in a browser: a page with a terminal on it, and for each tab a process of its own.

Rule: only our own pages are served. A page of somebody else's, or a name that somebody else's DNS
points here, gets nothing; our page asks no other server for anything, and holds no secret.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from aiohttp import WSMessage, WSMsgType, web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from simulator.kernel.clock import Clock
from simulator.mistakes import Exit
from simulator.wire.exposure import is_address
from simulator.wire.http import BindError

# Each tab is a process of some 80 MB.
TABS = 32
# How long a process may take to end, in real seconds, before it is made to.
_GRACE_S = 0.4
# How long we wait to learn how one ended that has nothing more to say, in real seconds.
_PATIENCE_S = 5.0
# Exit codes of an interface that somebody left.
_WELL = (Exit.PASS, Exit.INTERRUPTED)
_HERE = Path(__file__).parent
# It would print that an application failed to start, also of a tab that was closed meanwhile.
logging.getLogger("textual-serve").addHandler(logging.NullHandler())
_OURS = {"page.html": "text/html", "page.js": "text/javascript"}
_USUAL, _MOST = (80, 24), (500, 300)  # columns and lines
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


class Pages:
    """Serve the page on `host` (an IP literal, or localhost), and start `command` for each tab.

    `environment` is added to that of each process: what no command line is to show. `say` hears of
    a process that ended by a mistake.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        say: Callable[[str], None] = lambda words: None,
    ) -> None:
        self.host, self.port, self._say = host, port, say
        self._command, self._environment = command, environment
        self._downloads = DownloadManager()
        self._tabs: set[_Tab] = set()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where it is, once started."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"

    @property
    def pids(self) -> list[int]:
        """The processes of the tabs that are open."""
        return [tab.process.pid for tab in self._tabs if tab.process is not None]

    async def start(self) -> None:
        """Listen. Raises BindError."""
        app = web.Application(middlewares=[self._admit])
        app.router.add_get("/", _ours("page.html"))
        app.router.add_get("/page.js", _ours("page.js"))
        app.router.add_get("/ws", self._tab)
        app.router.add_get("/download/{key}", self._download)
        app.router.add_static("/static", str(files("textual_serve") / "static"))
        app.on_response_prepare.append(_mark)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise BindError.at(self.host, self.port, error) from error
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """End every tab's process, then stop listening."""
        await asyncio.gather(*(tab.end() for tab in tuple(self._tabs)))
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _admit(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        """Refuse other people's pages, and names that may be theirs."""
        if not is_address(request.host):
            raise web.HTTPForbidden(text="that is no name of this server: use its address\n")
        origin = request.headers.get("Origin", f"http://{request.host}")
        if origin.partition("://")[2] != request.host:
            raise web.HTTPForbidden(text="only pages of this server may do that\n")
        return await handler(request)

    async def _tab(self, request: web.Request) -> web.StreamResponse:
        """A tab, from its opening to its end."""
        if len(self._tabs) >= TABS:
            raise web.HTTPServiceUnavailable(text=f"{TABS} tabs are open already\n")
        socket = web.WebSocketResponse(heartbeat=15)
        await socket.prepare(request)
        tab = _Tab(self._command, self._environment, socket, self._downloads, self._say)
        self._tabs.add(tab)
        try:
            await tab.start(*_size(request.query.get("width"), request.query.get("height")))
            await tab.listen()
        finally:
            await tab.end()
            self._tabs.discard(tab)
        return socket

    async def _download(self, request: web.Request) -> web.StreamResponse:
        """A file that a tab's interface hands to its user, once."""
        key = request.match_info["key"]
        try:
            told = await self._downloads.get_download_metadata(key)
        except KeyError:
            raise web.HTTPNotFound(text="there is no such download\n") from None
        answer = web.StreamResponse()
        answer.content_type = "application/octet-stream"
        answer.headers["Content-Disposition"] = f'attachment; filename="{_plain(told.file_name)}"'
        await answer.prepare(request)
        async for chunk in self._downloads.download(key):
            await answer.write(chunk)
        return answer


class _Tab(AppService):
    """The process behind a tab, in a session of its own: Ctrl-C is ours to hear."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        socket: web.WebSocketResponse,
        downloads: DownloadManager,
        say: Callable[[str], None],
    ) -> None:
        super().__init__(
            "", write_bytes=socket.send_bytes, write_str=socket.send_str,
            close=_closing(socket), download_manager=downloads,
        )  # fmt: skip
        self.process: Process | None = None
        self._words, self._more, self._socket, self._say = command, environment, socket, say
        self._ending = False  # it was we who asked it to
        self._code: int = Exit.PASS
        self._complaints = _nothing()

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        self.process = self._process = await asyncio.create_subprocess_exec(
            *self._words, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True,
            env={**self._build_environment(width, height), **self._more},
        )  # fmt: skip
        assert self.process.stdin is not None and self.process.stderr is not None
        self._stdin = self.process.stdin
        # It is for us to say, not for textual-serve to print.
        self._complaints, self.process.stderr = self.process.stderr, _nothing()
        return self.process

    async def run(self) -> None:
        """Hand on what the process says; when it has ended, so has the tab."""
        said = asyncio.create_task(_last_line(self._complaints))
        try:
            with contextlib.suppress(ConnectionError):  # the tab was closed in the middle of it
                await super().run()
            if not self._ending:
                await self._ended()
        finally:
            await self.remote_close()
            await said
        if self._code not in _WELL:
            how = f"exit code {self._code}" if self._code > 0 else f"killed by signal {-self._code}"
            self._say(f"a tab's interface ended: {said.result() or how}")

    async def _ended(self) -> None:
        """Learn how the process ended, before anything else asks for it: it is told but once."""
        assert self.process is not None
        with contextlib.suppress(TimeoutError):
            async with Clock("real").timeout(_PATIENCE_S):
                code = await self.process.wait()
                self._code = Exit.PASS if self._ending else code

    async def listen(self) -> None:
        """Hand on what the browser says, until it is closed."""
        async for message in self._socket:
            match _decoded(message):
                case ["stdin", str(keys)]:
                    await self.send_bytes(keys.encode(errors="replace"))
                case ["resize", {"width": int(width), "height": int(height)}]:
                    await self.set_terminal_size(*_size(str(width), str(height)))
                case ["ping", str(number)]:
                    await self._socket.send_json(["pong", number])
                case ["blur"]:
                    await self.blur()
                case ["focus"]:
                    await self.focus()

    async def end(self) -> None:
        """Ask the process to end, then make it."""
        self._ending = True
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            async with Clock("real").timeout(_GRACE_S):
                await self.process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()
        if self._task is not None:
            await self._task


def _nothing() -> asyncio.StreamReader:
    """What a process says that says nothing."""
    stream = asyncio.StreamReader()
    stream.feed_eof()
    return stream


async def _last_line(stream: asyncio.StreamReader) -> str:
    """The last line of what is said until the end, of 4 KB at most, without control characters."""
    told = b""
    while data := await stream.read(4096):
        told = (told + data)[-4096:]
    lines = told.decode(errors="replace").strip().splitlines()
    line = "".join(sign for sign in lines[-1] if sign.isprintable()) if lines else ""
    return line.removeprefix("roamlab: ")


def _ours(name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    text = (_HERE / name).read_text(encoding="utf-8")

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(text=text, content_type=_OURS[name])

    return answer


def _closing(socket: web.WebSocketResponse) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        await socket.close()

    return close


async def _mark(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)


def _decoded(message: WSMessage) -> Any:
    if message.type is WSMsgType.TEXT:
        with contextlib.suppress(ValueError, RecursionError):
            return message.json()
    return None


def _size(width: str | None, height: str | None) -> tuple[int, int]:
    """Columns and lines as they were asked for, within bounds."""
    asked = zip((width, height), _USUAL, _MOST, strict=True)
    columns, lines = (
        max(1, min(int(told), most)) if told and re.fullmatch(r"[0-9]{1,5}", told) else usual
        for told, usual, most in asked
    )
    return columns, lines


def _plain(name: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in name)
