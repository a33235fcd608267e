"""The counter where tokens are shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.cpo import authorize
from simulator.cpo.authorize import Decision, Verdict
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.exchange import Ctx, Result
from tests.simulator.cpo.world import Emsp, World, running, token


async def show(world: World, uid: str = "CARD1", **options: Any) -> Decision:
    return await world.cpo._counter.show("CP16", uid, **options)


async def test_a_showing_serves_one_transaction(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:
        shown = await show(world)
        assert shown.reference == "AUTH-1"
        begun = await show(world, evse_id=1, starting=True)
        assert begun == shown
        assert world.emsp.asked == 1
        world.cpo._counter.begun("CP16", begun, "trace")
        assert journal.session_of("authorization/AUTH-1") == "trace"
        assert (await show(world, evse_id=2, starting=True)).reference == "AUTH-2"


async def test_a_showing_grows_stale(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal, authorization_ttl_s=60) as world:
        await show(world)
        await clock.sleep(61)
        assert (await show(world, evse_id=1, starting=True)).reference == "AUTH-2"


async def test_a_refusal_takes_an_older_yes_with_it(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:
        assert (await show(world)).allowed
        world.emsp.verdict = "BLOCKED"
        assert not (await show(world)).allowed
        assert not (await show(world, evse_id=1, starting=True)).allowed


async def test_another_station_is_another_showing(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:
        await show(world)
        await world.cpo._counter.show("CP201", "CARD1", evse_id=1, starting=True)
        assert world.emsp.asked == 2


async def test_a_command_serves_the_card_for_a_quarter_of_an_hour(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:
        counter = world.cpo._counter
        long_uid = "0f8fad5b-d9cb-469f-a165-70867728950e"
        granted = authorize.by_command(
            token(long_uid, type="APP_USER"), "p1", "REF", clock.now(), ["E1"]
        )
        tag = counter.grant("CP16", granted)
        assert len(tag) <= 20
        for _ in range(2):
            for uid in (tag, long_uid):
                assert await show(world, uid) == granted
                begun = await show(world, uid, evse_id=1, starting=True)
                assert begun == granted
                counter.begun("CP16", begun, "trace")
        other = await show(world, tag, evse_id=2, starting=True)
        assert other.verdict is Verdict.UNKNOWN  # granted for E1; the eMSP has no such card
        await clock.sleep(900)
        assert not (await show(world, tag)).allowed
        counter.grant("CP16", granted)
        counter.withdraw("CP16", granted)
        assert not (await show(world, tag)).allowed


async def test_a_start_told_late_is_judged_by_its_own_time(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:
        granted = authorize.by_command(token(), "p1", "REF", clock.now(), ["E1"])
        world.cpo._counter.grant("CP16", granted)
        began = clock.now() + timedelta(minutes=10)
        await clock.sleep(7200)
        assert await show(world, evse_id=1, starting=True, offline_at=began) == granted
        assert await show(world, evse_id=1, starting=True) != granted


async def test_the_operator_may_block(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal) as world:
        world.cpo.block_token("card1")
        assert (await show(world)).verdict is Verdict.BLOCKED
        assert world.emsp.asked == 0
        world.cpo.unblock_token("CARD1")
        assert (await show(world)).allowed


async def test_unknown_cards_are_asked_about_if_wanted(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal, ask_about_unknown_tokens=False) as world:
        world.emsp.tokens.append(token("NEW"))
        assert (await show(world, "NEW")).verdict is Verdict.UNKNOWN
    async with running(clock, chance, journal) as world:
        world.emsp.tokens.append(token("NEW"))
        found = await show(world, "NEW")
        assert found.allowed
        assert found.token == token("NEW")


async def test_each_decision_is_told(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal) as world:
        await show(world, session="CP16-1-1")
        (told,) = world.events("authorization.decided")
        assert told["session"] == "CP16-1-1"
        assert told["data"]["verdict"] == "ALLOWED"
        assert told["data"]["emsp"] == "emsp"
        assert journal.session_of("authorization/AUTH-1") == "CP16-1-1"


async def test_a_contract_that_nobody_has_sent_is_its_issuers_affair(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    """An EMAID names its eMSP; where that one is no peer of ours, all are asked."""
    other = Emsp(clock, chance, journal, name="other", port=9210, party_id="8PS")
    async with running(clock, chance, journal) as world:
        await other.start()
        await world.cpo.register(other.server.versions_url, other.invite(), peer="other")

        def asked() -> list[str]:
            """Who was asked for a decision so far."""
            return sorted(
                record["peer"]
                for record in journal.records
                if record["leg"] == "ocpi"
                and record["actor"] == "cpo"
                and "/authorize" in record["url"]
            )

        await show(world, "DE8PSC00000001", id_type="eMAID")
        assert asked() == ["other"]
        await show(world, "FRXYZ123456789", id_type="eMAID")
        assert asked() == ["emsp", "other", "other"]
        await show(world, "STRANGER", id_type="eMAID")
        assert asked() == ["emsp", "emsp", "other", "other", "other"]
        await other.stop()


async def test_who_waits_no_longer_is_not_waited_for(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal, authorization_timeout_s=10.0) as world:

        async def never(ctx: Ctx) -> Result | None:
            await clock.sleep(60)
            return None

        world.emsp.misbehave = never
        for within_s, took_s in ((4.0, 4.0), (20.0, 10.0), (None, 10.0)):
            began = clock.monotonic()
            decision = await show(world, "STRANGER", within_s=within_s)
            assert clock.monotonic() - began == pytest.approx(took_s)
            assert (decision.verdict, decision.unanswered) == (Verdict.UNKNOWN, True)


async def test_a_refusal_that_is_kept_serves_the_transaction_too(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:
        refused = Decision(Verdict.INVALID, "CARD1", "certificate revoked", clock.now())
        world.cpo._counter.refuse("CP16", refused, None)
        assert await show(world, evse_id=1, starting=True) == refused
        assert world.emsp.asked == 0
        assert (await show(world)).allowed  # shown again: another question
