"""Interrupted before anything runs: silent, whatever Python is importing at that moment."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from simulator.interrupt import TIED

WHILE_IMPORTING = """
import os, runpy, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.{number})

sys.meta_path.insert(0, Finder())
sys.argv = ["roamlab", "demo"]
runpy.run_module({package!r}, run_name="__main__")
"""


def run(code: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize(
    ("package", "module"),
    [
        ("simulator", "click"),
        ("simulator", "simulator.commands.demo"),
        ("simulator", "simulator.world"),
        ("mock_peer", "mock_peer.command"),
    ],
)
def test_while_importing_it_ends_silently(package: str, module: str, number: str) -> None:
    code = WHILE_IMPORTING.format(package=package, module=module, number=number)
    assert run(code) == (130, "")


def test_once_handed_over_ctrl_c_is_an_exception_again() -> None:
    code = """
import os, signal
from simulator.interrupt import hand_over, leave_quietly
leave_quietly()
hand_over()
try:
    os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt:
    print("stops in order")
"""
    assert run(code) == (0, "stops in order\n")


def test_what_the_shell_ignores_stays_ignored() -> None:
    code = """
import os, signal
from simulator.interrupt import hand_over, leave_quietly
signal.signal(signal.SIGINT, signal.SIG_IGN)
leave_quietly()
hand_over()
os.kill(os.getpid(), signal.SIGINT)
print("goes on")
"""
    assert run(code) == (0, "goes on\n")


@pytest.mark.parametrize("tied", [True, False])
def test_tied_to_whoever_started_it(tied: bool) -> None:
    """`up` would run for ever; what is tied ends with its standard input, the rest does not."""
    told = {**os.environ, "PYTHONUNBUFFERED": "1"} | ({TIED: "1"} if tied else {})
    command = [sys.executable, "-m", "simulator", "up", "--clock", "virtual", "--control", "0"]
    with subprocess.Popen(
        command, env=told, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        while "Ctrl-C" not in process.stdout.readline():
            assert process.poll() is None
        process.stdin.close()
        if tied:
            assert process.wait(10) == 130
        else:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1)
            process.kill()


def test_sigterm_is_an_exception_where_a_script_has_ctrl_c_ignored() -> None:
    """A shell's `&` starts a command so, unless somebody sits at it."""
    code = """
import os, signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
from simulator.interrupt import hand_over, leave_quietly
leave_quietly()
hand_over(sigterm=True)
try:
    os.kill(os.getpid(), signal.SIGTERM)
except KeyboardInterrupt:
    print("stops in order")
"""
    assert run(code) == (0, "stops in order\n")
