"""The interface: as its users walk through it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.mistakes import Exit
from simulator.scenario.schema import read as read_scenarios
from simulator.tui import details
from simulator.tui.app import RoamlabApp
from simulator.tui.config import Config
from simulator.tui.keys import rows
from simulator.tui.plays import Plays
from simulator.tui.views import VIEWS
from simulator.tui.widgets.form import Form
from simulator.tui.widgets.palette import Palette, Sheet
from simulator.tui.worlds import Worlds
from tests.simulator.tui.stage import ANNA, FakeEngine, playing, seen, showing, until

pytestmark = pytest.mark.real


async def test_a_developer_finds_why_a_cdr_was_refused(tmp_path: Path) -> None:
    """With the keys that the screen itself shows."""
    async with playing(folder=tmp_path) as (app, pilot):
        await until(pilot, lambda: "FR-AC-1" in seen(app))
        await pilot.press("end", "s")
        await until(pilot, lambda: isinstance(app.screen, Form))
        await pilot.press("enter")
        await until(pilot, lambda: "Charging" in seen(app))
        await pilot.press("S", "3")
        await until(pilot, lambda: "Why the CDR was refused" in seen(app))
        text = seen(app)
        assert "cdr.authorization-reference" in text and "/authorization_reference" in text
        assert "seen      nothing" in text and "EUR net" in text
        await pilot.press("c")
        await until(pilot, lambda: "filter ~sess" in seen(app))
        await pilot.press("n")
        await until(pilot, lambda: "What is wrong" in seen(app))
        assert "▲ /authorization_reference: cdr.authorization-reference" in _detail(app)
        await pilot.press("x", "enter")
        await until(pilot, lambda: list(tmp_path.iterdir()))
        (scenario,) = read_scenarios(tmp_path / "by-hand-demo.yaml")
        assert scenario.name == "by-hand-demo"


def _detail(app: RoamlabApp) -> str:
    return app.screen.query_one("#exchange").text  # type: ignore[attr-defined,no-any-return]


async def test_a_tester_plays_on_marked_stations_and_filters() -> None:
    async with playing() as (app, pilot):
        await until(pilot, lambda: "FR-AC-1" in seen(app))
        await pilot.press("m", "m", "p")
        stations = app.store.stations
        await until(pilot, lambda: all(_car(stations, n) for n in ("DE-AC-1", "DE-DC-1")))
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, Form))
        await pilot.press("enter")
        await until(pilot, lambda: all(_pays(stations, n) for n in ("DE-AC-1", "DE-DC-1")))
        await pilot.press("S")
        await until(pilot, lambda: not _car(stations, "DE-AC-1"))
        await pilot.press("2", "slash", *"~cp DE-AC-1 & ~a Authorize", "enter")
        await until(pilot, lambda: app.view and len(app.view.main.keys) == 1)
        assert ANNA in seen(app)


def _car(stations: object, name: str) -> bool:
    return bool(stations[name]["evses"][0]["car"])  # type: ignore[index]


def _pays(stations: object, name: str) -> bool:
    return bool(stations[name]["evses"][0]["transaction"])  # type: ignore[index]


async def test_no_secret_is_on_any_screen() -> None:
    async with playing() as (app, pilot):
        world = app.engine._world  # type: ignore[attr-defined]
        secrets = {peer.token_a for peer in world.peers.values()}
        secrets |= {world.cpo.token_a(name) for name in world.peers}
        for key in "1234560":
            await pilot.press(key)
            await until(pilot, lambda: app.view is not None)
            table = app.view.table  # type: ignore[union-attr]
            for name in [None] if table is None else list(table.keys)[:80:8]:
                if table is not None:
                    table.go_to(name)
                await pilot.pause()
                told = seen(app) + "".join(d.text for d in app.screen.query("Detail"))
                assert not any(secret in told for secret in secrets)
                assert "Authorization: Token ***" in told or "Authorization: Token" not in told
        shown = [details.exchange(ex).plain for ex in app.store.exchanges.after(0)]
        assert any("Authorization: Token ***" in told for told in shown)
        assert not [told for told in shown if any(secret in told for secret in secrets)]


async def test_a_step_is_found_in_the_palette_and_asked_for_what_it_needs() -> None:
    engine = FakeEngine("CP1", "CP2")
    async with showing(engine) as (app, pilot):
        await pilot.press("colon")
        await until(pilot, lambda: isinstance(app.screen, Palette))
        await pilot.press(*"remote_start", "enter")
        await until(pilot, lambda: isinstance(app.screen, Form))
        await pilot.press("enter")
        await until(pilot, lambda: engine.done)
        assert engine.done == [("remote_start", {"station": "CP1", "token": ANNA})]


async def test_screens_help_and_the_way_back() -> None:
    async with showing(FakeEngine("CP1")) as (app, pilot):
        for key, name in zip("1234560", VIEWS, strict=True):
            await pilot.press(key)
            assert app.current_mode == name
            await pilot.press("question_mark")
            await until(pilot, lambda: isinstance(app.screen, Sheet))
            assert name.capitalize() in seen(app)
            await pilot.press("escape")
            await until(pilot, lambda: app.view is not None)
        await pilot.press("minus")
        assert app.current_mode == "metrics"


async def test_keys_and_theme_of_ones_own() -> None:
    engine = FakeEngine("CP1")
    async with showing(engine, config=Config("light", {"fleet.plug": "P"})) as (app, pilot):
        assert app.theme == "roamlab-light"
        await pilot.press("p")
        await pilot.pause(0.2)
        assert engine.done == []
        await pilot.press("P")
        await until(pilot, lambda: engine.done)
        await pilot.press("ctrl+t")
        assert app.theme == "roamlab-dark"


class Failing(FakeEngine):
    """An engine of which nothing works any more."""

    async def _fail(self, *_: Any, **__: Any) -> Any:
        raise KeyError("ours")

    perform = load = stages = step = play = drop = held = figures = dealings = stations = _fail


async def test_no_key_ends_it_where_something_of_ours_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = Failing("CP1")
    monkeypatch.setattr(Worlds, "visit", engine.load)  # no world that comes while one looks away
    monkeypatch.setattr(Plays, "play", engine.load)
    async with showing(engine) as (app, pilot):
        await until(
            pilot, lambda: "internal error: KeyError: 'ours'" in seen(app)
        )  # the line above
        for name in ("fleet", "traffic", "scenarios", "peer", "story"):
            for row in rows(name):
                app.action_view(name)
                await until(pilot, lambda name=name: app.current_mode == name and app.view)  # type: ignore[misc]
                await pilot.press(row.keys.partition(",")[0], "escape")
        app.clear_notifications()
        app.action_view("traffic")
        await until(pilot, lambda: app.current_mode == "traffic" and app.view)
        await pilot.press("I")
        await until(pilot, lambda: "KeyError" in "".join(n.message for n in app._notifications))
        assert app.return_value is None


async def test_how_it_ends() -> None:
    for key, code in (("q", Exit.PASS), ("ctrl+c", Exit.INTERRUPTED)):
        app = RoamlabApp(FakeEngine("CP1"))
        async with app.run_test() as pilot:
            await until(pilot, lambda app=app: app.started)  # type: ignore[misc]
            await pilot.press(key)
        assert app.return_value == code


async def test_a_world_that_does_not_start_ends_it_with_the_reason() -> None:
    engine = FakeEngine()
    engine.broken = OSError("no port")
    app = RoamlabApp(engine)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.failure)
    assert app.failure is engine.broken
