"""Time passes, words are said."""

from __future__ import annotations

import pytest

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.scenario.step import StepError, StepFailed
from simulator.scenario.steps import perform

from .stage import play


async def test_time_passes_on_the_worlds_clock(journal: Journal, clock: Clock) -> None:
    await perform(play(journal, clock), "advance", "40 min")
    assert clock.monotonic() == 2400


async def test_a_note_stands_in_the_journal_and_is_no_action(
    journal: Journal, clock: Clock
) -> None:
    own = play(journal, clock)
    assert await perform(own, "note", "hear") == "hear"
    assert [record["arguments"] for record in journal.records] == [{"text": "hear"}]
    assert own.expected_last


async def test_a_scaled_clock_changes_its_speed_which_stands_in_the_journal() -> None:
    clock = Clock("scaled", factor=60)
    journal = Journal(clock)
    own = play(journal, clock)
    assert await perform(own, "speed", 5) == "scaled:5"
    assert await perform(own, "speed", {"factor": 0}) == "scaled:5, paused"
    assert [r["arguments"] for r in journal.records if r["leg"] == "step"] == [
        {"factor": 5},
        {"factor": 0},
    ]
    assert [r["data"] for r in journal.records if r["leg"] == "event"] == [
        {"factor": 5, "paused": False},
        {"factor": 5, "paused": True},
    ]
    assert own.expected_last  # it is no action that an expectation looks behind


async def test_what_needs_time_ends_where_none_passes() -> None:
    clock = Clock("scaled", factor=60)
    own = play(Journal(clock), clock)
    await perform(own, "speed", 0)
    with pytest.raises(StepFailed, match="advance: the clock is paused"):
        await perform(own, "advance", "1 s")
    with pytest.raises(StepFailed, match=r"expect: the clock is paused, .* speed lets it go on"):
        await perform(own, "expect", {"ocpp": "Never", "within": "1 min"})
    await perform(own, "speed", 60)
    await perform(own, "advance", "1 min")
    assert clock.monotonic() == pytest.approx(60)


@pytest.mark.parametrize(
    ("factor", "why"), [(-1, "the factor must be above 0"), ("fast", "expected a number")]
)
async def test_a_speed_that_none_can_have_is_refused(factor: object, why: str) -> None:
    clock = Clock("scaled", factor=60)
    with pytest.raises(StepError, match=why):
        await perform(play(Journal(clock), clock), "speed", factor)
    assert clock.factor == 60


async def test_a_clock_with_one_speed_says_how_to_get_another(
    journal: Journal, clock: Clock
) -> None:
    with pytest.raises(StepError, match="a virtual clock has one speed: start with --clock scaled"):
        await perform(play(journal, clock), "speed", 2)
    assert not [record for record in journal.records if record["leg"] == "event"]
