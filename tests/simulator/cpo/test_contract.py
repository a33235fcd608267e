"""C07, row by row."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from simulator.cpo.authorize import STATUS_V16 as CARD_STATUS_V16
from simulator.cpo.authorize import STATUS_V201, Decision, Verdict
from simulator.cpo.contract import (
    STATUS_V16,
    Answer,
    Chain,
    Finding,
    answer,
    over_budget,
    refusal,
    status_of,
    worst,
)
from simulator.wire.ocpp_frames import CALLRESULT
from simulator.wire.ocpp_messages import OcppVersion
from simulator.wire.ocpp_schema import validator

AT = datetime(2026, 1, 15, 7, tzinfo=UTC)
EMAID = "DE8PSC12345678X"
VALID = Finding(Chain.VALID)


def decided(verdict: Verdict, *, unanswered: bool = False) -> Decision:
    return Decision(verdict, EMAID, "why", AT, unanswered=unanswered)


@pytest.mark.parametrize(
    ("verdict", "certificate_status", "status", "status_v16"),
    [
        # C07.FR.13
        (Verdict.BLOCKED, "ContractCancelled", "Blocked", "Blocked"),
        (Verdict.EXPIRED, "ContractCancelled", "Expired", "Expired"),
        (Verdict.INVALID, "ContractCancelled", "Invalid", "Invalid"),
        (Verdict.UNKNOWN, "ContractCancelled", "Unknown", "Invalid"),
        # C07.FR.14
        (Verdict.ALLOWED, "Accepted", "Accepted", "Accepted"),
        (Verdict.NO_CREDIT, "Accepted", "NoCredit", "Blocked"),
        (Verdict.NOT_ALLOWED, "Accepted", "NotAtThisLocation", "Invalid"),
    ],
)
def test_a_chain_that_holds(
    verdict: Verdict, certificate_status: str, status: str, status_v16: str
) -> None:
    told = answer(VALID, decided(verdict))
    assert told == Answer(certificate_status, status)
    assert told.status_v16 == status_v16


def test_every_verdict_has_its_row() -> None:
    rows = {answer(VALID, decided(verdict)).status for verdict in Verdict}
    assert rows == set(STATUS_V201.values())
    assert set(CARD_STATUS_V16) == set(STATUS_V201) == set(Verdict)


@pytest.mark.parametrize(
    ("chain", "certificate_status", "status"),
    [
        (Chain.EXPIRED, "CertificateExpired", "Expired"),  # C07.FR.15
        (Chain.REVOKED, "CertificateRevoked", "Invalid"),  # C07.FR.16
        (Chain.UNVERIFIED, "CertChainError", "Invalid"),  # C07.FR.17
    ],
)
def test_a_chain_that_does_not_hold(chain: Chain, certificate_status: str, status: str) -> None:
    finding = Finding(chain, "because")
    decision = refusal(EMAID, finding, AT)
    assert (decision.allowed, decision.uid, decision.why) == (
        False,
        EMAID,
        f"certificate {chain}: because",
    )
    told = answer(finding, decision)
    assert told == Answer(certificate_status, status)
    assert told.status_v16 == status


def test_silence_cancels_no_contract() -> None:
    silent = decided(Verdict.UNKNOWN, unanswered=True)
    assert status_of(silent) == "NotAtThisTime"
    told = answer(VALID, silent)
    assert told == Answer("Accepted", "NotAtThisTime")
    assert told.status_v16 == "Invalid"


def test_all_statuses_are_ocpps() -> None:
    """Of either version, by its schema; the words that the errata put out of use are not used."""
    check = validator(OcppVersion.V201, "Authorize", CALLRESULT)
    check16 = validator(OcppVersion.V16, "Authorize", CALLRESULT)
    assert check is not None
    assert check16 is not None
    for finding in (VALID, *(Finding(chain) for chain in Chain if chain is not Chain.VALID)):
        for verdict in Verdict:
            chosen = decided(verdict) if finding.valid else refusal(EMAID, finding, AT)
            told = answer(finding, chosen)
            assert told.certificate_status not in ("SignatureError", "NoCertificateAvailable")
            info = {"idTokenInfo": {"status": told.status}}
            assert check.is_valid({**info, "certificateStatus": told.certificate_status})
            assert check16.is_valid({"idTagInfo": {"status": told.status_v16}})


def test_every_status_of_201_has_one_of_the_five_of_16() -> None:
    five = {"Accepted", "Blocked", "ConcurrentTx", "Expired", "Invalid"}
    assert set(STATUS_V16.values()) == five
    check = validator(OcppVersion.V201, "Authorize", CALLRESULT)
    assert check is not None
    assert all(check.is_valid({"idTokenInfo": {"status": status}}) for status in STATUS_V16)
    assert len(STATUS_V16) == 10
    assert {word for word in five if STATUS_V16[word] != word} == set()


@pytest.mark.parametrize(
    ("chains", "expected"),
    [
        ("valid valid", "valid"),
        ("valid not verified", "not verified"),
        ("not verified revoked", "revoked"),
        ("revoked expired", "revoked"),
        ("valid expired not verified", "expired"),
    ],
)
def test_the_worst_counts(chains: str, expected: str) -> None:
    words = chains.replace("not verified", "not-verified").split()
    findings = [Finding(Chain(word.replace("-", " ")), str(n)) for n, word in enumerate(words)]
    assert worst(findings).chain == expected


def test_the_first_of_the_worst_is_told_and_of_nothing_nothing_holds() -> None:
    assert worst([Finding(Chain.REVOKED, "a"), Finding(Chain.REVOKED, "b")]).detail == "a"
    assert worst([]).chain is Chain.UNVERIFIED


def test_the_cars_two_patiences() -> None:
    assert [over_budget(s) for s in (0.0, 5.0, 5.001, 60.0, 60.001)] == [
        None,
        None,
        "5 s",
        "5 s",
        "60 s",
    ]
