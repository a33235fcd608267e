"""Certificates as OCPP and users see them: PEM in and out, hash data, OCSP addresses.

Rule: whatever a text holds, reading it gives certificates whose every part can be read, or a
PkiError.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from simulator.kernel.clock import rfc3339
from simulator.pki.keys import PkiError

__all__ = [
    "PkiError",
    "common_name",
    "described",
    "domain_component",
    "fingerprint",
    "hash_data",
    "is_issuer",
    "ocsp_request_data",
    "ocsp_url",
    "organization",
    "pem",
    "pem_chain",
    "read_certificate",
    "read_chain",
    "read_der",
    "serial_hex",
]

LONGEST_TEXT = 200_000
MOST_HASHES = 4  # iso15118CertificateHashData, OCPP 2.0.1 part 2, AuthorizeRequest
_HASHES: dict[str, hashes.SHA256 | hashes.SHA384 | hashes.SHA512] = {
    "SHA256": hashes.SHA256(),
    "SHA384": hashes.SHA384(),
    "SHA512": hashes.SHA512(),
}


def read_chain(text: str, place: str = "certificate chain") -> list[x509.Certificate]:
    """Read all certificates of a PEM text, in their order (a leaf comes first by convention).

    Text around the blocks and blocks of other kinds are passed over. Raises PkiError, naming
    `place`, when there is no certificate or one that cannot be read.
    """
    if len(text) > LONGEST_TEXT:
        raise PkiError(f"{place}: {len(text)} characters are more than any chain has")
    return _read(lambda: x509.load_pem_x509_certificates(text.encode()), "PEM", place)


def read_certificate(text: str, place: str = "certificate") -> x509.Certificate:
    """Read the one certificate of a PEM text. Raises PkiError when there are none or several."""
    chain = read_chain(text, place)
    if len(chain) != 1:
        raise PkiError(f"{place}: one certificate is expected, not {len(chain)}")
    return chain[0]


def read_der(der: bytes, place: str = "certificate") -> x509.Certificate:
    """Read one certificate in DER. Raises PkiError."""
    return _read(lambda: [x509.load_der_x509_certificate(der)], "DER", place)[0]


def _read(
    load: Callable[[], list[x509.Certificate]], form: str, place: str
) -> list[x509.Certificate]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        try:
            certificates = load()
            for certificate in certificates:
                _read_parts(certificate)
        except Exception as problem:  # of many kinds, and of others from release to release
            cause = str(problem).partition("\n")[0].partition(". ")[0] or type(problem).__name__
            told = f"{place}: not a {form} certificate that can be read: {cause}"
            raise PkiError(told) from problem
    return certificates


def _read_parts(certificate: x509.Certificate) -> None:
    """Touch what the library reads only when asked for, so that nobody meets its errors later."""
    if certificate.serial_number < 1:  # which the library only warns of, until some release
        raise ValueError("its serial number is below one")
    _ = (
        certificate.version,
        certificate.subject,
        certificate.issuer,
        certificate.public_key(),
        certificate.extensions,
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        certificate.signature_algorithm_oid,
    )


def pem(certificate: x509.Certificate) -> str:
    """Write one certificate as PEM, with its final newline."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def pem_chain(certificates: Iterable[x509.Certificate]) -> str:
    """Write certificates as PEM, one after another."""
    return "".join(map(pem, certificates))


def common_name(certificate: x509.Certificate) -> str:
    """The subject's (last) common name; "" when it has none."""
    return _attribute(certificate.subject, NameOID.COMMON_NAME)


def organization(certificate: x509.Certificate) -> str:
    """The subject's organization; "" when it has none."""
    return _attribute(certificate.subject, NameOID.ORGANIZATION_NAME)


def domain_component(certificate: x509.Certificate) -> str:
    """The subject's domain component, which tells a certificate's part in ISO 15118; "" if none."""
    return _attribute(certificate.subject, NameOID.DOMAIN_COMPONENT)


def _attribute(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    value = found[-1].value if found else ""
    return value if isinstance(value, str) else value.decode("latin-1")


def serial_hex(certificate: x509.Certificate) -> str:
    """The serial number as OCPP writes it: lower hex digits without leading zeros."""
    return f"{certificate.serial_number:x}"


def described(certificate: x509.Certificate) -> dict[str, str]:
    """A certificate for people: names (RFC 4514), serial number (hex), period (RFC 3339)."""
    return {
        "subject": certificate.subject.rfc4514_string(),
        "issuer": certificate.issuer.rfc4514_string(),
        "serial": serial_hex(certificate),
        "not_before": rfc3339(certificate.not_valid_before_utc),
        "not_after": rfc3339(certificate.not_valid_after_utc),
    }


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 over the certificate, in lower hex digits."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def is_issuer(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Whether `issuer` bears the issuer's name and its key made the certificate's signature."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def hash_data(
    certificate: x509.Certificate, issuer: x509.Certificate, algorithm: str = "SHA256"
) -> dict[str, str]:
    """OCPP's CertificateHashDataType of a certificate; a root is its own issuer.

    The name is hashed as the certificate spells it, the key as the bits of the issuer's
    subjectPublicKey (OCPP 2.0.1 part 2, 2.6; RFC 6960, 4.1.1). Raises PkiError for an algorithm
    that OCPP does not have.
    """
    if (hashing := _HASHES.get(algorithm)) is None:
        raise PkiError(f"hash algorithm {algorithm!r}: OCPP has {', '.join(_HASHES)}")
    asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashing).build()
    return {
        "hashAlgorithm": algorithm,
        "issuerNameHash": asked.issuer_name_hash.hex(),
        "issuerKeyHash": asked.issuer_key_hash.hex(),
        "serialNumber": serial_hex(certificate),
    }


def ocsp_url(certificate: x509.Certificate) -> str | None:
    """Where a certificate's status is told (authority information access, RFC 5280 4.2.2.1)."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except x509.ExtensionNotFound:
        return None
    for entry in access.value:
        if entry.access_method == AuthorityInformationAccessOID.OCSP and isinstance(
            entry.access_location, x509.UniformResourceIdentifier
        ):
            return entry.access_location.value
    return None


def ocsp_request_data(
    chain: Sequence[x509.Certificate],
    issuers: Iterable[x509.Certificate],
    algorithm: str = "SHA256",
) -> list[dict[str, str]] | None:
    """OCPP's OCSPRequestDataType for each certificate of a chain, leaf first; roots are left out.

    `issuers` are further certificates, the roots, that may have issued one of the chain. None where
    the status cannot be asked for all: one names no responder, its issuer is not at hand, or there
    are more than OCPP carries. What C07.FR.02 wants of a station that validates by itself.
    """
    asked = [certificate for certificate in chain if certificate.subject != certificate.issuer]
    known = [*chain, *issuers]
    if not asked or len(asked) > MOST_HASHES:
        return None
    data = []
    for certificate in asked:
        url = ocsp_url(certificate)
        issuer = next((one for one in known if is_issuer(one, certificate)), None)
        if url is None or issuer is None:
            return None
        data.append({**hash_data(certificate, issuer, algorithm), "responderURL": url})
    return data
