"""`roamlab tui`, in a real terminal where that is what counts."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulator.cli import run
from simulator.commands import tui
from simulator.kernel.clock import Clock, stopwatch
from simulator.kernel.journal import Journal
from simulator.mistakes import Exit
from simulator.tui.app import RoamlabApp
from simulator.tui.config import Config
from tests.simulator.commands.process import free_port
from tests.simulator.tui.stage import FakeEngine

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux, a terminal to look at"),
]
WORLD = """\
name: small
cpo: {{country_code: DE, party_id: RLB, name: Small, ocpp_port: {0}, ocpi_port: {1}}}
peers: [{{name: plugsurfing, port: {2}, tokens: [{{uid: 04A1B2C3D4E580}}]}}]
locations: [{{id: L1, country: DEU, stations: [{{id: CP1, ocpp: "1.6"}}]}}]
cars: {{any: {{soc_percent: 20}}}}
"""


class Terminal:
    """A terminal of tmux, of its own server."""

    def __init__(self, folder: Path) -> None:
        self._socket = str(folder / "tmux")

    def tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", self._socket, *words], capture_output=True, text=True, check=False
        )
        return done.stdout

    def start(self, command: str, size: tuple[int, int] = (100, 30)) -> None:
        after = "echo ENDED $?; stty -a | grep -o -- '-\\?echo '; sleep 60"
        shown = f"unset COLUMNS LINES; {command}; {after}"
        self.tmux("new-session", "-d", "-x", str(size[0]), "-y", str(size[1]), "sh", "-c", shown)

    def keys(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    @property
    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def wait(self, words: str | Callable[[str], bool], seconds: float = 60.0) -> str:
        elapsed_ms = stopwatch()
        while elapsed_ms() < seconds * 1000:
            told = self.screen
            if words in told if isinstance(words, str) else words(told):
                return told
            threading.Event().wait(0.05)
        raise AssertionError(f"{words!r} never came:\n{self.screen}")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    there = Terminal(tmp_path)
    yield there
    there.tmux("kill-server")


@pytest.fixture
def command(tmp_path: Path) -> str:
    path = tmp_path / "small.yaml"
    path.write_text(WORLD.format(free_port(), free_port(), free_port()))
    return f"cd {tmp_path}; {sys.executable} -m simulator tui {path}"


def test_a_session_by_hand_and_the_way_out(terminal: Terminal, command: str) -> None:
    terminal.start(command, (80, 24))
    terminal.wait("CP1")
    terminal.keys("p")
    terminal.wait("Preparing")
    terminal.keys("t")
    terminal.wait("tap: Hold a card")
    terminal.keys("Enter")
    terminal.wait("Charging")
    terminal.keys("2")
    told = terminal.wait("StartTransaction")
    assert "Traffic" in told and "secret" not in told.lower()
    terminal.keys("q")
    terminal.wait("ENDED 0")
    terminal.wait("\necho")  # what stty says of the terminal comes after


@pytest.mark.parametrize("how", ["C-c", "SIGTERM", "SIGHUP"])
def test_an_interrupt_puts_the_terminal_right(terminal: Terminal, command: str, how: str) -> None:
    terminal.start(command)
    terminal.wait("CP1")
    if how == "C-c":
        terminal.keys("C-c")
    else:
        shell = terminal.tmux("list-panes", "-F", "#{pane_pid}").strip()
        listed = subprocess.run(["pgrep", "-P", shell], capture_output=True, text=True, check=True)
        os.kill(int(listed.stdout.split()[0]), signal.Signals[how])
    terminal.wait("ENDED 130")
    told = terminal.wait("\necho")  # what stty says of the terminal comes after
    assert "Traceback" not in told


def test_a_world_that_cannot_start_is_told_in_words(terminal: Terminal, command: str) -> None:
    import socket

    with contextlib.closing(socket.socket()) as taken:
        path = Path(command.split()[-1])
        port = int(path.read_text().split("ocpp_port: ")[1].split(",")[0])
        taken.bind(("127.0.0.1", port))
        taken.listen()
        terminal.start(command)
        told = terminal.wait("ENDED")
    assert f"roamlab: [Errno 98] cannot listen on 127.0.0.1:{port}" in told or "in use" in told
    assert "ENDED 3" in told and "Traceback" not in told


STORY = """\
name: tiny
world: small.yaml
steps:
  - note: Somebody comes.
  - plug: CP1
  - note: And leaves.
  - unplug: CP1
