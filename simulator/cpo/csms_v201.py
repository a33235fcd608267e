"""OCPP 2.0.1 at the CSMS: one function an action, and their table.

Rule: transaction events count by their seqNo, once each, whatever order they come in; a transaction
whose beginning was never told begins with the first event that tells of it. Source: OCPP 2.0.1
part 2, use cases B01, C01, E01 to E15, J02.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.cpo import certificates
from simulator.cpo.authorize import CONTRACT, STATUS_V201, Decision, may_stop
from simulator.cpo.certificates_asked import questions
from simulator.cpo.csms import ACCEPTED, Csms, Routes, Station
from simulator.cpo.pnc import Shown, shown_in
from simulator.cpo.readings import of_meter_values
from simulator.cpo.session import Event, Kind, Session
from simulator.kernel.clock import rfc3339
from simulator.pki.emaid import contract_key
from simulator.wire.ocpp_messages import Payload, Reply

_KINDS: Mapping[str, Kind] = {"Started": "started", "Updated": "updated", "Ended": "ended"}
# A token that needs no authorization (OCPP 2.0.1 IdTokenEnumType): the station charges for nobody.
_NOBODY = "NoAuthorization"


async def boot_notification(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Accept a station that the configuration knows."""
    return csms.booted(station, payload, questions(csms, station))


