"""A part of a journal, taken down into a file of its own: from one moment to another, filtered.

Rule: the file is a journal, too (`journal_file`), whose records keep their numbers; a file that was
there before is never written over.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from simulator.kernel.filter_rows import LACKING, OfRecord
from simulator.kernel.filters import parse
from simulator.kernel.journal import Journal, Record
from simulator.kernel.journal_file import JournalFile, encode
from simulator.mistakes import Mistake, unwritable

SUFFIX = ".ndjson"


class Recording:
    """Write a journal's records to a new file from now on, until `stop`; those a filter picks.

    `active` is false once it was stopped, or its file could not be written any more.
    """

    def __init__(self, journal: Journal, where: Path, filter_text: str = "") -> None:
        """`where`: the file, whose name ends in .ndjson, or a folder for one named after the world.

        Raises FilterError; Mistake where it cannot be written, or is there already.
        """
        self._picks = parse(filter_text, lacking=LACKING)
        self._journal = journal
        self.active = True
        self.records = 0
        head = encode({**journal.header, "clock": str(journal.clock)}) + b"\n"
        self._file = self._begin(where, head)
        self._leave = journal.subscribe(self._hear)
        journal.event("world", "recording.began", file=str(self.path), filter=filter_text or None)

    @property
    def path(self) -> Path:
        """Where it is written."""
        return self._file.path

    def _begin(self, where: Path, head: bytes) -> JournalFile:
        stem = f"recording-{self._journal.header['world'] or 'world'}"
        number = 1
        while True:
            path = where
            if where.is_dir():
                path = where / f"{stem}{'' if number == 1 else f'-{number}'}{SUFFIX}"
            elif where.suffix != SUFFIX:
                raise Mistake(f"{where}: a recording's name ends in {SUFFIX}")
            try:
                return JournalFile(path, head, self._lost, new=True)
            except FileExistsError:
                if path == where:
                    raise Mistake(f"{path}: there is such a file: take another name") from None
                number += 1
            except OSError as error:
                raise unwritable(str(path), error) from error

    def _hear(self, record: Record) -> None:
        if self.active and self._picks.matches(OfRecord(record)):
            self.records += 1
            self._file.write(record)

    def _lost(self, error: OSError) -> None:
        """The file takes no more. What is being recorded comes first, then that is said."""
        self.active = False
        why = error.strerror or str(error)

        def say() -> None:
            self._leave()
            self._journal.event("world", "recording.lost", file=str(self.path), why=why)

        with contextlib.suppress(RuntimeError):  # where nothing runs any more nobody listens
            asyncio.get_running_loop().call_soon(say)

    def stop(self) -> None:
        """Close the file; it ends with that being said."""
        if self.active:
            self._journal.event("world", "recording.ended", file=str(self.path))
        self.close()

    def close(self) -> None:
        """Close the file without a word: the world is over."""
        self.active = False
        self._leave()
        self._file.close()
