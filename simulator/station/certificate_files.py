"""A station's certificates in a directory: PEM files, one folder for each type.

Rule: what was saved is there as a whole or not at all: a key is written before its certificate, a
file replaces another in one step, and only then goes what is no longer held. Keys are readable by
their owner alone. A folder of roots may hold any `*.pem`; the store gives files its own names.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from simulator.pki.certificates import PkiError, fingerprint, is_issuer, pem, pem_chain, read_chain
from simulator.pki.keys import PrivateKey, key_pem, read_key
from simulator.station.certificate_kinds import ROOTS, Signing, Use
from simulator.station.certificate_records import Certificate, Held, Own, Root, is_root
from simulator.station.certificates import CertificateStore
from simulator.station.config import Delivered, StationConfig, StationError
from simulator.station.signing_request import Pending, public_bytes

_PENDING = "pending"
_NAME = 16  # hex digits of a fingerprint


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """The folder of one station."""

    directory: Path

    def load(self) -> Held:
        """Read all; nothing where there is no folder. Raises StationError, naming the file."""
        roots = tuple(
            Root(use, certificate)
            for use in ROOTS
            for path in self._files(use.value, ".pem")
            for certificate in _chain(_text(path), path)
        )
        own = tuple(
            _own(signing, _text(path), _text(path.with_suffix(".key")), roots, path)
            for signing in Signing
            for path in self._files(signing.value, ".pem")
        )
        return Held(tuple(dict.fromkeys(roots)), own, self._pending())

    def save(self, held: Held) -> None:
        """Keep all of this instead of what was. Raises OSError."""
        wanted = dict(_texts(held))
        for name in sorted(wanted, key=lambda name: (not name.endswith(".key"), name)):
            _write(self.directory / name, wanted[name])
        for folder in (*(use.value for use in ROOTS), *Signing, _PENDING):
            for suffix in (".pem", ".csr", ".key"):
                for path in self._files(folder, suffix):
                    if f"{folder}/{path.name}" not in wanted:
                        path.unlink(missing_ok=True)

    def _files(self, folder: str, suffix: str) -> list[Path]:
        return sorted((self.directory / folder).glob(f"*{suffix}"))

    def _pending(self) -> tuple[Pending, ...]:
        return tuple(
            Pending(signing, _text(path), _key(path.with_suffix(".key")), number)
            for path in self._files(_PENDING, ".csr")
            for number, signing in (_request(path),)
        )


def station_folder(directory: Path, station_id: str) -> Path:
    """The folder of a station below one for many; any id makes a name that stays within it."""
    safe = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "-_") else f"%{ord(letter):X}"
        for letter in station_id
    )
    return directory / safe


def open_store(config: StationConfig) -> CertificateStore:
    """The store of a station: what its directory holds comes before what it was delivered with.
    Raises StationError.
    """
    if config.certificate_directory is None:
        return CertificateStore(delivered(config.certificates))
    files = CertificateFiles(station_folder(config.certificate_directory, config.id))
    held = files.load()
    if held == Held():
        held = delivered(config.certificates)
    try:
        files.save(held)
    except OSError as error:
        raise StationError(f"{files.directory}: cannot be written: {error}") from error
    return CertificateStore(held, files)


def delivered(parts: Iterable[Delivered]) -> Held:
    """What a station comes with from its factory. Raises StationError."""
    listed = list(parts)
    roots = [
        Root(Use(part.use), certificate)
        for part in listed
        if part.use in ROOTS
        for certificate in _chain(part.pem, part.use)
    ]
    own = [
        _own(Signing(part.use), part.pem, part.key_pem or "", roots, part.use)
        for part in listed
        if part.use not in ROOTS
    ]
    return Held(tuple(dict.fromkeys(roots)), tuple(own))


def _own(signing: Signing, text: str, key_text: str, roots: Iterable[Root], place: object) -> Own:
    """A chain, leaf first, with its root at the end or among the roots that are there."""
    chain = _chain(text, place)
    if is_root(chain[-1]) and len(chain) > 1:
        *chain, root = chain
    else:
        above = (each.certificate for each in roots if is_issuer(each.certificate, chain[-1]))
        root = next(above, chain[-1])
    if not all(map(is_issuer, (*chain[1:], root), chain)):
        raise StationError(f"{place}: no chain from a leaf up to a root that is there")
    try:
        key = read_key(key_text, str(place))
    except PkiError as error:
        raise StationError(str(error)) from error
    if public_bytes(key.public_key()) != public_bytes(chain[0].public_key()):
        raise StationError(f"{place}: the private key is not that of the first certificate")
    return Own(signing, tuple(chain), root, key)


def _chain(text: str, place: object) -> list[Certificate]:
    try:
        return read_chain(text, str(place))
    except PkiError as error:
        raise StationError(str(error)) from error


def _key(path: Path) -> PrivateKey:
    try:
        return read_key(_text(path), str(path))
    except PkiError as error:
        raise StationError(str(error)) from error


def _request(path: Path) -> tuple[int, Signing]:
    """A request's number and what it is for, as its name says: `000001.V2GCertificate.csr`."""
    number, _, word = path.stem.partition(".")
    if not (number.isascii() and number.isdigit()) or word not in list(Signing):
        raise StationError(f"{path}: expected a name like 000001.{Signing.V2G}.csr")
    return int(number), Signing(word)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, ValueError) as error:
        raise StationError(f"{path}: cannot be read: {error}") from error


def _texts(held: Held) -> Iterator[tuple[str, str]]:
    """Each file's name below the folder, and what it holds."""
    for root in held.roots:
        yield f"{root.use.value}/{_short(root.certificate)}.pem", pem(root.certificate)
    for own in held.own:
        place = f"{own.signing.value}/{_short(own.leaf)}"
        yield f"{place}.key", key_pem(own.key)
        yield f"{place}.pem", pem_chain((*own.chain, own.root))
    for pending in held.pending:
        place = f"{_PENDING}/{pending.number:06}.{pending.signing.value}"
        yield f"{place}.key", key_pem(pending.key)
        yield f"{place}.csr", pending.csr


def _short(certificate: Certificate) -> str:
    return fingerprint(certificate)[:_NAME]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)  # of a process that ended too early
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    temporary.replace(path)
