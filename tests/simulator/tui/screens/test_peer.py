"""Screen 5, Peer."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from simulator.control import Control
from simulator.mistakes import Mistake
from simulator.tui.peer.sections import SECTIONS
from simulator.tui.remote import RemoteEngine
from simulator.tui.widgets.form import Form
from simulator.world import World
from tests.simulator.tui.peer.partners import between
from tests.simulator.tui.stage import FakeEngine, Wire, free_ports, playing, seen, showing, until

pytestmark = pytest.mark.real
SIZES = [(80, 24), (120, 40)]


def engine(**more: Any) -> FakeEngine:
    made = FakeEngine("CP1", **more)
    made.between = between()
    return made


def holds(app: Any, words: str) -> bool:
    """Whether it stands on the screen."""
    return words in seen(app)


async def part(app: Any, pilot: Any, name: str) -> None:
    """Go to a part of the screen."""
    for _ in SECTIONS:
        if app.screen.section.name == name:
            break
        await pilot.press("]")
    await until(pilot, lambda: f"─{name} " in seen(app) and "[" in seen(app))


@pytest.mark.parametrize("size", SIZES)
async def test_every_part_is_there_and_says_what_it_holds(size: tuple[int, int]) -> None:
    async with showing(engine(), size=size) as (app, pilot):
        await pilot.press("5")
        await until(pilot, lambda: "both there" in seen(app))
        parts = {
            "Modules": "PUT PATCH", "Rules": "cdr.price", "Tokens": "04AA",
            "Queue": "refused", "Answers": "NO_CREDIT", "Faults": "http_status",
        }  # fmt: skip
        for name, words in parts.items():
            await part(app, pilot, name)
            assert words in seen(app), name
        text = seen(app)
        assert "Rules 1" in text and "Queue 2" in text and "Faults 1" in text


async def test_a_world_without_peers() -> None:
    async with showing(FakeEngine("CP1")) as (app, pilot):
        await pilot.press("5")
        await until(pilot, lambda: "this world has no peer" in seen(app))
        await pilot.press("]", "P", "g", "b", "enter")
        await until(pilot, lambda: "Modules 0" in seen(app))


async def test_a_rule_is_explained_with_its_last_finding() -> None:
    fake, wire = engine(), Wire()
    wire.journal.finding("plugsurfing", "cpo", None, rule="cdr.price", severity="warn",
                         pointer="/total_cost", seen=5, expected="4.20", message_seq=1)  # fmt: skip
    fake.new = wire.records
    async with showing(fake) as (app, pilot):
        await pilot.press("5")
        await part(app, pilot, "Rules")
        await until(pilot, lambda: "/total_cost" in seen(app))
        text = seen(app)
        assert "expected  4.20" in text and "Broken 3 times" in text and "source" in text
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, Form))
        await pilot.press("enter")
        await until(pilot, lambda: fake.done)
        assert fake.done == [("rule", {"rule": "cdr.price", "is": "off", "peer": "ps"})]
        await pilot.press("enter")
        await until(pilot, lambda: "filter ~rule cdr.price" in seen(app))


async def test_actions_are_steps_on_the_row_at_the_cursor_or_on_those_marked() -> None:
    fake = engine()
    async with showing(fake) as (app, pilot):
        await pilot.press("5")
        await part(app, pilot, "Queue")
        await pilot.press("b", "t")  # b means nothing here
        await until(pilot, lambda: fake.done)
        assert fake.done == [("retry_cdr", {"cdr": "C1"})]
        await part(app, pilot, "Faults")
        await pilot.press("d")
        await until(pilot, lambda: len(fake.done) == 2)
        assert fake.done[-1] == ("clear_faults", {"id": "f1"})
        await part(app, pilot, "Tokens")
        await pilot.press("m", "m", "b")
        await until(pilot, lambda: len(fake.done) == 4)
        assert fake.done[2:] == [("block_token", {"token": uid}) for uid in ("04AA", "04BB")]
        await pilot.press("escape", "p")
        await until(pilot, lambda: isinstance(app.screen, Form))
        await pilot.press("enter")
        await until(pilot, lambda: len(fake.done) == 5)
        name, told = fake.done[-1]
        assert name == "push_token" and told["peer"] == "ps" and "whitelist" in told["fields"]
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, Form))
        await pilot.press("enter")
        await until(pilot, lambda: len(fake.done) == 6)
        name, told = fake.done[-1]
        assert (name, told["location"]) == ("start_session", "L1")


async def test_an_emp_has_steps_of_its_own() -> None:
    fake = engine()
    async with showing(fake) as (app, pilot):
        await pilot.press("5")
        await until(pilot, lambda: "ps 1/2" in seen(app))
        await pilot.press("P")
        await until(pilot, lambda: "roamer 2/2" in seen(app))
        assert "unregister" not in seen(app) and "register" in seen(app)
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, Form))
        await pilot.press("enter")
        await until(pilot, lambda: fake.done)
        assert fake.done == [("emp_register", {"emp": "roamer"})]


async def test_rows_are_picked_and_the_cursor_is_kept() -> None:
    async with showing(engine()) as (app, pilot):
        await pilot.press("5")
        await part(app, pilot, "Tokens")
        await pilot.press("down")
        await part(app, pilot, "Faults")
        await part(app, pilot, "Tokens")
        assert app.screen.main.cursor_key == "04BB RFID"  # type: ignore[attr-defined]
        await pilot.press("slash", *"~tok 04AA", "enter")
        await until(pilot, lambda: "Tokens 1 of 2" in seen(app))


async def test_who_cannot_be_asked_is_said_and_an_audience_does_nothing() -> None:
    fake = engine(read_only=True)
    async with showing(fake) as (app, pilot):
        await pilot.press("5")
        await part(app, pilot, "Queue")
        await pilot.press("t")
        await until(pilot, lambda: "this view is read-only" in seen(app))
        assert fake.done == []

        async def refuse() -> Any:
            raise Mistake("nobody answers")

        fake.dealings = refuse  # type: ignore[method-assign]
        await until(pilot, lambda: "nobody answers" in seen(app))


async def test_it_is_asked_only_while_it_is_shown() -> None:
    fake, asked = engine(), []

    async def count() -> Any:
        asked.append(1)
        return fake.between

    fake.dealings = count  # type: ignore[method-assign]
    async with showing(fake) as (_, pilot):
        await pilot.pause(1.2)
        assert asked == []
        await pilot.press("5")
        await until(pilot, lambda: len(asked) > 1)
        await pilot.press("1")
        await pilot.pause(0.1)
        before = len(asked)
        await pilot.pause(1.5)
        assert len(asked) == before


@pytest.mark.parametrize("size", SIZES)
async def test_a_real_world(size: tuple[int, int]) -> None:
    async with playing(size=size) as (app, pilot):
        await pilot.press("5")
        await until(pilot, lambda: "both there" in seen(app))
        await part(app, pilot, "Tokens")
        await until(pilot, lambda: "04A1B2C3D4E580" in seen(app))
        await pilot.press("home", "p")
        await until(pilot, lambda: isinstance(app.screen, Form))
        await pilot.press("enter")
        await until(pilot, lambda: "push_token" in seen(app))
        registered = app.engine._world.cpo.peers.registered()  # type: ignore[attr-defined]
        secrets = [secret for one in registered for secret in (one.token_in, one.token_out)]
        for name, words in (("Modules", "GET·1"), ("Rules", "roam.contract-format"),
                            ("Connections", "both there")):  # fmt: skip
            await part(app, pilot, name)
            await until(pilot, partial(holds, app, words))
            assert secrets and not any(secret in seen(app) for secret in secrets)


async def test_a_connection_ends_and_begins_again() -> None:
    async with playing() as (app, pilot):
        await pilot.press("5")
        await until(pilot, lambda: "both there" in seen(app))
        for key, words in (("G", "nobody"), ("g", "both there")):
            await pilot.press(key)
            await until(pilot, lambda: isinstance(app.screen, Form))
            await pilot.press("enter")
            await until(pilot, partial(holds, app, words))


async def test_a_world_that_runs_elsewhere() -> None:
    async with World(free_ports(), clock="scaled:20", seed=42) as world:
        control = Control(world, port=0)
        await control.start()
        remote = RemoteEngine(control.url)
        try:
            async with showing(remote) as (app, pilot):
                await pilot.press("5")
                await until(pilot, lambda: "both there" in seen(app))
                await part(app, pilot, "Tokens")
                await pilot.press("home", "b")
                await until(pilot, lambda: "blocked" in seen(app))
                assert world.cpo.dealings()["blocked"]
                await pilot.press("B")
                await until(pilot, lambda: not world.cpo.dealings()["blocked"])
        finally:
            await remote.stop()
            await control.stop()
