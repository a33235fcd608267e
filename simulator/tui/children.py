"""Commands of roamlab in processes of their own, started from the interface.

Rule: they end with the interface, however it ends: told to when it closes, then killed; and tied to
it by their standard input, so that a crash ends them, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from simulator.interrupt import INTERRUPTED, TIED
from simulator.kernel.clock import Clock
from simulator.mistakes import Mistake

# How long one may take to end, in real seconds, before it is killed.
_PATIENCE_S = 1.5
_LINE = 2**26  # bytes that a line may have
_CLOSING = "the interface is closing"


class Child:
    """One command that runs. What it says that is no JSON is kept in `words`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.words: list[str] = []

    @property
    def code(self) -> int | None:
        """Its exit code, once it has ended; negative: the signal that ended it."""
        return self._process.returncode

    @property
    def interrupted(self) -> bool:
        """It ended by a signal, before it was through."""
        return self.code is not None and (self.code < 0 or self.code == INTERRUPTED)

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        if self.code is None:
            return "it runs"
        if self.code >= 0:
            how = "was interrupted, " if self.interrupted else "ended with "
            return f"its process {how}exit code {self.code}"
        with contextlib.suppress(ValueError):
            return f"its process was ended by {signal.Signals(-self.code).name}"
        return f"its process was ended by signal {-self.code}"

    async def told(self) -> AsyncIterator[Any]:
        """What it prints as JSON, a line each, until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            try:
                yield msgspec.json.decode(line)
            except msgspec.DecodeError:
                self.words.append(line.decode(errors="replace").rstrip())
        await self._process.wait()

    async def end(self) -> None:
        """Let it end, and wait until it has; with patience, but not much."""
        self._signal(signal.SIGTERM)
        try:
            async with Clock("real").timeout(_PATIENCE_S):
                await self._process.wait()
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _signal(self, number: signal.Signals) -> None:
        """Not by the process's own methods: they look first whether it has ended, and then nobody
        else learns its exit code.
        """
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, number)


class Children:
    """All of them."""

    def __init__(self) -> None:
        self._all: set[Child] = set()
        self._closed = asyncio.Event()

    async def start(self, *arguments: str, **environment: str) -> Child:
        """Start `roamlab` with arguments, and more in its environment. Raises Mistake."""
        if self._closed.is_set():
            raise Mistake(_CLOSING)
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "simulator", *arguments,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT, limit=_LINE, start_new_session=True,
                env={**os.environ, TIED: "1", "NO_COLOR": "1", **environment},
            )  # fmt: skip
        except OSError as error:
            raise Mistake(f"no process could be started: {error.strerror or error}") from error
        child = Child(process)
        self._all.add(child)
        if self._closed.is_set():  # meanwhile
            await self.end(child)
            raise Mistake(_CLOSING)
        return child

    async def end(self, child: Child) -> None:
        """End one."""
        await child.end()
        self._all.discard(child)

    async def close(self) -> None:
        """End all, at the same time; none is started any more."""
        self._closed.set()
        await asyncio.gather(*(self.end(child) for child in tuple(self._all)))
