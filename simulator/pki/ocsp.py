"""OCSP without sockets: what to ask, and what to make of an answer (RFC 6960).

Rule: nobody believes an answer that is not fresh, not about the certificate that was asked for, or
not signed by its issuer or by a signer that this issuer appointed. Whatever the bytes, a verdict
comes of them and no exception.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from simulator.pki.certificates import PkiError, common_name
from simulator.pki.keys import verify
from simulator.pki.path import Purpose, validate

HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "SHA256": hashes.SHA256(),
    "SHA384": hashes.SHA384(),
    "SHA512": hashes.SHA512(),
}
# OCPP 2.0.1, GetCertificateStatusResponse: ocspResult is at most so long, in base64.
MAX_RESULT_CHARS = 5500
_SERIAL = re.compile(r"[0-9A-Fa-f]{1,40}")  # OCPP 2.0.1, CertificateHashDataType
# A responder's clock may be ahead of ours by so much; `openssl ocsp` allows the same.
SKEW = timedelta(minutes=5)


class OcspStatus(StrEnum):
    """What is known of a certificate; UNUSABLE: the answer says nothing that one may rely on."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class OcspVerdict:
    """What came of asking. `detail` says it in words; `responder` is the signer's common name;
    `cached`: nobody was asked this time.
    """

    status: OcspStatus
    detail: str
    this_update: datetime | None = None
    next_update: datetime | None = None
    responder: str | None = None
    cached: bool = False


class _Unusable(Exception):
    """Why an answer cannot be used."""


@dataclass(frozen=True, slots=True)
class CertId:
    """Which certificate is asked about: RFC 6960 4.1.1, in the library's values."""

    algorithm: hashes.HashAlgorithm
    name_hash: bytes
    key_hash: bytes
    serial: int

    @classmethod
    def of(cls, hash_data: Mapping[str, Any]) -> CertId:
        """From OCPP's CertificateHashDataType or OCSPRequestDataType. Raises PkiError."""
        try:
            algorithm = HASHES[hash_data["hashAlgorithm"]]
            name_hash = bytes.fromhex(hash_data["issuerNameHash"])
            key_hash = bytes.fromhex(hash_data["issuerKeyHash"])
            digits = _SERIAL.fullmatch(hash_data["serialNumber"])
        except (KeyError, ValueError, TypeError) as error:
            raise PkiError(f"hash data that name no certificate: {error!r}") from error
        if digits is None or {len(name_hash), len(key_hash)} != {algorithm.digest_size}:
            raise PkiError("hash data that name no certificate: a hash or serial number of no size")
        return cls(algorithm, name_hash, key_hash, int(digits[0], 16))

    def fits(self, single: ocsp.OCSPSingleResponse | ocsp.OCSPRequest) -> bool:
        """True for a request or an answer about this very certificate."""
        return (
            single.serial_number == self.serial
            and single.hash_algorithm.name == self.algorithm.name
            and single.issuer_name_hash == self.name_hash
            and single.issuer_key_hash == self.key_hash
        )

    def is_issued_by(self, issuer: x509.Certificate) -> bool:
        """True when this certificate authority's name and key are the ones that are hashed."""
        return issuer_hashes(issuer, self.algorithm) == (self.name_hash, self.key_hash)


def issuer_hashes(issuer: x509.Certificate, algorithm: hashes.HashAlgorithm) -> tuple[bytes, bytes]:
    """The hashes of a certificate authority's name and key, as a CertID has them."""
    name = hashes.Hash(algorithm)
    name.update(issuer.subject.public_bytes())
    # The library hashes the key alone, without its algorithm, nowhere but here.
    asked = ocsp.OCSPRequestBuilder().add_certificate(issuer, issuer, algorithm).build()
    return name.finalize(), asked.issuer_key_hash


def request(hash_data: Mapping[str, Any], nonce: bytes | None = None) -> bytes:
    """The DER of a request about what OCPP's hash data name. Raises PkiError."""
    cert_id = CertId.of(hash_data)
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        cert_id.name_hash, cert_id.key_hash, cert_id.serial, cert_id.algorithm
    )
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def result_text(response: bytes) -> str | None:
    """GetCertificateStatus's ocspResult: base64 of the DER; None when it is over the limit."""
    text = base64.b64encode(response).decode()
    return text if len(text) <= MAX_RESULT_CHARS else None


def check(
    response: bytes,
    hash_data: Mapping[str, Any],
    issuer: x509.Certificate | None,
    roots: Sequence[x509.Certificate],
    now: datetime,
    nonce: bytes | None = None,
) -> OcspVerdict:
    """Judge an answer; never raises for what it holds.

    The issuer of the certificate is `issuer`, whom the caller trusts; or, where only hashes are
    known, one of `roots`, or one that came with the answer and leads to one of `roots`. A nonce
    that was sent must come back. Whether the signer itself was revoked is not asked, as if it
    carried id-pkix-ocsp-nocheck (RFC 6960 4.2.2.2.1).
    """
    try:
        return _judge(response, CertId.of(hash_data), issuer, roots, now, nonce)
    except (_Unusable, PkiError) as error:
        return OcspVerdict(OcspStatus.UNUSABLE, str(error))
    except Exception as error:  # the library reads lazily, and tells by errors of many kinds
        return OcspVerdict(OcspStatus.UNUSABLE, f"the answer cannot be read: {error}")


