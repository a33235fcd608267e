"""OCPP 1.6 at the CSMS: one function an action, and their table.

Rule: connector n of a 1.6 station is EVSE n of the book, with one connector; connector 0 is the
station. Source: OCPP 1.6 edition 2, chapters 4 and 6.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from simulator.cpo import certificates
from simulator.cpo.authorize import STATUS_V16, Decision, may_stop
from simulator.cpo.certificates_asked import questions
from simulator.cpo.csms import ACCEPTED, Csms, Routes, Station
from simulator.cpo.pnc import Shown
from simulator.cpo.pnc_v16 import data_transfer
from simulator.cpo.readings import Reading, of_meter_start, of_meter_stop, of_meter_values
from simulator.cpo.session import Event, Session
from simulator.kernel.clock import rfc3339
from simulator.wire.ocpp_messages import Payload, Reply

# A start that happened so long ago was replayed: the station let it charge by itself.
_REPLAYED_AFTER = timedelta(seconds=60)
# Finishing is not one: the transaction has stopped, and StopTransaction tells when (1.6, 4.9).
_CHARGING_STATES = frozenset({"Charging", "SuspendedEV", "SuspendedEVSE"})


async def boot_notification(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Accept a station that the configuration knows."""
    return csms.booted(station, payload, questions(csms, station))


