"""What a check reads in the journal."""

from __future__ import annotations

import pytest

from mock_peer.check_evidence import is_of, parties
from mock_peer.rule import Occasion
from simulator.ocpi.connection import Connection
from tests.mock_peer.checking import ACTOR, PEER, envelope, evidence, exchange, finding, record

ON = Occasion


@pytest.mark.parametrize(
    ("received", "method", "module", "path", "occasion"),
    [
        (True, "PUT", "locations", "/DE/ABC/LOC1", ON.LOCATION),
        (True, "PUT", "locations", "/DE/ABC/LOC1/E1", ON.EVSE),
        (True, "PUT", "locations", "/DE/ABC/LOC1/E1/1", ON.CONNECTOR),
        (True, "PATCH", "locations", "/DE/ABC/LOC1", ON.LOCATION_PATCH),
        (True, "PATCH", "locations", "/DE/ABC/LOC1/E1", ON.EVSE_PATCH),
        (True, "POST", "tokens", "/T1/authorize", ON.AUTHORIZE),
        (True, "PUT", "sessions", "/DE/ABC/S1", ON.SESSION),
        (True, "POST", "cdrs", "", ON.CDR),
        (True, "POST", "commands", "/START_SESSION/1", ON.COMMAND_RESULT),
        (False, "PUT", "tokens", "/DE/8PS/T1", ON.TOKEN),
        (True, "GET", "locations", "", ON.ROAM_PULL),
        (True, "PUT", "tokens", "/DE/EMP/T1", ON.ROAM_TOKEN),
        (False, "POST", "cdrs", "", ON.ROAM_CDR),
    ],
)
def test_what_the_rules_read_follows_from_method_and_path(
    received: bool, method: str, module: str, path: str, occasion: Occasion
) -> None:
    assert occasion in exchange(1, method, module, path, received=received).occasions


def test_every_request_for_data_is_a_request() -> None:
    assert ON.REQUEST in exchange(1, "GET", "sessions").occasions
    assert ON.REQUEST not in exchange(1, "GET", "versions").occasions
    assert ON.REQUEST not in exchange(1, "GET", "sessions", received=False).occasions


def test_a_list_that_we_pulled_brings_its_objects_unless_it_is_empty() -> None:
    full = exchange(1, "GET", "tariffs", received=False, answer=envelope([{"id": "T"}]))
    empty = exchange(1, "GET", "tariffs", received=False, answer=envelope([]))
    assert ON.TARIFF in full.occasions
    assert ON.TARIFF not in empty.occasions


def test_version_details_are_endpoints_and_the_list_of_versions_is_not() -> None:
    details = envelope({"version": "2.2.1", "endpoints": [{"identifier": "cdrs"}]})
    assert ON.ENDPOINTS in exchange(1, "GET", "versions", received=False, answer=details).occasions
    listed = envelope([{"version": "2.2.1"}])
    assert not exchange(1, "GET", "versions", received=False, answer=listed).occasions


def test_an_exchange_reads_its_parts() -> None:
    one = exchange(4, "PUT", "sessions", "/DE/ABC/S%2F1", body={"kwh": 1}, answer=envelope([1]))
    assert one.segments == ("DE", "ABC", "S/1")
    assert one.body == {"kwh": 1}
    assert one.data == [1]
    assert one.ok
    assert one.answered["content-type"] == "application/json"


def test_a_forgotten_slash_does_not_hide_what_it_is() -> None:
    one = exchange(1, "PUT", "locations", "DE/ABC/LOC1")
    assert one.segments == ("DE", "ABC", "LOC1")
    assert ON.LOCATION in one.occasions


def test_what_is_not_json_or_was_not_answered_reads_as_nothing() -> None:
    broken = exchange(1, "GET", "cdrs", received=False, answer="<html>", http=502)
    silent = exchange(1, "GET", "cdrs", received=False, http=None)
    assert broken.answer is None
    assert not broken.ok
    assert silent.answer is None
    assert not silent.ok


def test_evidence_is_of_one_peer_and_of_strangers_without_the_probes() -> None:
    kept = evidence(
        record(1, "POST", "cdrs"),
        record(2, "POST", "cdrs", peer="unknown"),
        record(3, "POST", "cdrs", peer="cpo-7"),
        record(4, "GET", "versions", received=False),
        finding(5, "cdr.valid", 1),
        finding(6, "cdr.valid", 4),
        probes={"no token": 4, "gone": 99},
    )
    assert [e.seq for e in kept.exchanges] == [1, 2]
    assert [f["seq"] for f in kept.findings] == [5]
    assert {name: e.seq for name, e in kept.probes.items()} == {"no token": 4}
    assert [e.seq for e in kept.received("cdrs", "POST")] == [1, 2]
    assert kept.sent("cdrs", "POST") == []
    assert [e.seq for e in kept.seen(ON.CDR)] == [1, 2]


def test_a_record_is_of_a_peer_by_actor_and_name() -> None:
    assert is_of(record(1, "GET", "cdrs"), ACTOR, PEER)
    assert not is_of(record(1, "GET", "cdrs"), "roam", PEER)
    assert not is_of(finding(1, "cdr.valid", None), ACTOR, PEER)


def test_parties_are_told_by_role_and_name() -> None:
    role = {"role": "CPO", "country_code": "DE", "party_id": "ABC"}
    named = {**role, "business_details": {"name": "Abc"}}
    connection = Connection("c", "cpo", their_roles=[role, named])
    assert parties(connection) == ["CPO DE*ABC", "CPO DE*ABC Abc"]
