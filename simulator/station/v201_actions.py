"""OCPP 2.0.1, incoming: one small function an action, and the table of them.

Rule: a handler decides and answers; what shall happen is a command for afterwards. An action that
is not in the table is refused, never accepted in silence. GetReport, reservations, smart charging,
local lists, display messages, monitoring, logs and firmware are not in it; certificates are in
`v201_certificates`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from simulator.kernel.clock import rfc3339
from simulator.station.authorization import IdToken
from simulator.station.certificate_kinds import Signing
from simulator.station.connector import closes_later
from simulator.station.core import (
    Answer,
    Ask,
    Cause,
    Core,
    Evse,
    Message,
    Payload,
    Reset,
    Send,
    SetOperative,
    StartRemotely,
    StopCharging,
    Trigger,
    changed,
)
from simulator.station.device_model import Entry, entries, find
from simulator.station.dialect import Handler
from simulator.station.settings import Access
from simulator.station.v201_certificates import (
    certificate_signed,
    delete_certificate,
    install_certificate,
    installed_ids,
    trigger_signing,
)
from simulator.wire.ocpp_rpc import ErrorCode, OcppError

REPORT_PAGE = 40  # variables in one NotifyReport


def _refused(reason: str, text: str, status: str = "Rejected") -> Answer:
    """A refusal that says why (StatusInfoType)."""
    return Answer({"status": status, "statusInfo": {"reasonCode": reason, "additionalInfo": text}})


def request_start(core: Core, payload: Payload, now: datetime) -> Answer:
    """F01, F02. Without an EVSE the station chooses; a charging profile is ignored, for there is no
    smart charging (F01.FR.12).
    """
    wanted = payload.get("evseId")
    evse = core.free_evse() if wanted is None else core.evse(wanted)
    if not core.boot.accepted:
        return _refused("NotAccepted", "the station is not accepted by the CSMS")
    if evse is None:
        return _refused("NoEvse", "no such EVSE, or none is free")
    if not evse.startable:
        return _refused("EvseInUse", f"EVSE {evse.evse_id} cannot start: {evse.phase.state.value}")
    token = IdToken(payload["idToken"]["idToken"], payload["idToken"]["type"])
    group = (payload.get("groupIdToken") or {}).get("idToken")
    command = StartRemotely(evse.evse_id, token, group, payload["remoteStartId"])
    answer: Payload = {"status": "Accepted"}
    if evse.transaction is not None:  # begun by the cable already (F01.FR.13)
        answer["transactionId"] = evse.transaction.name
    return Answer(answer, (command,))


def request_stop(core: Core, payload: Payload, now: datetime) -> Answer:
    """F03."""
    evse = core.of_transaction(payload["transactionId"])
    if evse is None or not core.boot.accepted:
        return _refused("TxNotFound", "no such transaction goes on")
    return Answer({"status": "Accepted"}, (StopCharging(evse.evse_id, Cause.REMOTE),))


def reset(core: Core, payload: Payload, now: datetime) -> Answer:
    """B11, B12: the station or one EVSE, at once or when idle."""
    evse_id = payload.get("evseId")
    evse = core.evse(evse_id)
    if evse_id is not None and evse is None:
        return _refused("UnknownEvse", f"there is no EVSE {evse_id}")
    idle = core.idle if evse is None else evse.transaction is None
    if payload["type"] == "OnIdle" and not idle:
        later = Reset(Cause.SOFT_RESET, "ScheduledReset", when_idle=True, evse_id=evse_id)
        return Answer({"status": "Scheduled"}, (later,))
    return Answer({"status": "Accepted"}, (Reset(Cause.HARD_RESET, "RemoteReset", False, evse_id),))


def unlock_connector(core: Core, payload: Payload, now: datetime) -> Answer:
    """F05. An authorized transaction keeps its cable."""
    evse = core.evse(payload["evseId"])
    if evse is None or payload["connectorId"] not in _connector_ids(evse):
        return Answer({"status": "UnknownConnector"})
    if evse.phase.authorized and evse.transaction is not None:
        return Answer({"status": "OngoingAuthorizedTransaction"})
    if evse.config.connectors[payload["connectorId"] - 1].tethered:
        return _refused("NoLock", "the cable hangs on the station", "UnlockFailed")
    return Answer({"status": "Unlocked"})


def change_availability(core: Core, payload: Payload, now: datetime) -> Answer:
    """G03, G04. A connector is the whole of its EVSE: only one of them is used at a time."""
    place = payload.get("evse")
    evses = core.evses if place is None else tuple(filter(None, (core.evse(place["id"]),)))
    if not evses:
        return _refused("UnknownEvse", "there is no such EVSE")
    connector_id = (place or {}).get("connectorId")
    if connector_id not in (None, *_connector_ids(evses[0])):
        return _refused("UnknownConnectorId", f"there is no connector {connector_id}")
    operative = payload["operationalStatus"] == "Operative"
    waits = not operative and any(closes_later(evse.phase) for evse in evses)
    command = SetOperative(tuple(evse.evse_id for evse in evses), operative)
    return Answer({"status": "Scheduled" if waits else "Accepted"}, (command,))


def get_variables(core: Core, payload: Payload, now: datetime) -> Answer:
    """B06."""
    asked = payload["getVariableData"]
    _at_most(asked, core.settings.integer("max_get_variables"))
    model = list(entries(core, now))
    return Answer({"getVariableResult": [_get(model, data) for data in asked]})


def _at_most(items: list[Payload], limit: int) -> None:
    if len(items) > limit:
        raise OcppError(
            ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, f"at most {limit} variables in one message"
        )


def _get(model: list[Entry], data: Payload) -> Payload:
    kind = data.get("attributeType", "Actual")
    result = {"attributeType": kind, "component": data["component"], "variable": data["variable"]}
    entry = find(model, data["component"], data["variable"])
    if isinstance(entry, str):
        return {**result, "attributeStatus": entry}
    if kind != "Actual":
        return {**result, "attributeStatus": "NotSupportedAttributeType"}
    if entry.access is Access.WRITE_ONLY:
        return {**result, "attributeStatus": "Rejected"}
    return {**result, "attributeStatus": "Accepted", "attributeValue": entry.value}


def set_variables(core: Core, payload: Payload, now: datetime) -> Answer:
    """B05."""
    asked = payload["setVariableData"]
    _at_most(asked, core.settings.integer("max_set_variables"))
    model = list(entries(core, now))
    results: list[Payload] = []
    names: list[str] = []
    for data in asked:
        status, name = _set(core, model, data)
        results.append(
            {
                "attributeType": data.get("attributeType", "Actual"),
                "attributeStatus": status,
                "component": data["component"],
                "variable": data["variable"],
            }
        )
        if name is not None:
            names.append(name)
    return Answer({"setVariableResult": results}, changed(names))


def _set(core: Core, model: list[Entry], data: Payload) -> tuple[str, str | None]:
    """The SetVariableStatus, and the setting that has changed."""
    entry = find(model, data["component"], data["variable"])
    if isinstance(entry, str):
        return entry, None
    if data.get("attributeType", "Actual") != "Actual":
        return "NotSupportedAttributeType", None
    row = entry.setting
    if row is None or row.access is Access.READ_ONLY:
        return "Rejected", None
    if core.settings.problem(row, data["attributeValue"]):
        return "Rejected", None
    core.settings.keep(row, data["attributeValue"])
    return "RebootRequired" if row.reboot else "Accepted", row.name


def _summary(entry: Entry) -> bool:
    return entry.variable.name in ("AvailabilityState", "Problem")


_REPORTS: Mapping[str, Callable[[Entry], bool]] = {
    "FullInventory": lambda entry: True,
    "ConfigurationInventory": lambda entry: entry.access is not Access.READ_ONLY,
    "SummaryInventory": _summary,
}


def get_base_report(core: Core, payload: Payload, now: datetime) -> Answer:
    """B07: the report follows as NotifyReport, page by page."""
    wanted = _REPORTS.get(payload["reportBase"])
    if wanted is None:
        return Answer({"status": "NotSupported"})
    rows = [entry.report() for entry in entries(core, now) if wanted(entry)]
    return Answer({"status": "Accepted"}, (Send(_pages(rows, payload["requestId"], now)),))


def _pages(rows: list[Payload], request_id: int, now: datetime) -> tuple[Message, ...]:
    starts = range(0, len(rows), REPORT_PAGE)
    return tuple(
        Message(
            "NotifyReport",
            {
                "requestId": request_id,
                "generatedAt": rfc3339(now),
                "tbc": start + REPORT_PAGE < len(rows),
                "seqNo": number,
                "reportData": rows[start : start + REPORT_PAGE],
            },
        )
        for number, start in enumerate(starts)
    )


def clear_cache(core: Core, payload: Payload, now: datetime) -> Answer:
    """C11. Without a cache there is nothing to clear."""
    if not core.settings.flag("cache_enabled"):
        return _refused("NotEnabled", "AuthCacheCtrlr.Enabled is false")
    core.memory.cache.clear()
    return Answer({"status": "Accepted"})


_TRIGGERS: Mapping[str, Ask | Signing] = {
    "BootNotification": Ask.BOOT,
    "Heartbeat": Ask.HEARTBEAT,
    "MeterValues": Ask.METER,
    "StatusNotification": Ask.STATUS,
    "TransactionEvent": Ask.TRANSACTION,
    "SignChargingStationCertificate": Signing.STATION,
    "SignV2GCertificate": Signing.V2G,
    "SignCombinedCertificate": Signing.COMBINED,
}


def trigger_message(core: Core, payload: Payload, now: datetime) -> Answer:
    """F06."""
    what = _TRIGGERS.get(payload["requestedMessage"])
    if what is None:
        return Answer({"status": "NotImplemented"})
    place = payload.get("evse") or {}
    evse = core.evse(place.get("id"))
    if place and evse is None:
        return _refused("UnknownEvse", f"there is no EVSE {place['id']}")
    if isinstance(what, Signing):  # the one SECC serves all EVSEs
        return trigger_signing(core, what)
    if what is Ask.BOOT and core.boot.accepted:  # F06.FR.17
        return _refused("NotEnabled", "the last BootNotification was accepted")
    connector_id = place.get("connectorId")
    if what is Ask.STATUS and connector_id is None:  # F06.FR.12
        return _refused("MissingParam", "StatusNotification needs evse.connectorId")
    if evse is not None and connector_id not in (None, *_connector_ids(evse)):
        return _refused("UnknownConnectorId", f"there is no connector {connector_id}")
    evses: tuple[Evse, ...] = core.evses if evse is None else (evse,)
    refusal = _nothing_to_tell(core, what, evses)
    if refusal is not None:
        return refusal
    return Answer({"status": "Accepted"}, (Trigger(what, place.get("id"), connector_id),))


def _nothing_to_tell(core: Core, what: Ask, evses: tuple[Evse, ...]) -> Answer | None:
    """The refusal of what could not follow, if so."""
    if what is Ask.METER and not any(core.tells(evse, "aligned_measurands") for evse in evses):
        return _refused("NoMeasurands", "AlignedDataCtrlr.Measurands has nothing to measure")
    if what is not Ask.TRANSACTION:
        return None
    if not core.boot.accepted:  # behind all that waits in the queue
        return _refused("NotAccepted", "transaction messages wait until the CSMS accepts")
    if all(evse.transaction is None for evse in evses):
        return _refused("TxNotFound", "no transaction goes on")
    return None


def _connector_ids(evse: Evse) -> list[int]:
    return [connector.connector_id for connector in evse.config.connectors]


def get_transaction_status(core: Core, payload: Payload, now: datetime) -> Answer:
    """E14."""
    name = payload.get("transactionId")
    answer: Payload = {"messagesInQueue": core.memory.queue.holds(name)}
    if name is not None:
        answer["ongoingIndicator"] = core.of_transaction(name) is not None
    return Answer(answer)


def data_transfer(core: Core, payload: Payload, now: datetime) -> Answer:
    """P01. This station knows no vendor's messages."""
    return Answer({"status": "UnknownVendorId"})


HANDLERS: Mapping[str, Handler] = {
    "CertificateSigned": certificate_signed,
    "ChangeAvailability": change_availability,
    "ClearCache": clear_cache,
    "DataTransfer": data_transfer,
    "DeleteCertificate": delete_certificate,
    "GetBaseReport": get_base_report,
    "GetInstalledCertificateIds": installed_ids,
    "GetTransactionStatus": get_transaction_status,
    "GetVariables": get_variables,
    "InstallCertificate": install_certificate,
    "RequestStartTransaction": request_start,
    "RequestStopTransaction": request_stop,
    "Reset": reset,
    "SetVariables": set_variables,
    "TriggerMessage": trigger_message,
    "UnlockConnector": unlock_connector,
}
