"""The CPO as one actor."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulator.cpo.calls import Reset, Trigger
from simulator.cpo.run import Cpo, UnknownVerbTarget
from simulator.cpo.store import StoreError
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.loop import run
from simulator.ocpi.tariff import price
from simulator.ocpi.validate import errors
from simulator.ocpi.versions import VERSIONS
from simulator.wire.http_aio import BindError
from tests.simulator.cpo.stations import station16, station201
from tests.simulator.cpo.world import CONFIG, World, crashed, running, token


async def a_day(world: World, clock: Clock) -> None:
    """Two stations, one after the other and both at once."""
    async with station16(world.cpo, clock) as old, station201(world.cpo, clock) as new:
        await old.boot()
        await new.boot()
        await old.status("Preparing")
        begun = await old.begin()
        await old.status("Charging")
        await new.event("Started", state="EVConnected", kwh=5.0, reason="CablePluggedIn")
        await new.event("Updated", state="Charging", token="CARD1", reason="Authorized")
        for minute in range(1, 41):
            await clock.sleep(60)
            await old.meter(begun.transaction_id, 1000 + 150 * minute)
            await new.event("Updated", kwh=5.0 + minute / 3, reason="MeterValuePeriodic")
        await asyncio.gather(
            old.end(begun.transaction_id, 7000, reason="Local"),
            new.event("Ended", state="Idle", kwh=18.3, reason="EVDeparted"),
        )
        await clock.sleep(60)


def a_journal(seed: int) -> bytes:
    clock, chance = Clock("virtual"), Chance(seed)
    journal = Journal(clock, seed=seed, world="test")

    async def main() -> None:
        async with running(clock, chance, journal) as world:
            await a_day(world, clock)

    run(main(), clock)
    return journal.dump()


@pytest.mark.real  # each world brings its own loop
def test_the_same_seed_is_the_same_journal() -> None:
    first = a_journal(7)
    assert b"cdr.accepted" in first
    assert first == a_journal(7)
    assert first != a_journal(8)


@pytest.mark.real
async def test_on_the_real_clock_and_any_free_ports(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    ports = {"port": 0, "ocpp_port": 0, "ocpi_port": 0}
    async with (
        running(clock, chance, journal, **ports) as world,
        station201(world.cpo, clock) as station,
    ):
        await station.boot()
        await station.event("Started", state="Charging", kwh=0.0, token="CARD1")
        await clock.sleep(0.05)
        await station.event("Ended", kwh=0.001)
        await world.told("cdr.accepted")
        assert len(world.emsp.cdrs) == 1


@pytest.mark.parametrize("version", list(VERSIONS))
async def test_all_that_is_sent_is_valid_and_priced_right(
    version: str, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal, versions=(version,)) as world:
        assert world.cpo.peers.registered()[0].version == version
        await a_day(world, clock)
        assert len(world.emsp.cdrs) == 2
        for cdr in world.emsp.cdrs.values():
            assert errors("cdr", cdr, version) == []
            again = price(cdr["tariffs"], cdr, time_zone="Europe/Berlin")
            cost = cdr["total_cost"]  # 2.1.1 has a number there
            excl_vat = cost["excl_vat"] if isinstance(cost, dict) else cost
            assert round(again.total_cost.excl_vat, 4) == excl_vat
        kinds = {
            "locations": ("location", "evse"),
            "tariffs": ("tariff",),
            "sessions": ("session",),
        }
        for module, (whole, *parts) in kinds.items():
            for verb, body in world.emsp.of(module):
                kind = whole if "id" in body or not parts else parts[0]
                assert errors(kind, body, version, partial=verb == "PATCH") == [], (module, body)


async def test_the_operator_starts_and_stops(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        assert await world.cpo.remote_start("CP16", 1, "CARD1") == "ACCEPTED"
        assert station.told[-1] == ("start", {"connector_id": 1, "id_tag": "CARD1"})
        begun = await station.begin()
        (session,) = world.cpo.ledger.open_sessions()
        assert await world.cpo.remote_stop(session.head.id) == "ACCEPTED"
        assert station.told[-1] == ("stop", {"transaction_id": begun.transaction_id})
        assert await world.cpo.ask_station("CP16", Reset(False)) == "NOT_SUPPORTED"
        assert await world.cpo.ask_station("CP16", Trigger("Heartbeat")) == "NOT_SUPPORTED"
        with pytest.raises(UnknownVerbTarget):
            await world.cpo.remote_stop("nothing")


async def test_a_cdr_without_its_reference_on_purpose(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    omit = {"CP16": ["authorization_reference"]}
    async with (
        running(clock, chance, journal, omit=omit) as world,
        station16(world.cpo, clock) as old,
        station201(world.cpo, clock) as new,
    ):
        await old.boot()
        await new.boot()
        begun = await old.begin()
        await old.end(begun.transaction_id, 2000)
        await world.told("cdr.made", omitted=["authorization_reference"])
        world.cpo.omit("CP201", "authorization_reference", "total_time")
        await new.event("Started", state="Charging", kwh=5.0, token="CARD1")
        await new.event("Ended", kwh=6.0)
        await clock.sleep(10)
        assert len(world.emsp.cdrs) == 2
        assert not any("authorization_reference" in cdr for cdr in world.emsp.cdrs.values())
        world.cpo.omit("CP16")
        begun = await old.begin()
        await old.end(begun.transaction_id, 2000)
        await world.told("cdr.made", omitted=[], kwh="1.0000")


async def test_an_interruption_is_told_by_the_cdr(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    tokens = [token(whitelist="ALLOWED_OFFLINE"), token("CARD2", whitelist="NEVER")]
    async with (
        running(clock, chance, journal, tokens=tokens) as world,
        station16(world.cpo, clock) as station,
    ):
        await station.boot()
        await world.emsp.listener.stop()
        assert (await station.begin("CARD2", 2)).id_tag_info["status"] == "Invalid"
        begun = await station.begin()
        assert begun.id_tag_info["status"] == "Accepted"
        await clock.sleep(600)
        await world.emsp.listener.start()
        await station.end(begun.transaction_id, 2000)
        await world.told("cdr.accepted")
        (cdr,) = world.emsp.cdrs.values()
        assert cdr["auth_method"] == "WHITELIST"
        assert cdr["remark"].startswith("Authorized locally: eMSP not reachable")
        assert len(cdr["remark"]) <= 255


async def test_a_port_in_use_is_told(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal, registered=False):
        for ports in ({"ocpi_port": 9100, "ocpp_port": 9001}, {"ocpi_port": 9101}):
            second = Cpo(replace(CONFIG, **ports), clock=clock, chance=chance, journal=journal)  # type: ignore[arg-type]
            with pytest.raises(BindError):
                await second.start()
            await second.stop()


async def test_a_database_that_is_none_is_told(
    tmp_path: Path, clock: Clock, chance: Chance, journal: Journal
) -> None:
    config: Any = replace(CONFIG, database=tmp_path / "no" / "cpo.db")
    with pytest.raises(StoreError):
        Cpo(config, clock=clock, chance=chance, journal=journal)


async def test_stopping_amid_everything_leaves_nothing_behind(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station16(world.cpo, clock) as station:
        await station.boot()
        await world.emsp.listener.stop()
        begun = await station.begin()
        await station.end(begun.transaction_id, 2000)
        await clock.sleep(1)
        await world.cpo.stop()
        await world.cpo.stop()
        me = asyncio.current_task()
        names = [t.get_coro().__qualname__ for t in asyncio.all_tasks() if t is not me]  # type: ignore[union-attr]
        assert not [name for name in names if "Deliveries" in name or "Locations" in name]


async def test_a_restart_on_the_same_book_draws_nothing_again(
    tmp_path: Path, clock: Clock, chance: Chance, journal: Journal
) -> None:
    config: Any = {"database": tmp_path / "cpo.db"}
    drawn: list[str] = []
    for start in range(3):
        async with running(clock, Chance(7), journal, registered=start == 0, **config) as world:
            drawn.append(world.cpo.token_a("another"))
            async with station16(world.cpo, clock) as station:
                await station.boot()
                begun = await station.begin(at=f"2026-01-15T0{start}:00:00Z", wh=start)
                await station.end(begun.transaction_id, 5000)
            await clock.sleep(1)
            assert sum(world.cpo.book.cdrs.states().values()) == start + 1
            connections = [each.id for each in world.cpo.book.connections.all()]
            assert len(set(connections)) == len(connections) == start + 2
    assert len(set(drawn)) == 3


async def test_after_a_kill_each_transaction_gives_one_cdr(
    tmp_path: Path, clock: Clock, chance: Chance, journal: Journal
) -> None:
    book = tmp_path / "cpo.db"
    async with running(clock, Chance(7), journal, database=book) as world:
        async with station16(world.cpo, clock) as old, station201(world.cpo, clock) as new:
            await old.boot()
            await new.boot()
            early = await old.begin()
            await old.end(early.transaction_id, 3000)
            open16 = await old.begin(connector=2, wh=5000)
            await new.event("Started", state="Charging", kwh=5.0, token="CARD1")
            found = crashed(book)
        await world.cpo.stop()
        config: Any = {"database": found}
        again = Cpo(replace(CONFIG, **config), clock=clock, chance=Chance(7), journal=journal)
        await again.start()
        async with station16(again, clock) as old, station201(again, clock) as new:
            await old.boot()
            await new.boot()
            await old.end(open16.transaction_id, 15000)
            new.seq_no = 0
            await new.event("Ended", kwh=25.0)
            later = await old.begin(wh=9000)
            await old.end(later.transaction_id, 9500)
            await clock.sleep(60)
        energies = sorted(cdr["total_energy"] for cdr in world.emsp.cdrs.values())
        states = again.book.cdrs.states()
        await again.stop()
        assert energies == [Decimal("0.5"), 2, 10, 20]
        assert states == {"accepted": 4}
