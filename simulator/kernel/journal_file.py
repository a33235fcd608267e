"""A journal on disk: its head, then each record as it comes.

Rule: what was recorded is in the file before the loop goes on to anything else, so that a world
that dies leaves all it did; a file that takes no more says so once and is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

encode = msgspec.json.Encoder(decimal_format="number").encode


class JournalFile:
    """A file of records. `lost` is told when it cannot be written any more."""

    def __init__(
        self, path: Path, head: bytes, lost: Callable[[OSError], None], *, new: bool = False
    ) -> None:
        """Begin it with `head`; `new`: never in place of another. Raises OSError."""
        self.path = path
        self._lost = lost
        self._flush_due = False
        self._file = path.open("xb" if new else "wb")
        self._open = True
        try:
            self._file.write(head)
            self._file.flush()
        except OSError:
            self._shut()
            raise

    def write(self, record: dict[str, Any]) -> None:
        """Add a record; nothing once it is closed."""
        if not self._open:
            return
        try:
            self._file.write(encode(record) + b"\n")
        except OSError as error:
            self._gone(error)
            return
        if not self._flush_due:
            with contextlib.suppress(RuntimeError):
                asyncio.get_running_loop().call_soon(self._flush)
                self._flush_due = True

    def _flush(self) -> None:
        self._flush_due = False
        if self._open:
            try:
                self._file.flush()
            except OSError as error:
                self._gone(error)

    def close(self) -> None:
        """Flush and close it."""
        if self._open:
            self._open = False
            try:
                self._file.close()
            except OSError as error:
                self._lost(error)

    def _gone(self, error: OSError) -> None:
        self._shut()
        self._lost(error)

    def _shut(self) -> None:
        self._open = False
        with contextlib.suppress(OSError):
            self._file.close()
