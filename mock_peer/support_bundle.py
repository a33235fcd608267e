"""One export for a support case: all that a charging session left in a journal, secrets hidden.

Rule: it is read from the journal alone and adds nothing to it; what a case needs to name stands in
`facts`, where each was first said in `FACTS`. Source: Roam OCPI FAQ, what to send to support.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from mock_peer import raw
from mock_peer.check_evidence import Exchange
from mock_peer.report_message import redacted, visible, without_secrets
from simulator import __version__
from simulator.kernel.journal import Record
from simulator.mistakes import Exit, Mistake, did_you_mean
from simulator.ocpi.envelope import write_json
from simulator.wire.http import Headers

FORMAT = "roamlab-support/1"
ORIGINAL_PROTOCOL = "X-Original-Protocol"
_TOLD = 8  # so many names of sessions are told where none is near
_DATE = (2026, 1, 1, 0, 0, 0)  # of the files in the archive: the same case, the same bytes


class Fact(NamedTuple):
    """What a support case names, and where messages say it: module (empty: any), JSON pointer."""

    name: str
    places: tuple[tuple[str, str], ...]


FACTS: tuple[Fact, ...] = (
    Fact("session_id", (("sessions", "/id"), ("cdrs", "/session_id"), ("commands", "/session_id"))),
    Fact("cdr_id", (("cdrs", "/id"),)),
    Fact("token_uid", (("", "/cdr_token/uid"), ("", "/token/uid"))),
    Fact("contract_id", (("", "/cdr_token/contract_id"), ("", "/token/contract_id"),
                         ("", "/auth_id"))),
    Fact("authorization_reference", (("", "/authorization_reference"),)),
    Fact("cpo_country_code", (("sessions", "/country_code"), ("cdrs", "/country_code"))),
    Fact("cpo_party_id", (("sessions", "/party_id"), ("cdrs", "/party_id"))),
    Fact("location_id", (("", "/location_id"), ("", "/cdr_location/id"), ("", "/location/id"))),
    Fact("evse_uid", (("", "/evse_uid"), ("", "/cdr_location/evse_uid"), ("", "/evse_uids/0"),
                      ("", "/location/evses/0/uid"))),
    Fact("evse_id", (("", "/cdr_location/evse_id"), ("", "/location/evses/0/evse_id"))),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bundle:
    """A support case."""

    session: str
    environment: Mapping[str, Any]
    facts: Mapping[str, list[str]]
    exchanges: tuple[Mapping[str, Any], ...]
    findings: tuple[Record, ...]
    records: tuple[Record, ...]  # the journal of the case


def bundle(header: Record, records: Iterable[Record], session: str) -> Bundle:
    """Gather a case. `session` is a correlation of the journal, or the id of a session, a CDR, an
    authorization or a token.

    Raises Mistake (exit 5) where nothing of it was said.
    """
    held = list(records)
    own = _of_session(held, session)
    exchanges = [Exchange(redacted(r)) for r in own if r["leg"] == "ocpi"]
    if not exchanges:
        hint = _nearest(session, held)
        raise Mistake(f"no message of session '{session}' is in the journal.{hint}", Exit.NOTHING)
    return Bundle(
        session=session,
        environment=_environment(header, exchanges),
        facts=_facts(exchanges),
        exchanges=tuple(_told(exchange) for exchange in exchanges),
        findings=tuple(r for r in own if r["leg"] == "finding"),
        records=tuple(redacted(r) if r["leg"] == "ocpi" else r for r in own if r["leg"] != "ocpp"),
    )


def merged(journals: Iterable[Iterable[Record]]) -> list[Record]:
    """The records of several journals as if they were one: by time, each with a number of its own.

    So the journals of both sides make one case. Headers are not among them.
    """
    records: list[Record] = []
    for journal in journals:
        offset = max((record["seq"] for record in records), default=0)
        for record in journal:
            moved = {**record, "seq": record["seq"] + offset}
            if record.get("message_seq") is not None:
                moved["message_seq"] = record["message_seq"] + offset
            records.append(moved)
    return sorted(records, key=lambda record: (record["at"], record["seq"]))


def _nearest(session: str, records: Sequence[Record]) -> str:
    """What may have been meant: a name that is near, else the first that there are."""
    exchanges = [Exchange(r) for r in records if _of_charging(r)]
    ids = (raw.text(e.body, place) for e in exchanges for place in ("/id", "/session_id"))
    known = _unique([*(r["session"] for r in records), *ids])
    return did_you_mean(session, known) or (
        f" The journal knows {', '.join(known[:_TOLD])}, and more." if known else ""
    )


def _of_session(records: Sequence[Record], session: str) -> list[Record]:
    """The records of the same correlation, and the exchanges that name the session or whatever
    those are linked by.
    """
    exchanges = [Exchange(r) for r in records if _of_charging(r)]
    found = {r["seq"] for r in records if r["session"] == session}
    fresh, names = [e for e in exchanges if e.seq in found], {session.casefold()}
    while True:
        names |= {link for exchange in fresh for link in _links(exchange)}
        fresh = [e for e in exchanges if e.seq not in found and names & _named(e)]
        if not fresh:
            break
        found |= {exchange.seq for exchange in fresh}
    linked = {r["session"] for r in records if r["seq"] in found} - {None}
    return [
        r
        for r in records
        if r["seq"] in found or r["session"] in linked or r.get("message_seq") in found
    ]


def _of_charging(record: Record) -> bool:
    """Whether a record is an exchange of a charging session: pushes of tokens are not."""
    if record["leg"] != "ocpi":
        return False
    asked = (record["module"], record["method"])
    return record["module"] in ("sessions", "cdrs", "commands") or asked == ("tokens", "POST")


def _named(exchange: Exchange) -> set[str]:
    """All that an exchange names: segments of its URL, the texts of its body, what it was given."""
    told = [*exchange.segments, *_texts(exchange.body), *_links(exchange)]
    return {text.casefold() for text in told}


def _links(exchange: Exchange) -> Iterator[str]:
    """By what the messages of one session are tied together."""
    own = ["/id"] if exchange.module in ("sessions", "cdrs") else []
    for pointer in (*own, "/session_id", "/authorization_reference"):
        if name := raw.key(exchange.body, pointer):
            yield name
    if name := raw.key(exchange.data, "/authorization_reference"):
        yield name


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from _texts(member)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _environment(header: Record, exchanges: Sequence[Exchange]) -> dict[str, Any]:
    return {
        "tool": f"roamlab {__version__}",
        "world": without_secrets(str(header.get("world") or "")),
        "clock": header.get("clock"),
        "from": exchanges[0].record["at"],
        "to": exchanges[-1].record["at"],
        "versions": _unique(e.record["version"] for e in exchanges),
        "parties": _unique(p for e in exchanges for p in (e.record["actor"], e.record["peer"])),
    }


def _facts(exchanges: Sequence[Exchange]) -> dict[str, list[str]]:
    """Every value that was told of each fact, the first first."""
    told = {}
    for fact in FACTS:
        values = (
            raw.text(exchange.body, pointer)
            for exchange in exchanges
            for module, pointer in fact.places
            if module in ("", exchange.module)
        )
        told[fact.name] = _unique(values)
    return {name: values for name, values in told.items() if values}


def _unique(values: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


def _told(exchange: Exchange) -> dict[str, Any]:
    """One message as support reads it."""
    record = exchange.record
    both = (exchange.asked, exchange.answered)
    return {
        "seq": exchange.seq,
        "time": record["at"],
        "from": record["peer"] if exchange.received else record["actor"],
        "to": record["actor"] if exchange.received else record["peer"],
        "ocpi": record["version"],
        "method": exchange.method,
        "url": record["url"],
        "http_status": exchange.http_status,
        "status_code": exchange.status_code,
        "status_message": raw.text(exchange.answer, "/status_message"),
        "x_original_protocol": next((v for h in both if (v := h.get(ORIGINAL_PROTOCOL))), None),
        "request": _part(exchange.asked, exchange.body, record["request"]["body"]),
        "response": _part(
            exchange.answered, exchange.answer, (record["response"] or {}).get("body")
        ),
    }


def _part(headers: Headers, body: Any, text: str | None) -> dict[str, Any]:
    return {"headers": dict(headers), "body": body if body is not None else text}


# Written out


def as_json(case: Bundle) -> bytes:
    """The case as one JSON object (`roamlab-support/1`)."""
    plain = {
        "format": FORMAT,
        "session": case.session,
        "environment": case.environment,
        "facts": case.facts,
        "exchanges": list(case.exchanges),
        "findings": list(case.findings),
    }
    return msgspec.json.format(write_json(plain), indent=2) + b"\n"


def as_zip(case: Bundle) -> bytes:
    """The case as an archive: a page to read, the JSON, the journal of the session."""
    lines = b"".join(write_json(record) + b"\n" for record in case.records)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (
            ("case.md", as_text(case).encode()),
            ("case.json", as_json(case)),
            ("journal.ndjson", lines),
        ):
            archive.writestr(zipfile.ZipInfo(name, _DATE), data)
    return content.getvalue()


def as_text(case: Bundle) -> str:
    """The case as a page to read."""
    about = [f"- {name}: {_words(value)}" for name, value in case.environment.items() if value]
    named = [f"- {name}: {_words(value)}" for name, value in case.facts.items()]
    broken = [f"- {f['rule']} {f['pointer']}: expected {f['expected']}" for f in case.findings]
    messages = [_line(told) for told in case.exchanges]
    parts = [f"# Session {case.session}\n", *about, "\n## Named\n", *named]
    if broken:
        parts += ["\n## Broken rules\n", *broken]
    head = ["| time | from | to | message | answer |", "| --- | --- | --- | --- | --- |"]
    parts += ["\n## Messages\n", *head, *messages, "\nBodies and headers: case.json."]
    return "\n".join(parts) + "\n"


def _words(value: Any) -> str:
    return visible(", ".join(value) if isinstance(value, list) else str(value))


def _line(told: Mapping[str, Any]) -> str:
    status = "no answer" if told["http_status"] is None else f"HTTP {told['http_status']}"
    answer = f"{status}, OCPI {told['status_code'] or '-'} {told['status_message'] or ''}".rstrip()
    cells = (
        told["time"],
        told["from"],
        told["to"],
        f"{told['method']} {told['url']}",
        answer,
    )
    return "| " + " | ".join(visible(str(cell)).replace("|", "\\|") for cell in cells) + " |"
