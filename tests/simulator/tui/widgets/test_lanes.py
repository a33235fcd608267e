"""Lanes, and messages that move between them."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from simulator.tui.plainly import CAR, CPO, EMP, HUB, STATION, Said
from simulator.tui.widgets.lanes import Lanes
from tests.simulator.tui.stage import until

pytestmark = pytest.mark.real


class _Stage(App[None]):
    def __init__(self, *, moves: bool = False) -> None:
        super().__init__()
        self._moves = moves

    def compose(self) -> ComposeResult:
        yield Lanes("lanes", moves=self._moves)

    @property
    def lanes(self) -> Lanes:
        return self.query_one(Lanes)


def said(number: int, words: str = "hello", **more: object) -> Said:
    told = {"sender": STATION, "receiver": CPO, "small": "Greeting", **more}
    return Said(("x", number), number, words=words, **told)  # type: ignore[arg-type]


def rows(app: _Stage) -> list[str]:
    return [line for line in app.lanes.text.splitlines() if line.strip(" │")]


async def test_words_stand_above_an_arrow_from_lane_to_lane() -> None:
    app = _Stage()
    async with app.run_test(size=(100, 20)) as pilot:
        app.lanes.name_lanes(("", "CP1", "", "", ""))
        app.lanes.say([said(1), said(2, "hi", sender=HUB, receiver=CAR), said(3, receiver=STATION)])
        await pilot.pause()
        told = rows(app)
        assert told[1].split() == ["CAR", "STATION", "CPO", "PLUGSURFING", "EMP"]
        assert told[2].split() == ["CP1"]
        assert "hello" in told[3] and "●━━━━ Greeting ━━━━━▶" in told[4]
        assert "◀" in told[6] and told[6].index("◀") == 10 and told[6].index("●") == 70
        assert "◆ Greeting" in told[8]


async def test_what_repeats_itself_is_counted_among_the_last() -> None:
    app = _Stage()
    async with app.run_test(size=(100, 30)) as pilot:
        app.lanes.say([said(n, f"{n} kWh", routine=True) for n in range(1, 5)])
        app.lanes.say([said(9), said(10)])  # no routine: each by itself
        await pilot.pause()
        told = rows(app)
        assert "4 kWh ×4" in told[2] and len(told) == 8
        app.lanes.say([said(11), said(12)])
        app.lanes.say([said(5, "5 kWh", routine=True)])
        await pilot.pause()
        assert "5 kWh" in rows(app)[-2] and "×" not in rows(app)[-2], "too long ago to be joined"


async def test_the_newest_have_the_room_and_names_what_fits() -> None:
    app = _Stage()
    async with app.run_test(size=(60, 10)) as pilot:
        long_name = "RequestStartTransaction"
        app.lanes.say([said(n, f"word{n}", small=long_name) for n in range(20)])
        await pilot.pause()
        assert "word16" in app.lanes.text and "word15" not in app.lanes.text
        assert f"▶ {long_name} " in app.lanes.text, "beside its arrow, where it is longer"
        assert {len(line) for line in app.lanes.text.splitlines()} == {60}
        app.lanes.say([said(n, small=long_name, sender=HUB, receiver=EMP) for n in range(9)])
        await pilot.pause()
        assert f" {long_name} ●━" in app.lanes.text, "on the left, where the right has no room"
        app.lanes.say([said(n, small=long_name) for n in range(9)])
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        assert "●━ … ━━▶" in app.lanes.text or "Req…" in app.lanes.text, (
            "cut where there is no room at all"
        )
        app.lanes.clear()
        await pilot.pause()
        assert "word" not in app.lanes.text
        await pilot.resize_terminal(20, 2)
        await pilot.pause()


async def test_it_moves_while_something_was_said_and_then_rests() -> None:
    app = _Stage(moves=True)
    async with app.run_test(size=(100, 20)) as pilot:
        app.lanes.say([said(1), said(2, "later")])
        assert "later" not in app.lanes.text, "one after the other"
        assert "Greeting" not in app.lanes.text, "under way"
        await until(pilot, lambda: "later" in app.lanes.text)
        await until(pilot, lambda: app.lanes.text.count("Greeting") == 2)
        timer = app.lanes._timer
        assert timer is not None
        await until(pilot, lambda: not timer._active.is_set())
        app.lanes.say([said(n) for n in range(3, 40)])
        assert len(app.lanes._waiting) <= 12, "nobody waits for what was long ago"
        assert timer._active.is_set()
