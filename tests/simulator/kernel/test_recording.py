"""Parts of a journal in files of their own."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from simulator.kernel.clock import Clock
from simulator.kernel.filters import FilterError
from simulator.kernel.journal import Journal, read
from simulator.kernel.recording import Recording


async def test_from_one_moment_to_another_as_it_happens(tmp_path: Path) -> None:
    clock = Clock("scaled", factor=60)
    journal = Journal(clock, seed=7, world="mine")
    journal.event("a", "before")
    clock.speed(5)
    recording = Recording(journal, tmp_path)
    journal.event("a", "within")
    await Clock("virtual").sleep(0)
    head, *found = read(recording.path)  # while it is being written
    assert (recording.path.name, head["seed"]) == ("recording-mine.ndjson", 7)
    assert head["clock"] == "scaled:5"
    assert [(r["seq"], r["what"]) for r in found] == [(2, "recording.began"), (3, "within")]
    recording.stop()
    journal.event("a", "after")
    assert [r["what"] for r in list(read(recording.path))[1:]][-1] == "recording.ended"
    assert not recording.active and recording.records == 3


async def test_a_world_that_is_over_ends_it_without_a_word(
    journal: Journal, tmp_path: Path
) -> None:
    recording = Recording(journal, tmp_path / "a.ndjson", "~a within")
    journal.event("a", "within")
    recording.close()
    journal.event("a", "within")
    assert [r["seq"] for r in list(read(recording.path))[1:]] == [2]
    recording.stop()
    assert journal.records[-1]["what"] == "within"


def test_a_filter_that_cannot_be_read_leaves_no_file(journal: Journal, tmp_path: Path) -> None:
    with pytest.raises(FilterError):
        Recording(journal, tmp_path, "~")
    assert list(tmp_path.iterdir()) == [] and journal.seq == 0


class Full:
    """A file on a disk that has no room."""

    def write(self, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self) -> None: ...


async def test_a_full_disk_ends_it_and_the_world_goes_on(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = Recording(journal, tmp_path / "a.ndjson")
    recording._file._file.close()
    monkeypatch.setattr(recording._file, "_file", Full())
    journal.event("a", "one")
    await Clock("virtual").sleep(0)
    await Clock("virtual").sleep(0)
    journal.event("a", "two")
    assert [r["what"] for r in journal.records][-2:] == ["recording.lost", "two"]
    assert journal.records[-2]["data"]["why"] == "No space left on device"
    assert not recording.active
    recording.close()
