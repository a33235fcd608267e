"""Variables stand for values, whole or within words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.scenario.step import StepError
from simulator.scenario.variables import fill, is_name, named

VALUES = {"n": 5, "id": "S1", "cdr": {"cost": {"excl": 1.5}, "rows": [{"a": True}]}, "no": None}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("${n}", 5),
        ("${ n }", 5),
        ("a${n}b", "a5b"),
        ("${id}/${n}", "S1/5"),
        ("plain", "plain"),
        (7, 7),
        ({"/x": ["${n}"]}, {"/x": [5]}),
        ({"/${id}": 1}, {"/S1": 1}),
        ({"${n}": 1}, {"5": 1}),
        ("${cdr.cost.excl}", 1.5),
        ("${cdr.rows.0.a}", True),
        ("is ${cdr.rows.0.a}", "is true"),
        ("${no}!", "null!"),
    ],
)
def test_variables_are_filled_in(told: Any, expected: Any) -> None:
    assert fill(told, VALUES) == expected


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("${idd}", "did you mean 'id'"),
        ("x ${m} y", "has no value"),
        ("${cdr.rows.7}", "nothing stands there"),
        ({"${m}": 1}, "has no value"),
    ],
)
def test_what_has_no_value_is_told(told: Any, why: str) -> None:
    with pytest.raises(StepError, match=f"(?i){why}"):
        fill(told, VALUES)


def test_partly_leaves_what_is_yet_to_come() -> None:
    told = {"a": "${n}", "b": "${later}", "c": "${n}-${later}"}
    assert fill(told, VALUES, partly=True) == {"a": 5, "b": "${later}", "c": "5-${later}"}


def test_all_that_is_meant_as_a_variable_is_named() -> None:
    told = {"${a}": ["${b.c} ${foo-bar}", 3], "x": "${open"}
    assert list(named(told)) == ["a", "b.c", "foo-bar", "open"]


def test_names_are_letters_digits_and_underscores() -> None:
    assert is_name("a_1")
    assert not any(map(is_name, ("1a", "a-b", "", "a.b", None, 3)))


@given(
    st.recursive(st.text() | st.integers(), lambda i: st.lists(i) | st.dictionaries(st.text(), i))
)
def test_any_value_is_filled_or_refused_in_words(value: Any) -> None:
    try:
        fill(value, VALUES)
    except StepError as error:
        assert "${" in str(error)
    fill(value, {}, partly=True)
