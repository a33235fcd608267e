"""OCPP 1.6, incoming: one small function an action, and the table of them.

Rule: a handler decides and answers; what shall happen is a command for afterwards. An action that
is not in the table is refused, never accepted in silence. Sections are those of OCPP 1.6 edition 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from simulator.station.authorization import IdToken
from simulator.station.connector import closes_later
from simulator.station.core import (
    Answer,
    Ask,
    Cause,
    Core,
    Payload,
    Reset,
    SetOperative,
    StartRemotely,
    StopCharging,
    Trigger,
    changed,
)
from simulator.station.dialect import Handler
from simulator.station.settings import BY_KEY, Access, Setting
from simulator.station.v16_pnc import data_transfer
from simulator.station.v16_security import (
    TRIGGER,
    certificate_signed,
    delete_certificate,
    install_certificate,
    installed_ids,
    sign_charge_point_certificate,
)

_REJECTED = Answer({"status": "Rejected"})


def remote_start(core: Core, payload: Payload, now: datetime) -> Answer:
    """5.11. Without a connector the station chooses; a charging profile is ignored, as stations
    without smart charging should.
    """
    wanted = payload.get("connectorId")
    evse = core.free_evse() if wanted is None else core.evse(wanted)
    if not core.boot.accepted or evse is None or not evse.startable:
        return _REJECTED
    token = IdToken(payload["idTag"], "Central")
    return Answer({"status": "Accepted"}, (StartRemotely(evse.evse_id, token),))


def remote_stop(core: Core, payload: Payload, now: datetime) -> Answer:
    """5.12."""
    evse = core.of_transaction(payload["transactionId"])
    if not core.boot.accepted or evse is None:
        return _REJECTED
    return Answer({"status": "Accepted"}, (StopCharging(evse.evse_id, Cause.REMOTE),))


def reset(core: Core, payload: Payload, now: datetime) -> Answer:
    """5.14. Hard or soft, transactions are ended first."""
    cause = Cause.HARD_RESET if payload["type"] == "Hard" else Cause.SOFT_RESET
    return Answer({"status": "Accepted"}, (Reset(cause, "RemoteReset"),))


def unlock_connector(core: Core, payload: Payload, now: datetime) -> Answer:
    """5.18. It ends a transaction first; a cable that hangs on the station has no lock."""
    evse = core.evse(payload["connectorId"])
    if evse is None or evse.connector.tethered:
        return Answer({"status": "NotSupported"})
    return Answer({"status": "Unlocked"}, (StopCharging(evse.evse_id, Cause.UNLOCK),))


def change_availability(core: Core, payload: Payload, now: datetime) -> Answer:
    """5.2. Connector 0 is the station and all connectors."""
    wanted = payload["connectorId"]
    evses = core.evses if wanted == 0 else tuple(filter(None, (core.evse(wanted),)))
    if not evses:
        return _REJECTED
    operative = payload["type"] == "Operative"
    scheduled = not operative and any(closes_later(evse.phase) for evse in evses)
    command = SetOperative(tuple(evse.evse_id for evse in evses), operative)
    return Answer({"status": "Scheduled" if scheduled else "Accepted"}, (command,))


def get_configuration(core: Core, payload: Payload, now: datetime) -> Answer:
    """5.8. No keys, or none named, means all."""
    names = payload.get("key")
    if not names:
        rows = [row for row in core.settings.rows() if row.key]
        return Answer({"configurationKey": [_key_value(core, row) for row in rows]})
    found = {name: _row_of(core, name) for name in names}
    unknown = [name for name in names if found[name] is None]
    rows = [row for name in names if (row := found[name]) is not None]
    answer: Payload = {"configurationKey": [_key_value(core, row) for row in rows]}
    if unknown:
        answer["unknownKey"] = unknown
    return Answer(answer)


def _row_of(core: Core, key: str) -> Setting | None:
    row = BY_KEY.get(key.lower())
    return row if row is not None and core.settings.has(row) else None


def _key_value(core: Core, row: Setting) -> Payload:
    """A KeyValue (7.29); AuthorizationKey can be written and never read (security whitepaper)."""
    shown: Payload = {"key": row.key, "readonly": row.access is Access.READ_ONLY}
    if row.access is not Access.WRITE_ONLY:
        shown["value"] = core.shown(row.name)
    return shown


def change_configuration(core: Core, payload: Payload, now: datetime) -> Answer:
    """5.3."""
    row = _row_of(core, payload["key"])
    if row is None:
        return Answer({"status": "NotSupported"})
    if row.access is Access.READ_ONLY or core.settings.problem(row, payload["value"]):
        return _REJECTED
    core.settings.keep(row, payload["value"])
    status = "RebootRequired" if row.reboot else "Accepted"
    return Answer({"status": status}, changed([row.name]))


def clear_cache(core: Core, payload: Payload, now: datetime) -> Answer:
    """5.4. Without a cache there is nothing to clear."""
    if not core.settings.flag("cache_enabled"):
        return _REJECTED
    core.memory.cache.clear()
    return Answer({"status": "Accepted"})


_TRIGGERS: Mapping[str, Ask] = {
    "BootNotification": Ask.BOOT,
    "Heartbeat": Ask.HEARTBEAT,
    "MeterValues": Ask.METER,
    "StatusNotification": Ask.STATUS,
}


def trigger_message(core: Core, payload: Payload, now: datetime) -> Answer:
    """5.17. What cannot follow is not promised: meter values with nothing to measure, or of the
    main controller, which has no meter.
    """
    what = _TRIGGERS.get(payload["requestedMessage"])
    if what is None:
        return Answer({"status": "NotImplemented"})
    wanted = payload.get("connectorId")
    if what in (Ask.METER, Ask.STATUS) and wanted and core.evse(wanted) is None:
        return _REJECTED
    if what is Ask.METER:
        evses = core.evses if wanted is None else tuple(filter(None, (core.evse(wanted),)))
        if not any(core.tells(evse, "sampled_measurands") for evse in evses):
            return _REJECTED
    return Answer({"status": "Accepted"}, (Trigger(what, wanted),))


def extended_trigger_message(core: Core, payload: Payload, now: datetime) -> Answer:
    """Security whitepaper, A02: a signing request, else as TriggerMessage."""
    if core.certificates is None or payload["requestedMessage"] == TRIGGER:
        return sign_charge_point_certificate(core)
    return trigger_message(core, payload, now)


HANDLERS: Mapping[str, Handler] = {
    "CertificateSigned": certificate_signed,
    "ChangeAvailability": change_availability,
    "ChangeConfiguration": change_configuration,
    "ClearCache": clear_cache,
    "DataTransfer": data_transfer,
    "DeleteCertificate": delete_certificate,
    "ExtendedTriggerMessage": extended_trigger_message,
    "GetConfiguration": get_configuration,
    "GetInstalledCertificateIds": installed_ids,
    "InstallCertificate": install_certificate,
    "RemoteStartTransaction": remote_start,
    "RemoteStopTransaction": remote_stop,
    "Reset": reset,
    "TriggerMessage": trigger_message,
    "UnlockConnector": unlock_connector,
}
