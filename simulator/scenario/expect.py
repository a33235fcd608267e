"""Expectations: what the journal must hold, from where the last action began, or never.

Rule: they read the journal and nothing else, look forward and never miss what was fast; a failure
shows what nearly happened. Waiting is a subscription, on the world's clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simulator.kernel.clock import Clock
from simulator.kernel.duration import words
from simulator.scenario.compare import holds, in_words
from simulator.scenario.ladder import ladder, session_near
from simulator.scenario.match import Match
from simulator.scenario.near import nearest
from simulator.scenario.sights import Sight, Sightings
from simulator.scenario.step import Play, StepFailed

WITHIN_S = 30.0
Enough = Callable[[list[Sight]], bool]


class ExpectationFailed(StepFailed):
    """The world did not do it. `details`: the nearest misses, and the ladder of the session."""

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message)
        self.details = details


async def expect(
    play: Play, match: Match, *, within_s: float = WITHIN_S, count: Any = None
) -> Sight | None:
    """Wait until it has happened; with `count`, so often. Raises ExpectationFailed.

    Without a count the first one is enough. A count that may yet be exceeded is known only when the
    time is up.
    """
    after = play.cursor
    if count is None:
        found = await look(play, [match], after, within_s)
        if found[0] is None:
            raise _not_seen(play, match, after, within_s)
        play.saw(found[0].seq)
        return found[0]
    seen = await collect(play.sightings, play.world.clock, match, after, within_s, _until(count))
    if not holds(count, len(seen)):
        raise _miscounted(play, match, after, within_s, count, seen)
    play.saw(seen[-1].seq if seen else after)
    return seen[-1] if seen else None


async def expect_any_order(
    play: Play, matches: Sequence[Match], *, within_s: float = WITHIN_S
) -> list[Sight]:
    """Wait until each has happened, in whatever order, each by another sight.

    Raises ExpectationFailed for the first that has not.
    """
    after = play.cursor
    found = await look(play, matches, after, within_s)
    for match, sight in zip(matches, found, strict=True):
        if sight is None:
            raise _not_seen(play, match, after, within_s)
    met = [sight for sight in found if sight is not None]
    play.saw(max((sight.seq for sight in met), default=after))
    return met


async def never(play: Play, match: Match, *, after: int = 0, for_s: float = 0.0) -> None:
    """Make sure that it has not happened since `after`, nor does for a while.

    Raises ExpectationFailed at once when it happens.
    """
    clock, once = play.world.clock, bool
    begin = after or _unseen_up_to(play, match)
    seen = await collect(play.sightings, clock, match, begin, for_s, once)
    if seen:
        sight = seen[0]
        raise ExpectationFailed(
            f"never expected, and seen: {match.in_words()} (record {sight.seq})",
            _ladder(play, sight.seq),
        )
    if not after:
        play.sightings.unseen[match.in_words()] = match, play.world.journal.seq
    play.expected_last = True


def _unseen_up_to(play: Play, match: Match) -> int:
    """The record up to which it has not happened, as was found before: the past does not change."""
    same, seq = play.sightings.unseen.get(match.in_words(), (None, 0))
    return seq if same == match else 0


async def look(
    play: Play, matches: Sequence[Match], after: int, within_s: float
) -> list[Sight | None]:
    """For each match a sight that meets it, each another one; None where none came."""
    found: list[Sight | None] = [None] * len(matches)

    def see(sight: Sight) -> bool:
        _give(sight, matches, found, set())
        return all(each is not None for each in found)

    await _watch(play.sightings, play.world.clock, after, within_s, see)
    return found


def _give(
    sight: Sight, matches: Sequence[Match], found: list[Sight | None], asked: set[int]
) -> bool:
    """Find a match for a sight; one that has another already takes this if that finds a new one."""
    for place, match in enumerate(matches):
        if place in asked or not match.of_kind(sight) or match.misses(sight):
            continue
        asked.add(place)
        other = found[place]
        if other is None or _give(other, matches, found, asked):
            found[place] = sight
            return True
    return False


async def collect(
    sightings: Sightings,
    clock: Clock,
    match: Match,
    after: int,
    within_s: float,
    enough: Enough,
) -> list[Sight]:
    """All that meets a match, until it is enough or the time is up."""
    seen: list[Sight] = []

    def see(sight: Sight) -> bool:
        if match.of_kind(sight) and not match.misses(sight):
            seen.append(sight)
        return enough(seen)

    await _watch(sightings, clock, after, within_s, see, match.leg)
    return seen


async def _watch(
    sightings: Sightings,
    clock: Clock,
    after: int,
    within_s: float,
    see: Callable[[Sight], bool],
    leg: str = "",
) -> None:
    """Show what was and what comes to `see`, until it has seen enough or the time is up; of what
    was, the leg alone that is named.
    """
    if any(see(sight) for sight in sightings.after(after, leg)) or within_s <= 0:
        return
    done = asyncio.Event()

    def hear(sight: Sight) -> None:
        if not done.is_set() and see(sight):
            done.set()

    leave = sightings.listen(hear)
    try:
        await clock.wait_event(done, within_s)
    finally:
        leave()


def _until(count: Any) -> Enough:
    """When to stop counting: as soon as more cannot change the verdict."""
    if isinstance(count, Mapping):
        if set(count) <= {"ge", "gt"}:
            return lambda seen: holds(count, len(seen))
        return lambda seen: False
    return lambda seen: len(seen) > count


# Failures


def _not_seen(play: Play, match: Match, after: int, within_s: float) -> ExpectationFailed:
    return ExpectationFailed(
        f"expected within {words(within_s)}, and not seen: {match.in_words()}",
        _details(play, match, after),
    )


def _miscounted(
    play: Play, match: Match, after: int, within_s: float, count: Any, seen: list[Sight]
) -> ExpectationFailed:
    records = f" (records {', '.join(str(s.seq) for s in seen[:10])})" if seen else ""
    return ExpectationFailed(
        f"expected {in_words(count)} within {words(within_s)}, and seen {len(seen)} times"
        f"{records}: {match.in_words()}",
        _details(play, match, after),
    )


def _details(play: Play, match: Match, after: int) -> str:
    misses = nearest(match, play.sightings.after(after))
    told = misses or f"nothing of the kind happened after record {after}"
    return f"{told}\n\n{_ladder(play, play.world.journal.seq)}".rstrip()


def _ladder(play: Play, seq: int) -> str:
    records = list(play.world.journal.records)
    session = session_near(records, seq)
    drawn = ladder(records, session) if session else ""
    return f"session {session}:\n{drawn}" if drawn else ""
