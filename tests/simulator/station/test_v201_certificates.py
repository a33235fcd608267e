"""Certificates over 2.0.1, asked by the `ocpp` package over a real socket (OCPP 2.0.1 part 6)."""

from __future__ import annotations

from typing import Any

import ocpp.v201.call as ask
import pytest
from cryptography import x509
from ocpp.exceptions import NotSupportedError

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.pki.certificates import hash_data, pem
from simulator.station.certificate_kinds import Signing, Use
from simulator.station.config import PncConfig
from simulator.wire.ocpp_rpc import OcppVersion
from tests.simulator.station.certificate_box import box, certify, factory_roots, root
from tests.simulator.station.csms import Csms, actions, events, flaws, sent, world

V201 = OcppVersion.V201
PNC = {"pnc": PncConfig(secc_id="DE-ICE-S-0001-2"), "certificates": factory_roots()}
SNAKES = {
    "hashAlgorithm": "hash_algorithm",
    "issuerNameHash": "issuer_name_hash",
    "issuerKeyHash": "issuer_key_hash",
    "serialNumber": "serial_number",
}


async def trigger(csms: Csms, what: str, **more: Any) -> str:
    return str((await csms.call(ask.TriggerMessage(what, **more))).status)


async def signed(csms: Csms, chain: str, said: Signing | None = Signing.V2G) -> Any:
    word = None if said is None else said.value
    return await csms.call(ask.CertificateSigned(chain, word))


async def chain_ids(csms: Csms, *types: str) -> list[dict[str, Any]] | None:
    answer = await csms.call(ask.GetInstalledCertificateIds(list(types) or None))
    found = answer.certificate_hash_data_chain
    assert (answer.status == "Accepted") is (found is not None)
    return found  # type: ignore[no-any-return]


def snake(named: dict[str, str]) -> dict[str, str]:
    return {SNAKES[key]: value for key, value in named.items()}


async def test_install_list_and_delete_roots(clock: Clock, journal: Journal) -> None:
    """TC_M_01 to 04, 12 to 20, 22."""
    async with world(clock, journal, V201, pnc=PncConfig()) as (_, csms):
        assert await chain_ids(csms) is None
        for use, kind in (
            (Use.CSMS_ROOT, "CSMS"),
            (Use.MANUFACTURER_ROOT, "CSMS"),
            (Use.V2G_ROOT, "V2G"),
            (Use.MO_ROOT, "MO"),
        ):
            request = ask.InstallCertificate(use.value, pem(root(kind)))
            assert (await csms.call(request)).status == "Accepted"
            assert (await csms.call(request)).status == "Accepted"
            found = await chain_ids(csms, use.value)
            assert found is not None
            named = snake(hash_data(root(kind), root(kind)))
            assert found == [{"certificate_type": use.value, "certificate_hash_data": named}]
        assert len(await chain_ids(csms) or ()) == 4
        two = await chain_ids(csms, "CSMSRootCertificate", "ManufacturerRootCertificate")
        assert len(two or ()) == 2
        named = snake(hash_data(root("MO"), root("MO")))
        deletion = ask.DeleteCertificate(named)
        assert [(await csms.call(deletion)).status for _ in range(2)] == ["Accepted", "NotFound"]
        assert await chain_ids(csms, "MORootCertificate") is None
    assert flaws(journal) == []


async def test_the_last_root_stays_where_configured_so(clock: Clock, journal: Journal) -> None:
    """M04.FR.03."""
    async with world(clock, journal, V201, keeps_last_root=True, **PNC) as (_, csms):
        deletion = ask.DeleteCertificate(snake(hash_data(root(), root())))
        answer = await csms.call(deletion)
        assert (answer.status, answer.status_info["reason_code"]) == ("Failed", "ReadOnly")
        assert await trigger(csms, "SignV2GCertificate", evse={"id": 9}) == "Rejected"
    assert flaws(journal) == []


