"""Texts that go wrong on their way: they stay texts, and differ."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.chance import Chance
from simulator.wire import faults_text as texts

FRAME = '[2,"19","Heartbeat",{}]'


@given(st.text(max_size=50), st.integers(0, 2**32), st.none() | st.integers(0, 60))
def test_truncated_text_is_a_beginning(text: str, seed: int, keep: int | None) -> None:
    cut = texts.truncate(text, Chance(seed), keep)
    assert text.startswith(cut)
    assert keep is None or len(cut.encode()) <= keep
    assert keep is not None or not text or cut != text


@given(st.text(max_size=50), st.integers(0, 2**32), st.integers(1, 10))
def test_corrupt_text_is_as_long_and_utf_8(text: str, seed: int, places: int) -> None:
    broken = texts.corrupt(text, Chance(seed), places)
    broken.encode()
    differ = sum(a != b for a, b in zip(text, broken, strict=True))
    assert differ == min(places, sum(" " <= letter <= "~" for letter in text))


def test_the_same_chance_breaks_the_same_bits() -> None:
    assert texts.corrupt(FRAME, Chance(1), 3) == texts.corrupt(FRAME, Chance(1), 3)
    assert texts.corrupt(FRAME, Chance(1), 3) != texts.corrupt(FRAME, Chance(2), 3)


@given(st.text(max_size=20))
def test_malformed_json_is_none(text: str) -> None:
    value = json.dumps({"a": text})
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(texts.malformed(value))
    with pytest.raises(ValueError, match=r"Expecting"):
        json.loads(texts.malformed(""))


@pytest.mark.parametrize(
    ("value", "pointer", "expected"),
    [
        ({"a": 1}, "/a", {"a": "1"}),
        ({"a": True}, "/a", {"a": "true"}),
        ({"a": "x"}, "/a", {"a": ["x"]}),
        ({"a": None}, "/a", {"a": {}}),
        ({"a": [1]}, "/a", {"a": {"list": [1]}}),
        ({"a": [{"b/c": 1}]}, "/a/0/b~1c", {"a": [{"b/c": "1"}]}),
        ({"a": 1}, "", [{"a": 1}]),
        ({"a": 1}, "/b", None),
        ({"a": 1}, "/a/b", None),
        ([1], "/7", None),
    ],
)
def test_one_place_is_of_another_type(value: Any, pointer: str, expected: Any) -> None:
    assert texts.retyped(value, pointer) == expected


def test_numbers_are_kept_to_the_last_digit() -> None:
    text = '{"a":0.10,"b":1234567890.123456789}'
    assert texts.encoded(texts.decoded(text)) == text


@given(st.binary(max_size=30))
def test_what_is_no_json_decodes_to_nothing(data: bytes) -> None:
    texts.decoded(data)
