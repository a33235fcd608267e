"""What can be counted in a journal, and held against a scenario's thresholds.

Rule: figures come from records alone; a threshold that is a plain number is the most there may be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from simulator.kernel.journal import Record
from simulator.scenario.compare import COMPARATORS, holds, in_words, problem

Counts = Callable[[Record], bool]


def _sent(record: Record) -> bool:
    return bool(record["direction"] == "sent")


def _cdr(*, refused: bool | None = None) -> Counts:
    def counts(record: Record) -> bool:
        posted = _sent(record) and (record["method"], record["module"]) == ("POST", "cdrs")
        return posted and (refused is None or (record["status_code"] != 1000) is refused)

    return counts


def _started(record: Record) -> bool:
    if not _sent(record) or record["message_type"] != 2:
        return False
    action = record["action"]
    return action == "StartTransaction" or (
        action == "TransactionEvent" and '"Started"' in record["frame"]
    )


class Metric(NamedTuple):
    """A figure: the leg whose records it counts, what it tells, and which of them it counts."""

    leg: str
    about: str
    counts: Counts


METRICS: Mapping[str, Metric] = {
    "findings": Metric("finding", "rules that were broken, of any severity", lambda r: True),
    "rejected_findings": Metric(
        "finding", "broken rules of severity reject", lambda r: bool(r["severity"] == "reject")
    ),
    "ocpp_calls": Metric(
        "ocpp", "OCPP calls that were sent", lambda r: _sent(r) and r["message_type"] == 2
    ),
    "ocpp_errors": Metric(
        "ocpp", "OCPP CALLERRORs that were sent", lambda r: _sent(r) and r["message_type"] == 4
    ),
    "schema_errors": Metric(
        "ocpp", "OCPP frames with something against them", lambda r: bool(r["errors"])
    ),
    "ocpi_requests": Metric("ocpi", "OCPI requests that were sent", _sent),
    "ocpi_failures": Metric(
        "ocpi",
        "OCPI requests without an answer of status 1000 to 1999",
        lambda r: _sent(r) and not 1000 <= (r["status_code"] or 0) < 2000,
    ),
    "cdrs": Metric("ocpi", "CDRs that were posted", _cdr()),
    "accepted_cdrs": Metric("ocpi", "CDRs that were posted and taken", _cdr(refused=False)),
    "refused_cdrs": Metric("ocpi", "CDRs that were posted and refused", _cdr(refused=True)),
    "transactions": Metric("ocpp", "OCPP transactions that were begun", _started),
    "faults": Metric("fault", "faults that struck", lambda r: True),
}
_OF_LEG: Mapping[str, tuple[tuple[str, Counts], ...]] = {
    leg: tuple((name, metric.counts) for name, metric in METRICS.items() if metric.leg == leg)
    for leg in sorted({metric.leg for metric in METRICS.values()})
}


class Tally:
    """All figures, counted record by record."""

    def __init__(self) -> None:
        self.counted: dict[str, float] = dict.fromkeys(METRICS, 0)

    def take(self, record: Record) -> None:
        """Count a record."""
        for name, counts in _OF_LEG.get(record["leg"], ()):
            if counts(record):
                self.counted[name] += 1


def metrics_of(records: Iterable[Record]) -> dict[str, float]:
    """All figures of a journal."""
    tally = Tally()
    for record in records:
        tally.take(record)
    return tally.counted


def threshold_mistake(limit: Any) -> str | None:
    """What is wrong with a threshold as it was written; None if nothing."""
    if isinstance(limit, bool) or not isinstance(limit, int | float | Mapping):
        return None if isinstance(limit, str) and "${" in limit else _EXPECTED
    if isinstance(limit, Mapping):
        return problem(limit) if any(name in COMPARATORS for name in limit) else _EXPECTED
    return None


_EXPECTED = "expected the most there may be, or comparators, as in {ge: 1}"


def threshold_problem(name: str, limit: Any, metrics: Mapping[str, float]) -> str | None:
    """Why a threshold is not kept; None if it is."""
    wanted = {"le": limit} if isinstance(limit, int | float) else limit
    if holds(wanted, metrics[name]):
        return None
    return f"threshold {name}: expected {in_words(wanted)}, was {metrics[name]:g}"
