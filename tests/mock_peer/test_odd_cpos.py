"""`check cpo` on a CPO that is not ours: each fault fails its own rule, and is survived."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from rich.console import Console

from mock_peer.check_model import Report, Verdict
from mock_peer.report_html import report_html
from mock_peer.report_json import report_json
from mock_peer.report_junit import report_junit
from mock_peer.report_terminal import show
from simulator.kernel.clock import Clock, rfc3339
from simulator.mistakes import Exit
from tests.mock_peer import objects
from tests.mock_peer.checking import told
from tests.mock_peer.odd_cpo import PLACE, Asked, Odd, OddCpo, Said, charges, check_odd, good

Change = Callable[[Said], None]
# A CDR that a rule refuses is not taken: that is told beside the rule.
REFUSED = "check.cdr-taken"
ONE = objects.location()


# What may be odd about an answer


def lists(module: str) -> Callable[[Asked], bool]:
    return lambda asked: (asked.module, asked.method) == (module, "GET")


def any_data(asked: Asked) -> bool:
    return asked.module in ("locations", "tariffs", "cdrs", "tokens")


def everything(asked: Asked) -> bool:
    return True


def when(fits: Callable[[Asked], bool], *changes: Change) -> Odd:
    def answer(asked: Asked, said: Said) -> None:
        for change in changes if fits(asked) else ():
            change(said)

    return Odd(answer=answer)


def is_(**fields: Any) -> Change:
    def change(said: Said) -> None:
        for name, value in fields.items():
            setattr(said, name, value)

    return change


def envelope(**members: Any) -> Change:
    return lambda said: said.envelope.update(members)


def without(name: str) -> Change:
    def change(said: Said) -> None:
        said.headers.pop(name, None)

    return change


def header(name: str, value: str) -> Change:
    return lambda said: said.headers.update({name: value})


def bare(said: Said) -> None:
    said.envelope = said.envelope.get("data", [])


# What may be odd about a push


async def alters(cpo: OddCpo) -> None:
    cdr = await cpo.charge()
    await cpo.push("POST", "cdrs", "", {**cdr, "remark": "corrected"})


async def patches_children(cpo: OddCpo) -> None:
    at = rfc3339(cpo.clock.now())
    change = {"name": "New", "evses": [objects.evse(status="CHARGING")], "last_updated": at}
    await cpo.push("PATCH", "locations", PLACE, change)
    await good(cpo)


async def starts_the_blocked(cpo: OddCpo) -> None:
    reference = await cpo.authorize(objects.BLOCKED_CARD)
    token = objects.cdr_token(objects.BLOCKED_CARD)
    await charges(cdr_token=token, authorization_reference=reference)(cpo)


async def sends_late(cpo: OddCpo) -> None:
    cpo.late_s = 3700.0
    await good(cpo)


async def pushes_no_json(cpo: OddCpo) -> None:
    await cpo.push("PUT", "locations", PLACE, b'{"id"')
    await good(cpo)


# fmt: off
RULES: dict[str, tuple[Odd, set[str]]] = {
    "nothing": (Odd(), set()),
    "a country outside": (
        Odd(locations=(ONE, objects.location("LOC2", country="CHN"))), {"location.territory"}),
    "a location without what is required": (
        Odd(locations=(ONE, objects.location("LOC2", coordinates={}))), {"location.valid"}),
    "an EVSE at two locations": (
        Odd(locations=(ONE, objects.location("LOC2", evses=[objects.evse()]))),
        {"location.unique"}),
    "two tariffs at a connector": (
        Odd(locations=(objects.location(evses=[objects.evse(
            connectors=[objects.connector(tariff_ids=["T1", "T2"])])]),),
            tariffs=(objects.tariff(), objects.tariff("T2"))), {"location.one-tariff"}),
    "an ad hoc tariff": (
        Odd(tariffs=(objects.tariff(), objects.tariff("T2", type="AD_HOC_PAYMENT"))),
        {"tariff.regular-only"}),
    "a PATCH with children": (Odd(drive=patches_children), {"location.patch-scope"}),
    "a CDR without its reference": (
        Odd(drive=charges(authorization_reference=None)),
        {"cdr.authorization-reference", REFUSED}),
    "a CDR that is altered": (Odd(drive=alters), {"cdr.unaltered", REFUSED}),
    "a credit CDR": (
        Odd(drive=charges(credit=True, credit_reference_id="CDR0")), {"cdr.no-credit", REFUSED}),
    "a wrong price": (
        Odd(drive=charges(total_cost={"excl_vat": 7, "incl_vat": 8.33})), {"cdr.price"}),
    "a CDR of a session that was refused": (
        Odd(drive=starts_the_blocked),
        {"session.start-denied", "cdr.authorization-reference", "cdr.realtime-only", REFUSED}),
    "a late CDR": (Odd(drive=sends_late), {"cdr.in-time"}),
    "a push that is no JSON": (Odd(drive=pushes_no_json), {"request.body"}),
    "a role twice": (Odd(roles=2), {"credentials.roles-unique", "check.registration"}),
    "every token is good": (
        Odd(guards=False), {"check.no-token", "check.unknown-token", "check.data-token",
                            "check.token-a", "check.ended-token"}),
}
NO_LIST = {"check.pull", "check.page-limit", "check.next-page", "check.dates"}
NOT_SERVED = NO_LIST | {"check.data-token", "check.no-such-location"}
NO_TOKENS = {"check.tokens", "check.token-pnc", "check.token-again"}
WIRE: dict[str, tuple[Odd, set[str]]] = {
    "gzip": (when(everything, is_(style="gzip")), set()),
    "chunked": (when(everything, is_(style="chunked")), set()),
    "HTTP/1.0": (when(everything, is_(style="http/1.0")), set()),
    "slow, but in time": (when(everything, is_(delay_s=20)), set()),
    "too slow": (when(lists("tariffs"), is_(delay_s=60)), {"check.answers", "check.pull"}),
    "HTTP 500": (when(lists("tariffs"), is_(status=500)), {"check.pull"}),
    "HTTP 500 in HTML": (
        when(lists("tariffs"), is_(status=500, envelope=b"<html>oops")), {"check.pull"}),
    "broken JSON": (
        when(lists("tariffs"), is_(envelope=b'{"data":[{')), {"check.pull", "check.envelope"}),
    "no text": (
        when(lists("tariffs"), is_(envelope=b"\xff\xfe\0")), {"check.pull", "check.envelope"}),
    "deep": (
        when(lists("tariffs"), is_(envelope=b"[" * 99_999)), {"check.pull", "check.envelope"}),
    "no HTTP": (when(lists("tariffs"), is_(raw=b"hello\r\n\r\n")), {"check.pull", "check.answers"}),
    "half an answer": (
        when(lists("tariffs"), is_(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")),
        {"check.pull", "check.answers"}),
    "a closed connection": (
        when(lists("tariffs"), is_(raw=b"")), {"check.pull", "check.answers"}),
    "a redirect": (
        when(lists("tariffs"), is_(status=302), header("Location", "http://127.0.0.1:1/")),
        {"check.pull"}),
    "a list that is an object": (
        when(lists("tariffs"), envelope(data={"a": 1})), {"check.pull"}),
    "no envelope": (
        when(any_data, bare), {"check.envelope", "check.cdr-pull", *NO_LIST, *NO_TOKENS}),
    "a status_code that is a text": (
        when(any_data, envelope(status_code="1000")),
        {"check.envelope", "check.cdr-pull", *NO_LIST, *NO_TOKENS}),
    "a timestamp that is none": (
        when(any_data, envelope(timestamp="15.1.2026")), {"check.timestamp"}),
    "a timestamp that is a number": (
        when(any_data, envelope(timestamp=1)), {"check.timestamp"}),
    "another content type": (
        when(lists("tariffs"), header("Content-Type", "text/plain")), {"check.content-type"}),
    "no ids": (when(any_data, without("x-request-id")), {"check.ids-echoed"}),
    "no count": (when(lists("tariffs"), without("X-Total-Count")), {"check.counts"}),
    "a count that is none": (
        when(lists("locations"), header("X-Total-Count", "many")), {"check.counts"}),
    "a Link to another host": (
        when(lists("tariffs"), header("Link", '<http://127.0.0.1:1/x>; rel="next"')),
        {"check.pull"}),
    "a Link to itself": (
        when(lists("tariffs"), header("Link", '<?offset=0>; rel="next"')), {"check.pull"}),
    "versions that are no JSON": (
        when(lambda asked: asked.module == "versions", is_(envelope=b"<html>")),
        {"check.versions", "check.registration", "check.envelope"}),
    "credentials that are none": (
        when(lambda asked: asked.method == "POST", envelope(data={"token": 5})),
        {"check.registration", "credentials.valid"}),
}
# fmt: on
# Where locations cannot be known, what rests on them fails too: that is judged by itself.
CONSEQUENCES = ("authorize.", "session.", "cdr.", "location.unique", REFUSED)


def failing(report: Report) -> set[str]:
    return {line.id for line in report.failures}


@pytest.mark.parametrize("name", RULES)
async def test_a_fault_fails_its_own_rule(clock: Clock, name: str) -> None:
    odd, expected = RULES[name]
    report, _, _ = await check_odd(clock, odd)
    assert failing(report) == expected
    for line in report.failures:
        assert line.hint
        assert line.messages, line.id
    readable(report)


@pytest.mark.parametrize("name", WIRE)
async def test_whatever_is_answered_is_survived_and_told(clock: Clock, name: str) -> None:
    odd, expected = WIRE[name]
    report, _, _ = await check_odd(clock, odd)
    found = {rule for rule in failing(report) if not rule.startswith(CONSEQUENCES)}
    assert found == expected | ({"check.cdr-taken"} & found)
    readable(report)


@pytest.mark.parametrize("odd", [
    when(lists("locations"), is_(status=500)),
    when(lists("locations"), is_(raw=b"")),
    when(lists("locations"), envelope(data=[None, 1, "x", [], {}])),
])  # fmt: skip
async def test_without_locations_nothing_that_rests_on_them_passes(clock: Clock, odd: Odd) -> None:
    report, _, _ = await check_odd(clock, odd)
    verdicts = told(report.lines)
    for rule in ("authorize.location-reference", "cdr.known-location", REFUSED):
        assert verdicts[rule] is Verdict.FAIL, rule
    assert verdicts["check.page-limit"] is Verdict.FAIL
    assert verdicts["cdr.in-time"] is Verdict.PASS  # what is pulled once more is not late
    readable(report)


MISFITS: dict[str, Odd] = {
    "a web site": when(everything, is_(envelope=b"<html>")),
    "never in time": when(everything, is_(delay_s=100)),
    "a refusal of all": when(everything, is_(status=401)),
    "no content": when(everything, is_(status=204, envelope=b"")),
    "an unheard status": when(everything, is_(status=999)),
    "null": when(everything, is_(envelope=b"null")),
    "a list": when(everything, is_(envelope=b"[]")),
    "a huge code": when(everything, envelope(status_code=10**30)),
    "a code that is true": when(everything, envelope(status_code=True)),
    "data that is odd": when(everything, envelope(data=[[], {}, None])),
    "endpoints that are odd": when(
        lambda asked: asked.module == "2.2.1",
        envelope(data={"endpoints": [None, {"identifier": 5}, {
            "identifier": "credentials", "role": "SENDER", "url": "file:///etc/passwd"}]})),
}  # fmt: skip


@pytest.mark.parametrize("name", MISFITS)
async def test_what_is_no_cpo_at_all_fails_its_registration(clock: Clock, name: str) -> None:
    report, _, _ = await check_odd(clock, MISFITS[name])
    assert "check.registration" in failing(report)
    assert report.exit_code is Exit.FAILED
    assert report.problem.startswith("the registration failed")
    passing = {line.id for line in report.lines if line.verdict is Verdict.PASS}
    assert all(rule.startswith("check.") for rule in passing)
    readable(report)


async def test_hostile_words_stay_words(clock: Clock) -> None:
    evil = "<script>alert(1)</script>\x1b[31m\r\u202e]]>"

    def answer(asked: Asked, said: Said) -> None:
        if asked.module == "tokens":
            said.envelope |= {"status_code": 2000, "status_message": evil, "timestamp": evil}
            said.headers |= {"X-Evil": "\x1b[31m", "Content-Type": "<script>"}

    place = {**objects.location("LOC2"), "name": evil, "country": evil}
    report, _, _ = await check_odd(clock, Odd(answer=answer, locations=(ONE, place)))
    assert {"location.territory", "check.tokens", "check.content-type"} <= failing(report)
    readable(report)


async def test_what_the_cpo_lists_is_pulled_page_by_page(clock: Clock) -> None:
    async def three(cpo: OddCpo) -> None:
        await good(cpo)
        for number in (2, 3):
            cpo.cdrs.append({**cpo.cdrs[0], "id": f"OLD{number}"})

    report, journal, _ = await check_odd(clock, Odd(drive=three))
    pages = [r for r in journal.records if r.get("module") == "cdrs" and r["method"] == "GET"]
    assert len(pages) == 3
    assert "date_from=" in pages[0]["url"]
    line = next(line for line in report.lines if line.id == "check.cdr-pull")
    assert (line.verdict, line.ruling.why) == (Verdict.PASS, "3 CDRs on 3 pages")


async def test_a_cdr_that_is_listed_otherwise_than_sent_is_altered(clock: Clock) -> None:
    async def lists_another(cpo: OddCpo) -> None:
        await good(cpo)
        cpo.cdrs = [{**cpo.cdrs[0], "remark": "corrected"}]

    report, _, _ = await check_odd(clock, Odd(drive=lists_another))
    assert failing(report) == {"cdr.unaltered"}


async def test_a_cdr_that_is_not_listed_is_missed(clock: Clock) -> None:
    async def forgets(cpo: OddCpo) -> None:
        await good(cpo)
        cpo.cdrs = []

    report, _, _ = await check_odd(clock, Odd(drive=forgets))
    assert failing(report) == {"check.cdr-pull"}


async def test_who_is_silent_holds_nobody_up(clock: Clock) -> None:
    async def silent(cpo: OddCpo) -> None:
        await asyncio.Event().wait()

    report, _, _ = await check_odd(clock, Odd(drive=silent), wait_s=60)
    assert (report.exit_code, failing(report)) == (Exit.TIMEOUT, set())
    assert "CDR" in report.missing


@pytest.mark.parametrize("after_s", [0, 0.5, 100])
async def test_an_interrupted_check_reports_what_came(clock: Clock, after_s: float) -> None:
    odd = when(everything, is_(delay_s=1))
    check = asyncio.ensure_future(check_odd(clock, odd))
    await clock.sleep(after_s + 0.1)
    check.cancel()
    report, _, _ = await check
    assert report.exit_code is Exit.INTERRUPTED
    assert report.problem.startswith("interrupted")
    assert ("left registered" in report.problem) is (after_s > 60)
    assert failing(report) == set()
    readable(report)


def readable(report: Report) -> None:
    """Every view of it can be made, adds up, and lets nothing out."""
    page = report_html(report)
    assert "<script" not in page
    assert not re.search(r'(?:src|href)="(?!#)|@import|url\(', page)
    assert json.loads(report_json(report))["exit_code"] == report.exit_code
    terminal = io.StringIO()
    show(report, Console(file=terminal, width=100))
    junit = report_junit(report).decode()
    for view in (page, junit, terminal.getvalue()):
        assert not re.search("[\x1b\r\x9b\u202e]", view)
    root = fromstring(junit.encode())
    cases = root.findall("./testsuite/testcase")
    assert [case.get("name") for case in cases] == [
        line.id for _, lines in report.modules for line in lines
    ]
    counts = [("tests", cases), ("failures", root.findall(".//failure"))]
    counts.append(("skipped", root.findall(".//skipped")))
    for name, found in counts:
        own = sum(int(suite.get(name, "0")) for suite in root)
        assert int(root.get(name, "0")) == own == len(found), name
