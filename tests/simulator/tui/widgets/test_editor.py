"""The text of a held message, as it is laid out and held to be JSON; the rest: test_hold_view."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.tui.widgets.editor import laid_out, problem


def test_numbers_stay_as_they_were_written() -> None:
    assert laid_out('{"a":4.00,"b":[1e3]}') == '{\n  "a": 4.00,\n  "b": [\n    1e3\n  ]\n}'
    assert laid_out("[2,") == "[2,"


@pytest.mark.parametrize(
    ("text", "line"), [('{\n"a": 1,\n"b" 2}', 2), ("{", 0), ("", 0), ("[1]]", 0)]
)
def test_what_is_no_json_is_said_with_its_line(text: str, line: int) -> None:
    wrong = problem(text)
    assert wrong is not None
    assert wrong[0]
    assert wrong[1] == line


@given(st.text(max_size=20))
def test_any_text_is_json_or_has_a_problem_within_it(text: str) -> None:
    wrong = problem(text)
    if wrong is None:
        json.loads(text)
    else:
        assert 0 <= wrong[1] <= text.count("\n")
    laid_out(text)
