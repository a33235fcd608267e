"""Requests about certificates: the two dialects of 1.6, and the answers read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.cpo.calls import message
from simulator.cpo.calls_certificates import (
    VENDOR,
    DeleteCertificate,
    GetPnc,
    InstallCertificate,
    InstalledCertificates,
    SetPnc,
    SignedCertificate,
    TriggerSign,
    is_true,
)
from simulator.wire.ocpp_frames import CALL
from simulator.wire.ocpp_messages import OcppVersion
from simulator.wire.ocpp_schema import validator

V16, V201 = OcppVersion.V16, OcppVersion.V201


def within(request: Any) -> tuple[str, dict[str, Any]]:
    """The message id and the message in a DataTransfer."""
    call = message(request, V16)
    assert call.action == "DataTransfer"
    assert call.payload["vendorId"] == VENDOR == "org.openchargealliance.iso15118pnc"
    return call.payload["messageId"], json.loads(call.payload["data"])


def test_the_notes_messages() -> None:
    hashes = {"serialNumber": "1f"}
    root = {"certificateType": "MORootCertificate", "certificate": "pem"}
    assert within(InstallCertificate("MORootCertificate", "pem")) == ("InstallCertificate", root)
    deleted = {"certificateHashData": hashes}
    assert within(DeleteCertificate(hashes)) == ("DeleteCertificate", deleted)
    kinds = {"certificateType": ["V2GCertificateChain"]}
    asked = ("GetInstalledCertificateIds", kinds)
    assert within(InstalledCertificates(("V2GCertificateChain",))) == asked
    assert within(SignedCertificate("pem")) == ("CertificateSigned", {"certificateChain": "pem"})
    assert within(TriggerSign()) == ("TriggerMessage", {})


def test_what_the_other_dialect_adds() -> None:
    signed = {"certificateChain": "pem", "certificateType": "V2GCertificate"}
    assert within(SignedCertificate("pem", dialect="libocpp")) == ("CertificateSigned", signed)
    wanted = {"requestedMessage": "SignV2GCertificate"}
    assert within(TriggerSign(dialect="libocpp")) == ("TriggerMessage", wanted)
    # It has these fields, and 2.0.1's schemas are satisfied by them.
    for action, payload in (("CertificateSigned", signed), ("TriggerMessage", wanted)):
        check = validator(V201, action, CALL)
        assert check is not None
        assert check.is_valid(payload)


def test_certificates_of_the_link_go_by_the_security_whitepaper() -> None:
    call = message(InstallCertificate("CSMSRootCertificate", "pem"), V16)
    assert call.action == "InstallCertificate"
    assert call.payload["certificateType"] == "CentralSystemRootCertificate"
    call = message(SignedCertificate("pem", "ChargingStationCertificate"), V16)
    assert (call.action, call.payload) == ("CertificateSigned", {"certificateChain": "pem"})
    call = message(TriggerSign("SignChargingStationCertificate"), V16)
    assert call.payload == {"requestedMessage": "SignChargePointCertificate"}


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        ({"status": "Accepted", "data": '{"status":"NotFound"}'}, {"status": "NotFound"}),
        ({"status": "UnknownVendorId"}, {"status": "UnknownVendorId"}),
        ({"status": "Accepted"}, {"status": "Rejected"}),
        ({"status": "Accepted", "data": "[]"}, {"status": "Rejected"}),
        ({"status": "Accepted", "data": "no JSON"}, {"status": "Rejected"}),
    ],
)
def test_what_stands_in_a_data_transfer(answer: dict[str, Any], read: dict[str, Any]) -> None:
    call = message(TriggerSign(), V16)
    assert call.read is not None
    assert call.read(answer) == read


def test_whether_it_is_on_is_read_in_either_version() -> None:
    call = message(GetPnc(), V16)
    assert call.read is not None
    row = {"key": "ISO15118PnCEnabled", "readonly": False, "value": "true"}
    told = call.read({"configurationKey": [row]})
    assert told == {"status": "Accepted", "enabled": {0: True}}
    unknown = call.read({"unknownKey": ["ISO15118PnCEnabled"]})
    assert unknown == {"status": "UnknownVariable", "enabled": {}}

    call = message(GetPnc(2), V201)
    assert call.read is not None
    results = [
        {**asked, "attributeStatus": status, "attributeValue": value}
        for asked, status, value in zip(
            call.payload["getVariableData"],
            ("UnknownComponent", "Accepted", "Accepted"),
            ("", "True", "false"),
            strict=True,
        )
    ]
    told = call.read({"getVariableResult": results})
    assert told == {"status": "Accepted", "enabled": {1: True, 2: False}}
    assert call.read({"getVariableResult": results[:1]})["status"] == "UnknownComponent"


def test_switching_it_is_read_too() -> None:
    call = message(SetPnc(True, 2), V201)
    row = call.payload["setVariableData"][0]
    assert row["component"] == {"name": "ISO15118Ctrlr", "evse": {"id": 2}}
    assert row["attributeValue"] == "true"
    assert call.read is not None
    answer = {"setVariableResult": [{**row, "attributeStatus": "Rejected"}]}
    assert call.read(answer) == {"status": "Rejected"}


def test_booleans_as_stations_write_them() -> None:
    assert [is_true(v) for v in ("true", "True ", True)] == [True] * 3
    assert [is_true(v) for v in ("false", "1", None, "")] == [False] * 4
