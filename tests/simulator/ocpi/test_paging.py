"""Pages: parameters, windows, links."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.ocpi.envelope import InvalidParameters
from simulator.ocpi.paging import next_link, parse_link, parse_page, window, with_query

ITEMS = [{"id": n, "last_updated": f"2026-01-{n:02}T00:00:00Z"} for n in range(1, 11)]


def ids(query: dict[str, str], max_limit: int = 100) -> list[int]:
    page = parse_page(query, max_limit=max_limit)
    return [item["id"] for item in window(ITEMS, page).items]


def test_without_parameters_the_first_page() -> None:
    assert ids({}) == list(range(1, 11))
    assert ids({}, max_limit=4) == [1, 2, 3, 4]


def test_offset_and_limit() -> None:
    assert ids({"offset": "8", "limit": "5"}) == [9, 10]
    assert ids({"offset": "10"}) == []
    assert ids({"limit": "2000"}, max_limit=3) == [1, 2, 3]


def test_date_from_is_inclusive_and_date_to_exclusive() -> None:
    dates = {"date_from": "2026-01-03T00:00:00Z", "date_to": "2026-01-06T00:00:00"}
    assert ids(dates) == [3, 4, 5]


def test_an_object_without_a_time_is_outside_every_date_filter() -> None:
    items: list[dict[str, Any]] = [{}, {"last_updated": 5}, {"last_updated": "then"}]
    assert window(items, parse_page({})).total == 3
    assert window(items, parse_page({"date_from": "2020-01-01T00:00:00Z"})).total == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "-1"),
        ("limit", "ten"),
        ("limit", "1.5"),
        ("limit", "٣"),
        ("offset", "-1"),
        ("offset", ""),
        ("offset", "9" * 5000),
        ("date_from", "yesterday"),
        ("date_from", "2026-01-01T00:00:00+00:00"),
        ("date_from", "2026-01-01T00:00:00 00:00"),
        ("date_to", "2026-01-01"),
        ("date_to", "2026-02-29T00:00:00Z"),
    ],
)
def test_a_bad_parameter_is_2001_and_named(name: str, value: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        parse_page({name: value})
    assert caught.value.message.startswith(f"{name}: ")
    assert (caught.value.status_code, caught.value.http_status) == (2001, 200)


def test_some_lists_need_date_from() -> None:
    with pytest.raises(InvalidParameters, match="date_from"):
        parse_page({"limit": "5"}, date_from_required=True)
    assert parse_page({"date_from": "2026-01-01T00:00:00Z"}, date_from_required=True)


def test_total_counts_the_dates_and_x_limit_is_the_server_s() -> None:
    query = {"date_from": "2026-01-03T00:00:00Z", "limit": "2", "offset": "2"}
    cut = window(ITEMS, parse_page(query, max_limit=50))
    headers = cut.headers("http://x/ocpi/cdrs?offset=0")
    assert headers["X-Total-Count"] == "8"
    assert headers["X-Limit"] == "50"
    link = parse_link(headers["Link"])
    assert link is not None and link.startswith("http://x/ocpi/cdrs?")
    assert parse_qs(urlsplit(link).query) == {
        "offset": ["4"],
        "limit": ["2"],
        "date_from": ["2026-01-03T00:00:00Z"],
    }


def test_the_last_page_has_no_link() -> None:
    assert "Link" not in window(ITEMS, parse_page({"offset": "5", "limit": "5"})).headers(
        "http://x"
    )
    assert next_link("http://x", parse_page({"offset": "99"}), 10) is None


@given(st.integers(1, 7), st.integers(0, 30))
def test_following_the_links_gives_every_object_once(limit: int, count: int) -> None:
    items = [{"id": n} for n in range(count)]
    seen: list[Any] = []
    query: dict[str, str] = {"limit": str(limit), "type": "RFID"}
    while True:
        cut = window(items, parse_page(query, max_limit=5))
        seen += cut.items
        link = parse_link(cut.headers("http://x/tokens").get("Link"))
        if link is None:
            break
        query = {name: value[0] for name, value in parse_qs(urlsplit(link).query).items()}
        assert query["type"] == "RFID"
    assert seen == items


@pytest.mark.parametrize(
    ("header", "url"),
    [
        ('<http://x/a?offset=1>; rel="next"', "http://x/a?offset=1"),
        ("<http://x/a>;rel=next", "http://x/a"),
        ('<http://x/p>; rel="prev", <http://x/n>; title="a, b"; rel="next"', "http://x/n"),
        ('<http://x/n>; rel="last next"', "http://x/n"),
        ("</ocpi/cdrs?offset=2>; rel=next", "http://host/ocpi/cdrs?offset=2"),
        ('<http://x/p>; rel="prev"', None),
        ("http://x/a", None),
        ("<http://[>; rel=next", None),
        ("", None),
        (None, None),
    ],
)
def test_links_are_read_as_written(header: str | None, url: str | None) -> None:
    assert parse_link(header, "http://host/ocpi/cdrs") == url


@given(st.text(max_size=60))
def test_any_link_header_is_read_without_an_exception(header: str) -> None:
    parse_link(header)


def test_query_parameters_are_added_to_those_there() -> None:
    url = with_query("http://x/a?smart=1", {"date_from": "2026-01-01T00:00:00Z", "limit": None})
    assert url == "http://x/a?smart=1&date_from=2026-01-01T00:00:00Z"
    assert with_query("http://x/a", {}) == "http://x/a"
