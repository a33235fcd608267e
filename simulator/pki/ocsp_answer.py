"""What an OCSP responder answers, without sockets (RFC 6960; one certificate a request, as in RFC
5019).

Rule: the same request at the same time of the world gets the same bytes. Each certificate authority
has appointed a signer, whose certificate and the authorities above it, but the root, travel along.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from simulator.pki.keys import PrivateKey, hash_for, sign
from simulator.pki.ocsp import issuer_hashes
from simulator.pki.spec import BY_NAME, ocsp_signer
from simulator.pki.store import Pki
from simulator.pki.switch import DOWN, GARBAGE, OK, SLOW

STALE, TRY_LATER, UNAUTHORIZED = "stale", "try_later", "unauthorized"
MODES = (OK, SLOW, DOWN, GARBAGE, STALE, TRY_LATER, UNAUTHORIZED)
# How long an answer may be kept, where the responder is not told another time.
VALID_FOR = timedelta(minutes=10)
GARBAGE_BYTES = b"<html><body>It works!</body></html>"

_Status = ocsp.OCSPResponseStatus
_REFUSALS = {TRY_LATER: _Status.TRY_LATER, UNAUTHORIZED: _Status.UNAUTHORIZED}
# AlgorithmIdentifiers by hash: ecdsa-with-SHA256, -SHA512 (RFC 5758 3.2); Ed448 (RFC 8410 3).
_ALGORITHMS = {
    "sha256": bytes.fromhex("300a06082a8648ce3d040302"),
    "sha512": bytes.fromhex("300a06082a8648ce3d040304"),
    None: bytes.fromhex("300506032b6571"),
}
# id-pkix-ocsp-basic (RFC 6960 4.2.1)
_BASIC = bytes.fromhex("06092b0601050507300101")
_STAMP = "%Y%m%d%H%M%SZ"  # GeneralizedTime
_SEQUENCE, _ENUMERATED, _BIT_STRING, _OCTET_STRING, _EXPLICIT_0 = 0x30, 0x0A, 0x03, 0x04, 0xA0


@dataclass(frozen=True, slots=True)
class Answer:
    """A response in DER and, for the journal, what it says: a certificate's status and serial
    number in lower hex, or why there is neither (`malformed_request`, …).
    """

    der: bytes
    says: str
    serial: str | None = None


class _Authority(NamedTuple):
    """A certificate authority, and who signs for it with what in the answer."""

    name: str
    certificate: x509.Certificate
    signer: x509.Certificate
    key: PrivateKey
    sent: tuple[x509.Certificate, ...]


class Responder:
    """Answers for all authorities of a PKI. `valid_for`: how long an answer may be kept."""

    def __init__(self, pki: Pki, *, valid_for: timedelta = VALID_FOR) -> None:
        self._pki = pki
        self._valid_for = valid_for
        self._authorities: dict[str, _Authority] = {}

    def answer(self, asked: bytes, now: datetime, mode: str = OK) -> Answer:
        """Answer a request in DER, in one of `MODES`; `slow` and `down` are the transport's affair.

        What cannot be read, or asks about several certificates, gets `malformedRequest`; one of an
        authority that is not this PKI's `unauthorized` (RFC 6960 2.3).
        """
        if mode == GARBAGE:
            return Answer(GARBAGE_BYTES, GARBAGE)
        if mode in _REFUSALS:
            return _refusal(_REFUSALS[mode])
        try:
            request = ocsp.load_der_ocsp_request(asked)
            authority = self._authority(request)
            nonce = _nonce(request)
            readable = request.serial_number >= 0  # the library writes no other
        except Exception:  # of many kinds, and of others from release to release
            readable = False
        if not readable:
            return _refusal(_Status.MALFORMED_REQUEST)
        if authority is None:
            return _refusal(_Status.UNAUTHORIZED)
        moment = now.replace(microsecond=0)
        if mode == STALE:
            moment -= self._valid_for + timedelta(days=1)
        return self._signed(request, authority, moment, nonce)

    def _authority(self, request: ocsp.OCSPRequest) -> _Authority | None:
        """The authority whose name and key the request's hashes are of; None for a strange one."""
        name = self._pki.authority(request.issuer_key_hash)
        if name is None:
            return None
        authority = self._authorities.get(name) or self._look_up(name)
        hashed = issuer_hashes(authority.certificate, request.hash_algorithm)
        return authority if hashed[0] == request.issuer_name_hash else None

    def _look_up(self, name: str) -> _Authority:
        chain, signer = self._pki.chain(name), ocsp_signer(name)
        above = () if BY_NAME[name].is_root else chain
        certificate = self._pki.certificate(signer)
        found = _Authority(
            name, chain[0], certificate, self._pki.key(signer), (certificate, *above)
        )
        self._authorities[name] = found
        return found

    def _signed(
        self,
        request: ocsp.OCSPRequest,
        authority: _Authority,
        moment: datetime,
        nonce: x509.OCSPNonce | None,
    ) -> Answer:
        standing = self._pki.standing(authority.name, request.serial_number)
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response_by_hash(
                issuer_name_hash=request.issuer_name_hash,
                issuer_key_hash=request.issuer_key_hash,
                serial_number=request.serial_number,
                algorithm=request.hash_algorithm,
                cert_status=ocsp.OCSPCertStatus[standing.status.upper()],
                this_update=moment,
                next_update=moment + self._valid_for,
                revocation_time=standing.at,
                revocation_reason=standing.reason,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, authority.signer)
            .certificates(authority.sent)
        )
        if nonce is not None:
            builder = builder.add_extension(nonce, critical=False)
        der = _sign(builder, authority.key, moment)
        return Answer(der, standing.status, f"{request.serial_number:x}")


