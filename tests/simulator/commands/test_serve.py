"""`roamlab serve`: a world in a browser. The browser is a real one, where there is one."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import ClientConnection, connect

from simulator.cli import run
from simulator.kernel.clock import stopwatch
from simulator.mistakes import Exit
from tests.simulator.commands.chromium import CHROMIUM, opened
from tests.simulator.commands.process import Roamlab, free_port
from tests.simulator.commands.test_tui import WORLD

pytestmark = pytest.mark.real
browser = pytest.mark.skipif(CHROMIUM is None, reason="needs /usr/bin/chromium, a browser to ask")


@pytest.fixture
def world(tmp_path: Path) -> str:
    path = tmp_path / "small.yaml"
    path.write_text(WORLD.format(free_port(), free_port(), free_port()))
    return str(path)


def serving(*words: str) -> Roamlab:
    return Roamlab("serve", *words, "--port", "0", "--json")


def place(server: Roamlab) -> str:
    return str(json.loads(server.wait_for('"url"'))["url"])


def children(server: Roamlab) -> list[int]:
    told = subprocess.run(
        ["pgrep", "-P", str(server.process.pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in told.stdout.split()]


def of_process(pid: int, what: str) -> str:
    return Path(f"/proc/{pid}/{what}").read_bytes().replace(b"\0", b"\n").decode()


def gone(pid: int, seconds: float = 45.0) -> bool:
    elapsed_ms = stopwatch()
    while elapsed_ms() < seconds * 1000:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        threading.Event().wait(0.05)
    return False


class Tab:
    """A tab without a browser."""

    def __init__(self, wire: ClientConnection) -> None:
        self._wire = wire

    def wait(self, words: str) -> str:
        """All that came, until these words have."""
        told = ""
        while words not in told:
            part = self._wire.recv(60)
            told += part if isinstance(part, str) else part.decode(errors="replace")
        return told

    def press(self, *keys: str) -> None:
        for key in keys:
            self._wire.send(json.dumps(["stdin", key]))


@contextlib.contextmanager
def tab(url: str) -> Iterator[Tab]:
    """A tab, once its interface shows the station."""
    place = f"ws://{urlsplit(url).netloc}/ws?width=100&height=30"
    with connect(place, max_size=None) as wire:
        there = Tab(wire)
        there.wait("CP1")
        yield there


@browser
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_session_in_a_browser_and_no_secret_there(world: str, tmp_path: Path) -> None:
    with serving(world) as server, opened(place(server), tmp_path / "browser") as page:
        page.wait("Available")
        page.press("p")
        page.wait("Preparing")
        page.press("t")
        page.wait("tap: Hold a card")
        page.press("Enter")
        told = page.wait("Charging")
        assert "attached" in told and "small" in told
        (pid,) = children(server)
        settings = dict(
            line.split("=", 1) for line in of_process(pid, "environ").split() if "=" in line
        )
        token = settings["ROAMLAB_CONTROL_TOKEN"]
        assert len(token) >= 32 and token not in of_process(pid, "cmdline")
        shown = page.run("document.documentElement.outerHTML + location.href")
        assert token not in shown + told + " ".join(page.asked) + server.output
        assert all(urlsplit(url).netloc == urlsplit(place(server)).netloc for url in page.asked)
        assert not [words for words in page.said if "WebGL" not in words]
        assert server.interrupt() == Exit.INTERRUPTED
        assert gone(pid)
        page.until(lambda _: "-closed" in page.run("document.body.className"), "the end")


@browser
def test_an_audience_looks_and_does_nothing(world: str, tmp_path: Path) -> None:
    with serving(world, "--read-only") as server, opened(place(server), tmp_path / "b") as page:
        page.wait("Available")
        page.press("p")
        page.wait("this view is read-only")
        assert "Preparing" not in page.screen


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_tab_outlives_it(world: str, how: int) -> None:
    with serving(world) as server, tab(place(server)):
        (pid,) = children(server)
        assert server.interrupt(how) == (-how if how == signal.SIGKILL else Exit.INTERRUPTED)
        assert gone(pid)


def test_what_is_saved_goes_to_the_browser(world: str) -> None:
    with serving(world) as server, tab(url := place(server)) as there:
        there.press("b")
        there.wait("boot CP1")
        there.press("x")
        there.wait("the 1 steps done so far")
        there.press("\r")
        told = there.wait('"]')
        key = told.rpartition('["deliver_file_start", "')[2].partition('"')[0]
        with urllib.request.urlopen(f"{url}download/{key}") as answer:
            assert "by-hand-small.yaml" in answer.headers["Content-Disposition"]
            assert b"boot: {station: CP1" in answer.read()
        assert not list(Path().glob("by-hand-small*"))


def test_a_world_that_runs_elsewhere_goes_on(world: str) -> None:
    with Roamlab("up", world, "--control", "0", "--control-token", "sesame", "--json") as up:
        control = json.loads(up.wait_for("control_url"))["control_url"]
        words = ("--attach", control, "--control-token", "sesame")
        with serving(*words) as server, tab(place(server)):
            (pid,) = children(server)
            assert "sesame" not in of_process(pid, "cmdline")
            server.interrupt()
            assert gone(pid)
        assert up.process.poll() is None


@pytest.mark.parametrize(
    ("words", "why", "code"),
    [
        (["--clock", "virtual"], "a virtual clock is too fast", Exit.USAGE),
        (["demo", "--attach", "http://127.0.0.1:1"], "leave out WORLD", Exit.USAGE),
        (["--control-token", "x"], "--control-token needs --attach", Exit.USAGE),
        (["--attach", "http://127.0.0.1:1"], "nobody answers", Exit.UNREACHABLE),
        (["nowhere"], "no world 'nowhere'", Exit.USAGE),
    ],
)
def test_mistakes(
    words: list[str], why: str, code: Exit, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["serve", *words]) == code
    assert why in capsys.readouterr().err


def test_without_its_package_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve", None)
    assert run(["serve"]) == Exit.USAGE
    assert "pip install 'roamlab[serve]'" in capsys.readouterr().err


def test_a_warning_where_a_network_can_reach_it(world: str) -> None:
    with Roamlab("serve", world, "--port", "0", "--host", "0.0.0.0") as server:
        server.wait_for("the interface is at http://0.0.0.0:")
        assert "whoever reaches 0.0.0.0 can open this, without a password" in server.output
