"""Registration over real sockets: both directions, rotation, the end, and what goes wrong."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.client import Failure, OcpiCallFailed
from simulator.ocpi.connection import RECEIVER, SENDER, Connection
from simulator.ocpi.envelope import (
    MethodNotAllowed,
    NoMatchingEndpoints,
    PeerApiUnusable,
    UnsupportedVersion,
    encode,
)
from simulator.ocpi.headers import authorization
from simulator.wire.http import Headers, Request, Response
from simulator.wire.http_aio import HttpServer
from tests.simulator.ocpi.platforms import CPO, EMSP, Side, role, side

World = tuple[Clock, Chance, Journal]


@pytest.fixture
def world(clock: Clock, chance: Chance, journal: Journal) -> World:
    return clock, chance, journal


async def registered(first: Side, second: Side) -> tuple[Connection, Connection]:
    """`first` registers with `second`; the connection as each of them has it."""
    theirs = second.invite(first.actor)
    ours = first.invited(second.actor, second.server.versions_url)
    await first.registrar.register(ours)
    return ours, theirs


@pytest.mark.parametrize("begins", ["cpo", "emsp"])
async def test_either_side_registers_with_the_other(world: World, begins: str) -> None:
    async with side("cpo", [CPO], *world) as cpo, side("emsp", [EMSP], *world) as emsp:
        first, second = (cpo, emsp) if begins == "cpo" else (emsp, cpo)
        ours, theirs = await registered(first, second)
        assert ours.registered and theirs.registered
        assert ours.version == theirs.version == "2.2.1"
        assert ours.token_out == theirs.token_in != "token-A"
        assert theirs.token_out == ours.token_in
        assert len({ours.token_in, ours.token_out}) == 2
        assert ours.token_next == ""
        assert ours.their_roles == theirs.our_roles == second.registrar.platform.roles
        assert theirs.their_roles == ours.our_roles == first.registrar.platform.roles
        assert ours.endpoints["credentials", SENDER].startswith(second.http.base_url)
        assert theirs.endpoints["credentials", SENDER].startswith(first.http.base_url)
        assert theirs.versions_url == first.server.versions_url
        assert second.registered == [first.actor]
        assert (ours.began, theirs.began) == ("us", "them")
        assert ours.since and theirs.since and not ours.renewed
        shown = ours.shown()
        assert (shown["token_in"], shown["token_out"]) == (True, True)
        assert ours.token_in not in str(shown) and ours.token_out not in str(shown)


@pytest.mark.parametrize("version", ["2.1.1", "2.2", "2.2.1"])
async def test_every_version_registers_updates_and_ends(world: World, version: str) -> None:
    async with (
        side("cpo", [CPO], *world, versions=(version,)) as cpo,
        side("emsp", [EMSP], *world, versions=("2.1.1", "2.2", "2.2.1")) as emsp,
    ):
        ours, theirs = await registered(cpo, emsp)
        assert ours.version == theirs.version == version
        assert ours.their_roles == [EMSP] and theirs.their_roles == [CPO]
        assert ours.token_form is theirs.token_form is None
        await emsp.registrar.update(theirs)
        assert ours.token_out == theirs.token_in
        assert (await cpo.registrar.unregister(ours)).ok
        assert emsp.store.all() == []


async def test_2_1_1_sends_raw_tokens_and_no_message_ids(world: World) -> None:
    async with (
        side("cpo", [CPO], *world, versions=("2.1.1",)) as cpo,
        side("emsp", [EMSP], *world, versions=("2.1.1",)) as emsp,
    ):
        ours, _ = await registered(cpo, emsp)
        asked: list[Any] = []

        async def look(ctx: Any, response: Response) -> Response:
            asked.append((ctx.seen.form, dict(ctx.headers), response.headers))
            return response

        emsp.server.tamper = look
        url = ours.endpoints["credentials", SENDER]
        answer = await cpo.client.exchange(
            ours, "GET", url, module="credentials", gives="credentials"
        )
        assert answer.data["roles"] == [EMSP]
        form, sent, got = asked[0]
        assert form == "raw" and "X-Request-ID" not in sent and "X-Request-ID" not in got
        raw = answer.envelope.data if answer.envelope else None
        assert raw is not None and raw["party_id"] == "8PS" and "roles" not in raw


async def test_who_offers_2_1_1_alone_never_sends_message_ids(
    world: World, journal: Journal
) -> None:
    async with (
        side("cpo", [CPO], *world, versions=("2.1.1",)) as cpo,
        side("emsp", [EMSP], *world, versions=("2.1.1", "2.2.1")) as emsp,
    ):
        await registered(cpo, emsp)
        exchanges = [r for r in journal.records if r["leg"] == "ocpi" and r["actor"] == "cpo"]
        assert len(exchanges) == 5  # two lists and two details, one POST
        for record in exchanges:
            names = {name.lower() for name in record["request"]["headers"]}
            assert "x-request-id" not in names and "x-correlation-id" not in names, record["url"]


async def test_an_update_goes_to_a_newer_version(world: World) -> None:
    both = ("2.1.1", "2.2.1")
    async with (
        side("cpo", [CPO], *world, versions=both) as cpo,
        side("emsp", [EMSP], *world, versions=both) as emsp,
    ):
        cpo.registrar.platform.versions = ("2.1.1",)
        ours, theirs = await registered(cpo, emsp)
        assert ours.version == theirs.version == "2.1.1"
        await cpo.registrar.update(ours, both)
        assert ours.version == theirs.version == "2.2.1"
        assert ours.endpoints["credentials", SENDER].endswith("/ocpi/2.2.1/credentials")


async def test_token_a_is_dead_after_registration(world: World) -> None:
    async with side("cpo", [CPO], *world) as cpo, side("emsp", [EMSP], *world) as emsp:
        await registered(cpo, emsp)
        assert emsp.store.by_token("token-A") is None
        stale = Connection("x", "emsp", token_out="token-A")
        answer = await cpo.client.exchange(
            stale, "GET", emsp.server.versions_url, module="versions"
        )
        assert answer.http_status == 401


async def test_the_server_calls_back_before_it_answers(world: World) -> None:
    async with side("cpo", [CPO], *world) as cpo, side("emsp", [EMSP], *world) as emsp:
        await registered(cpo, emsp)
    told = [
        (r["actor"], r["direction"], r["method"], r["module"])
        for r in world[2].records
        if r["leg"] == "ocpi"
    ]
    post = told.index(("emsp", "received", "POST", "credentials"))
    assert told.index(("emsp", "sent", "GET", "versions")) < post
    assert told.count(("emsp", "sent", "GET", "versions")) == 2


async def test_an_update_rotates_both_tokens(world: World) -> None:
    async with side("cpo", [CPO], *world) as cpo, side("emsp", [EMSP], *world) as emsp:
        ours, theirs = await registered(cpo, emsp)
        before = {ours.token_in, ours.token_out}
        await cpo.registrar.update(ours)
        assert ours.renewed and ours.began == "us"
        assert not before & {ours.token_in, ours.token_out}
        assert ours.token_out == theirs.token_in and theirs.token_out == ours.token_in
        await emsp.registrar.update(theirs)
        assert ours.token_out == theirs.token_in and theirs.token_out == ours.token_in
        assert emsp.registered == ["cpo", "cpo"] and cpo.registered == ["emsp"]


@pytest.mark.parametrize("ends", ["cpo", "emsp"])
async def test_either_side_ends_it(world: World, ends: str) -> None:
    async with side("cpo", [CPO], *world) as cpo, side("emsp", [EMSP], *world) as emsp:
        ours, theirs = await registered(cpo, emsp)
        first, second, mine, other = (
            (cpo, emsp, ours, theirs) if ends == "cpo" else (emsp, cpo, theirs, ours)
        )
        answer = await first.registrar.unregister(mine)
        assert answer.ok
        assert not mine.registered and not other.registered
        assert first.store.all() == second.store.all() == []
        assert second.ended == [first.actor]
        with pytest.raises(MethodNotAllowed):
            await first.registrar.unregister(mine)


async def test_a_verb_in_the_wrong_standing_is_not_even_sent(world: World) -> None:
    async with side("cpo", [CPO], *world) as cpo, side("emsp", [EMSP], *world) as emsp:
        ours, _ = await registered(cpo, emsp)
        seq = world[2].seq
        with pytest.raises(MethodNotAllowed):
            await cpo.registrar.register(ours)
        with pytest.raises(MethodNotAllowed):
            await cpo.registrar.update(Connection("x", "emsp"))
        assert world[2].seq == seq


@pytest.mark.parametrize("url", ["", "http://[", "nowhere"])
async def test_what_is_no_url_is_told(world: World, url: str) -> None:
    async with side("cpo", [CPO], *world) as cpo:
        ours = cpo.invited("emsp", url)
        with pytest.raises(PeerApiUnusable):
            await cpo.registrar.register(ours)
        ours.registered = True  # as a connection made without a handshake
        answer = await cpo.registrar.unregister(ours)
        assert answer.failure is not None and not ours.registered


async def test_a_wrong_token_a_is_told(world: World) -> None:
    async with side("cpo", [CPO], *world) as cpo, side("emsp", [EMSP], *world) as emsp:
        emsp.invite("cpo", "the right one")
        ours = cpo.invited("emsp", emsp.server.versions_url, "another")
        with pytest.raises(PeerApiUnusable, match="HTTP 401"):
            await cpo.registrar.register(ours)
        assert not ours.registered


async def test_nobody_there_is_told(world: World) -> None:
    async with side("cpo", [CPO], *world) as cpo:
        ours = cpo.invited("emsp", "http://127.0.0.1:9/versions")
        with pytest.raises(PeerApiUnusable, match="unreachable"):
            await cpo.registrar.register(ours)


async def test_no_common_version_is_3002_before_anything_is_posted(world: World) -> None:
    async def versions(_request: Request) -> Response:
        offered = [{"version": "2.0", "url": "http://127.0.0.1:1/"}]
        return Response(200, Headers(), encode(offered, now=world[0].now()))

    server = await HttpServer(versions, world[0]).start()
    async with side("cpo", [CPO], *world) as cpo:
        with pytest.raises(UnsupportedVersion, match=r"you offer 2\.0"):
            await cpo.registrar.register(cpo.invited("emsp", server.base_url))
    await server.stop()


async def test_an_endpoint_that_we_need_and_they_lack_stops_us(world: World) -> None:
    async with (
        side("cpo", [CPO], *world, needs=(("cdrs", RECEIVER),)) as cpo,
        side("emsp", [EMSP], *world) as emsp,
    ):
        theirs = emsp.invite("cpo")
        with pytest.raises(NoMatchingEndpoints, match="cdrs"):
            await cpo.registrar.register(cpo.invited("emsp", emsp.server.versions_url))
        assert not theirs.registered and theirs.accepts("token-A")


async def test_an_endpoint_that_they_need_and_we_lack_is_3003_in_the_answer(world: World) -> None:
    async with (
        side("cpo", [CPO], *world) as cpo,
        side("emsp", [EMSP], *world, needs=(("cdrs", SENDER),)) as emsp,
    ):
        theirs = emsp.invite("cpo")
        ours = cpo.invited("emsp", emsp.server.versions_url)
        with pytest.raises(OcpiCallFailed) as caught:
            await cpo.registrar.register(ours)
        assert caught.value.failure is Failure.REFUSED
        assert caught.value.answer.status_code == 3003
        assert (ours.token_next, ours.token_in, ours.registered) == ("", "", False)
        assert theirs.accepts("token-A") and not theirs.registered


async def test_a_client_that_cannot_be_called_back_is_3001(world: World) -> None:
    async with side("cpo", [CPO], *world) as cpo, side("emsp", [EMSP], *world) as emsp:
        theirs = emsp.invite("cpo")
        cpo.registrar.platform.versions_url = "http://127.0.0.1:9/versions"
        with pytest.raises(OcpiCallFailed) as caught:
            await cpo.registrar.register(cpo.invited("emsp", emsp.server.versions_url))
        assert caught.value.answer.status_code == 3001
        assert caught.value.answer.http_status == 200
        assert not theirs.registered


async def test_two_roles_alike_are_refused(world: World) -> None:
    async with (
        side("cpo", [CPO, role("CPO", "de", "abc")], *world) as cpo,
        side("emsp", [EMSP], *world) as emsp,
    ):
        emsp.invite("cpo")
        with pytest.raises(OcpiCallFailed) as caught:
            await cpo.registrar.register(cpo.invited("emsp", emsp.server.versions_url))
        assert caught.value.answer.status_code == 2001
        assert "/roles/1" in caught.value.answer.message


@pytest.mark.parametrize("answered", [{}, {"token": "t"}, None, {"token": "a b", "url": "x"}])
async def test_credentials_that_cannot_be_used_end_our_attempt(world: World, answered: Any) -> None:
    async def tamper(_ctx: Any, response: Response) -> Response:
        if _ctx.module != "credentials":
            return response
        return Response(200, Headers(), encode(answered, now=world[0].now()))

    async with (
        side("cpo", [CPO], *world) as cpo,
        side("emsp", [EMSP], *world, tamper=tamper) as emsp,
    ):
        emsp.invite("cpo")
        ours = cpo.invited("emsp", emsp.server.versions_url)
        with pytest.raises(PeerApiUnusable, match="credentials in the answer"):
            await cpo.registrar.register(ours)
        assert (ours.token_out, ours.registered) == ("token-A", False)


async def test_a_peer_that_wants_the_token_raw_is_met_by_trying(world: World) -> None:
    class RawOnly:
        """Let in only who sends the token unencoded."""

        def __init__(self, emsp: Side) -> None:
            self._emsp = emsp

        async def handle(self, request: Request) -> Response:
            sent = request.headers.get("Authorization", "").removeprefix("Token ")
            if self._emsp.store.by_token(sent) is None:
                return Response(401)
            return await self._emsp.server.handle(request)

    async with side("cpo", [CPO], *world) as cpo, side("emsp", [EMSP], *world) as emsp:
        emsp.invite("cpo")
        front = await HttpServer(RawOnly(emsp).handle, world[0]).start()
        emsp.server.base_url = front.base_url
        ours = cpo.invited("emsp", emsp.server.versions_url)
        await cpo.registrar.register(ours)
        assert ours.registered and ours.token_form == "raw"
        await front.stop()


async def test_tokens_never_stand_in_the_journal(world: World) -> None:
    async with side("cpo", [CPO], *world) as cpo, side("emsp", [EMSP], *world) as emsp:
        ours, _ = await registered(cpo, emsp)
        await cpo.registrar.update(ours)
    written = world[2].dump().decode()
    for token in ("token-A", ours.token_in, ours.token_out):
        assert token not in written
        assert authorization(token, "base64").removeprefix("Token ") not in written
    assert '\\"token\\":\\"***\\"' in written
