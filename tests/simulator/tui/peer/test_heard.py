"""What was said between partners."""

from __future__ import annotations

from simulator.tui.peer.heard import FINDINGS
from tests.simulator.tui.peer.partners import heard
from tests.simulator.tui.stage import Wire


def test_uses_are_counted_by_who_was_asked() -> None:
    wire = Wire()
    for number in range(3):
        wire.ocpi("PUT", "sessions", {}, ident=f"r{number}")
    wire.ocpi("PATCH", "sessions", {}, ident="r9", code=2001)
    made = heard(wire)
    used = made.used({"plugsurfing"}, "2.2.1", "sessions")
    assert (used["PUT"].times, used["PUT"].failed) == (3, 0)
    assert (used["PATCH"].times, used["PATCH"].failed) == (1, 1)
    assert made.used({"cpo"}, "2.2.1", "sessions") == {}
    assert made.used({"plugsurfing"}, "2.1.1", "sessions") == {}
    made.read()  # nothing new is counted twice
    assert made.used({"plugsurfing"}, "2.2.1", "sessions")["PUT"].times == 3


def test_what_both_ends_tell_by_other_names_counts_once() -> None:
    wire = Wire()
    wire.ocpi("PUT", "sessions", {}, ident="r1")
    theirs = wire.ocpi("PUT", "sessions", {}, ident="r1", direction="received")
    theirs["peer"] = "cpo-2"
    assert heard(wire).used({"plugsurfing"}, "2.2.1", "sessions")["PUT"].times == 1


def test_the_last_findings_of_each_rule() -> None:
    wire = Wire()
    for number in range(FINDINGS + 2):
        wire.finding(number, f"/{number}")
    found = heard(wire).findings["cdr.some-rule"]
    assert [record["pointer"] for record in found] == [f"/{n}" for n in range(2, FINDINGS + 2)]


def test_handshakes_and_authorizations_apart() -> None:
    wire = Wire()
    wire.ocpi("GET", "versions", None, ident="a")
    wire.ocpi("POST", "credentials", {}, ident="b")
    wire.ocpi("POST", "tokens", {}, ident="c")
    wire.ocpi("POST", "tokens", {}, ident="d")
    made = heard(wire)
    names = [ex.name for ex in made.handshakes_with({"plugsurfing"})]
    assert names == ["GET versions", "POST credentials"]
    newest, older = made.asked_of({"plugsurfing"})
    assert newest.number > older.number
    assert list(made.asked_of({"cpo"})) == [] == list(made.handshakes_with({"emp"}))
