"""The sections in their order."""

from __future__ import annotations

import pytest

from simulator.tui.peer.sections import SECTIONS
from tests.simulator.tui.peer.partners import look


def test_names_stand_once() -> None:
    names = [section.name for section in SECTIONS]
    assert len(set(names)) == len(names) == 7


@pytest.mark.parametrize("width", [59, 60, 66, 72, 80, 92, 99, 120])
def test_no_column_is_cut_however_narrow_the_table_is(width: int) -> None:
    for section in SECTIONS:
        shown = [column for column in section.columns if column.fits(width)]
        assert sum(column.width + 1 for column in shown) <= width, section.name


def test_all_names_fit_where_there_is_little_room() -> None:
    heads = [section.head(look(), narrow=True) for section in SECTIONS]
    assert len("  ".join(["plugsurfing 1/2", *heads])) < 78
    assert (
        heads[2] == "Rules 1"
        and heads[5].startswith("Answers")
        and SECTIONS[0].head(look(), narrow=False) == "Connections"
    )