async def heartbeat(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Tell the time."""
    return Reply({"currentTime": rfc3339(csms.clock.now())})


async def status_notification(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Keep a connector's status; during a transaction it tells whether the car draws power."""
    connector_id, status = payload["connectorId"], payload["status"]
    at = csms.moment(payload.get("timestamp"))
    error = payload.get("errorCode", "")
    csms.connector_changed(station, connector_id, 1, status, error, rfc3339(at))
    session = csms.ledger.at(station.id, connector_id)
    if session is not None and status in _CHARGING_STATES and status != session.state:
        csms.ledger.record(session, Event("updated", at, csms.clock.now(), state=status))
    return Reply({})


async def authorize(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Decide about a card; a contract is not to be shown so (application note on Plug & Charge)."""
    tag = payload["idTag"]
    if csms.pnc.is_contract(tag):
        _, decision = await csms.pnc.authorize(station.id, Shown(tag), station.trace)
    else:
        decision = await csms.counter.show(station.id, tag, session=station.trace)
    return Reply({"idTagInfo": _info(csms, decision)})


async def start_transaction(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Begin a session; the same start told again gets the same transaction."""
    connector_id, tag = payload["connectorId"], payload["idTag"]
    told_at, meter_start = payload["timestamp"], payload["meterStart"]
    key = f"{station.id}/{connector_id}/{tag.casefold()}/{told_at}/{meter_start}"
    session = csms.ledger.started(key)
    if session is None:
        transaction_id = csms.book.settings.count("transaction_id")
        spot = csms.sites.spot(station.id, connector_id)
        if spot is None:
            csms.ledger.stray(station.id, "StartTransaction", {**payload, "as": transaction_id})
            await csms.book.committed()
            return Reply({"transactionId": transaction_id, "idTagInfo": {"status": "Invalid"}})
        session = csms.ledger.begin(spot, str(transaction_id), station.trace, start_key=key)
    elif session.events:
        csms.event("transaction.repeated", station, session.head.trace, key=key)
        await csms.book.committed()
        return _started(csms, session)
    at = csms.moment(told_at)
    decision = await csms.counter.show(
        station.id,
        tag,
        evse_id=connector_id,
        starting=True,
        offline_at=at if csms.clock.now() - at > _REPLAYED_AFTER else None,
        session=session.head.trace,
    )
    reading = of_meter_start(at, meter_start)
    _record(csms, session, "started", at, (reading,), decision=decision)
    if decision.allowed:
        csms.counter.begun(station.id, decision, session.head.trace)
    await csms.book.committed()
    return _started(csms, session)


async def meter_values(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Take readings into their transaction; those of none are a notice."""
    session = _session_of(csms, station, payload)
    readings = tuple(of_meter_values(payload["meterValue"]))
    if session is not None:
        at = readings[-1].at if readings else csms.clock.now()
        _record(csms, session, "updated", at, readings)
    elif "transactionId" in payload:
        csms.ledger.stray(station.id, "MeterValues", payload)
    else:
        csms.notice(station, "MeterValues", payload)
    await csms.book.committed()
    return Reply({})


async def stop_transaction(csms: Csms, station: Station, payload: Payload) -> Reply:
    """End a session; whatever is told of a transaction is accepted (1.6, 4.10)."""
    session = csms.ledger.find(station.id, str(payload["transactionId"]))
    if session is None:
        csms.ledger.stray(station.id, "StopTransaction", payload)
    elif session.over:
        csms.event("transaction.repeated", station, session.head.trace, id=session.head.id)
    else:
        # An end that tells too little is an end all the same: the station says it only once.
        at = csms.moment(payload.get("timestamp"))
        readings = of_meter_values(payload.get("transactionData") or ())
        readings.append(of_meter_stop(at, payload.get("meterStop")))
        reason = payload.get("reason", "Local")
        _record(csms, session, "ended", at, tuple(readings), reason=reason)
    await csms.book.committed()
    if "idTag" not in payload:
        return Reply({})
    return Reply({"idTagInfo": {"status": _stop_status(csms, session, payload["idTag"])}})


async def sign_certificate(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Have the station's own certificate signed (security whitepaper); it names no other kind."""
    kind = {"certificateType": certificates.OF_STATION}
    return await certificates.sign_certificate(csms, station, {**payload, **kind})


async def firmware_status_notification(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Keep it."""
    csms.notice(station, "FirmwareStatusNotification", payload)
    return Reply({})


async def diagnostics_status_notification(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Keep it."""
    csms.notice(station, "DiagnosticsStatusNotification", payload)
    return Reply({})


async def log_status_notification(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Keep it (security whitepaper)."""
    csms.notice(station, "LogStatusNotification", payload)
    return Reply({})


async def security_event_notification(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Keep it (security whitepaper)."""
    csms.notice(station, "SecurityEventNotification", payload)
    return Reply({})


ROUTES: Routes = {
    "BootNotification": boot_notification,
    "Heartbeat": heartbeat,
    "StatusNotification": status_notification,
    "Authorize": authorize,
    "StartTransaction": start_transaction,
    "MeterValues": meter_values,
    "StopTransaction": stop_transaction,
    "DataTransfer": data_transfer,
    "FirmwareStatusNotification": firmware_status_notification,
    "DiagnosticsStatusNotification": diagnostics_status_notification,
    "LogStatusNotification": log_status_notification,
    "SecurityEventNotification": security_event_notification,
    "SignCertificate": sign_certificate,
}


def _record(
    csms: Csms,
    session: Session,
    kind: Any,
    at: datetime,
    readings: tuple[Reading, ...],
    *,
    decision: Decision | None = None,
    reason: str | None = None,
) -> None:
    event = Event(kind, at, csms.clock.now(), readings=readings, decision=decision, reason=reason)
    csms.ledger.record(session, event)


def _session_of(csms: Csms, station: Station, payload: Payload) -> Session | None:
    """By transaction; a station may leave it out while there is one at the connector."""
    if "transactionId" in payload:
        return csms.ledger.find(station.id, str(payload["transactionId"]))
    return csms.ledger.at(station.id, payload["connectorId"])


def _started(csms: Csms, session: Session) -> Reply:
    decision = session.decision or session.refusal
    info = {"status": "Invalid"} if decision is None else _info(csms, decision)
    return Reply({"transactionId": int(session.head.transaction_id), "idTagInfo": info})


def _info(csms: Csms, decision: Decision) -> dict[str, Any]:
    """An IdTagInfo. A token that is to be asked about each time is not for the station's cache."""
    info: dict[str, Any] = {"status": STATUS_V16[decision.verdict]}
    if decision.group:
        info["parentIdTag"] = decision.group[:20]
    if decision.once:
        info["expiryDate"] = rfc3339(csms.clock.now())
    return info


def _stop_status(csms: Csms, session: Session | None, tag: str) -> str:
    started = session.decision if session else None
    return ACCEPTED if may_stop(started, tag, csms.counter.group_of(tag)) else "Invalid"
