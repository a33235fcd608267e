"""The security whitepaper's certificate messages over 1.6, asked by the `ocpp` package."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import ocpp.v16.call as ask
import pytest
from cryptography import x509
from ocpp.exceptions import NotSupportedError

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.pki.certificates import hash_data, pem
from simulator.station.certificate_kinds import Signing
from simulator.station.config import PncConfig
from simulator.wire.ocpp_rpc import OcppVersion
from tests.simulator.station.certificate_box import certify, factory_roots, owned, root
from tests.simulator.station.csms import actions, flaws, sent, world
from tests.simulator.station.test_v201_certificates import snake

V16 = OcppVersion.V16
LINK: dict[str, Any] = {"certificates": factory_roots()[1:], "serial": "S1", "interval_s": 86_400}
CENTRAL = "CentralSystemRootCertificate"
DAY_S = 86_400.0


async def test_install_list_and_delete(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V16, certificates=factory_roots()[1:]) as (_, csms):

        async def ids(use: str) -> tuple[str, int]:
            answer = await csms.call(ask.GetInstalledCertificateIds(use))
            return answer.status, len(answer.certificate_hash_data or ())

        assert await ids(CENTRAL) == ("Accepted", 1)
        assert await ids("ManufacturerRootCertificate") == ("NotFound", 0)
        install = ask.InstallCertificate("ManufacturerRootCertificate", pem(root("OEM")))
        assert (await csms.call(install)).status == "Accepted"
        wrong = ask.InstallCertificate(CENTRAL, "garbage")
        assert (await csms.call(wrong)).status == "Rejected"
        deletion = ask.DeleteCertificate(snake(hash_data(root("OEM"), root("OEM"))))
        assert [(await csms.call(deletion)).status for _ in range(2)] == ["Accepted", "NotFound"]
    assert flaws(journal) == []


async def test_the_charge_points_certificate_is_signed_and_renewed(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V16, **LINK) as (station, csms):

        async def sign(number: int) -> str:
            csr = sent(journal, "SignCertificate")[number]["csr"]
            chain = certify(csr, Signing.STATION, now=clock.now(), valid_for=timedelta(days=90))
            return str((await csms.call(ask.CertificateSigned(chain))).status)

        await csms.call(ask.ChangeConfiguration("CpoName", "ICE AG"))
        trigger = ask.ExtendedTriggerMessage("SignChargePointCertificate")
        assert (await csms.call(trigger)).status == "Accepted"
        await clock.sleep(1)
        request = x509.load_pem_x509_csr(sent(journal, "SignCertificate")[0]["csr"].encode())
        assert request.subject.rfc4514_string() == "CN=S1,O=ICE AG"
        assert await sign(0) == "Accepted"
        store = station.core.certificates
        assert store is not None
        own = store.station_certificate(clock.now())
        assert own is not None
        named = ask.DeleteCertificate(snake(hash_data(*next(own.issued))))
        assert (await csms.call(named)).status == "Failed"
        await clock.sleep(61 * DAY_S)
        assert await sign(1) == "Accepted"  # it asked by itself, a month ahead
        assert store.station_certificate(clock.now()) != own
    assert "DataTransfer" not in actions(journal)
    assert flaws(journal) == []


async def test_a_csms_that_never_signs_and_one_that_refuses(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V16, **LINK) as (_, csms):
        trigger = ask.ExtendedTriggerMessage("SignChargePointCertificate")
        await csms.call(trigger)
        await clock.sleep(DAY_S)
        assert len(sent(journal, "SignCertificate")) == 5  # after 30, 60, 120 and 240 s
        csms.answers["SignCertificate"] = {"status": "Rejected"}
        await csms.call(trigger)
        await clock.sleep(DAY_S)
    assert len(sent(journal, "SignCertificate")) == 6
    assert flaws(journal) == []


async def test_an_invalid_one_is_told(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V16, **LINK) as (_, csms):
        assert (await csms.call(ask.CertificateSigned("garbage"))).status == "Rejected"
        await clock.sleep(1)
    told = sent(journal, "SecurityEventNotification")
    assert [each["type"] for each in told] == ["InvalidChargePointCertificate"]


async def test_what_is_for_cars_is_not_reached_this_way(clock: Clock, journal: Journal) -> None:
    options = {"pnc": PncConfig(), "certificates": factory_roots()}
    async with world(clock, journal, V16, **options) as (station, csms):
        store = station.core.certificates
        assert store is not None
        chain = hash_data(*next(owned(store).issued))
        for named in (chain, hash_data(root(), root())):
            assert (await csms.call(ask.DeleteCertificate(snake(named)))).status == "NotFound"
        assert store.entries == 3


async def test_it_triggers_the_rest_as_well(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V16, **LINK) as (_, csms):
        for what, status in (
            ("Heartbeat", "Accepted"),
            ("LogStatusNotification", "NotImplemented"),
        ):
            assert (await csms.call(ask.ExtendedTriggerMessage(what))).status == status
        await clock.sleep(1)
    assert "Heartbeat" in actions(journal)


async def test_a_station_without_certificates_knows_none_of_it(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V16) as (_, csms):
        for request in (
            ask.InstallCertificate(CENTRAL, pem(root("CSMS"))),
            ask.GetInstalledCertificateIds(CENTRAL),
            ask.DeleteCertificate(snake(hash_data(root(), root()))),
            ask.CertificateSigned("x"),
            ask.ExtendedTriggerMessage("Heartbeat"),
        ):
            with pytest.raises(NotSupportedError):
                await csms.call(request)
