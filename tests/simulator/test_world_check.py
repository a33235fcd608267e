"""What a world file may not say: each with its place (the rest stands in test_world_file)."""

from __future__ import annotations

import pytest

from simulator.strict_yaml import Document
from simulator.world_check import (
    check_emps,
    check_outside,
    check_peers,
    check_stations,
    check_unique,
)
from simulator.world_file import EmpPlan, OutsidePlan, PeerPlan, StationPlan

OUTSIDE = "https://cpo.example/versions"


def told(document: Document) -> list[str]:
    return [message for _, message in document.problems]


@pytest.fixture
def document() -> Document:
    return Document("w.yaml", {})


def test_twins(document: Document) -> None:
    check_unique(document, ("peers",), [{"name": "a"}, {"name": "b"}, {"name": "a"}], "name")
    assert told(document) == ["peers[2].name: 'a' stands here a second time"]


def test_a_peer_outside(document: Document) -> None:
    check_peers(document, [PeerPlan("in"), PeerPlan("out", url=OUTSIDE, token="A")])
    assert told(document) == []
    wrong = PeerPlan("out", url=OUTSIDE, ocpi_versions=("2.2",), tokens=({"uid": "1"},))
    check_peers(document, [wrong])
    assert [text.split(":")[0] for text in told(document)] == [
        "peers[0].url",
        "peers[0].ocpi_versions",
        "peers[0].tokens",
    ]


def test_a_cpo_outside() -> None:
    document = Document("w.yaml", {"cpo": {"country_code": "DE", "ocpp_port": 1, "outside": {}}})
    there = StationPlan("there", "1.6", "L", (), csms="ws://127.0.0.1:1")
    check_outside(document, None, [StationPlan("lost", "1.6", "L", ())], [])
    check_outside(document, OutsidePlan(), [there], [])
    assert told(document) == [
        "cpo.ocpp_port: the CPO is outside this world: it has that of its own"
    ]
    document = Document("w.yaml", {"cpo": {"outside": {}}})
    peers = [PeerPlan("waits"), PeerPlan("begins", register="peer"), PeerPlan("out", url=OUTSIDE)]
    check_outside(document, OutsidePlan(), [there, StationPlan("lost", "1.6", "L", ())], peers)
    assert [text.split(":")[:2] for text in told(document)] == [
        ["cpo.outside", " lost"],
        ["cpo.outside", " where begins is to register"],
        ["peers[2].url", " outside, and so is the CPO"],
    ]
    document = Document("w.yaml", {"cpo": {"outside": {}}})
    check_outside(document, OutsidePlan(versions_url=OUTSIDE, token="A"), [], peers[:2])
    assert told(document) == []


def test_an_emp_and_its_peer(document: Document) -> None:
    peers = [PeerPlan("one"), PeerPlan("out", url=OUTSIDE)]
    check_emps(document, [EmpPlan("e")], peers)
    assert told(document) == []
    check_emps(document, [EmpPlan("e", peer="ome")], peers)
    assert "Did you mean 'one'?" in told(document)[-1]
    check_emps(document, [EmpPlan("e"), EmpPlan("f", peer="one")], peers)
    assert "'f' is the same party as another EMP" in told(document)[-1]
    check_emps(document, [EmpPlan("e")], peers[1:])
    assert "an EMP needs a peer that runs in this world" in told(document)[-1]


def test_stations_and_places(document: Document) -> None:
    station = {"id": "S", "ocpp": "1.6", "tariff": "gold"}
    locations = [
        {"id": "L", "country": "DEU", "stations": [station]},
        {"id": "M", "country": "ATA", "stations": [{"id": "S", "ocpp": "1.6"}]},
    ]
    check_stations(document, locations, {"golden"})
    missing, nowhere, twin = told(document)
    assert missing.startswith("locations[0].stations[0].tariff: no tariff 'gold' in this file.")
    assert "Did you mean 'golden'?" in missing
    assert nowhere.startswith("locations[1].country: no address can be made up in 'ATA'")
    assert twin.startswith("locations[1].stations[0].id: 'S' stands on line ")
