"""The facts that checks share, and the questions asked twice."""

from __future__ import annotations

from mock_peer.known import Known
from mock_peer.profile import Profile
from mock_peer.roam_facts import PARTY, RoamFacts, facts_of, issued, lengths
from mock_peer.roam_ids import IdMap, Kind
from mock_peer.rule import Context, Occasion
from simulator.kernel.clock import DEFAULT_START
from tests.mock_peer.roam_cases import Case
from tests.mock_peer.roam_things import origin, token


def test_who_we_are() -> None:
    assert PARTY == "DE*8PS"


def test_an_id_must_be_issued_for_its_kind() -> None:
    ids = IdMap()
    name = ids.issue(Kind.LOCATION, origin("LOC1"))
    assert list(issued({"id": name}, "/id", Kind.LOCATION, ids)) == []
    assert list(issued({}, "/id", Kind.LOCATION, ids)) == []
    assert list(issued({"id": name}, "/id", Kind.EVSE, ids))
    assert list(issued({"id": "x" * 37}, "/id", Kind.LOCATION, ids))


def test_lengths_are_read_below_a_place() -> None:
    (breach,) = lengths({"here": {"postal_code": "1" * 51}}, "/here")
    assert breach.pointer == "/here/postal_code"


def test_validity_is_that_of_ocpi_221() -> None:
    broken = {**token(), "contract_id": 1}
    (finding,) = Case().found("roam.valid", Occasion.ROAM_TOKEN, broken)
    assert finding.pointer == "/contract_id"


def test_facts_are_those_of_the_memo() -> None:
    case = Case()
    facts = RoamFacts(case.organisation, "emp-7", case.ids, case.tokens)
    context = Context("2.2.1", DEFAULT_START, Known(), Profile(), memo={"roam": facts})
    assert facts_of(context) is facts
