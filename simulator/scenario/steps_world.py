"""Steps of the world itself: its clock, and words to whoever reads along.

Rule: time passes on the world's clock alone.
"""

from __future__ import annotations

from simulator.scenario.step import Arg, Arguments, Kind, Play, Result, Step


async def advance(play: Play, given: Arguments) -> Result:
    """Let time pass."""
    await play.world.clock.sleep(given["by"])


async def note(play: Play, given: Arguments) -> Result:
    """Say something: it stands in the journal."""
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
        "note",
        "world",
        "Say something to whoever reads the journal.",
        note,
        (Arg("text", Kind.TEXT, "what to say", required=True),),
        "text",
        acts=False,
    ),
)
