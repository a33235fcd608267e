"""What the peer knows of a connection."""

from __future__ import annotations

from datetime import timedelta

from mock_peer.known import (
    Interruption,
    Known,
    KnownCdr,
    KnownLocation,
    KnownTariff,
    Tokens,
    evse_names,
)
from tests.mock_peer import objects as o
from tests.mock_peer.cases import verdict

HOUR = timedelta(hours=1)


def test_places_are_found_whatever_their_case() -> None:
    known = Known()
    known.take_location(KnownLocation(o.location(), o.NOW))
    assert known.location("loc1") is not None
    assert known.evse("LOC1", "loc1-1") is not None
    assert known.connector("LOC1", "LOC1-1", "1") is not None
    assert known.connector("LOC1", "LOC1-1", "2") is None
    assert known.evse("LOC2", "LOC1-1") is None
    assert known.location(None) is None


def test_evse_homes_follow_the_location() -> None:
    known = Known()
    known.take_location(KnownLocation(o.location(), o.NOW))
    assert known.evse_homes == {"loc1-1": "loc1", "de*abc*eloc11": "loc1"}
    known.take_location(KnownLocation(o.location(evses=[o.evse("N", "DE*ABC*EN")]), o.NOW))
    assert known.evse_homes == {"n": "loc1", "de*abc*en": "loc1"}
    known.forget_location("loc1")
    assert (known.evse_homes, known.locations) == ({}, {})
    assert evse_names(o.location(evses=[o.evse(status="REMOVED")])) == []


def test_a_tariff_is_known_as_it_stood() -> None:
    known = Known()
    first, second = o.tariff(price="0.10"), o.tariff(price="0.20")
    known.take_tariff("T1", KnownTariff(first, o.NOW))
    known.take_tariff("t1", KnownTariff(second, o.NOW + HOUR))
    known.take_tariff("T1", KnownTariff(None, o.NOW + 2 * HOUR))
    assert known.tariff("T1", o.NOW) == first
    assert known.tariff("T1", o.NOW - HOUR) == first, "the first state stands for all before it"
    assert known.tariff("T1", o.NOW + HOUR) == second
    assert known.tariff("T1") is None
    assert known.tariff(None) is None


def test_the_first_token_stands_for_its_contract() -> None:
    tokens = Tokens()
    one = {"uid": "A", "type": "RFID", "contract_id": "C"}
    tokens.take(one)
    tokens.take({**one, "uid": "B"})
    assert tokens.find("c") == one
    assert tokens.find("a", "RFID") == one
    assert tokens.find("A", "APP_USER") is None
    tokens.take({**one, "valid": False})
    assert tokens.find("C") == {**one, "valid": False}


def test_verdicts_count_for_their_token_place_and_time() -> None:
    known = Known()
    given = verdict()
    known.take_authorization(given)
    end = o.NOW + HOUR

    def found(token: str = o.CARD.casefold(), place: str = "loc1", after: timedelta = HOUR) -> int:
        return len(known.authorizations(token, place, o.NOW + after, end + after))

    known.take_authorization(verdict(reference="REF-2", location="LOC3"))
    known.take_authorization(verdict(reference="REF-3", location=""))
    assert found() == 1
    assert len(known.authorizations(o.CARD.casefold(), None, o.NOW, end)) == 3, "wherever it was"
    assert found(token="de-8ps-c00000001-1") == 1, "2.1.1 names the contract"
    assert found(token="other") == 0
    assert found(place="loc2") == 0
    assert found(after=2 * HOUR) == 0
    assert known.references["ref-1"] is given


def test_an_interruption_counts_if_it_touches_the_hour_before_the_start_or_what_follows() -> None:
    known = Known(interruptions=[Interruption(o.NOW, o.NOW + HOUR)])
    assert known.interrupted(o.NOW, o.NOW)
    assert known.interrupted(o.NOW + 2 * HOUR, o.NOW + 2 * HOUR)
    assert not known.interrupted(o.NOW + 3 * HOUR, o.NOW + 4 * HOUR)
    assert not known.interrupted(o.NOW - HOUR, o.NOW - HOUR / 2)
    assert known.interrupted(o.NOW - HOUR, o.NOW)
    assert known.interrupted(o.NOW + 9 * HOUR, o.NOW + 9 * HOUR, [Interruption(o.NOW)]), "open"


def test_a_verdict_is_anothers_by_its_cdr_or_its_session_but_not_by_its_own() -> None:
    known = Known()
    known.take_cdr("c1", KnownCdr("d", True, "de*abc*s1", "ref-1"))
    assert known.billed_by("REF-1", "c2", "de*abc*s2") == "c1"
    assert known.claimed_by("REF-1", "c2", None) == "CDR c1"
    assert known.billed_by("ref-1", "c1", "de*abc*s2") is None, "the same CDR again"
    assert known.billed_by("ref-1", "c2", "de*abc*s1") is None, "the same session"
    known.take_cdr("c3", KnownCdr("d", True, rests_on="ref-3"))
    assert known.claimed_by("ref-3", "c4", None) == "CDR c3"
    assert known.claimed_by("ref-3", "c3", None) is None
    assert known.billed_by("ref-3", "c4", None) is None, "who names it comes first"
    known.take_cdr("c5", KnownCdr("d", False, rests_on="ref-5"))
    assert known.claimed_by("ref-5", "c6", None) is None, "what was refused has nothing"
    assert known.take_session(o.session(authorization_reference="Ref-7"))
    assert not known.take_session(o.session())
    assert known.claimed_by("ref-7", "c7", "de*abc*s9") == "session de*abc*s1"
    assert known.claimed_by("ref-7", "c7", "de*abc*s1") is None
    assert known.claimed_by("ref-7", "c7", None) is None, "it may be its own"


def test_a_verdict_is_for_the_evses_that_were_asked_for() -> None:
    assert verdict().at_evse("loc1-1")
    one = verdict(evse_uids=("LOC1-1",))
    assert one.at_evse("loc1-1")
    assert one.at_evse(None)
    assert not one.at_evse("loc1-2")
