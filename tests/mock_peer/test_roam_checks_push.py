"""Each row about tokens, commands, sessions and CDRs: once satisfied, once broken."""

from __future__ import annotations

from typing import Any

import pytest

from mock_peer.roam_cdrs import shown_cdr
from mock_peer.roam_sessions import shown_session
from mock_peer.roam_tokens import Held, forwarded
from mock_peer.rule import Occasion as On
from mock_peer.rule import Severity
from tests.mock_peer.roam_cases import Case
from tests.mock_peer.roam_things import CPO, cdr, session, token

START = {
    "name": "START_SESSION",
    "body": {
        "response_url": "https://emp.example/1",
        "token": {**token()},
        "location_id": "el1",
    },
}


@pytest.mark.parametrize(
    ("rule", "occasion", "good", "bad"),
    [
        ("roam.valid", On.ROAM_TOKEN, token(), token(valid="yes")),
        ("roam.valid", On.ROAM_COMMAND, START, {"name": "START_SESSION", "body": {}}),
        ("roam.token-types", On.ROAM_TOKEN, token(type="OTHER"), token(type="APP_USER")),
        ("roam.token-types", On.ROAM_TOKEN, token(), token(type="AD_HOC_USER")),
        ("roam.token-whitelist", On.ROAM_TOKEN, token(whitelist="NEVER"),
         token(whitelist="ALWAYS")),
        ("roam.token-whitelist", On.ROAM_TOKEN, token(), token(whitelist="ALLOWED")),
        ("roam.token-whitelist", On.ROAM_TOKEN_SENT, forwarded(token(whitelist="ALWAYS")),
         token(whitelist="ALWAYS")),
        ("roam.token-issuer", On.ROAM_TOKEN_SENT, forwarded(token()), token()),
        ("roam.contract-prefixes", On.ROAM_TOKEN, token(), token(contract_id="NLXXXC00000001X")),
        ("roam.contract-format", On.ROAM_TOKEN, token(contract_id="DE-EMP-C00000001-X"), token()),
        ("roam.authorize", On.ROAM_ANSWER, {"problem": ""}, {"problem": "no answer"}),
        ("roam.authorize", On.ROAM_ANSWER, {"info": {"allowed": "ALLOWED", "token": token()}},
         {"info": {"allowed": "ALLOWED"}}),
        ("roam.commands", On.ROAM_COMMAND, START, {"name": "UNLOCK_CONNECTOR", "body": {}}),
        ("roam.commands", On.ROAM_COMMAND, {"name": "STOP_SESSION"}, {"name": "RESERVE_NOW"}),
        ("roam.sessions", On.ROAM_SESSION, {"method": "PUT", "body": {"kwh": 1}},
         {"method": "PUT", "body": {"charging_periods": []}}),
        ("roam.sessions", On.ROAM_SESSION,
         {"method": "PATCH", "body": {"kwh": 1, "last_updated": ""}},
         {"method": "PATCH", "body": {"kwh": 1, "last_updated": "", "status": "ACTIVE"}}),
        ("roam.cdrs", On.ROAM_CDR, {"body": {"id": "S", "session_id": "S"}},
         {"body": {"id": "C", "session_id": "S"}}),
        ("roam.cdrs", On.ROAM_CDR, {"body": {"id": "C"}}, {"body": {"id": "C", "credit": True}}),
        ("roam.locations-name", On.ROAM_CDR, {"body": {"cdr_location": {"address": "a" * 200}}},
         {"body": {"cdr_location": {"address": "a" * 201}}}),
        ("roam.cdr-breakdown", On.ROAM_CDR, {"body": {"total_time_cost": {"excl_vat": 1}}},
         {"body": {"total_cost": {"excl_vat": 1}}}),
        ("roam.cdr-retry", On.ROAM_CDR_ANSWER, {"http_status": 200, "status_code": 1000},
         {"http_status": 201, "status_code": 1000}),
        ("roam.original-protocol", On.ROAM_CDR, {"uncertain": True, "protocol": "OCPI-2.1.1"},
         {"uncertain": True}),
        ("roam.original-protocol", On.ROAM_SESSION, {"uncertain": False},
         {"uncertain": False, "protocol": "OCPI-2.2.1"}),
    ],
)  # fmt: skip
def test_a_row_is_satisfied_and_broken(rule: str, occasion: On, good: Any, bad: Any) -> None:
    assert Case().found(rule, occasion, good) == []
    assert Case().found(rule, occasion, bad)


