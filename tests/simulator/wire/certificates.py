"""Certificates for the tests of TLS: a CA, and whatever it signs, as PEM files."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from simulator.kernel.clock import DEFAULT_START
from simulator.wire.tls import TlsFiles

_PEM = serialization.Encoding.PEM


@dataclass
class Authority:
    """A CA whose files stand in a directory."""

    directory: Path
    name: str

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._subject = _name(self.name)
        self._write(self.name, self._certificate(self._subject, self._key, ca=True), self._key)
        self.file = self.directory / f"{self.name}.pem"

    def issue(
        self,
        name: str,
        *,
        address: str | None = None,
        begins: datetime = DEFAULT_START - timedelta(days=1),
        ends: datetime = DEFAULT_START + timedelta(days=60),
    ) -> TlsFiles:
        """A leaf with this common name, valid for an IP address."""
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = self._certificate(_name(name), key, address=address, begins=begins, ends=ends)
        file = f"{name}-by-{self.name}"
        self._write(file, leaf, key)
        return TlsFiles(self.directory / f"{file}.pem", self.directory / f"{file}.key")

    def _certificate(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        *,
        ca: bool = False,
        address: str | None = None,
        begins: datetime = datetime(2020, 1, 1, tzinfo=UTC),
        ends: datetime = datetime(2050, 1, 1, tzinfo=UTC),
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
        )
        if address is not None:
            names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256())

    def _write(self, file: str, leaf: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        (self.directory / f"{file}.pem").write_bytes(leaf.public_bytes(_PEM))
        (self.directory / f"{file}.key").write_bytes(
            key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
