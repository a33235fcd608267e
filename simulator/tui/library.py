"""Scenario files that can be played from here: those that come along, and your own.

Rule: looking at the list reads no world; a file is read again once it has changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Container
from dataclasses import dataclass
from pathlib import Path

from simulator.kernel.filters import Value
from simulator.mistakes import Mistake, in_words
from simulator.scenario.collect import SHELVES, is_scenario
from simulator.scenario.schema import Scenario, peek

# Bytes of a file that takes so long to read that it would be felt.
_LONG = 8_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A scenario file: `folder` and `name` are for people, `path` is absolute."""

    path: str
    folder: str
    name: str


class Library:
    """The shelf and a folder's own: its scenarios, and those in its folder `scenarios`."""

    def __init__(self, folder: Path) -> None:
        self._own = (folder, folder / "scenarios")
        self._reading: dict[str, int] = {}  # long ones, and when they were changed
        self._shelf: dict[Path, Entry] | None = None  # what comes along does not change
        self._read: dict[str, tuple[int, list[Scenario] | Mistake]] = {}

    def entries(self) -> list[Entry]:
        """Your own first, then what comes along, by folder."""
        if self._shelf is None:
            self._shelf = {}
            shelf = next((shelf for shelf in SHELVES if shelf.is_dir()), Path())
            for file in sorted(shelf.glob("*/*.yaml")):
                _enter(self._shelf, file, file.parent.name)
        found: dict[Path, Entry] = {}
        for file in (file for place in self._own for file in sorted(place.glob("*.yaml"))):
            _enter(found, file, "yours")
        return list((found | self._shelf).values())

    def text(self, path: str) -> str:
        """A file's text. Raises Mistake."""
        try:
            return Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Mistake(f"{path}: cannot read it: {error}") from error

    def signs(self) -> object:
        """What is another once one of your own files came, changed or went."""
        return [sign for place in self._own for sign in _signs(place)]

    def runs(self, path: str, later: Callable[[], None] | None = None) -> list[Scenario] | None:
        """The runs of a file, as it is now. Raises Mistake with all that is wrong in it.

        With `later` a long one is read in a thread: None until that is called, on this loop.
        """
        try:
            told = Path(path).stat()
        except OSError as error:
            raise Mistake(f"{path}: cannot read it: {error.strerror}") from error
        known = self._read.get(path)
        if known is None or known[0] != told.st_mtime_ns:
            if later is not None and told.st_size > _LONG:
                self._begin(path, told.st_mtime_ns, later)
                return None
            known = self._read[path] = (told.st_mtime_ns, self._runs(path))
        if isinstance(known[1], Mistake):
            raise known[1]
        return known[1]

    def _begin(self, path: str, changed: int, later: Callable[[], None]) -> None:
        """Read a long file beside the loop. The thread touches nothing of the world's, and is left
        behind where the interface ends meanwhile.
        """
        if self._reading.get(path) == changed:
            return
        self._reading[path] = changed
        loop = asyncio.get_running_loop()

        def take(runs: list[Scenario] | Mistake) -> None:
            self._read[path] = (changed, runs)
            self._reading.pop(path, None)
            later()

        def read() -> None:
            runs = self._runs(path)
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(take, runs)

        threading.Thread(target=read, daemon=True).start()

    def _runs(self, path: str) -> list[Scenario] | Mistake:
        try:
            return peek(self.text(path), path)
        except Mistake as mistake:
            return mistake
        except Exception as error:
            return Mistake(f"{path}: {in_words(error)}")


def _enter(found: dict[Path, Entry], file: Path, folder: str) -> None:
    if is_scenario(file) and (real := file.resolve()) not in found:  # a link in a circle has none
        found[real] = Entry(str(real), folder, file.stem)


@dataclass(frozen=True, slots=True)
class OfFile:
    """A scenario file's fields, for the filter; `text` reads it."""

    entry: Entry
    verdict: str
    text: Callable[[str], str]
    marked: Container[str] = ()

    def field(self, name: str) -> Value:
        """See `Filterable`."""
        match name:
            case "a":
                return f"{self.entry.folder}/{self.entry.name}"
            case "s":
                return self.verdict
            case "err":
                return self.verdict in ("FAIL", "ERROR")
            case "m":
                return self.entry.path in self.marked
            case "body":
                return self._told()
            case "any":
                return f"{self.entry.folder}/{self.entry.name} {self.verdict} {self._told()}"
        return None

    def _told(self) -> str:
        try:
            return self.text(self.entry.path)
        except Mistake:
            return ""


def _signs(place: Path) -> list[tuple[str, int]]:
    """The scenario files of a folder, and when each was changed; none where it cannot be read."""
    found: list[tuple[str, int]] = []
    with contextlib.suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):  # a link in a circle, a file that went just now
                if entry.name.endswith(".yaml") and entry.is_file():
                    found.append((entry.path, entry.stat().st_mtime_ns))
    return found
