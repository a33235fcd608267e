"""The plug-in in somebody's project: fixtures, scenario items, what a failure shows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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


def pytest_of(folder: Path, *options: str) -> str:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100)
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
