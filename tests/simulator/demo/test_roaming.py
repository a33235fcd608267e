"""The acts with the EMP: what they claim is so, and is noticed where it is not."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest

from simulator.demo.roaming import emp_charges, emp_joins
from simulator.demo.stage import BRIEF, DORA, FULL, Pace, Stage, quicken
from simulator.demo.teller import Teller
from simulator.demo.witness import Claim, Witness
from simulator.world import World
from simulator.world_file import WorldFile, find, read

JOINS, CHARGES = 4, 6


async def both(plan: WorldFile, pace: Pace = BRIEF, **answers: Any) -> tuple[Stage, list[Claim]]:
    """The two acts, in a world that is registered; the EMP answers as told."""
    world = World(plan)
    quicken(world, pace)
    stage = Stage(world, Teller(io.StringIO()), pace, Witness(world.journal))
    try:
        await world.start_peers()
        await world.start_cpo()
        await world.start_stations()
        await world.register(stage.peer)
        await world.clock.sleep(10)
        if answers:
            await stage.emp.control("PUT", "/answers", answers)
        stage.witness.after = world.journal.seq
        await emp_joins(stage)
        stage.witness.after = world.journal.seq
        await emp_charges(stage)
        await stage.moment()
    finally:
        await world.stop()
    return stage, stage.witness.claims


def lines(stage: Stage) -> str:
    file: Any = stage.teller.console.file
    return str(file.getvalue())


@pytest.mark.parametrize("name", ["demo", "demo-211"])
async def test_every_claim_holds_in_either_version(name: str) -> None:
    stage, claims = await both(read(find(name)), FULL)
    assert [claim.text for claim in claims if not claim.holds] == []
    assert len(claims) == JOINS + (4 if stage.old else CHARGES)
    assert ("card to the reader" in lines(stage)) is stage.old


async def test_every_record_of_the_session_is_found_by_one_name() -> None:
    stage, _ = await both(read(find("demo")))
    records = stage.world.journal.records
    (session,) = {r["session"] for r in records if r.get("what") == "emp.cdr"}
    assert session.startswith("FR-DC-1-1-")
    of_it = [r for r in records if r["session"] == session]
    assert {"commands", "sessions", "cdrs"} <= {r.get("module") for r in of_it}
    strays = [
        (r["actor"], r["module"])
        for r in records
        if r.get("module") in ("commands", "sessions", "cdrs") and r["session"] != session
    ]
    assert strays == []


async def test_a_cdr_that_the_emp_does_not_take_is_noticed() -> None:
    _, claims = await both(read(find("demo")), cdr_http_status=500, cdr_status_code=3000)
    broken = [claim.text for claim in claims if not claim.holds]
    assert [text.split(":")[0] for text in broken] == [
        "the CDR arrived at the EMP",
        "by the tariff that it had pulled the EMP finds the same price",
    ]


async def test_an_emp_that_refuses_its_driver_is_noticed() -> None:
    refusing = {"tokens": {DORA: {"allowed": "NO_CREDIT"}}}
    _, claims = await both(read(find("demo-211")), **refusing)
    assert [claim.holds for claim in claims[:JOINS]] == [True] * JOINS
    assert not any(claim.holds for claim in claims[JOINS:])


async def test_a_contract_id_that_needs_no_change_is_noticed() -> None:
    plan = read(find("demo"))
    tokens = ({**plan.emps[0].tokens[0], "contract_id": "DE-EMP-CD0A4D0A4-X"},)
    emps = (replace(plan.emps[0], tokens=tokens),)
    _, claims = await both(replace(plan, emps=emps))
    assert [claim.holds for claim in claims].count(False) == 1
