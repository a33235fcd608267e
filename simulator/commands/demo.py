"""`roamlab demo`: the whole story, told while it happens."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.command import (
    clock_option,
    free_ports_option,
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
@click.option(
    "--world",
    "world_name",
    default="demo",
    show_default=True,
    metavar="WORLD",
    help="A world file, or the name of one that comes along; acts it has no place for are skipped.",
)
@clock_option("virtual", "Default virtual: an hour costs a moment.")
@free_ports_option
@seed_option
@journal_option
@json_option
def demo(
    world_name: str,
    clock_name: str,
    free_ports: bool,
    seed: int | None,
    journal_file: Path | None,
    as_json: bool,
) -> int:
    """Tell the whole story: six stations, a CPO, a mock Plugsurfing and an EMP behind it register,
    exchange data, charge, and end with CDRs that are accepted, or refused with the rule's name.

    With --json the summary goes to stdout and the story to stderr. Exit code 0 only if everything
    went as told.
    """
    from simulator.demo.stage import playable
    from simulator.world import World
    from simulator.world_file import find, read
    from simulator.world_ports import by_option

    plan = playable(read(find(world_name)))
    world = World(plan, clock=clock_name, seed=seed, ports=by_option(free_ports))
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
    passed = ledger.passed_on(records)
    ok = all(act.ok for act in told)
    skipped = sum(act.skipped is not None for act in told)
    console = stage.teller.console
    console.print()
    narrow = console.width < 78
    console.print(ledger.session_table(rows, narrow=narrow))
    if passed:
        console.print(ledger.passed_table(passed, narrow=narrow))
    console.print(ledger.finding_table(found, narrow=narrow))
    elapsed_min = stage.world.clock.monotonic() / 60
    console.print(
        f"{len(records)} records, {elapsed_min:.0f} minutes of the world."
        + (" The story went as told." if ok else " The story did not go as told.")
        + (f" Skipped: {skipped} of its acts." if skipped else "")
    )
    if as_json:
        tables = {
            "sessions": ledger.as_json(rows),
            "emp_cdrs": ledger.as_json(passed),
            "findings": found,
        }
        _print_json(stage, told, ok, tables)
    return ok


def _print_json(stage: Stage, told: list[Told], ok: bool, tables: dict[str, Any]) -> None:
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
                "skipped": act.skipped,
                "claims": [{"claim": c.text, "holds": c.holds} for c in act.claims],
            }
            for act in told
        ],
        **tables,
    }
    click.echo(msgspec.json.format(msgspec.json.encode(summary)))
