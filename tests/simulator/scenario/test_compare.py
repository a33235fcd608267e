"""Comparators hold or do not; they never raise."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.scenario.compare import (
    COMPARATORS,
    MISSING,
    count_problem,
    glob,
    holds,
    in_words,
    is_comparison,
    problem,
    shown,
)

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=5) | st.sampled_from(sorted(COMPARATORS)), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        (1, 1.0),
        (1.1, Decimal("1.1")),
        ("a", "a"),
        (None, None),
        (True, True),
        ([1, {"a": 2}], [1.0, {"a": 2}]),
        ({"eq": 3}, 3),
        ({"ne": 3}, 4),
        ({"ne": 3}, MISSING),
        ({"gt": 5}, 5.01),
        ({"ge": 5}, 5),
        ({"lt": 5}, 4),
        ({"le": 5}, 5),
        ({"gt": 1, "lt": 3}, 2),
        ({"in": [1, "x"]}, "x"),
        ({"matches": "^DE"}, "DE-1"),
        ({"glob": "DE-*"}, "DE-1"),
        ({"contains": "b"}, "abc"),
        ({"contains": 2}, [1, 2]),
        ({"contains": {"a": 1}}, {"a": 1, "b": 2}),
        ({"contains": "a"}, {"a": 1}),
        ({"exists": True}, None),
        ({"exists": False}, MISSING),
        ({"length": 2}, [1, 2]),
        ({"length": {"gt": 1}}, "ab"),
        ({"approx": 1.0}, 1.009),
        ({"approx": [10, 2]}, 12),
        ({"gt": "2026-01-01T00:00:00Z"}, "2026-01-02T00:00:00Z"),
    ],
)
def test_what_holds(wanted: Any, seen: Any) -> None:
    assert holds(wanted, seen)


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        (1, "1"),
        ("1", 1),
        (1, True),
        (True, 1),
        (None, MISSING),
        (0, None),
        ([1], [1, 2]),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"eq": 3}, 4),
        ({"ne": 3}, 3),
        ({"gt": 5}, 5),
        ({"ge": 5}, 4.99),
        ({"lt": 5}, 5),
        ({"le": 5}, 5.01),
        ({"gt": 1, "lt": 3}, 3),
        ({"gt": 5}, "6"),
        ({"gt": 5}, MISSING),
        ({"in": [1]}, 2),
        ({"in": 5}, 5),
        ({"matches": "^DE"}, "xDE"),
        ({"matches": "["}, "["),
        ({"matches": 5}, "5"),
        ({"glob": "DE"}, "DE-1"),
        ({"glob": 5}, "5"),
        ({"contains": "d"}, "abc"),
        ({"contains": [1]}, {"a": 1}),
        ({"exists": True}, MISSING),
        ({"exists": False}, None),
        ({"length": 2}, [1]),
        ({"length": 1}, 5),
        ({"approx": 1.0}, 1.02),
        ({"approx": []}, 1),
        ({"approx": [10, 2]}, 12.1),
        ({"gt": "2026-01-02T00:00:00Z"}, "2026-01-01T00:00:00Z"),
    ],
)
def test_what_does_not_hold(wanted: Any, seen: Any) -> None:
    assert not holds(wanted, seen)


@given(JSON, JSON)
def test_nothing_ever_raises(wanted: Any, seen: Any) -> None:
    assert holds(wanted, seen) in (True, False)
    assert isinstance(problem(wanted), str | None)
    assert isinstance(in_words(wanted), str)


@given(JSON)
def test_a_plain_value_equals_itself(value: Any) -> None:
    def plain(part: Any) -> bool:
        if isinstance(part, dict):
            return not is_comparison(part) and all(map(plain, part.values()))
        finite = not isinstance(part, float) or part - part == 0
        return all(map(plain, part)) if isinstance(part, list) else finite

    assert holds(value, value) or not plain(value)


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"gtt": 3, "gt": 1}, "no comparator 'gtt'. Did you mean 'gt'?"),
        ({"gtt": 3}, "no comparator 'gtt'. Did you mean 'gt'? A value like this is written {eq:"),
        ({"gt": "x"}, "gt: expected a number, or a time"),
        ({"gt": None}, "gt: expected a number, or a time"),
        ({"matches": "["}, "matches: not a regular expression"),
        ({"matches": 5}, "matches: expected a regular expression, in quotes"),
        ({"glob": 5}, "glob: expected a text"),
        ({"in": 5}, "in: expected a list"),
        ({"exists": "yes"}, "exists: expected true or false"),
        ({"approx": []}, "approx: expected a number, or [number, tolerance]"),
        ({"length": "x"}, "length: expected a whole number, or comparators"),
        ({"length": {"gt": "x"}}, "length: gt: expected a number"),
    ],
)
def test_what_is_wrong_with_a_comparison(wanted: Any, why: str) -> None:
    assert why in str(problem(wanted))


@pytest.mark.parametrize("wanted", [3, "x", {"a": 1}, {"gt": "${least}"}, {"gt": 3, "lt": 4}, {}])
def test_what_is_nothing_wrong_with(wanted: Any) -> None:
    assert problem(wanted) is None


def test_counts_are_whole_numbers_or_comparators() -> None:
    assert count_problem(2) is None
    assert count_problem({"ge": 2}) is None
    assert count_problem("${n}") is None
    for wrong in (-1, 1.5, True, "x", {"gtt": 1}, []):
        assert count_problem(wrong) is not None, wrong


def test_words_tell_texts_from_what_they_look_like() -> None:
    assert in_words({"gt": 5, "le": 7}) == "> 5 and <= 7"
    assert (shown("5"), shown(5), shown("abc")) == ("'5'", "5", "abc")
    assert (shown(None), shown(True), shown(MISSING)) == ("null", "true", "nothing")
    assert shown("x" * 200) == "x" * 120 + "…"


def test_globs_fit_whole_texts_in_their_case() -> None:
    assert glob("POST *", "POST cdrs")
    assert not glob("post *", "POST cdrs")


def test_a_pattern_without_end_does_not_hold_up_the_world() -> None:
    endless = {"matches": "^(a+)+$"}
    assert problem(endless) is None
    assert holds(endless, "a" * 20)
    assert not holds(endless, "a" * 5000 + "b")
