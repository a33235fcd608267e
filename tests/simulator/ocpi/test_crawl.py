"""The way through a list: where it goes on, and where it is refused."""

from __future__ import annotations

import pytest

from simulator.ocpi import crawl
from simulator.ocpi.crawl import BrokenList, Crawl
from simulator.wire.http import Headers

LIST = "http://cpo.example/ocpi/locations"


def linked(link: str, total: int | None = None) -> Headers:
    fields = {"Link": f'<{link}>; rel="next"'}
    return Headers(fields if total is None else {**fields, "X-Total-Count": str(total)})


def test_a_list_is_followed_to_its_end() -> None:
    way = Crawl(LIST)
    assert way.after(10, linked(f"{LIST}?offset=10", 15), LIST) == f"{LIST}?offset=10"
    assert way.after(5, Headers({"X-Total-Count": "15"}), f"{LIST}?offset=10") is None


def test_an_empty_last_page_is_an_end() -> None:
    assert Crawl(LIST).after(0, Headers(), LIST) is None


@pytest.mark.parametrize("link", ["?offset=1", "/elsewhere/on/it", "HTTP://CPO.EXAMPLE:80/x"])
def test_the_same_host_may_be_written_otherwise(link: str) -> None:
    assert Crawl(LIST).after(1, linked(link, 2), LIST) is not None


@pytest.mark.parametrize(
    "link",
    [
        "https://cpo.example/x",
        "http://cpo.example:81/x",
        "http://cpo.example.evil/x",
        "http://cpo.example@evil.example/x",
        "file:///etc/passwd",
        "http://[/",
    ],
)
def test_no_other_host_is_asked(link: str) -> None:
    headers = linked(link, 2)
    try:
        assert Crawl(LIST).after(1, headers, LIST) is None  # what is no URL is no link
    except BrokenList as error:
        assert error.what == "ocpi.link-elsewhere" and "credentials token" in str(error)


def test_a_list_may_grow_while_it_is_read() -> None:
    way, url = Crawl(LIST), LIST
    for page in range(1, 8):
        url = way.after(10, linked(f"{LIST}?offset={page}", 20), url) or ""
        assert url


def test_a_list_goes_on_much_beyond_its_total() -> None:
    way = Crawl(LIST)
    with pytest.raises(BrokenList, match="X-Total-Count is 5"):
        way.after(111, linked(f"{LIST}?offset=111", 5), LIST)


def test_a_list_without_a_total_ends_some_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawl, "MAX_PAGES", 3)
    way = Crawl(LIST)
    for page in (1, 2):
        assert way.after(1, linked(f"{LIST}?offset={page}"), LIST)
    with pytest.raises(BrokenList, match="after 3 of them"):
        way.after(1, linked(f"{LIST}?offset=3"), LIST)
