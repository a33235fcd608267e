"""The end of the story: sessions, CDRs, prices and findings, taken from the journal.

Rule: amounts are shown as they stood on the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

from rich import box
from rich.table import Table
from rich.text import Text

from simulator.demo.witness import asked, request_of
from simulator.kernel.clock import parse_rfc3339
from simulator.kernel.journal import Record

# OCPI's AuthMethod in a word.
_BY = {"AUTH_REQUEST": "card", "COMMAND": "app", "WHITELIST": "list"}


@dataclass(slots=True)
class Row:
    """A session as the peer was told of it, and what became of its CDR."""

    session: str | None
    session_id: str
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


def sessions(records: Iterable[Record]) -> list[Row]:
    """A row for each session that the peer was told of, in the order they began."""
    rows: dict[str, Row] = {}
    for record in records:
        if asked("PUT", "sessions")(record):
            session = request_of(record)
            rows.setdefault(session["id"], _row(record, session))
        elif asked("POST", "cdrs")(record):
            cdr = request_of(record)
            if (row := rows.get(cdr.get("session_id"))) is not None:
                _settle(row, cdr, record)
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


def _settle(row: Row, cdr: dict[str, Any], record: Record) -> None:
    began, ended = (parse_rfc3339(cdr[key]) for key in ("start_date_time", "end_date_time"))
    row.minutes = round((ended - began).total_seconds() / 60, 1)
    row.kwh = cdr["total_energy"]
    row.cdr_id = cdr["id"]
    row.excl_vat = cdr["total_cost"].get("excl_vat")
    row.incl_vat = cdr["total_cost"].get("incl_vat")
    row.currency = cdr["currency"]
    code = record["status_code"]
    row.verdict = "accepted" if code == 1000 else f"refused {code or record['http_status']}"


def findings(records: Iterable[Record]) -> list[dict[str, Any]]:
    """The broken rules, as the peer recorded them."""
    kept = ("seq", "at", "session", "rule", "severity", "pointer", "seen", "expected")
    return [{key: record[key] for key in kept} for record in records if record["leg"] == "finding"]


def as_json(rows: Iterable[Row]) -> list[dict[str, Any]]:
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
    cell: Callable[[Row], str | Text]
    justify: Literal["left", "right"] = "left"
    always: bool = False


_COLUMNS = (
    _Column("EVSE", lambda row: row.evse_uid, always=True),
    _Column("token", lambda row: row.token_uid),
    _Column("by", lambda row: _BY.get(row.auth_method, row.auth_method.lower())),
    _Column("min", lambda row: _number(row.minutes, 1), "right"),
    _Column("kWh", lambda row: _number(row.kwh, 3), "right", always=True),
    _Column("net", lambda row: _number(row.excl_vat, 2), "right"),
    _Column("with VAT", lambda row: f"{_number(row.incl_vat, 2)} {row.currency}", "right"),
    _Column(
        "CDR",
        lambda row: Text(row.verdict, style="green" if row.verdict == "accepted" else "red"),
        always=True,
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


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
