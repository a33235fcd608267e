"""`roamlab check`: hold somebody's real CPO or EMP against Plugsurfing's rules.

Rule: everything heavy is imported once the options have been read; progress goes to stderr, so that
stdout is the report alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.command import journal_option, run, seconds, seed_option, write_to
from simulator.mistakes import Mistake, did_you_mean, unwritable
from simulator.tls_options import tls_of, tls_options

if TYPE_CHECKING:
    from mock_peer.check_model import Report

_FILE = click.Path(dir_okay=False, path_type=Path)
_VERSIONS = ("2.1.1", "2.2", "2.2.1")


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What both checks take."""
    for option in reversed(
        (
            click.option("--host", default="127.0.0.1", show_default=True,
                         help="Where we listen: the other side must reach it."),
            click.option("--port", type=click.IntRange(0, 65535), default=0,
                         help="Our port; 0 (default) takes a free one."),
            click.option("--public-url", default="", metavar="URL",
                         help="Where the other side reaches us, behind a proxy or a tunnel."),
            click.option("--json", "json_file", metavar="FILE|-",
                         help="Write the report as JSON; - for stdout, in place of the tables."),
            click.option("--junit", "junit_file", type=_FILE, metavar="FILE",
                         help="Write it as JUnit XML."),
            click.option("--html", "html_file", type=_FILE, metavar="FILE",
                         help="Write it as one self-contained page."),
            click.option("--only", multiple=True, metavar="RULE",
                         help="Report these rules alone: ids, or patterns such as 'cdr.*'."),
            click.option("--skip", multiple=True, metavar="RULE", help="Leave these rules out."),
            journal_option,
            seed_option,
        )
    ):  # fmt: skip
        command = option(command)
    return tls_options(command)


@click.group()
def check() -> None:
    """Check a real backend: each rule ends as PASS, FAIL, NOT APPLICABLE or NOT EXERCISED.

    Exit codes: 0 nothing failed, 1 something did, 2 usage, 3 cannot connect, 4 something required
    did not come in time, 130 interrupted: the report then holds what came until then.
    """


@check.command()
@click.argument("versions_url", required=False)
@click.option(
    "--token",
    metavar="A",
    help="The token A you hand out; with --listen the one you will use, else one is made.",
)
@click.option(
    "--listen",
    is_flag=True,
    help="You begin: print our versions URL and token A, and wait for your registration.",
)
@_options
@click.option(
    "--profile",
    "profile_file",
    type=_FILE,
    metavar="FILE",
    help="What was agreed, YAML or JSON (docs/peer.md).",
)
@click.option("--version", type=click.Choice(_VERSIONS), help="This one; else the highest common.")
@click.option(
    "--wait",
    "wait_s",
    type=seconds(),
    default=300.0,
    show_default=True,
    metavar="S",
    help="How long to wait for what the CPO pushes, and with --listen for its registration; "
    "0: not at all.",
)
@click.option(
    "--remote-start",
    is_flag=False,
    flag_value="first",
    default="",
    metavar="[LOCATION/EVSE]",
    help="Start and stop a session there, or at the first free EVSE.",
)
@click.option(
    "--charge",
    "charge_s",
    type=seconds(),
    default=30.0,
    show_default=True,
    metavar="S",
    help="How long that session charges.",
)
@click.option("--keep", is_flag=True, help="Leave the connection registered at the end.")
def cpo(**options: Any) -> int:
    """Act as Plugsurfing towards the CPO at VERSIONS_URL, or let it begin: --listen.

    Registers, pulls locations and tariffs, pushes tokens, then waits for what you do: charge with
    the cards it names.
    """
    from mock_peer.check_cpo import Plan, check_cpo

    _refuse_unclear_start(options)
    plan = Plan(
        versions_url=options["versions_url"] or "",
        token=options["token"] or "",
        listen=options["listen"],
        version=options["version"],
        profile=_profile(options["profile_file"]),
        wait_s=options["wait_s"],
        remote_start=options["remote_start"],
        charge_s=options["charge_s"],
        keep=options["keep"],
        only=options["only"],
        skip=options["skip"],
        host=options["host"],
        port=options["port"],
        public_url=options["public_url"],
        tls=tls_of(options, options["host"]),
        insecure=options["insecure"],
    )
    return _check(check_cpo, plan, options)


