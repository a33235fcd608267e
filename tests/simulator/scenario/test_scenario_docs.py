"""The pages on scenarios and pytest name all there is, and their examples work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.scenario.compare import COMPARATORS
from simulator.scenario.json_schema import document
from simulator.scenario.metrics import METRICS
from simulator.scenario.runner import run
from simulator.scenario.schema import read
from simulator.scenario.steps import STEPS
from simulator.scenario.verdict import Verdict

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "scenarios.md").read_text()
ARGUMENTS = {arg.name for step in STEPS.values() for arg in step.args}


@pytest.mark.parametrize(
    "name", sorted({*STEPS, *ARGUMENTS, *COMPARATORS, *METRICS, *document()["properties"]})
)
def test_whatever_can_be_named_stands_in_the_page(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_the_options_of_the_plug_in_stand_in_its_page() -> None:
    plugin = (DOCS.parent / "simulator/scenario/pytest_plugin.py").read_text()
    page = (DOCS / "pytest.md").read_text()
    for name in re.findall(r'"((?:--)?roamlab[-_][a-z]+)"', plugin):
        assert name in page, name


def test_the_first_scenario_passes(tmp_path: Path) -> None:
    example = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0]
    path = tmp_path / "my-first.yaml"
    path.write_text(example)
    assert run(read(path)[0]).verdict is Verdict.PASS
