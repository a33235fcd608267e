"""The cache, and the decision about an identifier."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from simulator.station.authorization import (
    AuthorizationCache,
    IdToken,
    Rules,
    TokenInfo,
    Verdict,
    decide,
    may_stop,
)

NOW = datetime(2026, 1, 15, 7, tzinfo=UTC)
GOOD, BAD = TokenInfo("Accepted"), TokenInfo("Blocked")
CARD = IdToken("04A1B2")


@pytest.mark.parametrize(
    ("known", "online", "pre", "offline", "unknown", "verdict", "why"),
    [
        (None, True, False, True, False, Verdict.ASK, "online"),
        (GOOD, True, False, True, False, Verdict.ASK, "online"),
        (GOOD, True, True, False, False, Verdict.ACCEPT, "cache"),
        (BAD, True, True, True, True, Verdict.ASK, "online"),  # it may be valid again
        (GOOD, False, False, True, False, Verdict.ACCEPT, "offline_cache"),
        (GOOD, False, False, False, False, Verdict.REFUSE, "offline_not_allowed"),
        (BAD, False, True, True, True, Verdict.REFUSE, "offline_not_valid"),
        (None, False, True, True, False, Verdict.REFUSE, "offline_unknown"),
        (None, False, False, False, True, Verdict.ACCEPT, "offline_unknown"),
    ],
)
def test_the_decision(
    known: TokenInfo | None,
    online: bool,
    pre: bool,
    offline: bool,
    unknown: bool,
    verdict: Verdict,
    why: str,
) -> None:
    decision = decide(known, online=online, rules=Rules(pre, offline, unknown))
    assert (decision.verdict, decision.why) == (verdict, why)


def test_the_cache_keeps_what_was_said_last_without_regard_to_case() -> None:
    cache = AuthorizationCache()
    assert cache.look_up(CARD, NOW) is None
    cache.update(CARD, GOOD, NOW)
    cache.update(IdToken("04a1b2"), BAD, NOW)
    assert cache.look_up(CARD, NOW) == BAD
    assert len(cache) == 1
    cache.clear()
    assert cache.look_up(CARD, NOW) is None


def test_entries_expire() -> None:
    cache = AuthorizationCache()
    cache.update(CARD, TokenInfo("Accepted", "G", NOW + timedelta(hours=1)), NOW)
    cache.update(IdToken("B"), GOOD, NOW, lifetime_s=60)
    assert cache.look_up(CARD, NOW) == TokenInfo("Accepted", "G", NOW + timedelta(hours=1))
    later = NOW + timedelta(hours=2)
    found = cache.look_up(CARD, later)
    assert found is not None
    assert (found.status, found.group) == ("Expired", "G")
    b = cache.look_up(IdToken("B"), NOW + timedelta(seconds=61))
    assert b is not None
    assert b.status == "Expired"


def test_a_full_cache_loses_what_is_not_valid_first_then_the_oldest() -> None:
    cache = AuthorizationCache(capacity=2)
    cache.update(IdToken("A"), GOOD, NOW)
    cache.update(IdToken("B"), BAD, NOW)
    cache.update(IdToken("C"), GOOD, NOW)
    assert cache.look_up(IdToken("B"), NOW) is None
    cache.update(IdToken("D"), GOOD, NOW)
    assert cache.look_up(IdToken("A"), NOW) is None
    assert cache.look_up(IdToken("C"), NOW) == cache.look_up(IdToken("D"), NOW) == GOOD


@pytest.mark.parametrize(
    ("presented", "started_group", "group", "allowed"),
    [
        ("04a1b2", None, None, True),
        ("OTHER", None, None, False),
        ("OTHER", "G", "G", True),
        ("OTHER", "G", "H", False),
        ("G", "G", None, False),  # the group's name is no card (1.6 section 3.10)
    ],
)
def test_who_may_stop(
    presented: str, started_group: str | None, group: str | None, allowed: bool
) -> None:
    assert may_stop(CARD, IdToken(presented), started_group, group) is allowed


def test_nobody_started_what_the_cable_began() -> None:
    assert not may_stop(None, CARD, None, None)
