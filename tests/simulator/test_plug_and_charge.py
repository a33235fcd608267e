"""Car, station, CPO, OCSP responder, certificate pool and eMSP: all are ours, all wires real."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.pki.certificates import pem, pem_chain
from simulator.pki.keys import key_pem
from simulator.station.certificate_kinds import Signing, Use
from simulator.station.config import Delivered, PncConfig
from simulator.station.ev import Car
from simulator.station.run import Station, StationConfig
from simulator.wire.ocpp_rpc import OcppVersion
from tests.simulator.cpo.pnc_world import COMPACT, PUSHED, PncWorld, pnc_world
from tests.simulator.station.csms import events

V16, V201 = OcppVersion.V16, OcppVersion.V201
DIALECTS = [
    pytest.param(V201, "note", id="2.0.1"),
    pytest.param(V16, "note", id="1.6 note"),
    pytest.param(V16, "libocpp", id="1.6 libocpp"),
]


@asynccontextmanager
async def station(
    world: PncWorld, version: OcppVersion, spelling: str = "note", *, mo: bool = True, **how: str
) -> AsyncIterator[Station]:
    """A station of the CPO's, ready, with a certificate and roots of the world's PKI."""
    pki = world.pki
    secc = pki.issue("SECC", "DE-ICE-S-0001-2", world.clock.now(), Chance(5))
    held = [
        Delivered(Use.V2G_ROOT.value, pem(pki.roots("V2G")[0])),
        Delivered(Signing.V2G.value, pem_chain(secc.chain), key_pem(secc.key)),
    ]
    if mo:
        held.append(Delivered(Use.MO_ROOT.value, pem(pki.roots("MO")[0])))
    config = StationConfig(
        "CP16" if version is V16 else "CP201",
        version,
        world.cpo.ocpp_url,
        basic_password=None if version is V16 else "open sesame 12345",
        pnc=PncConfig(spelling=spelling),
        certificates=tuple(held),
        settings=how,
    )
    made = Station(config, clock=world.clock, chance=Chance(6), journal=world.journal)
    await made.start()
    await made.wait_ready()
    try:
        yield made
    finally:
        await made.stop()


def car(world: PncWorld, **fields: Any) -> Car:
    """A car that trusts the PKI's V2G root, with a contract unless told otherwise."""
    if "provisioning" not in fields:
        fields = {"contract": world.contract(), **fields}
    return Car(v2g_roots=tuple(world.pki.roots("V2G")), **fields)


async def seen(it: Station, mine: Car) -> Mapping[str, Any]:
    """What a display shows of a car, ten seconds after it was plugged in."""
    await it.plug(1, mine)
    await it.clock.sleep(10)
    found: Mapping[str, Any] = it.snapshot()["evses"][0]
    return found


@pytest.mark.parametrize(("version", "spelling"), DIALECTS)
@pytest.mark.parametrize("mo", [True, False], ids=["local", "central"])
async def test_a_car_charges_by_contract(
    version: OcppVersion, spelling: str, mo: bool, clock: Clock, chance: Chance, journal: Journal
) -> None:
    how = {"central_contract_validation": "true"}
    async with (
        pnc_world(clock, chance, journal) as world,
        station(world, version, spelling, mo=mo, **how) as it,
    ):
        shown = await seen(it, car(world))
        assert (shown["state"], shown["token"]) == ("charging", COMPACT)
        pnc = shown["pnc"]
        assert (pnc["certificate_status"], pnc["status"]) == ("Accepted", "Accepted")
        assert pnc["shown"] == ("hashes" if mo else "certificate")
        (told,) = world.authorizations()
        assert (told["emaid"], told["token"]) == (COMPACT, PUSHED)
        assert [row["status"] for row in told["ocsp"]] == ["good"] * 3
        await it.unplug(1)
        await clock.sleep(10)
    assert not events(journal, "ocpp.chore_failed")


