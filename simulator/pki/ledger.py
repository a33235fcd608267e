"""The book of a PKI: which certificates were issued, which are revoked.

Rule: it only grows, one JSON line an event. A line counts from its newline on; what several
processes append, each of them sees at its next question.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import msgspec

from simulator.pki.emaid import contract_key
from simulator.pki.keys import PkiError


@dataclass(frozen=True, slots=True)
class Row:
    """One certificate. `serial` is lower hex as OCPP writes it; `file` names its PEM files;
    `issuer` is the name of the authority in the table of specs, its own for a root.
    """

    serial: str
    spec: str
    issuer: str
    common_name: str
    not_before: datetime
    not_after: datetime
    file: str
    revoked_at: datetime | None = None
    revocation_reason: str | None = None

    @property
    def revoked(self) -> bool:
        """Whether it has been revoked."""
        return self.revoked_at is not None


class Issue(msgspec.Struct, tag="issued", tag_field="event", frozen=True):
    """The event of a certificate's making."""

    serial: str
    spec: str
    issuer: str
    common_name: str
    not_before: datetime
    not_after: datetime
    file: str


class Revocation(msgspec.Struct, tag="revoked", tag_field="event", frozen=True):
    """The event of a certificate's revocation."""

    serial: str
    at: datetime
    reason: str


Event: TypeAlias = Issue | Revocation
_DECODER = msgspec.json.Decoder(Issue | Revocation)
_ENCODER = msgspec.json.Encoder()


class Ledger:
    """The book, in memory or upon a file of JSON lines."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._rows: dict[str, Row] = {}
        self._named: dict[tuple[str, str], list[str]] = {}
        self._read_bytes = 0
        self._lines = 0
        self._file_id: int | None = None

    def rows(self) -> Iterator[Row]:
        """All certificates, in the order in which they were issued."""
        self.refresh()
        return iter(self._rows.values())

    def row(self, serial: str) -> Row | None:
        """The certificate of a serial number in lower hex."""
        self.refresh()
        return self._rows.get(serial)

    def find(self, name: str) -> list[Row]:
        """What a name means, oldest first: a serial number, a name of the table of specs, a common
        name, or an EMAID in any spelling.
        """
        self.refresh()
        if row := self._rows.get(name.lower().removeprefix("0x").lstrip("0")):
            return [row]
        for sought in (
            ("spec", name.upper().replace("-", "_")),
            ("name", name),
            ("contract", contract_key(name)),
        ):
            if serials := self._named.get(sought):
                return [self._rows[serial] for serial in serials]
        return []

    def names(self) -> set[str]:
        """All names that `find` knows, but for serial numbers and spellings."""
        return {name for kind, name in self._named if kind != "contract"}

    def append(self, *events: Event) -> None:
        """Write events down; in a file all at once, so that a reader sees all or none of a line.

        To be called under the directory's lock, after `refresh`. Raises PkiError when the file
        cannot be written.
        """
        if self.path is None:
            for event in events:
                self._apply(event)
            return
        text = b"".join(_ENCODER.encode(event) + b"\n" for event in events)
        try:
            with self.path.open("r+b" if self.path.exists() else "w+b") as file:
                file.truncate(self._read_bytes)  # what follows is a line that never got finished
                file.seek(self._read_bytes)
                file.write(text)
        except OSError as problem:
            raise PkiError(f"{self.path}: cannot be written: {problem.strerror}") from problem
        self.refresh()

    def refresh(self) -> None:
        """Take in what has been appended since. Raises PkiError for a line that is no event."""
        if self.path is None:
            return
        try:
            state = self.path.stat()
            self._refuse_another(state)
            if state.st_size == self._read_bytes:
                return
            with self.path.open("rb") as file:
                file.seek(self._read_bytes)
                fresh = file.read()
        except OSError as problem:
            raise PkiError(f"{self.path}: cannot be read: {problem.strerror}") from problem
        whole = fresh[: fresh.rfind(b"\n") + 1]
        for line in whole.splitlines(keepends=True):
            self._lines += 1
            self._take(line)
            self._read_bytes += len(line)

    def _refuse_another(self, state: os.stat_result) -> None:
        """What only grows cannot have become shorter, nor another file."""
        if self._file_id not in (None, state.st_ino) or state.st_size < self._read_bytes:
            raise PkiError(f"{self.path}: not the book that was open: another PKI took its place")
        self._file_id = state.st_ino

    def _take(self, line: bytes) -> None:
        try:
            self._apply(_DECODER.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError, KeyError) as problem:
            place = f"{self.path}, line {self._lines}"
            raise PkiError(f"{place}: no event of this book: {problem}") from problem

    def _apply(self, event: Event) -> None:
        if isinstance(event, Issue):
            self._rows[event.serial] = Row(
                event.serial, event.spec, event.issuer, event.common_name,
                event.not_before, event.not_after, event.file,
            )  # fmt: skip
            self._name(event)
            return
        row = self._rows[event.serial]
        if not row.revoked:
            self._rows[event.serial] = replace(
                row, revoked_at=event.at, revocation_reason=event.reason
            )

    def _name(self, event: Issue) -> None:
        names = [("spec", event.spec), ("name", event.common_name)]
        if event.spec == "CONTRACT":
            names.append(("contract", contract_key(event.common_name)))
        for name in names:
            self._named.setdefault(name, []).append(event.serial)
