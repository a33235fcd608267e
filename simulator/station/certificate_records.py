"""What a station holds of certificates: trust anchors, its own chains with their keys, requests.

Rule: plain records; the private keys in them are shown by nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from cryptography import x509

from simulator.pki.certificates import PkiError, fingerprint, hash_data, ocsp_url, serial_hex
from simulator.pki.keys import PrivateKey
from simulator.station.certificate_kinds import Signing, Use
from simulator.station.signing_request import Pending

Certificate = x509.Certificate
RENEWED_BEFORE = timedelta(days=30)  # "will expire in one month", A03.FR.02
_MOST_CHILDREN = 4  # CertificateHashDataChainType


@dataclass(frozen=True, slots=True)
class Root:
    """A trust anchor and what it is for."""

    use: Use
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class Own:
    """A certificate of the station's own: the chain leaf first, the root above it, the key."""

    signing: Signing
    chain: tuple[Certificate, ...]
    root: Certificate
    key: PrivateKey = field(repr=False)

    @property
    def leaf(self) -> Certificate:
        """The certificate itself."""
        return self.chain[0]

    @property
    def issued(self) -> Iterator[tuple[Certificate, Certificate]]:
        """Each certificate of the chain with its issuer, leaf first."""
        return zip(self.chain, (*self.chain[1:], self.root), strict=True)

    def valid(self, now: datetime) -> bool:
        """All of the chain and its root are within their periods."""
        return all(
            each.not_valid_before_utc <= now <= each.not_valid_after_utc
            for each in (*self.chain, self.root)
        )

    @property
    def renewal_at(self) -> datetime:
        """When to ask for the next one: a month before its end, or when two thirds have passed of
        one that does not live so long.
        """
        begin, end = self.leaf.not_valid_before_utc, self.leaf.not_valid_after_utc
        return end - min(RENEWED_BEFORE, (end - begin) / 3)


@dataclass(frozen=True, slots=True)
class Held:
    """All that survives."""

    roots: tuple[Root, ...] = ()
    own: tuple[Own, ...] = ()
    pending: tuple[Pending, ...] = ()


class Keeper(Protocol):
    """Where a store is kept beyond the life of the process."""

    def save(self, held: Held) -> None:
        """Keep all of this instead of what was. Raises OSError."""


def age(certificate: Certificate) -> tuple[datetime, str]:
    """What the newest is the greatest by."""
    return certificate.not_valid_before_utc, fingerprint(certificate)


def is_root(certificate: Certificate) -> bool:
    """It has issued itself."""
    return certificate.subject == certificate.issuer


def chain_ids(own: Own) -> dict[str, Any]:
    """CertificateHashDataChainType of a chain: the sub-CAs hang below the leaf (M03.FR.05)."""
    leaf, *children = [hash_data(one, issuer) for one, issuer in own.issued]
    shown: dict[str, Any] = {
        "certificateType": Use.V2G_CHAIN.value,
        "certificateHashData": leaf,
    }
    if children:
        shown["childCertificateHashData"] = children[:_MOST_CHILDREN]
    return shown


def is_named(certificate: Certificate, issuer: Certificate, wanted: dict[str, Any]) -> bool:
    """Is this the certificate that was named? Hex digits of any case, zeros in front allowed."""
    serial = str(wanted["serialNumber"]).lower().removeprefix("0x").lstrip("0")
    if serial != serial_hex(certificate):
        return False
    try:
        mine = hash_data(certificate, issuer, wanted["hashAlgorithm"])
    except PkiError:
        return False
    names = ("issuerNameHash", "issuerKeyHash")
    return all(str(wanted[name]).lower() == mine[name] for name in names)


def ocsp_questions(own: Own) -> list[tuple[str, dict[str, str]]]:
    """OCSPRequestDataType for each certificate of a chain that names its responder (M06), with the
    fingerprint it is known by.
    """
    return [
        (fingerprint(one), {**hash_data(one, issuer), "responderURL": url})
        for one, issuer in own.issued
        if (url := ocsp_url(one)) is not None
    ]
