"""The world file: what it says, and what it is told when it is wrong."""

from __future__ import annotations

import json
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import pytest

from simulator.command import OCPI_VERSIONS
from simulator.cpo.config import CpoConfig, PncSettings
from simulator.kernel.chance import Chance
from simulator.mistakes import Mistake
from simulator.ocpi.versions import VERSIONS
from simulator.places import COUNTRIES
from simulator.station.ev import Car
from simulator.world_file import PLUGS, SCHEMA, OutsidePlan, find, read, read_text

MINIMAL = """\
name: small
cpo: {country_code: DE, party_id: ABC, name: Small}
"""


def mistakes(text: str) -> list[str]:
    with pytest.raises(Mistake) as caught:
        read_text(text, "w.yaml")
    return str(caught.value).splitlines()


def test_the_smallest_world_is_a_cpo_alone() -> None:
    world = read_text(MINIMAL)
    assert (world.name, world.clock, world.seed, world.stations) == ("small", "real", None, ())


def test_the_demo_world_is_what_the_story_needs() -> None:
    world = read(find("demo"))
    assert len(world.stations) == 6
    assert {station.ocpp for station in world.stations} == {"1.6", "2.0.1"}
    countries = {location["country"] for location in world.locations}
    assert len(countries) >= 3
    assert countries <= set(COUNTRIES)
    assert len(world.tariffs) == 2
    powers = {plug.power_type for s in world.stations for evse in s.evses for plug in evse}
    assert powers == {"AC_3_PHASE", "DC"}
    assert world.clock == "virtual"


def test_every_shipped_world_can_be_read() -> None:
    for path in sorted((Path(__file__).parents[2] / "fixtures" / "worlds").glob("*.yaml")):
        assert read(path).name == path.stem


def test_evses_come_from_the_stations() -> None:
    world = read_text(
        MINIMAL
        + """\
tariffs: [{id: t1, elements: [{price_components: [{type: ENERGY, price: 0.1, step_size: 1}]}]}]
locations:
- id: L1
  country: DEU
  stations:
  - {id: CP-1, ocpp: 1.6, evses: [[ac-22], [dc-50, chademo-50]], tariff: t1}
"""
    )
    (location,) = world.ocpi_locations(Chance(1))
    assert location["publish"] is True
    assert (location["country_code"], location["party_id"]) == ("DE", "ABC")
    first, second = location["evses"]
    assert (first["uid"], first["evse_id"]) == ("CP-1-1", "DE*ABC*ECP1*1")
    assert [c["standard"] for c in second["connectors"]] == ["IEC_62196_T2_COMBO", "CHADEMO"]
    assert [c["id"] for c in second["connectors"]] == ["1", "2"]
    assert second["connectors"][0]["tariff_ids"] == ["t1"]
    assert world.stations[0].evse_uid(2) == second["uid"]


def test_prices_are_exactly_what_was_written() -> None:
    tariff = """\
tariffs:
- id: t
  elements:
  - price_components: [{type: TIME, price: 0.1, step_size: 1}]
"""
    world = read_text(MINIMAL + tariff)
    (priced,) = world.ocpi_tariffs()
    assert priced["elements"][0]["price_components"][0]["price"] == Decimal("0.1")
    assert (priced["currency"], priced["party_id"]) == ("EUR", "ABC")


def test_many_stations_are_numbered() -> None:
    world = read_text(
        MINIMAL + "locations: [{id: L, country: DEU, stations: [{id: LOAD, ocpp: 1.6, count: 3}]}]"
    )
    assert [station.id for station in world.stations] == ["LOAD-0001", "LOAD-0002", "LOAD-0003"]
    assert {station.evses for station in world.stations} == {((PLUGS["ac-22"],),)}


def test_a_file_may_add_kinds_of_plugs() -> None:
    world = read_text(
        MINIMAL
        + """\
plugs:
  schuko: {standard: DOMESTIC_F, format: SOCKET, power_type: AC_1_PHASE,
           max_voltage_v: 230, max_amperage_a: 16}
locations: [{id: L, country: DEU, stations: [{id: S, ocpp: 1.6, evses: [[schuko]]}]}]
"""
    )
    assert world.stations[0].evses[0][0].standard == "DOMESTIC_F"


def test_mistakes_across_the_file_are_told_with_their_lines() -> None:
    text = (
        MINIMAL
        + """\
peers:
- {name: p, url: "https://peer.example/versions"}
- {name: p}
tariffs: [{id: ac, elements: [{}]}, {id: ac, elements: [{}]}]
locations:
- id: L1
  country: JPN
  stations:
  - {id: S1, ocpp: 1.6, tariff: dc}
  - {id: S1, ocpp: 1.6, evses: [[ac-2]]}
"""
    )
    assert mistakes(text) == [
        "w.yaml:4: peers[0].url: to register there, its 'token' (token A) is needed",
        "w.yaml:5: peers[1].name: 'p' stands here a second time",
        "w.yaml:6: tariffs[1].id: 'ac' stands here a second time",
        "w.yaml:9: locations[0].country: no address can be made up in 'JPN': give name, address, "
        f"city, postal_code, coordinates, time_zone, or take one of {', '.join(COUNTRIES)}",
        "w.yaml:11: locations[0].stations[0].tariff: no tariff 'dc' in this file. Known: ac.",
        "w.yaml:12: locations[0].stations[1].evses[0][0]: no plug 'ac-2'. Did you mean 'ac-22'?",
        "w.yaml:12: locations[0].stations[1].id: 'S1' stands on line 11 too",
    ]


