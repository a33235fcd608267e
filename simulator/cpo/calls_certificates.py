"""What the CPO asks of stations about certificates: one row a request, as in `calls`.

Rule: 2.0.1 has messages for it. For Plug & Charge 1.6 has the OCA's application note (Using ISO
15118 Plug & Charge with OCPP 1.6, v1.0): DataTransfer, with the message as JSON text. Certificates
of the link to the CSMS go by the messages of the 1.6 security whitepaper there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from simulator.wire.ocpp_messages import OcppVersion, Payload

V16, V201 = OcppVersion.V16, OcppVersion.V201
VENDOR = "org.openchargealliance.iso15118pnc"
PNC_ENABLED = "ISO15118PnCEnabled"  # the 1.6 key; in 2.0.1 ISO15118Ctrlr.PnCEnabled
CONTROLLER, PNC_VARIABLE = "ISO15118Ctrlr", "PnCEnabled"
# The note's own shapes, or those of 2.0.1, which EVerest's libocpp and others use in 1.6 too.
Dialect = Literal["note", "libocpp"]

# 2.0.1 words -> those of the 1.6 security whitepaper
_ROOTS_V16 = {
    "CSMSRootCertificate": "CentralSystemRootCertificate",
    "ManufacturerRootCertificate": "ManufacturerRootCertificate",
}
_SIGNED_V16 = "ChargingStationCertificate"


@dataclass(frozen=True, slots=True)
class Message:
    """A CALL to be sent; `read` makes of its answer one that has its status at the top."""

    action: str
    payload: Payload
    read: Callable[[Payload], Payload] | None = None


@dataclass(frozen=True, slots=True)
class InstallCertificate:
    """Keep a root certificate (PEM); `kind` is 2.0.1's InstallCertificateUseEnumType."""

    kind: str
    certificate: str


@dataclass(frozen=True, slots=True)
class DeleteCertificate:
    """Forget a certificate, named by CertificateHashDataType."""

    hash_data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class InstalledCertificates:
    """Tell which certificates of these kinds are there (GetCertificateIdUseEnumType); all if none.

    1.6 has them for Plug & Charge, one kind at a time or all.
    """

    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedCertificate:
    """Take the chain for a CSR (PEM, leaf first); `kind` is CertificateSigningUseEnumType, None of
    a certificate for both uses.
    """

    chain: str
    kind: str | None = "V2GCertificate"
    dialect: Dialect = "note"


@dataclass(frozen=True, slots=True)
class TriggerSign:
    """Send a CSR: SignV2GCertificate, SignChargingStationCertificate, SignCombinedCertificate."""

    message: str = "SignV2GCertificate"
    dialect: Dialect = "note"


@dataclass(frozen=True, slots=True)
class GetPnc:
    """Tell whether Plug & Charge is on: for the station, and for so many EVSEs (2.0.1)."""

    evses: int = 0


@dataclass(frozen=True, slots=True)
class SetPnc:
    """Switch Plug & Charge; EVSE 0 is the station, and all that 1.6 has."""

    enabled: bool
    evse_id: int = 0


CertificateRequest = (
    InstallCertificate
    | DeleteCertificate
    | InstalledCertificates
    | SignedCertificate
    | TriggerSign
    | GetPnc
    | SetPnc
)


# 1.6


def by_data_transfer(message_id: str, request: Mapping[str, Any]) -> Message:
    """A message of the application note: JSON within JSON, there and back."""
    data = json.dumps(request, separators=(",", ":"))
    return Message(
        "DataTransfer", {"vendorId": VENDOR, "messageId": message_id, "data": data}, _unwrapped
    )


def _unwrapped(answer: Payload) -> Payload:
    """The answer within a DataTransfer's; what is none has the status of the envelope."""
    if answer.get("status") == "Accepted":
        try:
            told = json.loads(answer.get("data", ""))
        except ValueError:
            return {"status": "Rejected"}
        return told if isinstance(told, dict) else {"status": "Rejected"}
    return {"status": answer.get("status", "Rejected")}


def _install_v16(r: InstallCertificate) -> Message:
    if (kind := _ROOTS_V16.get(r.kind)) is not None:
        payload = {"certificateType": kind, "certificate": r.certificate}
        return Message("InstallCertificate", payload)
    payload = {"certificateType": r.kind, "certificate": r.certificate}
    return by_data_transfer("InstallCertificate", payload)


def _installed_v16(r: InstalledCertificates) -> Message:
    kinds = {"certificateType": list(r.kinds)} if r.kinds else {}
    return by_data_transfer("GetInstalledCertificateIds", kinds)


