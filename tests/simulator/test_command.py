"""What several commands share: the journal's file, running, stopping in time."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import click
import pytest

from simulator.command import (
    GRACE_S,
    Number,
    forever,
    run,
    seconds,
    stopped_in_time,
    unreachable,
    write_to,
)
from simulator.kernel.clock import Clock, stopwatch
from simulator.kernel.journal import Journal, JournalError, Record
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
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, "stopped\n", "")


@pytest.mark.real
async def test_what_does_not_stop_is_left_behind() -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    elapsed_ms = stopwatch()
    async with stopped_in_time(never):
        pass
    assert elapsed_ms() > GRACE_S * 900


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


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e400", "x", "101"])
def test_a_number_is_finite_and_within_bounds(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Number(0, 100).convert(text, None, None)


def test_seconds_fit_every_timer() -> None:
    assert seconds().convert("0", None, None) == 0.0
    assert seconds(above=True).convert("0.5", None, None) == 0.5
    for kind, text in (
        (seconds(), "1e9"),
        (seconds(above=True), "0"),
        (seconds(at_least=1), "0.9"),
    ):
        with pytest.raises(click.BadParameter):
            kind.convert(text, None, None)


def test_a_second_sigterm_does_not_cancel_the_stop() -> None:
    code = """
import asyncio, os, signal, sys
from simulator.command import forever, run, stopped_in_time
from simulator.kernel.clock import Clock

clock = Clock("real")

async def stop():
    os.kill(os.getpid(), signal.SIGTERM)
    await clock.sleep(0.1)
    print("stopped", flush=True)

async def main():
    async with stopped_in_time(stop):
        asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), signal.SIGTERM)
        await forever()

try:
    run(main(), clock)
except KeyboardInterrupt:
    sys.exit(130)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, "stopped\n", "")


@pytest.mark.parametrize("error", [BrokenPipeError("gone"), OSError(28, "full"), KeyError("bug")])
def test_a_listener_that_fails_ends_the_command_in_order(error: Exception) -> None:
    clock = Clock("virtual")
    journal = Journal(clock)
    told: list[str] = []

    def listener(record: Record) -> None:
        told.append(record["what"])
        raise error

    async def stop() -> None:
        await clock.sleep(0.1)
        journal.event("me", "stopped")

    async def main() -> None:
        async with stopped_in_time(stop):
            journal.event("me", "began")
            await forever()

    journal.subscribe(listener)
    with pytest.raises(type(error)):
        run(main(), clock, journal)
    assert [record["what"] for record in journal.records] == ["began", "stopped"]
    assert told == ["began"]


def test_a_listener_that_fails_at_the_very_end_is_told_too() -> None:
    clock = Clock("virtual")
    journal = Journal(clock)

    def listener(record: Record) -> None:
        raise OSError(28, "full")

    async def main() -> int:
        journal.event("me", "ended")
        return 0

    journal.subscribe(listener)
    with pytest.raises(OSError, match="full"):
        run(main(), clock, journal)


def test_a_disk_that_fills_ends_the_command(tmp_path: Path) -> None:
    code = f"""
import resource, signal, sys
from simulator.command import forever, run, stopped_in_time, write_to
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import Mistake
from pathlib import Path

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a limit that answers as a full disk does
clock = Clock("real")
journal = Journal(clock)
write_to(journal, Path({str(tmp_path / "j.ndjson")!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))

async def stop():
    print("stopped")
    journal.close()

async def main():
    async with stopped_in_time(stop):
        while True:
            journal.event("me", "ticked", text="x" * 100)
            await clock.sleep(0.001)

try:
    run(main(), clock, journal)
except Mistake as error:
    print(error)
    sys.exit(error.exit_code)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    first, _, words = done.stdout.partition("\n")
    assert (done.returncode, first, done.stderr) == (70, "stopped", "")
    assert "j.ndjson: the journal cannot be written any more: File too large" in words


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_a_full_disk_is_told_at_once(journal: Journal) -> None:
    with pytest.raises(Mistake, match="--journal /dev/full: No space left on device") as caught:
        write_to(journal, Path("/dev/full"))
    assert caught.value.exit_code == Exit.INTERNAL
    journal.event("me", "goes.on")
    journal.close()


def test_without_a_command_a_listener_s_error_is_its_maker_s(journal: Journal) -> None:
    def listener(record: Record) -> None:
        raise JournalError("no")

    journal.subscribe(listener)
    with pytest.raises(JournalError):
        journal.event("me", "began")