@pytest.mark.parametrize(("version", "spelling"), DIALECTS)
async def test_a_revoked_contract_and_then_a_card(
    version: OcppVersion, spelling: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station(world, version, spelling) as it:
        mine = car(world)
        assert mine.contract is not None
        world.pki.revoke(f"{mine.contract.certificate.serial_number:x}", clock.now())
        shown = await seen(it, mine)
        assert (shown["state"], shown["pnc"]["state"]) == ("plugged", "refused")
        assert shown["pnc"]["certificate_status"] == "CertificateRevoked"
        assert shown["pnc"]["status"] == "Invalid"
    assert not events(journal, "ocpp.chore_failed")


@pytest.mark.parametrize(
    ("allowed", "certificate_status", "status", "status_16"),
    [
        ("BLOCKED", "ContractCancelled", "Blocked", "Blocked"),
        ("NO_CREDIT", "Accepted", "NoCredit", "Blocked"),
        ("NOT_ALLOWED", "Accepted", "NotAtThisLocation", "Invalid"),
    ],
)
@pytest.mark.parametrize(("version", "spelling"), DIALECTS)
async def test_what_the_emsp_says_reaches_the_plug(
    version: OcppVersion,
    spelling: str,
    allowed: str,
    certificate_status: str,
    status: str,
    status_16: str,
    clock: Clock,
    chance: Chance,
    journal: Journal,
) -> None:
    async with pnc_world(clock, chance, journal) as world, station(world, version, spelling) as it:
        world.emsp.verdict = allowed
        pnc = (await seen(it, car(world)))["pnc"]
    expected = status_16 if (version, spelling) == (V16, "note") else status
    assert (pnc["certificate_status"], pnc["status"]) == (certificate_status, expected)
    assert pnc["state"] == "refused"


@pytest.mark.parametrize(("version", "spelling"), DIALECTS)
async def test_a_contract_comes_from_the_pool(
    version: OcppVersion, spelling: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station(world, version, spelling) as it:
        issued = world.pki.issue("PROVISIONING", "WP0ZZZ99ZTS392124", clock.now(), Chance(8))
        mine = car(world, provisioning=issued)
        shown = await seen(it, mine)
        assert mine.contract is not None
        assert mine.contract.emaid == COMPACT
        assert (shown["state"], shown["token"]) == ("charging", COMPACT)
        assert shown["pnc"]["installed"] is True
    assert not events(journal, "ocpp.chore_failed")


async def test_a_pool_that_is_down(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with pnc_world(clock, chance, journal) as world, station(world, V201) as it:
        issued = world.pki.issue("PROVISIONING", "WP0ZZZ99ZTS392124", clock.now(), Chance(8))
        await world.server.stop()
        mine = car(world, provisioning=issued)
        shown = await seen(it, mine)
        await world.server.start()
        assert (mine.contract, shown["pnc"]["state"]) == (None, "refused")
        assert shown["pnc"]["why"].startswith("no contract: the CSMS says Failed")


async def test_a_slow_responder_makes_the_car_wait(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    """Within the minute that a car waits while the station stretches its authorization."""
    settings = {"ocsp_timeout_s": 20.0}
    async with (
        pnc_world(clock, chance, journal, settings=settings) as world,
        station(world, V201) as it,
    ):
        await clock.sleep(1)  # for the statuses of the station's own chain: one question at a time
        world.server.ocsp.turn("slow:8")
        shown = await seen(it, car(world))
        assert (shown["state"], shown["pnc"]["state"]) == ("charging", "accepted")
    assert len(events(journal, "pnc.waiting")) == 1
    (answered,) = events(journal, "pnc.answered")
    assert answered["elapsed_s"] == 8.0


async def test_a_responder_that_is_down(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with pnc_world(clock, chance, journal) as world, station(world, V201) as it:
        world.server.ocsp.turn("down")
        pnc = (await seen(it, car(world)))["pnc"]
    assert (pnc["certificate_status"], pnc["status"]) == ("CertChainError", "Invalid")
