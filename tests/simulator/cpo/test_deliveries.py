"""The outbox: at least once, in order, through peers that are slow, away, broken or unwilling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulator.cpo.run import Cpo, UnknownVerbTarget
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.envelope import InvalidParameters, OcpiError, ServerError
from simulator.ocpi.exchange import Ctx, Result
from tests.simulator.cpo.stations import Station201, station201
from tests.simulator.cpo.world import CONFIG, World, crashed, running


async def charge(clock: Clock, station: Station201, transaction: str = "TX-1") -> None:
    await station.event(
        "Started", transaction=transaction, state="Charging", kwh=0.0, token="CARD1", seq_no=0
    )
    await clock.sleep(1200)
    await station.event("Updated", transaction=transaction, kwh=3.0, seq_no=1)
    await clock.sleep(60)
    await station.event("Ended", transaction=transaction, kwh=4.0, seq_no=2)


def only(module: str, times: int, raised: Callable[[], Exception]) -> Any:
    """Misbehave the first `times` times that something comes for a module."""
    seen: list[str] = []

    async def misbehave(ctx: Ctx) -> Result | None:
        assert ctx.route is not None
        if ctx.route.module == module and len(seen) < times:
            seen.append(ctx.method)
            raise raised()
        return None

    return misbehave


async def row(world: World) -> Any:
    (session_id,) = [r["data"]["id"] for r in world.events("cdr.made")]
    return world.cpo.book.cdrs.get(session_id)


async def test_put_patch_put_then_the_cdr(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        await charge(clock, station)
        await world.told("cdr.accepted")
        order = [(v, m) for v, m, _ in world.emsp.got if m in ("sessions", "cdrs")]
        assert order == [
            ("PUT", "sessions"),
            ("PATCH", "sessions"),
            ("PUT", "sessions"),
            ("POST", "cdrs"),
        ]
        put, patch, last = (body for _, body in world.emsp.of("sessions"))
        assert (put["status"], last["status"]) == ("ACTIVE", "COMPLETED")
        assert set(patch) == {"kwh", "status", "last_updated", "total_cost"}
        assert (put["kwh"], patch["kwh"], last["kwh"]) == (0, 3, 4)
        stored = await row(world)
        assert stored.state == "accepted"
        assert stored.url == f"{world.emsp.listener.base_url}/cdr/{stored.id}"
        assert world.cpo.book.outbox.due() == []


async def test_updates_are_no_more_frequent_than_told(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with (
        running(clock, chance, journal, session_update_interval_s=600) as world,
        station201(world.cpo, clock) as station,
    ):
        await station.boot()
        await station.event("Started", state="Charging", kwh=0.0, token="CARD1")
        for minute in range(60):
            await clock.sleep(60)
            await station.event("Updated", kwh=minute / 10)
        patches = [b for v, b in world.emsp.of("sessions") if v == "PATCH"]
        assert len(patches) in (5, 6)


@pytest.mark.parametrize(
    "raised",
    [
        lambda: ServerError("not now"),
        lambda: OcpiError("", http_status=503, status_code=3000),
        lambda: OcpiError("", http_status=500, status_code=2000),
        lambda: OcpiError("", http_status=429),
        lambda: OcpiError("", http_status=401),
    ],
    ids=["3000", "503", "500", "429", "401"],
)
async def test_a_cdr_that_was_not_judged_is_sent_again_until_it_is(
    raised: Callable[[], Exception], clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        world.emsp.misbehave = only("cdrs", 5, raised)
        await charge(clock, station)
        await world.told("cdr.accepted")
        assert (await row(world)).attempts == 6
        waits = [r["data"]["after_s"] for r in world.events("delivery.later")]
        assert len(waits) == 5
        for wait_s, expected_s in zip(waits, (2, 4, 8, 16, 32), strict=True):
            assert 0.8 * expected_s <= wait_s <= 1.2 * expected_s


async def test_garbage_is_no_judgement(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        garbage = [b"<html>no</html>", b'{"status": "ok"}', b"", b"[]", b'{"status_code": "1000"}']

        async def tamper(ctx: Ctx, response: Any) -> Any:
            if ctx.route is not None and ctx.route.module == "cdrs" and garbage:
                return replace(response, body=garbage.pop())
            return response

        world.emsp.server.tamper = tamper
        await charge(clock, station)
        await world.told("cdr.accepted")
        assert (await row(world)).attempts == 6
        assert len(world.emsp.of("cdrs")) == 6  # it had taken each; and all are the same
        assert len(world.emsp.cdrs) == 1
        first, *rest = (body for _, body in world.emsp.of("cdrs"))
        assert all(body == first for body in rest)


async def test_a_slow_peer_gets_it_again(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        delays = [120.0, 0.0]

        async def slow(ctx: Ctx) -> Result | None:
            assert ctx.route is not None
            if ctx.route.module == "cdrs":
                await clock.sleep(delays.pop(0))
            return None

        world.emsp.misbehave = slow
        await charge(clock, station)
        await world.told("cdr.accepted")
        assert world.events("cdr.not_answered")
        assert len(world.emsp.cdrs) == 1


async def test_a_refused_cdr_is_kept_and_retried_only_on_demand(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        world.emsp.misbehave = only("cdrs", 1, lambda: InvalidParameters("no reference"))
        await charge(clock, station)
        await world.told("cdr.refused")
        stored = await row(world)
        assert (stored.state, stored.attempts) == ("refused", 1)
        assert "no reference" in stored.message
        await clock.sleep(7200)
        assert world.emsp.of("cdrs") == []
        world.cpo.retry_cdr(stored.id)
        await world.told("cdr.accepted")
        assert (await row(world)).state == "accepted"
        world.cpo.retry_cdr(stored.id)  # what is accepted is not sent again
        await clock.sleep(60)
        assert len(world.emsp.of("cdrs")) == 1
        with pytest.raises(UnknownVerbTarget):
            world.cpo.retry_cdr("nothing")


async def test_a_failed_patch_is_followed_by_a_put(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        await station.event("Started", state="Charging", kwh=0.0, token="CARD1")
        await clock.sleep(400)
        world.emsp.misbehave = only("sessions", 1, lambda: InvalidParameters("who is that?"))
        await station.event("Updated", kwh=1.0)
        await clock.sleep(1)
        assert [v for v, _ in world.emsp.of("sessions")] == ["PUT", "PUT"]
        assert world.events("session.not_taken")


async def test_a_peer_that_refuses_sessions_gets_the_cdr_all_the_same(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        world.emsp.misbehave = only("sessions", 99, lambda: ServerError("no sessions today"))
        await charge(clock, station)
        await world.told("cdr.accepted")
        assert world.emsp.of("sessions") == []


async def test_a_peer_that_was_away_learns_the_present_and_no_history(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        await station.event("Started", state="Charging", kwh=0.0, token="CARD1")
        await clock.sleep(1)
        await world.emsp.listener.stop()
        for kwh in (1.0, 2.0, 3.0):
            await clock.sleep(400)
            await station.event("Updated", kwh=kwh)
        await station.event("Ended", kwh=3.0)
        await clock.sleep(7200)
        await world.emsp.listener.start()
        await world.told("cdr.accepted")
        assert [v for v, _ in world.emsp.of("sessions")] == ["PUT", "PUT"]
        assert world.emsp.of("sessions")[-1][1]["status"] == "COMPLETED"
        assert [v for v, _ in world.emsp.of("cdrs")] == ["POST"]


async def test_after_a_crash_the_cdr_arrives_once(
    tmp_path: Path, clock: Clock, chance: Chance, journal: Journal
) -> None:
    path = tmp_path / "cpo.db"
    async with running(clock, chance, journal, database=path) as world:
        async with station201(world.cpo, clock) as station:
            await station.boot()
            world.emsp.misbehave = only("cdrs", 99, lambda: ServerError("not now"))
            await charge(clock, station)
            found = crashed(path)  # the station has its answer; the peer has no CDR yet
        await world.cpo.stop()
        world.emsp.misbehave = None
        again = Cpo(replace(CONFIG, database=found), clock=clock, chance=chance, journal=journal)
        await again.start()
        try:
            await world.told("cdr.accepted")
            assert len(world.emsp.cdrs) == len(world.emsp.of("cdrs")) == 1
            assert again.book.outbox.due() == []
            assert again.snapshot()["peers"][0]["name"] == "emsp"
        finally:
            await again.stop()


async def test_after_a_crash_an_open_session_goes_on(
    tmp_path: Path, clock: Clock, chance: Chance, journal: Journal
) -> None:
    path = tmp_path / "cpo.db"
    async with running(clock, chance, journal, database=path) as world:
        async with station201(world.cpo, clock) as station:
            await station.boot()
            await station.event("Started", state="Charging", kwh=0.0, token="CARD1")
            await clock.sleep(600)
            await station.event("Updated", kwh=2.0)
            found = crashed(path)
        await world.cpo.stop()
        again = Cpo(replace(CONFIG, database=found), clock=clock, chance=chance, journal=journal)
        await again.start()
        try:
            async with station201(again, clock) as station:
                await clock.sleep(600)
                await station.event("Updated", kwh=2.0, seq_no=1)  # told again, to be sure
                await station.event("Ended", kwh=5.0, seq_no=2)
                await world.told("cdr.accepted")
            (cdr,) = world.emsp.cdrs.values()
            assert cdr["total_energy"] == 5
            assert cdr["authorization_reference"] == "AUTH-1"
            assert float(cdr["total_time"]) == pytest.approx(1 / 3, abs=0.001)
        finally:
            await again.stop()


async def test_who_leaves_and_returns_gets_what_it_is_owed(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        await station.event("Started", state="Charging", kwh=0.0, token="CARD1")
        await world.cpo.unregister("emsp")
        await clock.sleep(600)
        await station.event("Ended", kwh=5.0)
        await clock.sleep(600)
        assert world.emsp.cdrs == {}
        await world.cpo.register(world.emsp.server.versions_url, world.emsp.invite(), "emsp")
        await world.told("cdr.accepted")
        assert len(world.emsp.cdrs) == 1
