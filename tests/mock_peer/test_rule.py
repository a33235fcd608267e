"""Rows, findings, contexts."""

from __future__ import annotations

from mock_peer.known import Known
from mock_peer.profile import Profile
from mock_peer.rule import ALL, Context, Face, Finding, Rule, Severity
from tests.mock_peer import objects as o


def row(severity: Severity, **more: object) -> Rule:
    return Rule("x.y", Face.A, ALL, severity, "SPEC", "a statement", **more)  # type: ignore[arg-type]


def test_the_answer_in_words() -> None:
    assert row(Severity.WARN).answers == "1000"
    assert row(Severity.REJECT, status=2001).answers == "2001"
    assert row(Severity.REJECT, http_status=405).answers == "2000, HTTP 405"
    assert row(Severity.REJECT, answer="NOT_ALLOWED").answers == "NOT_ALLOWED"


def test_a_finding_in_words() -> None:
    assert str(Finding("x.y", Severity.WARN, "/a", 1, "two")) == "x.y at /a: expected two"
    assert str(Finding("x.y", Severity.WARN, "", 1, "two")) == "x.y: expected two"


def test_the_territory_is_the_versions_own() -> None:
    def served(version: str, **profile: object) -> frozenset[str] | None:
        agreed = Profile(**profile)  # type: ignore[arg-type]
        return Context(version, o.NOW, Known(), agreed).territory

    assert "EST" in (served("2.2.1") or ())
    assert "EST" not in (served("2.1.1") or ())
    assert served("2.1.1", territory=("AUS",)) == {"AUS"}
    assert served("2.2.1", peer="generic") is None
