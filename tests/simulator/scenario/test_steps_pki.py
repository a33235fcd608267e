"""The steps of Plug & Charge, in a world that has a PKI and in one that has none."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from simulator.mistakes import Mistake
from simulator.pki.store import State
from simulator.scenario.step import Play, StepError, StepFailed
from simulator.scenario.steps import perform
from simulator.scenario.steps_pki import STEPS
from simulator.world import World
from simulator.world_file import read_text

EMAID = "DE-8PS-COO13A3LZ-3"
TEXT = f"""\
name: small
clock: virtual
start: 2026-01-15T07:00:00Z
seed: 42
pki: {{}}
cpo: {{country_code: DE, party_id: ABC, name: Small}}
locations:
- id: L1
  country: DEU
  stations:
  - {{id: CP-1, ocpp: 2.0.1, pnc: {{}}}}
cars: {{eva: {{contract: {EMAID}}}, ida: {{}}}}
"""
LEAF, V2G, MO = "V2GCertificateChain", "V2GRootCertificate", "MORootCertificate"


@pytest_asyncio.fixture
async def play() -> AsyncIterator[Play]:
    async with World(read_text(TEXT)) as world:
        await world.clock.sleep(1)
        yield Play(world)


def offered(play: Play) -> list[str]:
    (station,) = play.world.cpo.snapshot()["stations"]
    return sorted(word for words in station["plug_and_charge"].values() for word in words)


async def test_what_is_revoked_is_revoked_for_ocsp(play: Play) -> None:
    held, pki = play.world.car("eva").contract, play.world.pki
    assert held is not None
    assert pki is not None
    (serial,) = await perform(play, "revoke_certificate", {"certificate": EMAID})
    assert int(serial, 16) == held.certificate.serial_number
    assert pki.pki.standing("MO_SUB2", serial).status is State.REVOKED
    with pytest.raises(StepError, match=r"revoke_certificate: 'DE-8PS-X' *: no such certificate"):
        await perform(play, "revoke_certificate", "DE-8PS-X")


async def test_a_contract_is_issued_into_a_car(play: Play) -> None:
    serial = await perform(play, "issue_contract", {"car": "ida", "emaid": EMAID, "is": "expired"})
    held = play.world.car("ida").contract
    assert held is not None
    assert int(serial, 16) == held.certificate.serial_number
    assert held.certificate.not_valid_after_utc < play.world.clock.now()
    with pytest.raises(StepError, match="issue_contract: 'x' is no EMAID"):
        await perform(play, "issue_contract", {"car": "ida", "emaid": "x"})


@pytest.mark.parametrize("service", ["ocsp", "pool", "est"])
async def test_services_are_switched(play: Play, service: str) -> None:
    await perform(play, service, "slow:3")
    assert play.world.pki is not None
    assert str(play.world.pki.server.services[service].switch) == "slow:3"
    with pytest.raises(StepError, match=f"{service}: no such switch: 'slwo'"):
        await perform(play, service, "slwo")


async def test_certificates_come_and_go_over_ocpp(play: Play) -> None:
    assert await perform(play, "installed_certificates", "CP-1") == [MO, LEAF, V2G]
    gone = {"station": "CP-1", "kind": MO}
    assert await perform(play, "delete_certificate", gone) == "ACCEPTED"
    assert await perform(play, "installed_certificates", "CP-1") == [LEAF, V2G]
    with pytest.raises(StepFailed, match="delete_certificate: CP-1 has no MORootCertificate"):
        await perform(play, "delete_certificate", gone)
    assert await perform(play, "install_certificate", gone) == "ACCEPTED"
    assert await perform(play, "installed_certificates", "CP-1") == [MO, LEAF, V2G]
    junk = {"station": "CP-1", "kind": MO, "pem": "junk"}
    assert await perform(play, "install_certificate", junk) == "REJECTED"


async def test_a_station_asks_for_its_chain_when_told_to(play: Play) -> None:
    assert offered(play) == ["ISO_15118_2_PLUG_AND_CHARGE"]
    await perform(play, "delete_certificate", {"station": "CP-1", "kind": LEAF})
    assert offered(play) == []
    assert await perform(play, "trigger_sign", "CP-1") == "ACCEPTED"
    await play.world.clock.sleep(5)
    assert offered(play) == ["ISO_15118_2_PLUG_AND_CHARGE"]


async def test_plug_and_charge_is_switched(play: Play) -> None:
    for enabled, words in ((False, []), (True, ["ISO_15118_2_PLUG_AND_CHARGE"])):
        given = {"station": "CP-1", "enabled": enabled}
        assert await perform(play, "pnc", given) == "ACCEPTED"
        assert offered(play) == words


WITHOUT = TEXT.replace("pki: {}\n", "").replace(", pnc: {}", "").replace(f"contract: {EMAID}", "")


@pytest.mark.parametrize(
    ("step", "given"),
    [
        ("revoke_certificate", EMAID),
        ("issue_contract", {"car": "eva", "emaid": EMAID}),
        ("ocsp", "down"),
        ("pool", "down"),
        ("est", "down"),
        ("install_certificate", {"station": "CP-1", "kind": V2G}),
    ],
)
async def test_a_world_without_a_pki_says_so(step: str, given: object) -> None:
    async with World(read_text(WITHOUT)) as world:
        with pytest.raises(Mistake, match=f"^{step}: this world has no PKI: its file needs a"):
            await perform(Play(world), step, given)


def test_every_step_is_told_in_a_line() -> None:
    assert all(step.group == "pki" and step.help.endswith(".") for step in STEPS)
