"""Drivers: who is let in, and why, as the journal tells it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.station.ev import Car
from simulator.wire.ocpp_rpc import OcppVersion
from tests.simulator.station.csms import actions, events, flaws, sent, world

V16, V201 = OcppVersion.V16, OcppVersion.V201
BOTH = pytest.mark.parametrize("version", [V16, V201], ids=str)


@BOTH
async def test_a_known_card_may_skip_the_question(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    settings = {"local_pre_authorize": "true"}
    async with world(clock, journal, version, settings=settings) as (station, csms):
        csms.tokens["BAD"] = {"status": "Blocked"}
        for card in ("GOOD", "GOOD", "GOOD", "BAD", "BAD"):
            await station.tap(1, card)
    assert [e["why"] for e in events(journal, "card.accepted")] == ["online", "cache"]
    assert actions(journal).count("Authorize") == 3  # what is not valid is asked again


@BOTH
async def test_strangers_may_be_let_in_offline_and_thrown_out_online(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    settings = {"allow_offline_unknown": "true"}
    async with world(clock, journal, version, settings=settings) as (station, csms):
        csms.tokens["start:STRANGER"] = {"status": "Invalid"}
        await station.offline()
        await station.plug(1, Car())
        assert await station.tap(1, "STRANGER")
        await clock.sleep(60)
        await station.online()
        await clock.sleep(5)
        assert station.snapshot()["evses"][0]["state"] == "finishing"
    assert [e["why"] for e in events(journal, "card.accepted")] == ["offline_unknown"]
    assert [e["status"] for e in events(journal, "authorization.withdrawn")] == ["Invalid"]
    assert flaws(journal) == []


@BOTH
async def test_no_answer_is_like_being_offline(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    async with world(clock, journal, version) as (station, csms):
        await station.tap(1, "04A1")
        await station.tap(1, "04A1")
        tapped = asyncio.create_task(station.tap(1, "04A1"))
        csms.point.route_message = _ignore
        assert await tapped  # after the message timeout, by the cache
        assert clock.monotonic() >= 30
    assert [e["why"] for e in events(journal, "card.accepted")] == ["online", "offline_cache"]


async def _ignore(_: Any) -> None:
    """A CSMS that reads and never answers."""


@BOTH
async def test_an_error_is_a_refusal(clock: Clock, journal: Journal, version: OcppVersion) -> None:
    async with world(clock, journal, version) as (station, csms):
        csms.broken.add("Authorize")
        assert not await station.tap(1, "04A1")
        assert station.snapshot()["evses"][0]["state"] == "available"
        assert station.snapshot()["evses"][0]["session"] is None


@BOTH
async def test_one_card_at_a_time(clock: Clock, journal: Journal, version: OcppVersion) -> None:
    async with world(clock, journal, version) as (station, _):
        first = asyncio.create_task(station.tap(1, "A"))
        await clock.sleep(0)
        assert not await station.tap(1, "B")
        assert await first
    assert events(journal, "card.refused")[0]["why"] == "another card is being checked"


@BOTH
async def test_what_changed_while_the_csms_was_asked_counts(
    clock: Clock, journal: Journal, version: OcppVersion
) -> None:
    async with world(clock, journal, version) as (station, _):
        await station.plug(1, Car())
        tapped = asyncio.create_task(station.tap(1, "A"))
        await clock.sleep(0)
        await station.fault(1)
        assert not await tapped
    assert events(journal, "card.refused")[0]["why"] == "connector is faulted"
    assert events(journal, "transaction.started") == []


async def test_a_tag_that_cannot_be_sent_is_refused(clock: Clock, journal: Journal) -> None:
    """1.6: an idTag has 20 characters at most."""
    async with world(clock, journal, V16) as (station, _):
        assert not await station.tap(1, "X" * 21)
    assert "Authorize" not in actions(journal)


async def test_the_cache_may_be_off(clock: Clock, journal: Journal) -> None:
    settings = {"cache_enabled": "false", "local_pre_authorize": "true"}
    async with world(clock, journal, V16, settings=settings) as (station, _):
        await station.tap(1, "A")
        await station.tap(1, "A")
        await station.tap(1, "A")
        assert len(station.memory.cache) == 0
    assert len(sent(journal, "Authorize")) == 2
