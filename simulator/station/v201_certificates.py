"""OCPP 2.0.1, certificates: what comes in (A02, M03 to M05) and what goes out (A02, A04, M06).

Rule: a handler asks the store and answers; a refusal says why. A station without certificates knows
none of these actions. The 1.6 application note's messages are these, wrapped: `v16_pnc`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from simulator.kernel.clock import rfc3339
from simulator.station.certificate_kinds import ISO_15118, Refused, Signing, Use
from simulator.station.core import (
    Answer,
    CertificatesChanged,
    Command,
    Core,
    Message,
    Payload,
    SecurityEvent,
    SignCertificate,
)
from simulator.wire.ocpp_rpc import not_supported

if TYPE_CHECKING:
    from simulator.station.certificates import CertificateStore

INVALID = "InvalidChargingStationCertificate"
_TECH_INFO = 255  # SecurityEventNotificationRequest
# What is no flaw of the certificate, and hence no security event.
_HARMLESS = ("NotEnabled", "OutOfStorage")


def refusal(refused: Refused, then: tuple[Command, ...] = ()) -> Answer:
    """A refusal that says why (StatusInfoType)."""
    info = {"reasonCode": refused.reason, "additionalInfo": refused.text}
    return Answer({"status": refused.status, "statusInfo": info}, then, refused.text)


def _store(core: Core, action: str) -> CertificateStore:
    if core.certificates is None:
        raise not_supported(action)
    return core.certificates


def known_uses(core: Core) -> tuple[Use, ...]:
    """The types of certificates that this station has to do with."""
    if core.config.pnc is not None:
        return tuple(Use)
    return tuple(use for use in Use if use not in ISO_15118)


def install_certificate(core: Core, payload: Payload, now: datetime) -> Answer:
    """M05."""
    return install(core, payload, now, known_uses(core))


def install(core: Core, payload: Payload, now: datetime, uses: Iterable[Use]) -> Answer:
    """M05, for roots of these types."""
    store = _store(core, "InstallCertificate")
    use = payload["certificateType"]
    most = core.settings.integer("certificate_store_max")
    try:
        if use not in uses or use == Use.V2G_CHAIN:
            raise Refused("UnsupportedParam", f"{use} is of no use here")
        root = store.install(Use(use), payload["certificate"], now, most)
    except Refused as refused:
        return refusal(refused)
    name = root.subject.rfc4514_string()
    return Answer({"status": "Accepted"}, (CertificatesChanged(f"{use} installed", name),))


def installed_ids(core: Core, payload: Payload, now: datetime) -> Answer:
    """M03. No types named, or an empty list, means all."""
    return ids(core, payload, known_uses(core))


def ids(core: Core, payload: Payload, uses: Iterable[Use]) -> Answer:
    """M03, of what belongs to these types."""
    store = _store(core, "GetInstalledCertificateIds")
    asked = payload.get("certificateType") or list(Use)
    found = store.ids(use for use in uses if use in asked)
    if not found:
        return Answer({"status": "NotFound"})
    return Answer({"status": "Accepted", "certificateHashDataChain": found})


def delete_certificate(core: Core, payload: Payload, now: datetime) -> Answer:
    """M04."""
    return delete(core, payload, known_uses(core))


def delete(core: Core, payload: Payload, uses: Iterable[Use]) -> Answer:
    """M04, of what belongs to these types."""
    store = _store(core, "DeleteCertificate")
    named = payload["certificateHashData"]
    try:
        store.delete(named, uses, keep_last=core.config.keeps_last_root)
    except Refused as refused:
        return refusal(refused)
    changed = CertificatesChanged("deleted", f"serial {named['serialNumber']}")
    return Answer({"status": "Accepted"}, (changed,))


def certificate_signed(core: Core, payload: Payload, now: datetime) -> Answer:
    """A02.FR.06 to FR.08, FR.16, FR.20."""
    store = _store(core, "CertificateSigned")
    word = payload.get("certificateType")
    said = None if word is None else Signing(word)
    try:
        if said is Signing.V2G:
            _check_v2g(core)
        elif said is None and not _signs_v2g(core):
            said = Signing.STATION  # nothing else is asked for
        most = core.settings.integer("max_chain_size")
        own = store.signed(payload["certificateChain"], said, now, most)
    except Refused as refused:
        refused.status = "Rejected"
        if refused.reason in _HARMLESS:
            return refusal(refused)
        store.stop_asking(said)
        return refusal(refused, (SecurityEvent(INVALID, refused.text),))
    name = own.leaf.subject.rfc4514_string()
    changed = CertificatesChanged(f"{own.signing.value} signed", name, own.signing)
    return Answer({"status": "Accepted"}, (changed,))


def trigger_signing(core: Core, signing: Signing) -> Answer:
    """A02, F06: a request to be signed follows."""
    if core.certificates is None or (signing.for_cars and core.config.pnc is None):
        return Answer({"status": "NotImplemented"})
    try:
        if signing.for_cars:
            _check_v2g(core)
    except Refused as refused:
        return refusal(refused)
    return Answer({"status": "Accepted"}, (SignCertificate(signing),))


def _signs_v2g(core: Core) -> bool:
    return core.config.pnc is not None and core.settings.flag("v2g_installation")


def _check_v2g(core: Core) -> None:
    if not _signs_v2g(core):
        raise Refused("NotEnabled", "V2GCertificateInstallationEnabled is false")


class Certificates201:
    """How 2.0.1 carries what a station says of certificates."""

    def sign_certificate(self, core: Core, csr: str, signing: Signing) -> Message:
        """SignCertificate (A02.FR.03); a combined certificate has no type (A02.FR.13)."""
        payload: Payload = {"csr": csr}
        if signing is not Signing.COMBINED:
            payload["certificateType"] = signing.value
        return Message("SignCertificate", payload)

    def certificate_status(self, core: Core, ocsp_request_data: Payload) -> Message:
        """GetCertificateStatus (M06)."""
        return Message("GetCertificateStatus", {"ocspRequestData": ocsp_request_data})

    def security_event(self, event: SecurityEvent, now: datetime) -> Message | None:
        """SecurityEventNotification (A04)."""
        payload = {"type": event.kind, "timestamp": rfc3339(now)}
        if event.info:
            payload["techInfo"] = event.info[:_TECH_INFO]
        return Message("SecurityEventNotification", payload)

    def opened(self, message: Message, answer: Payload) -> Payload:
        """The answer is the answer."""
        return answer
