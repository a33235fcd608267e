"""The TLS options of commands, the same for all, and what they amount to.

Rule: files are named one by one, or by the directory of a PKI; never both, for which would count?
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.mistakes import Mistake

if TYPE_CHECKING:
    from simulator.pki.store import Pki
    from simulator.wire.tls import Tls

_FILE = click.Path(dir_okay=False, path_type=Path)
_FILES = (
    click.option("--tls-cert", type=_FILE, metavar="FILE",
                 help="Our certificate, PEM: leaf first, without the root (docs/tls.md)."),
    click.option("--tls-key", type=_FILE, metavar="FILE",
                 help="The private key to it, PEM, without a passphrase."),
    click.option("--tls-ca", type=_FILE, metavar="FILE",
                 help="Whom to trust, PEM; default: whom this machine trusts."),
    click.option("--pki", "pki_directory", type=click.Path(file_okay=False, path_type=Path),
                 metavar="DIR",
                 help="Take all of these from a directory of `roamlab pki`."),
)  # fmt: skip
_SERVING = (
    click.option("--tls-mutual", is_flag=True,
                 help="Who connects must show a certificate of --tls-ca."),
    click.option("--insecure", is_flag=True,
                 help="Serve and ask in plain text beyond loopback, too."),
)  # fmt: skip


def client_tls_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What a command takes that only connects."""
    for option in reversed(_FILES):
        command = option(command)
    return command


def tls_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What a command takes that serves, too."""
    for option in reversed((*_FILES, *_SERVING)):
        command = option(command)
    return command


def tls_of(options: Mapping[str, Any], host: str) -> Tls:
    """What the options say for a server on this host and its clients. Raises Mistake."""
    from dataclasses import replace

    from simulator.pki.links import server_tls

    pki = open_pki(options)
    tls = _from_files(options) if pki is None else server_tls(pki, host)
    if options["tls_mutual"] and (tls.identity is None or tls.ca is None):
        raise Mistake("--tls-mutual needs --tls-cert, --tls-key and --tls-ca")
    return replace(tls, mutual=options["tls_mutual"])


def station_tls_of(options: Mapping[str, Any], station_id: str, profile: int | None) -> Tls:
    """What the options say for a station. Raises Mistake."""
    from simulator.pki.links import station_tls

    pki = open_pki(options)
    if pki is None:
        return _from_files(options)
    return station_tls(pki, station_id, client_certificate=None if profile is None else profile > 2)


def open_pki(options: Mapping[str, Any]) -> Pki | None:
    """The PKI that is named, if one is. Raises Mistake."""
    directory = options["pki_directory"]
    if directory is None:
        return None
    if any(options[name] is not None for name in ("tls_cert", "tls_key", "tls_ca")):
        raise Mistake("--pki has certificates and CA: leave --tls-cert, --tls-key and --tls-ca out")
    from simulator.pki.store import Pki

    return Pki.open(directory)


def _from_files(options: Mapping[str, Any]) -> Tls:
    from simulator.wire.tls import Tls, TlsFiles

    certificate, key = options["tls_cert"], options["tls_key"]
    if (certificate is None) != (key is None):
        raise Mistake("--tls-cert and --tls-key go together")
    identity = None if certificate is None else TlsFiles(certificate, key)
    return Tls(identity, options["tls_ca"])
