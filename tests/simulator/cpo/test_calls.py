"""What stations are asked: valid in the version they speak."""

from __future__ import annotations

import pytest

from simulator.cpo.calls import (
    CALLS,
    RESULTS,
    GetSettings,
    Request,
    Reset,
    Start,
    Stop,
    Trigger,
    Unlock,
    message,
)
from simulator.cpo.calls_certificates import (
    DeleteCertificate,
    GetPnc,
    InstallCertificate,
    InstalledCertificates,
    SetPnc,
    SignedCertificate,
    TriggerSign,
)
from simulator.wire.ocpp_frames import CALL
from simulator.wire.ocpp_messages import OcppVersion
from simulator.wire.ocpp_schema import validator

LONG = "0f8fad5b-d9cb-469f-a165-70867728950e"
HASHES = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "aa",
    "issuerKeyHash": "bb",
    "serialNumber": "1f",
}
REQUESTS: list[Request] = [
    Start(2, LONG, "0f8fad5b-..28950e", "APP_USER", 7),
    Stop("12"),
    Unlock(1, 2),
    Trigger("BootNotification"),
    Trigger("MeterValues", 1),
    Trigger("StatusNotification", 1, 1),
    Reset(True),
    Reset(False),
    GetSettings(),
    GetSettings(("HeartbeatInterval",)),
    InstallCertificate("V2GRootCertificate", "-----BEGIN CERTIFICATE-----"),
    InstallCertificate("CSMSRootCertificate", "-----BEGIN CERTIFICATE-----"),
    DeleteCertificate(HASHES),
    InstalledCertificates(("V2GCertificateChain", "MORootCertificate")),
    InstalledCertificates(),
    SignedCertificate("-----BEGIN CERTIFICATE-----"),
    SignedCertificate("-----BEGIN CERTIFICATE-----", "ChargingStationCertificate"),
    SignedCertificate("-----BEGIN CERTIFICATE-----", None, "libocpp"),
    TriggerSign(),
    TriggerSign("SignChargingStationCertificate"),
    TriggerSign("SignCombinedCertificate", "libocpp"),
    GetPnc(2),
    SetPnc(True),
    SetPnc(False, 2),
]


@pytest.mark.parametrize("version", [OcppVersion.V16, OcppVersion.V201])
@pytest.mark.parametrize("request_", REQUESTS, ids=repr)
def test_every_request_is_valid(request_: Request, version: OcppVersion) -> None:
    call = message(request_, version)
    check = validator(version, call.action, CALL)
    assert check is not None
    assert [str(v) for v in check.violations(call.payload)] == []


def test_every_request_has_a_row_in_each_version() -> None:
    kinds = {kind for kind, _ in CALLS}
    assert kinds == {type(request) for request in REQUESTS}
    assert {(k, v) for k in kinds for v in (OcppVersion.V16, OcppVersion.V201)} == set(CALLS)


def test_a_16_station_gets_a_tag_and_a_201_station_the_whole_uid() -> None:
    start = REQUESTS[0]
    assert message(start, OcppVersion.V16).payload["idTag"] == "0f8fad5b-..28950e"
    token = message(start, OcppVersion.V201).payload["idToken"]
    assert token == {"idToken": LONG, "type": "Central"}


def test_a_version_without_rows_is_told() -> None:
    with pytest.raises(KeyError):
        message(Stop("1"), OcppVersion.V21)


def test_results_are_ocpis() -> None:
    assert set(RESULTS.values()) <= {"ACCEPTED", "REJECTED", "FAILED", "NOT_SUPPORTED"}
