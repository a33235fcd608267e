"""The form that asks a step's arguments."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App
from textual.widgets import Input

from simulator.scenario.step import Arg, Kind
from simulator.scenario.steps import STEPS
from simulator.tui.widgets.form import Form, offers, suited, value_of
from tests.simulator.tui.stage import until


def known(what: str) -> list[str]:
    return {"station": ["CP1", "CP2"], "token": ["X1"]}.get(what, [])


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Kind.TEXT, " 5 ", "5"),
        (Kind.INTEGER, "5", 5),
        (Kind.INTEGER, "five", "five"),
        (Kind.FLAG, "true", True),
        (Kind.LIST, "a, b", ["a", "b"]),
        (Kind.LIST, '["a"]', ["a"]),
        (Kind.MAPPING, '{"a": 1}', {"a": 1}),
        (Kind.ANY, "Heartbeat", "Heartbeat"),
        (Kind.DURATION, "40 min", "40 min"),
    ],
)
def test_what_was_typed_as_the_step_takes_it(kind: Kind, text: str, value: object) -> None:
    assert value_of(Arg("x", kind, ""), text) == value


def test_what_is_offered() -> None:
    told = {arg.name: list(offers(arg, known)) for arg in STEPS["tap"].args}
    assert told["station"] == ["CP1", "CP2"] and told["token"] == ["X1"]
    assert list(offers(STEPS["register"].args[1], known)) == ["cpo", "peer"]


def test_a_fault_asks_what_its_kind_takes() -> None:
    def asked(kind: str) -> tuple[str, list[str]]:
        told, args = suited(STEPS["fault"], {"kind": kind})
        return told, [arg.name for arg in args]

    told, names = asked("http_status")
    assert told.startswith("Another HTTP status") and names[:2] == ["kind", "status"]
    assert "module" in names and not {"wire", "action", "by", "copies"} & set(names)
    told, names = asked("tls_expired")
    assert names == ["kind", "actor", "for", "at"] and "expired" in told
    told, names = asked("dela")
    assert told == "" and "by" not in names and {"actor", "action", "filter", "times"} <= set(names)
    assert suited(STEPS["tap"], {})[1][0].required


async def filled(
    step: str, given: dict[str, str], *keys: str, meant: dict[str, list[str]] | None = None
) -> tuple[Any, str]:
    app: App[None] = App()
    found: list[Any] = []
    async with app.run_test(size=(100, 40)) as pilot:
        form = Form(STEPS[step], given, known, meant)
        app.push_screen(form, found.append)
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
        problem = "" if found else str(form.query_one("#problem").render())
    return (found[0] if found else None), problem


@pytest.mark.real
async def test_it_is_filled_completed_and_sent() -> None:
    told, _ = await filled("tap", {"station": "CP1"}, *"X1", "tab", *"2", "enter")
    assert told == {"station": "CP1", "token": "X1", "evse": 2}
    told, _ = await filled("tap", {"token": "X1"}, "C", "P", "right", "enter")
    assert told == {"station": "CP1", "token": "X1"}
    assert (await filled("tap", {}, "escape"))[0] is None


@pytest.mark.real
async def test_a_mistake_is_said_and_nothing_is_sent() -> None:
    told, problem = await filled("tap", {"station": "CP1"}, "enter")
    assert told is None and "'token' is missing" in problem
    told, problem = await filled("tap", {"station": "CP1", "token": "X"}, *"two", "enter")
    assert told is None and "evse: expected a whole number, not 'two'" in problem


@pytest.mark.real
async def test_targets_are_completed_and_held_to_what_is_there() -> None:
    meant = {"@shown": ["CP1", "CP2"]}
    told, _ = await filled("boot", {}, *"@s", "right", "enter", meant=meant)
    assert told == {"station": "@shown"}
    told, problem = await filled("boot", {"station": "@marked"}, "enter", meant=meant)
    assert told is None
    assert problem == "station: @marked means no station here; there is @shown (2)"


@pytest.mark.real
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_what_is_said_is_seen_however_long_the_form_is(size: tuple[int, int]) -> None:
    app: App[None] = App()
    async with app.run_test(size=size) as pilot:
        form = Form(STEPS["fault"], {}, known)
        app.push_screen(form)
        await until(pilot, lambda: form.query_one("#help").region.height > 1)  # its kinds, too
        await pilot.press("x", "enter")
        await pilot.pause()
        box = form.query_one("Form > Vertical").content_region
        for told in form.query("#help, #problem"):
            assert told.region.height and box.contains_region(told.region)


@pytest.mark.real
async def test_a_fault_is_aimed_at_stations_by_its_actor() -> None:
    meant = {"@marked": ["CP1", "CP2"]}
    told, _ = await filled("fault", {"actor": "@marked"}, *"drop", "enter", meant=meant)
    assert told == {"kind": "drop", "actor": "@marked"}
    told, problem = await filled("fault", {"actor": "@all"}, *"drop", "enter", meant=meant)
    assert told is None and problem.startswith("actor: @all means no station here")


@pytest.mark.real
async def test_another_kind_asks_something_else() -> None:
    app: App[None] = App()
    async with app.run_test(size=(80, 24)) as pilot:
        form = Form(STEPS["fault"], {"actor": "cpo", "kind": "delay"}, known)
        app.push_screen(form)
        await until(pilot, lambda: form.query("#arg-spread"))
        kind = form.query_one("#arg-kind", Input)
        kind.value = "http_status"
        await until(pilot, lambda: form.query("#arg-status") and not form.query("#arg-spread"))
        assert "Another HTTP status" in str(form.query_one("#about").render())
        assert form.query_one("#arg-actor", Input).value == "cpo"
        lines = [line.id for line in form.query(Input)]
        assert lines[:2] == ["arg-kind", "arg-status"]
