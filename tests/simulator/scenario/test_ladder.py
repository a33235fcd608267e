"""The ladder of a session, as text."""

from __future__ import annotations

from simulator.kernel.journal import Journal
from simulator.scenario.ladder import ladder, session_near

from .stage import ocpi

GOLDEN = """\
             cpo                     plugsurfing
07:00:00.000  PUT sessions --------> 1000
07:00:00.000  POST cdrs -----------> 2001"""


def test_a_ladder_as_it_is_drawn(journal: Journal) -> None:
    ocpi(journal, "PUT", "sessions", {"id": "S1"}, session="S1")
    ocpi(journal, "PUT", "sessions", {"id": "S2"}, session="S2")
    ocpi(journal, "POST", "cdrs", {"id": "C1"}, status=2001, session="S1")
    drawn = ladder(journal.records, "S1")
    assert drawn == GOLDEN


def test_where_nothing_was_said_there_is_no_ladder(journal: Journal) -> None:
    assert ladder(journal.records) == ""
    assert session_near([], 5) is None


def test_the_session_is_the_one_last_spoken_of(journal: Journal) -> None:
    for session in ("S1", "S2", None, "S3"):
        ocpi(journal, session=session)
    records = list(journal.records)
    assert [session_near(records, seq) for seq in (1, 2, 3, 4)] == ["S1", "S2", "S2", "S3"]
    assert session_near(records[3:], 1) == "S3"  # better a later one than none
