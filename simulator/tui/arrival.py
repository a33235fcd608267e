"""What arrived otherwise than it was sent: a fault struck it on its way, or somebody changed it.

Rule: read from what both ends recorded; an end that recorded nothing tells nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from simulator.kernel.filter_rows import decoded
from simulator.kernel.journal import Record
from simulator.scenario.sights import CALL, SEND, point
from simulator.tui.exchange import Exchange
from simulator.wire.held_edit import differences

# Places that are told of one message.
_TOLD = 20


@dataclass(frozen=True, slots=True)
class Change:
    """A place of a message (`of`: request or answer): what was sent there, and what arrived."""

    of: str
    pointer: str
    sent: Any
    arrived: Any


def changes(ex: Exchange) -> Iterator[Change]:
    """Each place where what arrived is not what was sent, of the request first."""
    told = _frames(ex) if ex.leg == "ocpp" else _exchanges(ex) if ex.leg == "ocpi" else {}
    for of, (sent, arrived) in told.items():
        if sent == arrived or sent is None or arrived is None:
            continue
        old, new = decoded(sent), decoded(arrived)
        for pointer in islice(differences(old, new), _TOLD):
            yield Change(of, pointer, point(old, pointer), point(new, pointer))


Texts = dict[str, tuple[str | None, str | None]]


def _exchanges(ex: Exchange) -> Texts:
    """Bodies as the asker and the asked recorded them."""
    sides = {record["direction"]: record for record in (ex.record, *ex.far)}
    if len(sides) < 2:
        return {}
    asker, asked = sides["sent"], sides["received"]
    bodies = [(side["response"] or {}).get("body") for side in (asked, asker)]
    return {
        "request": (asker["request"]["body"], asked["request"]["body"]),
        "answer": (bodies[0], bodies[1]),
    }


def _frames(ex: Exchange) -> Texts:
    """Frames as the two ends recorded them."""
    records = [ex.record, *([ex.answer] if ex.answer is not None else []), *ex.far]
    calls = [r for r in records if r["message_type"] in (CALL, SEND)]
    answers = [r for r in records if r["message_type"] not in (CALL, SEND)]
    return {"request": _pair(calls), "answer": _pair(answers)}


def _pair(records: list[Record]) -> tuple[str | None, str | None]:
    frames = {record["direction"]: record["frame"] for record in records}
    return frames.get("sent"), frames.get("received")
