"""The end of the story: sessions, CDRs, prices and findings, taken from the journal.

Rule: amounts are shown as they stood on the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

from rich import box
from rich.table import Table
from rich.text import Text

from simulator.demo.bill import Bill
from simulator.demo.witness import asked, event, of_module, request_of
from simulator.kernel.clock import parse_rfc3339
from simulator.kernel.journal import Record
from simulator.pki.emaid import parse_emaid

# OCPI's AuthMethod in a word.
_BY = {"AUTH_REQUEST": "card", "COMMAND": "app", "WHITELIST": "list"}


@dataclass(slots=True)
class Row:
    """A session as the peer was told of it, and what became of its CDR.

    Where the version tells peers of no sessions (2.1.1), the CDR alone: `session_id` is then None.
    """

    session: str | None
    session_id: str | None
    evse_uid: str
    token_uid: str
    auth_method: str
    start: str
    minutes: float | None = None
    kwh: float | None = None
    cdr_id: str | None = None
    excl_vat: float | None = None
    incl_vat: float | None = None
    currency: str = ""
    verdict: str = "no CDR"


@dataclass(slots=True)
class Passed:
    """A CDR as it came to the EMP behind Roam, and what the EMP's own pricing says (`agrees`)."""

    session: str | None
    cdr_id: str | None
    evse_uid: str
    token_uid: str
    kwh: float | None
    excl_vat: float | None
    incl_vat: float | None
    currency: str
    verdict: str
    agrees: bool | None = None


def sessions(records: Iterable[Record]) -> list[Row]:
    """A row for each session that the peer was told of, in the order they began."""
    rows: dict[str, Row] = {}
    for record in records:
        if asked("PUT", "sessions")(record):
            session = request_of(record)
            rows.setdefault(session["id"], _row(record, session))
        elif asked("POST", "cdrs")(record):
            bill = Bill.of(request_of(record))
            if bill.session_id is None:
                rows.setdefault(f"cdr/{bill.id}", _untold(record, bill))
            row = rows.get(bill.session_id or f"cdr/{bill.id}")
            if row is not None:
                _settle(row, bill, record)
    return list(rows.values())


def _row(record: Record, session: dict[str, Any]) -> Row:
    return Row(
        session=record["session"],
        session_id=session["id"],
        evse_uid=session["evse_uid"],
        token_uid=session["cdr_token"]["uid"],
        auth_method=session["auth_method"],
        start=session["start_date_time"],
    )


def _untold(record: Record, bill: Bill) -> Row:
    """A session of which there is nothing but the CDR."""
    return Row(record["session"], None, bill.evse_uid, bill.token_uid, bill.auth_method, bill.start)


def _settle(row: Row, bill: Bill, record: Record) -> None:
    began, ended = (parse_rfc3339(at) for at in (bill.start, bill.end))
    row.minutes = round((ended - began).total_seconds() / 60, 1)
    row.kwh = bill.kwh
    row.cdr_id = bill.id
    row.excl_vat = bill.excl_vat
    row.incl_vat = bill.incl_vat
    row.currency = bill.currency
    row.verdict = _verdict(record)


def _verdict(record: Record) -> str:
    code = record["status_code"]
    return "accepted" if code == 1000 else f"refused {code or record['http_status']}"


def passed_on(records: Iterable[Record]) -> list[Passed]:
    """The CDRs that Roam posted to EMPs, each with what the EMP made of its price."""
    rows: dict[str | None, Passed] = {}
    told = of_module("cdrs", by="roam")
    for record in records:
        if told(record):
            bill = Bill.of(request_of(record))
            rows[bill.id] = _passed(record, bill, rows.get(bill.id))
        elif event("emp.cdr")(record):
            data = record["data"]
            # The EMP decides before Roam has its answer, and so before that is recorded.
            rows[data["cdr"]] = _priced(rows.get(data["cdr"]), data)
    return [row for row in rows.values() if row.verdict]


def _passed(record: Record, bill: Bill, before: Passed | None) -> Passed:
    return Passed(
        record["session"], bill.id, bill.evse_uid, bill.token_uid, bill.kwh, bill.excl_vat,
        bill.incl_vat, bill.currency, _verdict(record), before.agrees if before else None,
    )  # fmt: skip


