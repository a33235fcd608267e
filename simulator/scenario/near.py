"""Near misses: of all that happened, what was most like what was expected, and how it differed.

Rule: pure; the fewest differences first, the right name before any other likeness.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.scenario.match import Match, Miss
from simulator.scenario.sights import Sight

SHOWN = 3
_NAME_WEIGHT = 3


def nearest(match: Match, sights: Sequence[Sight], *, limit: int = SHOWN) -> str:
    """The nearest misses with their differences, as text; empty where nothing is alike."""
    ranked = rank(match, sights)[:limit]
    if not ranked:
        return ""
    parts = ["nearest:"]
    for number, (sight, misses) in enumerate(ranked, 1):
        record = sight.answer or sight.record
        who = f"{record['actor']} and {record['peer']}" if record["peer"] else record["actor"]
        parts.append(f"  {number}. record {sight.seq}, {record['at'][11:23]}, {who}: {sight.name}")
        parts += [f"       {m.field}: expected {m.wanted}, was {m.seen}" for m in misses]
    return "\n".join(parts)


def rank(match: Match, sights: Sequence[Sight]) -> list[tuple[Sight, list[Miss]]]:
    """What is of the same kind, the nearest first; of equals the earlier."""
    kind = [(sight, match.misses(sight)) for sight in sights if match.of_kind(sight)]
    wanted = bool(match.leg) + len(match.fields) + len(match.pointers) + len(match.picks)

    def distance(pair: tuple[Sight, list[Miss]]) -> int:
        return sum(_NAME_WEIGHT if miss.field == match.leg else 1 for miss in pair[1])

    near = [pair for pair in kind if pair[1] and _alike(match, pair[1], wanted)]
    return sorted(near, key=lambda pair: (distance(pair), pair[0].seq))


def _alike(match: Match, misses: list[Miss], wanted: int) -> bool:
    """Something of it fits; another name alone is no likeness where nothing else was asked for."""
    return len(misses) < wanted or (wanted == 1 and match.leg not in ("event", ""))
