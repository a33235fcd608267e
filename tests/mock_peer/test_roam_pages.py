"""Pulls are chains of pages, one at a time."""

from __future__ import annotations

from mock_peer.roam_catalogue import Span
from mock_peer.roam_pages import Place, Pulls


def begun(pulls: Pulls, value: str) -> Place:
    place = pulls.begin(250, 1000, Span())
    pulls.follow(place, 250, value)
    return place


def test_a_page_is_named_by_its_value_and_may_be_asked_for_again() -> None:
    pulls = Pulls()
    assert pulls.standing(None) == "first"
    begun(pulls, "v1")
    assert pulls.standing("v1") == pulls.standing("v1") == "next"
    place = pulls.place("v1")
    assert place is not None
    assert (place.after, place.limit, place.total) == (250, 250, 1000)


def test_a_second_pull_makes_the_first_a_parallel_one() -> None:
    pulls = Pulls()
    begun(pulls, "v1")
    begun(pulls, "v2")
    assert pulls.standing("v1") == "parallel"
    assert pulls.standing("v2") == "next"


def test_what_was_never_given_out_or_is_long_over_is_unknown() -> None:
    pulls = Pulls()
    for value in ("v1", "v2", "v3"):
        begun(pulls, value)
    assert pulls.standing("v1") == "unknown"
    assert pulls.standing("nonsense") == "unknown"
    assert pulls.place("nonsense") is None
