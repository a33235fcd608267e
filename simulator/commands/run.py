"""`roamlab run`: play scenarios, and say how they ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from simulator.command import free_ports_option, json_option, seed_option
from simulator.commands.run_staged import play_staged, the_one
from simulator.commands.workers import spread
from simulator.interrupt import hand_over
from simulator.mistakes import Exit, Mistake, unwritable

if TYPE_CHECKING:
    from concurrent.futures import Future

    from simulator.scenario.schema import Scenario
    from simulator.scenario.verdict import Outcome
    from simulator.world_ports import Ports


_STDOUT = Path("-")


def _clock(_ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    from simulator.kernel.clock import Clock, ClockError

    try:
        return None if value is None else str(Clock.parse(value))
    except ClockError as error:
        raise click.BadParameter(str(error), param=param) from error


def _report(name: str, about: str) -> Callable[[Any], Any]:
    return click.option(
        f"--{name}",
        f"{name}_file",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help=about,
    )


@click.command()
@click.argument("names", nargs=-1, metavar="[FILES]...")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only scenarios with this tag.")
@click.option(
    "--clock",
    "clock_name",
    callback=_clock,
    metavar="real|virtual|scaled:N",
    help="Play them all on this clock; by default each on its own.",
)
@seed_option
@free_ports_option
@click.option(
    "--jobs", type=click.IntRange(1, 256), default=1, show_default=True, metavar="N",
    help="Play so many at a time, each in a process of its own.",
)  # fmt: skip
@click.option(
    "--repeat", type=click.IntRange(1, 100_000), default=1, show_default=True, metavar="N",
    help="Play each so often, with the seeds that follow its own.",
)  # fmt: skip
@click.option(
    "--journals",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep the journal of every run in DIR.",
)
@_report("junit", "Write a JUnit XML report for build servers.")
@_report("ndjson", "Write the outcomes as NDJSON, one a line; - prints them as they come.")
@_report("html", "Write a report that opens in any browser, offline.")
@click.option("--list", "only_list", is_flag=True, help="Only list what would be played.")
@click.option(
    "--only", default="", metavar="TEXT",
    help="Only runs whose title holds this, as in ocpi=2.1.1: of a matrix some, or one.",
)  # fmt: skip
@click.option(
    "--control", "control_port", type=click.IntRange(0, 65535), metavar="PORT",
    help="Serve the control API on this port of 127.0.0.1, and let the steps wait to be called.",
)  # fmt: skip
@click.option(
    "--control-token", envvar="ROAMLAB_CONTROL_TOKEN", metavar="TOKEN",
    help="What its callers must bear; by default anybody on this machine may call.",
)  # fmt: skip
@json_option
def run(
    names: tuple[str, ...],
    tags: tuple[str, ...],
    clock_name: str | None,
    seed: int | None,
    free_ports: bool,
    jobs: int,
    repeat: int,
    journals: Path | None,
    junit_file: Path | None,
    ndjson_file: Path | None,
    html_file: Path | None,
    only_list: bool,
    only: str,
    control_port: int | None,
    control_token: str | None,
    as_json: bool,
) -> int:
    """Play scenarios and say how they ended.

    FILES are scenario files, folders of them, or names of those that come along (docs/scenarios.md
    tells how to write one). Exit code 0: all passed, 1: one failed, 2: a file is wrong, or a run
    could not be played, 5: there is none.
    """
    from simulator.scenario.collect import files, runs
    from simulator.scenario.report import ndjson
    from simulator.scenario.verdict import exit_code
    from simulator.world_ports import by_option

    by_hand = click.get_current_context().get_parameter_source("control_token")
    if control_port is None and by_hand is click.core.ParameterSource.COMMANDLINE:
        raise Mistake("--control-token needs --control")
    if not names:
        raise click.UsageError("which scenarios? A file, a folder, or the name of one, as in rfid")
    scenarios = [each for each in runs(files(names), tags) if only in each.title]
    printed = ndjson_file == _STDOUT
    if only_list:
        return _list(scenarios, as_json=as_json)
    if control_port is not None:
        the_one(scenarios, jobs, repeat)
    if journals is not None:
        _make(journals)
    tasks = list(_tasks(scenarios, clock_name, seed, repeat, journals, by_option(free_ports)))
    if control_port is not None:
        played = _stepped(tasks[0], control_port, control_token, as_json=as_json)
    else:
        hand_over(sigterm=True)
        played = _played(tasks, jobs)
    outcomes: list[Outcome] = []
    interrupted = False
    try:
        with closing(played):
            for outcome in played:
                outcomes.append(outcome)
                if printed:
                    click.echo(ndjson([outcome]), nl=False)
                elif not as_json:
                    _tell(outcome)
    except KeyboardInterrupt:
        interrupted = True
    _write_reports(outcomes, junit_file, None if printed else ndjson_file, html_file)
    if not printed:
        _summary(outcomes, len(tasks), as_json=as_json)
    return Exit.INTERRUPTED if interrupted else exit_code(outcomes)


def _list(scenarios: list[Scenario], *, as_json: bool) -> int:
    if as_json:
        _print_json([{"scenario": s.title, "path": s.path, "tags": s.tags} for s in scenarios])
    else:
        for scenario in scenarios:
            click.echo(f"{scenario.title}  {scenario.path}")
            if scenario.purpose:
                click.echo(f"    {scenario.purpose}")
    return Exit.PASS if scenarios else Exit.NOTHING


def _make(journals: Path) -> None:
    try:
        journals.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(f"--journals {journals}", error) from error


class Task(NamedTuple):
    """A run, as it may go to a process of its own."""

    scenario: Scenario
    clock: str | None
    seed: int | None
    journal: Path | None
    ports: Ports | None


def _tasks(
    scenarios: list[Scenario],
    clock: str | None,
    seed: int | None,
    repeat: int,
    journals: Path | None,
    ports: Ports | None,
) -> Iterator[Task]:
    names: Counter[str] = Counter()
    for scenario in scenarios:
        for number in range(repeat):
            named = (seed, scenario.seed, scenario.world.seed)
            drawn = next((s for s in named if s is not None), None)
            file = None
            if journals is not None:
                name = _file_name(scenario.title)
                names[name] += 1
                again = f"-{names[name]}" if repeat > 1 or names[name] > 1 else ""
                file = journals / f"{name}{again}.ndjson"
            own = None if drawn is None else (drawn + number) % 2**63
            yield Task(scenario, clock, own, file, ports)


def _file_name(title: str) -> str:
    name = "".join(c if c.isalnum() or c in "-_.=" else "_" for c in title).rstrip("_")
    return name[:200]


def play(task: Task) -> Outcome:
    """Play one run; in whatever process."""
    from simulator.scenario.runner import run as play_run

    scenario, clock, seed, journal, ports = task
    return play_run(scenario, clock=clock, seed=seed, journal=journal, ports=ports)


def _played(tasks: list[Task], jobs: int) -> Generator[Outcome, None, None]:
    """The outcomes, in the order of the tasks."""
    with closing(spread(play, tasks, jobs)) as futures:
        yield from map(_outcome, tasks, futures)


def _stepped(
    task: Task, port: int, token: str | None, *, as_json: bool
) -> Generator[Outcome, None, None]:
    """The outcome of the one run whose steps wait to be called."""
    yield play_staged(task, port=port, token=token, as_json=as_json)


def _outcome(task: Task, future: Future[Outcome]) -> Outcome:
    """What became of a run, also where its process died."""
    from concurrent.futures import BrokenExecutor

    from simulator.scenario.verdict import Outcome, Verdict

    try:
        return future.result()
    except BrokenExecutor:
        outcome = Outcome(task.scenario.title, task.scenario.path, seed=task.seed)
        outcome.ended(Verdict.ERROR, "its process died, or that of another run", Exit.INTERNAL)
        return outcome


# Telling


_COLOURS = {"PASS": "green", "FAIL": "red", "ERROR": "red", "NOT APPLICABLE": "yellow"}


def _tell(outcome: Outcome) -> None:
    word = click.style(f"{outcome.verdict:<5}", fg=_COLOURS[outcome.verdict])
    click.echo(f"{word} {outcome.title}  {outcome.real_ms:.0f} ms")
    for remark in outcome.remarks:
        click.echo(_indented(f"note: {remark}"))
    if outcome.why is not None:
        place = f"{outcome.path}:{outcome.line}: " if outcome.line else ""
        click.echo(_indented(f"{place}{outcome.why}"))
    if not outcome.ok and outcome.details:
        click.echo(_indented(outcome.details))
    if not outcome.ok and outcome.seed is not None:
        click.echo(_indented(f"again: roamlab run {outcome.path} --seed {outcome.seed}"))


def _indented(text: str) -> str:
    return "\n".join(f"      {line}" if line else "" for line in text.splitlines())


def _summary(outcomes: list[Outcome], planned: int, *, as_json: bool) -> None:
    if as_json:
        _print_json([outcome.to_json() for outcome in outcomes])
        return
    counts: dict[str, int] = {}
    for outcome in outcomes:
        counts[str(outcome.verdict)] = counts.get(str(outcome.verdict), 0) + 1
    told = ", ".join(f"{number} {verdict}" for verdict, number in counts.items())
    left = planned - len(outcomes)
    click.echo(f"{told or 'nothing was played'}{f', {left} not played' if left else ''}")


def _print_json(value: Any) -> None:
    import json

    click.echo(json.dumps(value, indent=2, ensure_ascii=False).encode(errors="replace").decode())


def _write_reports(
    outcomes: list[Outcome], junit: Path | None, ndjson: Path | None, html: Path | None
) -> None:
    from simulator.scenario import report

    lost: list[Mistake] = []
    for path, make in ((junit, report.junit), (ndjson, report.ndjson), (html, report.html)):
        if path is None:
            continue
        try:
            path.write_bytes(make(outcomes))
        except OSError as error:  # the others are written all the same
            lost.append(unwritable(f"{path}: the report cannot be written", error))
    if lost:
        raise lost[0]