"""


def test_a_story_is_presented_in_its_own_world(
    terminal: Terminal, command: str, tmp_path: Path
) -> None:
    (tmp_path / "story.yaml").write_text(STORY)
    own = command.rpartition(" ")[0]
    terminal.start(f"{own} --story story.yaml", (80, 24))
    told = terminal.wait("clock scaled:10")
    assert "small" in told and "F10 begins" in told and "PLUGSURFING" in told
    terminal.keys("F10")
    told = terminal.wait("Somebody comes.")
    terminal.wait("F10 next: the car leaves")
    terminal.wait("a car plugs in")
    terminal.keys("F10")
    terminal.wait("The end.")
    terminal.keys("q")
    terminal.wait("ENDED 0")


def test_a_story_that_is_not_there_is_told_in_words(terminal: Terminal) -> None:
    terminal.start(f"{sys.executable} -m simulator tui --story demo/partner")
    told = terminal.wait("ENDED 2")
    assert "no such scenario" in told and "demo/partners" in told.replace("\n", "")


def test_a_journal_that_breaks_off_is_opened(terminal: Terminal, tmp_path: Path) -> None:
    begun = Journal(Clock("virtual"), seed=42, world="ran")
    begun.event("station/CP9", "station.powered_on", version="1.6")
    path = tmp_path / "ran.ndjson"
    path.write_bytes(begun.dump() + b'{"seq": 2, "at')
    terminal.start(f"{sys.executable} -m simulator tui --open {path}")
    told = terminal.wait("breaks off after record 1")
    assert "recorded" in told and "CP9" in told
    terminal.keys("q")
    terminal.wait("ENDED 0")


def test_alone_on_a_terminal_it_is_the_interface(terminal: Terminal, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("theme = 5")
    terminal.start(f"ROAMLAB_TUI_CONFIG={bad} {sys.executable} -m simulator")
    told = terminal.wait("ENDED")
    assert "bad.toml:theme:expecteddarkorlight" in "".join(told.split())
    assert "ENDED 2" in told


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["tui"], "this is no terminal"),
        (["tui", "--clock", "virtual"], "a virtual clock is too fast"),
        (["tui", "demo", "--attach", "http://127.0.0.1:1"], "leave out WORLD"),
        (["tui", "--control-token", "x"], "--control-token needs --attach"),
        (["tui", "--open", "x", "--seed", "1"], "--open shows a world that has its clock"),
        (["tui", "--open", "x", "--attach", "y"], "a world runs, or it has run"),
        (["tui", "--open", "x", "--story", "y"], "--story is played in a world that runs"),
    ],
)
def test_mistakes(words: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == Exit.USAGE
    assert why in capsys.readouterr().err


def test_where_there_is_no_terminal_it_is_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == Exit.USAGE
    assert "Commands:" in capsys.readouterr().out


def test_what_takes_its_time_at_the_end_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run_async(_app: RoamlabApp) -> int:
        return 0

    class Slow(FakeEngine):
        async def stop(self) -> None:
            told.append(capsys.readouterr().out)

    told: list[str] = []
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(RoamlabApp, "run_async", run_async)
    assert tui._show(Slow("A", "B"), Clock("real"), None, Config(), None) == 0
    assert "stopping 2 stations …" in told[0]
    assert capsys.readouterr().out == "\r\x1b[K"  # gone again


def test_something_is_shown_before_the_world_is_read(
    terminal: Terminal, tmp_path: Path, command: str
) -> None:
    pipe = tmp_path / "config.toml"
    pipe.write_text("")
    terminal.start(f"{command} --config {pipe}")
    told = terminal.wait(lambda screen: screen.strip() != "")
    assert "starting" in told
    terminal.wait("CP1")
    terminal.keys("q")
    assert "starting" not in terminal.wait("ENDED 0")


def test_what_was_shown_first_is_gone_where_there_is_no_world(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.start(f"cd {tmp_path}; {sys.executable} -m simulator tui nowhere")
    told = terminal.wait("ENDED 2")
    assert "nowhere" in told and "starting" not in told
