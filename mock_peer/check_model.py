"""What a conformance check ends in: a line for each rule, with its verdict and what shows it.

Rule: a report is a value. It holds all that is told of a check, secrets already hidden; terminal,
JSON, JUnit and HTML are views of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from simulator.kernel.journal import Record
from simulator.mistakes import Exit

# So many messages stand under a line that passed, and so many faults under one that failed.
SHOWN = 3
FAULTS = 5
# Severities, what to mend first at the front; the checks beside the rules have none.
URGENCY = ("reject", "", "drop", "warn", "note")


class Verdict(StrEnum):
    """How a rule fared."""

    PASS = "PASS"
    FAIL = "FAIL"
    NOT_APPLICABLE = "NOT APPLICABLE"  # another version, another role, or agreed otherwise
    NOT_EXERCISED = "NOT EXERCISED"  # nothing came that the rule could be held against


class Ruling(NamedTuple):
    """A verdict, why, and the journal numbers of the messages that show it."""

    verdict: Verdict
    why: str = ""
    shown: tuple[int, ...] = ()


def passed(shown: Iterable[int] = (), why: str = "") -> Ruling:
    """The rule is kept."""
    return Ruling(Verdict.PASS, why, tuple(shown))


def failed(why: str, shown: Iterable[int] = ()) -> Ruling:
    """The rule is broken."""
    return Ruling(Verdict.FAIL, why, tuple(shown))


def not_applicable(why: str) -> Ruling:
    """The rule is not about this connection."""
    return Ruling(Verdict.NOT_APPLICABLE, why)


def not_exercised(why: str) -> Ruling:
    """Nothing came that tells."""
    return Ruling(Verdict.NOT_EXERCISED, why)


@dataclass(frozen=True, slots=True)
class Fault:
    """One place where a rule broke: a finding, with the number of its message."""

    severity: str
    pointer: str
    seen: Any
    expected: str
    message: int | None = None
    objects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One rule or check in a report. `module` groups it, `hint` says what to do."""

    id: str
    module: str
    statement: str
    source: str
    hint: str
    ruling: Ruling
    severity: str = ""
    faults: tuple[Fault, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """How it fared."""
        return self.ruling.verdict

    @property
    def kinds(self) -> tuple[tuple[Fault, int], ...]:
        """Its faults, those that say the same once, each with how often it was found."""
        found: dict[tuple[str, str, str], list[Fault]] = {}
        for fault in self.faults:
            same = (fault.pointer, fault.expected, str(fault.seen))
            found.setdefault(same, []).append(fault)
        return tuple((faults[0], len(faults)) for faults in found.values())

    @property
    def messages(self) -> tuple[int, ...]:
        """The numbers of the messages that stand under it, without repetition."""
        first = (fault.message for fault, _ in self.kinds[:FAULTS])
        told = [message for message in first if message is not None]
        return tuple(dict.fromkeys([*told, *self.ruling.shown[:SHOWN]]))


class Cell(NamedTuple):
    """A verb of a module in the matrix: whether it is supported, and how often it went which way.

    `taken` were answered well, `refused` were not.
    """

    supported: bool
    taken: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A module: its standing (required, optional, not supported) and its verbs both ways.

    `ours` are requests that we send, `theirs` those that the other side sends.
    """

    module: str
    standing: str
    ours: Mapping[str, Cell]
    theirs: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a check. `messages` are the journal records that lines show, by number;
    `missing` is what was awaited and is required, and did not come.
    """

    kind: str  # cpo or emp
    versions_url: str
    version: str | None
    parties: tuple[str, ...]
    began: datetime
    duration_s: float
    lines: tuple[Line, ...]
    matrix: tuple[MatrixRow, ...] = ()
    messages: Mapping[int, Record] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    problem: str = ""  # why it ended early
    interrupted: bool = False  # by Ctrl-C or SIGTERM: what had not come yet is not exercised

    def count(self, verdict: Verdict) -> int:
        """How many lines have a verdict."""
        return sum(line.verdict is verdict for line in self.lines)

    @property
    def failures(self) -> tuple[Line, ...]:
        """The lines that failed, what is refused first, then what a connection rests on."""
        broken = [line for line in self.lines if line.verdict is Verdict.FAIL]
        return tuple(sorted(broken, key=lambda line: URGENCY.index(line.severity)))

    @property
    def exit_code(self) -> Exit:
        """130 if it was interrupted, 1 where something failed, 4 where something required did not
        come, else 0.
        """
        if self.interrupted:
            return Exit.INTERRUPTED
        if self.failures:
            return Exit.FAILED
        return Exit.TIMEOUT if self.missing else Exit.PASS

    @property
    def modules(self) -> tuple[tuple[str, tuple[Line, ...]], ...]:
        """The lines by module, in the order in which modules first appear."""
        groups: dict[str, list[Line]] = {}
        for line in self.lines:
            groups.setdefault(line.module, []).append(line)
        return tuple((module, tuple(lines)) for module, lines in groups.items())


def chosen(lines: Iterable[Line], only: Iterable[str], skip: Iterable[str]) -> tuple[Line, ...]:
    """The lines whose id fits one of `only` (all, if it is empty) and none of `skip`.

    Both are ids, or patterns such as `cdr.*`.
    """
    wanted, unwanted = tuple(only), tuple(skip)
    return tuple(
        line
        for line in lines
        if (not wanted or _fits(line.id, wanted)) and not _fits(line.id, unwanted)
    )


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def messages_of(lines: Iterable[Line], records: Iterable[Record]) -> dict[int, Record]:
    """The records that lines show, by number."""
    wanted = {seq for line in lines for seq in line.messages}
    return {record["seq"]: record for record in records if record["seq"] in wanted}
