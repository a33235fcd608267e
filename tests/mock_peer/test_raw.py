"""Readers of raw JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from mock_peer import raw

BODY: Any = {"a": [{"b": "X"}, 2], "c/d": 1, "n": Decimal("0.1"), "t": True}


@pytest.mark.parametrize(
    ("pointer", "wanted"),
    [("", BODY), ("/a/0/b", "X"), ("/c~1d", 1), ("/a/2", None), ("/a/x", None), ("/a/0/b/c", None)],
)
def test_at(pointer: str, wanted: Any) -> None:
    assert raw.at(BODY, pointer) == wanted


def test_readers_answer_none_for_another_shape() -> None:
    assert (raw.text(BODY, "/a"), raw.key(BODY, "/a/0/b"), raw.key(1)) == (None, "x", None)
    assert (raw.items(BODY, "/n"), list(raw.entries(BODY, "/a"))[1]) == ([], ("/a/1", 2))
    assert (raw.number(BODY, "/n"), raw.number(BODY, "/t")) == (Decimal("0.1"), None)
    assert raw.number(0.5, "") == Decimal("0.5")
    assert raw.number(Decimal("1e999"), "") is None
    assert raw.number(Decimal("0e-999"), "") == 0


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ("2026-01-15T07:00:00Z", datetime(2026, 1, 15, 7, tzinfo=UTC)),
        ("2026-01-15T07:00:00", datetime(2026, 1, 15, 7, tzinfo=UTC)),
        ("2026-12-31T23:59:60Z", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2026-12-31T23:59:60.5", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2026-02-29T00:00:00Z", None),
        ("0001-01-01T00:00:00+10:00", None),
        ("yesterday", None),
        (5, None),
    ],
)
def test_moment(told: Any, wanted: datetime | None) -> None:
    assert raw.moment(told) == wanted


@pytest.mark.parametrize("edge", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:60Z"])
def test_every_moment_leaves_room_to_compare(edge: str) -> None:
    when = raw.moment(edge)
    assert when is not None
    assert when - timedelta(days=365) < when < when + timedelta(days=365)


def test_remove_takes_later_elements_and_deeper_places_first() -> None:
    body = {"a": [0, 1, 2, 3], "b": {"c": [1]}, "d": 1}
    raw.remove(body, ["/a/0", "/a/2", "/b", "/b/c/0", "/x/y"])
    assert body == {"a": [1, 3], "d": 1}
    assert raw.remove(body, [""]) is None


def test_remove_with_ten_elements_and_more() -> None:
    body = {"a": list(range(12))}
    raw.remove(body, [f"/a/{index}" for index in (2, 10, 11)])
    assert body["a"] == [0, 1, 3, 4, 5, 6, 7, 8, 9]
