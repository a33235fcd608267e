"""A message for a reader: request and answer, JSON laid out line by line, the wrong place marked.

Rule: nothing is decoded that cannot be shown as it came; what is not JSON stays text. Secrets are
hidden once more, whatever the journal kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from mock_peer import raw
from mock_peer.check_evidence import Exchange
from mock_peer.check_model import Fault
from simulator.kernel.journal import Record
from simulator.kernel.redaction import redact_body, redact_headers
from simulator.ocpi.envelope import Json, write_json

# What fits into so many characters stands on one line.
INLINE = 76
# Of a long body so many lines are shown around each mark, and at its head.
AROUND = 8
LONG = 60
# Headers that say nothing about OCPI.
DULL = frozenset(
    {"host", "user-agent", "accept", "accept-encoding", "content-length", "server", "date",
     "connection", "keep-alive", "transfer-encoding"}
)  # fmt: skip
NO_MARKS: Mapping[str, str] = MappingProxyType({})
# Secrets that stand in a URL, wherever one is told: a query's, and a password before the host.
_IN_QUERY = re.compile(
    r"((?:^|[?&])(?:token|api_?key|key|secret|password|auth)=)[^&#\s\"<>]+", re.I
)
_USER = re.compile(r"(://)[^/?#\s\"@]+@")
# What steers a terminal or turns text round: nobody on the wire shall do that to a reader.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Row(NamedTuple):
    """One line of a body: its JSON pointer, how deep it stands, its text. `note` marks it, and says
    what was expected there.
    """

    pointer: str
    depth: int
    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """The request or the answer: a first line, headers (but for dull ones), the body's lines."""

    title: str
    headers: tuple[tuple[str, str, str], ...]  # name, value, note
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """An exchange as it is shown."""

    seq: int
    at: str
    title: str
    received: bool
    parts: tuple[Part, Part]


def message(record: Record, faults: Iterable[Fault] = ()) -> Message:
    """Lay an exchange out, with the places of `faults` marked."""
    record = redacted(record)
    exchange = Exchange(record)
    marks: dict[tuple[str, str], str] = {}
    for fault in faults:
        if fault.message == exchange.seq and (found := place(exchange, fault)) is not None:
            marks.setdefault(found, f"expected {fault.expected}")
    request, response = record["request"], record["response"] or {}
    status = "no answer" if record["http_status"] is None else f"HTTP {record['http_status']}"
    code = f", OCPI {record['status_code']}" if record["status_code"] is not None else ""
    return Message(
        seq=exchange.seq,
        at=record["at"],
        title=f"{exchange.method} {record['url']}",
        received=exchange.received,
        parts=(
            _part("request", f"{exchange.method} {record['url']}", request, exchange, marks),
            _part("response", f"{status}{code}", response, exchange, marks),
        ),
    )


def redacted(record: Record) -> Record:
    """An exchange's record without Authorization, credentials tokens and secrets in URLs, however
    it was kept.
    """
    told = dict(record)
    told["url"] = without_secrets(record["url"])
    for part in ("request", "response"):
        inner: Mapping[str, Any] | None = record.get(part)
        if inner is not None:
            body = inner.get("body")
            headers = redact_headers(inner.get("headers") or {})
            told[part] = {
                "headers": {name: without_secrets(value) for name, value in headers.items()},
                "body": without_secrets(redact_body(body)) if body else body,
            }
    return told


def without_secrets(text: str) -> str:
    """Text whose URLs tell no token and no password."""
    return _USER.sub(r"\1***@", _IN_QUERY.sub(r"\1***", text))


def place(exchange: Exchange, fault: Fault) -> tuple[str, str] | None:
    """Which part a fault is in, and the pointer into that part's body; None: nowhere in it.

    The pointer of a pulled object leads into one of a list: the first where that was seen.
    """
    if fault.pointer.startswith("/headers/"):
        return "request", fault.pointer
    listed = ((f"/data/{n}", o) for n, o in enumerate(raw.items(exchange.answer, "/data")))
    candidates = [
        ("request", "", exchange.body),
        ("response", "", exchange.answer),
        ("response", "/data", exchange.data),
        *(("response", base, obj) for base, obj in listed),
    ]
    for part, base, obj in candidates:
        if obj is not None and _holds(obj, fault):
            return part, f"{base}{fault.pointer}"
    return None