async def test_a_root_that_is_none_is_rejected_with_the_reason(
    clock: Clock, journal: Journal
) -> None:
    """TC_M_07, M05.FR.06."""
    settings = {"certificate_store_max": "1"}
    async with world(clock, journal, V201, pnc=PncConfig(), settings=settings) as (_, csms):

        async def install(text: str) -> tuple[str, str]:
            answer = await csms.call(ask.InstallCertificate("V2GRootCertificate", text))
            return answer.status, (answer.status_info or {}).get("reason_code", "")

        assert await install("garbage") == ("Rejected", "InvalidCertificate")
        sub = pem(box().certificate("CPO_SUB1"))
        assert await install(sub) == ("Rejected", "InvalidCertificate")
        assert await install(pem(root())) == ("Accepted", "")
        assert await install(pem(root("MO"))) == ("Rejected", "OutOfStorage")
    assert flaws(journal) == []
    whys = [event.get("why") for event in events(journal, "request.answered")]
    assert whys[-1] == "there is room for 1 certificates"


async def test_the_v2g_certificate_is_renewed_on_request(clock: Clock, journal: Journal) -> None:
    """TC_A_12, TC_M_15, TC_M_24."""
    async with world(clock, journal, V201, serial="S1", **PNC) as (station, csms):
        assert await trigger(csms, "SignV2GCertificate", evse={"id": 2}) == "Accepted"
        await clock.sleep(1)
        asked = sent(journal, "SignCertificate")[0]
        assert asked["certificateType"] == "V2GCertificate"
        request = x509.load_pem_x509_csr(asked["csr"].encode())
        assert request.is_signature_valid
        assert request.subject.rfc4514_string() == "DC=CPO,CN=DE-ICE-S-0001-2,O=roamlab,C=DE"
        assert (await signed(csms, certify(asked["csr"]))).status == "Accepted"
        await clock.sleep(1)
        found = await chain_ids(csms, "V2GCertificateChain")
        store = station.core.certificates
        assert store is not None
        assert store.usable(clock.now())
    assert found is not None
    assert len(found[0]["child_certificate_hash_data"]) == 2
    own = store.own[0]
    questions = [each["ocspRequestData"] for each in sent(journal, "GetCertificateStatus")]
    assert questions == [
        {**hash_data(one, issuer), "responderURL": "http://127.0.0.1:8888/ocsp"}
        for one, issuer in own.issued
    ]
    assert flaws(journal) == []


@pytest.mark.parametrize(
    ("what", "word", "subject"),
    [
        ("SignChargingStationCertificate", "ChargingStationCertificate", "CN=S1,O=ICE AG"),
        ("SignCombinedCertificate", None, "DC=CPO,CN=CP1,O=roamlab,C=DE"),
    ],
)
async def test_the_other_certificates_are_renewed_on_request(
    clock: Clock, journal: Journal, what: str, word: str | None, subject: str
) -> None:
    """TC_A_11, TC_A_13, TC_M_23."""
    options = {**PNC, "pnc": PncConfig(), "serial": "S1"}
    settings = {"organization_name": "ICE AG"}
    async with world(clock, journal, V201, settings=settings, **options) as (station, csms):
        assert await trigger(csms, what) == "Accepted"
        await clock.sleep(1)
        asked = sent(journal, "SignCertificate")[0]
        assert asked.get("certificateType") == word
        request = x509.load_pem_x509_csr(asked["csr"].encode())
        assert request.subject.rfc4514_string() == subject
        said = Signing(word) if word else None
        chain = certify(asked["csr"], said or Signing.COMBINED)
        assert (await signed(csms, chain, said)).status == "Accepted"
        own = station.core.certificates.own[0]  # type: ignore[union-attr]
        named = snake(hash_data(*next(own.issued)))
        assert (await csms.call(ask.DeleteCertificate(named))).status == "Failed"
    assert flaws(journal) == []


