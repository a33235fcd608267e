"""`roamlab soak`: random worlds with random faults, seed by seed."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.command import json_option
from simulator.commands.workers import spread
from simulator.interrupt import hand_over
from simulator.mistakes import Exit, Mistake, unwritable

if TYPE_CHECKING:
    from simulator.scenario.soak import Survived

_RANGE = re.compile(r"(\d{1,15})(?:\.\.(\d{1,15}))?")
_MOST = 1_000_000


def _seeds(_ctx: click.Context, param: click.Parameter, value: str) -> range:
    match = _RANGE.fullmatch(value.strip())
    if match is None:
        raise click.BadParameter("expected a seed, or a range as in 1..1000", param=param)
    first, last = int(match[1]), int(match[2] or match[1])
    if not first <= last < first + _MOST:
        raise click.BadParameter(f"expected a range upwards, of at most {_MOST}", param=param)
    return range(first, last + 1)


@click.command()
@click.option(
    "--seeds", callback=_seeds, default="1..100", show_default=True, metavar="A..B",
    help="Which seeds to play; one alone to play it again.",
)  # fmt: skip
@click.option(
    "--jobs", type=click.IntRange(1, 256), default=1, show_default=True, metavar="N",
    help="Play so many at a time, each in a process of its own.",
)  # fmt: skip
@click.option(
    "--twice-every", type=click.IntRange(0), default=10, show_default=True, metavar="N",
    help="Play every Nth seed a second time: its journal must be the same. 0: none.",
)  # fmt: skip
@click.option("--keep-going", is_flag=True, help="Go on after a seed that failed.")
@click.option(
    "--journal", "journal_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="With a single seed: write its journal to FILE.",
)  # fmt: skip
@json_option
def soak(
    seeds: range,
    jobs: int,
    twice_every: int,
    keep_going: bool,
    journal_file: Path | None,
    as_json: bool,
) -> int:
    """Play random worlds with random faults in virtual time, one for each seed.

    After each: no CDR is lost, none is there twice, energy and price are what meter and tariff say,
    every session has ended, nothing leaks, the journal is reproducible. A seed that fails is told
    with the faults that it needs; `roamlab soak --seeds N` plays it again.
    """
    if journal_file is not None and len(seeds) != 1:
        raise Mistake("--journal takes a single seed, as in --seeds 17")
    tasks = [(seed, twice_every > 0 and seed % twice_every == 0, journal_file) for seed in seeds]
    results: list[Survived] = []
    interrupted = False
    hand_over(sigterm=True)
    with closing(spread(play, tasks, jobs)) as futures:
        try:
            for future in futures:
                results.append(result := future.result())
                if not as_json and not result.ok:
                    _tell(result)
                elif not as_json and len(results) % 50 == 0:
                    click.echo(f"{len(results)} of {len(tasks)} seeds")
                if not result.ok and not keep_going:
                    break
        except KeyboardInterrupt:
            interrupted = True
    _summary(results, len(tasks), as_json=as_json)
    if interrupted:
        return Exit.INTERRUPTED
    return Exit.PASS if all(result.ok for result in results) else Exit.FAILED


Task = tuple[int, bool, Path | None]


def play(task: Task) -> Survived:
    """Play one seed; in whatever process. Raises Mistake."""
    from simulator.scenario.soak import soak as play_seed

    seed, twice, journal = task
    try:
        return play_seed(seed, twice=twice, journal=journal)
    except OSError as error:
        raise unwritable(f"--journal {journal}", error) from error


def _tell(result: Survived) -> None:
    click.echo(f"{click.style('seed ' + str(result.seed), fg='red')} failed")
    for broken in result.broken:
        click.echo(f"      {broken.name}: {broken.what}")
    for placed in result.needed or ():
        click.echo(f"      needs, {placed.at_s:g} s after the beginning: {dict(placed.spec)}")
    if result.needed == []:
        click.echo("      needs no fault")
    click.echo(f"      again: roamlab soak --seeds {result.seed}")


def _summary(results: list[Survived], planned: int, *, as_json: bool) -> None:
    told: dict[str, Any] = {
        "seeds": len(results),
        "planned": planned,
        "failed": [r.seed for r in results if not r.ok],
        "faults": sum(r.faults for r in results),
        "hits": sum(r.hits for r in results),
        "unstruck": sum(r.unstruck for r in results),
        "deaths": sum(r.deaths for r in results),
        "peer_deaths": sum(r.peer_deaths for r in results),
        "emp_absences": sum(r.absences for r in results),
        "transactions": sum(r.transactions for r in results),
        "cdrs": sum(r.cdrs for r in results),
        "world_hours": round(sum(r.world_s for r in results) / 3600, 1),
    }
    if as_json:
        import msgspec

        told["broken"] = {str(r.seed): [list(b) for b in r.broken] for r in results if not r.ok}
        click.echo(msgspec.json.format(msgspec.json.encode(told)).decode())
        return
    click.echo(
        f"{told['seeds']} seeds, {told['world_hours']:g} hours of their worlds: "
        f"{told['faults']} faults, {told['unstruck']} of which never struck, "
        f"struck {told['hits']} times, "
        f"the CPO died {told['deaths']} times, the peer {told['peer_deaths']} times, "
        f"an EMP was away {told['emp_absences']} times, "
        f"{told['transactions']} transactions, {told['cdrs']} CDRs. "
        f"{len(told['failed'])} seeds failed."
    )
