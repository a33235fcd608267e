"""Steps of the world itself: its clock, and words to whoever reads along.

Rule: time passes on the world's clock alone.
"""

from __future__ import annotations

from simulator.kernel.clock import ClockError
from simulator.scenario.step import (
    PAUSED,
    Arg,
    Arguments,
    Kind,
    Play,
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
        "speed",
        "world",
        "Change how fast a scaled clock runs: world seconds in one second, 0 pauses it.",
        speed,
        (Arg("factor", Kind.NUMBER, "0.001 to 1e6; 0: time stands still", required=True),),
        "factor",
        acts=False,
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
