"""The verdict on each rule of the table."""

from __future__ import annotations

from typing import Any

import pytest

from mock_peer.check_model import Verdict
from mock_peer.check_rules import INSTEAD, TRIGGERS, WANTED, rule_lines
from mock_peer.profile import Profile
from mock_peer.rule import Face
from mock_peer.rules import BY_ID, RULES
from simulator.kernel.journal import Record
from tests.mock_peer.checking import envelope, evidence, finding, record, told


def verdict(rule: str, *records: Record, **more: Any) -> Verdict:
    return told(rule_lines(evidence(*records, **more), BY_ID[rule].face))[rule]


def test_there_is_a_line_for_each_rule_of_the_face() -> None:
    for face in Face:
        lines = rule_lines(evidence(), face)
        assert [line.id for line in lines] == [r.id for r in RULES if r.face is face]


def test_nothing_passes_by_silence() -> None:
    for face in Face:
        verdicts = {line.verdict for line in rule_lines(evidence(), face)}
        assert verdicts == {Verdict.NOT_EXERCISED, Verdict.NOT_APPLICABLE}


def test_what_is_missing_is_said_for_every_rule() -> None:
    for face in Face:
        for line in rule_lines(evidence(), face):
            if line.verdict is Verdict.NOT_EXERCISED:
                assert line.ruling.why.startswith("there was none: "), line.id
                assert "a message that tells" not in line.ruling.why, line.id


def test_tables_name_rules_and_occasions_that_there_are() -> None:
    assert set(TRIGGERS) <= set(BY_ID)
    assert set(INSTEAD) <= set(TRIGGERS)
    assert all(WANTED.values())


def test_a_message_of_the_occasion_without_a_finding_passes() -> None:
    one = cdr(7, "1")
    assert verdict("cdr.valid", one) is Verdict.PASS
    (line,) = (x for x in rule_lines(evidence(one), Face.A) if x.id == "cdr.valid")
    assert line.ruling.shown == (7,)
    assert line.module == "cdrs"


@pytest.mark.parametrize("severity", ["reject", "drop", "warn"])
def test_a_finding_fails_whatever_it_costs(severity: str) -> None:
    one = cdr(7, "1")
    found = finding(8, "cdr.valid", 7, severity=severity)
    assert verdict("cdr.valid", one, found) is Verdict.FAIL
    (line,) = (x for x in rule_lines(evidence(one, found), Face.A) if x.id == "cdr.valid")
    assert line.faults[0].message == 7
    assert line.ruling.why == "/id: expected an id"


def test_a_note_does_not_fail_and_is_told() -> None:
    one = record(7, "POST", "cdrs", body={"id": "1", "remark": "HCC_E"})
    found = finding(8, "cdr.home-charging", 7, severity="note", expected="home charging")
    (line,) = (x for x in rule_lines(evidence(one, found), Face.A) if x.id == "cdr.home-charging")
    assert line.verdict is Verdict.PASS
    assert line.ruling.why == "home charging"


def test_to_ask_for_a_blocked_token_is_no_fault_of_the_asker() -> None:
    asked = record(7, "POST", "tokens", "/T/authorize", answer=envelope({"allowed": "BLOCKED"}))
    assert verdict("authorize.token", asked, finding(8, "authorize.token", 7)) is Verdict.PASS


def test_other_versions_agreements_and_our_own_part_are_not_applicable() -> None:
    one = cdr(7, "1")
    assert verdict("cdr.no-credit", one, version="2.1.1") is Verdict.NOT_APPLICABLE
    off = Profile(rules={"cdr.valid": "off"})
    assert verdict("cdr.valid", one, profile=off) is Verdict.NOT_APPLICABLE
    neutral = Profile(peer="generic")
    assert verdict("location.territory", profile=neutral) is Verdict.NOT_APPLICABLE
    assert verdict("token.fields") is Verdict.NOT_APPLICABLE
    assert verdict("roam.unique-ids") is Verdict.NOT_APPLICABLE


LOCATION = "/DE/ABC/LOC1"
EVSE: dict[str, Any] = {"uid": "E", "connectors": [{"id": "1"}]}


def location(**connector: Any) -> Record:
    evses = [{**EVSE, "connectors": [{"id": "1", **connector}]}]
    return record(3, "PUT", "locations", LOCATION, body={"id": "LOC1", "evses": evses})


def cdr(seq: int, name: str) -> Record:
    return record(seq, "POST", "cdrs", body={"id": name})


@pytest.mark.parametrize(
    ("rule", "without", "with_it"),
    [
        ("location.one-tariff", [location()], [location(tariff_ids=["T"])]),
        (
            "location.pnc-capability",
            [location()],
            [location(capabilities=["ISO_15118_2_PLUG_AND_CHARGE"])],
        ),
        (
            "session.start-denied",
            [record(1, "POST", "tokens", "/T/authorize", answer=envelope({"allowed": "ALLOWED"}))],
            [record(1, "POST", "tokens", "/T/authorize", answer=envelope({"allowed": "BLOCKED"}))],
        ),
        (
            "cdr.unaltered",
            [cdr(1, "A"), cdr(2, "B")],
            [cdr(1, "A"), cdr(2, "a")],
        ),
        (
            "cdr.authorization-reference",
            [cdr(1, "A")],
            [
                record(1, "POST", "tokens", "/T/authorize"),
                cdr(2, "A"),
            ],
        ),
        (
            "cdr.price",
            [cdr(1, "A")],
            [record(1, "POST", "cdrs", body={"id": "A", "tariffs": [{"id": "T"}]})],
        ),
        (
            "cdr.home-charging",
            [cdr(1, "A")],
            [record(1, "POST", "cdrs", body={"home_charging_compensation": True})],
        ),
        (
            "session.required-for-remote",
            [cdr(1, "A")],
            [
                record(1, "POST", "commands", "/START_SESSION", received=False),
                cdr(2, "A"),
            ],
        ),
        (
            "request.body",
            [record(1, "GET", "tokens")],
            [record(1, "PUT", "tariffs", "/DE/ABC/T", body={})],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_rule_with_a_trigger_passes_only_when_it_was_pulled(
    rule: str, without: list[Record], with_it: list[Record]
) -> None:
    assert verdict(rule, *without) is Verdict.NOT_EXERCISED
    assert verdict(rule, *with_it) is Verdict.PASS


def test_rules_stand_under_the_modules_they_are_about() -> None:
    modules = {line.id: line.module for line in rule_lines(evidence(), Face.B)}
    assert modules["roam.limit-minute"] == "transport"
    assert modules["roam.locations-page"] == "locations"
    assert modules["roam.contract-keys"] == "tokens"
    assert modules["roam.cdr-retry"] == "cdrs"
