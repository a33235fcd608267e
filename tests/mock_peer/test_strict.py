"""JSON read strictly."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_peer.control_shapes import NewConnection
from mock_peer.profile import Profile
from mock_peer.settings import Answers
from mock_peer.strict import StrictError, convert, decode


@pytest.mark.parametrize(
    ("kind", "plain", "pointer", "words"),
    [
        (Profile, {"strikt": True}, "/strikt", "Did you mean 'strict'?"),
        (Profile, {"rules": {"cdr.price": "off", "cdr.valid": "of"}}, "/rules/cdr.valid", "'of'"),
        (
            Profile,
            {"cpos": [{"name": "A", "country_code": "DE"}]},
            "/cpos/0",
            "party_id",
        ),
        (
            Profile,
            {"cpos": [{"name": 1, "country_code": "DE", "party_id": "X"}]},
            "/cpos/0/name",
            "str",
        ),
        (Profile, {"main_cpo": {"nam": "x"}}, "/main_cpo/nam", "Did you mean 'name'?"),
        (Profile, {"interruptions": [{"since": "noon"}]}, "/interruptions/0/since", "datetime"),
        (Profile, [], "", "object"),
        (Answers, {"tokens": {"A": {}, "B": {"alowed": "X"}}}, "/tokens/B/alowed", "'allowed'"),
    ],
)
def test_a_mistake_is_told_by_its_pointer(
    kind: type[Any], plain: Any, pointer: str, words: str
) -> None:
    with pytest.raises(StrictError) as error:
        convert(plain, kind)
    assert error.value.pointer == pointer
    assert words in error.value.problem


def test_what_is_no_json_is_told() -> None:
    for content in (b"", b"{", b"\xff", b"[" * 100_000):
        with pytest.raises(StrictError, match="JSON"):
            decode(content, Answers)


@given(st.binary(max_size=60) | st.sampled_from([b'{"our_token": "\\u0000"}', b"1e999", b"NaN"]))
def test_any_bytes_are_read_or_told(content: bytes) -> None:
    for kind in (Answers, Profile, NewConnection):
        try:
            decode(content, kind)
        except StrictError:
            continue
