"""Verdicts, reports and their exit codes."""

from __future__ import annotations

from dataclasses import replace

from mock_peer.check_model import (
    Verdict,
    chosen,
    failed,
    messages_of,
    not_applicable,
    not_exercised,
    passed,
)
from simulator.mistakes import Exit
from tests.mock_peer.checking import BROKEN, line, mixed, record, report


def test_rulings_say_which_verdict_and_why() -> None:
    assert passed([1, 2], "fine") == (Verdict.PASS, "fine", (1, 2))
    assert failed("bad", [3]).verdict is Verdict.FAIL
    assert not_applicable("other").why == "other"
    assert not_exercised("none").shown == ()


def test_a_line_shows_its_faults_messages_first_and_none_twice() -> None:
    shown = line("r", Verdict.FAIL, "", 9, 7, faults=BROKEN.faults)
    assert shown.messages == (7, 9)


def test_faults_that_say_the_same_are_told_once() -> None:
    (fault,) = BROKEN.faults
    more = [replace(fault, message=8), replace(fault, message=9, pointer="/total_time")]
    shown = line("r", Verdict.FAIL, faults=(fault, *more))
    assert [(kind.pointer, times) for kind, times in shown.kinds] == [
        ("/total_energy", 2),
        ("/total_time", 1),
    ]
    assert shown.messages == (7, 9)


def test_what_failed_decides_the_exit_code_then_what_did_not_come() -> None:
    good = line("r", Verdict.PASS)
    assert mixed().exit_code is Exit.FAILED
    assert report(good).exit_code is Exit.PASS
    assert report(good, missing=("CDR",)).exit_code is Exit.TIMEOUT
    assert report(BROKEN, missing=("CDR",)).exit_code is Exit.FAILED


def test_failures_tell_what_is_refused_first_and_what_is_only_warned_of_last() -> None:
    warned, check = line("w", Verdict.FAIL, severity="warn"), line("c", Verdict.FAIL)
    told = [one.id for one in report(warned, check, BROKEN).failures]
    assert told == ["cdr.not-negative", "c", "w"]


def test_lines_stand_by_module_in_the_order_they_come() -> None:
    assert [(module, len(lines)) for module, lines in mixed().modules] == [
        ("cdrs", 3),
        ("tariffs", 1),
    ]
    assert mixed().count(Verdict.PASS) == 1


def test_rules_are_chosen_by_id_and_pattern() -> None:
    lines = mixed().lines
    assert [one.id for one in chosen(lines, ["cdr.*"], ["cdr.in-time"])] == [
        "cdr.not-negative",
        "cdr.unaltered",
    ]
    assert chosen(lines, [], []) == lines


def test_only_what_lines_show_is_kept() -> None:
    records = [record(seq, "POST", "cdrs") for seq in (6, 7, 8)]
    assert list(messages_of([BROKEN], records)) == [7]
