"""What came of a replay: what was said and heard, where the live side did otherwise.

Rule: facts, in their order; a difference names the record that it is held against.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from simulator.mistakes import Exit
from simulator.scenario.compare import MISSING
from simulator.scenario.replay_match import Deviation

_WORDS = {
    "answer": "the answer differs",
    "request": "the request differs",
    "missing": "did not come",
    "unexpected": "is not in the recording",
    "silent": "got no answer",
    "closed": "the connection is gone",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as recorded. `kind` is a key of the words above."""

    kind: str
    wire: str  # the station, or the other party
    name: str
    seq: int | None = None
    deviation: Deviation | None = None
    why: str = ""

    def in_words(self) -> str:
        """For people: `#150 CP001 Authorize: the answer differs: /idTagInfo/status: …`."""
        number = f"#{self.seq} " if self.seq is not None else ""
        told = [f"{number}{self.wire} {self.name}: {_WORDS[self.kind]}"]
        told += [self.deviation.in_words()] if self.deviation is not None else []
        told += [self.why] if self.why else []
        return ": ".join(told)

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        told: dict[str, Any] = {
            "seq": self.seq, "wire": self.wire, "name": self.name, "kind": self.kind,
        }  # fmt: skip
        if self.deviation is not None:
            pointer, recorded, live = self.deviation
            told["pointer"] = pointer
            sides = (("recorded", recorded), ("live", live))
            told |= {side: value for side, value in sides if value is not MISSING}
        return {**told, "why": self.why} if self.why else told


@dataclass(slots=True)
class Report:
    """The outcome of a replay, filled while it goes on."""

    side: str
    said: int = 0
    answered: int = 0
    compared: int = 0
    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def differ(
        self,
        kind: str,
        wire: str,
        name: str,
        seq: int | None = None,
        found: Iterable[Deviation] = (),
        why: str = "",
    ) -> None:
        """Tell a difference, or each place of one."""
        places = list(found)
        for place in places:
            self.differences.append(Difference(kind, wire, name, seq, place, why))
        if not places:
            self.differences.append(Difference(kind, wire, name, seq, None, why))

    def note(self, text: str) -> None:
        """Something that its reader should know, once."""
        if text not in self.notes:
            self.notes.append(text)

    @property
    def exit_code(self) -> Exit:
        """Differences are a failure."""
        return Exit.FAILED if self.differences else Exit.PASS

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "side": self.side,
            "said": self.said,
            "answered": self.answered,
            "compared": self.compared,
            "differences": [each.to_json() for each in self.differences],
            "notes": self.notes,
        }

    def in_words(self) -> list[str]:
        """For people, line by line."""
        told = [f"· {note}" for note in self.notes]
        told += [f"✗ {each.in_words()}" for each in self.differences]
        count = len(self.differences)
        end = f"{count} difference{'' if count == 1 else 's'}" if count else "no differences"
        told.append(
            f"{self.side}: {self.said} said, {self.answered} answered,"
            f" {self.compared} compared, {end}"
        )
        return told
