"""What the book keeps of Plug & Charge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from simulator.cpo.book import Book
from simulator.cpo.book_plugs import Installed, Issued, Plug
from simulator.kernel.clock import Clock

NOW = datetime(2026, 1, 15, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("enabled", "of_one", "of_two"),
    [
        ({}, False, False),
        ({0: True}, True, True),
        ({0: True, 1: False}, False, True),
        ({0: False, 2: True}, False, True),
    ],
)
def test_an_evse_goes_before_its_station(
    enabled: dict[int, bool], of_one: bool, of_two: bool
) -> None:
    plug = Plug(enabled)
    assert (plug.is_enabled(1), plug.is_enabled(2)) == (of_one, of_two)


@pytest.mark.parametrize(
    ("chain", "usable", "next_change"),
    [
        (Installed("a"), True, None),
        (Installed("a", NOW - HOUR, NOW + HOUR), True, NOW + HOUR),
        (Installed("a", NOW, NOW + HOUR), True, NOW + HOUR),
        (Installed("a", NOW + HOUR, NOW + 2 * HOUR), False, NOW + HOUR),
        (Installed("a", NOW - HOUR, NOW), False, None),
    ],
)
def test_when_a_chain_can_be_used(
    chain: Installed, usable: bool, next_change: datetime | None
) -> None:
    plug = Plug(chains=(Installed("old", NOW - 2 * HOUR, NOW - HOUR), chain))
    assert plug.usable(NOW) is usable
    assert plug.next_change(NOW) == next_change


def test_without_a_chain_nothing_can_be_used() -> None:
    assert not Plug({0: True}).usable(NOW)


def test_it_is_there_after_a_restart(tmp_path: Path, clock: Clock) -> None:
    book = Book(tmp_path / "book.db", clock)
    assert book.plugs.get("CP1") == Plug()
    assert book.plugs.issued("1f") is None
    plug = Plug({0: True, 2: False}, (Installed("1f", NOW, NOW + HOUR),), "libocpp")
    issued = Issued("1f", "CP1", "V2GCertificate", NOW, NOW + HOUR)
    book.plugs.put("CP1", Plug())
    book.plugs.put("CP1", plug)
    book.plugs.issue(issued)
    book.close()
    book = Book(tmp_path / "book.db", clock)
    assert book.plugs.get("CP1") == plug
    assert book.plugs.issued("1f") == issued
    book.close()