def _priced(row: Passed | None, data: Mapping[str, Any]) -> Passed:
    row = row or Passed(None, data["cdr"], "", "", None, None, None, "", "")
    row.agrees = data["agrees"]
    return row


def findings(records: Iterable[Record]) -> list[dict[str, Any]]:
    """The broken rules, as the peer recorded them."""
    kept = ("seq", "at", "session", "rule", "severity", "pointer", "seen", "expected")
    return [{key: record[key] for key in kept} for record in records if record["leg"] == "finding"]


def as_json(rows: Iterable[Row | Passed]) -> list[dict[str, Any]]:
    """The rows as plain JSON."""
    return [asdict(row) for row in rows]


def session_table(rows: Iterable[Row], *, narrow: bool = False) -> Table:
    """The sessions as a table; a narrow one leaves out what can be spared."""
    table = _table("Sessions and CDRs")
    for column in _COLUMNS:
        if column.always or not narrow:
            table.add_column(column.name, justify=column.justify, no_wrap=True)
    for row in rows:
        table.add_row(*(column.cell(row) for column in _COLUMNS if column.always or not narrow))
    return table


def passed_table(rows: Iterable[Passed], *, narrow: bool = False) -> Table:
    """The CDRs at the EMP as a table; a narrow one leaves out what can be spared."""
    table = _table("CDRs at the EMP, through Roam")
    columns = [column for column in _PASSED if column.always or not narrow]
    for column in columns:
        table.add_column(column.name, justify=column.justify, no_wrap=True)
    for row in rows:
        table.add_row(*(column.cell(row) for column in columns))
    return table


def finding_table(found: Iterable[dict[str, Any]], *, narrow: bool = False) -> Table:
    """The findings as a table; a narrow one names the rules alone."""
    table = _table("Findings of the peer")
    for name in ("rule", "severity") if narrow else ("rule", "severity", "where", "expected"):
        table.add_column(name, no_wrap=name in ("rule", "severity"), overflow="fold")
    for finding in found:
        cells = (finding["rule"], finding["severity"], finding["pointer"] or "-")
        table.add_row(*(cells[:2] if narrow else (*cells, finding["expected"])))
    return table


class _Column(NamedTuple):
    name: str
    cell: Callable[[Any], str | Text]
    justify: Literal["left", "right"] = "left"
    always: bool = False


_COLUMNS = (
    _Column("EVSE", lambda row: row.evse_uid, always=True),
    _Column("token", lambda row: _short(row.token_uid)),
    _Column("by", lambda row: _by(row.auth_method, row.token_uid)),
    _Column("min", lambda row: _number(row.minutes, 1), "right"),
    _Column("kWh", lambda row: _number(row.kwh, 3), "right", always=True),
    _Column("net", lambda row: _number(row.excl_vat, 2), "right"),
    _Column("with VAT", lambda row: f"{_number(row.incl_vat, 2)} {row.currency}", "right"),
    _Column("CDR", lambda row: _coloured(row.verdict, row.verdict == "accepted"), always=True),
)
_PRICES = {True: "agrees", False: "differs", None: "-"}
_PASSED = (
    _Column("EVSE", lambda row: row.evse_uid[:12] + "…"),
    _Column("token", lambda row: row.token_uid),
    _Column("kWh", lambda row: _number(row.kwh, 3), "right", always=True),
    _Column("net", lambda row: _number(row.excl_vat, 2), "right"),
    _Column("with VAT", lambda row: f"{_number(row.incl_vat, 2)} {row.currency}", "right"),
    _Column("CDR", lambda row: _coloured(row.verdict, row.verdict == "accepted"), always=True),
    _Column(
        "its price", lambda row: _coloured(_PRICES[row.agrees], row.agrees is True), always=True
    ),
)


def _table(title: str) -> Table:
    return Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        title=title,
        title_justify="left",
        title_style="bold",
    )


def _by(auth_method: str, token_uid: str) -> str:
    """What began a session: one that was asked about by an EMAID, the car itself."""
    if auth_method == "AUTH_REQUEST" and parse_emaid(token_uid) is not None:
        return "car"
    return _BY.get(auth_method, auth_method.lower())


def _short(token_uid: str) -> str:
    """An EMAID without dashes and check digit: a table has no room for them."""
    emaid = parse_emaid(token_uid)
    return token_uid if emaid is None else emaid.key


def _coloured(text: str, good: bool) -> Text:
    return Text(text, style="green" if good else "red")


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