async def test_an_invalid_certificate_is_rejected_and_told(clock: Clock, journal: Journal) -> None:
    """TC_A_14, A02.FR.07, A02.FR.20."""
    async with world(clock, journal, V201, **PNC) as (_, csms):
        assert await trigger(csms, "SignChargingStationCertificate") == "Accepted"
        await clock.sleep(1)
        csr = sent(journal, "SignCertificate")[0]["csr"]
        wrong = certify(csr, Signing.STATION, seed=8)
        answer = await signed(csms, wrong, Signing.STATION)
        assert answer.status == "Rejected"
        assert answer.status_info["reason_code"] == "InvalidCertificate"
        await clock.sleep(10_000)
        assert len(sent(journal, "SignCertificate")) == 1
        assert (await signed(csms, certify(csr, Signing.STATION), Signing.STATION)).status == (
            "Accepted"
        )
    told = sent(journal, "SecurityEventNotification")
    assert [each["type"] for each in told] == ["InvalidChargingStationCertificate"]
    assert "chain error" in told[0]["techInfo"]
    assert flaws(journal) == []


async def test_what_nobody_asked_for_is_rejected(clock: Clock, journal: Journal) -> None:
    settings = {"max_chain_size": "3000"}
    async with world(clock, journal, V201, settings=settings, **PNC) as (_, csms):
        assert (await signed(csms, "garbage", None)).status == "Rejected"
        assert (await signed(csms, "x" * 3001)).status_info["reason_code"] == "TooLargeElement"
        off = {"component": {"name": "ISO15118Ctrlr"}, "attribute_value": "false"}
        off["variable"] = {"name": "V2GCertificateInstallationEnabled"}
        assert await trigger(csms, "SignV2GCertificate") == "Accepted"
        await clock.sleep(1)
        late = certify(sent(journal, "SignCertificate")[0]["csr"])
        await csms.call(ask.SetVariables([off]))
        answer = await signed(csms, late, None)
        assert answer.status_info["additional_info"] == "its request was for a V2GCertificate"
        assert (await signed(csms, "garbage")).status_info["reason_code"] == "NotEnabled"
        assert await trigger(csms, "SignV2GCertificate") == "Rejected"
        assert await trigger(csms, "SignChargingStationCertificate") == "Accepted"
        await clock.sleep(1)
    assert len(sent(journal, "SecurityEventNotification")) == 3
    assert flaws(journal) == []


async def test_a_station_without_certificates_knows_none_of_it(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V201) as (_, csms):
        for request in (
            ask.InstallCertificate("V2GRootCertificate", pem(root())),
            ask.GetInstalledCertificateIds(),
            ask.DeleteCertificate(snake(hash_data(root(), root()))),
            ask.CertificateSigned("x"),
        ):
            with pytest.raises(NotSupportedError):
                await csms.call(request)
        for what in ("SignV2GCertificate", "SignChargingStationCertificate"):
            assert await trigger(csms, what) == "NotImplemented"
    assert "SignCertificate" not in actions(journal)


async def test_a_station_without_pnc_has_certificates_for_its_csms_alone(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V201, certificates=factory_roots()[1:]) as (_, csms):
        answer = await csms.call(ask.InstallCertificate("MORootCertificate", pem(root("MO"))))
        assert (answer.status, answer.status_info["reason_code"]) == (
            "Rejected",
            "UnsupportedParam",
        )
        assert await trigger(csms, "SignV2GCertificate") == "NotImplemented"
        assert await trigger(csms, "SignCombinedCertificate") == "NotImplemented"
        assert await trigger(csms, "SignChargingStationCertificate") == "Accepted"
        found = await chain_ids(csms)
        assert [each["certificate_type"] for each in found or ()] == ["CSMSRootCertificate"]


