"""`roamlab` as a real process, for what only a process shows: signals, exit codes, flushing."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType

PATIENCE_S = 60.0
# Whoever waits for a request, a station or a lock to end has waited for longer.
AT_ONCE_S = 25.0


class Roamlab:
    """A running `roamlab`; use it as a context manager, so that it always ends."""

    def __init__(self, *arguments: str) -> None:
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "simulator", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, part: str) -> str:
        """The first line that holds `part`; fails loudly if it does not come."""
        with self._changed:
            found = self._changed.wait_for(
                lambda: self._line(part) or not self._reader.is_alive(), timeout=PATIENCE_S
            )
        line = self._line(part)
        assert found and line, f"no '{part}' in:\n" + "\n".join(self.lines)
        return line

    def _line(self, part: str) -> str | None:
        return next((line for line in self.lines if part in line), None)

    def interrupt(self, number: int = signal.SIGINT) -> int:
        """Send a signal; returns the exit code. It fails if the end does not come at once."""
        self.process.send_signal(number)
        return self.process.wait(AT_ONCE_S)

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def ended(self) -> bool:
        """Wait until nobody has its output any more."""
        self._reader.join(PATIENCE_S)
        return not self._reader.is_alive()

    @property
    def output(self) -> str:
        """All that it printed so far."""
        return "\n".join(self.lines)

    def __enter__(self) -> Roamlab:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.kill()
        self._reader.join(PATIENCE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()


def _ports() -> Iterator[int]:
    """Ports below those that a kernel deals out, others for each worker of the tests."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    first = 12_000 + worker % 10 * 2_000
    yield from itertools.cycle(range(first + os.getpid() % 1_000, first + 2_000))


_PORTS = _ports()


def free_port() -> int:
    """A port that nobody listens on, nor will before it is used."""
    for port in _PORTS:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("the ports never end")
