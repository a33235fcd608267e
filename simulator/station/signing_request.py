"""Key pairs of a station, and the requests to have them certified (PKCS#10, RFC 2986).

Rule: every request has a key pair of its own, drawn from the station's chance; the private key
stays with the `Pending` that was made for it.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from simulator.kernel.chance import Chance
from simulator.pki.keys import P256, PrivateKey, deterministic, draw_key, hash_for
from simulator.station.certificate_kinds import Refused, Signing

_SECC_DC = "CPO"  # the domain component of a SECC leaf, ISO 15118-2 annex F


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose certificate it shall be. ISO 15118 wants a country; others have none."""

    common_name: str
    organization: str
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A request that was not answered yet. `csr` is PEM; later ones have higher numbers."""

    signing: Signing
    csr: str
    key: PrivateKey = field(repr=False)
    number: int = 1


def public_bytes(key: CertificatePublicKeyTypes) -> bytes:
    """A public key as bytes, to compare keys of any kind."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def fresh_key(chance: Chance, known: Container[bytes], algorithm: str = P256) -> PrivateKey:
    """A key that the station never had, also where the same chance was used before."""
    while True:
        key = draw_key(chance, algorithm)
        if public_bytes(key.public_key()) not in known:
            return key


def new_request(signing: Signing, subject: Subject, key: PrivateKey) -> Pending:
    """Ask for a certificate. Raises Refused where the subject cannot be written."""
    parts = (
        (NameOID.COUNTRY_NAME, subject.country),
        (NameOID.ORGANIZATION_NAME, subject.organization),
        (NameOID.COMMON_NAME, subject.common_name),
        (NameOID.DOMAIN_COMPONENT, _SECC_DC if signing.for_cars else None),
    )
    try:
        name = x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])
    except ValueError as error:
        raise Refused("MissingDevModelInfo", f"the subject cannot be written: {error}") from error
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    repeatable = deterministic() if isinstance(key, ec.EllipticCurvePrivateKey) else None
    request = builder.sign(key, hash_for(key), ecdsa_deterministic=repeatable)
    return Pending(signing, request.public_bytes(Encoding.PEM).decode(), key)
