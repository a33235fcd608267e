"""Expectations look forward from the cursor, miss nothing that was fast, and say what was near."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.scenario.expect import ExpectationFailed, expect, expect_any_order, never
from simulator.scenario.match import Match
from simulator.scenario.step import Play

from .stage import call, ocpi, play


@pytest.fixture
def stage(journal: Journal, clock: Clock) -> Play:
    return play(journal, clock)


def match(**given: Any) -> Match:
    return Match.parse(given)


async def test_what_was_fast_is_not_missed(stage: Play, journal: Journal) -> None:
    ocpi(journal, "PUT", "sessions")
    stage.acts()
    ocpi(journal)  # before anybody looked
    seen = await expect(stage, match(ocpi="POST cdrs"))
    assert seen is not None
    assert seen.seq == 2
    assert stage.world.clock.monotonic() == 0


async def test_what_was_before_the_action_is_past(stage: Play, journal: Journal) -> None:
    ocpi(journal)
    stage.acts()
    with pytest.raises(ExpectationFailed, match="expected within 5 s, and not seen: ocpi POST"):
        await expect(stage, match(ocpi="POST cdrs"), within_s=5)
    assert stage.world.clock.monotonic() == 5


async def test_actions_in_a_row_are_looked_at_from_the_first(stage: Play, journal: Journal) -> None:
    stage.acts()
    ocpi(journal)
    stage.acts()
    assert await expect(stage, match(ocpi="POST cdrs"), within_s=0) is not None


async def test_expectations_in_a_row_are_ordered(stage: Play, journal: Journal) -> None:
    call(journal, "StartTransaction", {}, key="1")
    call(journal, "Authorize", {}, key="2")
    await expect(stage, match(ocpp="Authorize"), within_s=0)
    with pytest.raises(ExpectationFailed):
        await expect(stage, match(ocpp="StartTransaction"), within_s=0)


async def test_the_same_record_serves_one_expectation(stage: Play, journal: Journal) -> None:
    ocpi(journal)
    await expect(stage, match(ocpi="cdrs"), within_s=0)
    with pytest.raises(ExpectationFailed):
        await expect(stage, match(ocpi="cdrs"), within_s=0)


async def test_it_waits_without_polling(stage: Play, journal: Journal, clock: Clock) -> None:
    clock.call_later(7.25, lambda: ocpi(journal))
    seen = await expect(stage, match(ocpi="cdrs"), within_s=10)
    assert seen is not None
    assert clock.monotonic() == 7.25


async def test_any_order_takes_all_from_one_cursor(stage: Play, journal: Journal) -> None:
    call(journal, "StartTransaction", {}, key="1")
    call(journal, "Authorize", {}, key="2")
    call(journal, "Heartbeat", {}, key="3")
    met = await expect_any_order(stage, [match(ocpp="Authorize"), match(ocpp="StartTransaction")])
    assert [sight.seq for sight in met] == [2, 1]
    assert stage.cursor == 2  # behind the last of them, not behind all


async def test_any_order_gives_each_its_own_however_they_overlap(
    stage: Play, journal: Journal
) -> None:
    ocpi(journal, "POST", "cdrs")
    ocpi(journal, "PUT", "sessions")
    met = await expect_any_order(stage, [match(ocpi="*"), match(ocpi="POST cdrs")], within_s=0)
    assert [sight.seq for sight in met] == [2, 1]
    with pytest.raises(ExpectationFailed):
        stage.cursor = 0
        await expect_any_order(stage, [match(ocpi="cdrs"), match(ocpi="POST cdrs")], within_s=0)


@pytest.mark.parametrize(("count", "waits_s"), [(2, 30), ({"ge": 2}, 0), ({"le": 2}, 30)])
async def test_counts_that_are_met(
    stage: Play, journal: Journal, count: Any, waits_s: float
) -> None:
    ocpi(journal)
    ocpi(journal)
    await expect(stage, match(ocpi="cdrs"), count=count)
    assert stage.world.clock.monotonic() == waits_s  # what may yet be exceeded is waited for
    assert stage.cursor == 2


async def test_a_count_that_is_exceeded_fails_at_once(stage: Play, journal: Journal) -> None:
    for _ in range(3):
        ocpi(journal)
    with pytest.raises(ExpectationFailed, match=r"expected 2 .* seen 3 times \(records 1, 2, 3\)"):
        await expect(stage, match(ocpi="cdrs"), count=2)
    assert stage.world.clock.monotonic() == 0


async def test_none_at_all_can_be_counted(stage: Play, journal: Journal) -> None:
    assert await expect(stage, match(ocpi="cdrs"), count=0, within_s=5) is None
    ocpi(journal)
    with pytest.raises(ExpectationFailed, match="seen 1 times"):
        await expect(stage, match(ocpi="cdrs"), count=0, within_s=5)


async def test_never_looks_back_and_for_a_while(
    stage: Play, journal: Journal, clock: Clock
) -> None:
    ocpi(journal)
    with pytest.raises(ExpectationFailed, match=r"never expected, and seen: .*\(record 1\)"):
        await never(stage, match(ocpi="cdrs"))
    await never(stage, match(ocpi="cdrs"), after=1)
    clock.call_later(3, lambda: ocpi(journal))
    with pytest.raises(ExpectationFailed, match="record 2"):
        await never(stage, match(ocpi="cdrs"), after=1, for_s=10)
    assert clock.monotonic() == 3


async def test_a_failure_shows_what_was_near_and_the_ladder(stage: Play, journal: Journal) -> None:
    ocpi(journal, body={"id": "C1", "total_energy": 3}, session="S1")
    with pytest.raises(ExpectationFailed) as failed:
        await expect(stage, match(ocpi="POST cdrs", where={"/total_energy": {"gt": 5}}), within_s=1)
    assert "nearest:\n  1. record 1, 07:00:00.000, cpo and plugsurfing" in failed.value.details
    assert "where /total_energy: expected > 5, was 3" in failed.value.details
    assert "session S1:" in failed.value.details


async def test_a_failure_with_nothing_near_says_so(stage: Play) -> None:
    with pytest.raises(ExpectationFailed) as failed:
        await expect(stage, match(ocpi="cdrs"), within_s=0)
    assert failed.value.details == "nothing of the kind happened after record 0"


async def test_never_again_looks_at_what_is_new_alone(
    stage: Play, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    of_kind = Match.of_kind

    def counted(self: Match, sight: Any) -> bool:
        looked.append(sight.name)
        return of_kind(self, sight)

    monkeypatch.setattr(Match, "of_kind", counted)
    for _ in range(100):
        ocpi(journal, "PUT", "sessions")
        journal.event("cpo", "something")  # of another leg: never looked at
        await never(stage, match(ocpi="cdrs"))
    assert looked == ["PUT sessions"] * 100
    await never(stage, match(ocpi="cdrs", status=2001))  # another question begins anew
    assert len(looked) == 200
    ocpi(journal)
    with pytest.raises(ExpectationFailed, match=r"\(record 201\)"):
        await never(stage, match(ocpi="cdrs"))
    with pytest.raises(ExpectationFailed, match=r"\(record 201\)"):
        await never(stage, match(ocpi="cdrs"))
