"""A journal file as a recording: read whole, each record checked, a stretch of it taken.

Rule: whatever a file holds, reading it gives a recording or a Mistake that names file and line. A
last line that was cut off, as by a kill, is left out and told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from simulator.kernel.clock import parse_rfc3339
from simulator.kernel.journal import FORMAT, LEGS, JournalError, Record
from simulator.mistakes import did_you_mean

# How files begin that people pack journals into.
_PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"BZh": "bzip2",
           b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}  # fmt: skip
_TEXT, _TEXT_OR_NOTHING = (str,), (str, type(None))
_WHOLE_OR_NOTHING = (int, type(None))
# What every record has, and what those of a leg have beside it; docs/journal.md.
_COMMON: Mapping[str, tuple[type, ...]] = {
    "seq": (int,), "at": _TEXT, "leg": _TEXT, "actor": _TEXT,
    "peer": _TEXT_OR_NOTHING, "session": _TEXT_OR_NOTHING,
}  # fmt: skip
_FIELDS: Mapping[str, Mapping[str, tuple[type, ...]]] = {
    "ocpp": {
        "version": _TEXT, "direction": _TEXT, "frame": _TEXT, "message_type": _WHOLE_OR_NOTHING,
        "message_id": _TEXT_OR_NOTHING, "action": _TEXT_OR_NOTHING,
    },
    "ocpi": {
        "version": _TEXT_OR_NOTHING, "module": _TEXT_OR_NOTHING, "method": _TEXT, "url": _TEXT,
        "direction": _TEXT, "request": (dict,), "response": (dict, type(None)),
        "http_status": _WHOLE_OR_NOTHING, "status_code": _WHOLE_OR_NOTHING, "ms": (int, float),
    },
    "event": {"what": _TEXT, "data": (dict,)},
    "finding": {"rule": _TEXT, "severity": _TEXT, "pointer": _TEXT},
    "step": {"step": _TEXT},
    "fault": {},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recording:
    """What a journal file holds. `notes` are what a reader should know of it."""

    path: Path
    header: Record
    records: tuple[Record, ...]
    notes: tuple[str, ...] = ()

    @property
    def sessions(self) -> list[str]:
        """The sessions that are told of, in their order."""
        return list(dict.fromkeys(r["session"] for r in self.records if r["session"] is not None))

    def stretch(
        self, session: str | None = None, first: int | None = None, last: int | None = None
    ) -> Recording:
        """The records of one session, from one number to another. Raises JournalError for a session
        that is not there.
        """
        if session is not None and session not in self.sessions:
            hint = did_you_mean(session, self.sessions)
            raise JournalError(f"{self.path}: no session '{session}'.{hint}")
        return replace(
            self,
            records=tuple(
                record
                for record in self.records
                if (session is None or record["session"] == session)
                and (first is None or record["seq"] >= first)
                and (last is None or record["seq"] <= last)
            ),
        )


def moment(record: Record) -> datetime:
    """When a record was made."""
    return parse_rfc3339(record["at"])


def load(path: Path) -> Recording:
    """Read a journal file. Raises JournalError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise JournalError(f"{path}: {error.strerror or error}") from error
    for magic, kind in _PACKED.items():
        if data.startswith(magic):
            raise JournalError(f"{path}: packed with {kind}: unpack it first")
    if not data.strip():
        raise JournalError(f"{path}: the file is empty")
    lines = data.split(b"\n")
    header = _header(path, lines[0])
    records: list[Record] = []
    notes: list[str] = []
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        try:
            records.append(_record(line))
        except ValueError as error:
            if number == len(lines):  # no line end follows: it was never written to its end
                notes.append(f"line {number} is cut off: left out")
                continue
            raise JournalError(f"{path}:{number}: {error}") from error
    return Recording(path, header, tuple(records), tuple(notes))


def _header(path: Path, line: bytes) -> Record:
    try:
        header = _decoded(line)
    except ValueError as error:
        raise JournalError(f"{path}:1: not a {FORMAT} file: {error}") from error
    told = header.get("format") if isinstance(header, dict) else None
    if not isinstance(header, dict) or told != FORMAT:
        raise JournalError(f"{path}:1: not a {FORMAT} file: its format is {_short(told)}")
    return header


def _record(line: bytes) -> Record:
    """A record that has what its leg has. Raises ValueError."""
    record = _decoded(line)
    if not isinstance(record, dict):
        raise ValueError("expected a JSON object")
    examine(record)
    return record


def examine(record: Record) -> None:
    """Check that it has what records of its leg have. Raises ValueError: what is wrong."""
    _check(record, _COMMON)
    if record["leg"] not in LEGS:
        raise ValueError(f"no such leg: {_short(record['leg'])}")
    _check(record, _FIELDS[record["leg"]])
    try:
        parse_rfc3339(record["at"])
    except (ValueError, OverflowError):
        raise ValueError(f"at: no time: {_short(record['at'])}") from None
    if record["leg"] == "ocpi":
        for name in ("request", "response"):
            _check_message(name, record[name])
    if record["leg"] in ("ocpp", "ocpi") and record["direction"] not in ("sent", "received"):
        raise ValueError(f"direction: expected sent or received, not {_short(record['direction'])}")


def _check(record: Record, fields: Mapping[str, tuple[type, ...]]) -> None:
    for name, types in fields.items():
        if name not in record:
            raise ValueError(f"'{name}' is missing")
        value = record[name]
        if not isinstance(value, types) or isinstance(value, bool):
            raise ValueError(f"{name}: not expected: {_short(value)}")


def _check_message(name: str, message: Any) -> None:
    if message is None:
        return
    headers = message.get("headers")
    plain = isinstance(headers, dict) and all(isinstance(v, str) for v in headers.values())
    if not plain or not isinstance(message.get("body"), str | None):
        raise ValueError(f"{name}: expected headers and body")


def _decoded(line: bytes) -> Any:
    """Raises ValueError."""
    if b"\x00" in line:
        raise ValueError("not JSON: it holds NUL bytes")
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError(f"not JSON: {error}") from error


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
