"""CDRs are sent again every night for up to seven days."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mock_peer.roam_delivery import Delivery, accepted, after_failure, next_night

NOW = datetime(2026, 1, 15, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("http_status", "status_code", "good"),
    [(200, 1000, True), (201, 1000, False), (200, 2000, False), (200, 1001, False),
     (500, 1000, False), (200, None, False), (None, None, False)],
)  # fmt: skip
def test_only_200_with_1000_ends_a_delivery(
    http_status: int | None, status_code: int | None, good: bool
) -> None:
    assert accepted(http_status, status_code) is good


def test_a_night_is_the_next_two_o_clock_utc() -> None:
    assert next_night(NOW) == datetime(2026, 1, 16, 2, 0, tzinfo=UTC)
    assert next_night(NOW.replace(hour=1)) == datetime(2026, 1, 15, 2, 0, tzinfo=UTC)
    assert next_night(NOW.replace(hour=2)) == datetime(2026, 1, 16, 2, 0, tzinfo=UTC)


def test_seven_nights_and_no_more() -> None:
    delivery: Delivery | None = Delivery(id="ed1", organisation="emp-1", cdr={}, due=NOW)
    tried = []
    while delivery is not None:
        tried.append(delivery.due)
        delivery = after_failure(delivery, delivery.due)
    nights = [datetime(2026, 1, day, 2, 0, tzinfo=UTC) for day in range(16, 23)]
    assert tried == [NOW, *nights]
