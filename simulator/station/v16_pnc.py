"""OCPP 1.6, Plug & Charge: the OCA application note's messages, wrapped in DataTransfer.

Rule: `data` is JSON in a string both ways, and this is the one place that writes and reads it. Both
spellings are understood; the station writes the one it was configured for. What cannot be read is
answered with a DataTransfer status, never with an error. Source: OCA, "Using ISO 15118 Plug &
Charge with OCPP 1.6", version 1.0.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from simulator.station import v201_certificates as v201
from simulator.station.certificate_kinds import ISO_15118, Signing, Use
from simulator.station.core import Answer, Core, Message, Payload, SecurityEvent

VENDOR = "org.openchargealliance.iso15118pnc"
_CERTIFICATE, _CHAIN, _HASH, _SERIAL = 5500, 10_000, 128, 40  # characters, sections 6 and 7
_ALGORITHMS = ("SHA256", "SHA384", "SHA512")
_REJECTED = "Rejected"


class Unreadable(ValueError):
    """What came as `data` is not what its message has: the text says what is wrong."""


def wrap(message_id: str, data: Payload) -> Message:
    """A message of the note, to be sent."""
    payload = {"vendorId": VENDOR, "messageId": message_id, "data": _written(data)}
    return Message("DataTransfer", payload)


def unwrap(answer: Payload) -> Payload:
    """What a CSMS answered within its DataTransfer.conf. One that does not take the message has no
    answer within: it is `Rejected`, with the status it gave as `wrapper`.
    """
    status = answer.get("status")
    if status != "Accepted":
        return {"status": _REJECTED, "wrapper": status}
    try:
        return read(answer.get("data"))
    except Unreadable as error:
        return {"status": _REJECTED, "wrapper": str(error)}


def spelled_as_201(core: Core) -> bool:
    """The station writes the shape of 2.0.1, as libocpp does, not the note's own."""
    return core.config.pnc is not None and core.config.pnc.spelling == "libocpp"


def _written(data: Payload) -> str:
    return json.dumps(data, separators=(",", ":"))


def read(data: Any) -> Payload:
    """The object in `data`; none, an empty text and null are an empty one. Raises Unreadable."""
    if data is None or (isinstance(data, str) and not data.strip()):
        return {}
    try:
        found = json.loads(data) if isinstance(data, str) else data
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"data is no JSON: {error}") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Unreadable("data: expected a JSON object")
    return found


# What comes in


def data_transfer(core: Core, payload: Payload, now: datetime) -> Answer:
    """4.3, and the note's section 2.2. Other vendors' messages are unknown."""
    vendor = str(payload.get("vendorId", "")).lower()
    if vendor != VENDOR or core.config.pnc is None or core.certificates is None:
        return Answer({"status": "UnknownVendorId"})
    if not core.settings.flag("pnc_enabled"):
        return Answer({"status": _REJECTED}, why="ISO15118PnCEnabled is false")
    wanted = _INCOMING.get(str(payload.get("messageId", "")).lower())
    if wanted is None:
        return Answer({"status": "UnknownMessageId"})
    try:
        request = read(payload.get("data"))
        wanted.check(request)
    except Unreadable as error:
        return Answer({"status": _REJECTED}, why=str(error))
    inner = wanted.act(core, request, now)
    told = inner.payload
    if not spelled_as_201(core):  # the note knows no statusInfo
        told = {name: value for name, value in told.items() if name != "statusInfo"}
    return Answer({"status": "Accepted", "data": _written(told)}, inner.then, inner.why)


def _install(core: Core, request: Payload, now: datetime) -> Answer:
    return v201.install(core, request, now, ISO_15118)


def _ids(core: Core, request: Payload, now: datetime) -> Answer:
    return v201.ids(core, request, ISO_15118)


def _delete(core: Core, request: Payload, now: datetime) -> Answer:
    return v201.delete(core, request, ISO_15118)


def _signed(core: Core, request: Payload, now: datetime) -> Answer:
    return v201.certificate_signed(core, {**request, "certificateType": Signing.V2G}, now)


