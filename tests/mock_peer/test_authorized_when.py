"""When a driver is authorized, and what a refusal denies, over HTTP in each version."""

from __future__ import annotations

from datetime import timedelta

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal
from tests.mock_peer import objects as o
from tests.mock_peer.charging import EVERY_VERSION, FIRST, SECOND, day, good, refused

each = pytest.mark.parametrize("version", EVERY_VERSION)
REALTIME = "cdr.realtime-only"


@each
async def test_a_card_is_held_up_before_the_plug_or_after_it(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with day(clock, chance, journal, version) as cpo:
        before = await cpo.allowed(o.NEVER_CARD)
        await clock.sleep(3500)
        begun = await cpo.charge()
        good(await cpo.bill("CARD-FIRST", begun, before, card=o.NEVER_CARD))
        begun = await cpo.charge(5)
        after = await cpo.allowed(o.NEVER_CARD)
        await clock.sleep(1500)
        good(await cpo.bill("PLUG-FIRST", begun, after, card=o.NEVER_CARD))
        assert await cpo.broken() == []


@each
async def test_a_cpos_clock_may_be_slow_by_less_than_a_minute(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    """A visit of no length, told to have ended before the answer was given."""
    async with day(clock, chance, journal, version) as cpo:
        await clock.sleep(120)
        for late, wanted in ((50, 1000), (90, 2001 if version != "2.1.1" else 2000)):
            reference = await cpo.allowed(o.NEVER_CARD)
            then = rfc3339(cpo.now - timedelta(seconds=late))
            period = {"start_date_time": then, "dimensions": [{"type": "ENERGY", "volume": 0}]}
            told = await cpo.bill(
                f"CDR{late}",
                cpo.now,
                reference,
                card=o.NEVER_CARD,
                start_date_time=then,
                end_date_time=then,
                charging_periods=[period],
                total_cost={"excl_vat": 0, "incl_vat": 0},
                total_energy=0,
                total_time=0,
            )
            assert told.status_code == wanted, told.message


def periods(start: str, then: str) -> list[dict[str, object]]:
    """Energy from the first moment on, told in two periods."""
    volumes = [{"type": "ENERGY", "volume": 5}]
    return [{"start_date_time": at, "dimensions": volumes} for at in (start, then)]


@each
async def test_whitelist_never_has_its_answer_before_energy_flows(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    """For a card that may decide offline, an answer during the session is in time."""
    async with day(clock, chance, journal, version) as cpo:
        for card, asked_after, taken in (
            (o.NEVER_CARD, 25, False),
            (o.NEVER_CARD, 5, True),
            (o.CARD, 25, True),
        ):
            begun = await cpo.charge(asked_after)
            reference = await cpo.allowed(card)
            await clock.sleep(60 * (30 - asked_after))
            told = await cpo.bill(
                f"CDR-{card}-{asked_after}",
                begun,
                reference,
                card=card,
                charging_periods=periods(rfc3339(begun), rfc3339(begun + (cpo.now - begun) / 2)),
            )
            if taken:
                good(told)
            else:
                refused(told, REALTIME)
                assert "before energy flows" in told.message
        assert await cpo.broken() == [REALTIME]


@each
async def test_an_interruption_between_plug_and_card_excuses(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with day(clock, chance, journal, version) as cpo:
        begun = await cpo.charge(5)
        await cpo.silence()
        await clock.sleep(1500)
        good(await cpo.whitelisted("CDR1", begun))


@each
async def test_a_card_that_was_blocked_before_is_not_decided_on_by_the_cpo(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with day(clock, chance, journal, version) as cpo:
        await cpo.silence()
        begun = await cpo.charge()
        told = await cpo.whitelisted("BLOCKED", begun, card=o.BLOCKED_CARD)
        refused(told, REALTIME)
        assert "valid" in told.message
        begun = await cpo.charge(10)
        await cpo.cpo.control("PUT", f"/tokens/{o.CARD}", {"valid": False})
        await clock.sleep(1200)
        good(await cpo.whitelisted("BLOCKED-LATER", begun))


# Denials


@each
async def test_a_refusal_during_another_ones_session_denies_nothing(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    """The card charges at one EVSE, begun offline, and is refused at the next one."""
    async with day(clock, chance, journal, version) as cpo:
        await cpo.silence()
        begun = await cpo.charge(15)
        settings = {"tokens": {o.CARD: {"allowed": "NO_CREDIT"}}}
        await cpo.cpo.control("PUT", "/authorizations", settings)
        assert (await cpo.ask(evse=SECOND)).data["allowed"] == "NO_CREDIT"
        await clock.sleep(900)
        good(await cpo.whitelisted("CDR1", begun, evse=FIRST))


@each
@pytest.mark.parametrize("evse", [FIRST, SECOND])
async def test_a_session_after_a_refusal_at_this_location_is_not_paid(
    clock: Clock, chance: Chance, journal: Journal, version: str, evse: str
) -> None:
    async with day(clock, chance, journal, version) as cpo:
        settings = {"tokens": {o.CARD: {"allowed": "NO_CREDIT"}}}
        await cpo.cpo.control("PUT", "/authorizations", settings)
        await cpo.ask(evse=evse)
        await cpo.silence()
        begun = await cpo.charge()
        told = await cpo.whitelisted("CDR1", begun, evse=FIRST)
        assert told.status_code in (2000, 2001)
        assert "session.start-denied" in await cpo.broken()
