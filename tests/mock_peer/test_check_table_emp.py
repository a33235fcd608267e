"""The checks of an EMP: what exchanges are taken for, and what is required."""

from __future__ import annotations

from typing import Any

import pytest

from mock_peer import check_table_emp as table
from mock_peer.check_evidence import Exchange
from mock_peer.check_model import Verdict
from mock_peer.check_probes import NOWHERE
from mock_peer.check_rulings import check_lines
from simulator.kernel.journal import Record
from tests.mock_peer.checking import envelope, evidence, record, told

OFFERED = list(table.NEEDED)
LINK = {"Link": '<http://a/b?smart_paging=x>; rel="next"'}


def verdict(name: str, *records: Record, **more: Any) -> Verdict:
    return told(check_lines(table.EMP_CHECKS, evidence(*records, **more)))[name]


def pull(query: str = "", **more: Any) -> Record:
    one = record(1, "GET", "locations", **more)
    return {**one, "url": one["url"] + query}


def asked(data: Any = None, uid: str = "T1", **more: Any) -> Record:
    told_ = {"answer": envelope(data), **more}
    return record(1, "POST", "tokens", f"/{uid}/authorize", received=False, **told_)


def pushed(seq: int, **body: Any) -> Record:
    return record(seq, "PUT", "tokens", "/DE/EMP/T1", body={"uid": "T1", **body})


def cdr(seq: int, session: str, http: int = 200) -> Record:
    return record(seq, "POST", "cdrs", received=False, http=http, session=session)


def test_ids_are_unique_and_wishes_too() -> None:
    for rows in (table.EMP_CHECKS, table.EMP_WISHES):
        names = [row[0] for row in rows]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("name", "exchange"),
    [
        ("full pull", pull()),
        ("delta pull", pull("?date_from=2026-01-01T00:00:00Z")),
        ("token", pushed(1, valid=True)),
        ("disabled token", pushed(1, valid=False)),
        ("allowed authorization", asked({"allowed": "ALLOWED"})),
        ("denied authorization", asked({"allowed": "NO_CREDIT"})),
        ("authorization without an answer", asked(http=None)),
        ("failing authorization", asked(http=500)),
        ("remote start", record(1, "POST", "commands", "/START_SESSION")),
        ("remote stop", record(1, "POST", "commands", "/STOP_SESSION")),
        ("CDR taken", cdr(1, table.LOCAL)),
    ],
)
def test_each_wish_is_told_from_the_others(name: str, exchange: Record) -> None:
    fitting = {wish.name for wish in table.EMP_WISHES if wish.fits(Exchange(exchange))}
    assert fitting - {"token"} == {name} - {"token"}
    assert name in fitting


def test_a_page_with_a_link_is_not_the_last() -> None:
    assert not table.full_page(Exchange(pull(answered=LINK)))
    assert verdict("check.full-pull", pull(answered=LINK)) is Verdict.FAIL
    assert verdict("check.full-pull", pull(answered=LINK), {**pull(), "seq": 2}) is Verdict.PASS
    assert verdict("check.full-pull") is Verdict.NOT_EXERCISED


def test_a_question_for_a_stranger_is_none_of_the_tester_s() -> None:
    stranger = asked(uid=NOWHERE, http=404)
    assert not table.asked(Exchange(stranger))
    assert verdict("check.authorize-unknown", stranger) is Verdict.PASS
    welcome = asked({"allowed": "ALLOWED"}, uid=NOWHERE)
    assert verdict("check.authorize-unknown", welcome) is Verdict.FAIL


def test_an_emp_that_never_allows_fails() -> None:
    assert verdict("check.authorize-accept", asked({"allowed": "ALLOWED"})) is Verdict.PASS
    assert verdict("check.authorize-accept", asked(http=500)) is Verdict.FAIL
    assert verdict("check.authorize-accept") is Verdict.NOT_EXERCISED


def test_the_modules_that_roam_pushes_to_are_looked_for() -> None:
    details = envelope({"version": "2.2.1", "endpoints": [{"identifier": "cdrs"}]})
    seen = record(1, "GET", "versions", received=False, answer=details)
    assert verdict("check.emp-modules", seen, offered=OFFERED) is Verdict.PASS
    assert verdict("check.emp-modules", seen, offered=OFFERED[:1]) is Verdict.FAIL


def test_a_token_is_updated_when_it_comes_twice() -> None:
    assert verdict("check.token-update", pushed(1)) is Verdict.NOT_EXERCISED
    assert verdict("check.token-update", pushed(1), pushed(2)) is Verdict.PASS


def test_the_last_sending_of_a_cdr_counts() -> None:
    refused, taken = cdr(1, table.LOCAL, 500), cdr(2, table.LOCAL)
    assert verdict("check.cdr-taken", refused, taken) is Verdict.PASS
    assert verdict("check.cdr-taken", refused) is Verdict.FAIL
    assert verdict("check.cdr-taken", cdr(1, table.LOCAL, 201)) is Verdict.FAIL
    assert verdict("check.cdr-alone", taken) is Verdict.NOT_EXERCISED


def test_the_same_cdr_again_is_taken_again() -> None:
    name = "check.cdr-again"
    assert verdict(name, cdr(1, table.LOCAL)) is Verdict.NOT_EXERCISED
    assert verdict(name, cdr(1, table.LOCAL), cdr(2, table.LOCAL)) is Verdict.PASS
    assert verdict(name, cdr(1, table.LOCAL), cdr(2, table.LOCAL, 409)) is Verdict.FAIL


def test_sessions_are_told_apart_by_how_they_began() -> None:
    local = record(1, "PUT", "sessions", "/NL/RLB/S", received=False, session=table.LOCAL)
    assert verdict("check.local-session", local) is Verdict.PASS
    assert verdict("check.remote-session", local) is Verdict.NOT_EXERCISED
    refused = {**local, "http_status": 500}
    assert verdict("check.local-session", refused) is Verdict.FAIL
