"""`roamlab demo`: the whole story, told while it happens."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.command import (
    clock_option,
    journal_option,
    json_option,
    run,
    seed_option,
    stopped_in_time,
    write_to,
)
from simulator.mistakes import Exit

if TYPE_CHECKING:
    from simulator.demo.story import Stage, Told
    from simulator.world import World


@click.command()
@clock_option("virtual", "Default virtual: an hour costs a moment.")
@seed_option
@journal_option
@json_option
def demo(clock_name: str, seed: int | None, journal_file: Path | None, as_json: bool) -> int:
    """Tell the whole story: six stations, a CPO and a mock Plugsurfing register, exchange data,
    charge, and end with CDRs that are accepted, or refused with the name of the rule.

    With --json the summary goes to stdout and the story to stderr. Exit code 0 only if everything
    went as told.
    """
    from simulator.world import World
    from simulator.world_file import find, read

    world = World(read(find("demo")), clock=clock_name, seed=seed)
    write_to(world.journal, journal_file)
    return run(_tell(world, as_json=as_json), world.clock, world.journal)


async def _tell(world: World, *, as_json: bool) -> int:
    from simulator.demo.story import BRIEF, FULL, Stage, play, quicken
    from simulator.demo.teller import Teller
    from simulator.demo.witness import Witness

    pace = BRIEF if world.clock.mode == "real" else FULL
    quicken(world, pace)
    teller = Teller(file=sys.stderr if as_json else sys.stdout)
    stage = Stage(world, teller, pace, Witness(world.journal))
    seconds = 0.0 if world.clock.mode == "virtual" else pace.about_s / world.clock.factor
    teller.title(
        "roamlab demo: from plug-in to an accepted CDR",
        f"clock {world.clock}, seed {world.seed}"
        + (f", about {seconds:.0f} s" if seconds else "")
        + ".  OCPP ──▶  OCPI ══▶  world time, UTC",
    )
    leave = world.journal.subscribe(teller.hear)
    async with stopped_in_time(world.stop):
        await world.start_peers()
        told = await play(stage)
        leave()
    ok = _summary(stage, told, as_json=as_json)
    return Exit.PASS if ok else Exit.FAILED


def _summary(stage: Stage, told: list[Told], *, as_json: bool) -> bool:
    from simulator.demo import ledger

    records = list(stage.world.journal.records)
    rows, found = ledger.sessions(records), ledger.findings(records)
    ok = all(act.ok for act in told)
    console = stage.teller.console
    console.print()
    narrow = console.width < 78
    console.print(ledger.session_table(rows, narrow=narrow))
    console.print(ledger.finding_table(found, narrow=narrow))
    elapsed_min = stage.world.clock.monotonic() / 60
    console.print(
        f"{len(records)} records, {elapsed_min:.0f} minutes of the world."
        + (" The story went as told." if ok else " The story did not go as told.")
    )
    if as_json:
        _print_json(stage, told, ok, ledger.as_json(rows), found)
    return ok


def _print_json(
    stage: Stage, told: list[Told], ok: bool, rows: list[dict[str, Any]], found: list[Any]
) -> None:
    import msgspec

    world = stage.world
    summary = {
        "ok": ok,
        "world": world.plan.name,
        "seed": world.seed,
        "clock": str(world.clock),
        "world_seconds": round(world.clock.monotonic(), 3),
        "records": world.journal.seq,
        "acts": [
            {
                "title": act.title,
                "ok": act.ok,
                "claims": [{"claim": c.text, "holds": c.holds} for c in act.claims],
            }
            for act in told
        ],
        "sessions": rows,
        "findings": found,
    }
    click.echo(msgspec.json.format(msgspec.json.encode(summary)))
