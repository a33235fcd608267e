"""The 1.6 application note's messages, by its own tables and in the shape of 2.0.1."""

from __future__ import annotations

import json
from typing import Any

import ocpp.v16.call as ask
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.pki.certificates import hash_data, pem
from simulator.station.certificate_kinds import Use
from simulator.station.config import PncConfig, StationConfig
from simulator.station.core import Core, Memory
from simulator.station.settings import Settings
from simulator.station.v16_pnc import VENDOR, Unreadable, data_transfer, read, unwrap, wrap
from simulator.wire.ocpp_rpc import OcppVersion
from tests.simulator.station.certificate_box import NOW, box, certify, factory_roots, root, store
from tests.simulator.station.csms import Csms, events, flaws, sent, world

V16 = OcppVersion.V16
PNC: dict[str, Any] = {
    "pnc": PncConfig(secc_id="DE-ICE-S-0001-2"),
    "certificates": factory_roots(),
    "interval_s": 86_400,
}
LIBOCPP = {**PNC, "pnc": PncConfig(spelling="libocpp")}
DAY_S = 86_400.0
# The fields of each message we send, by the note's sections 6 and 7: required, then optional.
HASH = {"hashAlgorithm", "issuerNameHash", "issuerKeyHash", "serialNumber"}


async def transfer(csms: Csms, message_id: str, data: Any, **more: Any) -> tuple[str, Any]:
    """The status of a DataTransfer and what its answer holds; `data` is sent as JSON, a text as it
    is.
    """
    text = data if data is None or isinstance(data, str) else json.dumps(data)
    request = ask.DataTransfer(more.get("vendor", VENDOR), message_id=message_id, data=text)
    answer = await csms.call(request)
    return answer.status, None if answer.data is None else json.loads(answer.data)


def inner(journal: Journal, message_id: str) -> list[dict[str, Any]]:
    """What the station sent within DataTransfer."""
    found = [each for each in sent(journal, "DataTransfer") if each["messageId"] == message_id]
    assert all(each["vendorId"] == VENDOR and set(each) == {"vendorId", "messageId", "data"}
               for each in found)  # fmt: skip
    return [json.loads(each["data"]) for each in found]


async def test_install_list_and_delete(clock: Clock, journal: Journal) -> None:
    """M03 to M05, by the note's 6.3, 6.6 and 6.7."""
    async with world(clock, journal, V16, pnc=PncConfig()) as (_, csms):
        install = {"certificateType": "MORootCertificate", "certificate": pem(root("MO"))}
        assert await transfer(csms, "InstallCertificate", install) == (
            "Accepted",
            {"status": "Accepted"},
        )
        status, ids = await transfer(csms, "GetInstalledCertificateIds", None)
        named = hash_data(root("MO"), root("MO"))
        assert (status, ids) == (
            "Accepted",
            {
                "status": "Accepted",
                "certificateHashDataChain": [
                    {"certificateType": "MORootCertificate", "certificateHashData": named}
                ],
            },
        )
        assert set(named) == HASH
        only = {"certificateType": ["V2GRootCertificate"]}
        assert await transfer(csms, "GetInstalledCertificateIds", only) == (
            "Accepted",
            {"status": "NotFound"},
        )
        one = {"certificateType": "MORootCertificate"}  # odd: without its list
        assert (await transfer(csms, "GetInstalledCertificateIds", one))[1] == ids
        deletion = {"certificateHashData": named}
        for said in ("Accepted", "NotFound"):
            assert (await transfer(csms, "DeleteCertificate", deletion))[1] == {"status": said}
    assert flaws(journal) == []


