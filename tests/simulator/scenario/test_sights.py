"""Records become sights: calls, their answers, exchanges, decisions."""

from __future__ import annotations

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.scenario.compare import MISSING
from simulator.scenario.sights import Sightings, point, sights

from .stage import answer, call, ocpi, refusal


def test_a_call_is_seen_when_it_goes_out_and_again_with_its_answer(journal: Journal) -> None:
    call(journal, "Authorize", {"idTag": "A"}, key="1")
    call(journal, "Heartbeat", {}, key="2")
    answer(journal, {"idTagInfo": {"status": "Accepted"}}, key="1")
    seen = sights(journal.records)
    assert [(s.name, s.seq) for s in seen] == [("Authorize", 1), ("Heartbeat", 2), ("Authorize", 3)]
    assert seen[2].request == {"idTag": "A"}
    assert seen[2].reply == {"idTagInfo": {"status": "Accepted"}}
    assert (seen[0].reply, seen[2].error) == (MISSING, MISSING)


def test_answers_find_their_own_calls(journal: Journal) -> None:
    """Two actors may use the same message id; a stray answer belongs to nothing."""
    call(journal, "A", {"n": 1}, key="1", actor="station/1")
    call(journal, "B", {"n": 2}, key="1", actor="station/2")
    refusal(journal, "GenericError", key="1", actor="station/2")
    answer(journal, {}, key="9")
    answer(journal, {}, key="1", actor="station/1")
    assert [(s.name, s.seq, s.error) for s in sights(journal.records)][2:] == [
        ("B", 3, "GenericError"),
        ("A", 5, MISSING),
    ]


def test_an_exchange_shows_both_sides(journal: Journal) -> None:
    ocpi(journal, "PUT", "sessions", {"id": "S"}, data={"ok": 1})
    (seen,) = sights(journal.records)
    assert (seen.name, seen.path) == ("PUT sessions", "/ocpi/2.2.1/sessions")
    assert (seen.request, seen.reply) == ({"id": "S"}, {"ok": 1})
    assert (seen.header("x-request-id"), seen.header("no")) == ("r1", MISSING)


def test_bodies_that_are_no_json_hold_nothing(journal: Journal) -> None:
    record = ocpi(journal)
    for body in ("{broken", "[" * 5000 + "]" * 5000):
        record["request"]["body"] = body
        (seen,) = sights(journal.records)
        assert seen.request is MISSING


def test_sightings_hold_what_was_and_tell_what_comes(journal: Journal) -> None:
    ocpi(journal)
    own = Sightings(journal)
    heard: list[int] = []
    leave = own.listen(lambda sight: heard.append(sight.seq))
    journal.event("cpo", "something", value=1)
    leave()
    journal.event("cpo", "something else")
    assert heard == [2]
    assert [sight.seq for sight in own.after(1)] == [2, 3]
    assert own.after(1)[0].request == {"value": 1}


def test_sightings_of_one_leg(journal: Journal) -> None:
    seen = Sightings(journal)
    ocpi(journal)
    journal.event("cpo", "something")
    call(journal, "Authorize", {}, key="1")
    assert [s.seq for s in seen.after(0, "event")] == [2]
    assert [s.seq for s in seen.after(1)] == [2, 3]
    assert seen.after(1, "ocpi") == [] == seen.after(0, "finding")
    seen.close()


def test_pointers_lead_into_values_and_count_them() -> None:
    value = {"a": [{"b~/": 1}, 2], "length": "own"}
    assert point(value, "") == value
    assert point(value, "/a/0/b~0~1") == 1
    assert point(value, "/a/-1") == 2
    assert point(value, "/a/length") == 2
    assert point(value, "/length") == "own"
    for nowhere in ("/x", "/a/7", "/a/0/b/c", "/a/x", "/a/1/length"):
        assert point(value, nowhere) is MISSING, nowhere


def test_of_a_journal_that_forgets_no_more_is_kept(clock: Clock) -> None:
    journal = Journal(clock, seed=1, keep=10)
    seen = Sightings(journal)
    for number in range(100):
        journal.append("event", "cpo", what=f"e{number}")
    assert [s.name for s in seen.after(98)] == ["e98", "e99"]
    assert 10 <= len(seen.after(0)) <= 20
