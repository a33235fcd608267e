"""OCPP 1.6, certificates for the link to the CSMS: the security whitepaper's messages, incoming.

Rule: these are for the roots of CSMS and manufacturer and for the charge point's own certificate;
what is for cars has messages of its own, in `v16_pnc`. Source: OCA, "Improved security for OCPP
1.6-J", edition 3; its use cases bear the numbers of 2.0.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from simulator.station import v201_certificates as v201
from simulator.station.certificate_kinds import Signing, Use
from simulator.station.core import Answer, Core, Payload
from simulator.wire.ocpp_rpc import not_supported

USES: Mapping[str, Use] = {
    "CentralSystemRootCertificate": Use.CSMS_ROOT,
    "ManufacturerRootCertificate": Use.MANUFACTURER_ROOT,
}
TRIGGER = "SignChargePointCertificate"


def _short(answer: Answer) -> Answer:
    """1.6 has no statusInfo: the reason goes to the journal alone."""
    told = {name: value for name, value in answer.payload.items() if name != "statusInfo"}
    return Answer(told, answer.then, answer.why)


def install_certificate(core: Core, payload: Payload, now: datetime) -> Answer:
    """M05."""
    named = {**payload, "certificateType": USES.get(payload["certificateType"], "")}
    return _short(v201.install(core, named, now, tuple(USES.values())))


def installed_ids(core: Core, payload: Payload, now: datetime) -> Answer:
    """M03: one type at a time, as a plain list."""
    use = USES.get(payload["certificateType"])
    answer = v201.ids(core, {}, () if use is None else (use,))
    chains = answer.payload.get("certificateHashDataChain")
    if chains is None:
        return answer
    found = [each["certificateHashData"] for each in chains]
    return Answer({"status": "Accepted", "certificateHashData": found})


def delete_certificate(core: Core, payload: Payload, now: datetime) -> Answer:
    """M04."""
    return _short(v201.delete(core, payload, tuple(USES.values())))


def certificate_signed(core: Core, payload: Payload, now: datetime) -> Answer:
    """A02, A03."""
    named = {**payload, "certificateType": Signing.STATION.value}
    return _short(v201.certificate_signed(core, named, now))


def sign_charge_point_certificate(core: Core) -> Answer:
    """ExtendedTriggerMessage for a signing request (A02)."""
    if core.certificates is None:
        raise not_supported("ExtendedTriggerMessage")
    return v201.trigger_signing(core, Signing.STATION)
