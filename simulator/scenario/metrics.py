"""What can be counted in a journal, and held against a scenario's thresholds.

Rule: figures come from records alone; a threshold that is a plain number is the most there may be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from simulator.kernel.journal import Record
from simulator.scenario.compare import COMPARATORS, holds, in_words, problem

Counts = Callable[[Record], bool]


def _sent(record: Record, leg: str) -> bool:
    return bool(record["leg"] == leg and record["direction"] == "sent")


def _finding(severity: str | None = None) -> Counts:
    return lambda r: bool(r["leg"] == "finding" and severity in (None, r["severity"]))


def _cdr(*, refused: bool | None = None) -> Counts:
    def counts(record: Record) -> bool:
        posted = _sent(record, "ocpi") and (record["method"], record["module"]) == ("POST", "cdrs")
        return posted and (refused is None or (record["status_code"] != 1000) is refused)

    return counts


def _started(record: Record) -> bool:
    if not _sent(record, "ocpp") or record["message_type"] != 2:
        return False
    action = record["action"]
    return action == "StartTransaction" or (
        action == "TransactionEvent" and '"Started"' in record["frame"]
    )


METRICS: Mapping[str, tuple[str, Counts]] = {
    "findings": ("rules that were broken, of any severity", _finding()),
    "rejected_findings": ("broken rules of severity reject", _finding("reject")),
    "ocpp_calls": (
        "OCPP calls that were sent",
        lambda r: _sent(r, "ocpp") and r["message_type"] == 2,
    ),
    "ocpp_errors": (
        "OCPP CALLERRORs that were sent",
        lambda r: _sent(r, "ocpp") and r["message_type"] == 4,
    ),
    "schema_errors": ("OCPP frames with something against them", lambda r: bool(r.get("errors"))),
    "ocpi_requests": ("OCPI requests that were sent", lambda r: _sent(r, "ocpi")),
    "ocpi_failures": (
        "OCPI requests without an answer of status 1000 to 1999",
        lambda r: _sent(r, "ocpi") and not 1000 <= (r["status_code"] or 0) < 2000,
    ),
    "cdrs": ("CDRs that were posted", _cdr()),
    "accepted_cdrs": ("CDRs that were posted and taken", _cdr(refused=False)),
    "refused_cdrs": ("CDRs that were posted and refused", _cdr(refused=True)),
    "transactions": ("OCPP transactions that were begun", _started),
    "faults": ("faults that struck", lambda r: bool(r["leg"] == "fault")),
}  # fmt: skip


def metrics_of(records: Iterable[Record]) -> dict[str, float]:
    """All figures of a journal."""
    counted: dict[str, float] = dict.fromkeys(METRICS, 0)
    for record in records:
        for name, (_, counts) in METRICS.items():
            counted[name] += counts(record)
    return counted


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