def _refusal(status: ocsp.OCSPResponseStatus) -> Answer:
    response = ocsp.OCSPResponseBuilder.build_unsuccessful(status)
    return Answer(response.public_bytes(Encoding.DER), status.name.lower())


def _nonce(request: ocsp.OCSPRequest) -> x509.OCSPNonce | None:
    try:
        return request.extensions.get_extension_for_class(x509.OCSPNonce).value
    except x509.ExtensionNotFound:
        return None


def _sign(builder: ocsp.OCSPResponseBuilder, key: PrivateKey, moment: datetime) -> bytes:
    """Sign so that the same response has the same bytes.

    The library takes producedAt from the machine's clock, and draws at random for ECDSA; so its
    response gets the world's time, is signed again by RFC 6979, and wrapped anew. Where OpenSSL is
    too old for that (`keys.deterministic`), the signature alone differs.
    """
    response = builder.sign(key, hash_for(key))
    produced = response.produced_at_utc.strftime(_STAMP).encode()
    # It is the first of the response's times, and as long as any other.
    signed = response.tbs_response_bytes.replace(produced, moment.strftime(_STAMP).encode(), 1)
    return _wrap(signed, hash_for(key), sign(key, signed), response.certificates)


def _wrap(
    signed: bytes,
    hashing: hashes.HashAlgorithm | None,
    signature: bytes,
    certificates: Iterable[x509.Certificate],
) -> bytes:
    """The DER of an OCSPResponse around a signed ResponseData (RFC 6960 4.2.1)."""
    sent = b"".join(certificate.public_bytes(Encoding.DER) for certificate in certificates)
    basic = _der(
        _SEQUENCE,
        signed
        + _ALGORITHMS[hashing.name if hashing else None]
        + _der(_BIT_STRING, b"\0" + signature)
        + _der(_EXPLICIT_0, _der(_SEQUENCE, sent)),
    )
    inner = _der(_SEQUENCE, _BASIC + _der(_OCTET_STRING, basic))
    return _der(_SEQUENCE, _der(_ENUMERATED, b"\0") + _der(_EXPLICIT_0, inner))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(digits))) + digits + content
