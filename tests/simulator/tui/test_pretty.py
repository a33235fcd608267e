"""JSON for people, with what is wrong at its place."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from simulator.tui.pretty import DEEP, LINES, Piece, at_pointer, lines

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=10,
)


@given(JSON)
def test_all_of_the_value_is_there(value: object) -> None:
    told = list(lines(value))
    names = [f'"{p.name[:-2]}":' if p.name else "" for p in told]
    if all('"' not in name[1:-2] and "\\" not in name for name in names) and names:
        joined = "".join(p.value for p in told)
        assert joined.count("{") >= msgspec.json.encode(value).decode().count("{")


def test_a_remark_stands_at_its_place_or_at_the_nearest_above() -> None:
    value = {"id": "x", "periods": [{"start": "now"}], "cost": {"net": 1}}
    remarks = {"/periods/0/start": ["too late"], "/cost/vat": ["is missing"], "": ["all wrong"]}
    told = {p.name: p.remarks for p in lines(value, remarks) if p.remarks}
    assert told == {
        "start: ": ("too late",), "cost: ": ("/vat: is missing",), "": ("all wrong",),
    }  # fmt: skip


def test_short_lists_stand_in_a_line() -> None:
    assert list(lines({"a": [1, 2]}))[1] == Piece(1, "a: ", "[1, 2]")


def test_a_long_value_says_what_it_leaves_out() -> None:
    told = list(lines([{"n": n} for n in range(LINES)]))
    assert len(told) == LINES + 1
    assert told[-1].value == f"… {2 * LINES + 2} more lines"


def test_what_is_nested_deep_stands_in_a_line() -> None:
    value: object = []
    for _ in range(500):
        value = {"a": value}
    told = list(lines(value))
    assert max(piece.indent for piece in told) == DEEP
    assert told[DEEP].value.count("{") == 500 - DEEP


def test_pointers_of_remarks() -> None:
    assert at_pointer("/a/b: too long") == ("/a/b", "too long")
    assert at_pointer("no pointer: here") == ("", "no pointer: here")
