"""HTTP as values."""

from __future__ import annotations

import errno
import os
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, istr

from simulator.wire.http import (
    BindError,
    Headers,
    PathTable,
    Request,
    join_url,
    parse_query,
    split_path,
)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (
            OSError(errno.EADDRINUSE, "error while attempting to bind"),
            os.strerror(errno.EADDRINUSE),
        ),
        (OSError(-2, "Name or service not known"), "Name or service not known"),
        (OSError("no network"), "no network"),
    ],
)
def test_a_port_that_cannot_be_had_is_told_in_the_systems_words(error: OSError, why: str) -> None:
    told = BindError.at("127.0.0.1", 9000, error)
    assert why in str(told)
    assert "cannot listen on 127.0.0.1:9000" in str(told)
    assert told.exit_code == 3


def test_headers_are_found_in_any_case_and_keep_their_spelling() -> None:
    headers = Headers({"Content-Type": "text/plain", "X-Limit": "5"})
    assert headers["content-type"] == headers["CONTENT-TYPE"] == "text/plain"
    assert dict(headers) == {"Content-Type": "text/plain", "X-Limit": "5"}
    assert "x-limit" in headers
    assert "link" not in headers
    assert 5 not in headers
    assert headers.get("Link") is None
    assert len(headers) == 2
    with pytest.raises(KeyError):
        headers["Link"]


def test_headers_are_plain_text_whatever_a_library_names_them_by() -> None:
    headers = Headers(CIMultiDict({istr("X-Limit"): "5"}))
    assert [type(name) for name in headers] == [str]
    assert msgspec.json.encode(list(headers)) == b'["X-Limit"]'


def test_headers_show_themselves() -> None:
    assert repr(Headers({"A": "b"})) == "Headers({'A': 'b'})"


def test_a_request_knows_its_url() -> None:
    request = Request("GET", "/a%20b", {"x": "1 2", "y": ""}, base_url="http://127.0.0.1:1")
    assert request.url == "http://127.0.0.1:1/a%20b?x=1%202&y="
    assert Request("GET", "/").url == "/"


def table() -> PathTable[str]:
    rows: PathTable[str] = PathTable()
    rows.add("GET", "/ocpi/{version}", "version")
    rows.add("GET", "/ocpi/2.2.1/cdrs/{id}", "cdr")
    rows.add("POST", "/ocpi/2.2.1/cdrs", "new cdr")
    rows.add("DELETE", "/ocpi/2.2.1/cdrs", "no cdr")
    return rows


@pytest.mark.parametrize("path", ["/ocpi/2.2.1/cdrs/a%2Fb", "/ocpi/2.2.1/cdrs/a%2Fb/"])
def test_a_path_finds_its_row_and_values(path: str) -> None:
    match = table().match("GET", path)
    assert match is not None
    assert match.row == "cdr"
    assert match.params == {"id": "a/b"}


def test_a_path_or_method_that_fits_nothing_finds_nothing() -> None:
    rows = table()
    assert rows.match("GET", "/ocpi") is None
    assert rows.match("GET", "/ocpi/2.2.1/cdrs/1/2") is None
    assert rows.match("PUT", "/ocpi/2.2.1") is None


def test_a_path_knows_its_methods() -> None:
    assert table().methods("/ocpi/2.2.1/cdrs") == ["DELETE", "POST"]
    assert table().methods("/nowhere/at/all") == []


def test_a_path_has_segments() -> None:
    assert split_path("/") == split_path("") == ()
    assert split_path("/a/b/") == ("a", "b")


def test_of_equal_names_in_a_query_the_last_wins() -> None:
    assert parse_query("a=1&b=&a=2&c=%20") == {"a": "2", "b": "", "c": " "}


def test_segments_are_joined_with_one_slash_each() -> None:
    assert join_url("http://x/ocpi/", "2.2.1", "a/b") == "http://x/ocpi/2.2.1/a%2Fb"
    assert join_url("http://x/ocpi?k=1", "DE*8PS") == "http://x/ocpi/DE*8PS?k=1"
    assert join_url("http://x/ocpi/") == "http://x/ocpi/"


@given(st.text(min_size=1).filter(lambda text: text.isprintable()))
def test_what_is_joined_is_matched_again(segment: str) -> None:
    rows: PathTable[str] = PathTable()
    rows.add("GET", "/x/{id}", "row")
    path = join_url("/x", segment)
    match = rows.match("GET", path)
    assert match is not None
    assert match.params["id"] == segment == unquote(path[3:])
