"""Certificate signing requests (PKCS#10): made by stations, read by authorities.

Rule: a request proves that who asks holds the key: a signature that is not by its own key is
refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from simulator.pki.hierarchy import PublicKey, repeatable
from simulator.pki.keys import PkiError, PrivateKey, hash_for

LONGEST_CSR = 5_500  # SignCertificateRequest.csr, OCPP 2.0.1 part 2
_SMALLEST_RSA = 2048
_CURVES = ("secp256r1", "secp384r1", "secp521r1")


@dataclass(frozen=True, slots=True)
class Csr:
    """What a request asks for."""

    common_name: str
    organization: str | None
    country: str | None
    public_key: PublicKey


def make_csr(
    key: PrivateKey,
    common_name: str,
    organization: str | None = None,
    country: str | None = None,
    *,
    dc: str | None = None,
) -> str:
    """Write a request as PEM, signed by its key. Raises PkiError for names that it cannot hold."""
    parts = [
        (NameOID.COUNTRY_NAME, country),
        (NameOID.ORGANIZATION_NAME, organization),
        (NameOID.COMMON_NAME, common_name),
        (NameOID.DOMAIN_COMPONENT, dc),
    ]
    try:
        name = x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])
        builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    except ValueError as problem:
        raise PkiError(f"signing request for {common_name!r}: {problem}") from problem
    request = builder.sign(key, hash_for(key), ecdsa_deterministic=repeatable(key))
    return request.public_bytes(Encoding.PEM).decode()


def read_csr(pem: str) -> Csr:
    """Read a request. Raises PkiError when it cannot be read, has no common name, is not signed by
    its own key, or has a key that nothing here certifies.
    """
    try:
        request = x509.load_pem_x509_csr(pem.encode())
        signed = request.is_signature_valid
        key = request.public_key()
        subject = request.subject
    except Exception as problem:  # as in reading certificates: of many kinds
        raise PkiError("signing request: not a PKCS#10 request in PEM") from problem
    if not signed:
        raise PkiError("signing request: its signature is not by its own key")
    if not (name := _attribute(subject, NameOID.COMMON_NAME)):
        raise PkiError("signing request: it names nobody (no common name)")
    return Csr(
        name,
        _attribute(subject, NameOID.ORGANIZATION_NAME),
        _attribute(subject, NameOID.COUNTRY_NAME),
        _usable(key),
    )


def _usable(key: object) -> PublicKey:
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return key
    if isinstance(key, ed448.Ed448PublicKey):
        return key
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _SMALLEST_RSA:
        return key
    raise PkiError(
        f"signing request: a key on {', '.join(_CURVES)}, Ed448 or RSA from {_SMALLEST_RSA} bits on"
        " is expected"
    )


def _attribute(name: x509.Name, oid: x509.ObjectIdentifier) -> str | None:
    found = name.get_attributes_for_oid(oid)
    value = found[-1].value if found else None
    return value if isinstance(value, str) else None
