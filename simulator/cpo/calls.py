"""What the CPO asks of stations: one row a request, with its message in each OCPP version.

Rule: who wants something of a station names it in the CPO's words; the version is looked up here.
Source: OCPP 1.6 edition 2 chapter 5; OCPP 2.0.1 part 2, use cases F01 to F06, B05, B12.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simulator.cpo.calls_certificates import CERTIFICATE_CALLS, CertificateRequest, Message
from simulator.wire.ocpp_messages import OcppVersion

V16, V201 = OcppVersion.V16, OcppVersion.V201

# OCPI token type -> OCPP 2.0.1 IdTokenEnumType, for tokens that come by command
_ID_TYPES: Mapping[str, str] = {"RFID": "ISO14443", "EMAID": "eMAID"}


@dataclass(frozen=True, slots=True)
class Start:
    """Begin a transaction for a token: `tag` as 1.6 knows it, `uid` whole; EVSE by number."""

    evse_id: int
    uid: str
    tag: str
    token_type: str
    remote_start_id: int


@dataclass(frozen=True, slots=True)
class Stop:
    """End a transaction."""

    transaction_id: str


@dataclass(frozen=True, slots=True)
class Unlock:
    """Release a connector's lock."""

    evse_id: int
    connector_id: int


@dataclass(frozen=True, slots=True)
class Trigger:
    """Have a station send a message now; EVSE 0 is the station, a connector only for 2.0.1."""

    message: str
    evse_id: int = 0
    connector_id: int | None = None


@dataclass(frozen=True, slots=True)
class Reset:
    """Restart a station, at once or when nothing charges."""

    at_once: bool


@dataclass(frozen=True, slots=True)
class GetSettings:
    """Read configuration keys (1.6), or the whole device model (2.0.1, as NotifyReport)."""

    keys: tuple[str, ...] = ()
    request_id: int = 1


Request = Start | Stop | Unlock | Trigger | Reset | GetSettings | CertificateRequest


def _start_v16(r: Start) -> Message:
    return Message("RemoteStartTransaction", {"connectorId": r.evse_id, "idTag": r.tag})


def _start_v201(r: Start) -> Message:
    token = {"idToken": r.uid, "type": _ID_TYPES.get(r.token_type, "Central")}
    return Message(
        "RequestStartTransaction",
        {"evseId": r.evse_id, "remoteStartId": r.remote_start_id, "idToken": token},
    )


def _trigger_v16(r: Trigger) -> Message:
    where = {"connectorId": r.evse_id} if r.evse_id else {}
    return Message("TriggerMessage", {"requestedMessage": r.message, **where})


def _trigger_v201(r: Trigger) -> Message:
    evse = {"id": r.evse_id}
    if r.connector_id is not None:
        evse["connectorId"] = r.connector_id
    where = {"evse": evse} if r.evse_id else {}
    return Message("TriggerMessage", {"requestedMessage": r.message, **where})


def _get_v16(r: GetSettings) -> Message:
    return Message("GetConfiguration", {"key": list(r.keys)} if r.keys else {})


def _get_v201(r: GetSettings) -> Message:
    base = {"requestId": r.request_id, "reportBase": "FullInventory"}
    return Message("GetBaseReport", base)


CALLS: Mapping[tuple[type, OcppVersion], Callable[..., Message]] = {
    (Start, V16): _start_v16,
    (Start, V201): _start_v201,
    (Stop, V16): lambda r: Message(
        "RemoteStopTransaction", {"transactionId": int(r.transaction_id)}
    ),
    (Stop, V201): lambda r: Message("RequestStopTransaction", {"transactionId": r.transaction_id}),
    (Unlock, V16): lambda r: Message("UnlockConnector", {"connectorId": r.evse_id}),
    (Unlock, V201): lambda r: Message(
        "UnlockConnector", {"evseId": r.evse_id, "connectorId": r.connector_id}
    ),
    (Trigger, V16): _trigger_v16,
    (Trigger, V201): _trigger_v201,
    (Reset, V16): lambda r: Message("Reset", {"type": "Hard" if r.at_once else "Soft"}),
    (Reset, V201): lambda r: Message("Reset", {"type": "Immediate" if r.at_once else "OnIdle"}),
    (GetSettings, V16): _get_v16,
    (GetSettings, V201): _get_v201,
    **CERTIFICATE_CALLS,
}

# The status of an answer, in either version -> OCPI CommandResultType (2.2.1 mod_commands)
RESULTS: Mapping[str, str] = {
    "Accepted": "ACCEPTED",
    "Unlocked": "ACCEPTED",
    "Rejected": "REJECTED",
    "OngoingAuthorizedTransaction": "REJECTED",
    "UnknownConnector": "REJECTED",
    "UnlockFailed": "FAILED",
    "NotSupported": "NOT_SUPPORTED",
    # of Plug & Charge: certificates, and DataTransfer for them (1.6)
    "Failed": "FAILED",
    "UnknownVendorId": "NOT_SUPPORTED",
    "UnknownMessageId": "NOT_SUPPORTED",
    "UnknownComponent": "NOT_SUPPORTED",
    "UnknownVariable": "NOT_SUPPORTED",
    "RebootRequired": "ACCEPTED",
}


def message(request: Request, version: OcppVersion) -> Message:
    """The CALL that asks for it in this version. Raises KeyError for a version without a row."""
    return CALLS[type(request), version](request)
