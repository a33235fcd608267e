"""Drivers: they come, charge and leave; whether they were let charge decides the exit code."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from simulator.commands.drivers import Drivers, Habits
from simulator.world import World
from simulator.world_file import read_text

WORLD = """\
name: w
clock: virtual
seed: 1
cpo: {country_code: DE, party_id: ABC, name: W}
peers: [{name: plugsurfing, tokens: [{uid: 04AA}, {uid: 04BB, valid: false}]}]
locations:
- id: L
  country: DEU
  stations: [{id: A, ocpp: 1.6, evses: [[ac-22], [ac-22]]}, {id: D, ocpp: 2.0.1, evses: [[dc-50]]}]
"""


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World(read_text(WORLD)) as world:
        await world.clock.sleep(5)
        yield world


def drivers(world: World, habits: Habits) -> Drivers:
    return Drivers(habits, world.clock, world.chance, world.journal)


def events(world: World, what: str) -> int:
    return sum(record.get("what") == what for record in world.journal.records)


async def test_one_visit_at_each_station(world: World) -> None:
    began = world.clock.monotonic()
    habits = Habits(plug=True, tap="04AA", soc_percent=20, charge_s=600)
    assert await drivers(world, habits).drive(list(world.stations.values())) == 0
    assert 600 <= world.clock.monotonic() - began < 620
    assert events(world, "car.plugged") == events(world, "car.unplugged") == 2


async def test_an_end_that_never_leaves_is_no_success(world: World) -> None:
    for name in ("A", "D"):
        station = world.station(name)
        habits = Habits(plug=True, tap="04AA", charge_s=60, patience_s=20)
        driven = drivers(world, habits)
        driving = asyncio.create_task(driven.drive([station]))
        await world.clock.sleep(30)
        await station.offline()
        began = world.clock.monotonic()
        assert await driving == 4
        assert world.clock.monotonic() - began < 60
        assert station.snapshot()["queued"] > 0
        assert (
            driven.troubles[0].startswith(f"{name}: ") and "wait for a CSMS" in driven.troubles[0]
        )
    assert events(world, "driver.untold") == 2


async def test_an_end_that_leaves_late_is_a_success(world: World) -> None:
    station = world.station("D")
    habits = Habits(plug=True, tap="04AA", charge_s=60, patience_s=120)
    driving = asyncio.create_task(drivers(world, habits).drive([station]))
    await world.clock.sleep(30)
    await station.offline()
    await world.clock.sleep(60)
    assert not driving.done()
    await station.online()
    assert await driving == 0


async def test_a_refused_driver_leaves_at_once(world: World) -> None:
    began = world.clock.monotonic()
    habits = Habits(plug=True, tap="04BB", charge_s=600)
    assert await drivers(world, habits).drive([world.station("A")]) == 1
    assert world.clock.monotonic() - began < 10
    assert events(world, "car.unplugged") == 1


async def test_a_car_without_a_card_waits_for_a_remote_start(world: World) -> None:
    habits = Habits(plug=True, charge_s=60)
    driving = asyncio.create_task(drivers(world, habits).drive([world.station("D")]))
    await world.clock.sleep(10)
    await world.peers["plugsurfing"].command(
        "START_SESSION", token_uid="04AA", location_id="L", evse_uid="D-1"
    )
    assert await driving == 0


async def test_nobody_comes_for_it_and_the_car_leaves(world: World) -> None:
    driven = drivers(world, Habits(plug=True, charge_s=60))
    assert await driven.drive([world.station("D")]) == 1
    assert driven.troubles == ["D: no transaction began within 60 s"]


async def test_an_evse_that_is_taken_is_no_error(world: World) -> None:
    await world.station("A").plug(1)
    habits = Habits(plug=True, tap="04AA", charge_s=60)
    assert await drivers(world, habits).drive([world.station("A")]) == 1
    assert events(world, "driver.left") == 1


async def test_drivers_come_and_go_at_every_evse(world: World) -> None:
    habits = Habits(plug=True, tap="04AA", charge_s=300, every_s=300)
    driving = asyncio.create_task(drivers(world, habits).drive(list(world.stations.values())))
    await world.clock.sleep(4 * 3600)
    driving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await driving
    # Three EVSEs, ten minutes a visit on average, four hours.
    assert 50 <= events(world, "car.unplugged") <= 90


async def test_without_an_end_they_stay(world: World) -> None:
    driving = asyncio.create_task(
        drivers(world, Habits(plug=True, tap="04AA")).drive([world.station("A")])
    )
    await world.clock.sleep(3600)
    assert not driving.done()
    driving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await driving
