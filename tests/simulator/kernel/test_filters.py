"""The filter language."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.filters import (
    FLAGS,
    NUMBERS,
    WORDS,
    Filter,
    FilterError,
    Flag,
    Not,
    Number,
    Several,
    Value,
    Word,
    asked,
    parse,
    singles,
)


class Row:
    def __init__(self, **fields: Value) -> None:
        self.fields: Mapping[str, Value] = fields

    def field(self, name: str) -> Value:
        return self.fields.get(name)


ROW = Row(cp="CP0001 cpo", a="MeterValues", s="Accepted", lat=600.0, err=False, any="CP0001 x y")


@pytest.mark.parametrize(
    ("text", "picks"),
    [
        ("", True),
        ("cp0001", True),
        ("CP0002", False),
        ("~cp CP0001", True),
        ("~cp cp*", True),
        ("~cp *1", False),
        ("~cp CP0001 & ~a MeterValues & !~s 1000", True),
        ("~cp CP0001 ~a Heartbeat", False),
        ("~a Heartbeat | ~a Meter", True),
        ("!(~a Heartbeat | ~a Meter)", False),
        ("~a Heartbeat | ~a Meter & ~s Rejected", False),
        ("~lat>500", True),
        ("~lat <= 599.5", False),
        ("~lat=600", True),
        ("~err", False),
        ("!!x", True),
        ("~tok X", False),
        ('"1 x y"', True),
        ('~a "meter values"', False),
    ],
)
def test_what_it_picks(text: str, picks: bool) -> None:
    assert parse(text).matches(ROW) is picks


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("~cp CP1 & ~zz", 10, "no operator ~zz"),
        ("~er", 0, "Did you mean 'err'?"),
        ("~cp", 3, "~cp needs a word: who takes part"),
        ("~cp & x", 4, "~cp needs a word"),
        ("(a | b", 0, "never closed"),
        ("a)", 1, "never opened"),
        ("a &", 3, "missing here"),
        ("& a", 0, "missing before '&'"),
        ("a | | b", 4, "missing before '|'"),
        ("!", 1, "missing here"),
        ('a "b', 2, "never closed"),
        ("a ~ b", 2, "needs an operator"),
        ("~lat", 0, "compares, as in ~lat>500"),
        ("~lat>fast", 0, "needs a number, not 'fast'"),
        ("~cp>5", 0, "does not compare"),
        ("(" * 60 + "a", 51, "too deep"),
    ],
)
def test_mistakes_name_their_place(text: str, place: int, why: str) -> None:
    with pytest.raises(FilterError, match=r"^at \d+: ") as caught:
        parse(text)
    assert why in str(caught.value)
    assert caught.value.place == place


def test_of_several_texts_each_is_looked_at() -> None:
    row = Row(cp=("station/CP1", "CP1", "cpo"))
    for text, picks in (
        ("~cp cp?", True),
        ("~cp *1", True),
        ("~cp p1c", False),
        ("~cp tion", True),
    ):
        assert parse(text).matches(row) is picks, text


def test_what_is_not_known_here_is_refused_at_its_place() -> None:
    with pytest.raises(FilterError, match=r"^at 7: ~m says nothing here$") as caught:
        parse("~cp x ~m", lacking={"m"})
    assert caught.value.place == 6


def test_what_is_asked_for() -> None:
    read = parse("~cp x & !(~lat>5 | ~err) y")
    assert list(asked(read)) == ["cp", "lat", "err", "any"]
    assert list(singles(read))[::3] == [Word("cp", "x"), Word("any", "y")]


WORDY = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
ATOMS = st.one_of(
    st.builds(Word, st.sampled_from(["any", *WORDS]), WORDY),
    st.builds(Flag, st.sampled_from(list(FLAGS))),
    st.builds(
        Number,
        st.sampled_from(list(NUMBERS)),
        st.sampled_from([">", "<", ">=", "<=", "="]),
        st.floats(0, 1e6),
    ),
)
FILTERS: st.SearchStrategy[Filter] = st.recursive(
    ATOMS,
    lambda part: st.one_of(
        st.builds(Not, part),
        st.builds(Several, st.lists(part, min_size=2, max_size=3).map(tuple), st.booleans()),
    ),
    max_leaves=8,
)


@given(FILTERS)
def test_what_is_written_is_read_as_the_same(wanted: Filter) -> None:
    assert parse(str(wanted)) == wanted


@given(st.text(st.sampled_from('~cplaterX>0<= &|!()"\\ '), max_size=30))
def test_anything_is_read_or_its_place_is_named(text: str) -> None:
    try:
        read = parse(text)
    except FilterError as error:
        assert 0 <= error.place <= len(text)
    else:
        assert read.matches(ROW) in (True, False)
