"""Rate limits by the clock minute and the UTC day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from mock_peer.roam_limits import PER_DAY, PER_MINUTE, PullLimit, RequestLimits

NOON = datetime(2026, 1, 15, 12, 7, 30, tzinfo=UTC)


def test_the_3001st_request_of_a_clock_minute_is_refused_and_the_next_minute_is_free() -> None:
    limits = RequestLimits()
    assert [limits.ask(NOON) for _ in range(PER_MINUTE)] == [None] * PER_MINUTE
    assert limits.ask(NOON + timedelta(seconds=29.9)) == "minute"
    assert limits.ask(NOON + timedelta(seconds=30)) is None


def test_a_minute_begins_with_the_clock_and_not_with_the_first_request() -> None:
    limits = RequestLimits()
    assert limits.ask(NOON.replace(second=59), per_minute=1) is None
    assert limits.ask(NOON.replace(minute=8, second=0), per_minute=1) is None


def test_what_the_minute_refused_counts_for_no_day() -> None:
    ask = partial(RequestLimits().ask, per_minute=2, per_day=3)
    asked = [ask(NOON) for _ in range(10)]
    assert asked == [None, None, *["minute"] * 8]
    assert ask(NOON + timedelta(minutes=1)) is None
    assert ask(NOON + timedelta(minutes=1)) == "day"


def test_a_day_ends_at_midnight_utc() -> None:
    ask = partial(RequestLimits().ask, per_day=1)
    assert ask(NOON) is None
    assert ask(NOON.replace(hour=23, minute=59)) == "day"
    assert ask(NOON + timedelta(days=1)) is None


def test_the_published_figures() -> None:
    assert (PER_MINUTE, PER_DAY) == (3_000, 1_000_000)


def test_pulls_are_a_minute_apart() -> None:
    pulls = PullLimit()
    assert pulls.since(NOON) is None
    pulls.begin(NOON)
    assert pulls.since(NOON + timedelta(seconds=59)) == timedelta(seconds=59)
    assert pulls.since(NOON + timedelta(seconds=60)) is None
