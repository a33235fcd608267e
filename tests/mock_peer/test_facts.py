"""Facts of a CDR, by version."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from mock_peer import facts
from mock_peer.known import Known
from tests.mock_peer import objects as o
from tests.mock_peer.cases import asked, verdict


def test_22x_names_uid_and_reference() -> None:
    told = facts.of_cdr(o.cdr(reference="REF-1"), "2.2.1", asked()())
    assert (told.token_name, told.location, told.evse) == (o.CARD, "LOC1", "LOC1-1")
    assert told.token is not None
    assert told.referred is not None
    assert told.allowing is told.referred
    assert (told.cost, told.cost_with_vat) == (Decimal("5.00"), Decimal("5.95"))
    assert told.objects == (f"token/{o.CARD}", "location/LOC1")


def test_211_names_the_contract_and_a_whole_location() -> None:
    body = {
        "auth_id": "DE-8PS-C00000001-1",
        "start_date_time": o.AT,
        "stop_date_time": "2026-01-15T07:30:00Z",
        "location": {"id": "LOC1", "evses": [{"uid": "E", "connectors": [{"id": "1"}]}]},
        "total_cost": Decimal("5.00"),
    }
    told = facts.of_cdr(body, "2.1.1", asked()())
    assert told.token is not None
    assert (told.token["uid"], told.evse, told.connector) == (o.CARD, "E", "1")
    assert (told.reference, told.cost, told.cost_with_vat) == (None, Decimal("5.00"), None)
    assert [v.reference for v in told.verdicts] == ["ref-1"]


def test_of_several_evses_in_211_none_is_told_to_be_the_one() -> None:
    evses = [{"uid": uid, "connectors": [{"id": "1"}]} for uid in ("LOC1-1", "LOC1-2")]
    body = {
        "auth_id": "DE-8PS-C00000001-1",
        "start_date_time": o.AT,
        "location": {"id": "LOC1", "evses": evses},
    }
    told = facts.of_cdr(body, "2.1.1", asked(verdict(evse_uids=("LOC1-2",)))())
    assert (told.evse, told.connector) == (None, None)
    assert told.allowing is not None


def test_the_last_answer_before_the_start_comes_first_and_later_ones_after_it() -> None:
    moments = {"early": -20, "last": -1, "during": 5, "stop": 25}
    given = [
        verdict(at=o.NOW + timedelta(minutes=minutes), reference=name)
        for name, minutes in moments.items()
    ]
    told = facts.of_cdr(o.cdr(), "2.2.1", asked(*given)())
    assert [v.reference for v in told.own] == ["last", "early", "during", "stop"]
    assert told.allowing is told.missing is told.own[0]


def test_an_end_before_the_start_hides_no_authorization() -> None:
    body = o.cdr(reference="ref-1", end_date_time="2026-01-15T06:00:00Z")
    told = facts.of_cdr(body, "2.2.1", asked()())
    assert told.allowing is not None
    assert told.in_time(told.allowing)


def test_a_visit_is_a_token_at_an_evse_in_a_second() -> None:
    def visit(body: object, version: str = "2.2.1") -> str | None:
        return facts.of_cdr(body, version, Known()).visit

    told = visit(o.cdr())
    assert told == visit(o.cdr("CDR2", reference="r", total_energy=1))
    others = (
        o.cdr(start=o.NOW + timedelta(seconds=1)),
        o.cdr(cdr_location=o.cdr_location("LOC1", "LOC1-2")),
        o.cdr(cdr_token=o.cdr_token(o.NEVER_CARD)),
    )
    assert told not in [visit(other) for other in others]
    assert visit({}) is visit([], "2.1.1") is None


def test_unanswered_requests_are_no_verdicts() -> None:
    told = facts.of_cdr(o.cdr(), "2.2.1", asked(verdict(""))())
    assert (told.verdicts, told.unanswered, told.allowing) == ((), True, None)


def test_nothing_is_told_by_another_shape() -> None:
    told = facts.of_cdr([], "2.2.1", Known())
    assert (told.token_name, told.start, told.cost, told.objects) == (None, None, None, ())