async def test_the_csms_root_is_not_the_notes_business(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V16, **PNC) as (station, csms):
        install = {"certificateType": "CSMSRootCertificate", "certificate": pem(root("CSMS"))}
        assert await transfer(csms, "InstallCertificate", install) == (
            "Accepted",
            {"status": "Rejected"},
        )
        _, ids = await transfer(csms, "GetInstalledCertificateIds", {})
        assert len(ids["certificateHashDataChain"]) == 1
        deletion = {"certificateHashData": hash_data(root("CSMS"), root("CSMS"))}
        assert (await transfer(csms, "DeleteCertificate", deletion))[1] == {"status": "NotFound"}
        assert station.core.certificates.entries == 2  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("options", "request_data", "keys"),
    [(PNC, None, {"csr"}), (LIBOCPP, {"requestedMessage": "SignV2GCertificate"}, None)],
    ids=["note", "libocpp"],
)
@pytest.mark.parametrize("said", [None, "V2GCertificate"])
async def test_the_v2g_certificate_is_signed(
    clock: Clock,
    journal: Journal,
    options: dict[str, Any],
    request_data: Any,
    keys: set[str] | None,
    said: str | None,
) -> None:
    """A02, by the note's 6.2, 6.5, 6.8 and 6.9; either spelling is understood."""
    async with world(clock, journal, V16, **options) as (station, csms):
        csms.answers["GetCertificateStatus"] = {"status": "Accepted", "ocspResult": "MAo="}
        assert await transfer(csms, "TriggerMessage", request_data) == (
            "Accepted",
            {"status": "Accepted"},
        )
        await clock.sleep(1)
        asked = inner(journal, "SignCertificate")[0]
        assert set(asked) == (keys or {"csr", "certificateType"})
        assert asked.get("certificateType", "V2GCertificate") == "V2GCertificate"
        chain = {"certificateChain": certify(asked["csr"])}
        if said:
            chain["certificateType"] = said
        assert await transfer(csms, "CertificateSigned", chain) == (
            "Accepted",
            {"status": "Accepted"},
        )
        await clock.sleep(1)
        store = station.core.certificates
        assert store is not None
        assert store.usable(clock.now())
        assert [each.result for each in store.statuses.values()] == ["MAo="] * 3
        _, ids = await transfer(csms, "GetInstalledCertificateIds", {"certificateType": []})
        assert len(ids["certificateHashDataChain"][1]["childCertificateHashData"]) == 2
    questions = inner(journal, "GetCertificateStatus")
    assert len(questions) == 3
    assert all(set(each) == {"ocspRequestData"} for each in questions)
    assert all(set(each["ocspRequestData"]) == HASH | {"responderURL"} for each in questions)
    assert flaws(journal) == []


async def test_why_is_told_only_where_the_shape_has_a_place_for_it(
    clock: Clock, journal: Journal
) -> None:
    wrong = {"certificateType": "V2GRootCertificate", "certificate": "garbage"}
    async with world(clock, journal, V16, **PNC) as (_, csms):
        assert (await transfer(csms, "InstallCertificate", wrong))[1] == {"status": "Rejected"}
        chain = {"certificateChain": certify_nothing()}
        assert (await transfer(csms, "CertificateSigned", chain))[1] == {"status": "Rejected"}
        await clock.sleep(1)  # the event comes after the answer
    assert "not a PEM certificate" in events(journal, "request.answered")[-2]["why"]
    told = sent(journal, "SecurityEventNotification")
    assert [each["type"] for each in told] == ["InvalidChargePointCertificate"]
    async with world(clock, journal, V16, **LIBOCPP) as (_, csms):
        _, answer = await transfer(csms, "InstallCertificate", wrong)
        assert answer["statusInfo"]["reasonCode"] == "InvalidCertificate"


def certify_nothing() -> str:
    """A chain that no station has asked for."""
    return pem(box().certificate("CPO_SUB2"))


