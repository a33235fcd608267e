"""How the transport, the handshake and the modules of the other side are judged: small tests.

Rule: a test reads evidence and returns a ruling; it is pure, and a builder of tests takes what
differs between rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from mock_peer import raw
from mock_peer.check_evidence import Evidence, Exchange
from mock_peer.check_model import (
    Line,
    Ruling,
    failed,
    not_applicable,
    not_exercised,
    passed,
)
from simulator.ocpi import validate
from simulator.ocpi.envelope import write_json
from simulator.ocpi.headers import CORRELATION_ID, LIMIT, REQUEST_ID, TOTAL_COUNT
from simulator.ocpi.types import DATE_TIME

_SHORT = 60
Test = Callable[[Evidence], Ruling]
Problem = Callable[[Exchange], str]  # what is wrong with an exchange; empty: nothing


class Check(NamedTuple):
    """A row of a table of checks: what rules do not say, and a connection rests on."""

    id: str
    module: str
    versions: tuple[str, ...]
    source: str
    statement: str
    hint: str
    test: Test


def check_lines(rows: Iterable[Check], evidence: Evidence) -> list[Line]:
    """A line for each row."""
    return [
        Line(
            row.id,
            row.module,
            row.statement,
            row.source,
            row.hint,
            ruling=row.test(evidence)
            if evidence.version in row.versions
            else not_applicable(f"not in OCPI {evidence.version}"),
        )
        for row in rows
    ]


# Builders


def probe(name: str, expected: str, good: Callable[[Exchange], bool]) -> Test:
    """The probe of that name came to what `good` says; `expected` is that in words."""

    def test(evidence: Evidence) -> Ruling:
        found = evidence.probes.get(name)
        if found is None:
            return not_exercised(evidence.notes.get(name, "it could not be tried"))
        if good(found):
            return passed([found.seq], outcome(found))
        return failed(f"expected {expected}{instead(found)}", [found.seq])

    return test


def http(*statuses: int) -> Callable[[Exchange], bool]:
    """The HTTP status is one of these."""
    return lambda exchange: exchange.http_status in statuses


def is_ok(exchange: Exchange) -> bool:
    """HTTP 2xx with OCPI 1xxx."""
    return exchange.ok


def is_refused(exchange: Exchange) -> bool:
    """Refused in good form: HTTP 4xx, or OCPI 2xxx."""
    return 400 <= (exchange.http_status or 0) < 500 or 2000 <= (exchange.status_code or 0) < 3000


def every(select: Callable[[Evidence], Iterable[Exchange]], problem: Problem, nothing: str) -> Test:
    """Each selected exchange is without a problem; `nothing` tells why there may be none."""

    def test(evidence: Evidence) -> Ruling:
        chosen = list(select(evidence))
        if not chosen:
            return not_exercised(nothing)
        wrong = [(exchange, why) for exchange in chosen if (why := problem(exchange))]
        if wrong:
            more = f" ({len(wrong)} of {len(chosen)} messages)" if len(wrong) > 1 else ""
            return failed(f"{wrong[0][1]}{more}", [exchange.seq for exchange, _ in wrong])
        return passed([exchange.seq for exchange in chosen], counted(len(chosen)))

    return test


def counted(number: int) -> str:
    """So many messages, in words."""
    return "in 1 message" if number == 1 else f"in {number} messages"


def outcome(exchange: Exchange) -> str:
    """What an exchange came to, in words."""
    if exchange.http_status is None:
        return "no answer"
    code = f", OCPI {exchange.status_code}" if exchange.status_code is not None else ""
    return f"HTTP {exchange.http_status}{code}"


def instead(exchange: Exchange) -> str:
    """What came in place of what was expected, as the end of a sentence."""
    answered = exchange.http_status is not None
    return f", not {outcome(exchange)}" if answered else ", but no answer came"


# Selections


def our_requests(evidence: Evidence) -> list[Exchange]:
    """All that we sent and that was answered."""
    return [e for e in evidence.exchanges if not e.received and e.http_status is not None]


def our_data(evidence: Evidence) -> list[Exchange]:
    """The answered requests that we sent to modules that carry data."""
    return [e for e in our_requests(evidence) if e.functional]


def pulls(evidence: Evidence) -> list[Exchange]:
    """What we asked for of modules that carry data, answered or not."""
    return [e for e in evidence.exchanges if not e.received and e.functional and e.method == "GET"]


def envelopes(evidence: Evidence) -> list[Exchange]:
    """The answers to us that are OCPI envelopes."""
    return [e for e in good_answers(evidence) if e.status_code is not None]


def good_answers(evidence: Evidence) -> list[Exchange]:
    """The answers to us with HTTP 2xx."""
    return [e for e in our_requests(evidence) if 200 <= (e.http_status or 0) < 300]


def lists(evidence: Evidence) -> list[Exchange]:
    """The lists that we pulled."""
    found = (e for e in good_answers(evidence) if e.functional and e.method == "GET")
    return [e for e in found if isinstance(e.data, list)]


# Problems


def not_ok(exchange: Exchange) -> str:
    """It was not answered well."""
    message = raw.text(exchange.answer, "/status_message")
    said = f": {message}" if message else ""
    return "" if exchange.ok else f"expected OCPI 1000{instead(exchange)}{said}"


def unanswered(exchange: Exchange) -> str:
    """No answer came, or none that is HTTP."""
    asked = f"{exchange.method} {exchange.module}"
    return "" if exchange.http_status is not None else f"{asked}: no answer came"


def no_list(exchange: Exchange) -> str:
    """A list was asked for, and did not come."""
    listed = isinstance(exchange.data, list)
    return not_ok(exchange) or ("" if listed else f"/data: expected a list{_not(exchange.data)}")


def no_envelope(exchange: Exchange) -> str:
    """The answer is no OCPI envelope."""
    if exchange.status_code is not None:
        return ""
    told = exchange.answer
    if told is None:
        return f"expected a JSON object, not other content ({outcome(exchange)})"
    if not isinstance(told, dict):
        return f"expected an object with status_code{_not(told)}"
    return f"/status_code: expected a number{_not(told.get('status_code'))}"


def _not(value: Any) -> str:
    """What is there instead, as JSON, cut short."""
    told = write_json(value).decode()
    return f", not {told}" if len(told) <= _SHORT else f", not {told[:_SHORT]}…"


def bad_timestamp(exchange: Exchange) -> str:
    """The envelope's timestamp is missing or no DateTime."""
    told = raw.at(exchange.answer, "/timestamp")
    good = isinstance(told, str) and DATE_TIME.fullmatch(told)
    return "" if good else f"/timestamp: expected a DateTime in UTC, not {told!r}"


def not_json(exchange: Exchange) -> str:
    """The answer's Content-Type is another."""
    told = exchange.answered.get("Content-Type", "")
    return "" if told.startswith("application/json") else f"expected application/json, not {told!r}"


def ids_not_echoed(exchange: Exchange) -> str:
    """The answer does not repeat the request's unique ids."""
    for name in (REQUEST_ID, CORRELATION_ID):
        sent, echoed = exchange.asked.get(name), exchange.answered.get(name)
        if sent != echoed:
            return f"{name}: expected {sent!r}, not {echoed!r}"
    return ""


def uncounted(exchange: Exchange) -> str:
    """A list lacks its counts."""
    for name in (TOTAL_COUNT, LIMIT):
        told = exchange.answered.get(name)
        if told is None or not told.isdecimal():
            return f"{name}: expected a whole number, not {told!r}"
    return ""


def invalid(kind: str, version: str) -> Problem:
    """A problem if the answer's data is no valid object of a kind."""

    def problem(exchange: Exchange) -> str:
        found = validate.errors(kind, exchange.data, version)
        return f"/data{found[0].pointer}: expected {found[0].expected}" if found else ""

    return problem
