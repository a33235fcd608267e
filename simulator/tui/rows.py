"""What a filter sees of an exchange, a station, a session.

Rule: what costs something (words, bodies) is only made for a filter that asks for it.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from simulator.kernel.filter_rows import who
from simulator.kernel.filters import Value
from simulator.tui.engine import Snapshot
from simulator.tui.exchange import Exchange
from simulator.tui.visits import Visit


@dataclass(frozen=True, slots=True)
class OfExchange:
    """An exchange's fields."""

    exchange: Exchange
    marked: Container[int] = ()

    def field(self, name: str) -> Value:
        """See `Filterable`."""
        ex = self.exchange
        match name:
            case "cp":
                return who(ex.record["actor"], ex.record["peer"])
            case "a":
                return ex.name
            case "s":
                status = ex.record.get("http_status") if ex.leg == "ocpi" else None
                return f"{ex.line.outcome} HTTP {status}" if status else ex.line.outcome
            case "leg":
                return ex.leg
            case "u":
                return str(ex.record["url"]) if ex.leg == "ocpi" else None
            case "tok" | "body":
                return ex.text()
            case "lat":
                return ex.ms
            case "err":
                return ex.failed
            case "fault":
                return ex.leg == "fault"
            case "sess":
                return ex.session
            case "rule":
                return ex.name if ex.leg == "finding" else " ".join(f["rule"] for f in ex.findings)
            case "m":
                return ex.number in self.marked
        line = ex.line
        return f"{ex.sender} {ex.receiver} {ex.name} {line.detail} {line.outcome} {ex.said}"


@dataclass(frozen=True, slots=True)
class OfStation:
    """A station's fields."""

    name: str
    snapshot: Snapshot | None
    marked: Container[str] = ()

    def field(self, name: str) -> Value:
        """See `Filterable`."""
        if name == "cp":
            return self.name
        if name == "m":
            return self.name in self.marked
        now = self.snapshot
        if now is None:
            return self.name if name == "any" else None
        evses = now["evses"]
        match name:
            case "s":
                return " ".join(evse["status"] for evse in evses) + f" {now['boot']}"
            case "tok":
                return " ".join(evse["token"] or "" for evse in evses)
            case "sess":
                return " ".join(evse["session"] or "" for evse in evses)
            case "err":
                return any(evse["faulted"] for evse in evses) or not now["connected"]
            case "any":
                words = [self.name, now["version"], now["vendor"], now["model"], now["boot"]]
                return " ".join([*words, *(evse["status"] for evse in evses)])
        return None


@dataclass(frozen=True, slots=True)
class OfVisit:
    """A session's fields."""

    visit: Visit
    marked: Container[str] = ()

    def field(self, name: str) -> Value:
        """See `Filterable`."""
        visit = self.visit
        match name:
            case "cp":
                return visit.station
            case "s":
                once = " once refused" if visit.refusal and visit.cdr != "refused" else ""
                return f"{visit.state} {visit.cdr}{once}"
            case "tok":
                return (visit.token, visit.contract)
            case "sess":
                return visit.id
            case "err":
                return visit.bad or visit.state == "refused"
            case "rule":
                return " ".join(finding["rule"] for finding in visit.findings)
            case "m":
                return visit.id in self.marked
            case "any":
                return " ".join(
                    (visit.id, visit.station, visit.token, visit.car, visit.state, visit.cdr)
                )
        return None