def _holds(obj: Json, fault: Fault) -> bool:
    """Whether the place is in `obj`, and holds what was seen (or lacks what is missing)."""
    if fault.seen is not None:
        return _dump(raw.at(obj, fault.pointer)) == _dump(fault.seen)
    parent = raw.at(obj, fault.pointer.rpartition("/")[0])
    return isinstance(parent, dict) and raw.at(obj, fault.pointer) is None


def _part(
    name: str, title: str, told: Any, exchange: Exchange, marks: Mapping[tuple[str, str], str]
) -> Part:
    own = {pointer: note for (part, pointer), note in marks.items() if part == name}
    value = exchange.body if name == "request" else exchange.answer
    rows = lay_out(value, own) if value is not None else _lines(told.get("body") or "")
    return Part(title, _headers(told.get("headers") or {}, own), fold(tuple(rows)))


def _headers(told: Mapping[str, str], notes: Mapping[str, str]) -> tuple[tuple[str, str, str], ...]:
    """The headers worth showing, with those that are noted to be missing."""
    shown = {name: value for name, value in told.items() if name.lower() not in DULL}
    for pointer in notes:
        name = pointer.removeprefix("/headers/")
        if name != pointer and not any(have.lower() == name.lower() for have in told):
            shown[name] = "(missing)"
    return tuple((name, value, notes.get(f"/headers/{name}", "")) for name, value in shown.items())


def _lines(text: str) -> Iterator[Row]:
    for line in text.splitlines():
        yield Row("", 0, line)


def visible(text: str) -> str:
    """Text from the wire on one line, its control characters spelled out: `\\u001b`."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


# JSON line by line


def lay_out(value: Json, marks: Mapping[str, str] = NO_MARKS) -> Iterator[Row]:
    """The lines of a JSON value; `marks` are notes by pointer. A note on a member that is missing
    stands at the object that lacks it.
    """
    wanted: dict[str, str] = {}
    for pointer, note in marks.items():
        parent, _, name = pointer.rpartition("/")
        there = _present(value, pointer)
        wanted.setdefault(pointer if there else parent, note if there else f"{name}: {note}")
    yield from _rows(value, "", 0, "", "", wanted)


def _rows(
    value: Json, pointer: str, depth: int, label: str, tail: str, marks: Mapping[str, str]
) -> Iterator[Row]:
    note = marks.get(pointer, "")
    below = any(mark.startswith(f"{pointer}/") for mark in marks)
    flat = _dump(value)
    if not isinstance(value, dict | list) or not value or (len(flat) <= INLINE and not below):
        yield Row(pointer, depth, f"{label}{flat}{tail}", note)
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield Row(pointer, depth, f"{label}{opening}", note)
    members = value.items() if isinstance(value, dict) else enumerate(value)
    last = len(value) - 1
    for index, (name, member) in enumerate(members):
        step = str(name).replace("~", "~0").replace("/", "~1")
        head = f"{_dump(name)}: " if isinstance(value, dict) else ""
        comma = "," if index < last else ""
        yield from _rows(member, f"{pointer}/{step}", depth + 1, head, comma, marks)
    yield Row(pointer, depth, f"{closing}{tail}")


def fold(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Leave out what is far from the head and from every mark, if there is much."""
    if len(rows) <= LONG:
        return tuple(rows)
    keep = set(range(AROUND))
    for index, row in enumerate(rows):
        if row.note:
            keep |= set(range(index - AROUND, index + AROUND + 1))
    if len(keep) <= AROUND:
        keep |= set(range(LONG))
    folded: list[Row] = []
    left_out = 0
    for index, row in enumerate(rows):
        if index in keep:
            if left_out:
                folded.append(_gap(left_out, row.depth))
            folded.append(row)
            left_out = 0
        else:
            left_out += 1
    return (*folded, _gap(left_out, 0)) if left_out else tuple(folded)


def _gap(count: int, depth: int) -> Row:
    return Row("", depth, f"… {count} lines")


def _present(value: Json, pointer: str) -> bool:
    parent = raw.at(value, pointer.rpartition("/")[0]) if pointer else value
    step = raw.steps(pointer)[-1:] if pointer else ()
    if isinstance(parent, dict) and step:
        return step[0] in parent
    return isinstance(parent, list) or not step


def _dump(value: Json) -> str:
    """JSON on one line, numbers as they came."""
    return msgspec.json.format(write_json(value), indent=0).decode()
