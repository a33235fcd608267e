"""The invariants hold in a sound world, and each breaks where something is lost, twice or wrong."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from simulator.scenario.soak_truth import invariants
from simulator.world import World
from simulator.world_file import find, read

SCENARIOS = Path(__file__).parents[3] / "scenarios"
ANNA = "04A1B2C3D4E580"


@contextlib.asynccontextmanager
async def charged(*, stopped: bool = True) -> AsyncIterator[World]:
    """A world with a session at a 1.6 and at a 2.0.1 station, both billed unless not `stopped`."""
    async with World(read(find("demo"))) as world:
        for name in ("DE-AC-1", "NL-AC-2"):
            station = world.station(name)
            await station.plug(1, world.car("anna"))
            await station.tap(1, ANNA)
            await world.clock.sleep(1800)
            if stopped:
                await station.stop_session(1)
                await station.unplug(1)
                await world.clock.sleep(5)
        yield world


async def test_all_holds_in_a_sound_world() -> None:
    async with charged() as world:
        truth = await invariants(world)
        assert truth.broken == []
        assert (truth.transactions, truth.cdrs) == (2, 2)


async def broken_by(change: Callable[[World], None]) -> set[str]:
    async with charged() as world:
        change(world)
        return {broken.name for broken in (await invariants(world)).broken}


def rewrite(change: Callable[[dict[str, Any]], None]) -> Callable[[World], None]:
    """Change the body of the first CDR in the CPO's book."""

    def apply(world: World) -> None:
        store = world.cpo.book.cdrs._store
        row = world.cpo.book.cdrs.all()[0]
        change(row.body)
        store.write("UPDATE cdrs SET body = ? WHERE id = ?", (_json(row.body), row.id))

    return apply


def _json(value: Any) -> bytes:
    return msgspec.json.Encoder(decimal_format="number").encode(value)


def lose(world: World) -> None:
    row = world.cpo.book.cdrs.all()[0]
    world.cpo.book.cdrs._store.write("DELETE FROM cdrs WHERE id = ?", (row.id,))


def double(world: World) -> None:
    row = world.cpo.book.cdrs.all()[0]
    world.cpo.book.cdrs.put(row.connection_id, _renamed(row.body, "again"), "accepted")


def _renamed(cdr: dict[str, Any], name: str) -> dict[str, Any]:
    return {**cdr, "id": name, "session_id": name}


def more_energy(cdr: dict[str, Any]) -> None:
    cdr["total_energy"] += Decimal("0.1")


def cheaper(cdr: dict[str, Any]) -> None:
    cdr["total_cost"]["excl_vat"] -= Decimal("0.02")


def shorter(cdr: dict[str, Any]) -> None:
    for period in cdr["charging_periods"]:
        for dimension in period["dimensions"]:
            if dimension["type"] == "ENERGY":
                dimension["volume"] = Decimal(0)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lose, {"one-cdr-each", "energy-is-the-meters", "told-as-it-is"}),
        (double, {"one-cdr-each", "energy-is-the-meters", "told-as-it-is"}),
        (rewrite(more_energy), {"energy-is-the-meters", "periods-add-up"}),
        (rewrite(cheaper), {"price-is-the-tariffs"}),
        (rewrite(shorter), {"price-is-the-tariffs", "periods-add-up"}),
    ],
)
async def test_what_is_wrong_is_found(change: Callable[[World], None], names: set[str]) -> None:
    assert await broken_by(change) == names


async def test_a_cdr_that_the_peer_never_got_is_found() -> None:
    async with charged() as world:
        row = world.cpo.book.cdrs.all()[0]
        new = _renamed(row.body, "never-sent")
        world.cpo.book.cdrs.put(row.connection_id, new, "accepted")
        broken = (await invariants(world)).broken
        told = [b.what for b in broken if b.name == "told-as-it-is"]
        assert told == ["plugsurfing: CDR never-sent is accepted at the CPO, 0 times at the peer"]


async def behind_roam(change: Callable[[World], None]) -> tuple[set[str], int]:
    """What breaks in a world whose session was of a card behind Roam; how many CDRs its EMP has."""
    async with World(read(SCENARIOS / "worlds" / "roam.yaml")) as world:
        station = world.station("CP201")
        await station.plug(1, world.car("anna"))
        assert await station.tap(1, "DORA")
        await world.clock.sleep(1800)
        await station.stop_session(1)
        await station.unplug(1)
        await world.clock.sleep(60)
        held = len((await world.emps["emp"].state())["cdrs"])
        change(world)
        return {broken.name for broken in (await invariants(world)).broken}, held


async def test_a_cdr_of_a_card_behind_roam_is_at_its_emp() -> None:
    assert await behind_roam(lambda _world: None) == (set(), 1)


async def test_a_cdr_that_its_emp_never_got_is_found() -> None:
    def double_it(world: World) -> None:
        row = world.cpo.book.cdrs.all()[0]
        new = {**_renamed(row.body, "again"), "start_date_time": "2026-01-15T06:00:00Z"}
        world.cpo.book.cdrs.put(row.connection_id, new, "accepted")

    broken, _ = await behind_roam(double_it)
    assert "relayed-once" in broken


async def test_what_goes_on_is_found() -> None:
    async with charged(stopped=False) as world:
        names = {broken.name for broken in (await invariants(world)).broken}
        assert {"sessions-end", "transactions-end", "one-cdr-each"} <= names
        for name in ("DE-AC-1", "NL-AC-2"):
            await world.station(name).offline()
            await world.station(name).unplug(1)
        names = {broken.name for broken in (await invariants(world)).broken}
        assert {"queues-empty", "sessions-end"} <= names


def test_the_page_names_every_invariant() -> None:
    root = Path(__file__).parents[3]
    page = (root / "docs" / "reliability.md").read_text(encoding="utf-8")
    for name in ("soak", "soak_truth"):
        code = (root / "simulator" / "scenario" / f"{name}.py").read_text(encoding="utf-8")
        told = re.findall(r'(?:hold|Broken)\(\s*"([a-z-]+)"', code)
        assert told
        for invariant in told:
            assert f"`{invariant}`" in page
