"""The ladder of a session: who said what to whom, from the car to the EMP, as text.

Rule: only words, from the journal's records; one line for each exchange, told by who began it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

from simulator.kernel.journal import Record
from simulator.wording import Line, Wording, short

_LANE = 24
# So many routine lines in a row are told as one.
_FOLD = 4
_ORDER = ("cpo", "plugsurfing", "roam", "emp")


def ladder(records: Iterable[Record], session: str | None = None) -> str:
    """The ladder of one session, or of all records. Empty where nothing was said."""
    wording = Wording()
    lines: list[Line] = []
    for record in records:
        line = wording.line(record)
        if line is not None and (session is None or record["session"] == session):
            lines.append(line)
    if not lines:
        return ""
    lanes = _lanes(lines)
    head = " " * 13 + "".join(f"{name[: _LANE - 2]:<{_LANE}}" for name in lanes)
    return "\n".join([head.rstrip(), *_rungs(lines, lanes)])


def _rungs(lines: list[Line], lanes: list[str]) -> Iterator[str]:
    """The lines in order; what comes again and again while all is well is counted."""
    for routine, group in groupby(lines, key=lambda line: line.routine):
        several = list(group)
        if not routine or len(several) < _FOLD:
            yield from (_rung(line, lanes) for line in several)
            continue
        counts = Counter(line.what for line in several)
        told = ", ".join(f"{count} x {what}" for what, count in counts.items())
        yield f"{several[0].at[11:23]} … {told}"


def _lanes(lines: list[Line]) -> list[str]:
    """Stations first, then the CPO, the peer's faces, the EMPs."""
    names = dict.fromkeys(name for line in lines for name in (line.sender, line.receiver))

    def place(name: str) -> tuple[int, str]:
        known = [i for i, word in enumerate(_ORDER, 1) if name == word or name.startswith(word)]
        return (known[0] if known else 0, "")

    return sorted(names, key=place)


def _rung(line: Line, lanes: list[str]) -> str:
    """One exchange: an arrow from lane to lane, its words along it."""
    began, ended = lanes.index(line.sender), lanes.index(line.receiver)
    left, right = min(began, ended), max(began, ended)
    width = max((right - left) * _LANE, _LANE) - 2
    words = f" {line.what} {line.detail}".rstrip()[: width - 3] + " "
    arrow = f"{words:-<{width}}>" if began <= ended else f"<{words:-<{width}}"
    if line.leg == "finding":
        arrow = f"! {line.what} {line.detail}"
    time = line.at[11:23]
    return f"{time} {' ' * (left * _LANE)}{arrow} {line.outcome}".rstrip()


def session_near(records: list[Record], seq: int) -> str | None:
    """The session that was last spoken of up to a record, or the last one at all."""
    told = [r for r in records if r["session"] is not None]
    near = [r for r in told if r["seq"] <= seq]
    chosen = near or told
    return str(chosen[-1]["session"]) if chosen else None


__all__ = ["ladder", "session_near", "short"]