def _trigger(core: Core, request: Payload, now: datetime) -> Answer:
    """The note's has no fields; the other spelling names what is wanted."""
    if request.get("requestedMessage") in (None, "SignV2GCertificate"):
        return v201.trigger_signing(core, Signing.V2G)
    return Answer({"status": "NotImplemented"})


def _text(request: Payload, name: str, limit: int) -> str:
    value = request.get(name)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"{name}: expected a text")
    if len(value) > limit:
        raise Unreadable(f"{name}: longer than {limit} characters")
    return value


def _one_of(request: Payload, name: str, words: tuple[str, ...]) -> None:
    if request.get(name) not in words:
        raise Unreadable(f"{name}: expected one of {', '.join(words)}")


def _check_install(request: Payload) -> None:
    _one_of(request, "certificateType", tuple(Use))
    _text(request, "certificate", _CERTIFICATE)


def _check_ids(request: Payload) -> None:
    types = request.get("certificateType", [])
    if isinstance(types, str):  # one alone: it may stand without its list
        types = request["certificateType"] = [types]
    if types is not None and not (
        isinstance(types, list) and all(isinstance(each, str) for each in types)
    ):
        raise Unreadable("certificateType: expected a list of texts")


def _check_delete(request: Payload) -> None:
    named = request.get("certificateHashData")
    if not isinstance(named, dict):
        raise Unreadable("certificateHashData: expected an object")
    _one_of(named, "hashAlgorithm", _ALGORITHMS)
    _text(named, "issuerNameHash", _HASH)
    _text(named, "issuerKeyHash", _HASH)
    _text(named, "serialNumber", _SERIAL)


def _check_signed(request: Payload) -> None:
    value = request.get("certificateChain")
    if not isinstance(value, str) or not value:
        raise Unreadable("certificateChain: expected a text")
    _one_of({"certificateType": Signing.V2G, **request}, "certificateType", (Signing.V2G,))


def _check_trigger(request: Payload) -> None:
    if not isinstance(request.get("requestedMessage", ""), str):
        raise Unreadable("requestedMessage: expected a text")


@dataclass(frozen=True, slots=True)
class _Incoming:
    """How one message is checked, and what it does."""

    check: Callable[[Payload], None]
    act: Callable[[Core, Payload, datetime], Answer]


_INCOMING: Mapping[str, _Incoming] = {
    "certificatesigned": _Incoming(_check_signed, _signed),
    "deletecertificate": _Incoming(_check_delete, _delete),
    "getinstalledcertificateids": _Incoming(_check_ids, _ids),
    "installcertificate": _Incoming(_check_install, _install),
    "triggermessage": _Incoming(_check_trigger, _trigger),
}


# What goes out

_EVENTS = {v201.INVALID: "InvalidChargePointCertificate"}


class Certificates16:
    """How 1.6 carries what a station says of certificates: of those for cars by the note, of the
    one for the CSMS by the security whitepaper (the note, section 2.3).
    """

    def sign_certificate(self, core: Core, csr: str, signing: Signing) -> Message:
        """SignCertificate (6.8): by the note the csr alone, in 2.0.1's shape with its type."""
        if not signing.for_cars:
            return Message("SignCertificate", {"csr": csr})
        data: Payload = {"csr": csr}
        if spelled_as_201(core):
            data["certificateType"] = signing.value
        return wrap("SignCertificate", data)

    def certificate_status(self, core: Core, ocsp_request_data: Payload) -> Message:
        """GetCertificateStatus (6.5)."""
        return wrap("GetCertificateStatus", {"ocspRequestData": ocsp_request_data})

    def security_event(self, event: SecurityEvent, now: datetime) -> Message | None:
        """SecurityEventNotification, in the words of the whitepaper (the note, 3.1.1)."""
        kind = _EVENTS.get(event.kind, event.kind)
        return v201.Certificates201().security_event(replace(event, kind=kind), now)

    def opened(self, message: Message, answer: Payload) -> Payload:
        """What is within, where it was wrapped."""
        return unwrap(answer) if message.action == "DataTransfer" else answer
