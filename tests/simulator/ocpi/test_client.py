"""The asking side: what it sends, how it reads whatever comes back, and lists by the page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.client import Failure, OcpiCallFailed, OcpiClient
from simulator.ocpi.connection import Connection
from simulator.ocpi.envelope import encode, read_json, write_json
from simulator.wire.http import Headers, Request, Response
from simulator.wire.http_aio import HttpClient, HttpServer
from tests.simulator.ocpi.platforms import CPO, EMSP
from tests.simulator.ocpi.samples import sample

Reply = Callable[[Request], Response]


class Peer:
    """An HTTP server that says what the test wants, and keeps what it was asked."""

    def __init__(self, clock: Clock) -> None:
        self.asked: list[Request] = []
        self.reply: Reply = lambda _request: Response(200, body=encode(now=clock.now()))
        self.silent = False
        self._clock = clock
        self.url = ""

    async def handle(self, request: Request) -> Response:
        self.asked.append(request)
        if self.silent:
            await self._clock.sleep(3600)
        return self.reply(request)

    def says(self, data: Any = None, status_code: int = 1000, http: int = 200) -> None:
        body = encode(data, status_code, now=self._clock.now())
        self.reply = lambda _request: Response(http, body=body)


@asynccontextmanager
async def talking(
    clock: Clock, chance: Chance, journal: Journal
) -> AsyncIterator[tuple[OcpiClient, Peer, Connection]]:
    peer = Peer(clock)
    server = await HttpServer(peer.handle, clock).start()
    peer.url = f"{server.base_url}/ocpi/2.2.1/receiver/sessions"
    http = HttpClient(clock, timeout_s=10)
    connection = Connection(
        "emsp",
        "plugsurfing",
        token_out="secret-token",
        version="2.2.1",
        registered=True,
        our_roles=[CPO],
        their_roles=[EMSP],
    )
    try:
        yield OcpiClient(http, clock, chance, journal, "cpo"), peer, connection
    finally:
        await http.close()
        await server.stop()


async def test_a_request_carries_all_headers(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with talking(clock, chance, journal) as (client, peer, connection):
        answer = await client.exchange(
            connection,
            "PUT",
            f"{peer.url}/DE/ABC/S1",
            module="sessions",
            body=sample("session"),
            takes="session",
            session="CP1-1-1",
        )
        assert answer.ok and answer.http_status == 200
        headers = peer.asked[0].headers
        assert headers["Authorization"] == "Token c2VjcmV0LXRva2Vu"
        assert headers["Content-Type"] == "application/json"
        assert headers["OCPI-from-party-id"] == "ABC" and headers["OCPI-to-party-id"] == "8PS"
        assert journal.session_of(f"request/{headers['X-Request-ID']}") == "CP1-1-1"
        assert headers["X-Correlation-ID"] != headers["X-Request-ID"]
        assert read_json(peer.asked[0].body) == sample("session")


@pytest.mark.parametrize("module", ["credentials", "versions", "hubclientinfo"])
async def test_configuration_modules_are_not_routed(
    clock: Clock, chance: Chance, journal: Journal, module: str
) -> None:
    async with talking(clock, chance, journal) as (client, peer, connection):
        await client.exchange(connection, "GET", peer.url, module=module)
        assert "OCPI-to-party-id" not in peer.asked[0].headers
        assert "Content-Type" not in peer.asked[0].headers


async def test_a_correlation_id_is_handed_on(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with talking(clock, chance, journal) as (client, peer, connection):
        await client.exchange(
            connection, "GET", peer.url, module="sessions", correlation_id="from-before"
        )
        assert peer.asked[0].headers["X-Correlation-ID"] == "from-before"


async def test_whoever_is_asked_may_tell_what_the_exchange_belongs_to(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with talking(clock, chance, journal) as (client, peer, connection):

        def tell(request: Request) -> Response:
            journal.link(f"request/{request.headers['X-Request-ID']}", "CP1-1-1")
            return Response(200, body=encode(None, now=clock.now()))

        peer.reply = tell
        answers = [
            await client.exchange(connection, "POST", peer.url, module="commands", session=session)
            for session in (None, "another")
        ]
        assert [answer.session for answer in answers] == ["CP1-1-1", "another"]
        assert [record["session"] for record in journal.records] == ["CP1-1-1", "another"]


async def test_one_exchange_is_one_record(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with talking(clock, chance, journal) as (client, peer, connection):
        peer.says({"a": 1})
        answer = await client.exchange(
            connection, "GET", peer.url, module="sessions", query={"limit": 5}, session="s"
        )
        (record,) = journal.records
        assert record["seq"] == answer.record_seq
        assert (record["actor"], record["peer"], record["session"]) == ("cpo", "plugsurfing", "s")
        assert record["url"] == f"{peer.url}?limit=5"
        assert record["direction"] == "sent"
        assert record["request"]["headers"]["Authorization"] == "Token ***"
        assert '"data":{"a":1}' in record["response"]["body"]
        assert (record["http_status"], record["status_code"]) == (200, 1000)


@pytest.mark.parametrize(
    ("http", "body", "failure", "words"),
    [
        (200, b'{"status_code": 2003, "status_message": "where?"}', Failure.REFUSED, "2003 where?"),
        (200, b'{"status_code": 3000}', Failure.REFUSED, "3000"),
        (200, b"<html>", Failure.NOT_JSON, "not JSON"),
        (200, b"", Failure.NOT_JSON, "not JSON"),
        (204, b"", Failure.NOT_JSON, "not JSON"),
        (200, b"[]", Failure.NO_ENVELOPE, "status_code"),
        (404, b'{"status_code": 2004}', Failure.HTTP_ERROR, "HTTP 404: 2004"),
        (500, b"oops", Failure.HTTP_ERROR, "HTTP 500"),
        (302, b'{"status_code": 1000}', Failure.HTTP_ERROR, "HTTP 302"),
    ],
)
async def test_what_comes_back_is_judged(
    clock: Clock, chance: Chance, journal: Journal, http: int, body: bytes, failure: Failure,
    words: str,
) -> None:  # fmt: skip
    async with talking(clock, chance, journal) as (client, peer, connection):
        peer.reply = lambda _request: Response(http, body=body)
        answer = await client.exchange(connection, "GET", peer.url, module="sessions")
        assert (answer.ok, answer.failure, answer.http_status) == (False, failure, http)
        assert words in answer.message
        with pytest.raises(OcpiCallFailed, match=failure.value) as caught:
            await client.request(connection, "GET", peer.url, module="sessions")
        assert caught.value.failure is failure


async def test_a_404_keeps_its_ocpi_code(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with talking(clock, chance, journal) as (client, peer, connection):
        peer.says(None, 2004, http=404)
        answer = await client.exchange(connection, "POST", peer.url, module="tokens")
        assert (answer.http_status, answer.status_code) == (404, 2004)


async def test_201_and_1900_are_good(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with talking(clock, chance, journal) as (client, peer, connection):
        peer.says(None, 1900, http=201)
        assert (await client.exchange(connection, "PUT", peer.url, module="sessions")).ok


async def test_nobody_listens(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with talking(clock, chance, journal) as (client, _peer, connection):
        url = "http://127.0.0.1:9/x"
        answer = await client.exchange(connection, "GET", url, module="sessions")
        assert answer.failure is Failure.UNREACHABLE
        assert answer.http_status is None
        (record,) = journal.records
        assert record["response"] is None and record["http_status"] is None


async def test_what_is_no_url_is_a_failure(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with talking(clock, chance, journal) as (client, _peer, connection):
        for url in ("http://[", "", "ftp://127.0.0.1/", "http://127.0.0.1:99999/"):
            answer = await client.exchange(
                connection, "GET", url, module="sessions", query={"limit": 1}
            )
            assert answer.failure in (Failure.NOT_SENT, Failure.UNREACHABLE), url
            with pytest.raises(OcpiCallFailed):
                async for _ in client.get_all(connection, url, "tokens", gives="token", limit=1):
                    pass


async def test_no_answer_in_time(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with talking(clock, chance, journal) as (client, peer, connection):
        peer.silent = True
        began = clock.monotonic()
        answer = await client.exchange(connection, "GET", peer.url, module="sessions", timeout_s=5)
        assert answer.failure is Failure.NO_ANSWER
        assert clock.monotonic() - began == pytest.approx(5, abs=0.1)


@given(body=st.binary(max_size=200), http=st.sampled_from([200, 201, 400, 404, 500]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
async def test_any_answer_is_an_answer(
    clock: Clock, chance: Chance, journal: Journal, body: bytes, http: int
) -> None:
    async with talking(clock, chance, journal) as (client, peer, connection):
        peer.reply = lambda _request: Response(http, Headers({"Link": "<<>;;"}), body)
        answer = await client.exchange(connection, "GET", peer.url, module="sessions")
        assert answer.record_seq is not None


def pages(peer: Peer, clock: Clock, count: int, size: int, bad: Any = None) -> None:
    """Let the peer list `count` tokens by pages of `size`, the second of them bad."""
    tokens = [{**sample("token"), "uid": str(n)} for n in range(count)]
    if bad is not None:
        tokens[1] = bad

    def reply(request: Request) -> Response:
        offset = int(request.query.get("offset", "0"))
        fields = {"X-Total-Count": str(count), "X-Limit": str(size)}
        if offset + size < count:
            fields["Link"] = f'<{peer.url}?offset={offset + size}&limit={size}>; rel="next"'
        body = encode(tokens[offset : offset + size], now=clock.now())
        return Response(200, Headers(fields), body)

    peer.reply = reply


async def test_a_list_is_followed_over_three_pages(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with talking(clock, chance, journal) as (client, peer, connection):
        pages(peer, clock, 25, 10)
        seen = [
            got.obj["uid"]
            async for got in client.get_all(
                connection, peer.url, "tokens", gives="token", date_from="2026-01-01T00:00:00Z"
            )
        ]
        assert seen == [str(n) for n in range(25)]
        assert len(peer.asked) == 3
        assert peer.asked[0].query == {"date_from": "2026-01-01T00:00:00Z"}
        assert peer.asked[2].query == {"offset": "20", "limit": "10"}


@pytest.mark.parametrize("bad", [{"uid": 5}, None, "nonsense", []])
async def test_a_bad_object_does_not_sink_the_page(
    clock: Clock, chance: Chance, journal: Journal, bad: Any
) -> None:
    async with talking(clock, chance, journal) as (client, peer, connection):
        pages(peer, clock, 3, 10, bad="x" if bad is None else bad)
        listed = client.get_all(connection, peer.url, "tokens", gives="token")
        got = [g async for g in listed]
        assert [not g.problems for g in got] == [True, False, True]
        (told,) = [r for r in journal.records if r["leg"] == "event"]
        assert told["what"] == "ocpi.bad-object"
        assert told["data"]["index"] == 1 and told["data"]["problems"]
        assert told["data"]["message_seq"] == got[1].answer.record_seq


@pytest.mark.parametrize(
    ("link", "total", "objects", "what", "pages"),
    [
        ("{url}?offset=1", "5", 1, "ocpi.list-endless", 2),  # in circles
        ("{url}?offset={n}", "5", 0, "ocpi.list-endless", 1),  # empty pages for ever
        ("{url}?offset={n}", "5", 40, "ocpi.list-endless", 3),  # more than twice its total
        ("http://127.0.0.2:9/steal", "5", 1, "ocpi.link-elsewhere", 1),
        ("//elsewhere.example/list", "5", 1, "ocpi.link-elsewhere", 1),
    ],
)
async def test_a_broken_list_is_a_failure_and_no_end(
    clock: Clock, chance: Chance, journal: Journal, link: str, total: str, objects: int, what: str,
    pages: int,
) -> None:  # fmt: skip
    async with talking(clock, chance, journal) as (client, peer, connection):
        body = encode([sample("token")] * objects, now=clock.now())

        def reply(_request: Request) -> Response:
            to = link.format(url=peer.url, n=len(peer.asked))
            fields = {"Link": f'<{to}>; rel="next"', "X-Total-Count": total}
            return Response(200, Headers(fields), body)

        peer.reply = reply
        with pytest.raises(OcpiCallFailed, match="broken list") as caught:
            async for _ in client.get_all(connection, peer.url, "tokens", gives="token"):
                pass
        assert caught.value.failure is Failure.BROKEN_LIST
        (told,) = [r for r in journal.records if r["leg"] == "event"]
        assert told["what"] == what and told["data"]["problem"]
        assert len(peer.asked) == pages


@pytest.mark.parametrize("data", [{"id": 1}, None, "list"])
async def test_a_list_that_is_none_is_a_failure(
    clock: Clock, chance: Chance, journal: Journal, data: Any
) -> None:
    async with talking(clock, chance, journal) as (client, peer, connection):
        peer.says(data)
        with pytest.raises(OcpiCallFailed, match="expected a list"):
            async for _ in client.get_all(connection, peer.url, "tokens", gives="token"):
                pass


async def test_a_refused_page_is_a_failure(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with talking(clock, chance, journal) as (client, peer, connection):
        peer.says(None, 2001)
        with pytest.raises(OcpiCallFailed, match="2001"):
            async for _ in client.get_all(connection, peer.url, "tokens", gives="token"):
                pass


async def test_bodies_leave_with_exact_numbers(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with talking(clock, chance, journal) as (client, peer, connection):
        body = read_json(b'{"total_cost": {"excl_vat": 12.3750}}')
        await client.exchange(connection, "POST", peer.url, module="cdrs", body=body)
        assert peer.asked[0].body == write_json(body) == b'{"total_cost":{"excl_vat":12.3750}}'
