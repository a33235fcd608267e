"""What is answered to a contract certificate: OCPP 2.0.1 use case C07, for 2.0.1 and 1.6. Pure.

Rule: first the chain, then the contract. Only a chain that holds makes the EMAID a question to its
eMSP; what the eMSP says then decides (2.0.1 edition 2 errata 2023-12, C07.FR.13 to FR.17):

    chain            token                              certificateStatus   idTokenInfo.status
    valid            Blocked Expired Invalid Unknown    ContractCancelled   the token's
    valid            any other                          Accepted            the token's
    expired          -                                  CertificateExpired  Expired
    revoked          -                                  CertificateRevoked  Invalid
    not verified     -                                  CertChainError      Invalid

SignatureError and NoCertificateAvailable are words of the schema that the errata put out of use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from simulator.cpo.authorize import STATUS_V201, Decision, Verdict

# How long a car waits: for the answer to PaymentDetailsReq, and if the station stretches
# AuthorizationReq (ISO 15118-2, message and ongoing timeouts).
CAR_WAITS_S = 5.0
CAR_WAITS_LONGEST_S = 60.0


class Chain(StrEnum):
    """What is found of a certificate chain, or of a certificate in it."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    UNVERIFIED = "not verified"


class Finding(NamedTuple):
    """What was found, and where or why, in words."""

    chain: Chain
    detail: str = ""

    @property
    def valid(self) -> bool:
        """True if the contract may be asked about."""
        return self.chain is Chain.VALID


class Answer(NamedTuple):
    """The two statuses of an AuthorizeResponse, in the words of 2.0.1."""

    certificate_status: str | None
    status: str

    @property
    def status_v16(self) -> str:
        """The status of the token in one of the five words that 1.6 has."""
        return STATUS_V16[self.status]


# The worst counts: what is revoked is revoked, whatever else could not be verified.
_GRAVITY = (Chain.REVOKED, Chain.EXPIRED, Chain.UNVERIFIED, Chain.VALID)
_REFUSALS: Mapping[Chain, tuple[str, Verdict]] = {
    Chain.EXPIRED: ("CertificateExpired", Verdict.EXPIRED),
    Chain.REVOKED: ("CertificateRevoked", Verdict.INVALID),
    Chain.UNVERIFIED: ("CertChainError", Verdict.INVALID),
}
_CANCELLED = frozenset({"Blocked", "Expired", "Invalid", "Unknown"})

# 2.0.1 AuthorizationStatusEnumType -> 1.6 AuthorizationStatus
STATUS_V16: Mapping[str, str] = {
    "Accepted": "Accepted",
    "Blocked": "Blocked",
    "ConcurrentTx": "ConcurrentTx",
    "Expired": "Expired",
    "Invalid": "Invalid",
    "NoCredit": "Blocked",
    "NotAllowedTypeEVSE": "Invalid",
    "NotAtThisLocation": "Invalid",
    "NotAtThisTime": "Invalid",
    "Unknown": "Invalid",
}


def worst(findings: Iterable[Finding]) -> Finding:
    """What the findings about all certificates of a chain come to; the first of the worst."""
    nothing = Finding(Chain.UNVERIFIED, "nothing was verified")
    return min(findings, key=lambda one: _GRAVITY.index(one.chain), default=nothing)


def refusal(uid: str, finding: Finding, at: datetime) -> Decision:
    """The decision about a contract whose chain does not hold: nobody is asked."""
    why = f"certificate {finding.chain}: {finding.detail}"
    return Decision(_REFUSALS[finding.chain][1], uid, why, at)


def status_of(decision: Decision) -> str:
    """The AuthorizationStatusEnumType of a decision about a contract.

    An eMSP that did not answer has cancelled nothing: Unknown would tell the car so.
    """
    return "NotAtThisTime" if decision.unanswered else STATUS_V201[decision.verdict]


def answer(finding: Finding, decision: Decision) -> Answer:
    """The statuses for a chain and what was decided about its contract."""
    status = status_of(decision)
    if finding.valid:
        return Answer("ContractCancelled" if status in _CANCELLED else "Accepted", status)
    return Answer(_REFUSALS[finding.chain][0], status)


def over_budget(elapsed_s: float) -> str | None:
    """Which of the car's two patiences an answer has overrun; None if it came in time."""
    if elapsed_s > CAR_WAITS_LONGEST_S:
        return f"{CAR_WAITS_LONGEST_S:g} s"
    return f"{CAR_WAITS_S:g} s" if elapsed_s > CAR_WAITS_S else None
