"""The plug-in in somebody's project: fixtures, scenario items, what a failure shows."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from simulator.kernel.journal import read

from .stage import scenario_file

TEST = """
import pytest
pytestmark = pytest.mark.roamlab_world("tiny.yaml")

def test_passes(roamlab, station, journal):
    station("ST1").plug(car="anna")
    journal.expect(ocpp="StatusNotification")

def test_fails(roamlab):
    roamlab.tap(station="ST1", token="0123")
    roamlab.expect(ocpi="POST cdrs", within="1 s")
"""


ALL = """
import json
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

@pytest.mark.roamlab_world("tiny.yaml", change={"/name": "changed", "/peers/0/port": 1})
@pytest.mark.roamlab_ports("free")
@pytest.mark.roamlab_clock("scaled:50")
@pytest.mark.roamlab_seed(5)
@pytest.mark.roamlab_start("off")
def test_markers(roamlab):
    told = roamlab.snapshot()
    assert told["world"].items() >= {"name": "changed", "seed": 5, "clock": "scaled:50"}.items()
    assert not roamlab.world.station("ST1").powered
    assert roamlab.peer_control("/connections")["connections"] == []
    assert roamlab.journal_file.is_file()
    assert told["addresses"]["ocpp_url"] == roamlab.world.cpo.ocpp_url != "ws://127.0.0.1:9000/ocpp"


def test_the_world_of_the_configuration(roamlab):
    told = roamlab.snapshot()["world"]
    assert told.items() >= {"name": "tiny", "seed": 7, "clock": "virtual"}.items()


@pytest.mark.roamlab_world({"name": "own", "seed": 1, "clock": "virtual", "cpo": {
    "country_code": "DE", "party_id": "ABC", "name": "Own"}})
class TestOwn:
    @pytest.fixture
    def roamlab_change(self):
        return {"/name": "by fixture", "/seed": 3}

    @pytest.mark.roamlab_world("tiny.yaml", change={"/seed": 4})
    def test_the_nearest_marker_and_its_change_come_first(self, roamlab):
        assert (roamlab.world.plan.name, roamlab.world.seed) == ("by fixture", 4)

    def test_a_world_written_out(self, roamlab):
        assert (roamlab.world.plan.name, roamlab.world.seed) == ("by fixture", 3)


def test_cpo_and_peer(cpo, peer, station, journal):
    cpo.block_token("0123")
    assert station("ST1").tap("0123") is False
    cpo.unblock_token("0123")
    peer.answer("NO_CREDIT")
    assert station("ST1").tap(token="0123") is False
    journal.expect(ocpi="POST tokens", answer={"/allowed": "NO_CREDIT"})
    for whose, step in ((cpo, "plug"), (peer, "block_token"), (journal, "tap")):
        with pytest.raises(AttributeError, match=f"no '{step}' here; there are "):
            getattr(whose, step)
    assert journal.records[-1]["seq"] > 0


@pytest.fixture(scope="module")
def shared(roamlab_factory, tmp_path_factory):
    file = tmp_path_factory.mktemp("shared") / "j.ndjson"
    return roamlab_factory("tiny.yaml", seed=9, start="unregistered", journal=file)


def test_a_world_for_many_tests(shared):
    assert shared.world.seed == 9
    shared.register("plugsurfing")
    assert shared.journal_file.is_file()


def test_is_the_same_world(shared, roamlab_factory):
    assert len(shared.peer_control("/connections")["connections"]) == 1
    other = roamlab_factory("tiny.yaml")
    assert other.world is not shared.world
    other.close()
    other.close()


@pytest.mark.roamlab_world("tiny.yaml")
@pytest.mark.roamlab_clock("real")
def test_a_real_world_answers_while_the_test_waits(roamlab, peer):
    with pytest.raises(HTTPError, match="401"):
        urlopen(roamlab.world.cpo.versions_url, timeout=60)
    base = peer.peer_control("/connections")["versions_url"].split("/ocpi/")[0]
    with urlopen(f"{base}/_mock/state", timeout=60) as answer:
        assert json.load(answer)["tokens"][0]["uid"] == "0123"
"""


CANNOT_BEGIN = """
import os
import pytest

PORT = int(os.environ["PORT"])

@pytest.mark.roamlab_clock("real")
@pytest.mark.roamlab_world("tiny.yaml", change={"/cpo/ocpp_port": PORT})
def test_a_port_is_taken(roamlab):
    pass

NO_COMMON = {"/peers/0/ocpi_versions": ["2.1.1"], "/cpo/ocpi_versions": ["2.2.1"]}

@pytest.mark.roamlab_world("tiny.yaml", change=NO_COMMON)
def test_a_registration_is_refused(roamlab):
    pass

def test_made_by_hand(roamlab_factory):
    roamlab_factory(clock="real", change={"/cpo/ocpi_port": PORT})
