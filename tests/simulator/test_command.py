"""What several commands share: the journal's file, running, stopping in time."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.command import GRACE_S, run, stopped_in_time, unreachable, write_to
from simulator.kernel.clock import Clock, stopwatch
from simulator.kernel.journal import Journal
from simulator.mistakes import Exit, Mistake


def test_run_returns_what_main_returns() -> None:
    clock = Clock("virtual")

    async def main() -> float:
        await clock.sleep(3600)
        return clock.monotonic()

    assert run(main(), clock) == 3600


@pytest.mark.parametrize("signal_name", ["SIGINT", "SIGTERM"])
def test_both_signals_interrupt_and_what_was_opened_is_closed(signal_name: str) -> None:
    code = f"""
import asyncio, os, signal, sys
from simulator.command import forever, run, stopped_in_time
from simulator.kernel.clock import Clock

async def stop():
    print("stopped", flush=True)

async def main():
    async with stopped_in_time(stop):
        asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), signal.{signal_name})
        await forever()

try:
    run(main(), Clock("real"))
except KeyboardInterrupt:
    sys.exit(130)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (130, "stopped\n", "")


@pytest.mark.real
async def test_what_does_not_stop_is_left_behind() -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    elapsed_ms = stopwatch()
    async with stopped_in_time(never):
        pass
    assert GRACE_S * 900 < elapsed_ms() < 5_000


async def test_a_journal_that_cannot_be_written_is_a_mistake(
    tmp_path: Path, journal: Journal
) -> None:
    with pytest.raises(Mistake, match="No such file or directory"):
        write_to(journal, tmp_path / "no" / "such" / "folder.ndjson")
    write_to(journal, None)
    write_to(journal, tmp_path / "j.ndjson")
    journal.close()
    assert (tmp_path / "j.ndjson").read_bytes() == journal.dump()


def test_unreachable_is_exit_code_3() -> None:
    assert unreachable("nobody").exit_code == Exit.UNREACHABLE
