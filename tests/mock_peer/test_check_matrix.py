"""Modules and verbs: what is supported, what was seen."""

from __future__ import annotations

import pytest

from mock_peer.check_matrix import MODULES, VERBS, matrix
from mock_peer.check_model import Cell
from mock_peer.emp_face import EmpFace
from mock_peer.rule import ALL
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from tests.mock_peer.checking import envelope, evidence, record


def test_there_are_rows_for_each_version_of_a_cpo_and_for_an_emp() -> None:
    assert set(MODULES) == {*(("cpo", version) for version in ALL), ("emp", "2.2.1")}


@pytest.mark.parametrize("version", ALL)
def test_the_verbs_that_we_take_are_those_that_the_face_offers(
    version: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    from mock_peer.book import Book
    from mock_peer.judging import Judge

    judge = Judge(Book(), clock=clock, journal=journal, actor="plugsurfing")
    routes = EmpFace(judge, chance, lambda version, key: "").routes()
    offered: dict[str, set[str]] = {}
    for route in routes:
        if version in route.versions and "charging_preferences" not in route.path:
            offered.setdefault(route.module, set()).add(route.method)
    told = {row.module: set(row.theirs) for row in MODULES["cpo", version] if row.theirs}
    assert {m: v for m, v in told.items() if m not in ("versions", "credentials")} == offered


def test_what_was_taken_and_what_was_refused_is_counted_apart() -> None:
    said = evidence(
        record(1, "POST", "cdrs"),
        record(2, "POST", "cdrs", answer=envelope(code=2001)),
        record(3, "GET", "locations", received=False),
        record(4, "GET", "locations", received=False, http=401),
        record(5, "GET", "sessions", http=405),
        probes={"unknown token": 4},
    )
    rows = {row.module: row for row in matrix("cpo", said)}
    assert rows["cdrs"].theirs["POST"] == Cell(True, 1, 1)
    assert rows["locations"].ours["GET"] == Cell(True, 1, 0)
    assert rows["sessions"].theirs["GET"] == Cell(False, 0, 1)
    assert tuple(rows["cdrs"].ours) == VERBS


def test_an_unknown_version_has_no_rows() -> None:
    assert matrix("emp", evidence(version="2.1.1")) == ()
