"""Plug & Charge in OCPP 1.6: messages within DataTransfer, in two dialects.

Rule: who asks is answered in the dialect of the question. The OCA's application note (Using ISO
15118 Plug & Charge with OCPP 1.6, v1.0) has messages of its own, with 1.6's five statuses;
EVerest's libocpp and others put those of 2.0.1 there. They are told apart by `idToken.type`, which
the note does not have, and by `certificateType`; what is missing and not needed is not missed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from simulator.cpo import certificates
from simulator.cpo.authorize import Decision
from simulator.cpo.calls_certificates import VENDOR, Dialect
from simulator.cpo.contract import Answer
from simulator.cpo.csms import ACCEPTED, Action, Csms, Station
from simulator.cpo.pnc import shown_in
from simulator.kernel.clock import rfc3339
from simulator.wire.ocpp_messages import Payload, Reply

# 1.6: identifierString holds 20 characters; 18 do for an EMAID with dashes and check digit.
_PARENT_LIMIT = {"note": 20, "libocpp": 36}


async def data_transfer(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Answer a message of Plug & Charge; no other vendor's extension is known here."""
    if payload["vendorId"] != VENDOR:
        csms.notice(station, "DataTransfer", payload)
        return Reply({"status": "UnknownVendorId"})
    action = MESSAGES.get(payload.get("messageId", ""))
    if action is None:
        csms.notice(station, "DataTransfer", payload)
        return Reply({"status": "UnknownMessageId"})
    asked = _read(payload.get("data"))
    if asked is None:
        return _unusable(csms, station, payload, "its data are no JSON object")
    dialect = dialect_of(asked)
    if dialect is not None:
        csms.plugs.spoke(station.id, dialect)
    try:
        reply = await action(csms, station, asked)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return _unusable(csms, station, payload, f"it lacks something: {error!r}")
    data = json.dumps(reply.payload, separators=(",", ":"))
    return Reply({"status": ACCEPTED, "data": data}, reply.after)


def _read(data: object) -> Payload | None:
    """The message: a JSON object as text; None if it is none."""
    try:
        message = json.loads(data) if isinstance(data, str) else None
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def _unusable(csms: Csms, station: Station, payload: Payload, why: str) -> Reply:
    name = payload.get("messageId")
    csms.event("data_transfer.unusable", station, station.trace, message=name, why=why)
    return Reply({"status": "Rejected"})


def dialect_of(asked: Mapping[str, Any]) -> Dialect | None:
    """Whose message it is; None of one that both have alike."""
    token = asked.get("idToken")
    if isinstance(token, dict):
        return "libocpp" if "type" in token else "note"
    return "libocpp" if "certificateType" in asked else None


async def authorize(csms: Csms, station: Station, asked: Payload) -> Reply:
    """Decide about a contract."""
    shown = shown_in(asked)
    answer, decision = await csms.pnc.authorize(station.id, shown, station.trace)
    dialect = dialect_of(asked) or "note"
    reply: Payload = {"idTokenInfo": _info(csms, answer, decision, dialect)}
    if answer.certificate_status is not None:
        reply["certificateStatus"] = answer.certificate_status
    return Reply(reply)


def _info(csms: Csms, answer: Answer, decision: Decision, dialect: Dialect) -> Payload:
    """An idTokenInfo; the note's has 1.6's words."""
    info: Payload = {"status": answer.status if dialect == "libocpp" else answer.status_v16}
    if decision.once:
        info["cacheExpiryDateTime"] = rfc3339(csms.clock.now())
    group = (decision.group or "")[: _PARENT_LIMIT[dialect]]
    if group and dialect == "libocpp":
        info["groupIdToken"] = {"idToken": group, "type": "Central"}
    return info


async def sign_certificate(csms: Csms, station: Station, asked: Payload) -> Reply:
    """Have a CSR signed: here, one for ISO 15118 (the note has no other)."""
    v2g = {"certificateType": certificates.V2G}
    return await certificates.sign_certificate(csms, station, {**v2g, **asked})


MESSAGES: Mapping[str, Action] = {
    "Authorize": authorize,
    "Get15118EVCertificate": certificates.get_15118_ev_certificate,
    "GetCertificateStatus": certificates.get_certificate_status,
    "SignCertificate": sign_certificate,
}
