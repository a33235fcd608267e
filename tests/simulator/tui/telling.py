"""Keystrokes that read as a story, and who plays them: the pilot of a test, or a real terminal.

A story is a text file. Its first line says what it tells. Then, a line each:

    press KEY …          keys as the interface calls them: `s`, `enter`, `ctrl+p`, `?`
    type WORDS           letter by letter
    see WORDS            wait until they are on the screen
    not see WORDS        wait until they are not
    wait N s             real seconds; a story that waits for something `see`s it instead

Rule: a story looks before it goes on, so that it is told at any speed.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

FOLDER = Path(__file__).parent / "stories"
_LINE = re.compile(r"(press|type|see|not see|wait) (\S.*)")
_WAIT = re.compile(r"(\d+) s")


@dataclass(frozen=True)
class Line:
    """What is done, with what, and where it stands."""

    verb: str
    words: str
    number: int


@dataclass(frozen=True)
class Tale:
    """A story: what it tells, and its lines."""

    name: str
    title: str
    lines: tuple[Line, ...]


class Player(Protocol):
    """Who plays a story."""

    @property
    def screen(self) -> str:
        """What is on the screen."""

    async def press(self, *keys: str) -> None:
        """Press keys."""

    async def wait(self, holds: Callable[[], bool] | None, seconds: float) -> bool:
        """Wait until something holds; whether it came to be."""


def tales() -> list[Path]:
    """The stories there are."""
    return sorted(FOLDER.glob("*.txt"))


def read(path: Path) -> Tale:
    """Read a story. Raises ValueError for a line that cannot be read."""
    title, *rest = path.read_text(encoding="utf-8").splitlines()
    lines = []
    for number, text in enumerate(rest, 2):
        if not text or text.startswith("#"):
            continue
        found = _LINE.fullmatch(text.strip())
        if found is None or (found[1] == "wait" and not _WAIT.fullmatch(found[2])):
            raise ValueError(f"{path.name}:{number}: cannot be read: {text}")
        lines.append(Line(found[1], found[2], number))
    return Tale(path.stem, title, tuple(lines))


async def tell(tale: Tale, player: Player, *, patience_s: float = 30.0) -> None:
    """Play a story. Raises AssertionError with its line and the screen."""
    for line in tale.lines:
        if not await _DO[line.verb](player, line.words, patience_s):
            told = f"{tale.name}.txt:{line.number}: {line.verb} {line.words}"
            raise AssertionError(f"{told}\n{player.screen}")


async def _press(player: Player, words: str, _patience_s: float) -> bool:
    await player.press(*words.split())
    return True


async def _type(player: Player, words: str, _patience_s: float) -> bool:
    await player.press(*("space" if letter == " " else letter for letter in words))
    return True


async def _see(player: Player, words: str, patience_s: float) -> bool:
    return await player.wait(lambda: words in player.screen, patience_s)


async def _not_see(player: Player, words: str, patience_s: float) -> bool:
    return await player.wait(lambda: words not in player.screen, patience_s)


async def _wait(player: Player, words: str, _patience_s: float) -> bool:
    await player.wait(None, float(words.split()[0]))
    return True


_DO: dict[str, Callable[[Player, str, float], Awaitable[bool]]] = {
    "press": _press, "type": _type, "see": _see, "not see": _not_see, "wait": _wait,
}  # fmt: skip
