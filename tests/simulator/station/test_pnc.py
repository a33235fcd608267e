"""What is done with a contract: every combination of facts, against C07's requirements."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from simulator.station.authorization import Rules, TokenInfo, Verdict, decide
from simulator.station.pnc import KNOWN, TABLE, Chain, Do, Facts, Outcome, Said, look, usable

NOW = datetime(2026, 1, 15, 7, tzinfo=UTC)
BOTH = (True, False)
EVERY = [Facts(*values) for values in product(BOTH, Chain, *[BOTH] * 6, (True, False, None))]
ONLINE = [facts for facts in EVERY if facts.online]
OFFLINE = [facts for facts in EVERY if not facts.online]
# AuthorizationStatusEnumType, OCPP 2.0.1 part 2
STATUSES = {"Invalid", "Expired", "Unknown", "NotAtThisTime", KNOWN}


def test_there_is_an_answer_to_everything_and_no_row_in_vain() -> None:
    assert len(EVERY) == 2 * 4 * 2**6 * 3
    outcomes = [look(facts) for facts in EVERY]
    assert {id(outcome) for outcome in outcomes} == {id(outcome) for _, outcome in TABLE}
    for outcome in outcomes:
        assert (outcome.status in STATUSES) == (outcome.do is Do.REFUSE)


@pytest.mark.parametrize("facts", ONLINE, ids=str)
def test_online_the_csms_decides_unless_the_station_knows_better(facts: Facts) -> None:
    """C07.FR.01, FR.02, FR.06, errata 2.14.1."""
    does = look(facts).do
    assert does is not Do.ACCEPT  # whatever is cached
    if facts.chain is Chain.NO_ROOT:
        assert does is (Do.SHOW_CERTIFICATE if facts.central else Do.REFUSE)
    elif facts.chain is not Chain.GOOD:
        assert does is Do.REFUSE
    elif not facts.hashes:
        assert does is Do.SHOW_CERTIFICATE
    else:
        both = facts.both and facts.central
        assert does is (Do.SHOW_BOTH if both else Do.SHOW_HASHES)
    irrelevant = replace(
        facts, known=None, offline_local=False, offline_unknown=False, offline_validation=False
    )
    assert look(irrelevant) is look(facts)


@pytest.mark.parametrize("facts", OFFLINE, ids=str)
def test_offline_nobody_is_asked(facts: Facts) -> None:
    """C07.FR.07 to FR.12; with a good chain it is what is decided of a card."""
    outcome = look(facts)
    assert not outcome.do.asks
    if not facts.offline_validation:
        assert outcome == Outcome(Do.REFUSE, "offline_not_allowed", "NotAtThisTime")
        return
    if facts.chain is not Chain.GOOD:
        assert outcome.do is Do.REFUSE
        assert outcome.status == ("Expired" if facts.chain is Chain.EXPIRED else "Invalid")
        return
    info = None if facts.known is None else TokenInfo("Accepted" if facts.known else "Blocked")
    rules = Rules(True, facts.offline_local, facts.offline_unknown)
    like_a_card = decide(info, online=False, rules=rules).verdict
    assert (outcome.do is Do.ACCEPT) == (like_a_card is Verdict.ACCEPT)


def test_the_words_of_refusals() -> None:
    online = Facts(True, Chain.GOOD, True, False, False, True, True, False)
    offline = replace(online, online=False)
    assert {
        (facts.online, facts.chain): look(facts).status
        for one in (online, offline)
        for facts in (replace(one, chain=chain) for chain in Chain if chain is not Chain.GOOD)
    } == {
        (True, Chain.NO_ROOT): "Invalid",
        (True, Chain.EXPIRED): "Expired",
        (True, Chain.BAD): "Invalid",
        (False, Chain.NO_ROOT): "Invalid",
        (False, Chain.EXPIRED): "Expired",
        (False, Chain.BAD): "Invalid",
    }
    assert look(replace(offline, known=False)).status == KNOWN
    assert look(offline) == Outcome(Do.REFUSE, "offline_unknown", "Unknown")
    assert look(replace(offline, known=True, offline_local=False)).status == "NotAtThisTime"


def test_what_was_for_once_is_not_used_again() -> None:
    """An eMSP's whitelist NEVER comes as an answer that expires when it is given."""
    keep = TokenInfo("Accepted", expires_at=NOW + timedelta(seconds=1))
    for_ever = TokenInfo("Accepted")
    assert usable(keep, NOW) is keep
    assert usable(for_ever, NOW) is for_ever
    assert usable(TokenInfo("Accepted", expires_at=NOW), NOW) is None
    assert usable(TokenInfo("Expired", expires_at=NOW - timedelta(hours=1)), NOW) is None
    assert usable(None, NOW) is None


@pytest.mark.parametrize(
    ("status", "certificate_status", "accepted"),
    [
        ("Accepted", "Accepted", True),
        ("Accepted", None, True),
        ("Accepted", "CertificateRevoked", False),
        ("NoCredit", "Accepted", False),
        ("Blocked", "ContractCancelled", False),
    ],
)
def test_both_statuses_count(status: str, certificate_status: str | None, accepted: bool) -> None:
    assert Said(TokenInfo(status), certificate_status).accepted is accepted
