"""Filters of expectations."""

from __future__ import annotations

import pytest

from simulator.kernel.filters import FilterError
from simulator.kernel.journal import Journal
from simulator.scenario.picking import read, row, waits
from simulator.scenario.sights import sights

from .stage import answer, call


@pytest.mark.parametrize(
    ("text", "parts", "answered"),
    [
        ("~cp 1 & ~a Reset ~leg ocpp", 3, False),
        ("~cp 1 | ~s x", 1, True),
        ("!~err", 1, True),
        ("word", 1, True),
        ("", 0, False),
        ("~cp ${station}", 0, False),
    ],
)
def test_parts_and_when_they_can_be_judged(text: str, parts: int, answered: bool) -> None:
    wanted = read(text)
    assert (len(wanted), waits(wanted)) == (parts, answered)


def test_nothing_is_marked_here() -> None:
    with pytest.raises(FilterError, match="~m says nothing here"):
        read("~m")


def test_a_sight_is_a_row_with_its_answer(journal: Journal) -> None:
    call(journal, "Reset", {}, key="1")
    answer(journal, {"status": "Accepted"}, key="1")
    asked, answered = sights(journal.records)
    assert (row(asked).field("s"), row(answered).field("s")) == (None, "Accepted")
