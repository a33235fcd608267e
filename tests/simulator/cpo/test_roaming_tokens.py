"""Tokens received, pulled and asked about."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.cpo.authorize import Answer, Known, Silence
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.client import Answer as HttpAnswer
from simulator.ocpi.connection import RECEIVER
from simulator.ocpi.envelope import OcpiError, ServerError
from simulator.ocpi.exchange import Ctx, Result
from simulator.wire.http import join_url
from tests.simulator.cpo.world import World, running, token


async def send(world: World, method: str, uid: str, body: Any = None, **query: Any) -> HttpAnswer:
    """What the eMSP sends about a token."""
    peer = world.emsp.cpo
    url = join_url(peer.endpoints["tokens", RECEIVER], "DE", "EMP", uid)
    return await world.emsp.client.exchange(
        peer, method, url, module="tokens", body=body, query=query
    )


async def test_put_get_patch(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal, tokens=[]) as world:
        assert (await send(world, "PUT", "C1", token("C1"))).http_status == 201
        assert (await send(world, "PUT", "C1", token("C1", extra=1))).http_status == 200
        got = await send(world, "GET", "c1")
        assert got.data == token("C1", extra=1)
        patch = {"valid": False, "last_updated": "2026-01-15T08:00:00Z"}
        assert (await send(world, "PATCH", "C1", patch)).ok
        assert (await send(world, "GET", "C1")).data["valid"] is False
        assert (await send(world, "GET", "C1")).data["extra"] == 1


async def test_the_type_is_part_of_the_key(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal, tokens=[]) as world:
        await send(world, "PUT", "C1", token("C1", type="OTHER"), type="OTHER")
        assert (await send(world, "GET", "C1")).http_status == 404
        assert (await send(world, "GET", "C1", type="OTHER")).ok


async def test_what_is_wrong_is_told(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal, tokens=[]) as world:
        got = await send(world, "GET", "C1")
        assert (got.http_status, got.status_code) == (404, 2004)
        got = await send(world, "PATCH", "C1", {"last_updated": "2026-01-15T08:00:00Z"})
        assert (got.http_status, got.status_code) == (200, 2004)
        await send(world, "PUT", "C1", token("C1"))
        got = await send(world, "PATCH", "C1", {"valid": False})
        assert (got.http_status, got.status_code) == (200, 2001)
        for change in ({"type": "OTHER"}, {"whitelist": 7}):
            got = await send(
                world, "PATCH", "C1", {"last_updated": "2026-01-16T00:00:00Z", **change}
            )
            assert got.status_code == 2001
        for name in ("contract_id", "whitelist", "last_updated"):
            bad = {k: v for k, v in token("C2").items() if k != name}
            got = await send(world, "PUT", "C2", bad)
            assert (got.http_status, got.status_code) == (200, 2001)
            assert f"/{name}" in got.message
        got = await send(world, "PUT", "C2", token("C2", type=7))
        assert got.status_code == 2001
        got = await send(world, "PUT", "C9", token("C2"))
        assert got.status_code == 2001  # the URL names another


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"whitelist": "FOO"}, "/whitelist"),
        ({"contract_id": "x" * 37}, "/contract_id"),
        ({"valid": "no"}, "/valid"),
        ({"issuer": None}, "/issuer"),
        ({"language": "deu"}, "/language"),
        ({"last_updated": "yesterday"}, "/last_updated"),
        ({"type": "APP_USER"}, "/type"),  # the URL says RFID, by saying nothing
    ],
)
async def test_junk_is_not_kept(
    fields: dict[str, Any], place: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal, tokens=[]) as world:
        refused = await send(world, "PUT", "C1", token("C1", **fields))
        assert (refused.http_status, refused.status_code) == (200, 2001)
        assert place in refused.message
        assert (await send(world, "GET", "C1")).http_status == 404
        assert (await send(world, "PUT", "C1", token("C1"))).http_status == 201
        patch = {"last_updated": "2026-01-16T00:00:00Z", **fields}
        refused = await send(world, "PATCH", "C1", patch)
        assert refused.status_code == 2001 and place in refused.message
        assert (await send(world, "GET", "C1")).data == token("C1")


async def test_the_type_of_the_url_is_that_of_the_body(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal, tokens=[]) as world:
        refused = await send(world, "PUT", "C1", token("C1"), type="APP_USER")
        assert refused.status_code == 2001 and "/type" in refused.message
        app = token("C1", type="APP_USER")
        assert (await send(world, "PUT", "C1", app, type="APP_USER")).http_status == 201


async def test_the_published_example_is_taken_as_it_is_meant(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    emaid = "DE-8PS-C00000007-7"
    async with running(clock, chance, journal, tokens=[]) as world:
        example = {
            "uid": emaid,
            "valid": "true",
            "authId": emaid,
            "type": "OTHER",
            "issuer": "DE*8PS",
            "whitelist": "NEVER",
            "last_updated": "2026-01-10T00:00:00Z",
        }
        assert (await send(world, "PUT", emaid, example, type="OTHER")).http_status == 201
        kept = (await send(world, "GET", emaid, type="OTHER")).data
        assert (kept["valid"], kept["contract_id"]) == (True, emaid)
        (told,) = world.events("token.quirk")
        assert told["data"] == {"quirk": "published-pnc-example", "token": emaid}


async def test_what_cannot_be_used_of_a_list_leaves_what_was_known(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal, tokens=[token("C1")]) as world:
        world.emsp.tokens = [token("C1", whitelist="FOO")]
        await world.cpo.pull_tokens("emsp")
        assert (await send(world, "GET", "C1")).data == token("C1")
        (told,) = world.events("token.unusable")
        assert any("/whitelist" in problem for problem in told["data"]["problems"])


async def test_the_list_is_pulled_page_by_page(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    tokens = [token(f"C{n}") for n in range(5)]
    tokens[3] = {"uid": "half a token"}
    async with running(clock, chance, journal, tokens=tokens) as world:
        assert world.cpo.book.tokens.count() == 4
        assert world.events("token.unusable")[0]["data"]["seen"] == {"uid": "half a token"}
        world.emsp.tokens = tokens[:2]
        await world.cpo.pull_tokens("emsp")
        assert world.cpo.book.tokens.count() == 2


async def test_a_list_that_breaks_drops_nothing(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:
        await world.emsp.listener.stop()
        await world.cpo.pull_tokens("emsp")
        assert world.cpo.book.tokens.count() == 1
        assert world.events("tokens.not_pulled")


async def test_a_list_without_an_end_drops_nothing(
    clock: Clock, chance: Chance, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = [token(f"C{n}") for n in range(3)]
    async with running(clock, chance, journal, tokens=tokens) as world:

        def endless(ctx: Ctx, _window: Any) -> Result:
            link = f'<{ctx.request.base_url}{ctx.request.path}?again=1>; rel="next"'
            return Result(tokens[:1], headers={"Link": link})

        monkeypatch.setattr(Ctx, "listing", endless)
        await world.cpo.pull_tokens("emsp")
        assert world.cpo.book.tokens.count() == 3
        assert "no end" in world.events("tokens.not_pulled")[0]["data"]["problem"]


async def ask(world: World, uid: str = "CARD1", known: Known | None = None) -> Answer | Silence:
    (peer,) = world.cpo.peers.registered()
    place = {"location_id": "LOC1", "evse_uids": ["E1"]}
    tokens = world.cpo._tokens
    return await tokens.ask(peer.id, uid, "RFID", known, place, None)


async def test_the_emsp_is_asked_with_the_place(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:
        answer = await ask(world)
        assert isinstance(answer, Answer)
        assert answer.info is not None
        assert answer.info["allowed"] == "ALLOWED"
        asked = [r for r in journal.records if r["leg"] == "ocpi" and "authorize" in r["url"]]
        assert asked[-1]["request"]["body"] == '{"location_id":"LOC1","evse_uids":["E1"]}'
        assert asked[-1]["url"].endswith("/CARD1/authorize?type=RFID")
        other = await ask(world, "card1", Known("p", token("CARD1", type="OTHER")))
        assert isinstance(other, Answer)
        asked = [r for r in journal.records if r["leg"] == "ocpi" and "authorize" in r["url"]]
        assert asked[-1]["url"].endswith("/CARD1/authorize?type=OTHER")  # as the eMSP spells it


async def test_a_token_that_the_emsp_does_not_know(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:
        assert await ask(world, "NOBODY") == Answer(world.cpo.peers.registered()[0].id, None)

        async def plain(ctx: Ctx) -> Result | None:
            return Result(status_code=2004, message="unknown")

        world.emsp.misbehave = plain
        answer = await ask(world)
        assert isinstance(answer, Answer)
        assert answer.info is None


async def test_an_answer_without_a_token_stands_for_the_one_shown(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:

        async def bare(ctx: Ctx) -> Result | None:
            return Result({"allowed": "ALLOWED"})

        world.emsp.misbehave = bare
        answer = await ask(world, "NEW")
        assert isinstance(answer, Answer)
        assert answer.info is not None
        assert answer.info["token"]["contract_id"] == "NEW"
        assert (answer.info["token"]["country_code"], answer.info["token"]["party_id"]) == (
            "DE",
            "EMP",
        )
        answer = await ask(world, "CARD1", Known("p", token()))
        assert isinstance(answer, Answer)
        assert answer.info is not None
        assert answer.info["token"] == token()


@pytest.mark.parametrize("trouble", ["error", "refusal", "slow", "away", "no data", "not there"])
async def test_no_usable_answer_is_silence(
    trouble: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal, authorization_timeout_s=8) as world:

        async def misbehave(ctx: Ctx) -> Result | None:
            if trouble == "error":
                raise ServerError("no")
            if trouble == "refusal":
                raise OcpiError("no")
            if trouble == "slow":
                await clock.sleep(60)
            return Result() if trouble == "no data" else None

        world.emsp.misbehave = misbehave
        if trouble == "away":
            await world.emsp.listener.stop()
        if trouble == "not there":
            world.cpo.peers.registered()[0].endpoints.clear()
        before = clock.monotonic()
        assert isinstance(await ask(world), Silence)
        assert clock.monotonic() - before <= 8


async def test_a_token_stays_as_it_was_pushed_whatever_the_answer_shows(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    pushed = token("DE-8PS-COO13A3LZ-3", type="OTHER")
    async with running(clock, chance, journal, tokens=[pushed]) as world:
        peer = world.cpo.peers.registered()[0].id

        async def respell(ctx: Ctx) -> Result | None:
            if "authorize" not in ctx.request.path:
                return None
            shown = {**pushed, "uid": "de8pscoo13a3lz3", "type": "EMAID", "valid": False}
            return Result({"allowed": "ALLOWED", "token": shown})

        world.emsp.misbehave = respell
        known = Known(peer, pushed)
        args = ("DE8PSCOO13A3LZ3", "EMAID", known, {"location_id": "LOC1"}, None)
        answer = await world.cpo._tokens.ask(peer, *args)
        assert isinstance(answer, Answer)
        assert answer.info is not None
        assert answer.info["token"] == {**pushed, "valid": False}


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("DE8PSCOO13A3LZ3", "DE-8PS-COO13A3LZ-3"),
        ("DE8PSCOO13A3LZ", "DE-8PS-COO13A3LZ-3"),
        ("de-8ps-coo13a3lz-9", "DE-8PS-COO13A3LZ-9"),
        ("no EMAID at all", "no%20EMAID%20at%20all"),
    ],
)
async def test_a_contract_that_nobody_has_sent_has_a_name_too(
    said: str, asked: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal, tokens=[]) as world:
        peer = world.cpo.peers.registered()[0].id
        place = {"location_id": "LOC1"}
        answer = await world.cpo._tokens.ask(peer, said, "EMAID", None, place, None)
        assert answer == Answer(peer, None)
        (url,) = [
            record["url"]
            for record in journal.records
            if record["leg"] == "ocpi"
            and record["actor"] == "cpo"
            and "/authorize" in record["url"]
        ]
        assert url.endswith(f"/tokens/{asked}/authorize?type=OTHER")
