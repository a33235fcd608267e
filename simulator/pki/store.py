"""A PKI in a box: in memory, or in a directory that several processes share.

Rule: a certificate is issued once the book has its line; files without one are leftovers. Dates
come from the caller's clock and numbers from the caller's chance, so that a world repeats itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from simulator.kernel.chance import Chance
from simulator.mistakes import did_you_mean
from simulator.pki.certificates import PkiError, common_name, serial_hex
from simulator.pki.contract import Contract
from simulator.pki.csr import read_csr
from simulator.pki.emaid import parse_emaid
from simulator.pki.files import locked, new_directory, read_text, write
from simulator.pki.hierarchy import (
    ORGANIZATION,
    Issued,
    PublicKey,
    Wanted,
    above,
    build,
    draw_serial,
    make_certificate,
    names,
    period,
)
from simulator.pki.keys import PrivateKey, draw_key
from simulator.pki.ledger import Issue, Ledger, Revocation, Row
from simulator.pki.shelf import Chain, Shelf
from simulator.pki.spec import BY_NAME, PROFILES, ROOTS, CertSpec, Kind

FORMAT = 1
SETTINGS, BOOK = "pki.json", "issued.jsonl"
LARGEST_V2 = 800
"""Bytes of DER that ISO 15118-2 allows a certificate."""
REASONS = tuple(
    flag.value for flag in x509.ReasonFlags if flag is not x509.ReasonFlags.remove_from_crl
)
"""Why a certificate may be revoked: RFC 5280, 5.3.1."""


class State(StrEnum):
    """What OCSP says of a certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Standing:
    """A certificate's state, and since when and why it is revoked."""

    status: State
    at: datetime | None = None
    reason: x509.ReasonFlags | None = None


class Settings(msgspec.Struct, frozen=True):
    """What a PKI was made with: the file `pki.json`."""

    format: int
    profile: str
    ocsp_url: str | None


def _leaf_spec(name: str) -> CertSpec:
    spec = BY_NAME.get(name.upper().replace("-", "_"))
    leaves = [one.name for one in BY_NAME.values() if not one.ca]
    if spec is None or spec.ca:
        raise PkiError(f"{name!r} is no certificate to be issued.{did_you_mean(name, leaves)}")
    return spec


def _file_name(spec: CertSpec, certificate: x509.Certificate) -> str:
    """A file name that tells what it is and is nobody else's."""
    plain = re.sub(r"[^0-9A-Za-z._-]", "_", common_name(certificate)).strip("._")
    return f"{spec.name}-{plain}-{serial_hex(certificate)}"


def _issue(spec: CertSpec, certificate: x509.Certificate, file: str | None = None) -> Issue:
    return Issue(
        serial_hex(certificate), spec.name, spec.issuer, common_name(certificate),
        certificate.not_valid_before_utc, certificate.not_valid_after_utc,
        file or _file_name(spec, certificate),
    )  # fmt: skip


def _serial(serial: int | str) -> str:
    return f"{serial:x}" if isinstance(serial, int) else serial.lower().lstrip("0")


