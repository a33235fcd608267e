"""Charging sessions as the journal tells them, from plug-in to the CDR and what became of it.

Rule: read from events and findings alone, so that own stations, and own peers, are told as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.kernel.journal import Record
from simulator.tui.contracts import WHY
from simulator.wording import short

# Records of one session, and sessions that are remembered.
_RECORDS, _VISITS = 5_000, 5_000


@dataclass(slots=True, eq=False)
class Visit:
    """One session: `state` is where it stands, `cdr` what became of its CDR; amounts as told."""

    id: str
    began: str
    station: str = ""
    evse: str = ""
    car: str = ""
    token: str = ""
    contract: str = ""  # of a car that showed one, as it is written
    by: str = ""
    state: str = "begun"
    kwh: str = ""
    cost: str = ""
    currency: str = ""
    ended: str = ""
    cdr: str = ""
    problem: str = ""
    refusal: str = ""  # what was said to its CDR when it was refused; it may be accepted by now
    findings: list[Record] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)

    @property
    def place(self) -> str:
        """Its station; its own name where a recording tells of none."""
        return self.station or self.id

    @property
    def bad(self) -> bool:
        """Something about it was refused."""
        return self.cdr == "refused" or any(f["severity"] != "note" for f in self.findings)


class Visits:
    """All sessions that were heard of lately, in the order they began."""

    def __init__(self) -> None:
        self.all: dict[str, Visit] = {}

    def take(self, record: Record) -> str | None:
        """Hear a record; the session that it belongs to."""
        name: str | None = record["session"]
        if name is None:
            return None
        visit = self.all.get(name)
        if visit is None:
            visit = self.all[name] = Visit(name, record["at"])
            if len(self.all) > _VISITS:
                del self.all[next(iter(self.all))]
        if len(visit.records) < _RECORDS:
            visit.records.append(record)
        if record["leg"] == "event":
            told = _EVENTS.get(record["what"])
            if told is not None:
                told(visit, record["data"])
        elif record["leg"] == "finding":
            visit.findings.append(record)
        if not visit.station:  # a recording may begin in the middle, with anybody's words
            _place(visit, record)
        return name


def _place(visit: Visit, record: Record) -> None:
    for end in (record["actor"], record["peer"] or ""):
        if end.startswith("station/"):
            visit.station = short(end)


def _plugged(visit: Visit, data: Mapping[str, Any]) -> None:
    visit.state, visit.car = "plugged", str(data.get("model") or "")
    visit.evse = str(data.get("evse") or "")


def _presented(visit: Visit, data: Mapping[str, Any]) -> None:
    visit.token = visit.token or str(data.get("token") or "")
    visit.evse = visit.evse or str(data.get("evse") or "")


def _decided(visit: Visit, data: Mapping[str, Any]) -> None:
    visit.token = visit.token or str(data.get("uid") or "")
    visit.by = str(data.get("method") or visit.by)
    if data.get("verdict") not in (None, "ALLOWED"):
        visit.state, visit.problem = "refused", str(data.get("why") or data["verdict"])


def _refused(visit: Visit, data: Mapping[str, Any]) -> None:
    _presented(visit, data)
    visit.state = "refused"


def _contract(visit: Visit, data: Mapping[str, Any]) -> None:
    visit.contract = str(data.get("emaid") or visit.contract)


def _contract_refused(visit: Visit, data: Mapping[str, Any]) -> None:
    _contract(visit, data)
    visit.token = visit.token or visit.contract
    why = str(data.get("why"))
    visit.state, visit.problem = "refused", visit.problem or f"contract: {WHY.get(why, why)}"


def _started(visit: Visit, data: Mapping[str, Any]) -> None:
    visit.state, visit.token = "charging", str(data.get("token") or visit.token)
    visit.evse = str(data.get("evse") or visit.evse)


def _begun(visit: Visit, data: Mapping[str, Any]) -> None:
    visit.state = "charging"


def _ended(visit: Visit, data: Mapping[str, Any]) -> None:
    visit.state = "ended"


def _unplugged(visit: Visit, data: Mapping[str, Any]) -> None:
    if visit.state in ("plugged", "begun"):
        visit.state = "left"


def _status(visit: Visit, data: Mapping[str, Any]) -> None:
    visit.kwh = str(data.get("kwh") or visit.kwh)
    if data.get("status") in ("COMPLETED", "INVALID"):
        visit.state = str(data["status"]).lower()


def _made(visit: Visit, data: Mapping[str, Any]) -> None:
    visit.cdr, visit.kwh = "made", str(data.get("kwh") or visit.kwh)
    visit.cost, visit.currency = str(data.get("cost") or ""), str(data.get("currency") or "")
    visit.ended = str(data.get("end") or "")


def _accepted(visit: Visit, data: Mapping[str, Any]) -> None:
    visit.cdr, visit.problem = "accepted", ""


def _cdr_refused(visit: Visit, data: Mapping[str, Any]) -> None:
    visit.cdr, visit.problem = "refused", str(data.get("problem") or "")
    visit.refusal = visit.problem or "refused"


_EVENTS: Mapping[str, Callable[[Visit, Mapping[str, Any]], None]] = {
    "car.plugged": _plugged,
    "card.presented": _presented,
    "card.refused": _refused,
    "authorization.decided": _decided,
    "pnc.began": _contract,
    "pnc.installed": _contract,
    "pnc.examined": _contract,
    "pnc.authorized": _contract,
    "pnc.refused": _contract_refused,
    "transaction.started": _started,
    "transaction.ended": _ended,
    "session.begun": _begun,
    "session.status": _status,
    "car.unplugged": _unplugged,
    "cdr.made": _made,
    "cdr.accepted": _accepted,
    "cdr.refused": _cdr_refused,
}
