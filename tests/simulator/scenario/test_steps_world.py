"""Time passes, words are said."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal, read
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
        await perform(own, "expect", {"ocpp": "Reset", "within": "1 min"})
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
    (failed,) = [record for record in journal.records if record["leg"] == "event"]
    assert failed["what"] == "step.failed" and "has one speed" in failed["data"]["why"]


async def test_a_part_of_the_journal_is_taken_down(
    journal: Journal, clock: Clock, tmp_path: Path
) -> None:
    own = play(journal, clock)
    await perform(own, "note", "before")
    file = await perform(own, "record", str(tmp_path))
    assert file == str(tmp_path / "recording-test.ndjson")
    await perform(own, "note", "within")
    with pytest.raises(StepError, match=r"recording-test.ndjson is being written: stop_recording"):
        await perform(own, "record", str(tmp_path / "other.ndjson"))
    count = await perform(own, "stop_recording")
    await perform(own, "note", "after")
    head, *records = read(Path(file))
    assert head["format"] == "roamlab-journal/1"
    assert count == len(records)
    notes = [r["arguments"]["text"] for r in records if r.get("step") == "note"]
    assert notes == ["within"]
    with pytest.raises(StepError, match="nothing is being recorded"):
        await perform(own, "stop_recording")
    assert str(await perform(own, "record", str(tmp_path))).endswith("recording-test-2.ndjson")
    own.world.recording.close()  # type: ignore[union-attr]


async def test_only_what_a_filter_picks(journal: Journal, clock: Clock, tmp_path: Path) -> None:
    own, file = play(journal, clock), tmp_path / "some.ndjson"
    await perform(own, "record", {"file": str(file), "filter": "~a note & good"})
    await perform(own, "note", "good")
    await perform(own, "note", "bad")
    assert await perform(own, "stop_recording") == 1
    assert [r["arguments"]["text"] for r in list(read(file))[1:]] == ["good"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"filter": "~cp"}, "record, filter: at 4: ~cp needs a word"),
        ({"filter": "~m"}, "record, filter: at 1: ~m"),
        ("there.ndjson", "there.ndjson: there is such a file: take another name"),
        ("x.txt", "x.txt: a recording's name ends in .ndjson"),
        ("none/x.ndjson", "x.ndjson: No such file or directory"),
    ],
)
async def test_a_recording_that_cannot_begin(
    given: object, why: str, journal: Journal, clock: Clock, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.ndjson").write_text("mine")
    with pytest.raises(StepError, match=why):
        await perform(play(journal, clock), "record", given)
    assert (tmp_path / "there.ndjson").read_text() == "mine"


async def test_a_note_may_be_about_a_record(journal: Journal, clock: Clock) -> None:
    own = play(journal, clock)
    journal.event("a", "odd")
    await perform(own, "note", {"text": "why?", "about": 1})
    assert journal.records[-1]["arguments"] == {"text": "why?", "about": 1}
    for about in (0, 99):
        with pytest.raises(StepError, match=rf"note, about: no record {about}: there are 1 to"):
            await perform(own, "note", {"text": "why?", "about": about})
