"""Making certificates: one from its row of the table, and a whole fresh hierarchy.

Rule: a certificate is made from its row, its names and dates and the chance given, and from nothing
else; the same of all these give the same bytes.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from simulator.kernel.chance import Chance
from simulator.pki.keys import PkiError, PrivateKey, deterministic, draw_key, hash_for
from simulator.pki.spec import BY_NAME, SPECS, CertSpec, Extended

PublicKey = ec.EllipticCurvePublicKey | ed448.Ed448PublicKey | rsa.RSAPublicKey

ORGANIZATION = "roamlab"
BACKDATED = timedelta(hours=1)
"""How long before its making a certificate becomes valid, for peers whose clocks are behind."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")
LONGEST_NAME = 64  # ub-common-name, ub-organization-name: RFC 5280, appendix A
_SERIAL_BITS = 119
_http_url = re.compile(r"https?://[!-~]+").fullmatch
_host_name = re.compile(r"(?:\*\.)?(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*").fullmatch
_EXTENDED: dict[Extended, x509.ObjectIdentifier] = {
    "server_auth": ExtendedKeyUsageOID.SERVER_AUTH,
    "client_auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "ocsp_signing": ExtendedKeyUsageOID.OCSP_SIGNING,
}


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its authorities without the root (a root: itself), and its private key."""

    chain: tuple[x509.Certificate, ...]
    key: PrivateKey = field(repr=False)

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate itself, the first of the chain."""
        return self.chain[0]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one certificate holds beyond its row of the table."""

    common_name: str
    not_before: datetime
    not_after: datetime
    organization: str = ORGANIZATION
    country: str | None = None
    ocsp_url: str | None = None
    san: Sequence[str] = ()


def draw_serial(chance: Chance) -> int:
    """A serial number: positive, at most 15 bytes of DER (OCPP takes 40 hex digits)."""
    return chance.integer(2 ** (_SERIAL_BITS - 1), 2**_SERIAL_BITS - 1)


def period(
    now: datetime, valid_for: timedelta, not_before: datetime | None = None
) -> tuple[datetime, datetime]:
    """From when until when, in whole seconds of UTC; a little before `now` where not said.

    Raises PkiError for a period that is empty or beyond what a certificate can say.
    """
    try:
        begin = (now - BACKDATED if not_before is None else not_before).astimezone(UTC)
        start = begin.replace(microsecond=0)
        end = ((now if not_before is None else begin) + valid_for).astimezone(UTC)
        end = end.replace(microsecond=0)
    except OverflowError as problem:
        raise PkiError("validity: beyond the year 9999") from problem
    if end <= start or valid_for <= timedelta(0) or start.year < 1950:
        raise PkiError(f"validity: {start:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S} is none")
    return start, end


def make_certificate(
    spec: CertSpec,
    wanted: Wanted,
    serial: int,
    public_key: PublicKey,
    issuer: x509.Certificate | None,
    issuer_key: PrivateKey,
) -> x509.Certificate:
    """Make and sign one certificate; without an issuer it is a root and signs itself.

    Raises PkiError for names that a certificate cannot hold.
    """
    try:
        subject = _subject(spec, wanted)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.subject if issuer else subject)
            .public_key(public_key)
            .serial_number(serial)
            .not_valid_before(wanted.not_before)
            .not_valid_after(wanted.not_after)
        )
        for extension, critical in _extensions(spec, wanted, public_key, issuer):
            builder = builder.add_extension(extension, critical)
    except ValueError as problem:
        raise PkiError(f"{spec.name} {wanted.common_name!r}: {problem}") from problem
    return builder.sign(
        issuer_key, hash_for(issuer_key), ecdsa_deterministic=repeatable(issuer_key)
    )


def repeatable(key: PrivateKey) -> bool | None:
    """What the library's switch for deterministic ECDSA takes: it is only for such keys."""
    return deterministic() if isinstance(key, ec.EllipticCurvePrivateKey) else None