def _signed_v16(r: SignedCertificate) -> Message:
    payload: Payload = {"certificateChain": r.chain}
    if r.kind == _SIGNED_V16:
        return Message("CertificateSigned", payload)
    if r.dialect == "libocpp" and r.kind is not None:
        payload["certificateType"] = r.kind
    return by_data_transfer("CertificateSigned", payload)


def _trigger_v16(r: TriggerSign) -> Message:
    if r.message == "SignChargingStationCertificate":
        wanted = {"requestedMessage": "SignChargePointCertificate"}
        return Message("ExtendedTriggerMessage", wanted)
    # The note's TriggerMessage.req has no field: there is one thing to ask for.
    asked = {"requestedMessage": r.message} if r.dialect == "libocpp" else {}
    return by_data_transfer("TriggerMessage", asked)


def _get_pnc_v16(_r: GetPnc) -> Message:
    return Message("GetConfiguration", {"key": [PNC_ENABLED]}, _told_v16)


def _told_v16(answer: Payload) -> Payload:
    rows = answer.get("configurationKey") or ()
    values = [row.get("value") for row in rows if row.get("key") == PNC_ENABLED]
    if not values:
        return {"status": "UnknownVariable", "enabled": {}}
    return {"status": "Accepted", "enabled": {0: is_true(values[0])}}


def _set_pnc_v16(r: SetPnc) -> Message:
    value = "true" if r.enabled else "false"
    return Message("ChangeConfiguration", {"key": PNC_ENABLED, "value": value})


# 2.0.1


def _installed_v201(r: InstalledCertificates) -> Message:
    kinds = {"certificateType": list(r.kinds)} if r.kinds else {}
    return Message("GetInstalledCertificateIds", kinds)


def _signed_v201(r: SignedCertificate) -> Message:
    kind = {"certificateType": r.kind} if r.kind is not None else {}
    return Message("CertificateSigned", {"certificateChain": r.chain, **kind})


def _variable(evse_id: int) -> dict[str, Any]:
    component: dict[str, Any] = {"name": CONTROLLER}
    if evse_id:
        component["evse"] = {"id": evse_id}
    return {"component": component, "variable": {"name": PNC_VARIABLE}}


def _get_pnc_v201(r: GetPnc) -> Message:
    rows = [_variable(evse_id) for evse_id in range(r.evses + 1)]
    return Message("GetVariables", {"getVariableData": rows}, _told_v201)


def _told_v201(answer: Payload) -> Payload:
    rows = [row for row in answer["getVariableResult"] if row["attributeStatus"] == "Accepted"]
    enabled = {
        (row["component"].get("evse") or {}).get("id", 0): is_true(row.get("attributeValue"))
        for row in rows
    }
    return {"status": "Accepted" if rows else "UnknownComponent", "enabled": enabled}


def _set_pnc_v201(r: SetPnc) -> Message:
    value = "true" if r.enabled else "false"
    row = {**_variable(r.evse_id), "attributeValue": value}
    return Message("SetVariables", {"setVariableData": [row]}, _set_v201)


def _set_v201(answer: Payload) -> Payload:
    return {"status": answer["setVariableResult"][0]["attributeStatus"]}


def is_true(value: object) -> bool:
    """Read a boolean as stations write it."""
    return str(value).strip().lower() == "true"


CERTIFICATE_CALLS: Mapping[tuple[type, OcppVersion], Callable[..., Message]] = {
    (InstallCertificate, V16): _install_v16,
    (InstallCertificate, V201): lambda r: Message(
        "InstallCertificate", {"certificateType": r.kind, "certificate": r.certificate}
    ),
    (DeleteCertificate, V16): lambda r: by_data_transfer(
        "DeleteCertificate", {"certificateHashData": dict(r.hash_data)}
    ),
    (DeleteCertificate, V201): lambda r: Message(
        "DeleteCertificate", {"certificateHashData": dict(r.hash_data)}
    ),
    (InstalledCertificates, V16): _installed_v16,
    (InstalledCertificates, V201): _installed_v201,
    (SignedCertificate, V16): _signed_v16,
    (SignedCertificate, V201): _signed_v201,
    (TriggerSign, V16): _trigger_v16,
    (TriggerSign, V201): lambda r: Message("TriggerMessage", {"requestedMessage": r.message}),
    (GetPnc, V16): _get_pnc_v16,
    (GetPnc, V201): _get_pnc_v201,
    (SetPnc, V16): _set_pnc_v16,
    (SetPnc, V201): _set_pnc_v201,
}