"""


def pytest_here(pytester: pytest.Pytester, *options: str) -> str:
    """The same within this process, which has imported everything: ten times as cheap."""
    scope = "asyncio_default_fixture_loop_scope=function"
    done = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-o", scope, *options)
    return "\n".join((*done.outlines, *done.errlines))


def pytest_of(folder: Path, *options: str) -> str:
    """What pytest says in a process of its own, as somebody calls it."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    return done.stdout + done.stderr


@pytest.mark.real
def test_a_project_with_tests_and_scenarios(tmp_path: Path) -> None:
    scenario_file(tmp_path, "", "none.yaml").unlink()
    (tmp_path / "pytest.ini").write_text("[pytest]\nroamlab_scenarios = own\n")
    (tmp_path / "test_it.py").write_text(TEST)
    (tmp_path / "own").mkdir()
    looks = "{{ocpi: POST cdrs, count: {}, within: 0}}"
    steps = f"name: {{}}\nworld: tiny.yaml\nsteps:\n  - expect: {looks}\n"
    scenario_file(tmp_path / "own", steps.format("good", 0), "good.yaml")
    scenario_file(tmp_path / "own", steps.format("bad", 1), "bad.yaml")
    out = pytest_of(tmp_path, "--roamlab-journals", "kept")
    assert "2 failed, 2 passed" in out, out[-3000:]
    assert "roamlab nearest misses" in out
    assert "nearest:\n" in out
    assert f"FAIL {tmp_path / 'own' / 'bad.yaml'}:4" in out
    kept = sorted(path.name for path in (tmp_path / "kept").iterdir())
    assert kept == ["own_bad.yaml__bad.ndjson", "test_it.py__test_fails.ndjson"]


def test_a_folder_of_scenarios_that_is_not_there_is_a_mistake(pytester: pytest.Pytester) -> None:
    tmp_path = pytester.path
    (tmp_path / "pytest.ini").write_text("[pytest]\nroamlab_scenarios = . scenaros\n")
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n")
    out = pytest_here(pytester)
    assert f"ERROR: roamlab_scenarios: no folder 'scenaros' in {tmp_path}" in out
    assert "passed" not in out


def test_all_fixtures_and_markers(pytester: pytest.Pytester) -> None:
    tmp_path = pytester.path
    scenario_file(tmp_path, "", "none.yaml").unlink()
    (tmp_path / "pytest.ini").write_text("[pytest]\nroamlab_world = tiny.yaml\n")
    (tmp_path / "test_all.py").write_text(ALL)
    out = pytest_here(pytester, "--strict-markers")
    assert "8 passed" in out, out[-3000:]
    out = pytest_here(pytester, "--roamlab-seed", "77", "-k", "configuration or marker")
    assert "3 failed" in out, out[-3000:]
    out = pytest_here(pytester, "--roamlab-clock", "scaled:99", "-k", "test_markers")
    assert "1 failed" in out, out[-3000:]


def test_a_failed_scenario_keeps_its_journal_and_shows_its_end(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path = pytester.path
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "pytest.ini").write_text("[pytest]\nroamlab_scenarios = .\n")
    steps = "  - plug: ST1\n  - expect: {ocpi: POST cdrs, within: 0}\n"
    head = "name: {}\nworld: tiny.yaml\nsteps:\n"
    scenario_file(tmp_path, head.format("bad") + steps, "bad.yaml")
    scenario_file(tmp_path, head.format("good") + "  - plug: ST1\n", "good.yaml")
    out = pytest_here(pytester, "-p", "no:randomly")
    assert "1 failed, 1 passed" in out, out[-3000:]
    assert "ST1 > cpo: StatusNotification" in out
    (kept,) = tmp_path.glob("roamlab-*.ndjson")
    assert f"the whole journal: {kept}" in out
    assert next(read(kept))["world"] == "tiny"


def test_a_world_that_cannot_begin_shows_the_mistake_alone(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path = pytester.path
    scenario_file(tmp_path, "", "none.yaml").unlink()
    (tmp_path / "pytest.ini").write_text("[pytest]\nroamlab_world = tiny.yaml\n")
    (tmp_path / "test_it.py").write_text(CANNOT_BEGIN)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        monkeypatch.setenv("PORT", port)
        out = pytest_here(pytester, "-p", "no:randomly")
    assert "1 failed, 2 errors" in out, out[-3000:]
    taken_port = f"cannot listen on 127.0.0.1:{port}: Address already in use. "
    assert f"ERROR at setup of test_a_port_is_taken ____________________\n{taken_port}" in out
    assert "test_a_registration_is_refused _______________\ncannot register at http://" in out
    assert "Traceback" not in out and "simulator/" not in out and "_begin(" not in out, out
    assert "def test_made_by_hand" in out  # one's own lines are shown


@pytest.mark.real
def test_importing_it_imports_nothing_heavy() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import simulator.scenario.pytest_plugin; "
        "print([m for m in set(sys.modules) - before if m.split('.')[0] != 'simulator'], "
        "sorted(m for m in set(sys.modules) - before if m.startswith('simulator')))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == (
        "[] ['simulator', 'simulator.scenario', 'simulator.scenario.pytest_plugin']"
    )
