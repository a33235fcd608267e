"""DateTime, URL and credentials token as patterns."""

from __future__ import annotations

import re

import pytest

from simulator.ocpi import types


@pytest.mark.parametrize(
    "text",
    [
        "2015-06-29T20:39:09Z",
        "2015-06-29T20:39:09",
        "2016-12-29T17:45:09.2Z",
        "2018-01-01T01:08:01.123",
        "2018-01-01T01:08:01.123456Z",
        "2024-02-29T00:00:00Z",
        "2016-12-31T23:59:60Z",
        "2024-02-29T00:00:00Z",
        "2000-02-29T00:00:00Z",
        "2016-12-31T23:59:60Z",
    ],
)
def test_a_date_time_is_utc(text: str) -> None:
    assert types.DATE_TIME.fullmatch(text)


@pytest.mark.parametrize(
    "text",
    [
        "2015-06-29T20:39:09+00:00",
        "2015-06-29T20:39:09+02:00",
        "2015-06-29 20:39:09Z",
        "2015-06-29T20:39:09z",
        "2015-06-29",
        "2015-06-31T20:39:09Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2015-02-30T20:39:09Z",
        "2015-13-01T20:39:09Z",
        "2015-06-29T24:00:00Z",
        "2015-06-29T20:39Z",
        "2015-06-29T20:39:09.Z",
        "1970-1-1T00:00:00Z",  # the specification's own words for an unknown time
    ],
)
def test_anything_else_is_no_date_time(text: str) -> None:
    assert not types.DATE_TIME.fullmatch(text)


@pytest.mark.parametrize("text", ["!", "a" * 64, "~tilde~", "Zm9v="])
def test_a_credentials_token_is_printable(text: str) -> None:
    assert types.CREDENTIALS_TOKEN.fullmatch(text)


@pytest.mark.parametrize("text", ["", "a" * 65, "a b", "ä", "tab\t", "line\n"])
def test_no_credentials_token(text: str) -> None:
    assert not types.CREDENTIALS_TOKEN.fullmatch(text)


@pytest.mark.parametrize("text", ["http://a", "HTTPS://a.example/b?c=d#e", "https://[::1]:80/"])
def test_a_url(text: str) -> None:
    assert types.URL.fullmatch(text)


@pytest.mark.parametrize("text", ["www.example.com", "ftp://a", "https://a b", "https://", ""])
def test_no_url(text: str) -> None:
    assert not types.URL.fullmatch(text)


def test_a_ci_string_is_printable_ascii_and_never_empty() -> None:
    mark = types.ci_string(36)
    assert (mark.max_length, mark.min_length) == (36, 1)
    assert re.match(mark.pattern, "DE*SNN*E1 ~")
    assert not re.match(mark.pattern, "Küste")


def test_a_string_may_be_any_printable_utf_8() -> None:
    assert re.match(types.string(255).pattern, "Küste €")
    assert not re.match(types.string(255).pattern, "two\nlines")
