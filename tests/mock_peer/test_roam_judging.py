"""Judging at the Roam face: told with the exchange, refused only in strict mode."""

from __future__ import annotations

from mock_peer.roam_book import RoamBook
from mock_peer.roam_judging import RoamJudge
from mock_peer.roam_organisation import Organisation
from mock_peer.rule import Occasion, Severity
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.connection import Connection
from tests.mock_peer.roam_things import token


def judged(clock: Clock, journal: Journal, **organisation: object) -> tuple[RoamJudge, Connection]:
    book = RoamBook(organisation=Organisation(**organisation))  # type: ignore[arg-type]
    connection = book.new_connection()
    book.save(connection)
    return RoamJudge(book, clock=clock, journal=journal), connection


def test_findings_follow_the_organisation_s_switches(clock: Clock, journal: Journal) -> None:
    judge, connection = judged(clock, journal, rules={"roam.token-types": "warn"})
    found = judge.found(connection, Occasion.ROAM_TOKEN, token(type="APP_USER"))
    severities = {f.rule: f.severity for f in found}
    assert severities["roam.token-types"] is Severity.WARN
    judge.book.close()


def test_what_was_sent_is_told_with_its_record(clock: Clock, journal: Journal) -> None:
    judge, connection = judged(clock, journal)
    answer = {"id": "ed1", "http_status": 201, "status_code": 1000}
    judge.sent(connection, Occasion.ROAM_CDR_ANSWER, answer, message_seq=7, session="CP1-1-1")
    (record,) = journal.records
    assert (record["actor"], record["peer"], record["session"]) == ("roam", "emp", "CP1-1-1")
    assert (record["rule"], record["message_seq"]) == ("roam.cdr-retry", 7)
    judge.book.close()
