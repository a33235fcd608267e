"""From findings to answers."""

from __future__ import annotations

from mock_peer.judging import refusal, refusing
from mock_peer.rule import Finding, Severity


def finding(rule: str, severity: Severity = Severity.REJECT, status: int | None = None) -> Finding:
    return Finding(rule, severity, "/a", 1, "two", status=status)


def test_the_first_reject_refuses() -> None:
    warn, first = finding("cdr.in-time", Severity.WARN), finding("cdr.valid")
    assert refusing([warn, first, finding("cdr.no-credit")]) is first
    assert refusing([warn]) is None


def test_the_refusal_has_the_rules_codes_and_its_name() -> None:
    error = refusal(finding("cdr.known-location"))
    assert (error.status_code, error.http_status) == (2003, 200)
    assert error.message == "cdr.known-location at /a: expected two"
    assert refusal(finding("location.unique", status=2003)).status_code == 2003
    assert refusal(finding("locations.no-get")).http_status == 405
