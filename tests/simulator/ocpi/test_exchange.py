"""Results and contexts: what a handler gives and gets."""

from __future__ import annotations

import pytest

from simulator.ocpi.connection import Connection
from simulator.ocpi.envelope import InvalidParameters
from simulator.ocpi.exchange import Ctx, Finding, Result
from simulator.ocpi.headers import MessageIds, Routing
from simulator.ocpi.paging import window
from simulator.ocpi.versions import VERSIONS
from simulator.wire.http import Headers, Request


def context(query: dict[str, str] | None = None, body: bytes = b"") -> Ctx:
    request = Request(
        "GET",
        "/ocpi/2.2.1/sender/cdrs",
        query=query or {},
        headers=Headers({"A": "b"}),
        body=body,
        base_url="http://x:1",
    )
    return Ctx(request, "cpo", MessageIds(), Routing(), 0.0)


def test_what_is_new_is_201() -> None:
    assert Result().http == 200
    assert Result(created=True).http == 201
    assert Result(http_status=404, created=True).http == 404


def test_a_context_shows_the_request() -> None:
    ctx = context({"limit": "1"}, "Küste\xff".encode("latin-1"))
    assert (ctx.method, ctx.query, ctx.headers["a"]) == ("GET", {"limit": "1"}, "b")
    assert ctx.raw == b"K\xfcste\xff" and ctx.text == "K\ufffdste\ufffd"


def test_a_token_is_rfid_unless_the_url_says_otherwise() -> None:
    assert context().token_type == "RFID"
    assert context({"type": "APP_USER"}).token_type == "APP_USER"
    assert context({"token_type": "OTHER"}).token_type == "OTHER"


def test_connection_and_version_are_there_behind_the_gate() -> None:
    ctx = context()
    with pytest.raises(AssertionError):
        _ = ctx.connection
    with pytest.raises(AssertionError):
        _ = ctx.version
    ctx.stored, ctx.used = Connection("1", "peer"), VERSIONS["2.2.1"]
    assert ctx.connection.id == "1" and ctx.version.number == "2.2.1"


def test_findings_wait_for_the_record() -> None:
    ctx = context()
    ctx.find("cdr.valid", "reject", "/id", 5, "a string", ("cdr/1",))
    assert ctx.findings == [Finding("cdr.valid", "reject", "/id", 5, "a string", ("cdr/1",))]
    assert ctx.message_seq is None


def test_a_page_is_read_and_listed() -> None:
    ctx = context({"limit": "2"})
    result = ctx.listing(window([{"id": 1}, {"id": 2}, {"id": 3}], ctx.page(max_limit=10)))
    assert result.data == [{"id": 1}, {"id": 2}]
    assert result.headers == {
        "X-Total-Count": "3",
        "X-Limit": "10",
        "Link": '<http://x:1/ocpi/2.2.1/sender/cdrs?offset=2&limit=2>; rel="next"',
    }
    with pytest.raises(InvalidParameters):
        ctx.page(date_from_required=True)
