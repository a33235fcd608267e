"""A real Chromium, over its DevTools protocol: a page, its keys, and the terminal that is on it."""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from simulator.kernel.clock import stopwatch

CHROMIUM = shutil.which("chromium")
_SWITCHES = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--window-size=1100,700", "--remote-debugging-port=0",
)  # fmt: skip
_PATIENCE_S = 60.0
# The page's script keeps its terminal to itself; xterm's public object is caught while it is made.
_CATCH = """
Object.defineProperty(Object.prototype, "_core", {configurable: true, set(core) {
  Object.defineProperty(this, "_core", {value: core, writable: true});
  if (this.loadAddon) window.seen = this;
}});
"""
_TEXT = """
(() => {
  if (!window.seen) return "";
  const buffer = window.seen.buffer.active, lines = [];
  for (let y = 0; y < window.seen.rows; y++) lines.push(buffer.getLine(y).translateToString(true));
  return lines.join("\\n");
})()
"""


class Page:
    """A tab. `asked` are the URLs that it asked for; `said` what it had to complain about."""

    def __init__(self, wire: ClientConnection, url: str) -> None:
        self._wire, self._numbers = wire, itertools.count(1)
        self.asked: list[str] = []
        self.said: list[str] = []
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.call("Page.addScriptToEvaluateOnNewDocument", source=_CATCH)
        self.call("Page.navigate", url=url)

    def call(self, method: str, **params: Any) -> Any:
        """A command of the protocol, and its answer."""
        number = next(self._numbers)
        self._wire.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            told = json.loads(self._wire.recv(_PATIENCE_S))
            if told.get("id") == number:
                assert "error" not in told, told
                return told["result"]
            self._hear(told["method"], told["params"])

    def _hear(self, method: str, params: Any) -> None:
        if method == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])
        elif method == "Network.webSocketCreated":
            self.asked.append(params["url"])
        elif method == "Log.entryAdded":
            self.said.append(params["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            self.said.append(json.dumps(params["exceptionDetails"])[:500])

    def run(self, script: str) -> Any:
        """What a script gives."""
        return self.call("Runtime.evaluate", expression=script)["result"].get("value")

    @property
    def screen(self) -> str:
        """The terminal's text."""
        return str(self.run(_TEXT))

    def wait(self, words: str) -> str:
        """The terminal's text, once these words stand in it."""
        return self.until(lambda text: words in text, words)

    def until(self, holds: Callable[[str], bool], what: str) -> str:
        """The terminal's text, once something holds of it."""
        elapsed_ms = stopwatch()
        while elapsed_ms() < _PATIENCE_S * 1000:
            if holds(told := self.screen):
                return told
        raise AssertionError(f"{what!r} never came, {self.said}:\n{self.screen}")

    def press(self, key: str) -> None:
        """A key, as `p` or `Enter`."""
        text = "\r" if key == "Enter" else key
        code = 13 if key == "Enter" else ord(key.upper())
        about = {"key": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **about)
        self.call("Input.dispatchKeyEvent", type="keyUp", **about)


@contextlib.contextmanager
def opened(url: str, folder: Path) -> Iterator[Page]:
    """A browser with one tab, all that it keeps in `folder`."""
    assert CHROMIUM is not None
    process = subprocess.Popen(
        [CHROMIUM, *_SWITCHES, f"--user-data-dir={folder}", "about:blank"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        told = next(line for line in process.stderr if "DevTools listening on" in line)
        with connect(_tab(told.split()[-1]), max_size=None) as wire:
            yield Page(wire, url)
    finally:
        process.terminate()
        process.wait(_PATIENCE_S)
        process.stderr.close()


def _tab(browser: str) -> str:
    """The WebSocket of the only tab, by that of the browser."""
    with connect(browser, max_size=None) as wire:
        wire.send(json.dumps({"id": 1, "method": "Target.getTargets"}))
        targets = json.loads(wire.recv(_PATIENCE_S))["result"]["targetInfos"]
    (tab,) = (target["targetId"] for target in targets if target["type"] == "page")
    return browser.rsplit("/", 2)[0] + f"/page/{tab}"
