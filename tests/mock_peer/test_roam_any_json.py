"""Whatever a CPO or EMP sends, once a rule lets it pass: the Roam face survives it."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mock_peer.roam_catalogue import Catalogue
from mock_peer.roam_cdrs import shown_cdr
from mock_peer.roam_ids import IdMap
from mock_peer.roam_sessions import next_message, shown_session
from mock_peer.roam_tokens import Held
from mock_peer.rule import Occasion
from tests.mock_peer.roam_cases import Case
from tests.mock_peer.roam_things import CPO, cdr, location, origin, session, tariff, token

NOW = datetime(2026, 1, 15, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place below a value."""
    children = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for name, child in children:
        found.append((*path, name))
        if isinstance(child, dict | list):
            found += places(child, (*path, name))
    return found


def spoiled(thing: dict[str, Any], place: tuple[Any, ...], junk: Any) -> dict[str, Any]:
    """A copy with something else at a place."""
    changed = copy.deepcopy(thing)
    parent: Any = changed
    for step in place[:-1]:
        parent = parent[step]
    parent[place[-1]] = junk
    return changed


def broken(thing: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The thing with anything at any one place but its id."""
    spots = [place for place in places(thing) if place not in (("id",), ("uid",))]
    return st.builds(spoiled, st.just(thing), st.sampled_from(spots), JSON)


@settings(max_examples=150, deadline=None)
@given(broken(location()), broken(tariff()))
def test_any_location_and_tariff_is_shown(place: dict[str, Any], price: dict[str, Any]) -> None:
    catalogue = Catalogue(IdMap())
    catalogue.put_tariff(price, origin("T1"), NOW)
    entry = catalogue.put(place, origin("LOC1"), NOW)
    if entry is not None:
        assert entry.shown["id"] != "LOC1"


@settings(max_examples=150, deadline=None)
@given(broken(session()))
def test_any_session_is_shown(told: dict[str, Any]) -> None:
    shown = shown_session(told, CPO, IdMap(), Held("emp-1", token()), None)
    assert shown["cdr_token"]["uid"] == token()["uid"]
    next_message(None, told)


@settings(max_examples=150, deadline=None)
@given(broken(cdr()))
def test_any_cdr_is_shown(told: dict[str, Any]) -> None:
    shown, _ = shown_cdr(told, CPO, IdMap(), Held("emp-1", token()))
    assert shown["cdr_token"]["uid"] == token()["uid"]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([occasion for occasion in Occasion if occasion.startswith("roam_")]),
    st.sampled_from([location(), session(), cdr(), token()]).flatmap(broken) | JSON,
)
def test_any_json_is_judged(occasion: Occasion, told: Any) -> None:
    case = Case()
    for raw in (told, {"body": told, "name": "START_SESSION"}):
        case.found("", occasion, raw, seen_before=told)
