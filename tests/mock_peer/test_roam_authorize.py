"""Country and key first, then the EMP, then what the organisation set."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mock_peer.roam_authorize import check_first, read_answer
from mock_peer.roam_catalogue import Catalogue, Entry
from mock_peer.roam_ids import IdMap
from mock_peer.roam_organisation import Organisation, RealTime
from mock_peer.roam_tokens import Held
from simulator.ocpi.client import Answer, Failure
from simulator.ocpi.envelope import Envelope
from tests.mock_peer.roam_things import location, origin, token

HELD = Held("emp-1", token())
ACCEPTS = Organisation(authorization=RealTime(otherwise="accept"))
DENIES = Organisation()


def entry() -> Entry:
    shown = Catalogue(IdMap()).put(location(), origin("LOC1"), datetime(2026, 1, 15, tzinfo=UTC))
    assert shown is not None
    return shown


def answer(data: Any, **changes: Any) -> Answer:
    envelope = Envelope(data, changes.pop("status_code", 1000))
    return Answer("POST", "http://emp", 200, envelope, data=data, **changes)


def test_the_country_comes_before_the_key_and_the_key_before_the_emp() -> None:
    blocked = Held("emp-1", token(valid=False))
    elsewhere = Organisation(countries=("NLD",))
    refused = check_first(elsewhere, blocked, entry())
    assert refused is not None
    assert refused.allowed == "NOT_ALLOWED"
    disabled = check_first(DENIES, blocked, entry())
    assert disabled is not None
    assert disabled.allowed == "BLOCKED"
    assert check_first(DENIES, HELD, entry()) is None


def test_a_reference_that_resolves_to_nothing_is_no_reason_to_refuse() -> None:
    assert check_first(Organisation(countries=("NLD",)), HELD, None) is None


def test_a_blocked_cpo_is_refused() -> None:
    verdict = check_first(Organisation(blocked_cpos=("DE*ABC",)), HELD, entry())
    assert verdict is not None
    assert verdict.allowed == "NOT_ALLOWED"


def test_without_real_time_authorization_the_enabled_key_decides() -> None:
    off = Organisation(authorization=RealTime(enabled=False))
    verdict = check_first(off, HELD, entry())
    assert verdict is not None
    assert verdict.allowed == "ALLOWED"


def test_the_emp_s_answer_and_its_reference_are_taken() -> None:
    told = answer({"allowed": "NO_CREDIT", "authorization_reference": "R1"})
    verdict = read_answer(ACCEPTS, told)
    assert (verdict.allowed, verdict.reference, verdict.problem) == ("NO_CREDIT", "R1", "")


def test_an_unknown_token_is_an_answer_and_no_failure() -> None:
    told = answer(None, status_code=2004, failure=Failure.HTTP_ERROR)
    verdict = read_answer(ACCEPTS, told)
    assert (verdict.allowed, verdict.problem) == ("NOT_ALLOWED", "")


@pytest.mark.parametrize(
    "told",
    [
        Answer("POST", "http://emp", failure=Failure.NO_ANSWER, message="none within 5 s"),
        Answer("POST", "http://emp", 500, failure=Failure.HTTP_ERROR, message="HTTP 500"),
        answer({"allowed": "PERHAPS"}),
        answer({}),
        answer(["ALLOWED"]),
        answer({"allowed": {}}),
    ],
)
def test_no_usable_answer_is_decided_as_set(told: Answer) -> None:
    assert read_answer(ACCEPTS, told).allowed == "ALLOWED"
    assert read_answer(DENIES, told).allowed == "NOT_ALLOWED"
    assert read_answer(DENIES, told).problem
