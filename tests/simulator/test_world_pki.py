"""The PKI of a world: who holds what, and that the same seed makes the same."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from simulator.kernel.loop import run as run_loop
from simulator.mistakes import Mistake
from simulator.pki.certificates import common_name, read_chain
from simulator.pki.contract import Contract
from simulator.pki.path import Purpose, Reason, validate
from simulator.pki.store import Pki
from simulator.wire.tls import TlsPem
from simulator.world import World
from simulator.world_config import station_config
from simulator.world_contracts import ContractPlan
from simulator.world_file import read_text
from simulator.world_pki import WorldPki

DASHED, COMPACT = "DE-8PS-COO13A3LZ-3", "DE8PSCOO13A3LZ3"
HEAD = """\
name: small
clock: virtual
start: 2026-01-15T07:00:00Z
seed: 42
pki: {}
cpo: {country_code: DE, party_id: ABC, name: Small}
"""
STATION = """\
locations:
- id: L1
  country: DEU
  stations:
  - {id: CP-1, ocpp: 2.0.1, pnc: {}}
"""


def world(more: str = "", head: str = HEAD) -> World:
    return World(read_text(head + more, "w.yaml"))


def pki_of(made: World) -> WorldPki:
    assert made.pki is not None
    return made.pki


def contract(told: str) -> tuple[World, Contract]:
    made = world(f"cars: {{eva: {{contract: {told}}}}}\n")
    held = made.car("eva").contract
    assert held is not None
    return made, held


def reason(made: World, held: Contract) -> Reason:
    roots = pki_of(made).pki.roots("MO")
    return validate(held.chain, roots, made.clock.now(), purpose=Purpose.CONTRACT).reason


@pytest.mark.parametrize(
    ("is_", "found"),
    [
        ("valid", Reason.OK),
        ("expired", Reason.EXPIRED),
        ("not_yet_valid", Reason.NOT_YET_VALID),
        ("revoked", Reason.OK),
        ("wrong_root", Reason.CHAIN_ERROR),
        ("no_aia", Reason.OK),
        ("wrong_emaid", Reason.OK),
    ],
)
def test_contracts_are_as_bad_as_they_are_told_to_be(is_: str, found: Reason) -> None:
    made, held = contract(f"{{emaid: {DASHED}, is: {is_}}}")
    assert reason(made, held) is found
    assert held.emaid == COMPACT
    assert (common_name(held.certificate) == COMPACT) is (is_ != "wrong_emaid")
    row = pki_of(made).pki.row(held.certificate.serial_number)
    assert (row is not None and row.revoked) is (is_ == "revoked")


def test_the_certificate_spells_the_emaid_with_dashes_if_told_so() -> None:
    _, held = contract(f"{{emaid: {DASHED}, as_written: true}}")
    assert common_name(held.certificate) == DASHED


def test_a_world_without_a_pki_has_none() -> None:
    made = world("cars: {eva: {}}\n", HEAD.replace("pki: {}\n", ""))
    assert made.pki is None
    assert made.car("eva").contract is None
    assert made.cpo.config.pnc is None


def test_a_car_without_a_contract_gets_nothing() -> None:
    car = world("cars: {eva: {}}\n").car("eva")
    assert (car.contract, car.provisioning, car.v2g_roots) == (None, None, ())


def test_what_was_installed_in_a_car_stays() -> None:
    made = world(f"cars: {{eva: {{provisioning: {DASHED}, soc_percent: 20}}}}\n")
    first = made.car("eva")
    assert first.contract is None
    assert first.provisioning is not None
    first.soc_percent = 90.0
    first.contract = pki_of(made).issue_contract(ContractPlan(DASHED))
    again = made.car("eva")
    assert again.contract is first.contract
    assert again.soc_percent == 20
    assert again.v2g_roots == tuple(pki_of(made).pki.roots("V2G"))


def test_a_contract_is_given_to_a_car_that_never_was_here() -> None:
    made = world("cars: {eva: {}}\n")
    given = pki_of(made).issue_contract(ContractPlan(DASHED))
    pki_of(made).give("eva", given)
    assert made.car("eva").contract is given


def test_the_contract_of_a_car_is_known_before_it_comes() -> None:
    text = f"cars: {{eva: {{contract: {DASHED}}}, bo: {{provisioning: {DASHED}}}, cy: {{}}}}\n"
    made = world(text)
    names = ("eva", "bo", "cy")
    assert [pki_of(made).emaid(name) for name in names] == [COMPACT, None, None]
    contract = made.car("eva").contract
    assert contract is not None and contract.emaid == COMPACT
    made.car("bo").contract = pki_of(made).issue_contract(ContractPlan(DASHED))
    assert pki_of(made).emaid("bo") == COMPACT


def test_the_pool_knows_the_contracts_of_its_cars() -> None:
    made = world(f"cars: {{eva: {{provisioning: {{pcid: P1, emaid: {DASHED}}}}}}}\n")
    assert pki_of(made).server.pool.contracts == {"P1": DASHED}


def kinds(pnc: str) -> list[str]:
    made = world(STATION.replace("pnc: {}", f"pnc: {pnc}"))
    (plan,) = made.plan.stations
    config = pki_of(made).equip(station_config(plan, "ws://127.0.0.1:9000/"), plan)
    return [part.use for part in config.certificates]


def test_stations_are_delivered_with_what_their_plan_says() -> None:
    v2g, mo, own = "V2GRootCertificate", "MORootCertificate", "V2GCertificate"
    assert kinds("{}") == [v2g, mo, own]
    assert kinds("{validation: central}") == [v2g, own]
    assert kinds("{certificate: none}") == [v2g, mo]
    assert kinds("{certificate: requested, validation: none}") == [v2g]


def test_an_expired_certificate_of_a_station_is_expired() -> None:
    made = world(STATION.replace("pnc: {}", "pnc: {certificate: expired}"))
    (plan,) = made.plan.stations
    config = pki_of(made).equip(station_config(plan, "ws://127.0.0.1:9000/"), plan)
    leaf = read_chain(config.certificates[-1].pem)[0]
    assert leaf.not_valid_after_utc < made.clock.now()
    assert common_name(leaf) == "CP-1"


def test_the_cpo_knows_whom_to_believe_and_whom_to_ask() -> None:
    pnc = world().cpo.config.pnc
    assert pnc is not None
    assert (pnc.pool_url, pnc.est_url) == (
        "http://127.0.0.1:8085",
        "http://127.0.0.1:8085/.well-known/est",
    )
    assert len(pnc.authorities) == 2
    head = HEAD.replace(
        "Small}", "Small, pnc: {pool_url: 'http://127.0.0.1:1/', ocsp_timeout_s: 9}}"
    )
    told = world(head=head).cpo.config.pnc
    assert told is not None
    assert (told.pool_url, told.ocsp_timeout_s) == ("http://127.0.0.1:1/", 9)


def test_switches_are_set_from_the_start() -> None:
    made = world(head=HEAD.replace("pki: {}", "pki: {ocsp: 'slow:3', pool: down}"))
    assert {n: str(s.switch) for n, s in pki_of(made).server.services.items()} == {
        "ocsp": "slow:3",
        "pool": "down",
        "est": "ok",
    }


def test_tls_of_the_pki_is_made_for_whom_it_is() -> None:
    head = HEAD.replace("Small}", "Small, ocpp_tls: pki, ocpi_tls: pki}")
    lines = STATION.replace("pnc: {}", "security_profile: 3, tls: pki")
    made = world(f"peers: [{{name: p, tls: pki}}]\n{lines}", head)
    plan = made.plan
    assert plan.ocpp_tls is plan.ocpi_tls
    names = []
    for tls in (plan.ocpp_tls, plan.peers[0].tls, plan.stations[0].tls):
        assert tls is not None
        assert isinstance(tls.identity, TlsPem)
        chain = read_chain(tls.identity.certificate)
        names.append(common_name(chain[0]))
        assert tls.ca is not None
        chain[0].verify_directly_issued_by(read_chain(str(tls.ca))[0])
    assert names == ["Small", "p", "CP-1"]


def test_a_directory_is_made_once_and_used_again(tmp_path: Path) -> None:
    head = HEAD.replace("pki: {}", f"pki: {{directory: {tmp_path / 'kept'}, port: 8123}}")
    lines = f"cars: {{eva: {{contract: {DASHED}}}}}\n"
    first = world(lines, head).car("eva").contract
    assert Pki.open(tmp_path / "kept").settings.ocsp_url == "http://127.0.0.1:8123/ocsp"
    second = world(lines, head.replace(", port: 8123", ""))
    again = second.car("eva").contract
    assert first is not None
    assert again is not None
    assert again.certificate == first.certificate
    assert pki_of(second).port == 8123
    with pytest.raises(Mistake, match=r"w.yaml: pki.port is 8124, and the certificates in .* name"):
        world(lines, head.replace("8123", "8124"))


def test_one_that_was_revoked_in_its_directory_is_not_used_again(tmp_path: Path) -> None:
    head = HEAD.replace("pki: {}", f"pki: {{directory: {tmp_path / 'kept'}}}")
    lines = f"cars: {{eva: {{contract: {DASHED}}}}}\n"
    made = world(lines, head)
    first = made.car("eva").contract
    pki_of(made).pki.revoke(COMPACT, made.clock.now())
    again = world(lines, head).car("eva").contract
    assert first is not None
    assert again is not None
    assert again.certificate != first.certificate


def test_the_same_seed_makes_the_same_certificates() -> None:
    def made(seed: int) -> bytes:
        told = world(f"cars: {{eva: {{contract: {DASHED}}}}}\n", HEAD.replace("42", str(seed)))
        held = told.car("eva").contract
        assert held is not None
        return held.chain_pem.encode()

    assert made(42) == made(42)
    assert made(42) != made(43)


def test_its_services_answer_as_long_as_the_world_lives() -> None:
    made = world()
    seen: list[int] = []

    async def live() -> None:
        async with made:
            reader, writer = await asyncio.open_connection("127.0.0.1", 8085)
            writer.write(b"GET /_mock/switches HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            seen.append(int((await reader.readline()).split()[1]))
            writer.close()
            await writer.wait_closed()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", 8085)

    run_loop(live(), made.clock)
    assert seen == [200]
