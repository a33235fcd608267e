"""The help page."""

from __future__ import annotations

from simulator.kernel.filters import WORDS
from simulator.tui.helping import page
from simulator.tui.keys import rows
from simulator.tui.questions import QUESTIONS


def test_it_has_every_key_as_it_is_bound_and_every_operator() -> None:
    told = page("Fleet", "About it.", "fleet", {"fleet.tap": "T"}).plain
    assert "About it." in told
    for row in (*rows("fleet"), *rows("table"), *rows("app")):
        assert row.what in told
    assert "\nT  " in told
    assert all(f"{question.key}  {question.words}" in told for question in QUESTIONS)
    assert all(f"~{name} WORD" in told for name in WORDS)
