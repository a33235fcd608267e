"""The worlds and scenarios of Plug & Charge that come along: each plays, and repeats itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.scenario import runner
from simulator.scenario.collect import runs
from simulator.scenario.verdict import Verdict

ROOT = Path(__file__).parents[2]
SCENARIOS = sorted((ROOT / "scenarios" / "pnc").glob("*.yaml"))
WORLDS = sorted((ROOT / "fixtures" / "worlds").glob("pnc-*.yaml"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_it_plays(path: Path) -> None:
    for scenario in runs([path]):
        outcome = runner.run(scenario)
        assert outcome.verdict is Verdict.PASS, f"{outcome.why}\n{outcome.details}"


@pytest.mark.parametrize("path", WORLDS, ids=lambda path: path.stem)
def test_each_world_has_a_scenario(path: Path) -> None:
    names = {scenario.path: scenario.world.name for scenario in runs(SCENARIOS)}
    assert path.stem in names.values()


@pytest.mark.parametrize("name", ["installation", "tls", "on-and-off"])
def test_the_same_seed_gives_the_same_journal(name: str, tmp_path: Path) -> None:
    (scenario,) = runs([ROOT / "scenarios" / "pnc" / f"{name}.yaml"])
    journals = [tmp_path / "1.ndjson", tmp_path / "2.ndjson"]
    for journal in journals:
        runner.run(scenario, journal=journal)
    first, second = (journal.read_bytes() for journal in journals)
    assert first == second
    assert b"PRIVATE KEY" not in first
