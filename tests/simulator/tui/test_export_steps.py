"""What was done by hand, done again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from simulator.kernel.journal import Record
from simulator.mistakes import Mistake
from simulator.scenario.schema import read as read_scenarios
from simulator.tui import export, export_steps
from simulator.tui.engine import Facts
from tests.simulator.tui.stage import ANNA, Wire, playing, until
from tests.simulator.tui.test_pairing import paired

FACTS = Facts("local", "demo", 42, "scaled:60")


def step(wire: Wire, name: str, **arguments: object) -> Record:
    return wire.journal.append("step", "scenario", step=name, arguments=arguments)


async def done() -> Wire:
    """A few steps, and time between them."""
    wire = Wire()
    step(wire, "plug", station="DE-AC-1", car="anna")
    await wire.journal.clock.sleep(90)
    step(wire, "speed", factor=0)
    step(wire, "record", file=".")
    step(wire, "tap", station="DE-AC-1", token=ANNA)
    step(wire, "note", text="odd", about=3)
    step(wire, "advance", by=60)
    await wire.journal.clock.sleep(60)
    step(wire, "register", peer="plugsurfing", token_a="***")
    return wire


async def test_steps_by_hand_are_a_scenario_that_is_one(tmp_path: Path) -> None:
    wire = await done()
    text = export_steps.scenario(wire.records, FACTS)
    path = export.save(tmp_path, "by-hand", "yaml", text)
    assert "{advance: 90 s}" in text and "speed" not in text and "record" not in text
    (scenario,) = read_scenarios(path)
    assert (scenario.name, scenario.seed) == ("by-hand-demo", 42)
    assert [action.name for action in scenario.actions] == [
        "plug", "advance", "tap", "note", "advance", "note",
    ]  # fmt: skip


async def test_what_failed_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    async with playing(folder=tmp_path) as (app, pilot):
        with pytest.raises(Mistake, match="refused the card"):
            await app.engine.perform("start", {"station": "DE-AC-1", "token": "04FFFF"})
        await app.engine.perform("unplug", {"station": "DE-AC-1"})
        store = app.store
        await until(pilot, lambda: len(store.steps) == 2 and store.failed_steps)
        told = export_steps.deeds(store.steps, store.failed_steps)
        assert [name for name, _ in told if name != "advance"] == ["note", "unplug"]
        assert "left out: start, it failed: start: DE-AC-1 refused" in told[0][1]["text"]
        for text in (
            export_steps.scenario(store.steps, app.engine.facts, store.failed_steps),
            export_steps.pytest(store.steps, [], app.engine.facts, store.failed_steps),
        ):
            assert "left out: start" in text and "04FFFF}" not in text


async def test_what_was_held_is_waited_for_before_it_is_released() -> None:
    wire = Wire()
    step(wire, "intercept", filter="~a PUT", times="always", pause=True)
    step(wire, "release", id="held-1", body="{}")
    step(wire, "release")
    assert export_steps.deeds(wire.records) == [
        ("intercept", {"filter": "~a PUT", "times": "always"}),
        ("expect", {"fault": "hold", "where": {"/held": "held-1"}}),
        ("release", {"id": "held-1", "body": "{}"}),
        ("release", {}),
    ]


async def test_what_belongs_to_the_moment_or_is_hidden_is_left_out() -> None:
    wire = await done()
    told = export_steps.deeds(wire.records)
    assert told[3] == ("note", {"text": "odd"})
    assert told[-1] == (
        "note", {"text": "left out: register, a secret of it is hidden in the journal"}
    )  # fmt: skip
    for nothing in ([], [step(Wire(), "speed", factor=2)]):
        with pytest.raises(Mistake, match="nothing was done by hand"):
            export_steps.scenario(nothing, FACTS)


async def test_a_test_expects_what_became_of_cdrs_since() -> None:
    wire = Wire()
    wire.ocpi("POST", "cdrs", {}, ident="before")
    step(wire, "send_ocpi", **{"from": "cpo", "method": "PUT", "module": "x", "body": "y" * 90})
    wire.ocpi("POST", "cdrs", {}, code=2001, ident="r2")
    wire.finding(1)
    records = [record for record in wire.records if record["leg"] == "step"]
    text = export_steps.pytest(records, paired(wire.records), FACTS)
    compile(text, "test", "exec")
    assert "        from_='cpo',\n" in text
    assert text.count("roamlab.expect(") == 1 and "status=2001" in text
    assert "roamlab_clock('virtual')" in text
    real = export_steps.pytest(records, [], Facts("local", "demo", 1, "real"))
    assert "roamlab_clock('real')" in real


async def test_what_is_expected_stands_where_it_came() -> None:
    """Expectations look forward: what came before a message was held is not found behind it."""
    wire = Wire()
    step(wire, "stop", station="DE-AC-1")
    wire.ocpi("POST", "cdrs", {}, ident="r1")
    await wire.journal.clock.sleep(60)
    hit = {"id": "fault-1", "held": "held-1", "of": "request", "name": "PUT sessions"}
    wire.journal.append("fault", "cpo", "plugsurfing", fault="hold", data=hit)
    wire.ocpi("POST", "cdrs", {}, code=2001, ident="r2")
    step(wire, "release", id="held-1")
    wire.ocpi("POST", "cdrs", {}, code=2002, ident="r3")
    steps = [record for record in wire.records if record["leg"] == "step"]
    text = export_steps.pytest(steps, paired(wire.records), FACTS)
    places = [text.index(word) for word in (
        "roamlab.stop(", "roamlab.advance(by='60 s')", "status=1000", "fault='hold'", "status=2001",
        "roamlab.release(", "status=2002",
    )]  # fmt: skip
    assert places == sorted(places)
    compile(text, "test", "exec")


def run(path: Path) -> tuple[int, str]:
    """A test in a project of its own."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", path.name]
    ran = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, timeout=120)
    return ran.returncode, ran.stdout + ran.stderr


@pytest.mark.real
async def test_a_session_by_hand_is_a_test_that_passes(tmp_path: Path) -> None:
    async with playing(clock="scaled:5", folder=tmp_path) as (app, pilot):
        place = {"station": "DE-AC-1"}
        for name, given in (
            ("plug", {**place, "car": "anna"}),
            ("tap", {**place, "token": ANNA}),
            ("speed", {"factor": 60}),
            ("advance", {"by": "3 min"}),
            ("speed", {"factor": 5}),  # a timeout of 30 s is no hiccup of the machine then
            ("stop", place),
        ):
            assert await app.engine.perform(name, given) is not False, name
        wanted = [("POST cdrs", 1000)]
        await until(pilot, lambda: wanted == [
            (ex.name, ex.record["status_code"]) for ex in app.store.exchanges.after(0)
            if ex.name == "POST cdrs" and ex.sender == "cpo"
        ])  # fmt: skip
        text = export_steps.pytest(app.store.steps, app.store.exchanges.after(0), app.engine.facts)
    path = export.save(tmp_path, "test_by_hand", "py", text)
    assert "status=1000" in text
    code, told = run(path)
    assert code == 0, f"{text}\n{told}"
    # It would fail if the CDR came out otherwise.
    path.write_text(text.replace("status=1000", "status=2001").replace("10 min", "1 s"))
    code, told = run(path)
    assert code == 1 and "POST cdrs" in told
