"""A story that is presented: a scenario's steps in beats, one for each key press.

Rule: a beat begins with a note, which is its caption, and ends before the next. What is done is the
stage's steps, and `speed`, so that nobody waits: an audience's minute is long.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.kernel.duration import seconds
from simulator.mistakes import Mistake
from simulator.scenario.collect import files
from simulator.tui.engine import Engine, Snapshot

DEFAULT = "demo/partners"
# How long an audience looks at cars that charge, in real seconds; and the fastest that a clock may
# go for it: its timeouts of 30 s must not become shorter than a machine's hiccup.
WAIT_S, FASTEST = 5.0, 120.0
_TOO_SLOW = (
    "{} lets cars charge for minutes, and this world's clock is real: start with --clock scaled:10"
)
# What a step does, for guests; the arguments that it names stand in it. Others are not told.
_DEEDS: Mapping[str, str] = {
    "advance": "{} pass",
    "boot": "the station restarts",
    "clear_faults": "what went wrong is mended",
    "emp_pull": "the EMP asks for all stations",
    "emp_register": "the EMP joins",
    "fault": "something goes wrong",
    "offline": "the network is cut",
    "online": "the network is mended",
    "plug": "a car plugs in",
    "power_cut": "the power is cut",
    "register": "CPO and {} join",
    "retry_cdr": "the bill is sent again",
    "start": "a driver comes with a card",
    "start_session": "the app says: start",
    "stop": "the driver leaves",
    "stop_session": "the app says: stop",
    "tap": "a card is shown",
    "unplug": "the car leaves",
}
# The same done by several; what is not here is counted.
_SEVERAL: Mapping[str, str] = {
    "a car plugs in": "{} cars plug in",
    "a card is shown": "{} cards are shown",
    "a driver comes with a card": "{} drivers come with cards",
    "the car leaves": "{} cars leave",
    "the driver leaves": "{} drivers leave",
    "the station restarts": "{} stations restart",
}
_NUMBERS = ("", "", "two", "three", "four", "five", "six")
# Steps whose station is named, where a story plays at several.
_PLACED = frozenset({"boot", "offline", "online", "plug", "power_cut", "start", "stop", "tap",
                     "unplug"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Beat:
    """Steps from one note to the next, as a stage tells them; numbers from 1. `placed`: the story
    plays at several stations.
    """

    caption: str
    steps: tuple[Snapshot, ...]
    placed: bool = False

    @property
    def first(self) -> int:
        """Its first step's number."""
        number: int = self.steps[0]["number"]
        return number

    @property
    def last(self) -> int:
        """Its last step's number."""
        number: int = self.steps[-1]["number"]
        return number

    @property
    def deeds(self) -> str:
        """What is done in it, in a few words: what is done several times once, and where."""
        found = Counter(deed for step in self.steps if (deed := _deed(step)) is not None)
        told = ", ".join(_often(deed, times) for deed, times in found.items())
        where = ", ".join(_stations(self.steps)) if self.placed else ""
        return (f"{told} ({where})" if told and where else told) or "look, and listen"


def _often(deed: str, times: int) -> str:
    if times == 1:
        return deed
    several = _SEVERAL.get(deed)
    if several is None:
        return f"{deed} ×{times}"
    return several.format(_NUMBERS[times] if times < len(_NUMBERS) else times)


def _stations(steps: Iterable[Snapshot]) -> list[str]:
    """The stations that steps name, each once; no target, no variable."""
    named = (_given(step["text"], "station") for step in steps if step["verb"] in _PLACED)
    told = (name.strip(" []") for names in named for name in names.split(","))
    return list(dict.fromkeys(name for name in told if name and name[0] not in "@$"))


def _deed(step: Snapshot) -> str | None:
    pattern = _DEEDS.get(step["verb"])
    if pattern is None:
        return None
    return pattern.format(_given(step["text"], "by", "peer"))


def _given(text: str, *names: str) -> str:
    """The first of these arguments in a step's words; or the bare value."""
    for name in names:
        if (found := re.search(rf"(?:^|, ){name}: ([^,]+)", text)) is not None:
            return found[1]
    return text


def beats(stage: Snapshot) -> list[Beat]:
    """A stage's beats."""
    placed = len(_stations(stage["steps"])) > 1
    return [Beat(caption, tuple(steps), placed) for caption, steps in _parted(stage["steps"])]


