"""Time passes, words are said."""

from __future__ import annotations

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
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