def test_objects_are_held_against_ocpi_and_told_with_their_lines() -> None:
    text = (
        MINIMAL
        + """\
tariffs:
- id: t
  elements:
  - price_components: [{type: ENRGY, price: 0.1, step_size: 1}]
locations:
- id: L
  country: DEU
  time_zone: Mars/Olympus
  coordinates: {latitude: 52, longitude: "13.12345"}
"""
    )
    assert mistakes(text) == [
        "w.yaml:6: tariffs[0].elements[0].price_components[0].type: expected one of ENERGY, FLAT, "
        "PARKING_TIME, TIME",
        "w.yaml:10: locations[0].time_zone: no time zone 'Mars/Olympus' is known",
        "w.yaml:11: locations[0].coordinates.latitude: expected latitude, as 50.770774",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cpo: {}", "w.yaml:1: 'name' is missing"),
        (MINIMAL + "clok: real", "w.yaml:3: clok: unknown key. Did you mean 'clock'?"),
        (
            MINIMAL + "clock: fast",
            "w.yaml:3: clock: 'fast' does not fit: real, virtual or scaled:N",
        ),
        (MINIMAL + "start: yesterday", 'w.yaml:3: start: "yesterday" is not a "date-time"'),
        (MINIMAL + "peers: [{name: p, port: 99999}]", "w.yaml:3: peers[0].port: 99999 is greater"),
        (
            MINIMAL + "peers: [{name: p, url: 'http://x', token: t, tokens: [{uid: a}]}]",
            "w.yaml:3: peers[0].tokens: a peer outside",
        ),
        (
            MINIMAL + "peers: [{name: p, url: 'http://x', token: t, ocpi_versions: [2.2]}]",
            "w.yaml:3: peers[0].ocpi_versions: a peer outside",
        ),
        (MINIMAL + "emps: [{name: e}]", "w.yaml:3: emps[0].name: an EMP needs a peer that runs"),
        (
            MINIMAL + "peers: [{name: plugs}]\nemps: [{name: e, peer: plug}]",
            "w.yaml:4: emps[0].peer: no peer 'plug' runs in this world. Did you mean 'plugs'?",
        ),
        (
            MINIMAL + "peers: [{name: p}]\nemps: [{name: e}, {name: e, port: 1}]",
            "w.yaml:4: emps[1].name: 'e' stands here a second time",
        ),
        (
            MINIMAL + "peers: [{name: p}]\nemps: [{name: e, tokens: [{uid: 04EE}]}]",
            "w.yaml:4: emps[0].tokens[0]: 'contract_id' is missing",
        ),
        (
            MINIMAL + "peers: [{name: p}]\nemps: [{name: e, pull: false}]",
            "w.yaml:4: emps[0].pull: unknown key. Did you mean 'pulls'?",
        ),
        (MINIMAL.replace("}", ", ocpi_versions: []}"), "w.yaml:2: cpo.ocpi_versions: "),
        (MINIMAL.replace("}", ", ocpi_versions: [2.3]}"), "w.yaml:2: cpo.ocpi_versions[0]: "),
    ],
)
def test_one_mistake_one_line(text: str, expected: str) -> None:
    assert any(line.startswith(expected) for line in mistakes(text)), mistakes(text)


def test_a_world_is_found_by_path_or_by_name(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(MINIMAL)
    assert find(str(mine)) == mine
    assert find("demo").name == "demo.yaml"
    with pytest.raises(Mistake, match=r"no world 'dmo'.* Did you mean 'demo'"):
        find("dmo")


def test_versions_are_text_with_or_without_quotes() -> None:
    text = MINIMAL.replace("}", ', ocpi_versions: [2.1.1, 2.2, "2.2.1"]}')
    assert read_text(text).cpo["ocpi_versions"] == ["2.1.1", "2.2", "2.2.1"]


def test_versions_are_those_there_are() -> None:
    schema = json.loads(SCHEMA.read_text())["$defs"]["ocpi_versions"]
    assert schema["items"]["enum"] == list(OCPI_VERSIONS) == list(VERSIONS)


def test_the_schema_knows_what_the_cpo_and_the_car_know() -> None:
    schema = json.loads(SCHEMA.read_text())["$defs"]
    # These come from other places of the file.
    own = {"locations", "tariffs", "stations", "omit", "insecure"}
    assert set(schema["outside"]["properties"]) == {f.name for f in fields(OutsidePlan)}
    assert (
        set(schema["cpo"]["properties"]) - {"outside"} == {f.name for f in fields(CpoConfig)} - own
    )
    assert set(schema["car"]["properties"]) <= {f.name for f in fields(Car)}
    assert set(schema["cpo_pnc"]["properties"]) == {f.name for f in fields(PncSettings)}
