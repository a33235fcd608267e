"""The nearest misses, in order, field by field."""

from __future__ import annotations

from simulator.kernel.journal import Journal
from simulator.scenario.match import Match
from simulator.scenario.near import nearest, rank
from simulator.scenario.sights import sights

from .stage import call, ocpi

GOLDEN = """\
nearest:
  1. record 3, 07:00:00.000, cpo and plugsurfing: POST cdrs
       where /total_energy: expected > 5, was 3
  2. record 2, 07:00:00.000, cpo and plugsurfing: POST cdrs
       status: expected 1000, was 2001
       where /total_energy: expected > 5, was '7'
  3. record 1, 07:00:00.000, cpo and plugsurfing: PUT sessions
       ocpi: expected POST cdrs, was PUT sessions
       where /total_energy: expected > 5, was nothing"""


def wanted() -> Match:
    return Match.parse({"ocpi": "POST cdrs", "status": 1000, "where": {"/total_energy": {"gt": 5}}})


def test_the_nearest_misses_as_they_are_shown(journal: Journal) -> None:
    ocpi(journal, "PUT", "sessions")
    ocpi(journal, body={"total_energy": "7"}, status=2001)
    ocpi(journal, body={"total_energy": 3})
    ocpi(journal, "PUT", "tokens", status=2001)
    call(journal, "Authorize", {}, key="1")  # another leg is no likeness
    assert nearest(wanted(), sights(journal.records)) == GOLDEN


def test_a_filter_has_near_misses_too(journal: Journal) -> None:
    ocpi(journal, body={"id": "C1"})
    call(journal, "Authorize", {}, key="1")
    told = nearest(Match.parse({"filter": "~cp cpo & ~a PUT"}), sights(journal.records))
    assert told.count("expected") == 2
    assert '~a "PUT", was POST cdrs' in told
    assert nearest(Match.parse({"filter": "~a PUT"}), sights(journal.records)) == ""


def test_nothing_alike_is_nothing(journal: Journal) -> None:
    ocpi(journal, "PUT", "tokens", status=2001)
    assert nearest(wanted(), sights(journal.records)) == ""


def test_of_equals_the_earlier_comes_first_and_what_fits_is_no_miss(journal: Journal) -> None:
    for energy in (1, 2, 9):
        ocpi(journal, body={"total_energy": energy})
    assert [sight.seq for sight, _ in rank(wanted(), sights(journal.records))] == [1, 2]
