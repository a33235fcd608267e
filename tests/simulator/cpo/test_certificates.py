"""What stations ask for: certificates for themselves, contracts for cars, statuses."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from ocpp.routing import on
from ocpp.v16 import call as call16
from ocpp.v16 import call_result as result16
from ocpp.v201 import call, call_result

from simulator.cpo.calls_certificates import VENDOR
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.pki.certificates import common_name, hash_data, read_chain
from simulator.pki.csr import make_csr
from simulator.pki.installation import exi_text, installation_request, open_sealed, read_exi_text
from simulator.pki.keys import P256, draw_key
from simulator.pki.ocsp import OcspStatus, check
from simulator.pki.path import Purpose, validate
from tests.simulator.cpo.pnc_world import COMPACT, PncWorld, hashes, pnc_world
from tests.simulator.cpo.stations import Station16, Station201, station16, station201

SCHEMA = "urn:iso:15118:2:2013:MsgDef"
KEY = draw_key(Chance(3), P256)


class Holder(Station201):
    """A 2.0.1 station that takes what was signed for it."""

    verdict = "Accepted"

    @on("CertificateSigned")
    def on_signed(self, **payload: Any) -> Any:
        self.told.append(("signed", payload))
        return call_result.CertificateSigned(status=self.verdict)


class Holder16(Station16):
    """A 1.6 station that does, either way."""

    @on("CertificateSigned")
    def on_signed(self, **payload: Any) -> Any:
        self.told.append(("CertificateSigned", payload))
        return result16.CertificateSigned(status="Accepted")

    @on("DataTransfer")
    def on_data(self, **payload: Any) -> Any:
        self.told.append((payload["message_id"], json.loads(payload["data"])))
        return result16.DataTransfer(status="Accepted", data='{"status":"Accepted"}')


async def asked(station: Any, csr: str, kind: str | None = "V2GCertificate") -> str:
    answer = await station.call(call.SignCertificate(csr, certificate_type=kind), suppress=False)
    return str(answer.status)


@pytest.mark.parametrize(
    ("kind", "name", "purpose", "roots"),
    [
        ("V2GCertificate", "DE-ABC-S-CP201", Purpose.SECC, "V2G"),
        (None, "DE-ABC-S-CP201", Purpose.SECC, "V2G"),
        ("ChargingStationCertificate", "CP201", Purpose.CHARGING_STATION, "CSMS"),
    ],
)
async def test_a_certificate_is_signed_and_brought(
    kind: str | None,
    name: str,
    purpose: Purpose,
    roots: Any,
    clock: Clock,
    chance: Chance,
    journal: Journal,
) -> None:
    async with (
        pnc_world(clock, chance, journal) as world,
        station201(world.cpo, clock, kind=Holder) as station,
    ):
        await station.boot()
        assert await asked(station, make_csr(KEY, name, "Abc", "DE"), kind) == "Accepted"
        await world.told("certificate.delivered", result="ACCEPTED")
        ((_, payload),) = station.told
        assert payload.get("certificate_type") == kind
        chain = read_chain(payload["certificate_chain"])
        assert (common_name(chain[0]), chain[0].public_key()) == (name, KEY.public_key())
        verdict = validate(chain, world.pki.roots(roots), clock.now(), purpose=purpose)
        assert verdict.ok, verdict.detail


@pytest.mark.parametrize("dialect", ["note", "libocpp"])
async def test_a_16_stations_chain_comes_in_its_dialect(
    dialect: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with (
        pnc_world(clock, chance, journal) as world,
        station16(world.cpo, clock, kind=Holder16) as station,
    ):
        await station.boot()
        request = {"csr": make_csr(KEY, "DE-ABC-S-CP16")}
        if dialect == "libocpp":
            request["certificateType"] = "V2GCertificate"
        answer = await station.call(
            call16.DataTransfer(VENDOR, "SignCertificate", json.dumps(request)), suppress=False
        )
        assert (answer.status, json.loads(answer.data)) == ("Accepted", {"status": "Accepted"})
        await world.told("certificate.delivered", result="ACCEPTED")
        ((name, payload),) = [told for told in station.told if told[0] == "CertificateSigned"]
        fields = {"certificateChain"} | ({"certificateType"} if dialect == "libocpp" else set())
        assert (name, set(payload)) == ("CertificateSigned", fields)
        assert common_name(read_chain(payload["certificateChain"])[0]) == "DE-ABC-S-CP16"


async def test_a_16_stations_own_certificate_goes_by_the_security_whitepaper(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with (
        pnc_world(clock, chance, journal) as world,
        station16(world.cpo, clock, kind=Holder16) as station,
    ):
        await station.boot()
        answer = await station.call(call16.SignCertificate(make_csr(KEY, "CP16")), suppress=False)
        assert answer.status == "Accepted"
        await world.told("certificate.delivered", result="ACCEPTED")
        chain = read_chain(dict(station.told)["CertificateSigned"]["certificate_chain"])
        verdict = validate(
            chain, world.pki.roots("CSMS"), clock.now(), purpose=Purpose.CHARGING_STATION
        )
        assert verdict.ok, verdict.detail


@pytest.mark.parametrize(
    ("csr", "kind", "settings", "why"),
    [
        ("hello", "V2GCertificate", {}, "not a PKCS#10 request"),
        (make_csr(KEY, "CP9"), "ChargingStationCertificate", {}, "for 'CP9', and this is CP201"),
        (make_csr(KEY, "S"), "V2GCertificate", {"est_url": None}, "no certificate authority"),
    ],
    ids=["garbage", "another's name", "no authority"],
)
async def test_what_cannot_be_signed_is_rejected(
    csr: str,
    kind: str,
    settings: dict[str, Any],
    why: str,
    clock: Clock,
    chance: Chance,
    journal: Journal,
) -> None:
    async with (
        pnc_world(clock, chance, journal, settings=settings) as world,
        station201(world.cpo, clock, kind=Holder) as station,
    ):
        await station.boot()
        answer = await station.call(call.SignCertificate(csr, kind), suppress=False)
        assert answer.status == "Rejected"
        assert answer.status_info["reason_code"] in ("InvalidCSR", "NoAuthority")
        (told,) = world.events("certificate.not_signed")
        assert why in told["data"]["why"]


@pytest.mark.parametrize(
    ("switch", "why"),
    [
        ("down", "simpleenroll"),
        ("slow:60", "no answer within 15 s"),
        ("garbage", "PKCS#7"),
        ("refuse", "EST answers HTTP"),
        ("wrong", "another key"),
    ],
)
async def test_an_authority_that_fails_is_told(
    switch: str, why: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    """The station has its Accepted by then, and asks again by itself (A02.FR.17 to 19)."""
    async with (
        pnc_world(clock, chance, journal) as world,
        station201(world.cpo, clock, kind=Holder) as station,
    ):
        await station.boot()
        world.server.est.turn(switch)
        assert await asked(station, make_csr(KEY, "SECC1")) == "Accepted"
        told = await world.told("certificate.not_signed")
        assert why in told["data"]["why"]
        assert station.told == []


async def test_a_station_that_refuses_its_certificate_is_told_of(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with (
        pnc_world(clock, chance, journal) as world,
        station201(world.cpo, clock, kind=Holder) as station,
    ):
        await station.boot()
        station.verdict = "Rejected"
        await asked(station, make_csr(KEY, "SECC1"))
        await world.told("certificate.delivered", result="REJECTED")
        assert world.cpo.csms.plugs.of("CP201").chains == ()


# Contracts for cars


def installation(world: PncWorld, clock: Clock) -> tuple[Any, str]:
    """A car with a provisioning certificate, and what it asks for a contract with."""
    car = world.pki.issue("PROVISIONING", "WMIV1234567890ABCDE", clock.now(), world.chance)
    return car, exi_text(installation_request(car.chain, car.key))


async def test_a_car_gets_the_pools_contract_through_the_cpo(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        car, exi = installation(world, clock)
        asking = call.Get15118EVCertificate(SCHEMA, "Install", exi)
        answer = await station.call(asking, suppress=False)
        assert answer.status == "Accepted"
        body = read_exi_text(answer.exi_response)
        contract = open_sealed(body, car.key, world.pki.roots("V2G"), clock.now())
        assert contract.emaid == COMPACT
        (told,) = world.events("ev_certificate.forwarded")
        assert (told["data"]["status"], told["data"]["elapsed_s"]) == ("Accepted", 0.0)


async def test_a_car_at_a_16_station_too(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with pnc_world(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        car, exi = installation(world, clock)
        request = {"iso15118SchemaVersion": SCHEMA, "action": "Install", "exiRequest": exi}
        data = json.dumps(request)
        answer = await station.call(
            call16.DataTransfer(VENDOR, "Get15118EVCertificate", data), suppress=False
        )
        told = json.loads(answer.data)
        body = read_exi_text(told["exiResponse"])
        contract = open_sealed(body, car.key, world.pki.roots("V2G"), clock.now())
        assert (told["status"], contract.emaid) == ("Accepted", COMPACT)
        world.server.pool.turn("down")
        answer = await station.call(
            call16.DataTransfer(VENDOR, "Get15118EVCertificate", data), suppress=False
        )
        assert json.loads(answer.data) == {"status": "Failed", "exiResponse": ""}


@pytest.mark.parametrize(
    ("switch", "settings", "why", "elapsed_s"),
    [
        ("down", {}, "signedContractData", 0.0),
        ("slow:30", {}, "no answer within 4 s", 4.0),
        ("garbage", {}, "no certificateInstallationRes", 0.0),
        ("ok", {"pool_url": None}, "no certificate pool is set up", 0.0),
    ],
)
async def test_a_pool_that_fails(
    switch: str,
    settings: dict[str, Any],
    why: str,
    elapsed_s: float,
    clock: Clock,
    chance: Chance,
    journal: Journal,
) -> None:
    async with (
        pnc_world(clock, chance, journal, settings=settings) as world,
        station201(world.cpo, clock) as station,
    ):
        await station.boot()
        world.server.pool.turn(switch)
        _, exi = installation(world, clock)
        asking = call.Get15118EVCertificate(SCHEMA, "Install", exi)
        answer = await station.call(asking, suppress=False)
        assert (answer.status, answer.exi_response) == ("Failed", "")
        assert why in answer.status_info["additional_info"]
        (told,) = world.events("ev_certificate.forwarded")
        assert told["data"]["elapsed_s"] == elapsed_s


async def test_a_pool_without_a_contract_says_so_to_the_car(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    """Accepted means processed, not that the car got one (OCPP 2.0.1, M01)."""
    async with pnc_world(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        world.server.pool.turn("no_contract")
        car, exi = installation(world, clock)
        asking = call.Get15118EVCertificate(SCHEMA, "Install", exi)
        answer = await station.call(asking, suppress=False)
        assert answer.status == "Accepted"
        with pytest.raises(Exception, match="NoCertificateAvailable"):
            open_sealed(
                read_exi_text(answer.exi_response), car.key, world.pki.roots("V2G"), clock.now()
            )


async def test_what_ocpp_cannot_carry_is_not_sent(
    clock: Clock, chance: Chance, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pnc_world(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()

        async def long(request: Any) -> str:
            return "A" * 5601

        async def longer(row: Any) -> bytes:
            return b"A" * 4200

        monkeypatch.setattr(world.cpo.csms.providers, "ev_certificate", long)
        monkeypatch.setattr(world.cpo.csms.providers, "status", longer)
        answer = await station.call(
            call.Get15118EVCertificate(SCHEMA, "Install", "AAAA"), suppress=False
        )
        assert (answer.status, answer.exi_response) == ("Failed", "")
        assert "5601 characters" in answer.status_info["additional_info"]
        row = hashes(world.contract(), world.pki)[0]
        answer = await station.call(call.GetCertificateStatus(row), suppress=False)
        assert (answer.status, answer.ocsp_result) == ("Failed", None)


# Statuses


@pytest.mark.parametrize("revoked", [False, True])
async def test_a_status_is_fetched_unjudged(
    revoked: bool, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        secc = world.pki.issue("SECC", "SECC1", clock.now(), chance)
        if revoked:
            world.pki.revoke("SECC1", clock.now())
        issuer = secc.chain[1]
        row = hash_data(secc.certificate, issuer)
        url = world.server.urls["ocsp_url"]
        answer = await station.call(
            call.GetCertificateStatus({**row, "responderURL": url}), suppress=False
        )
        assert answer.status == "Accepted"  # retrieved, whatever it says
        der = base64.b64decode(answer.ocsp_result)
        verdict = check(der, row, issuer, (), clock.now())
        assert verdict.status is (OcspStatus.REVOKED if revoked else OcspStatus.GOOD)


async def test_a_status_that_cannot_be_fetched(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with pnc_world(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        world.server.ocsp.turn("down")
        row = hashes(world.contract(), world.pki)[0]
        answer = await station.call(call.GetCertificateStatus(row), suppress=False)
        assert (answer.status, answer.ocsp_result) == ("Failed", None)
        assert answer.status_info["reason_code"] == "NoStatus"
        assert len(world.events("certificate.no_status")) == 1


async def test_a_security_event_is_kept(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with pnc_world(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        event = call.SecurityEventNotification("InvalidChargingStationCertificate", station.now)
        await station.call(event, suppress=False)
        kept = world.cpo.book.stations.notices("CP201")
        assert [(action, body["type"]) for action, body in kept] == [
            ("SecurityEventNotification", "InvalidChargingStationCertificate")
        ]
