"""What is counted in a journal, and thresholds on it."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.journal import Journal
from simulator.scenario.metrics import METRICS, metrics_of, threshold_mistake, threshold_problem

from .stage import answer, call, ocpi, refusal


def test_everything_is_counted_once(journal: Journal) -> None:
    ocpi(journal)
    ocpi(journal, status=2001)
    ocpi(journal, direction="received")  # the same, told by the other side
    ocpi(journal, "PUT", "sessions")
    call(journal, "StartTransaction", {}, key="1")
    answer(journal, {}, key="1")
    call(journal, "TransactionEvent", {"eventType": "Started"}, key="2")
    call(journal, "TransactionEvent", {"eventType": "Ended"}, key="3")
    refusal(journal, "GenericError", key="3")
    for severity in ("reject", "warn"):
        journal.finding("p", "cpo", None, rule="r", severity=severity, pointer="", seen=1,
                        expected="", message_seq=1)  # fmt: skip
    journal.append("fault", "x", fault="drop")
    assert metrics_of(journal.records) == {
        **dict.fromkeys(METRICS, 0),
        "findings": 2, "rejected_findings": 1, "ocpp_calls": 3, "ocpi_requests": 3,
        "ocpi_failures": 1, "cdrs": 2, "accepted_cdrs": 1, "refused_cdrs": 1, "transactions": 2,
        "faults": 1,
    }  # fmt: skip


def test_errors_are_counted_by_those_who_send_them(journal: Journal) -> None:
    record = refusal(journal, "GenericError", key="3")
    record["direction"] = "sent"
    record["errors"] = ["/x: expected y"]
    counted = metrics_of(journal.records)
    assert (counted["ocpp_errors"], counted["schema_errors"]) == (1, 1)


@pytest.mark.parametrize(
    ("limit", "kept"), [(2, True), (1, False), ({"ge": 1}, True), ({"eq": 3}, False)]
)
def test_a_plain_number_is_the_most_there_may_be(limit: Any, kept: bool) -> None:
    why = threshold_problem("cdrs", limit, {"cdrs": 2})
    assert (why is None) is kept
    assert why is None or why.startswith("threshold cdrs: expected")


def test_thresholds_are_numbers_or_comparators() -> None:
    for right in (0, 1.5, {"ge": 1}, "${most}"):
        assert threshold_mistake(right) is None
    for wrong in (True, None, "x", {}, {"foo": 1}, {"ge": "x"}, []):
        assert threshold_mistake(wrong) is not None, wrong