def test_a_remote_start_needs_the_emp_s_own_token_to_be_there() -> None:
    case = Case()
    assert case.found("roam.tokens-push-only", On.ROAM_COMMAND, START)
    case.tokens.take("emp-2", token())
    assert case.found("roam.tokens-push-only", On.ROAM_COMMAND, START)
    case.tokens.take("emp-1", token())
    assert case.found("roam.tokens-push-only", On.ROAM_COMMAND, START) == []


def test_a_second_key_of_a_contract_needs_to_be_allowed() -> None:
    one, several = Case(), Case(keys_per_contract=2)
    for case in (one, several):
        case.tokens.take("emp-1", token())
        assert case.found("roam.contract-keys", On.ROAM_TOKEN, token()) == []
    second = token(uid="2")
    assert one.found("roam.contract-keys", On.ROAM_TOKEN, second)
    assert several.found("roam.contract-keys", On.ROAM_TOKEN, second) == []
    several.tokens.take("emp-1", second)
    assert several.found("roam.contract-keys", On.ROAM_TOKEN, token(uid="3"))


def test_a_contract_may_hold_25_keys_and_no_more() -> None:
    case = Case(keys_per_contract=25)
    for number in range(25):
        assert case.found("roam.contract-keys", On.ROAM_TOKEN, token(uid=str(number))) == []
        case.tokens.take("emp-1", token(uid=str(number)))
    assert case.found("roam.contract-keys", On.ROAM_TOKEN, token(uid="25"))


def test_a_contract_changes_only_where_it_may() -> None:
    changed = token(contract_id="DE-EMP-C00000002-X")
    spelled = token(contract_id="DE-EMP-C00000001-X")
    fixed, free = Case(), Case(contract_change=True)
    rule = "roam.contract-change"
    assert fixed.found(rule, On.ROAM_TOKEN, changed, seen_before=token())
    assert fixed.found(rule, On.ROAM_TOKEN, spelled, seen_before=token()) == []
    assert fixed.found(rule, On.ROAM_TOKEN, changed) == []
    assert free.found(rule, On.ROAM_TOKEN, changed, seen_before=token()) == []


def test_ids_of_sessions_and_cdrs_were_issued() -> None:
    case, held = Case(), Held("emp-1", token())
    shown = shown_session(session(), CPO, case.ids, held, None)
    put = {"method": "PUT", "body": shown}
    assert case.found("roam.unique-ids", On.ROAM_SESSION, put) == []
    assert len(case.found("roam.unique-ids", On.ROAM_SESSION, {"body": session()})) == 4
    passed, _ = shown_cdr(cdr(), CPO, case.ids, held)
    assert case.found("roam.unique-ids", On.ROAM_CDR, {"body": passed}) == []
    assert case.found("roam.unique-ids", On.ROAM_CDR, {"body": cdr()})


def test_a_rule_that_is_switched_off_finds_nothing() -> None:
    switched = Case(rules={"roam.token-types": "off"})
    assert switched.found("roam.token-types", On.ROAM_TOKEN, token(type="APP_USER")) == []
    softened = Case(rules={"roam.token-types": "warn"})
    (finding,) = softened.found("roam.token-types", On.ROAM_TOKEN, token(type="APP_USER"))
    assert finding.severity is Severity.WARN
