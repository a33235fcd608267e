"""What is due to whom."""

from __future__ import annotations

from simulator.tui.peer.queue import lines, waiting
from tests.simulator.tui.peer.partners import between, cpo, look, peer, pushed, row, text, token


def test_what_was_refused_and_what_roam_keeps() -> None:
    cdr, roam = lines(look())
    assert row(cdr)[:5] == ["cdr", "C1", "cpo → ps", "refused", "1"]
    assert "refused: 2001 because" in text(cdr) and cdr.given == {"cdr": "C1", "peer": "ps"}
    assert row(roam)[:6] == ["cdr", "R1", "roam → emp", "waiting", "2", "01-15 07:00:00"]
    assert "at night" in text(roam) and waiting(look()) == 2


def test_the_next_try_of_what_was_not_answered() -> None:
    due = {"kind": "session", "id": "S1", "to": "ps", "state": "pending", "attempts": None,
           "message": None, "next_try": "2026-01-15T07:05:00.000Z"}  # fmt: skip
    told = between(cpo=cpo(queue=[due, {**due, "id": "S2", "to": "another"}]))
    first, *_ = lines(look(told))
    assert row(first)[3:6] == ["pending", "", "01-15 07:05:00"]
    assert first.given == {"session": "S1", "peer": "ps"}
    assert all("S2" not in line.key for line in lines(look(told)))


def test_pushes_that_were_not_taken_and_an_emps_own() -> None:
    told = between(peers={"ps": peer(waiting=[], tokens=[token("04CC", pushed=pushed("no"))])})
    assert [row(line)[0] for line in lines(look(told))] == ["cdr", "token"]
    (line,) = lines(look(name="roamer", kind="emp"))
    assert row(line)[2] == "roam → emp"
