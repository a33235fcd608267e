"""A journal on disk: whole at every moment, and done with once it cannot be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.kernel.clock import Clock
from simulator.kernel.journal_file import JournalFile

FULL = Path("/dev/full")


def never(error: OSError) -> None:
    raise AssertionError(error)


async def test_what_was_written_is_there_before_the_loop_goes_on(tmp_path: Path) -> None:
    file = JournalFile(tmp_path / "a", b"head\n", never)
    assert (tmp_path / "a").read_bytes() == b"head\n"
    file.write({"seq": 1})
    file.write({"seq": 2})
    await Clock("virtual").sleep(0)
    assert (tmp_path / "a").read_bytes() == b'head\n{"seq":1}\n{"seq":2}\n'
    file.close()
    file.write({"seq": 3})
    file.close()
    assert b"3" not in (tmp_path / "a").read_bytes()


async def test_a_new_file_takes_no_others_place(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    with pytest.raises(FileExistsError):
        JournalFile(tmp_path / "a", b"", never, new=True)
    assert (tmp_path / "a").read_text() == "mine"


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a disk that is always full")
async def test_a_full_disk_is_told_once_and_the_file_is_closed(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        JournalFile(FULL, b"head", never)
    told: list[OSError] = []
    file = JournalFile(FULL, b"", told.append)
    file.write({"seq": 1})
    await Clock("virtual").sleep(0)
    file.write({"seq": 2})
    file.close()
    await Clock("virtual").sleep(0)
    assert [error.strerror for error in told] == ["No space left on device"]
