"""Texts of the detail panes."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Static

from simulator.tui.paint import Painter, spark
from simulator.tui.themes import DARK, LIGHT


def test_lines_titles_and_facts() -> None:
    paint = Painter().line("a", ("b", "bad")).title("T").facts([("name", 1), ("none", None)], 5)
    assert paint.content.plain == "ab\n\nT\nname  1"
    told = Painter().facts([("a", True), ("b", False)], 1).content.plain
    assert told == "a yes\nb no"
    assert any("error" in str(span.style) for span in paint.content.spans)


def test_json_has_its_remarks() -> None:
    told = Painter().json({"id": 1}, {"/id": ["not so"]}).content.plain
    assert told == "{\n  id: 1\n  ▲ not so\n}"


def test_bars() -> None:
    assert spark([0, 50, 100], 100, 10) == "▁▅█"
    assert spark(range(100), 99, 4) == "████"
    assert spark([5], 0, 4) == "▁"


class _Quiet(App[None]):
    def compose(self) -> ComposeResult:
        yield Static(Painter().line(("QUIET", "quiet"), ("PLAIN", "plain")).content)

    def on_mount(self) -> None:
        self.register_theme(DARK)
        self.register_theme(LIGHT)


@pytest.mark.real
async def test_what_is_quiet_is_nearer_to_the_ground_than_what_is_plain() -> None:
    for theme in (DARK.name, LIGHT.name):
        app = _Quiet()
        async with app.run_test(size=(20, 2)) as pilot:
            app.theme = theme
            await pilot.pause()
            assert _apart(app, "QUIET") < 0.8 * _apart(app, "PLAIN"), theme


def _apart(app: _Quiet, words: str) -> float:
    """How far the colours of these words and of their ground are apart."""
    line = app.screen._compositor.render_strips()[0]
    (style,) = [segment.style for segment in line if segment.text.strip() == words]
    assert style is not None and style.color is not None and style.bgcolor is not None
    front, ground = style.color.get_truecolor(), style.bgcolor.get_truecolor()
    return sum(abs(one - other) for one, other in zip(front, ground, strict=True))
