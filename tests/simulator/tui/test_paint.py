"""Texts of the detail panes."""

from __future__ import annotations

from simulator.tui.paint import Painter, spark


def test_lines_titles_and_facts() -> None:
    paint = Painter().line("a", ("b", "bad")).title("T").facts([("name", 1), ("none", None)], 5)
    assert paint.content.plain == "ab\n\nT\nname  1"
    assert any("error" in str(span.style) for span in paint.content.spans)


def test_json_has_its_remarks() -> None:
    told = Painter().json({"id": 1}, {"/id": ["not so"]}).content.plain
    assert told == "{\n  id: 1\n  ▲ not so\n}"


def test_bars() -> None:
    assert spark([0, 50, 100], 100, 10) == "▁▅█"
    assert spark(range(100), 99, 4) == "████"
    assert spark([5], 0, 4) == "▁"