async def test_the_variables_of_iso_15118(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201, **PNC) as (_, csms):

        async def get(component: str, name: str) -> str | None:
            data = {"component": {"name": component}, "variable": {"name": name}}
            answer = await csms.call(ask.GetVariables([data]))
            return answer.get_variable_result[0].get("attribute_value")  # type: ignore[no-any-return]

        async def put(name: str, value: str) -> str:
            data: dict[str, Any] = {"component": {"name": "ISO15118Ctrlr"}}
            data |= {"variable": {"name": name}, "attribute_value": value}
            answer = await csms.call(ask.SetVariables([data]))
            return answer.set_variable_result[0]["attribute_status"]  # type: ignore[no-any-return]

        seen = {
            name: await get("ISO15118Ctrlr", name)
            for name in (
                "Available", "Enabled", "PnCEnabled", "ContractValidationOffline", "SeccId",
                "CentralContractValidationAllowed", "CountryName", "OrganizationName",
                "V2GCertificateInstallationEnabled", "ContractCertificateInstallationEnabled",
                "RequestMeteringReceipt",
            )
        }  # fmt: skip
        assert await get("SecurityCtrlr", "CertificateEntries") == "2"
        assert await get("SecurityCtrlr", "MaxCertificateChainSize") == "10000"
        assert await put("SeccId", "DE-ICE-S-0009-1") == "Accepted"
        assert await put("CountryName", "Deutschland") == "Rejected"
        assert await put("RequestMeteringReceipt", "true") == "Rejected"
        assert await trigger(csms, "SignV2GCertificate") == "Accepted"
        await clock.sleep(1)
        csr = x509.load_pem_x509_csr(sent(journal, "SignCertificate")[0]["csr"].encode())
        assert "CN=DE-ICE-S-0009-1" in csr.subject.rfc4514_string()
        await csms.call(ask.GetBaseReport(1, "FullInventory"))
        await clock.sleep(1)
    assert seen == {
        "Available": "true", "Enabled": "true", "PnCEnabled": "true",
        "ContractValidationOffline": "true", "SeccId": "DE-ICE-S-0001-2",
        "CentralContractValidationAllowed": "false", "CountryName": "DE",
        "OrganizationName": "roamlab", "V2GCertificateInstallationEnabled": "true",
        "ContractCertificateInstallationEnabled": "true", "RequestMeteringReceipt": "false",
    }  # fmt: skip
    rows = [row for page in sent(journal, "NotifyReport") for row in page["reportData"]]
    entries = next(row for row in rows if row["variable"]["name"] == "CertificateEntries")
    assert entries["variableCharacteristics"]["maxLimit"] == 20
    assert flaws(journal) == []


async def test_private_keys_leave_by_no_door(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201, **PNC) as (station, csms):
        for what in ("SignV2GCertificate", "SignChargingStationCertificate"):
            await trigger(csms, what)
        await clock.sleep(1)
        await signed(csms, certify(sent(journal, "SignCertificate")[0]["csr"]))
        await clock.sleep(1)
        store = station.core.certificates
        assert store is not None
        keys = [store.own[0].key, store.pending[0].key]
        seen = (
            str(journal.records) + str(station.snapshot()) + repr(store.own) + repr(store.pending)
        )
    assert "PRIVATE KEY" not in seen
    for key in keys:
        number = key.private_numbers().private_value  # type: ignore[union-attr]
        assert str(number) not in seen
        assert f"{number:x}" not in seen.lower()


async def test_the_same_seed_makes_the_same_requests(clock: Clock) -> None:
    async def csrs() -> list[str]:
        own = Journal(clock)
        async with world(clock, own, V201, **PNC) as (_, csms):
            for what in ("SignV2GCertificate", "SignChargingStationCertificate"):
                await trigger(csms, what)
                await clock.sleep(1)
        return [each["csr"] for each in sent(own, "SignCertificate")]

    first = await csrs()
    assert first == await csrs()
    assert len(set(first)) == 2
