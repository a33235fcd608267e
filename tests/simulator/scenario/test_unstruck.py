"""A fault that was placed and never struck is told, whosever board it was on."""

from __future__ import annotations

from simulator.kernel.journal import Journal
from simulator.scenario.unstruck import never_struck


def placed(journal: Journal, board: str, number: str, kind: str = "drop", **match: str) -> None:
    spec = {"kind": kind, **match, "times": 1}
    journal.event(board, "fault.placed", id=number, spec=spec)


def struck(journal: Journal, actor: str, number: str, kind: str = "drop") -> None:
    journal.append("fault", actor, fault=kind, data={"id": number})


def test_what_never_struck_is_told_with_whom_it_was_for(journal: Journal) -> None:
    placed(journal, "world", "fault-1", action="Heartbeat", actor="cpo")
    placed(journal, "world", "fault-2", "delay")
    struck(journal, "station/A", "fault-2", "delay")
    assert never_struck(journal.records) == [
        "fault-1 never struck: drop, actor cpo, action Heartbeat"
    ]


def test_one_that_was_taken_away_counts_too(journal: Journal) -> None:
    placed(journal, "world", "fault-1")
    journal.event("world", "fault.removed", id="fault-1", hits=0)
    assert never_struck(journal.records) == ["fault-1 never struck: drop"]


def test_boards_are_told_apart(journal: Journal) -> None:
    placed(journal, "world", "fault-1")
    placed(journal, "plugsurfing", "fault-1")
    placed(journal, "plugsurfing", "fault-2", module="cdrs")
    for _ in range(2):
        struck(journal, "plugsurfing", "fault-1")
    assert never_struck(journal.records) == [
        "fault-1 never struck: drop",
        "fault-2 of plugsurfing never struck: drop, module cdrs",
    ]
    struck(journal, "roam", "fault-2")
    struck(journal, "station/A", "fault-1")
    assert never_struck(journal.records) == []


def test_what_the_world_holds_at_a_peer_has_struck(journal: Journal) -> None:
    placed(journal, "world", "fault-1", "hold")
    placed(journal, "plugsurfing", "fault-1")
    struck(journal, "plugsurfing", "fault-1", "hold")
    assert never_struck(journal.records) == ["fault-1 of plugsurfing never struck: drop"]


def test_without_faults_there_is_nothing_to_tell(journal: Journal) -> None:
    journal.event("cpo", "cdr.made")
    assert never_struck(journal.records) == []