def _parted(steps: Sequence[Snapshot]) -> Iterator[tuple[str, list[Snapshot]]]:
    caption = ""
    found: list[Snapshot] = []
    for step in steps:
        if step["verb"] == "note" and found:
            yield caption, found
            caption, found = "", []
        if step["verb"] == "note":
            caption = step["caption"] or ""
        found.append(step)
    if found:
        yield caption, found


def at(stage: Snapshot) -> int:
    """How many of its beats have begun."""
    return sum(beat.first <= stage["at"] + bool(stage["running"]) for beat in beats(stage))


def coming(stage: Snapshot) -> Beat | None:
    """The beat that is next; None at the end, and where something went wrong."""
    if stage["verdict"] is not None:
        return None
    return next((beat for beat in beats(stage) if beat.last > stage["at"]), None)


def shown(stages: Sequence[Snapshot]) -> Snapshot | None:
    """The stage that an audience looks at: the newest with captions that goes on, else that was."""
    told = [stage for stage in stages if any(step["verb"] == "note" for step in stage["steps"])]
    on = [stage for stage in told if stage["verdict"] is None]
    return next(iter((on or told)[::-1]), None)


class Presenter:
    """Presents a story in the world of an engine, whose `clock` tells its speed; `story` is a
    scenario file, or its name.
    """

    def __init__(
        self, engine: Engine, clock: Callable[[], str], story: str | Path = DEFAULT
    ) -> None:
        self._engine, self._clock, self.story = engine, clock, str(story)
        self.stage: Snapshot | None = None
        self.busy = False

    async def look(self) -> None:
        """See how the story stands. Where it cannot be seen it stays as it was."""
        found = shown(await self._engine.stages())
        if found is not None:
            self.stage = found

    async def go_on(self) -> None:
        """Perform the next beat; first load the story, or load it again. Raises Mistake."""
        if self.busy:
            return
        if self._engine.facts.paused:  # a step that waits would fail, and the story with it
            raise Mistake("the world's clock is paused: let it go on first")
        self.busy = True
        try:
            stage = self.stage
            if stage is None or coming(stage) is None:
                stage = self.stage = await self._load(stage)
            beat = coming(stage)
            while beat is not None and stage["verdict"] is None and stage["at"] < beat.last:
                stage = self.stage = await self._step(stage, beat)
        finally:
            self.busy = False

    async def _load(self, former: Snapshot | None) -> Snapshot:
        """Raises Mistake."""
        path = files([self.story])[0]
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Mistake(f"{path}: {error}") from error
        if self._clock() == "real" and "advance:" in text:
            raise Mistake(_TOO_SLOW.format(path.stem))
        if former is not None:
            await self._engine.drop(former["id"])
        return await self._engine.load(text, str(path))

    async def _step(self, stage: Snapshot, beat: Beat) -> Snapshot:
        """One step of a beat, at a speed at which nobody falls asleep."""
        step = next(step for step in beat.steps if step["number"] == stage["at"] + 1)
        usual = factor_of(self._clock())
        faster = _faster(step, usual)
        if faster is None:
            return await self._engine.step(stage["id"])
        await self._engine.perform("speed", {"factor": faster})
        try:
            return await self._engine.step(stage["id"])
        finally:
            await self._engine.perform("speed", {"factor": usual})


def factor_of(clock: str) -> float | None:
    """The speed of a scaled clock, as it is written; None of one that has no other."""
    mode, _, factor = clock.partition(":")
    try:
        return float(factor.split(",")[0]) if mode == "scaled" else None
    except ValueError:
        return None


def _faster(step: Snapshot, usual: float | None) -> float | None:
    """The speed for a step that would take too long; None where it is fast enough as it is."""
    if step["verb"] != "advance" or usual is None:
        return None
    try:
        wanted = min(FASTEST, seconds(_given(step["text"], "by")) / WAIT_S)
    except ValueError:
        return None
    return wanted if wanted > usual else None


def progress(stage: Snapshot) -> str:
    """How far the story is: a dot for each beat."""
    done, all_of = at(stage), len(beats(stage))
    return "●" * done + "○" * (all_of - done)


def ended(stage: Snapshot) -> tuple[str, str] | None:
    """What is said of a story that is over, and its tone; None while it goes on."""
    verdict: Any = stage["verdict"]
    if verdict is None:
        return None
    if verdict == "PASS":
        return "The end. All went as told.", "good"
    return f"It did not go as told: {stage['why']}", "bad"
