"""How a held message is changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.wire.held_edit import MISSING, Edit, Letter, differences, edited

BODY = '{"id":"1","cost":{"excl_vat":4.00},"list":[1,2]}'


def changed(letter: Letter, shown: Letter | None = None, **edit: Any) -> tuple[Letter, list[str]]:
    return edited(letter, shown or letter, Edit(**edit))


@pytest.mark.parametrize(
    ("edit", "text", "places"),
    [
        ({"set": {"/id": "2"}}, '{"id":"2","cost":{"excl_vat":4.00},"list":[1,2]}', ["/id"]),
        ({"remove": ("/cost", "/list/0")}, '{"id":"1","list":[2]}',
         ["/cost", "/list/0", "/list/1"]),
        ({"set": {"/new/x": None}}, BODY[:-1] + ',"new":{"x":null}}', ["/new"]),
        ({"body": {"id": "1"}}, '{"id":"1"}', ["/cost", "/list"]),
        ({"body": '{"id": 1.50 }'}, '{"id": 1.50 }', ["/id", "/cost", "/list"]),
        ({"body": "null"}, "null", [""]),
        ({"body": [1]}, "[1]", [""]),
        ({"body": BODY}, BODY, []),
        ({"body": '{"a":1}', "set": {"/a": True}}, '{"a":true}', ["/id", "/cost", "/list", "/a"]),
    ],
)  # fmt: skip
def test_what_becomes_of_its_json(edit: Any, text: str, places: list[str]) -> None:
    made, told = changed(Letter(BODY), **edit)
    assert (made.text, told) == (text, places)


def test_what_http_has_can_be_changed() -> None:
    answer = Letter("{}", 200, {"Content-Type": "text/plain", "X-A": "1"})
    made, told = changed(answer, status=404, headers={"x-a": None, "X-B": "2"})
    assert made == Letter("{}", 404, {"Content-Type": "text/plain", "X-B": "2"})
    assert told == ["status", "header X-A", "header X-B"]


@pytest.mark.parametrize(
    ("letter", "edit", "why"),
    [
        (Letter("{}"), {"body": "{"}, "body: that is no JSON"),
        (Letter("{}"), {"headers": {"X": "1"}}, "headers: a message of OCPP has none"),
        (Letter("{}", None, {}), {"status": 500}, "status: only an answer over HTTP"),
        (Letter("oops"), {"set": {"/a": 1}}, "the message is no JSON"),
        (Letter("{}"), {"remove": ("/a",)}, "there is no /a in it"),
        (Letter("[]"), {"set": {"/3/x": 1}}, "there is no /3/x"),
    ],
)
def test_what_cannot_be_done_is_said(letter: Letter, edit: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        changed(letter, **edit)


def test_what_was_hidden_stays_unless_something_else_is_put_there() -> None:
    letter = Letter('{"token":"SECRET","roles":[{"role":"CPO"}],"url":"u"}')
    shown = Letter(letter.text.replace("SECRET", "***"))
    whole = json.loads(shown.text) | {"url": "v"}
    assert "SECRET" in changed(letter, shown, body=whole)[0].text
    assert "SECRET" in changed(letter, shown, body=shown.text)[0].text
    made, told = changed(letter, shown, body=whole | {"token": "other"})
    assert "SECRET" not in made.text
    assert told == ["/token", "/url"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab/~", max_size=2),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text("ab/~", max_size=2), some),
    max_leaves=6,
)


@given(JSON, JSON)
def test_nothing_differs_where_all_is_the_same(old: Any, new: Any) -> None:
    assert list(differences(old, old)) == []
    same = json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)
    assert (not list(differences(old, new))) is same


@given(st.text(max_size=12) | JSON.map(json.dumps), JSON | st.text(max_size=5),
       st.dictionaries(st.sampled_from(["", "/a", "/0", "/a/b"]), JSON, max_size=2))  # fmt: skip
def test_whatever_is_asked_for_is_done_or_refused_in_words(text: str, body: Any, new: Any) -> None:
    for edit in (Edit(body=body), Edit(set=new), Edit(body=body, remove=tuple(new))):
        try:
            made, _ = edited(Letter(text), Letter(text), edit)
        except ValueError as error:
            assert str(error)
        else:
            assert made.json is not MISSING or made.text == text


def test_an_empty_edit_changes_nothing() -> None:
    assert not Edit().changes
    assert not Edit(drop=True).changes
    assert Edit(body=None).changes
