"""Real-time authorization where the token is an EMP's: checked here first, then asked of the EMP.

Rule: pure. Country and key are checked before the EMP is asked; what is no usable answer in time is
decided as the organisation set it. Source: Roam OCPI FAQ, "How does real-time authorization work?".
"""

from __future__ import annotations

from typing import NamedTuple

from mock_peer import raw
from mock_peer.roam_catalogue import Entry
from mock_peer.roam_organisation import Organisation
from mock_peer.roam_tokens import Held
from simulator.ocpi.client import Answer

ALLOWED, NOT_ALLOWED, BLOCKED = "ALLOWED", "NOT_ALLOWED", "BLOCKED"
ALLOWED_TYPES = frozenset({ALLOWED, BLOCKED, "EXPIRED", "NO_CREDIT", NOT_ALLOWED})
UNKNOWN_TOKEN = 2004


class Verdict(NamedTuple):
    """What the CPO is told: an AllowedType, why, and the EMP's own reference if it gave one.

    `problem` says what was wrong with the EMP's answer, if anything was.
    """

    allowed: str
    why: str
    reference: str | None = None
    problem: str = ""


def check_first(organisation: Organisation, held: Held, entry: Entry | None) -> Verdict | None:
    """Refuse what needs no question; `entry` is the location where the reference resolves."""
    if entry is not None and not organisation.sees(entry.country, entry.origin.party):
        return Verdict(NOT_ALLOWED, f"{entry.country} is no country this EMP selected, or blocked")
    if held.token.get("valid") is not True:
        return Verdict(BLOCKED, "the key is disabled")
    if not organisation.authorization.enabled:
        return Verdict(ALLOWED, "the key is enabled, and the EMP is not asked")
    return None


def read_answer(organisation: Organisation, answer: Answer) -> Verdict:
    """Read what came of asking the EMP."""
    if answer.status_code == UNKNOWN_TOKEN:
        return Verdict(NOT_ALLOWED, "the EMP does not know the token")
    if not answer.ok:
        return _otherwise(organisation, f"{answer.failure}: {answer.message}")
    allowed = raw.text(answer.data, "/allowed")
    if allowed not in ALLOWED_TYPES:
        return _otherwise(organisation, f"allowed: {raw.at(answer.data, '/allowed')!r}")
    reference = raw.text(answer.data, "/authorization_reference")
    return Verdict(allowed, "the EMP's answer", reference)


def _otherwise(organisation: Organisation, problem: str) -> Verdict:
    accept = organisation.authorization.otherwise == "accept"
    why = "no usable answer of the EMP: decided as its organisation set it"
    return Verdict(ALLOWED if accept else NOT_ALLOWED, why, problem=problem)
