"""Who may charge, case by case."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.cpo.authorize import (
    STATUS_V16,
    STATUS_V201,
    Answer,
    Ask,
    Decision,
    Known,
    Policy,
    Request,
    Silence,
    Verdict,
    by_command,
    conclude,
    fresh_until,
    may_stop,
    plan,
    tag,
)
from tests.simulator.cpo.world import token

NOW = datetime(2026, 1, 15, 7, tzinfo=UTC)
REQUEST = Request("CARD1", NOW, ("E1",))
OFFLINE = Request("CARD1", NOW, ("E1",), offline=True)
POLICY = Policy(prefer_realtime=True, peers_to_ask=("p1", "p2"))
LAZY = Policy(prefer_realtime=False)


def known(whitelist: str, **fields: Any) -> Known:
    return Known("p1", token(whitelist=whitelist, **fields))


@pytest.mark.parametrize(
    ("whitelist", "request_", "policy", "expected"),
    [
        ("ALWAYS", REQUEST, POLICY, "ALLOWED"),
        ("ALLOWED", REQUEST, POLICY, "ask"),
        ("ALLOWED", REQUEST, LAZY, "ALLOWED"),
        ("ALLOWED", OFFLINE, POLICY, "ALLOWED"),
        ("ALLOWED_OFFLINE", REQUEST, POLICY, "ask"),
        ("ALLOWED_OFFLINE", REQUEST, LAZY, "ask"),
        ("ALLOWED_OFFLINE", OFFLINE, POLICY, "ALLOWED interrupted"),
        ("NEVER", REQUEST, LAZY, "ask"),
        ("NEVER", OFFLINE, POLICY, "ask"),
        ("SOMETIMES", REQUEST, LAZY, "ask"),  # an unknown word is no permission
    ],
)
def test_the_whitelist_decides_whether_the_emsp_is_asked(
    whitelist: str, request_: Request, policy: Policy, expected: str
) -> None:
    step = plan(request_, known(whitelist), policy)
    if isinstance(step, Ask):
        assert expected == "ask"
        assert step.connections == ("p1",)
    else:
        assert expected == step.verdict + (" interrupted" if step.interrupted else "")
        assert step.method == "WHITELIST"
        assert step.connection_id == "p1"


@pytest.mark.parametrize("whitelist", ["NEVER", "ALLOWED_OFFLINE"])
def test_a_token_that_is_not_valid_is_still_asked_about(whitelist: str) -> None:
    assert isinstance(plan(REQUEST, known(whitelist, valid=False), LAZY), Ask)


@pytest.mark.parametrize(
    ("valid", "verdict"), [(False, "BLOCKED"), (True, "ALLOWED"), ("true", "ALLOWED")]
)
def test_a_whitelisted_token_must_be_valid(valid: object, verdict: str) -> None:
    step = plan(REQUEST, known("ALWAYS", valid=valid), POLICY)
    assert isinstance(step, Decision)
    assert step.verdict == verdict


def test_an_unknown_token_is_asked_of_everybody_or_refused() -> None:
    assert plan(REQUEST, None, POLICY) == Ask(("p1", "p2"), None)
    step = plan(REQUEST, None, LAZY)
    assert isinstance(step, Decision)
    assert step.verdict is Verdict.UNKNOWN


def test_the_operators_own_list_goes_before_everything() -> None:
    grant = by_command(token(), "p1", "REF", NOW, ["E1"])
    step = plan(REQUEST, known("ALWAYS"), POLICY, grant=grant, blocked=True)
    assert isinstance(step, Decision)
    assert step.verdict is Verdict.BLOCKED


def test_a_grant_serves_its_evse_and_no_other() -> None:
    grant = by_command(token(), "p1", "REF", NOW, ["E1"])
    assert plan(REQUEST, known("NEVER"), POLICY, grant=grant) is grant
    elsewhere = Request("CARD1", NOW, ("E2",))
    assert isinstance(plan(elsewhere, known("NEVER"), POLICY, grant=grant), Ask)


def test_a_command_is_not_checked_and_keeps_its_reference() -> None:
    decision = by_command(token(valid=False, whitelist="NEVER"), "p1", "REF", NOW, ["E1"])
    assert decision.allowed
    assert (decision.method, decision.reference) == ("COMMAND", "REF")


def info(allowed: str = "ALLOWED", **fields: Any) -> dict[str, Any]:
    return {"allowed": allowed, "token": token(), "authorization_reference": "R1", **fields}


ASK = Ask(("p1",), known("NEVER"))


@pytest.mark.parametrize("allowed", ["ALLOWED", "BLOCKED", "EXPIRED", "NO_CREDIT", "NOT_ALLOWED"])
def test_the_emsps_word_is_the_verdict(allowed: str) -> None:
    decision = conclude(REQUEST, ASK, [Answer("p1", info(allowed))])
    assert decision.verdict == allowed
    assert (decision.method, decision.reference) == ("AUTH_REQUEST", "R1")


def test_an_emsps_own_word_is_not_allowed() -> None:
    assert not conclude(REQUEST, ASK, [Answer("p1", info("PERHAPS"))]).allowed


def test_an_answer_for_other_evses_is_no_permission() -> None:
    other = info(location={"location_id": "LOC1", "evse_uids": ["E9"]})
    assert conclude(REQUEST, ASK, [Answer("p1", other)]).verdict is Verdict.NOT_ALLOWED
    here = info(location={"location_id": "LOC1", "evse_uids": ["E9", "E1"]})
    decision = conclude(REQUEST, ASK, [Answer("p1", here)])
    assert decision.allowed
    assert decision.serves("E1")
    assert not decision.serves("E2")


def test_an_answer_without_token_leaves_the_known_one() -> None:
    bare = {"allowed": "ALLOWED"}  # 2.1.1 has no token and no reference in it
    decision = conclude(REQUEST, ASK, [Answer("p1", bare)])
    assert decision.token == token(whitelist="NEVER")
    assert decision.reference is None


@pytest.mark.parametrize(
    ("whitelist", "verdict", "interrupted"),
    [
        ("NEVER", "UNKNOWN", False),
        ("ALLOWED", "ALLOWED", False),
        ("ALLOWED_OFFLINE", "ALLOWED", True),
    ],
)
def test_silence_counts_as_the_whitelist_says(
    whitelist: str, verdict: str, interrupted: bool
) -> None:
    ask = Ask(("p1",), known(whitelist))
    decision = conclude(REQUEST, ask, [Silence("p1", "no answer")])
    assert decision.verdict == verdict
    assert decision.interrupted is interrupted
    assert decision.unanswered is not decision.allowed
    assert "no answer" in decision.why


def test_offline_permission_still_wants_a_valid_token() -> None:
    ask = Ask(("p1",), known("ALLOWED_OFFLINE", valid=False))
    assert conclude(REQUEST, ask, [Silence("p1", "down")]).verdict is Verdict.BLOCKED


def test_an_emsp_that_disowns_its_token_is_not_overruled() -> None:
    ask = Ask(("p1",), known("ALLOWED_OFFLINE"))
    decision = conclude(REQUEST, ask, [Answer("p1", None)])
    assert (decision.verdict, decision.unanswered) == (Verdict.UNKNOWN, False)


def test_of_several_peers_the_one_that_allows_decides() -> None:
    ask = Ask(("p1", "p2", "p3"), None)
    outcomes = [Silence("p1", "down"), Answer("p2", info("BLOCKED")), Answer("p3", info())]
    decision = conclude(REQUEST, ask, outcomes)
    assert (decision.verdict, decision.connection_id) == ("ALLOWED", "p3")
    assert conclude(REQUEST, ask, outcomes[:2]).verdict is Verdict.BLOCKED
    assert conclude(REQUEST, ask, [Answer("p1", None)]).verdict is Verdict.UNKNOWN


scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5))
json = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = ("allowed", "token", "location", "authorization_reference")


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, json)), json, json)
def test_whatever_an_emsp_answers_there_is_a_decision(
    answer: dict[str, Any], uids: Any, group: Any
) -> None:
    for odd in (
        answer,
        {**answer, "location": {"evse_uids": uids}},
        {**answer, "token": token(group_id=group)},
    ):
        decision = conclude(REQUEST, ASK, [Answer("p1", {"allowed": "ALLOWED", **odd})])
        assert isinstance(decision.group, str | None)
        stored = msgspec.json.encode(decision)
        assert msgspec.json.decode(stored, type=Decision) == decision


def test_who_may_stop() -> None:
    started = by_command(token("CARD1", group_id="G1"), "p1", None, NOW, [])
    assert may_stop(started, "card1")
    assert may_stop(started, "CARD2", "G1")
    assert not may_stop(started, "CARD2", "G2")
    assert not may_stop(started, "CARD2")
    assert not may_stop(None, "CARD1")
    contract = by_command(token("DE-8PS-COO13A3LZ-3"), "p1", None, NOW, [])
    assert may_stop(contract, "DE8PSCOO13A3LZ")
    assert not may_stop(contract, "DE8PSCOO13A3LY")
    alone = by_command(token("CARD1"), "p1", None, NOW, [])
    assert not may_stop(alone, "CARD2", None)


@given(st.text(st.characters(codec="ascii", exclude_characters="\x00"), min_size=1, max_size=36))
def test_a_tag_fits_a_16_station(uid: str) -> None:
    assert len(tag(uid)) <= 20
    if len(uid) <= 20:
        assert tag(uid) == uid


def test_every_verdict_has_a_word_in_both_versions() -> None:
    assert set(STATUS_V16) == set(STATUS_V201) == set(Verdict)
    assert [v for v in Verdict if STATUS_V16[v] == "Accepted"] == [Verdict.ALLOWED]
    assert [v for v in Verdict if STATUS_V201[v] == "Accepted"] == [Verdict.ALLOWED]


def test_a_decision_is_fresh_for_a_while() -> None:
    decision = by_command(token(), "p1", None, NOW, [])
    assert (fresh_until(decision, 900) - NOW).total_seconds() == 900