@pytest.mark.parametrize(
    ("message_id", "data", "status", "why"),
    [
        ("InstallCertificate", "{", "Rejected", "data is no JSON"),
        ("InstallCertificate", "[" * 100_000, "Rejected", "data is no JSON"),
        ("InstallCertificate", "[]", "Rejected", "expected a JSON object"),
        ("InstallCertificate", "", "Rejected", "certificateType: expected one of"),
        ("InstallCertificate", {"certificateType": 5}, "Rejected", "certificateType"),
        (
            "InstallCertificate",
            {"certificateType": "MORootCertificate"},
            "Rejected",
            "certificate:",
        ),
        (
            "InstallCertificate",
            {"certificateType": "MORootCertificate", "certificate": "x" * 5501},
            "Rejected",
            "longer than 5500",
        ),
        ("DeleteCertificate", {"certificateHashData": "x"}, "Rejected", "expected an object"),
        ("DeleteCertificate", {"certificateHashData": {}}, "Rejected", "hashAlgorithm"),
        (
            "DeleteCertificate",
            {"certificateHashData": dict.fromkeys(HASH, 1) | {"hashAlgorithm": "SHA256"}},
            "Rejected",
            "issuerNameHash: expected a text",
        ),
        ("GetInstalledCertificateIds", {"certificateType": [1]}, "Rejected", "list of texts"),
        ("CertificateSigned", {"certificateChain": None}, "Rejected", "certificateChain"),
        (
            "CertificateSigned",
            {"certificateChain": "x", "certificateType": "ChargingStationCertificate"},
            "Rejected",
            "certificateType",
        ),
        ("TriggerMessage", {"requestedMessage": 1}, "Rejected", "requestedMessage"),
        ("Authorize", {}, "UnknownMessageId", None),
        ("", {}, "UnknownMessageId", None),
    ],
)
async def test_what_cannot_be_read_has_a_status_and_is_no_error(
    clock: Clock, journal: Journal, message_id: str, data: Any, status: str, why: str | None
) -> None:
    async with world(clock, journal, V16, **PNC) as (_, csms):
        assert await transfer(csms, message_id, data) == (status, None)
    told = events(journal, "request.answered")[-1].get("why")
    assert (told is None) if why is None else (why in told)
    assert flaws(journal) == []


async def test_names_are_read_in_any_case(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V16, **PNC) as (_, csms):
        status, _ = await transfer(
            csms, "getinstalledcertificateids", "{}", vendor="Org.OpenChargeAlliance.ISO15118PnC"
        )
        assert status == "Accepted"


async def test_another_message_than_the_v2g_request_cannot_be_triggered(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V16, **PNC) as (_, csms):
        wanted = {"requestedMessage": "SignChargingStationCertificate"}
        assert (await transfer(csms, "TriggerMessage", wanted))[1] == {"status": "NotImplemented"}
        assert await transfer(csms, "TriggerMessage", {}, vendor="org.example") == (
            "UnknownVendorId",
            None,
        )


async def test_stations_without_pnc_know_no_such_vendor(clock: Clock, journal: Journal) -> None:
    for options in ({}, {"certificates": factory_roots()[1:]}):
        async with world(clock, journal, V16, **options) as (_, csms):
            assert await transfer(csms, "TriggerMessage", None) == ("UnknownVendorId", None)
            known = await csms.call(ask.GetConfiguration(["ISO15118PnCEnabled"]))
            assert known.unknown_key == ["ISO15118PnCEnabled"]
            change = await csms.call(ask.ChangeConfiguration("ISO15118PnCEnabled", "true"))
            assert change.status == "NotSupported"


async def test_the_keys_of_the_note(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V16, **PNC) as (_, csms):

        async def put(key: str, value: str) -> str:
            return str((await csms.call(ask.ChangeConfiguration(key, value))).status)

        rows = (await csms.call(ask.GetConfiguration())).configuration_key
        shown = {row["key"]: (row["value"], row["readonly"]) for row in rows if "value" in row}
        assert await put("CertSigningWaitMinimum", "-1") == "Rejected"
        assert await put("CertSigningRepeatTimes", "-1") == "Rejected"
        assert await put("CertificateStoreMaxLength", "5") == "Rejected"
        assert await put("ContractValidationOffline", "false") == "Accepted"
        assert await put("iso15118pncenabled", "false") == "Accepted"
        assert await transfer(csms, "TriggerMessage", None) == ("Rejected", None)
    expected = {
        "ISO15118PnCEnabled": ("true", False),
        "ContractValidationOffline": ("true", False),
        "CentralContractValidationAllowed": ("false", False),
        "CertificateSignedMaxChainSize": ("10000", True),
        "CertSigningWaitMinimum": ("30", False),
        "CertSigningRepeatTimes": ("3", False),
        "CertificateStoreMaxLength": ("20", True),
    }
    assert {key: shown[key] for key in expected} == expected