def _key_hashes(certificate: x509.Certificate) -> list[str]:
    """The hashes of an authority's key by which OCSP may name it."""
    return [
        ocsp.OCSPRequestBuilder()
        .add_certificate(certificate, certificate, by)
        .build()
        .issuer_key_hash.hex()
        for by in (hashes.SHA1(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512())
    ]


class Pki:
    """Authorities, what they have issued, and what of it is revoked."""

    def __init__(self, settings: Settings, directory: Path | None = None) -> None:
        self.settings = settings
        self.directory = directory
        self._book = Ledger(directory / BOOK if directory else None)
        self._shelf = Shelf(directory)
        self._authorities: dict[str, str] = {}

    @classmethod
    def create(
        cls,
        chance: Chance,
        now: datetime,
        *,
        directory: Path | None = None,
        profile: str = "iso15118-2",
        ocsp_url: str | None = None,
    ) -> Pki:
        """Make a fresh PKI; in a directory that must be new or empty, else in memory.

        `ocsp_url` is where its responder will answer; without one no certificate names any.
        Raises PkiError.
        """
        if profile not in PROFILES:
            raise PkiError(f"profile {profile!r}.{did_you_mean(profile, PROFILES)}")
        settings = Settings(FORMAT, profile, ocsp_url)
        made = build(chance, now, profile=profile, ocsp_url=ocsp_url)
        if directory is None:
            pki = cls(settings)
            pki._fill(made)
            return pki
        if (directory / SETTINGS).exists():
            raise PkiError(f"{directory}: there is a PKI already")
        with new_directory(directory) as fresh:
            write(fresh / SETTINGS, msgspec.json.encode(settings).decode() + "\n")
            cls(settings, fresh)._fill(made)
        return cls(settings, directory)

    @classmethod
    def open(cls, directory: Path) -> Pki:
        """Open a directory made by `create`. Raises PkiError when there is none or it is broken."""
        path = directory / SETTINGS
        if not path.exists():
            raise PkiError(f"{directory}: no PKI here (no {SETTINGS})")
        try:
            settings = msgspec.json.decode(read_text(path), type=Settings)
        except msgspec.DecodeError as problem:
            raise PkiError(f"{path}: not the settings of a PKI: {problem}") from problem
        if settings.format != FORMAT or settings.profile not in PROFILES:
            raise PkiError(f"{path}: made by another version (format {settings.format})")
        pki = cls(settings, directory)
        pki._book.refresh()
        return pki

    # -- reading

    def certificate(self, name: str) -> x509.Certificate:
        """The certificate of this name: see `chain`."""
        return self.chain(name)[0]

    def chain(self, name: str) -> Chain:
        """A certificate and its authorities without the root (a root: itself).

        `name` is one of the table of specs, a common name, an EMAID in any spelling or a serial
        number; of several the one issued last. Raises PkiError for an unknown one.
        """
        return self._shelf.chain(self._find(name)[-1])

    def key(self, name: str) -> PrivateKey:
        """The private key of a certificate: see `chain`. Raises PkiError when it is another's."""
        return self._shelf.issued(self._find(name)[-1]).key

    def roots(self, kind: Kind) -> list[x509.Certificate]:
        """The roots of a kind: V2G, MO, OEM or CSMS. Raises PkiError for another."""
        if kind not in ROOTS:
            raise PkiError(f"roots {kind!r}.{did_you_mean(kind, ROOTS)}")
        return [self.certificate(ROOTS[kind])]

    def contract(self, emaid: str) -> Contract:
        """The contract issued last for an EMAID. Raises PkiError when there is none."""
        issued = self._shelf.issued(self._find(emaid)[-1])
        return Contract(common_name(issued.certificate), issued.chain, issued.key)

    def issued(self) -> list[Row]:
        """All certificates in the order in which they were issued."""
        return list(self._book.rows())

    def row(self, serial: int | str) -> Row | None:
        """The certificate with this serial number (a number, or hex digits)."""
        return self._book.row(_serial(serial))

    def authority(self, issuer_key_hash: bytes | str) -> str | None:
        """The name of the authority whose key has this hash, by SHA-1, -256, -384 or -512."""
        if not self._authorities:
            self._authorities = {
                key_hash: row.spec
                for row in self._book.rows()
                if BY_NAME[row.spec].ca
                for key_hash in _key_hashes(self._shelf.chain(row)[0])
            }
        sought = issuer_key_hash if isinstance(issuer_key_hash, str) else issuer_key_hash.hex()
        return self._authorities.get(sought.lower())

    def standing(self, authority: str, serial: int | str) -> Standing:
        """What is to be told of a certificate that this authority is asked about."""
        row = self.row(serial)
        if row is None or row.issuer != authority:
            return Standing(State.UNKNOWN)
        if row.revoked_at is None:
            return Standing(State.GOOD)
        return Standing(
            State.REVOKED, row.revoked_at, x509.ReasonFlags(row.revocation_reason or "unspecified")
        )

    def status(self, issuer_key_hash: bytes | str, serial: int | str) -> State:
        """What OCSP says: unknown for what none of our authorities has issued."""
        authority = self.authority(issuer_key_hash)
        return self.standing(authority, serial).status if authority else State.UNKNOWN

    # -- issuing

    def issue_contract(
        self,
        emaid: str,
        now: datetime,
        chance: Chance,
        *,
        valid_for: timedelta | None = None,
        not_before: datetime | None = None,
        ocsp: bool = True,
    ) -> Contract:
        """Issue a contract certificate whose common name is the EMAID without dashes.

        Raises PkiError for what is no EMAID (`issue` takes any name).
        """
        if (parsed := parse_emaid(emaid)) is None:
            raise PkiError(f"{emaid!r} is no EMAID: like DE-8PS-C12345678-9, dashes may be missing")
        issued = self.issue(
            "CONTRACT", parsed.compact(), now, chance,
            valid_for=valid_for, not_before=not_before, ocsp=ocsp,
        )  # fmt: skip
        return Contract(parsed.compact(), issued.chain, issued.key)

    def issue(
        self,
        spec_name: str,
        name: str | None,
        now: datetime,
        chance: Chance,
        *,
        valid_for: timedelta | None = None,
        not_before: datetime | None = None,
        ocsp: bool = True,
        san: Sequence[str] = (),
        organization: str = ORGANIZATION,
    ) -> Issued:
        """Issue a certificate with a key of its own.

        `name` is the common name, the table's where it is None. Validity is the table's from a
        little before `now`, unless said otherwise; `ocsp=False` leaves out where its status is
        told; `san` are the names of a server, by default those of loopback. Raises PkiError.
        """
        spec = _leaf_spec(spec_name)
        key = draw_key(chance, spec.algorithm(self.settings.profile))
        start, end = period(now, spec.validity if valid_for is None else valid_for, not_before)
        wanted = Wanted(
            name or spec.common_name,
            not_before=start,
            not_after=end,
            organization=organization,
            ocsp_url=self.settings.ocsp_url if ocsp else None,
            san=san or names(spec),
        )
        return Issued(self._make(spec, wanted, key.public_key(), chance, key), key)

    def sign_csr(
        self,
        csr_pem: str,
        spec_name: str,
        now: datetime,
        chance: Chance,
        *,
        valid_for: timedelta | None = None,
        not_before: datetime | None = None,
        ocsp: bool = True,
    ) -> list[x509.Certificate]:
        """Certify the key of a signing request: the chain, leaf first, without root.

        Common name, organization and country are the request's, all else the table's. Raises
        PkiError when the request cannot be read or its signature is not by its own key.
        """
        spec = _leaf_spec(spec_name)
        request = read_csr(csr_pem)
        start, end = period(now, spec.validity if valid_for is None else valid_for, not_before)
        wanted = Wanted(
            request.common_name,
            not_before=start,
            not_after=end,
            organization=request.organization or ORGANIZATION,
            country=request.country,
            ocsp_url=self.settings.ocsp_url if ocsp else None,
            san=names(spec),
        )
        return list(self._make(spec, wanted, request.public_key, chance, None))

    def revoke(self, what: str, now: datetime, reason: str = "unspecified") -> list[Row]:
        """Revoke a certificate by serial number, or all that bear a name (see `chain`).

        The rows as they then are; one revoked before keeps its date. Raises PkiError for an unknown
        thing, an unknown reason, and a root, which nobody can revoke.
        """
        if reason not in REASONS:
            raise PkiError(f"reason {reason!r}.{did_you_mean(reason, REASONS)}")
        with locked(self.directory):
            rows = self._find(what)
            if BY_NAME[rows[0].spec].is_root:
                raise PkiError(f"{what}: a root has no issuer that could revoke it")
            at = now.replace(microsecond=0)
            self._book.append(
                *(Revocation(row.serial, at, reason) for row in rows if not row.revoked)
            )
        return [row for one in rows if (row := self._book.row(one.serial))]

    # -- inside

    def _find(self, name: str) -> list[Row]:
        """The rows that a name means, at least one, oldest first."""
        if rows := self._book.find(name):
            return rows
        raise PkiError(f"{name!r}: no such certificate.{did_you_mean(name, self._book.names())}")

    def _make(
        self,
        spec: CertSpec,
        wanted: Wanted,
        public_key: PublicKey,
        chance: Chance,
        key: PrivateKey | None,
    ) -> Chain:
        with locked(self.directory):
            issuer = self._shelf.issued(self._find(spec.issuer)[-1])
            serial = draw_serial(chance)
            while self._book.row(f"{serial:x}"):
                serial = draw_serial(chance)
            leaf = make_certificate(
                spec, wanted, serial, public_key, issuer.certificate, issuer.key
            )
            self._refuse_large(spec, leaf)
            chain = (leaf, *above(spec, issuer))
            self._shelf.put(_file_name(spec, leaf), chain, key)
            self._book.append(_issue(spec, leaf))
        return chain

    def _refuse_large(self, spec: CertSpec, certificate: x509.Certificate) -> None:
        size = len(certificate.public_bytes(Encoding.DER))
        if spec.v2g and self.settings.profile == "iso15118-2" and size > LARGEST_V2:
            raise PkiError(
                f"{spec.name} {common_name(certificate)!r}: {size} bytes, ISO 15118-2 allows"
                f" {LARGEST_V2}; a shorter OCSP address or name helps"
            )

    def _fill(self, made: dict[str, Issued]) -> None:
        self._shelf.prepare()
        for name, one in made.items():
            self._refuse_large(BY_NAME[name], one.certificate)
            self._shelf.put(name, one.chain, one.key)
        self._book.append(
            *(_issue(BY_NAME[name], one.certificate, name) for name, one in made.items())
        )