def _subject(spec: CertSpec, wanted: Wanted) -> x509.Name:
    parts = [
        (NameOID.COUNTRY_NAME, wanted.country),
        (NameOID.ORGANIZATION_NAME, wanted.organization),
        (NameOID.COMMON_NAME, wanted.common_name),
        (NameOID.DOMAIN_COMPONENT, spec.dc),
    ]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])


def _extensions(
    spec: CertSpec, wanted: Wanted, public_key: PublicKey, issuer: x509.Certificate | None
) -> Iterable[tuple[x509.ExtensionType, bool]]:
    """Each extension and whether it is critical."""
    own_id = x509.SubjectKeyIdentifier.from_public_key(public_key)
    yield x509.BasicConstraints(ca=spec.ca, path_length=spec.path_len), True
    yield _key_usage(spec), True
    yield own_id, False
    yield (
        x509.AuthorityKeyIdentifier(_key_id(issuer) if issuer else own_id.digest, None, None),
        False,
    )
    if spec.extended:
        yield x509.ExtendedKeyUsage([_EXTENDED[use] for use in spec.extended]), False
    if "ocsp_signing" in spec.extended:
        yield x509.OCSPNoCheck(), False
    elif wanted.ocsp_url and issuer:
        if not _http_url(wanted.ocsp_url):
            raise ValueError(f"OCSP address {wanted.ocsp_url!r}: as http://HOST/… is expected")
        place = x509.UniformResourceIdentifier(wanted.ocsp_url)
        how = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)
        yield x509.AuthorityInformationAccess([how]), False
    if wanted.san:
        yield x509.SubjectAlternativeName([_general_name(name) for name in wanted.san]), False


def _key_id(certificate: x509.Certificate) -> bytes:
    """A certificate's own key id, or the usual one where it names none."""
    try:
        own = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        key = certificate.public_key()
        return x509.SubjectKeyIdentifier.from_public_key(key).digest
    return own.value.digest


def _key_usage(spec: CertSpec) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature="digital_signature" in spec.usage,
        content_commitment="content_commitment" in spec.usage,
        key_encipherment="key_encipherment" in spec.usage,
        data_encipherment=False,
        key_agreement="key_agreement" in spec.usage,
        key_cert_sign="key_cert_sign" in spec.usage,
        crl_sign="crl_sign" in spec.usage,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        if not _host_name(name):
            raise ValueError(f"{name!r} is neither an address nor a host's name") from None
        return x509.DNSName(name)


def build(
    chance: Chance, now: datetime, *, profile: str, ocsp_url: str | None
) -> dict[str, Issued]:
    """Make what each PKI has: authorities, OCSP signers, the CPS and the CSMS's server.

    Keyed by their names in the table. Each draws from a stream of its own, so that a row more
    changes none of the others.
    """
    made: dict[str, Issued] = {}
    for spec in SPECS:
        if not spec.fixed:
            continue
        own = chance.child(spec.name)
        key = draw_key(own, spec.algorithm(profile))
        not_before, not_after = period(now, spec.validity)
        wanted = Wanted(spec.common_name, not_before, not_after, ocsp_url=ocsp_url, san=names(spec))
        issuer = None if spec.is_root else made[spec.issuer]
        certificate = make_certificate(
            spec,
            wanted,
            draw_serial(own),
            key.public_key(),
            issuer.certificate if issuer else None,
            issuer.key if issuer else key,
        )
        made[spec.name] = Issued((certificate, *above(spec, issuer)), key)
    return made


def above(spec: CertSpec, issuer: Issued | None) -> tuple[x509.Certificate, ...]:
    """The authorities between a certificate and its root, nearest first."""
    return () if issuer is None or BY_NAME[spec.issuer].is_root else issuer.chain


def names(spec: CertSpec) -> Sequence[str]:
    """The alternative names of a server that nobody names otherwise: those of loopback."""
    return LOOPBACK if "server_auth" in spec.extended else ()