@pytest.mark.parametrize(
    "answer",
    [
        {"status": "Rejected"},
        {"wrapper": "Rejected"},
        {"wrapper": "UnknownVendorId"},
        {"wrapper": "UnknownMessageId"},
        {"wrapper": "Accepted", "data": "{"},
        {"wrapper": "Accepted"},
    ],
)
async def test_a_csms_that_takes_no_request_is_asked_no_more(
    clock: Clock, journal: Journal, answer: dict[str, Any]
) -> None:
    """The note: not again unless triggered."""
    async with world(clock, journal, V16, **PNC) as (station, csms):
        csms.answers["SignCertificate"] = answer
        await transfer(csms, "TriggerMessage", None)
        await clock.sleep(DAY_S)
        assert len(inner(journal, "SignCertificate")) == 1
        assert not station.core.pnc_enabled
        known = await csms.call(ask.GetConfiguration(["ISO15118PnCEnabled"]))
        assert known.configuration_key[0]["value"] == "false"
        del csms.answers["SignCertificate"]  # and then once more
        assert (await transfer(csms, "TriggerMessage", None))[1] == {"status": "Accepted"}
        await clock.sleep(1)
        assert len(inner(journal, "SignCertificate")) == 2
    assert flaws(journal) == []


async def test_a_csms_that_never_signs(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V16, **PNC) as (_, csms):
        await transfer(csms, "TriggerMessage", None)
        await clock.sleep(DAY_S)
    assert len(inner(journal, "SignCertificate")) == 5  # at once, then after 30, 60, 120, 240 s


def test_the_codec() -> None:
    message = wrap("SignCertificate", {"csr": "a\nb"})
    assert message.payload["data"] == '{"csr":"a\\nb"}'
    assert unwrap({"status": "Accepted", "data": '{"status":"Accepted"}'}) == {"status": "Accepted"}
    assert unwrap({"status": "Accepted", "data": None}) == {}
    refused = unwrap({"status": "UnknownVendorId", "data": '{"status":"Accepted"}'})
    assert refused == {"status": "Rejected", "wrapper": "UnknownVendorId"}
    for empty in (None, "", "  ", "null"):
        assert read(empty) == {}
    assert read({"a": 1}) == {"a": 1}  # where validation is off
    with pytest.raises(Unreadable):
        read("1")
    assert Use.MO_ROOT == "MORootCertificate"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = (
    "certificateType",
    "certificate",
    "certificateChain",
    "certificateHashData",
    "requestedMessage",
    *sorted(HASH),
)
LIKELY = JSON | st.sampled_from(
    [*Use, "V2GCertificate", "SignV2GCertificate", "SHA256", pem(root())]
)
REQUESTS = st.dictionaries(
    st.sampled_from(FIELDS), LIKELY | st.dictionaries(st.sampled_from(sorted(HASH)), LIKELY)
)


@given(
    message_id=st.sampled_from(
        [
            "InstallCertificate",
            "DeleteCertificate",
            "CertificateSigned",
            "TriggerMessage",
            "GetInstalledCertificateIds",
        ]
    ),
    data=st.text() | JSON.map(json.dumps) | REQUESTS.map(json.dumps),
    spelling=st.sampled_from(["note", "libocpp"]),
)
def test_whatever_comes_is_answered(message_id: str, data: str, spelling: str) -> None:
    config = StationConfig("CP1", V16, "ws://x", pnc=PncConfig(spelling=spelling))
    it = Core(config, Memory(Settings(), certificates=store()), Chance(1))
    payload = {"vendorId": VENDOR, "messageId": message_id, "data": data}
    answer = data_transfer(it, payload, NOW).payload
    assert answer["status"] in ("Accepted", "Rejected")
    if answer["status"] == "Accepted":
        inside = json.loads(answer["data"])
        assert inside["status"] in ("Accepted", "Rejected", "Failed", "NotFound", "NotImplemented")
        assert spelling == "libocpp" or set(inside) <= {"status", "certificateHashDataChain"}
