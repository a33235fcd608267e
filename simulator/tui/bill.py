"""The session that an audience looks at: its energy, its price, and what became of its bill.

Rule: while it goes on the numbers are the station's meter's and those that the CPO tells; once
there is a CDR they are the CDR's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.kernel.filter_rows import decoded
from simulator.kernel.journal import Record
from simulator.tui.store import Store
from simulator.tui.visits import Visit


@dataclass(frozen=True, slots=True)
class Bill:
    """Amounts as they are shown; empty where nothing is known yet."""

    station: str = ""
    state: str = ""
    kwh: str = ""
    cost: str = ""
    currency: str = ""
    cdr: str = ""
    problem: str = ""


def bill(store: Store, station: str | None) -> Bill:
    """The newest session at a station, else anywhere."""
    visit = newest(store, station)
    if visit is None:
        return Bill(station or "")
    kwh, (cost, currency) = visit.kwh, (visit.cost, visit.currency)
    if not visit.cdr:
        kwh = _metered(store, visit) or kwh
        cost, currency = _told_so_far(visit.records) or (cost, currency)
    return Bill(visit.place, visit.state, _fixed(kwh), _fixed(cost), currency, visit.cdr,
                visit.problem)  # fmt: skip


def newest(store: Store, station: str | None) -> Visit | None:
    """The session that began last, at that station if there is one."""
    visits = reversed(store.visits.all.values())
    return next((visit for visit in visits if station in (None, visit.station)), None)


def _metered(store: Store, visit: Visit) -> str:
    """What the station's meter has counted, in kWh."""
    now = store.stations.get(visit.station)
    for evse in now["evses"] if now is not None else ():
        if evse["session"] == visit.id and evse["transaction"] is not None:
            return str(evse["energy_wh"] / 1000)
    return ""


def _told_so_far(records: list[Record]) -> tuple[str, str] | None:
    """What the CPO has told the peer last, of the price so far, and in which currency."""
    told = [r for r in records if r["leg"] == "ocpi" and r["module"] == "sessions"]
    costs = (_cost(_body(record)) for record in reversed(told))
    cost = next((cost for cost in costs if cost is not None), None)
    currencies = (_body(record).get("currency") for record in told)  # the first says it
    return None if cost is None else (str(cost), str(next(filter(None, currencies), "")))


def _cost(body: Mapping[str, Any]) -> Any:
    told = body.get("total_cost")
    return told.get("excl_vat") if isinstance(told, Mapping) else told


def _body(record: Record) -> Mapping[str, Any]:
    body = decoded(record["request"]["body"])
    return body if isinstance(body, dict) else {}


def _fixed(number: str) -> str:
    """Two decimals are enough for an audience."""
    try:
        return f"{float(number):.2f}"
    except ValueError:
        return ""
