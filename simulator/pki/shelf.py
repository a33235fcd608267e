"""Where a PKI keeps its certificates and private keys: in memory, and in PEM files if it has a
directory.

Rule: a chain and its key are two files of the same name, in two directories; what has been read is
kept, as neither ever changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from cryptography import x509

from simulator.pki.certificates import pem_chain, read_chain, serial_hex
from simulator.pki.files import make_directory, read_secret, read_text, write
from simulator.pki.hierarchy import Issued
from simulator.pki.keys import PkiError, PrivateKey, key_pem, read_key
from simulator.pki.ledger import Row
from simulator.pki.spec import BY_NAME

Chain: TypeAlias = tuple[x509.Certificate, ...]

CERTIFICATES, KEYS = "certificates", "keys"


class Shelf:
    """Chains and keys by the name of their files."""

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = directory
        self._chains: dict[str, Chain] = {}
        self._keys: dict[str, PrivateKey] = {}

    def prepare(self) -> None:
        """Make the directories. Raises PkiError."""
        if self.directory:
            make_directory(self.directory / CERTIFICATES)
            make_directory(self.directory / KEYS)

    def put(self, file: str, chain: Chain, key: PrivateKey | None) -> None:
        """Keep a chain, and its key where it was made here. Raises PkiError."""
        if self.directory:
            if key:
                write(self.directory / KEYS / f"{file}.pem", key_pem(key), 0o600)
            write(self.directory / CERTIFICATES / f"{file}.pem", pem_chain(chain))
        self._chains[file] = chain
        if key:
            self._keys[file] = key

    def chain(self, row: Row) -> Chain:
        """A chain, leaf first. Raises PkiError when its file is missing, broken or another's."""
        chain = self._chains.get(row.file)
        if chain is None:
            path = self._path(CERTIFICATES, row.file)
            chain = tuple(read_chain(read_text(path), str(path)))
            if serial_hex(chain[0]) != row.serial or len(chain) != BY_NAME[row.spec].chain_length:
                raise PkiError(f"{path}: not the whole chain of certificate {row.serial}")
            self._chains[row.file] = chain
        return chain

    def issued(self, row: Row) -> Issued:
        """A chain with its key. Raises PkiError, also when the key never was here."""
        chain, file = self.chain(row), row.file
        key = self._keys.get(file)
        if key is None:
            path = self._path(KEYS, file)
            key = read_key(read_secret(path), str(path))
            if key.public_key() != chain[0].public_key():
                raise PkiError(f"{path}: not the key of the certificate of this name")
            self._keys[file] = key
        return Issued(chain, key)

    def _path(self, folder: str, file: str) -> Path:
        if self.directory is None or (
            folder == KEYS and not (self.directory / KEYS / f"{file}.pem").exists()
        ):
            raise PkiError(f"{file}: its {folder.removesuffix('s')} is not here")
        return self.directory / folder / f"{file}.pem"