@check.command()
@click.argument("versions_url")
@click.option("--token", required=True, metavar="A", help="The token A you hand out.")
@_options
@click.option(
    "--organisation",
    "organisation_file",
    type=_FILE,
    metavar="FILE",
    help="How Plugsurfing has set the EMP up, YAML or JSON (docs/peer.md).",
)
@click.option(
    "--wait",
    "wait_s",
    type=seconds(),
    default=600.0,
    show_default=True,
    metavar="S",
    help="How long to wait for what the EMP does; 0: not at all.",
)
@click.option(
    "--ask-every",
    "ask_every_s",
    type=seconds(at_least=1),
    default=15.0,
    show_default=True,
    metavar="S",
    help="How often real-time authorization is asked for.",
)
@click.option(
    "--charge",
    "charge_s",
    type=seconds(),
    default=30.0,
    show_default=True,
    metavar="S",
    help="How long a session charges that nobody stops.",
)
@click.option("--keep", is_flag=True, help="Leave the connection registered at the end.")
def emp(**options: Any) -> int:
    """Act as Plugsurfing's Roam towards the EMP at VERSIONS_URL.

    Registers with a catalogue of its own, then follows the list of what an EMP should test in
    stage: pulls, tokens, authorization, remote and local starts, CDRs.
    """
    from mock_peer.check_emp import EmpPlan, check_emp

    plan = EmpPlan(
        versions_url=options["versions_url"],
        token=options["token"],
        organisation=_organisation(options["organisation_file"]),
        wait_s=options["wait_s"],
        ask_every_s=options["ask_every_s"],
        charge_s=options["charge_s"],
        keep=options["keep"],
        only=options["only"],
        skip=options["skip"],
        host=options["host"],
        port=options["port"],
        public_url=options["public_url"],
        tls=tls_of(options, options["host"]),
        insecure=options["insecure"],
    )
    return _check(check_emp, plan, options)


# Either


def _check(start: Callable[..., Any], plan: Any, options: dict[str, Any]) -> int:
    """Run a check and write its reports; returns the exit code."""
    from simulator.kernel.chance import Chance, fresh_seed
    from simulator.kernel.clock import Clock
    from simulator.kernel.journal import Journal

    _refuse_unknown_rules((*plan.only, *plan.skip))
    urls = (("VERSIONS_URL", plan.versions_url), ("--public-url", plan.public_url))
    for name, url in urls:
        if url and not url.startswith(("http://", "https://")):
            raise Mistake(f"{name}: expected an http:// or https:// URL, not {url}")
    seed = fresh_seed() if options["seed"] is None else options["seed"]
    clock = Clock("real")
    journal = Journal(clock, seed=seed, world=f"check {plan.versions_url}".strip())
    write_to(journal, options["journal_file"])
    try:
        work = start(plan, clock=clock, chance=Chance(seed), journal=journal, tell=_progress)
        report = run(work, clock, journal)
    finally:
        journal.close()
    _write(report, options)
    return int(report.exit_code)


def _refuse_unclear_start(options: dict[str, Any]) -> None:
    """Refuse options that leave open which side begins the registration."""
    from simulator.ocpi.types import CREDENTIALS_TOKEN

    url, token = options["versions_url"], options["token"]
    if not options["listen"]:
        if not url:
            raise Mistake("missing VERSIONS_URL; where your CPO begins instead, say --listen")
        if not token:
            raise Mistake("missing --token: the token A that belongs to VERSIONS_URL")
    elif url:
        raise Mistake("--listen: your CPO begins, so leave VERSIONS_URL out")
    elif not options["wait_s"]:
        raise Mistake("--listen: --wait 0 would not wait for your registration")
    elif token is not None and not CREDENTIALS_TOKEN.fullmatch(token):
        raise Mistake("--token: expected 1 to 64 printable ASCII characters without white space")


def _progress(words: str) -> None:
    from mock_peer.report_message import visible

    click.echo(visible(words), err=True)


def _profile(path: Path | None) -> Any:
    from mock_peer.profile import Profile, load

    return load(path) if path is not None else Profile()


def _organisation(path: Path | None) -> Any:
    from mock_peer.profile import plain_yaml, read_yaml
    from mock_peer.roam_organisation import parse

    told = plain_yaml(read_yaml(path)) if path is not None else None
    if told is not None and not isinstance(told, dict):
        raise Mistake(f"{path}:1: expected an organisation, an object")
    return parse(told) if told is not None else None


def _refuse_unknown_rules(names: Iterable[str]) -> None:
    """Refuse an id that no rule has, and a pattern that fits none."""
    from fnmatch import fnmatchcase

    from mock_peer.check_table_cpo import CPO_CHECKS
    from mock_peer.check_table_emp import EMP_CHECKS
    from mock_peer.rules import RULES

    checks = [row.id for row in (*CPO_CHECKS, *EMP_CHECKS)]
    known = list(dict.fromkeys([*checks, *(rule.id for rule in RULES)]))
    for name in names:
        if not any(fnmatchcase(rule, name) for rule in known):
            raise Mistake(f"no rule '{name}'.{did_you_mean(name, known)}")


def _write(report: Report, options: dict[str, Any]) -> None:
    """The reports that were asked for; tables, unless JSON takes their place."""
    from rich.console import Console

    from mock_peer.report_html import report_html
    from mock_peer.report_json import report_json
    from mock_peer.report_junit import report_junit
    from mock_peer.report_terminal import show

    if options["json_file"] == "-":
        click.echo(report_json(report), nl=False)
    else:
        show(report, Console())
    files = (
        ("--json", options["json_file"], report_json),
        ("--junit", options["junit_file"], report_junit),
        ("--html", options["html_file"], lambda r: report_html(r).encode()),
    )
    for option, name, view in files:
        if name and name != "-":
            _save(option, Path(name), view(report))


def _save(option: str, path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise unwritable(f"{option} {path}", error) from error
