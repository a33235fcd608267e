"""The answering side as a whole: one pipeline, whatever arrives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.client import Failure
from simulator.ocpi.connection import RECEIVER, SENDER, Connection
from simulator.ocpi.envelope import (
    InvalidParameters,
    NotFound,
    OcpiError,
    UnknownToken,
    encode,
    parse,
    write_json,
)
from simulator.ocpi.exchange import Ctx, Result, Route
from simulator.ocpi.headers import authorization
from simulator.ocpi.paging import window
from simulator.wire.http import Headers, Request, Response
from tests.simulator.ocpi.platforms import CPO, EMSP, Side, side
from tests.simulator.ocpi.samples import sample

TOKENS = "/ocpi/2.2.1/receiver/tokens/DE/8PS"
TOKEN = {**sample("token"), "uid": "T1"}


class Handlers:
    """A CPO's token receiver and location sender, as small as can be, and some bad ones."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.tokens: dict[str, Any] = {}
        self.after: list[int | None] = []
        self.locations = [{**sample("location"), "id": f"L{n}"} for n in range(25)]

    async def put(self, ctx: Ctx) -> Result:
        uid = ctx.params["token_uid"]
        created = uid not in self.tokens
        self.tokens[uid] = ctx.obj
        ctx.find("token.seen", "warn", "/uid", uid, "something else", (f"token/{uid}",))

        async def after() -> None:
            self.after.append(ctx.message_seq)

        return Result(created=created, after=after)

    async def get(self, ctx: Ctx) -> Result:
        token = self.tokens.get(ctx.params["token_uid"])
        if token is None:
            raise NotFound("no such token", status_code=2004)
        return Result(token)

    async def list(self, ctx: Ctx) -> Result:
        return ctx.listing(window(self.locations, ctx.page(max_limit=10)))

    async def command(self, ctx: Ctx) -> Result:
        return await getattr(self, ctx.params["command"].lower())(ctx)  # type: ignore[no-any-return]

    async def fail(self, _ctx: Ctx) -> Result:
        raise ZeroDivisionError("a mistake of ours")

    async def unwritable(self, _ctx: Ctx) -> Result:
        return Result(object())

    async def refuse(self, _ctx: Ctx) -> Result:
        raise InvalidParameters("too long", pointer="/id", data={"limit": 36})

    async def hang_up(self, _ctx: Ctx) -> Result:
        return Result(closed=True)

    async def wait(self, _ctx: Ctx) -> Result:
        return Result(delay_s=20)

    async def later_fails(self, _ctx: Ctx) -> Result:
        return Result(after=self.broken)

    async def broken(self) -> None:
        raise ZeroDivisionError("later")

    def routes(self) -> list[Route]:
        path = "{country_code}/{party_id}/{token_uid}"
        return [
            Route("tokens", RECEIVER, "PUT", path, self.put, takes="token"),
            Route("tokens", RECEIVER, "GET", path, self.get, gives="token"),
            Route("locations", SENDER, "GET", "", self.list, gives="location"),
            Route("commands", RECEIVER, "POST", "{command}", self.command),
        ]


@asynccontextmanager
async def serving(
    clock: Clock, chance: Chance, journal: Journal, **options: Any
) -> AsyncIterator[tuple[Side, Handlers]]:
    handlers = Handlers(clock)
    async with side("cpo", [CPO], clock, chance, journal, handlers.routes(), **options) as cpo:
        peer = Connection(
            "emsp",
            "emsp",
            token_in="right",
            version="2.2.1",
            registered=True,
            our_roles=[CPO],
            their_roles=[EMSP],
        )
        cpo.store.save(peer)
        yield cpo, handlers


