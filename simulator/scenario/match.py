"""What an expectation looks for: one kind of sight, and what must hold of it.

Rule: a match is checked when it is read; holding it against a sight gives the list of what differs,
empty when it fits, so that near misses can be told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.kernel.filters import Filter, FilterError
from simulator.mistakes import did_you_mean
from simulator.scenario import picking
from simulator.scenario.compare import MISSING, glob, holds, in_words, problem, shown
from simulator.scenario.pointers import Looked, not_there, nowhere
from simulator.scenario.sights import SEND, Sight, point
from simulator.scenario.spoken import misspelt, never_so

# The key that names what is looked for -> the leg it is found on.
SUBJECTS: Mapping[str, str] = {
    "ocpp": "ocpp",
    "ocpi": "ocpi",
    "event": "event",
    "finding": "finding",
    "fault": "fault",
    "step": "step",
}
# Keys that hold pointers: into the request, the answer, and names of headers.
_POINTERS = ("where", "answer", "headers")
FILTER = "filter"


@dataclass(frozen=True, slots=True)
class Miss:
    """One thing that is not as wanted."""

    field: str
    wanted: str
    seen: str


class MatchError(ValueError):
    """A match that cannot be: `field` and why."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}" if field else why)
        self.field = field
        self.why = why


@dataclass(frozen=True, slots=True)
class Match:
    """What to look for. `fields` are simple facts, `pointers` places within the messages, `picks`
    the parts of a filter. Without a subject `leg` is empty: anything.
    """

    leg: str
    name: str
    fields: Mapping[str, Any]
    pointers: tuple[tuple[str, str, Any], ...]
    wants_answer: bool
    picks: tuple[Filter, ...] = ()

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Match:
        """Read a match. Raises MatchError."""
        subjects = [key for key in given if key in SUBJECTS]
        if len(subjects) > 1 or not (subjects or FILTER in given):
            raise MatchError("", f"expected one of {', '.join(SUBJECTS)}, or a {FILTER}")
        known = (*SUBJECTS, FILTER, *FIELDS, *_POINTERS)
        for subject in subjects:
            if not isinstance(given[subject], str) or not given[subject]:
                raise MatchError(subject, "expected a name; * stands for anything")
            if (why := misspelt(SUBJECTS[subject], given[subject])) is not None:
                raise MatchError(subject, why)
        for key, wanted in given.items():
            if key not in known:
                raise MatchError(key, f"unknown.{did_you_mean(key, known)}")
            why = problem(wanted) or never_so(key, wanted) if key in FIELDS else None
            why = why or not_there(SUBJECTS[subjects[0]] if subjects else "", key)
            if why is not None:
                raise MatchError(key, why)
        leg = SUBJECTS[subjects[0]] if subjects else ""
        name = _name(leg, given[subjects[0]]) if subjects else "*"
        picks = _picks(given.get(FILTER))
        return cls(
            leg,
            name,
            {key: given[key] for key in given if key in FIELDS},
            tuple(_pointers(given, Looked.of(leg, name, given.get("version")))),
            wants_answer="answer" in given or "error" in given or picking.waits(picks),
            picks=picks,
        )

    def of_kind(self, sight: Sight) -> bool:
        """True for a sight on the same leg, at the same stage, from the side that is looked at."""
        if self.leg and sight.leg != self.leg:
            return False
        if sight.leg == "ocpp" and (sight.answer is not None) is not (
            self.wants_answer and sight.record["message_type"] != SEND
        ):
            return False
        wanted = self.fields.get("direction", "sent")
        return "direction" not in sight.record or holds(wanted, sight.record["direction"])

    def misses(self, sight: Sight) -> list[Miss]:
        """What differs; nothing if the sight is what was looked for."""
        return list(self._misses(sight))

    def _misses(self, sight: Sight) -> Iterator[Miss]:
        if not glob(self.name, sight.name):
            yield Miss(self.leg, self.name, sight.name)
        for field, wanted in self.fields.items():
            seen = FIELDS[field](sight)
            fits = glob(wanted, seen) if _globs(field, wanted, seen) else holds(wanted, seen)
            if not fits:
                yield Miss(field, in_words(wanted), shown(seen))
        for place, pointer, wanted in self.pointers:
            seen = _SOURCES[place](sight, pointer)
            if not holds(wanted, seen):
                yield Miss(f"{place} {pointer}", in_words(wanted), shown(seen))
        for part in self.picks:
            if not part.matches(picking.row(sight)):
                yield Miss(FILTER, str(part), sight.name)

    def in_words(self) -> str:
        """For people: `ocpi POST cdrs, status 1000, where /total_energy > 5`."""
        told = [f"{self.leg} {self.name}"] if self.leg else []
        told += [f"{FILTER} {' & '.join(map(str, self.picks))}"] if self.picks else []
        told += [f"{field} {in_words(wanted)}" for field, wanted in self.fields.items()]
        told += [f"{place} {where} {in_words(wanted)}" for place, where, wanted in self.pointers]
        return ", ".join(told)