def _judge(
    response: bytes,
    cert_id: CertId,
    issuer: x509.Certificate | None,
    roots: Sequence[x509.Certificate],
    now: datetime,
    nonce: bytes | None,
) -> OcspVerdict:
    answer = ocsp.load_der_ocsp_response(response)
    if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise _Unusable(f"the responder refuses: {answer.response_status.name.lower()}")
    single = next((s for s in answer.responses if cert_id.fits(s)), None)
    if single is None:
        raise _Unusable("the answer is about another certificate")
    signer = _signer(answer, cert_id, issuer, roots, now)
    _check_signature(answer, signer)
    _check_nonce(answer, nonce)
    _check_fresh(single, now)
    return OcspVerdict(
        OcspStatus(single.certificate_status.name.lower()),
        _told(single),
        single.this_update_utc,
        single.next_update_utc,
        common_name(signer),
    )


def _told(single: ocsp.OCSPSingleResponse) -> str:
    if single.certificate_status is not ocsp.OCSPCertStatus.REVOKED:
        return single.certificate_status.name.lower()
    reason = single.revocation_reason
    because = f", {reason.value}" if reason else ""
    return f"revoked at {single.revocation_time_utc:%Y-%m-%dT%H:%M:%SZ}{because}"


# Who signed


def _signer(
    answer: ocsp.OCSPResponse,
    cert_id: CertId,
    issuer: x509.Certificate | None,
    roots: Sequence[x509.Certificate],
    now: datetime,
) -> x509.Certificate:
    """The certificate's issuer itself, or a signer it appointed (RFC 6960 4.2.2.2)."""
    if issuer is not None and not cert_id.is_issued_by(issuer):
        raise _Unusable(f"the certificate is not one that '{common_name(issuer)}' issued")
    trusted = roots if issuer is None else (issuer,)
    itself = next((c for c in trusted if cert_id.is_issued_by(c)), None)
    if itself is not None and _is_responder(itself, answer):
        return itself
    signer = next((c for c in answer.certificates if _is_responder(c, answer)), None)
    if signer is None:
        raise _Unusable("the signer's certificate is not in the answer")
    chain = (signer, *answer.certificates)
    verdict = validate(chain, trusted, now, purpose=Purpose.OCSP)
    if not verdict.ok:
        raise _Unusable(f"the signer is not to be trusted: {verdict.detail}")
    appointed_by = verdict.path[1]
    if not cert_id.is_issued_by(appointed_by):
        raise _Unusable(
            f"the signer '{common_name(signer)}' was appointed by '{common_name(appointed_by)}',"
            " which did not issue the certificate"
        )
    return signer


def _is_responder(certificate: x509.Certificate, answer: ocsp.OCSPResponse) -> bool:
    if answer.responder_key_hash is not None:
        key = certificate.public_key()
        digest = x509.SubjectKeyIdentifier.from_public_key(key).digest
        return digest == answer.responder_key_hash
    return certificate.subject == answer.responder_name


def _check_signature(answer: ocsp.OCSPResponse, signer: x509.Certificate) -> None:
    hashing = answer.signature_hash_algorithm
    if not isinstance(hashing, hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None):
        raise _Unusable(f"the answer is signed over {hashing.name}, which is worth nothing")
    if not verify(signer.public_key(), answer.tbs_response_bytes, answer.signature, hashing):
        raise _Unusable(f"the signature is not that of '{common_name(signer)}'")


# When and for whom


def _check_nonce(answer: ocsp.OCSPResponse, sent: bytes | None) -> None:
    """A nonce that was sent comes back (RFC 9654); one that nobody asked for does no harm."""
    if sent is None:
        return
    try:
        came = answer.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        raise _Unusable("the nonce did not come back: the answer may be an old one") from None
    if came != sent:
        raise _Unusable("another nonce came back: the answer is to another request")


def _check_fresh(single: ocsp.OCSPSingleResponse, now: datetime) -> None:
    """RFC 6960 3.2: thisUpdate not in the future, nextUpdate not past."""
    this_update, next_update = single.this_update_utc, single.next_update_utc
    if this_update > now + SKEW:
        raise _Unusable(f"the answer is from the future: {this_update:%Y-%m-%dT%H:%M:%SZ}")
    if next_update is not None and next_update <= now:
        raise _Unusable(f"the answer is stale: it was good until {next_update:%Y-%m-%dT%H:%M:%SZ}")
