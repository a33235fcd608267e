"""Words of a filter that are part of no name there is are told; what can be anything is not."""

from __future__ import annotations

import pytest

from simulator.scenario import filter_names
from simulator.scenario.filter_names import unpicked

ACTORS = frozenset({"cpo", "station/DE-AC-1", "emp/nord"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("~leg findings", "~leg: no name there is has 'findings' in it. Did you mean 'finding'?"),
        ("~cp cpo & !(~a Authorise | ~err)", "'Authorise' in it. Did you mean 'Authorize'?"),
        ("~a PUTT", "no name there is has 'PUTT' in it."),
        ("~a cdr.acepted", "Did you mean 'cdr.accepted'?"),
        ("~rule cdr.prise", "Did you mean 'cdr.price'?"),
        ("~cp DE-AC-2", "~cp: no name there is has 'DE-AC-2' in it."),
        ("~cp sud-2", "'sud-2'"),
    ],
)
def test_what_no_name_has_in_it(text: str, words: str) -> None:
    told = unpicked(text, ACTORS) or ""
    assert words in told
    assert told.endswith("A pattern (* and ?) can be of any.")


@pytest.mark.parametrize(
    "text",
    [
        "", "~leg OCP", "~a auth & ~a put & ~a \"POST cdrs\" & ~a plug & ~a hold & ~a cdr.price",
        "~a *Vendor* | ~leg x?", "~a ${action}", "~cp de-ac & ~cp nord & ~cp station/ & ~cp NORD-2",
        "~cp SUD*", "~rule cdr. & ~rule *own", "whatever & ~s Nonsense & ~u /x & ~tok T & ~body b",
        "~sess S-9 & ~lat>500 & ~err", "~leg",
    ],
)  # fmt: skip
def test_what_some_name_may_have_in_it(text: str) -> None:
    assert unpicked(text, ACTORS) is None


def test_where_nobody_is_known_everybody_may_be() -> None:
    assert unpicked("~cp DE-AC-2") is None


def test_whoever_judges_by_rules_of_its_own_says_what_it_likes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(filter_names, "rule_ids", frozenset)
    filter_names._known.cache_clear()
    try:
        assert unpicked("~rule own.rule & ~a own.rule") is None
        assert unpicked("~leg own") is not None
    finally:
        filter_names._known.cache_clear()