def _name(leg: str, told: str) -> str:
    """`POST` alone means any module, `cdrs` alone any method."""
    if leg != "ocpi" or " " in told.strip():
        return " ".join(told.split())
    return f"{told} *" if told.isupper() else f"* {told}"


def _picks(told: Any) -> tuple[Filter, ...]:
    """The parts of a filter. Raises MatchError."""
    if told is None:
        return ()
    if not isinstance(told, str):
        raise MatchError(FILTER, "expected text, as in ~cp CP1 & ~a Authorize")
    try:
        return picking.read(told)
    except FilterError as error:
        raise MatchError(FILTER, str(error)) from error


def _pointers(given: Mapping[str, Any], looked: Looked) -> Iterator[tuple[str, str, Any]]:
    for place in _POINTERS:
        if place not in given:
            continue
        if not isinstance(given[place], Mapping):
            raise MatchError(place, "expected a mapping of places and values")
        for pointer, wanted in given[place].items():
            if not isinstance(pointer, str) or not (place == "headers" or is_pointer(pointer)):
                raise MatchError(place, f"'{pointer}' is no JSON pointer: it begins with /")
            why = problem(wanted) or nowhere(looked, place, pointer, wanted)
            if why is not None:
                raise MatchError(f"{place} {pointer}", why)
            yield place, pointer, wanted


def is_pointer(text: str) -> bool:
    """True for a JSON pointer, also for one that a variable will complete."""
    return text == "" or text.startswith(("/", "${"))


def _globs(field: str, wanted: Any, seen: Any) -> bool:
    return field in _PATTERNS and isinstance(wanted, str) and isinstance(seen, str)


def _field(name: str) -> Callable[[Sight], Any]:
    def read(sight: Sight) -> Any:
        value = sight.record.get(name, MISSING)
        return MISSING if value is None else value

    return read


# Simple facts about a sight; texts of `_PATTERNS` may hold * and ?.
FIELDS: Mapping[str, Callable[[Sight], Any]] = {
    "by": _field("actor"),
    "peer": _field("peer"),
    "session": lambda sight: sight.session or MISSING,
    "direction": _field("direction"),
    "version": _field("version"),
    "path": lambda sight: sight.path,
    "query": lambda sight: sight.query,
    "http": _field("http_status"),
    "status": _field("status_code"),
    "error": lambda sight: sight.error,
    "severity": _field("severity"),
    "pointer": _field("pointer"),
    "seen": _field("seen"),
}
_PATTERNS = frozenset({"by", "peer", "session", "path", "query", "pointer"})
_SOURCES: Mapping[str, Callable[[Sight, str], Any]] = {
    "where": lambda sight, pointer: point(sight.request, pointer),
    "answer": lambda sight, pointer: point(sight.reply, pointer),
    "headers": lambda sight, name: sight.header(name),
}
