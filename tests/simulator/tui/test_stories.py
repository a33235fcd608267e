"""Stories of keystrokes, each told to the demo world; some in a real terminal, too."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from simulator.kernel.clock import Clock, stopwatch
from tests.simulator.commands.test_tui import Terminal
from tests.simulator.tui.stage import on_free_ports, playing, seen
from tests.simulator.tui.telling import Tale, read, tales, tell

pytestmark = pytest.mark.real
# Those that a terminal shows otherwise than a test's pilot: with keys that are escape sequences.
IN_A_TERMINAL = ("developer-cdr-refused", "presenter-first-look")
# Keys as tmux calls them.
_TMUX = {
    "enter": "Enter", "escape": "Escape", "space": "Space", "up": "Up", "down": "Down",
    "home": "Home", "end": "End", "pageup": "PPage", "pagedown": "NPage", "tab": "Tab",
    "backspace": "BSpace", ";": "\\;", "minus": "-",
}  # fmt: skip


class OfPilot:
    """A test's pilot as a player."""

    def __init__(self, pilot: Pilot[int]) -> None:
        self._pilot = pilot

    @property
    def screen(self) -> str:
        return seen(self._pilot.app)

    async def press(self, *keys: str) -> None:
        await self._pilot.press(*keys)

    async def wait(self, holds: Callable[[], bool] | None, seconds: float) -> bool:
        elapsed_ms = stopwatch()
        while elapsed_ms() < seconds * 1000:
            await self._pilot.pause(0.05)
            if holds is not None and holds():
                return True
        return False


class OfTerminal:
    """A terminal of tmux as a player."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    @property
    def screen(self) -> str:
        return self._terminal.screen

    async def press(self, *keys: str) -> None:
        for key in keys:
            told = key.replace("ctrl+", "C-")
            function = key.upper() if key[0] == "f" and key[1:].isdecimal() else told
            self._terminal.keys(_TMUX.get(key, function))

    async def wait(self, holds: Callable[[], bool] | None, seconds: float) -> bool:
        elapsed_ms = stopwatch()
        while elapsed_ms() < seconds * 1000:
            if holds is not None and holds():
                return True
            if "ENDED" in self.screen:  # before its time: there is nothing to wait for
                return False
            await Clock("real").sleep(0.05)
        return False


@pytest.mark.parametrize("path", tales(), ids=lambda path: path.stem)
async def test_a_story(path: Path, tmp_path: Path) -> None:
    tale = read(path)
    async with playing(folder=tmp_path) as (_, pilot):
        await tell(tale, OfPilot(pilot))


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux, a terminal to look at")
@pytest.mark.parametrize("name", IN_A_TERMINAL)
async def test_a_story_in_a_terminal(name: str, tmp_path: Path) -> None:
    (path,) = (path for path in tales() if path.stem == name)
    world = tmp_path / "demo.yaml"
    world.write_text(on_free_ports("demo"))
    terminal = Terminal(tmp_path)
    try:
        command = f"{sys.executable} -m simulator tui {world} --clock scaled:20 --seed 42"
        terminal.start(f"cd {tmp_path}; {command}", (120, 40))
        await tell(read(path), OfTerminal(terminal), patience_s=60.0)
        terminal.keys("q")
        terminal.wait("ENDED 0")
    finally:
        terminal.tmux("kill-server")


async def test_a_story_that_does_not_hold_says_where() -> None:
    class Blind:
        screen = "nothing to see"

        async def press(self, *keys: str) -> None: ...

        async def wait(self, holds: Callable[[], bool] | None, seconds: float) -> bool:
            return holds is None or holds()

    tale = read_text("A story.\n\npress a\nnot see everything\nsee something\n")
    with pytest.raises(AssertionError, match=r"story\.txt:5: see something\nnothing to see"):
        await tell(tale, Blind())


@pytest.mark.parametrize("line", ["pres a", "see", "wait long", "press"])
def test_a_line_that_cannot_be_read_is_told(line: str) -> None:
    with pytest.raises(ValueError, match=rf"story\.txt:2: cannot be read: {line}"):
        read_text(f"A story.\n{line}\n")


def read_text(text: str) -> Tale:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "story.txt"
        path.write_text(text)
        return read(path)
