"""pytest plug-in: worlds as fixtures, scenario files as test items, ladders in the report.

Rule: cheap to import and silent where it is not used: everything heavy is imported when a fixture
or a scenario asks for it.

    def test_a_card(roamlab):
        roamlab.start("DE-AC-1", token="04A1B2C3D4E580", car="anna")
        roamlab.advance("40 min")
        roamlab.stop("DE-AC-1")
        roamlab.expect(ocpi="POST cdrs", status=1000)

Markers: `roamlab_world(name_or_file_or_mapping, change={...})`, `roamlab_clock("real")`,
`roamlab_seed(7)`, `roamlab_start("off")`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from simulator.kernel.journal import Record
    from simulator.scenario.lab import Lab

_LAB = pytest.StashKey["Lab"]()
_FAILED = pytest.StashKey[bool]()
# How much of the journal a failed test shows.
_TAIL = 15
# What every file system takes for a name.
_NAME_LENGTH = 200


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the configuration file and of the command line."""
    parser.addini(
        "roamlab_scenarios",
        "folders whose YAML files are collected as scenarios",
        type="args",
        default=[],
    )
    parser.addini("roamlab_world", "the world of tests that name none", default="demo")
    group = parser.getgroup("roamlab")
    group.addoption("--roamlab-clock", metavar="CLOCK", help="play every world on this clock")
    group.addoption("--roamlab-seed", metavar="N", type=int, help="draw all chance from this seed")
    group.addoption(
        "--roamlab-set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="give one of the values of scenario files; may be repeated",
    )
    group.addoption(
        "--roamlab-journals",
        metavar="DIR",
        help="keep the journals of failed tests and scenarios in DIR",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest of the markers. Raises UsageError for a folder of scenarios that is not there."""
    for line in (
        "roamlab_world(world, change={}): the world of this test",
        "roamlab_clock(clock): its clock: virtual, real or scaled:N",
        "roamlab_seed(seed): where all its chance comes from",
        "roamlab_ports(which): its ports on a real or scaled clock: fixed or free",
        "roamlab_start(how): what is up when the test begins: all, unregistered or off",
    ):
        config.addinivalue_line("markers", line)
    for name in config.getini("roamlab_scenarios"):
        if not (config.rootpath / name).is_dir():  # none would be collected, and nobody be told
            raise pytest.UsageError(f"roamlab_scenarios: no folder '{name}' in {config.rootpath}")


# Fixtures


@pytest.fixture(scope="session")
def roamlab_factory(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Lab]]:
    """Make worlds: `roamlab_factory("demo", clock="virtual", seed=7, change={...})`.

    What it has made is stopped at the end of the session, unless it was closed before.
    """
    from simulator.scenario.lab import Lab

    made: list[Lab] = []
    options = request.config.option

    def make(
        world: Any = None,
        *,
        clock: str | None = None,
        seed: int | None = None,
        start: str = "all",
        change: dict[str, Any] | None = None,
        journal: Path | None = None,
        ports: str | None = None,
    ) -> Lab:
        __tracebackhide__ = True
        try:
            plan = _plan(world or request.config.getini("roamlab_world"), request.config, change)
            lab = Lab(
                plan,
                clock=options.roamlab_clock or clock,
                seed=options.roamlab_seed if options.roamlab_seed is not None else seed,
                start=start,
                journal=journal,
                ports=ports,
            )
        except Exception as error:
            if mistake_in(error) is not None:  # our own frames tell nobody anything
                raise error.with_traceback(None) from None
            raise
        made.append(lab)
        return lab

    yield make
    for lab in made:
        lab.close()


@pytest.fixture
def roamlab_change() -> dict[str, Any]:
    """What is different in the worlds of tests, by JSON pointers. A project has its own fixture of
    this name where that is known no earlier: at which port its system listens.
    """
    return {}


@pytest.fixture
def roamlab_values() -> dict[str, Any]:
    """The values of scenario files that are known no earlier: where the system under test listens.
    A project has its own fixture of this name.
    """
    return {}


@pytest.fixture
def roamlab(
    request: pytest.FixtureRequest,
    roamlab_factory: Callable[..., Lab],
    roamlab_change: dict[str, Any],
    tmp_path: Path,
) -> Iterator[Lab]:
    """A world for this test alone, as its markers say; every step is a method."""
    world, change = _marked(request, "roamlab_world"), roamlab_change
    marker = request.node.get_closest_marker("roamlab_world")
    if marker is not None:
        change = {**change, **marker.kwargs.get("change", {})}
    lab = roamlab_factory(
        world,
        clock=_marked(request, "roamlab_clock"),
        seed=_marked(request, "roamlab_seed"),
        start=_marked(request, "roamlab_start") or "all",
        change=change,
        journal=kept_in(request.node) or tmp_path / "journal.ndjson",
        ports=_marked(request, "roamlab_ports"),
    )
    request.node.stash[_LAB] = lab
    yield lab
    lab.close()
    if not request.node.stash.get(_FAILED, False) and lab.journal_file is not None:
        lab.journal_file.unlink(missing_ok=True)


@pytest.fixture
def station(roamlab: Lab) -> Callable[[str], _Bound]:
    """A station's steps: `station("DE-AC-1").plug(car="anna")`."""
    return lambda name: _Bound(roamlab, ("driver", "station"), station=name)


@pytest.fixture
def cpo(roamlab: Lab) -> _Bound:
    """The CPO's steps: `cpo.block_token("04A1B2C3D4E580")`."""
    return _Bound(roamlab, ("cpo",))


@pytest.fixture
def peer(roamlab: Lab) -> _Bound:
    """The peer's steps: `peer.answer("BLOCKED")`."""
    return _Bound(roamlab, ("peer",))


@pytest.fixture
def journal(roamlab: Lab) -> _Bound:
    """Expectations over the journal: `journal.expect(ocpi="POST cdrs", status=1000)`."""
    return _Bound(roamlab, ("expectation",))


class _Bound:
    """The steps of some groups, some of their arguments given already."""

    def __init__(self, lab: Lab, groups: tuple[str, ...], **given: Any) -> None:
        self._lab, self._groups, self._given = lab, groups, given

    def __getattr__(self, name: str) -> Callable[..., Any]:
        from simulator.scenario.steps import STEPS

        known = [n for n, step in STEPS.items() if step.group in self._groups]
        if name not in known:
            raise AttributeError(f"no '{name}' here; there are {', '.join(known)}")

        def call(value: Any = None, /, **arguments: Any) -> Any:
            __tracebackhide__ = True
            return self._lab.do(name, value, **{**self._given, **arguments})

        return call

    @property
    def records(self) -> list[dict[str, Any]]:
        """The journal, so far."""
        return self._lab.records


def mistake_in(error: BaseException) -> str | None:
    """The words of what a user can mend, which say all; None for any other error."""
    if not isinstance(getattr(error, "exit_code", None), int):
        return None
    return str(error.strerror if isinstance(error, OSError) else error)


def _marked(request: pytest.FixtureRequest, name: str) -> Any:
    marker = request.node.get_closest_marker(name)
    return marker.args[0] if marker is not None and marker.args else None


def _plan(world: Any, config: pytest.Config, change: dict[str, Any] | None) -> Any:
    """The plan of a world: a mapping, a file beside the configuration, or a name."""
    import msgspec

    from simulator.strict_yaml import load, parse
    from simulator.world_file import SCHEMA, find, read_changed

    if isinstance(world, dict):
        text = msgspec.json.encode(world).decode()  # JSON is YAML, too
        return read_changed(parse(text, "the world of this test", SCHEMA), change or {})
    beside = config.rootpath / str(world)
    path = beside if beside.is_file() else find(str(world))
    return read_changed(load(path, SCHEMA), change or {})


def kept_in(item: pytest.Item) -> Path | None:
    """The file of a test's journal, in the folder that the command line names."""
    folder = item.config.option.roamlab_journals
    if folder is None:
        return None
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    name = "".join(c if c.isalnum() or c in "-_." else "_" for c in item.nodeid)
    return path / f"{name[-_NAME_LENGTH:]}.ndjson"


# Scenario files


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect scenario files in the folders that the configuration names."""
    folders = [parent.config.rootpath / name for name in parent.config.getini("roamlab_scenarios")]
    inside = any(folder in file_path.parents for folder in folders)
    if not inside or file_path.suffix not in (".yaml", ".yml"):
        return None
    from simulator.scenario.collect import is_scenario

    if not is_scenario(file_path):
        return None
    from simulator.scenario.pytest_items import ScenarioFile

    return ScenarioFile.from_parent(parent, path=file_path)


# Failures


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show a failed test's ladder, the end of its journal, and where all of it is."""
    report = yield
    if report.when == "setup" and call.excinfo is not None:  # why the world cannot begin
        report.longrepr = mistake_in(call.excinfo.value) or report.longrepr
    lab = item.stash.get(_LAB, None)
    if report.when == "call" and report.failed and lab is not None:
        item.stash[_FAILED] = True
        details = getattr(call.excinfo.value, "details", "") if call.excinfo else ""
        report.sections += _sections(lab, details)
    return report


def _sections(lab: Lab, details: str) -> Iterator[tuple[str, str]]:
    """What nearly happened (it has a ladder of its own), or the last session's ladder; the
    journal's end.
    """
    records = lab.records
    if details:
        yield "roamlab nearest misses", details
    elif any(record["session"] is not None for record in records):
        yield "roamlab ladder", lab.ladder()
    told = tail(records)
    if lab.journal_file is not None:
        told.append(f"the whole journal: {lab.journal_file}")
    yield "roamlab journal", "\n".join(told)


def tail(records: Sequence[Record]) -> list[str]:
    """The end of a journal, in words."""
    from simulator.wording import Wording

    wording = Wording()
    lines = [line for record in records if (line := wording.line(record)) is not None]
    return [
        f"{e.at[11:23]} {e.sender} > {e.receiver}: {e.what} {e.detail} {e.outcome}".rstrip()
        for e in lines[-_TAIL:]
    ]
