"""What is taken along."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from simulator.tui.widgets.palette import Palette
from tests.simulator.tui.stage import FakeEngine, Wire, seen, showing, until

pytestmark = pytest.mark.real


async def test_without_a_step_there_is_nothing_to_save(tmp_path: Path) -> None:
    async with showing(FakeEngine("CP1"), folder=tmp_path) as (app, pilot):
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, Palette))
        await pilot.press("enter")
        await until(pilot, lambda: "nothing was done by hand yet" in seen(app))


def files(folder: Path) -> dict[str, str]:
    """What was written."""
    return {path.name: path.read_text() for path in folder.iterdir()}


async def test_a_picture_is_taken_of_pages_and_forms_and_without_passing_words(
    tmp_path: Path,
) -> None:
    async with showing(FakeEngine("CP1"), folder=tmp_path) as (app, pilot):
        await until(pilot, lambda: app.started)
        seen_before: set[str] = set()
        for number, (key, words) in enumerate((("question_mark", "help:"), ("!", "fault:")), 1):
            await pilot.press(key)
            await until(pilot, lambda: app.view is None)
            app.say("this goes away again")
            await until(pilot, lambda: "this goes away again" in seen(app))
            await pilot.press("f12")
            await until(pilot, lambda n=number: len(files(tmp_path)) == n)  # type: ignore[misc]
            await until(pilot, lambda: "saved" in seen(app))
            found = files(tmp_path)
            picture = next(found.pop(name) for name in list(found) if name not in seen_before)
            seen_before.update(files(tmp_path))
            assert words in picture.replace("&#160;", " ") and "this goes away" not in picture
            await pilot.press("escape")
            await until(pilot, lambda: app.view is not None)


async def test_every_export_of_traffic_and_a_picture(tmp_path: Path) -> None:
    engine, wire = FakeEngine("CP1"), Wire()
    wire.journal.append("step", "scenario", step="boot", arguments={"station": "CP1"})
    wire.ocpi("POST", "cdrs", {"id": "7"})
    engine.new = wire.records
    async with showing(engine, folder=tmp_path) as (app, pilot):
        await pilot.press("2")
        await until(pilot, lambda: app.store.exchanges.last == 2)
        for number in range(5):
            await pilot.press("x")
            await until(pilot, lambda: isinstance(app.screen, Palette))
            await pilot.press(*["down"] * number, "enter")
            await until(pilot, lambda: not isinstance(app.screen, Palette))
        await pilot.press("f12")
        await until(pilot, lambda: (tmp_path / "screenshot-traffic.svg").exists())
    written = files(tmp_path)
    assert sorted(written) == [
        "by-hand-test.yaml", "request.sh", "screenshot-traffic.svg", "test_by_hand.py",
        "traffic-test.har", "traffic-test.ndjson",
    ]  # fmt: skip
    assert "TOPSECRET" not in "".join(written.values())


async def test_a_session_is_taken_along_with_what_happened_in_it(tmp_path: Path) -> None:
    engine, wire = FakeEngine("CP1"), Wire()
    wire.journal.event("station/CP1", "car.plugged", session="S1", evse=1)
    wire.call("StartTransaction", session="S1")
    wire.ocpi("POST", "cdrs", {"id": "7"}, session="S1")
    of_it = [record["seq"] for record in wire.records]
    wire.call("Heartbeat")
    wire.journal.event("station/CP2", "car.plugged", session="S2", evse=1)
    engine.new = wire.records
    async with showing(engine, folder=tmp_path) as (app, pilot):
        await pilot.press("3")
        await until(pilot, lambda: "S2" in app.store.visits.all)
        await until(pilot, lambda: app.view is not None and app.current_mode == "sessions")
        await pilot.press("home")
        for downs in (2, 3):
            await pilot.press("x")
            await until(pilot, lambda: isinstance(app.screen, Palette))
            await pilot.press(*["down"] * downs, "enter")
            await until(pilot, lambda: not isinstance(app.screen, Palette))
        await until(pilot, lambda: len(files(tmp_path)) == 2)
    written = files(tmp_path)
    _, *lines = written["sessions-test.ndjson"].splitlines()
    assert [msgspec.json.decode(line)["seq"] for line in lines] == of_it
    entries = msgspec.json.decode(written["sessions-test.har"])["log"]["entries"]
    assert len(entries) == 2 and len(entries[0].get("_webSocketMessages", "ab")) == 2
