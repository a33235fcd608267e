"""Steps of the world itself: its clock, and words to whoever reads along.

Rule: time passes on the world's clock alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from simulator.kernel.clock import ClockError
from simulator.kernel.filter_rows import LACKING
from simulator.kernel.filters import FilterError, parse
from simulator.kernel.recording import Recording
from simulator.mistakes import Mistake
from simulator.scenario.step import (
    PAUSED,
    Arg,
    Arguments,
    Kind,
    Play,
    Problem,
    Result,
    Step,
    StepError,
    StepFailed,
)


async def advance(play: Play, given: Arguments) -> Result:
    """Let time pass. Raises StepFailed where it stands still."""
    if play.world.clock.paused:
        raise StepFailed(f"advance: {PAUSED}")
    await play.world.clock.sleep(given["by"])


async def speed(play: Play, given: Arguments) -> Result:
    """Change how fast the clock runs, or pause it; the clock in words. Raises StepError."""
    clock = play.world.clock
    try:
        clock.speed(given["factor"])
    except ClockError as error:
        raise StepError(f"speed: {error}") from error
    play.world.journal.event("world", "clock.speed", factor=clock.factor, paused=clock.paused)
    return f"{clock}, paused" if clock.paused else str(clock)


async def record(play: Play, given: Arguments) -> Result:
    """Take the journal down into a new file from now on; where that is. Raises StepError."""
    world = play.world
    if world.recording is not None and world.recording.active:
        raise StepError(f"record: {world.recording.path} is being written: stop_recording first")
    try:
        world.recording = Recording(world.journal, Path(given["file"]), given["filter"] or "")
    except Mistake as error:
        raise StepError(f"record: {error}") from error
    return str(world.recording.path)


def _examine_record(given: Mapping[str, Any]) -> Iterator[Problem]:
    text = given.get("filter")
    if isinstance(text, str) and "${" not in text:
        try:
            parse(text, lacking=LACKING)
        except FilterError as error:
            yield ("filter",), str(error)


async def stop_recording(play: Play, given: Arguments) -> Result:
    """End the recording; how many records it has. Raises StepError."""
    recording = play.world.recording
    if recording is None or not recording.active:
        raise StepError("stop_recording: nothing is being recorded")
    recording.stop()
    return recording.records


async def note(play: Play, given: Arguments) -> Result:
    """Say something: it stands in the journal. Raises StepError for a record that is not there."""
    last = play.world.journal.seq - 1  # that this is said is a record, too
    if given["about"] is not None and not 1 <= given["about"] <= last:
        raise StepError(f"note, about: no record {given['about']}: there are 1 to {last}")
    return given["text"]


STEPS: tuple[Step, ...] = (
    Step(
        "advance",
        "world",
        "Let time pass: at once where the clock is virtual.",
        advance,
        (Arg("by", Kind.DURATION, "how long", required=True),),
        "by",
    ),
    Step(
        "speed",
        "world",
        "Change how fast a scaled clock runs: world seconds in one second, 0 pauses it.",
        speed,
        (Arg("factor", Kind.NUMBER, "0.001 to 1e6; 0: time stands still", required=True),),
        "factor",
        acts=False,
    ),
    Step(
        "record",
        "world",
        "Take the journal down into a new file, from now on.",
        record,
        (
            Arg("file", Kind.TEXT, "a name that ends in .ndjson, or a folder", default="."),
            Arg(
                "filter",
                Kind.TEXT,
                "only what this picks, as in ~cp DE-AC-1 & ~err",
                names="filter",
            ),
        ),
        "file",
        acts=False,
        examine=_examine_record,
    ),
    Step(
        "stop_recording",
        "world",
        "End the recording.",
        stop_recording,
        acts=False,
    ),
    Step(
        "note",
        "world",
        "Say something to whoever reads the journal.",
        note,
        (
            Arg("text", Kind.TEXT, "what to say", required=True),
            Arg("about", Kind.INTEGER, "the number of the record that it is about"),
        ),
        "text",
        acts=False,
    ),
)
