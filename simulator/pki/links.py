"""What a PKI's directory gives the ends of links: TLS for servers, and for stations.

Rule: only names of files; keys stay where they are. What a server shows is for its host, what a
station shows bears its id.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path

from cryptography import x509

from simulator.pki.keys import PkiError
from simulator.pki.ledger import Row
from simulator.pki.shelf import CERTIFICATES, KEYS
from simulator.pki.store import Pki
from simulator.wire.tls import Tls, TlsFiles

SERVER, STATION, ROOT = "CSMS", "CHARGING_STATION", "CSMS_ROOT"


def server_tls(pki: Pki, host: str = "127.0.0.1") -> Tls:
    """For a server on this host, and its clients: the newest certificate for it.

    A host that means all addresses takes the newest of any. Raises PkiError where there is none.
    """
    found = [row for row in _usable(pki, SERVER) if _is_for(pki.certificate(row.serial), host)]
    if not found:
        raise PkiError(
            f"{pki.directory}: no server's certificate for {host}; "
            f"roamlab pki issue server NAME --san {host} makes one"
        )
    return Tls(_files(pki, found[-1]), _root(pki))


def station_tls(pki: Pki, station_id: str, *, client_certificate: bool | None = None) -> Tls:
    """For a station: the root of its CSMS, and the client certificate issued last for its id.

    `client_certificate`: whether it shows one; None: if there is one. Raises PkiError where there
    is none and it must.
    """
    found = [row for row in _usable(pki, STATION) if row.common_name == station_id]
    if client_certificate and not found:
        raise PkiError(
            f"{pki.directory}: no client certificate for {station_id}; "
            f"roamlab pki issue station {station_id} makes one"
        )
    identity = None if client_certificate is False or not found else _files(pki, found[-1])
    return Tls(identity, _root(pki))


def _usable(pki: Pki, spec: str) -> list[Row]:
    """Those whose key is here: one that was signed for somebody else is his."""
    rows = [row for row in pki.issued() if row.spec == spec and not row.revoked]
    return [row for row in rows if _path(pki, KEYS, row).exists()]


def _files(pki: Pki, row: Row) -> TlsFiles:
    return TlsFiles(_path(pki, CERTIFICATES, row), _path(pki, KEYS, row))


def _root(pki: Pki) -> Path:
    root = next(row for row in pki.issued() if row.spec == ROOT)
    return _path(pki, CERTIFICATES, root)


def _path(pki: Pki, folder: str, row: Row) -> Path:
    if pki.directory is None:
        raise PkiError("a PKI in memory has no files")
    return pki.directory / folder / f"{row.file}.pem"


def _is_for(certificate: x509.Certificate, host: str) -> bool:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host in names.get_values_for_type(x509.DNSName)
    return address.is_unspecified or address in names.get_values_for_type(x509.IPAddress)
