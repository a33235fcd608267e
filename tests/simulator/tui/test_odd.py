"""Journals that somebody changed by hand: whatever stands in a record, the interface stands it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.content import Content

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Record
from simulator.kernel.loop import run
from simulator.tui import odd
from simulator.tui.bill import bill
from simulator.tui.recorded import RecordedEngine
from simulator.tui.store import Store
from simulator.tui.views import VIEWS
from tests import seeded
from tests.simulator.tui.stage import seen, showing, until
from tests.simulator.tui.test_contracts import plugged

OTHERS: tuple[Any, ...] = (None, True, -1, 10**18, 0.5, "", "x", "1e999", "\x1b[2J", [], [1], {},
                           {"a": 1}, [[[]]])  # fmt: skip
TEXTS = ("frame", "body")  # fields that are JSON in a text


@cache
def recorded() -> tuple[bytes, ...]:
    """A real world's records, of cards and of contracts; the head first."""
    moment = seeded.moment()
    contracts = [record for name in ("pnc-revoked",)
                 for record in run(plugged(name), Clock("virtual"))]  # fmt: skip
    every = [moment.header, *contracts, *moment.records]
    return tuple(msgspec.json.encode(record) for record in every)


def places(value: Any, whole: bool = False) -> Iterator[tuple[Any, Any]]:
    """Every place of a value: what holds it, and its key there."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


def mangle(record: Record, chance: Chance) -> Record:
    """A record with another type somewhere; in JSON that stands in a text, too."""
    holder, key = chance.choice([p for p in places(record) if p[1] not in ("seq", "at", "leg")])
    old = holder[key]
    if key in TEXTS and isinstance(old, str) and old[:1] in ("{", "[") and chance.happens(0.8):
        inner = msgspec.json.decode(old)
        spots = list(places(inner))
        if spots:
            within, at = chance.choice(spots)
            within[at] = chance.choice(OTHERS)
        holder[key] = msgspec.json.encode(inner).decode()
    else:
        holder[key] = chance.choice(OTHERS)
    return record


def mangled(path: Path, chance: Chance, share: float) -> Path:
    """A journal file in which so many of the records are not as they were."""
    head, *lines = recorded()
    told = [
        msgspec.json.encode(mangle(msgspec.json.decode(line), chance))
        if chance.happens(share)
        else line
        for line in lines
    ]
    path.write_bytes(b"\n".join([head, *told]) + b"\n")
    return path


@given(st.integers(), st.sampled_from([0.1, 0.9]))
@settings(max_examples=5)
def test_a_store_takes_them_in(seed: int, share: float) -> None:
    with TemporaryDirectory() as folder:
        engine = RecordedEngine.read(mangled(Path(folder, "x"), Chance(seed), share))
    store = Store(engine)
    while store.exchanges.last < 1 or engine._taken < len(engine._records):
        store.read()
    asyncio.run(store.look())
    for station in (None, *engine.names()):
        bill(store, station)
    engine.faults()
    assert engine.trouble == "" or "no records" in engine.trouble


@pytest.mark.real
@given(st.integers())
@settings(max_examples=2)
def test_all_panes_are_drawn(seed: int) -> None:
    with TemporaryDirectory() as folder:
        engine = RecordedEngine.read(mangled(Path(folder, "x"), Chance(seed), 0.5))
        asyncio.run(walk(engine, Path(folder)))


async def walk(engine: RecordedEngine, folder: Path) -> None:
    """Look at every screen, at rows of it, through a filter; do what can be done to a row."""
    async with showing(engine, folder=folder) as (app, pilot):
        for name in VIEWS:
            app.action_view(name)
            await until(pilot, lambda name=name: app.view and app.current_mode == name)
            table = app.view.table if app.view is not None else None
            if app.view is None or table is None:
                continue
            for place in range(0, len(table.keys), max(1, len(table.keys) // 12)):
                table.move_to(place)
                await pilot.pause(0)
            app.view.set_filter("x | ~err | ~body y | ~tok z | ~lat>5 | ~s a | ~rule b | ~u c")
            await pilot.pause(0)
            app.view.set_filter("")
        assert app.is_running and app.return_code in (None, 0), seen(app)


def test_what_cannot_be_shown_says_so() -> None:
    def broken() -> Content:
        raise KeyError("serial")

    assert odd.content(broken).plain == "this cannot be shown: KeyError: 'serial'"
    assert odd.content(lambda: Content("x")).plain == "x"
    assert len(odd.why(ValueError("x" * 999))) == 200


def test_an_error_of_ours_is_not_hidden() -> None:
    def wrong() -> Content:
        raise AssertionError

    with pytest.raises(AssertionError):
        odd.content(wrong)
