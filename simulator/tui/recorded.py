"""A world that has run, as its journal tells of it.

Rule: nothing can be done in it; and a file that ends in the middle, as one of a run that was killed
does, is shown up to there.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import msgspec

from simulator.kernel import journal
from simulator.kernel.journal import Record
from simulator.mistakes import Mistake
from simulator.scenario.replay_recording import examine
from simulator.tui.engine import NOTHING_HELD, Facts, Snapshot, tokens_of
from simulator.tui.retold import Retold

# Records that one look hands over, so that a long journal holds up no key.
_AT_ONCE = 5_000
# What of a file is held in memory some times over.
MOST_BYTES = 2**28
_OVER = "this was recorded: nothing can be done in it any more"


class _Frame(TypedDict):
    errors: list[str]


class _Finding(TypedDict):
    seen: Any
    expected: str
    message_seq: int | None


class _Step(TypedDict):
    arguments: Snapshot


class _Fault(TypedDict, total=False):
    data: Snapshot | None


# What the screens read of a record beyond what a recording must have (`examine`).
_MORE: Mapping[str, Any] = {
    "ocpp": _Frame, "finding": _Finding, "step": _Step, "fault": _Fault,
}  # fmt: skip


class RecordedEngine:
    """Records, and how the stations stood after the last; `now`: a snapshot that was taken then."""

    def __init__(
        self,
        header: Record,
        records: Sequence[Record],
        *,
        now: Snapshot | None = None,
        trouble: str = "",
    ) -> None:
        self.facts = Facts(
            "recorded", str(header.get("world") or "a world"), header.get("seed") or 0,
            str(header.get("clock") or ""), read_only=True,
        )  # fmt: skip
        self.trouble = trouble
        self._records, self._taken = records, 0
        self._snapshot = now or self._retold()

    @classmethod
    def read(cls, path: Path) -> RecordedEngine:
        """Read a journal file, as far as it goes. Raises Mistake: there is none."""
        lines = journal.read(path)
        try:
            _refuse_what_has_no_end(path)
            header = next(lines, None)
        except OSError as error:
            raise Mistake(f"--open {path}: {error.strerror or error}") from error
        if header is None:
            raise Mistake(f"--open {path}: the file is empty")
        records: list[Record] = []
        odd, trouble = 0, ""
        try:
            for record in lines:
                if _is_whole(record):
                    records.append(record)
                else:
                    odd += 1
        except (journal.JournalError, OSError):  # what stands before a broken line stays
            trouble = f"the file breaks off after record {len(records)}"
        else:
            trouble = f"{odd} lines are no records" if odd else ""
        return cls(header, records, trouble=trouble)

    def _retold(self) -> Snapshot:
        retold = Retold()
        for record in self._records:
            retold.take(record)
        stations = dict(sorted(retold.stations.items()))
        facts = self.facts
        return {
            "world": {"name": facts.world, "seed": facts.seed, "clock": facts.clock,
                      "records": len(self._records)},
            "stations": stations, "cpo": None, "peers": {}, "faults": self._faults(), "emps": {},
        }  # fmt: skip

    def _faults(self) -> list[Snapshot]:
        """Those that were placed and not removed."""
        placed: dict[Any, Snapshot] = {}
        for record in self._records:
            if record["leg"] != "event":
                continue
            ident, spec = record["data"].get("id"), record["data"].get("spec")
            key = (record["actor"], str(ident))
            if record["what"] == "fault.placed" and isinstance(spec, Mapping):
                placed[key] = {"hits": 0, "active": True, **spec, "id": ident}
            elif record["what"] == "fault.removed":
                placed.pop(key, None)
        return list(placed.values())

    async def start(self) -> None:
        """It has run."""

    async def stop(self) -> None:
        """It has run."""

    def take(self) -> Sequence[Record]:
        """The next of the records."""
        began = self._taken
        self._taken = min(len(self._records), began + _AT_ONCE)
        return self._records[began : self._taken]

    def names(self) -> Sequence[str]:
        """The stations that the records tell of."""
        return list(self._snapshot["stations"])

    async def stations(self, names: Sequence[str]) -> Mapping[str, Snapshot]:
        """How these stations stood in the end."""
        there = self._snapshot["stations"]
        return {name: there[name] for name in names if name in there}

    async def world(self) -> Snapshot:
        """All that is known of its actors."""
        return self._snapshot

    async def figures(self) -> Snapshot:
        """None: nothing goes on there any more."""
        return {}

    async def dealings(self) -> Snapshot:
        """What nobody has asked for in time. Raises Mistake."""
        raise Mistake("this was recorded: what its parties had with each other is not known")

    async def held(self) -> Snapshot:
        """Nothing: it is over."""
        return NOTHING_HELD

    def faults(self) -> Sequence[Snapshot]:
        """The faults that were still there in the end."""
        return list(self._snapshot["faults"])

    def known(self, what: str) -> Sequence[str]:
        """Names of a kind, as far as the records tell."""
        now = self._snapshot
        if what == "token":
            actors = (*now["peers"].values(), *now["emps"].values())
            return tokens_of([actor.get("tokens", ()) for actor in actors])
        kinds = {"station": "stations", "peer": "peers", "emp": "emps"}
        return list(now.get(kinds.get(what, ""), ()))

    async def perform(self, step: str, arguments: Mapping[str, Any]) -> Any:
        """Nothing can be done. Raises Mistake."""
        raise Mistake(f"{step}: {_OVER}")

    async def load(self, steps: str | Sequence[Any], name: str, only: str = "") -> Snapshot:
        """Nothing can be played. Raises Mistake."""
        raise Mistake(f"{name}: {_OVER}")

    async def stages(self) -> Sequence[Snapshot]:
        """None."""
        return []

    async def step(self, stage: str) -> Snapshot:
        """Nothing can be played. Raises Mistake."""
        raise Mistake(f"{stage}: {_OVER}")

    async def play(self, stage: str, until: int | None = None) -> Snapshot:
        """Nothing can be played. Raises Mistake."""
        raise Mistake(f"{stage}: {_OVER}")

    async def drop(self, stage: str) -> Snapshot:
        """Nothing can be played. Raises Mistake."""
        raise Mistake(f"{stage}: {_OVER}")


def _refuse_what_has_no_end(path: Path) -> None:
    """A pipe, a device, a file that would fill the memory. Raises Mistake, OSError."""
    told = path.stat()
    if not stat.S_ISREG(told.st_mode):
        raise Mistake(f"--open {path}: this is no file but a pipe, a device or a folder")
    if told.st_size > MOST_BYTES:
        raise Mistake(
            f"--open {path}: {told.st_size >> 20:,} MB are more than the {MOST_BYTES >> 20} MB that"
            " are opened: take a part of it, as `head -n 100000` gives one; the first line stays"
        )


def _is_whole(record: Record) -> bool:
    """Whether it has what a record of its leg has."""
    try:
        examine(record)
        msgspec.convert(record, _MORE.get(record["leg"], Snapshot))
    except (ValueError, msgspec.ValidationError):
        return False
    return True
