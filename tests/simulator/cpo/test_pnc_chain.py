"""A contract's whole way, with the mock Plugsurfing as its eMSP: from the plug to the CDR."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from ocpp.v16 import call as call16

from mock_peer.server import RunningPeer, start
from simulator.cpo.calls_certificates import VENDOR
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.loop import VirtualLoop
from simulator.pki.certificates import pem, pem_chain
from simulator.pki.keys import key_pem
from simulator.station.config import Delivered, EvseConfig, PncConfig, StationConfig
from simulator.station.ev import Car
from simulator.station.run import Station
from simulator.wire.ocpp_messages import OcppVersion
from tests.simulator.cpo.pnc_world import PUSHED as ITS_TOKEN
from tests.simulator.cpo.pnc_world import PncWorld, pnc_world, show
from tests.simulator.cpo.stations import station16, station201
from tests.simulator.cpo.test_plugs import WORD, Plugged16, installed, plugged, row_of

PUSHED, COMPACT = "DE-8PS-C00000007-7", "DE8PSC000000077"
VERSIONS = ["2.1.1", "2.2", "2.2.1"]


@asynccontextmanager
async def with_plugsurfing(
    clock: Clock, chance: Chance, journal: Journal, version: str, **profile: Any
) -> AsyncIterator[tuple[PncWorld, RunningPeer]]:
    """The CPO, registered at the mock alone; both have what the other sends."""
    peer = await start(
        clock=clock,
        chance=chance,
        journal=journal,
        port=9400,
        ocpi_versions=(version,),
        profile=profile or None,
    )
    try:
        async with pnc_world(clock, chance, journal, registered=False) as world:
            await world.cpo.register(peer.versions_url, peer.token_a, peer="plugsurfing")
            await clock.sleep(5)
            yield world, peer
    finally:
        await peer.stop()


def found(journal: Journal) -> list[tuple[str, Any]]:
    """What the mock's rules have found to be wrong, beside the tariff (2.1.1 knows less of it)."""
    return [
        (record["rule"], record["seen"])
        for record in journal.records
        if record["leg"] == "finding"
        and record["severity"] in ("reject", "drop", "warn")
        and not record["rule"].startswith("tariff.")
    ]


def cdrs(journal: Journal, peer: str) -> list[dict[str, Any]]:
    """The CDRs as the mock got them."""
    return [
        json.loads(record["request"]["body"])
        for record in journal.records
        if record["leg"] == "ocpi"
        and (record["actor"], record["module"], record["method"]) == (peer, "cdrs", "POST")
    ]