async def heartbeat(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Tell the time."""
    return Reply({"currentTime": rfc3339(csms.clock.now())})


async def status_notification(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Keep a connector's status."""
    at = rfc3339(csms.moment(payload.get("timestamp")))
    evse_id, connector_id = payload["evseId"], payload["connectorId"]
    csms.connector_changed(station, evse_id, connector_id, payload["connectorStatus"], "", at)
    return Reply({})


async def notify_event(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Take connector statuses (Connector.AvailabilityState) and whether Plug & Charge is on; the
    rest is a notice.
    """
    csms.notice(station, "NotifyEvent", payload)
    csms.plugs.changed(station.id, payload["eventData"])
    for event in payload["eventData"]:
        component = event["component"]
        evse = component.get("evse") or {}
        names = (component["name"], event["variable"]["name"])
        if names == ("Connector", "AvailabilityState") and "connectorId" in evse:
            status, at = event["actualValue"], rfc3339(csms.moment(event["timestamp"]))
            csms.connector_changed(station, evse["id"], evse["connectorId"], status, "", at)
    return Reply({})


async def authorize(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Decide about a token; about a contract by its certificates (C07)."""
    token = payload["idToken"]
    if token["type"] == CONTRACT and csms.pnc.concerns(shown := shown_in(payload)):
        return await _authorize_contract(csms, station, shown)
    decision = await csms.counter.show(
        station.id, token["idToken"], id_type=token["type"], session=station.trace
    )
    return Reply({"idTokenInfo": _info(csms, decision)})


async def _authorize_contract(csms: Csms, station: Station, shown: Shown) -> Reply:
    answer, decision = await csms.pnc.authorize(station.id, shown, station.trace)
    reply: Payload = {"idTokenInfo": {**_info(csms, decision), "status": answer.status}}
    if answer.certificate_status is not None:
        reply["certificateStatus"] = answer.certificate_status
    return Reply(reply)


async def transaction_event(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Take an event into its session, which begins with the first of them."""
    session = _session_of(csms, station, payload)
    if session is None:
        csms.ledger.stray(station.id, "TransactionEvent", payload)
        await csms.book.committed()
        return Reply({"idTokenInfo": {"status": "Invalid"}} if "idToken" in payload else {})
    repeated = session.has_seen(payload["seqNo"])
    decision = None
    if not repeated and session.status != "COMPLETED":
        decision = await _decide(csms, station, session, payload)
    info = payload["transactionInfo"]
    event = Event(
        _KINDS[payload["eventType"]],
        csms.moment(payload["timestamp"]),
        csms.clock.now(),
        state=info.get("chargingState"),
        readings=tuple(of_meter_values(payload.get("meterValue") or ())),
        decision=decision,
        reason=info.get("stoppedReason"),
        seq_no=payload["seqNo"],
        free=payload.get("idToken", {}).get("type") == _NOBODY,
    )
    csms.ledger.record(session, event)
    if decision is not None and decision.allowed:
        csms.counter.begun(station.id, decision, session.head.trace)
    await csms.book.committed()
    return Reply(_answer(csms, session, payload))


async def meter_values(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Readings outside of transactions are a notice (2.0.1, J01)."""
    csms.notice(station, "MeterValues", payload)
    await csms.book.committed()
    return Reply({})


async def data_transfer(csms: Csms, station: Station, payload: Payload) -> Reply:
    """No vendor's extension is known here."""
    csms.notice(station, "DataTransfer", payload)
    return Reply({"status": "UnknownVendorId"})


async def notify_report(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Keep a part of the device model; take from it whether Plug & Charge is on."""
    csms.notice(station, "NotifyReport", payload)
    csms.plugs.changed(station.id, payload.get("reportData") or ())
    return Reply({})


async def security_event_notification(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Keep it."""
    csms.notice(station, "SecurityEventNotification", payload)
    return Reply({})


async def firmware_status_notification(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Keep it."""
    csms.notice(station, "FirmwareStatusNotification", payload)
    return Reply({})


async def log_status_notification(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Keep it."""
    csms.notice(station, "LogStatusNotification", payload)
    return Reply({})


ROUTES: Routes = {
    "BootNotification": boot_notification,
    "Heartbeat": heartbeat,
    "StatusNotification": status_notification,
    "NotifyEvent": notify_event,
    "Authorize": authorize,
    "TransactionEvent": transaction_event,
    "MeterValues": meter_values,
    "DataTransfer": data_transfer,
    "NotifyReport": notify_report,
    "SecurityEventNotification": security_event_notification,
    "FirmwareStatusNotification": firmware_status_notification,
    "LogStatusNotification": log_status_notification,
    "SignCertificate": certificates.sign_certificate,
    "Get15118EVCertificate": certificates.get_15118_ev_certificate,
    "GetCertificateStatus": certificates.get_certificate_status,
}


def _session_of(csms: Csms, station: Station, payload: Payload) -> Session | None:
    transaction_id = payload["transactionInfo"]["transactionId"]
    session = csms.ledger.find(station.id, transaction_id)
    if session is not None:
        return session
    evse = payload.get("evse") or {}
    evse_ids = range(1, len(csms.sites.evse_uids(station.id)) + 1)
    evse_id = evse.get("id") or (1 if len(evse_ids) == 1 else 0)
    spot = csms.sites.spot(station.id, evse_id, evse.get("connectorId", 1))
    if spot is None or csms.ledger.unreadable(station.id, transaction_id):
        return None
    if payload["eventType"] != "Started":
        csms.event("transaction.without_start", station, station.trace, id=transaction_id)
    return csms.ledger.begin(spot, transaction_id, station.trace)


async def _decide(
    csms: Csms, station: Station, session: Session, payload: Payload
) -> Decision | None:
    """Decide about the token of an event, if it is there to begin with.

    The token of an end is the one that stopped, unless nobody was to pay yet (E07, E12).
    """
    token = payload.get("idToken")
    if token is None or token["type"] == _NOBODY or session.decision is not None:
        return None
    if payload["eventType"] == "Ended" and (session.refusal is not None or session.free):
        return None
    return await csms.counter.show(
        station.id,
        token["idToken"],
        id_type=token["type"],
        evse_id=session.head.evse_id,
        starting=True,
        offline_at=csms.moment(payload["timestamp"]) if payload.get("offline") else None,
        session=session.head.trace,
    )


def _answer(csms: Csms, session: Session, payload: Payload) -> dict[str, Any]:
    """An idTokenInfo for the token of the event, if it has one."""
    token = payload.get("idToken")
    if token is None:
        return {}
    decision = session.decision or session.refusal
    if decision is None:
        return {"idTokenInfo": {"status": ACCEPTED if token["type"] == _NOBODY else "Unknown"}}
    uid = token["idToken"]
    if contract_key(uid) == contract_key(decision.uid):
        return {"idTokenInfo": _info(csms, decision)}
    stops = may_stop(session.decision, uid, csms.counter.group_of(uid))
    return {"idTokenInfo": {"status": ACCEPTED if stops else "Invalid"}}


def _info(csms: Csms, decision: Decision) -> dict[str, Any]:
    """An IdTokenInfo. A token that is to be asked about each time is not for a station's cache."""
    info: dict[str, Any] = {"status": STATUS_V201[decision.verdict]}
    if decision.group:
        info["groupIdToken"] = {"idToken": decision.group[:36], "type": "Central"}
    if decision.once:
        info["cacheExpiryDateTime"] = rfc3339(csms.clock.now())
    return info
