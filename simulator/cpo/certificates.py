"""Certificates for stations and cars: what stations ask for, fetched elsewhere and brought back.

Rule: one function a message, the same for 2.0.1 and for 1.6's DataTransfer, which has its fields;
what cannot be had is answered Rejected or Failed with the reason, and told in the journal. EXI
bodies of cars go through unread. Source: OCPP 2.0.1 part 2, use cases A02, A03, M01, M02, M06.
"""

from __future__ import annotations

import base64

from simulator.cpo.book_plugs import Issued
from simulator.cpo.calls_certificates import SignedCertificate
from simulator.cpo.csms import ACCEPTED, Csms, Station
from simulator.cpo.dispatcher import Dispatcher
from simulator.kernel.clock import rfc3339
from simulator.pki.certificates import pem_chain, serial_hex
from simulator.pki.csr import read_csr
from simulator.pki.keys import PkiError
from simulator.wire.ocpp_messages import OcppVersion, Payload, Reply

# CertificateSigningUseEnumType
V2G, OF_STATION = "V2GCertificate", "ChargingStationCertificate"
# What the schemas let through (OCPP 2.0.1 part 2, 1.28, 1.29, 1.15), in characters.
MAX_CHAIN = 10_000
MAX_EXI_RESPONSE = 5_600
MAX_OCSP_RESULT = 5_500
_REASON, _INFO = 20, 512  # StatusInfoType


async def sign_certificate(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Have a CSR signed; the chain follows in CertificateSigned."""
    # Without a kind it is one for both uses (A02): that is the V2G authority's affair.
    kind = payload.get("certificateType")
    csr = payload["csr"]
    try:
        name = read_csr(csr).common_name
        _may_have(station, kind, name)
    except PkiError as error:
        return _rejected(csms, station, kind, "InvalidCSR", str(error))
    if not csms.providers.signs:
        why = "no certificate authority is set up"
        return _rejected(csms, station, kind, "NoAuthority", why)
    csms.event("certificate.requested", station, kind=kind, common_name=name)

    async def after() -> None:
        await _sign(csms, station, csr, kind)

    return Reply({"status": ACCEPTED}, after)


def _may_have(station: Station, kind: str | None, name: str) -> None:
    """A station is known to us by the name in its certificate. Raises PkiError."""
    if kind == OF_STATION and name != station.id:
        raise PkiError(f"the CSR is for '{name}', and this is {station.id}")


async def _sign(csms: Csms, station: Station, csr: str, kind: str | None) -> None:
    try:
        chain = await csms.providers.sign(csr, kind or V2G)
        text = pem_chain(chain)
        if len(text) > MAX_CHAIN:
            raise PkiError(f"the chain has {len(text)} characters, and OCPP carries {MAX_CHAIN}")
        leaf = chain[0]
    except PkiError as error:
        csms.event("certificate.not_signed", station, kind=kind, why=str(error))
        return
    serial = serial_hex(leaf)
    since, until = leaf.not_valid_before_utc, min(each.not_valid_after_utc for each in chain)
    csms.book.plugs.issue(Issued(serial, station.id, kind or V2G, since, until))
    csms.event("certificate.signed", station, kind=kind, serial=serial, until=rfc3339(until))
    request = SignedCertificate(text, kind, csms.plugs.dialect(station.id))
    result, _ = await Dispatcher(csms).ask(station.id, request)
    csms.event("certificate.delivered", station, kind=kind, serial=serial, result=result)
    if result == "ACCEPTED" and kind != OF_STATION:
        csms.plugs.received(station.id, serial)


def _rejected(csms: Csms, station: Station, kind: str | None, reason: str, why: str) -> Reply:
    csms.event("certificate.not_signed", station, kind=kind, why=why)
    return Reply({"status": "Rejected", **_info(station, reason, why)})


async def get_15118_ev_certificate(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Forward a car's request for its contract to the pool, and the answer back, both unread."""
    asked = {name: payload.get(name) for name in ("iso15118SchemaVersion", "action")}
    began = csms.clock.monotonic()
    try:
        text = await csms.providers.ev_certificate(payload)
        if len(text) > MAX_EXI_RESPONSE:
            limit = f"OCPP carries {MAX_EXI_RESPONSE}"
            raise PkiError(f"the pool's answer has {len(text)} characters, and {limit}")
        answer: Payload = {"status": ACCEPTED, "exiResponse": text}
        why = None
    except PkiError as error:
        why = str(error)
        answer = {"status": "Failed", "exiResponse": "", **_info(station, "NoPoolAnswer", why)}
    elapsed_s = round(csms.clock.monotonic() - began, 3)
    told = {**asked, "status": answer["status"], "why": why, "elapsed_s": elapsed_s}
    csms.event("ev_certificate.forwarded", station, **told)
    return Reply(answer)


async def get_certificate_status(csms: Csms, station: Station, payload: Payload) -> Reply:
    """Fetch what a responder says of a certificate, unjudged: the station judges it (M06)."""
    row = payload["ocspRequestData"]
    try:
        text = base64.b64encode(await csms.providers.status(row)).decode()
        if len(text) > MAX_OCSP_RESULT:
            limit = f"OCPP carries {MAX_OCSP_RESULT}"
            raise PkiError(f"the answer has {len(text)} characters, and {limit}")
    except PkiError as error:
        why = str(error)
        csms.event("certificate.no_status", station, serial=row.get("serialNumber"), why=why)
        return Reply({"status": "Failed", **_info(station, "NoStatus", why)})
    return Reply({"status": ACCEPTED, "ocspResult": text})


def _info(station: Station, reason: str, why: str) -> Payload:
    """A StatusInfoType; 1.6 has none."""
    if station.version is OcppVersion.V16:
        return {}
    return {"statusInfo": {"reasonCode": reason[:_REASON], "additionalInfo": why[:_INFO]}}
