"""What a world file says of Plug & Charge, and what it is told when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.mistakes import Mistake
from simulator.station.config import PncConfig
from simulator.wire.tls import NO_TLS, Tls
from simulator.world import World
from simulator.world_config import station_config
from simulator.world_contracts import CarPlan, ContractPlan, PkiPlan, PncPlan
from simulator.world_file import WorldFile, read_text

HEAD = "name: small\npki: {}\ncpo: {country_code: DE, party_id: ABC, name: Small}\n"
EMAID = "DE-8PS-COO13A3LZ-3"


def world(more: str, head: str = HEAD) -> WorldFile:
    return read_text(head + more, "w.yaml")


def mistake(more: str, head: str = HEAD) -> str:
    with pytest.raises(Mistake) as caught:
        world(more, head)
    return str(caught.value)


def station(pnc: str) -> str:
    return (
        "locations:\n- id: L1\n  country: DEU\n  stations:\n"
        f"  - {{id: CP-1, ocpp: 2.0.1, pnc: {pnc}}}\n"
    )


def test_a_pki_has_defaults_for_all() -> None:
    assert world("").pki == PkiPlan()
    assert world("", HEAD.replace("pki: {}\n", "")).pki is None


def test_a_pki_stands_beside_its_file_and_has_switches() -> None:
    head = HEAD.replace("{}", "{directory: kept, port: 8123, ocsp: 'slow:8', pool: no_contract}")
    plan = read_text(head, "/worlds/w.yaml").pki
    assert plan is not None
    assert (plan.directory, plan.port) == (Path("/worlds/kept"), 8123)
    assert plan.switches == {"ocsp": "slow:8", "pool": "no_contract"}


def test_a_switch_must_be_one_of_its_service() -> None:
    told = mistake("", HEAD.replace("{}", "{ocsp: no_contract}"))
    assert told.startswith("w.yaml:2: pki.ocsp: no such switch: 'no_contract'.")


def test_a_station_says_little_and_means_much() -> None:
    (plan,) = world(station("{}")).stations
    assert plan.pnc == PncPlan()
    assert plan.pnc.config == PncConfig(iso15118=("2",))
    assert plan.pnc.settings == {}


def test_what_a_station_is_set_to() -> None:
    told = "{iso15118: [2, 20], validation: central, contract_validation_offline: false,"
    (plan,) = world(station(f"{told} certificate: requested, dialect: libocpp}}")).stations
    assert plan.pnc is not None
    assert plan.pnc.config == PncConfig(spelling="libocpp", enrols=True, iso15118=("2", "20"))
    assert plan.pnc.settings == {
        "contract_validation_offline": "false",
        "central_contract_validation": "true",
    }


def test_settings_are_those_there_are() -> None:
    lines = station("{}").replace("pnc: {}", "settings: {allow_offline_unknown: true}")
    (plan,) = world(lines).stations
    assert plan.settings == {"allow_offline_unknown": "true"}
    wrong = mistake(lines.replace("allow_offline_unknown", "allow_offline_unknwon"))
    assert "settings.allow_offline_unknwon: there is no such setting. Did you mean" in wrong
    assert "expected true or false, not 'maybe'" in mistake(lines.replace(": true", ": maybe"))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (f"{{contract: {EMAID}}}", CarPlan(ContractPlan(EMAID))),
        (
            f"{{contract: {{emaid: {EMAID}, is: expired, as_written: true}}}}",
            CarPlan(ContractPlan(EMAID, "expired", as_written=True)),
        ),
        (f"{{provisioning: {EMAID}}}", CarPlan(None, "RLBEVA", EMAID)),
        ("{provisioning: {}}", CarPlan(None, "RLBEVA", None)),
        (f"{{provisioning: {{pcid: P1, emaid: {EMAID}}}}}", CarPlan(None, "P1", EMAID)),
        ("{soc_percent: 20}", CarPlan()),
    ],
)
def test_what_cars_hold(told: str, expected: CarPlan) -> None:
    plan = world(f"cars:\n  eva: {told}\n")
    assert plan.contracts == {"eva": expected}
    assert not {"contract", "provisioning"} & set(plan.cars["eva"])


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("cars: {eva: {contract: 4711x}}\n", "cars.eva.contract: '4711x' is no EMAID"),
        ("cars: {eva: {contract: {is: late}}}\n", "cars.eva.contract: 'emaid' is missing"),
        (station("{validation: never}"), "locations[0].stations[0].pnc.validation: 'never' is"),
        (station("{iso15118: ['3']}"), "locations[0].stations[0].pnc.iso15118[0]: '3' is none"),
    ],
)
def test_one_mistake_one_line(more: str, expected: str) -> None:
    assert expected in mistake(more)


def test_no_ocsp_answer_is_good_beyond_what_dates_can_say() -> None:
    head = HEAD.replace("{}", "{ocsp_valid_for_s: 1.0e12}")
    assert "pki.ocsp_valid_for_s: 1000000000000.0 is greater than" in mistake("", head)


@pytest.mark.parametrize(
    ("more", "place"),
    [
        (f"cars: {{eva: {{contract: {EMAID}}}}}\n", "cars.eva.contract"),
        ("cars: {eva: {provisioning: {}}}\n", "cars.eva.provisioning"),
        (station("{}"), "locations[0].stations[0].pnc"),
        ("peers: [{name: p, tls: pki}]\n", "peers[0].tls"),
    ],
)
def test_without_a_pki_nobody_has_its_certificates(more: str, place: str) -> None:
    assert f"{place}: this file has no section 'pki'" in mistake(
        more, HEAD.replace("pki: {}\n", "")
    )


def test_tls_is_pki_or_files() -> None:
    assert world("peers: [{name: p, tls: pki}]\n").peers[0].tls is not None
    told = mistake("peers: [{name: p, tls: pky}]\n")
    assert (
        "peers[0].tls: 'pky' does not fit: pki, for what the world's PKI issues, or files" in told
    )


def test_the_cpo_may_believe_others_too(tmp_path: Path) -> None:
    (tmp_path / "mo.pem").write_text("PEM")
    head = HEAD.replace(
        "name: Small}", "name: Small, pnc: {mo_roots: [mo.pem], ocsp_timeout_s: 1}}"
    )
    plan = read_text(head, str(tmp_path / "w.yaml"))
    assert plan.pnc == {"mo_roots": ("PEM",), "ocsp_timeout_s": 1}
    assert "pnc" not in plan.cpo
    gone = mistake("", head.replace("mo.pem", "gone.pem"))
    assert "w.yaml:3: cpo.pnc.mo_roots[0]: gone.pem: No such file or directory" in gone


def test_a_station_may_go_to_another_csms() -> None:
    lines = station("{}").replace("pnc: {}", "csms: wss://csms.example/ocpp, security_profile: 3")
    (plan,) = world(lines).stations
    config = station_config(plan, "ws://127.0.0.1:9000/", Tls(ca="PEM"))
    assert (config.csms_url, config.tls) == ("wss://csms.example/ocpp", NO_TLS)
    with pytest.raises(Mistake, match="the clock is virtual, but the CSMS of CP-1 is outside"):
        World(world(lines), clock="virtual")
    assert "csms: 'http://x' does not fit: a CSMS" in mistake(
        lines.replace("wss://csms.example/ocpp", "'http://x'")
    )