@pytest.mark.parametrize("quirks", [[], ["published-pnc-example"]], ids=["as agreed", "published"])
@pytest.mark.parametrize("version", VERSIONS)
async def test_from_the_plug_to_the_cdr(
    version: str, quirks: list[str], clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with with_plugsurfing(clock, chance, journal, version, quirks=quirks) as (world, peer):
        chains = (row_of(installed(world, clock)),)
        async with plugged(world, clock, chains=chains) as station:
            paying = {"token": COMPACT, "token_type": "eMAID"}
            assert await show(station, world.contract(COMPACT), emaid=COMPACT) == (
                "Accepted",
                "Accepted",
            )
            await station.event("Started", kwh=0, state="Charging", **paying)
            await clock.sleep(1800)
            await station.event("Ended", kwh=9, reason="EVDeparted", **paying)
            await world.told("cdr.accepted")
            (cdr,) = cdrs(journal, peer.name)
            if version == "2.1.1":
                assert cdr["auth_id"] == PUSHED
            else:
                told = {name: cdr["cdr_token"][name] for name in ("uid", "type", "contract_id")}
                assert told == {"uid": PUSHED, "type": "OTHER", "contract_id": PUSHED}
                assert cdr["authorization_reference"]
            assert found(journal) == []
            assert bool(world.events("token.quirk")) is bool(quirks)


async def test_a_16_stations_contract_too(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with (
        with_plugsurfing(clock, chance, journal, "2.2.1") as (world, peer),
        station16(world.cpo, clock, kind=Plugged16) as station,
    ):
        hashes = installed(world, clock)
        station.chains = (
            {"certificateType": "V2GCertificateChain", "certificateHashData": hashes},
        )
        await station.boot()
        await clock.sleep(1)
        chain = world.contract(COMPACT).chain_pem
        shown = json.dumps({"idToken": {"idToken": COMPACT}, "certificate": chain})
        answer = await station.call(call16.DataTransfer(VENDOR, "Authorize", shown), suppress=False)
        assert json.loads(answer.data)["certificateStatus"] == "Accepted"
        began = await station.begin(PUSHED)
        await clock.sleep(1800)
        await station.end(began.transaction_id, 10000)
        await world.told("cdr.accepted")
        (cdr,) = cdrs(journal, peer.name)
        assert (cdr["cdr_token"]["uid"], cdr["cdr_token"]["type"]) == (PUSHED, "OTHER")
        assert found(journal) == []


async def test_a_connector_that_does_not_say_so_is_found(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    """What the tests above would miss if the capability never arrived."""
    async with with_plugsurfing(clock, chance, journal, "2.2.1") as (world, _):
        async with station201(world.cpo, clock) as station:
            await station.boot()
            await show(station, world.contract(COMPACT), emaid=COMPACT)
            paying = {"token": COMPACT, "token_type": "eMAID"}
            await station.event("Started", kwh=0, state="Charging", **paying)
            await clock.sleep(1800)
            await station.event("Ended", kwh=9, reason="EVDeparted", **paying)
            await world.told("cdr.accepted")
        assert [rule for rule, _ in found(journal)] == ["location.pnc-capability"]


@pytest.mark.parametrize("spelling", ["note", "libocpp"])
@pytest.mark.parametrize(
    ("version", "name", "evse_uids"),
    [(OcppVersion.V201, "CP201", ["E3"]), (OcppVersion.V16, "CP16", ["E1", "E2"])],
)
async def test_our_own_station_gets_its_chain_and_loses_it(
    version: OcppVersion,
    name: str,
    evse_uids: list[str],
    spelling: str,
    clock: Clock,
    chance: Chance,
    journal: Journal,
) -> None:
    async with pnc_world(clock, chance, journal) as world:
        config = StationConfig(
            id=name,
            version=version,
            csms_url=world.cpo.ocpp_url,
            evses=tuple(EvseConfig(number) for number, _ in enumerate(evse_uids, 1)),
            basic_password="open sesame 12345" if name == "CP201" else None,
            pnc=PncConfig(spelling=spelling),
        )
        station = Station(config, clock=clock, chance=chance.child("own"), journal=journal)
        await station.start()
        await clock.sleep(10)

        def offered() -> Any:
            rows = world.cpo.snapshot()["stations"]
            return next(row["plug_and_charge"] for row in rows if row["id"] == name)

        root = pem(world.pki.roots("V2G")[0])
        done = await world.cpo.install_certificate(name, "V2GRootCertificate", root)
        assert (done, offered()) == ("ACCEPTED", {})
        assert await world.cpo.trigger_sign(name) == "ACCEPTED"
        await world.told("certificate.delivered", result="ACCEPTED")
        await clock.sleep(1)
        assert offered() == {uid: [WORD] for uid in evse_uids}
        assert await world.cpo.set_pnc(name, False) == "ACCEPTED"
        assert offered() == {}
        assert await world.cpo.set_pnc(name, True) == "ACCEPTED"
        assert offered() == {uid: [WORD] for uid in evse_uids}
        rows = await world.cpo.installed_certificates(name)
        kinds = {row["certificateType"]: row["certificateHashData"] for row in rows}
        assert set(kinds) == {"V2GRootCertificate", "V2GCertificateChain"}
        gone = await world.cpo.delete_certificate(name, kinds["V2GCertificateChain"])
        assert (gone, offered()) == ("ACCEPTED", {})
        await station.stop()


@pytest.mark.parametrize("central", [False, True], ids=["hashes", "certificate"])
@pytest.mark.parametrize(
    ("version", "name", "evses"), [(OcppVersion.V201, "CP201", 1), (OcppVersion.V16, "CP16", 2)]
)
async def test_our_own_car_charges_without_a_card(
    version: OcppVersion,
    name: str,
    evses: int,
    central: bool,
    clock: Clock,
    chance: Chance,
    journal: Journal,
) -> None:
    """With the MO root the station verifies by itself; without, and if it may, the CPO does."""
    async with pnc_world(clock, chance, journal) as world:
        secc = world.pki.issue("SECC", "SECC1", clock.now(), world.chance)
        given = [
            Delivered("V2GRootCertificate", pem(world.pki.roots("V2G")[0])),
            Delivered("V2GCertificate", pem_chain(secc.chain), key_pem(secc.key)),
        ]
        if not central:
            given.append(Delivered("MORootCertificate", pem(world.pki.roots("MO")[0])))
        config = StationConfig(
            id=name,
            version=version,
            csms_url=world.cpo.ocpp_url,
            evses=tuple(EvseConfig(number) for number in range(1, evses + 1)),
            basic_password="open sesame 12345" if name == "CP201" else None,
            certificates=tuple(given),
            pnc=PncConfig(),
            settings={"central_contract_validation": str(central).lower()},
        )
        station = Station(config, clock=clock, chance=chance.child("own"), journal=journal)
        await station.start()
        await clock.sleep(10)
        roots = tuple(world.pki.roots("V2G"))
        await station.plug(1, Car(soc_percent=20, contract=world.contract(), v2g_roots=roots))
        await clock.sleep(1200)
        await station.unplug(1)
        await world.told("cdr.accepted")
        (told,) = world.authorizations()
        assert told["by"] == ("certificate" if central else "hashes")
        assert (told["certificate_status"], told["status"]) == ("Accepted", "Accepted")
        (looked,) = world.events("pnc.examined")
        path = looked["data"]["certificates"]
        assert looked["data"]["rooted"] is not central and len(path) == (3 if central else 4)
        assert [one["issuer"] for one in path[:2]] == [one["subject"] for one in path[1:3]]
        assert {one["serial"] for one in told["ocsp"]} == {one["serial"] for one in path[:3]}
        assert told["certificates"] == (path if central else [])
        (cdr,) = world.emsp.cdrs.values()
        assert (cdr["cdr_token"]["uid"], cdr["cdr_token"]["type"]) == (ITS_TOKEN, "OTHER")
        assert cdr["authorization_reference"] == "AUTH-1"
        assert world.emsp.asked == 1
        await station.stop()


def one_run() -> bytes:
    """The journal of a whole way on a loop of its own."""

    async def run() -> bytes:
        clock = Clock("virtual")
        journal = Journal(clock, seed=42, world="test")
        async with (
            with_plugsurfing(clock, Chance(42), journal, "2.2.1") as (world, _),
            plugged(world, clock) as station,
        ):
            await station.sign()
            await clock.sleep(1)
            await show(station, world.contract(COMPACT), emaid=COMPACT)
            paying = {"token": COMPACT, "token_type": "eMAID"}
            await station.event("Started", kwh=0, state="Charging", **paying)
            await clock.sleep(600)
            await station.event("Ended", kwh=3, reason="EVDeparted", **paying)
            await world.told("cdr.accepted")
        return journal.dump()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(run())


def test_the_same_seed_gives_the_same_journal() -> None:
    """Certificates, signatures and statuses are drawn from it too."""
    first = one_run()
    assert b"certificate.delivered" in first
    assert b"pnc.authorized" in first
    assert first == one_run()