async def ask(
    cpo: Side,
    method: str,
    path: str,
    body: Any = None,
    *,
    raw: bytes | None = None,
    token: str | None = "right",
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """One request, straight into the server."""
    fields = dict(headers or {})
    if token is not None:
        fields["Authorization"] = authorization(token, "base64")
    content = raw if raw is not None else b"" if body is None else write_json(body)
    return await cpo.server.handle(
        Request(method, path, query or {}, Headers(fields), content, cpo.http.base_url)
    )


def code(response: Response) -> tuple[int, int]:
    """HTTP status and OCPI status code."""
    return response.status, parse(response.body).status_code


async def test_created_is_201_and_replaced_200(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with serving(clock, chance, journal) as (cpo, handlers):
        assert code(await ask(cpo, "PUT", f"{TOKENS}/T1", TOKEN)) == (201, 1000)
        assert code(await ask(cpo, "PUT", f"{TOKENS}/T1/", TOKEN)) == (200, 1000)
        response = await ask(cpo, "GET", f"{TOKENS}/T1")
        assert parse(response.body).data == TOKEN == handlers.tokens["T1"]
        assert response.headers["Content-Type"] == "application/json"


async def test_percent_encoded_ids_are_decoded(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with serving(clock, chance, journal) as (cpo, handlers):
        token = {**TOKEN, "uid": "a/b c"}
        assert code(await ask(cpo, "PUT", f"{TOKENS}/a%2Fb%20c", token)) == (201, 1000)
        assert list(handlers.tokens) == ["a/b c"]


@pytest.mark.parametrize(
    ("method", "path", "token", "expected"),
    [
        ("GET", "/ocpi/versions", None, (401, 2000)),
        ("GET", "/ocpi/versions", "wrong", (401, 2000)),
        ("GET", "/nowhere", "wrong", (401, 2000)),
        ("GET", "/nowhere", "right", (404, 2000)),
        ("GET", "/ocpi/9.9", "right", (404, 2000)),
        ("GET", "/ocpi/versions/", "right", (200, 1000)),
        ("GET", f"{TOKENS}/T1", "token-A", (401, 2000)),
        ("PATCH", f"{TOKENS}/T1", "token-A", (401, 2000)),
        ("GET", "/ocpi/2.2.1", "token-A", (200, 1000)),
        ("GET", f"{TOKENS}/T1", "right", (404, 2004)),
        ("GET", "/ocpi/2.2.1/receiver/tokens/NL/XYZ/T1", "right", (404, 2001)),
        ("PATCH", f"{TOKENS}/T1", "right", (405, 2000)),
        ("DELETE", f"{TOKENS}/T1", "right", (405, 2000)),
        ("OPTIONS", f"{TOKENS}/T1", "right", (405, 2000)),
        ("HEAD", f"{TOKENS}/T1", "right", (405, 2000)),
        ("BREW", f"{TOKENS}/T1", "right", (405, 2000)),
        ("GET", "/ocpi/2.2.1/sender/locations/L1", "right", (405, 2000)),
    ],
)
async def test_refusals(
    clock: Clock, chance: Chance, journal: Journal, method: str, path: str, token: str | None,
    expected: tuple[int, int],
) -> None:  # fmt: skip
    async with serving(clock, chance, journal) as (cpo, _):
        cpo.invite("newcomer", "token-A")
        response = await ask(cpo, method, path, token=token)
        assert code(response) == expected
        if response.status == 401:
            assert response.headers["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", (400, 2000)),
        (b"{", (400, 2000)),
        (b"[]", (200, 2001)),
        (write_json({**TOKEN, "uid": "T2"}), (200, 2001)),
        (write_json({**TOKEN, "party_id": "ABC"}), (200, 2001)),
        (write_json({"unknown": [1, {}]}), (201, 1000)),
    ],
)
async def test_bodies(
    clock: Clock, chance: Chance, journal: Journal, raw: bytes, expected: tuple[int, int]
) -> None:
    async with serving(clock, chance, journal) as (cpo, _):
        assert code(await ask(cpo, "PUT", f"{TOKENS}/T1", raw=raw)) == expected


async def test_the_place_that_is_wrong_leads_the_message(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with serving(clock, chance, journal) as (cpo, _):
        answer = parse((await ask(cpo, "POST", "/ocpi/2.2.1/receiver/commands/REFUSE", {})).body)
        assert answer.status_message == "/id: too long"
        assert (answer.status_code, answer.data) == (2001, {"limit": 36})


async def test_another_version_than_agreed_is_3002(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with serving(clock, chance, journal) as (cpo, _):
        cpo.store.all()[0].version = "2.0"
        assert code(await ask(cpo, "PUT", f"{TOKENS}/T1", TOKEN)) == (200, 3002)


@pytest.mark.parametrize("command", ["FAIL", "UNWRITABLE"])
async def test_a_mistake_of_ours_is_3000_and_told(
    clock: Clock, chance: Chance, journal: Journal, command: str
) -> None:
    async with serving(clock, chance, journal) as (cpo, _):
        response = await ask(cpo, "POST", f"/ocpi/2.2.1/receiver/commands/{command}", {})
        assert code(response) == (200, 3000)
        assert b"ZeroDivision" not in response.body
        (event,) = [r for r in journal.records if r["leg"] == "event"]
        assert event["what"] == "ocpi.handler-failed"
        assert "Error" in event["data"]["error"]


async def test_ids_and_routing_are_echoed(clock: Clock, chance: Chance, journal: Journal) -> None:
    sent = {
        "x-request-id": "r-1",
        "X-Correlation-ID": "c-1",
        "OCPI-from-country-code": "DE",
        "OCPI-from-party-id": "8PS",
        "OCPI-to-country-code": "DE",
        "OCPI-to-party-id": "ABC",
    }
    async with serving(clock, chance, journal) as (cpo, _):
        got = (await ask(cpo, "PUT", f"{TOKENS}/T1", TOKEN, headers=sent)).headers
        assert (got["X-Request-ID"], got["X-Correlation-ID"]) == ("r-1", "c-1")
        assert (got["OCPI-to-party-id"], got["OCPI-from-party-id"]) == ("8PS", "ABC")
        got = (await ask(cpo, "GET", "/ocpi/versions", headers=sent)).headers
        assert got["X-Request-ID"] == "r-1" and "OCPI-to-party-id" not in got
        refused = await ask(cpo, "PUT", f"{TOKENS}/T1", TOKEN, headers=sent, token="wrong")
        assert refused.headers["X-Request-ID"] == "r-1"


async def test_the_exchange_is_recorded_before_its_findings(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with serving(clock, chance, journal) as (cpo, handlers):
        journal.link("request/r-1", "CP1-1-1")
        await ask(cpo, "PUT", f"{TOKENS}/T1", TOKEN, headers={"X-Request-ID": "r-1"})
        await clock.sleep(0)
        exchange, finding = journal.records
        assert (exchange["leg"], finding["leg"]) == ("ocpi", "finding")
        assert finding["message_seq"] == exchange["seq"]
        assert exchange["session"] == finding["session"] == "CP1-1-1"
        assert (exchange["direction"], exchange["peer"]) == ("received", "emsp")
        assert (exchange["module"], exchange["version"]) == ("tokens", "2.2.1")
        assert (exchange["http_status"], exchange["status_code"]) == (201, 1000)
        assert '"uid":"T1"' in exchange["request"]["body"]
        assert exchange["request"]["headers"]["Authorization"] == "Token ***"
        assert handlers.after == [exchange["seq"]]


async def test_a_list_goes_by_the_page(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with (
        serving(clock, chance, journal) as (cpo, _),
        side("emsp", [EMSP], clock, chance, journal) as emsp,
    ):
        path = "/ocpi/2.2.1/sender/locations"
        assert code(await ask(cpo, "GET", path, query={"limit": "x"})) == (200, 2001)
        me = Connection("cpo", "cpo", token_out="right", version="2.2.1", registered=True)
        url = cpo.server.endpoint_url("2.2.1", "locations", SENDER)
        listed = emsp.client.get_all(me, url, "locations", gives="location", limit=500)
        got = [g.obj["id"] async for g in listed]
        assert got == [f"L{n}" for n in range(25)]
        received = [r for r in journal.records if r["leg"] == "ocpi" and r["actor"] == "cpo"]
        assert [r["response"]["headers"]["X-Total-Count"] for r in received[1:]] == ["25"] * 3


async def test_faults_close_or_delay_an_answer(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with (
        serving(clock, chance, journal) as (cpo, _),
        side("emsp", [EMSP], clock, chance, journal) as emsp,
    ):
        me = Connection("cpo", "cpo", token_out="right", version="2.2.1", registered=True)
        url = cpo.server.endpoint_url("2.2.1", "commands", RECEIVER)
        closed = await emsp.client.exchange(me, "POST", f"{url}/HANG_UP", module="commands")
        assert closed.failure is Failure.UNREACHABLE
        late = await emsp.client.exchange(me, "POST", f"{url}/WAIT", module="commands")
        assert late.failure is Failure.NO_ANSWER
        await clock.sleep(60)
        waited = await emsp.client.exchange(
            me, "POST", f"{url}/WAIT", module="commands", timeout_s=30
        )
        assert waited.ok
        server_side = [r for r in journal.records if r["leg"] == "ocpi" and r["actor"] == "cpo"]
        assert server_side[0]["http_status"] is None and server_side[0]["response"] is None
        assert server_side[-1]["ms"] == pytest.approx(20_000, abs=1)


async def test_an_answer_can_be_tampered_with(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async def tamper(ctx: Ctx, response: Response) -> Response:
        ctx.find("fault.tampered", "warn", "", None, "nothing")
        return Response(503, response.headers, b"gone")

    async with serving(clock, chance, journal, tamper=tamper) as (cpo, _):
        response = await ask(cpo, "GET", "/ocpi/versions")
        assert (response.status, response.body) == (503, b"gone")
        assert [r["leg"] for r in journal.records] == ["ocpi", "finding"]


async def test_a_tamper_that_fails_leaves_the_answer_alone(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async def tamper(_ctx: Ctx, _response: Response) -> Response:
        raise ZeroDivisionError

    async with serving(clock, chance, journal, tamper=tamper) as (cpo, _):
        assert code(await ask(cpo, "GET", "/ocpi/versions")) == (200, 1000)
        assert [r["leg"] for r in journal.records] == ["event", "ocpi"]


async def test_an_owner_words_its_own_405(clock: Clock, chance: Chance, journal: Journal) -> None:
    def unsupported(ctx: Ctx, offered: list[str]) -> OcpiError:
        ctx.find("peer.no-get", "warn", "", ctx.method, ", ".join(offered))
        return UnknownToken("ask elsewhere", http_status=405)

    async with serving(clock, chance, journal, unsupported=unsupported) as (cpo, _):
        assert code(await ask(cpo, "DELETE", f"{TOKENS}/T1")) == (405, 2004)
        (finding,) = [r for r in journal.records if r["leg"] == "finding"]
        assert finding["expected"] == "GET, PUT"


async def test_what_fails_after_the_answer_is_told(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with serving(clock, chance, journal) as (cpo, _):
        assert code(await ask(cpo, "POST", "/ocpi/2.2.1/receiver/commands/LATER_FAILS", {})) == (
            200,
            1000,
        )
        await clock.sleep(1)
        (event,) = [r for r in journal.records if r["leg"] == "event"]
        assert event["data"]["error"] == "ZeroDivisionError: later"


async def test_a_body_that_is_too_large_is_refused(
    clock: Clock, chance: Chance, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.wire.http_aio.MAX_BODY_BYTES", 1000)
    async with (
        serving(clock, chance, journal) as (cpo, handlers),
        side("emsp", [EMSP], clock, chance, journal) as emsp,
    ):
        me = Connection("cpo", "cpo", token_out="right", version="2.2.1", registered=True)
        url = cpo.server.endpoint_url("2.2.1", "tokens", RECEIVER, "DE", "8PS", "T1")
        answer = await emsp.client.exchange(
            me, "PUT", url, module="tokens", body={**TOKEN, "issuer": "x" * 2000}
        )
        assert (answer.http_status, answer.status_code) == (413, 2000)
        assert answer.message == "HTTP 413: 2000 the body is longer than 1000 bytes"
        assert handlers.tokens == {}
        sent, received = [r for r in journal.records if r["leg"] == "ocpi"][::-1]
        assert (sent["actor"], received["actor"]) == ("emsp", "cpo")
        assert (received["peer"], received["http_status"]) == ("emsp", 413)
        me.token_out = "wrong"
        answer = await emsp.client.exchange(
            me, "PUT", url, module="tokens", body={**TOKEN, "issuer": "x" * 2000}
        )
        assert answer.http_status == 401


@given(
    body=st.binary(max_size=300),
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    path=st.sampled_from(
        [
            "/ocpi/versions",
            "/ocpi/2.2.1/credentials",
            f"{TOKENS}/T1",
            "/ocpi/2.2.1/sender/locations",
            "/ocpi/2.2.1/receiver/commands/WAIT",
            "/%ff%00",
        ]
    ),
    token=st.sampled_from(["right", "token-A", "wrong"]),
    query=st.dictionaries(st.sampled_from(["limit", "date_from"]), st.text(max_size=5)),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
async def test_any_bytes_get_an_ocpi_answer(
    clock: Clock, chance: Chance, journal: Journal, body: bytes, method: str, path: str,
    token: str, query: dict[str, str],
) -> None:  # fmt: skip
    async with serving(clock, chance, journal) as (cpo, _):
        cpo.invite("newcomer", "token-A")
        response = await ask(cpo, method, path, raw=body, token=token, query=query)
        assert response.status < 500
        assert 1000 <= parse(response.body).status_code < 3000
        assert not [r for r in journal.records if r["leg"] == "event"]


async def test_strange_header_values_do_not_break_the_record(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with serving(clock, chance, journal) as (cpo, _):
        dirty = b"caf\xe9".decode("utf-8", "surrogateescape")
        response = await ask(cpo, "GET", "/ocpi/versions", headers={"X-Request-ID": dirty})
        assert response.headers["X-Request-ID"] == "caf\ufffd"
        assert journal.dump()


def test_the_envelope_of_an_error_has_no_data(clock: Clock) -> None:
    assert b'"data"' not in encode(None, 2004, now=clock.now())
