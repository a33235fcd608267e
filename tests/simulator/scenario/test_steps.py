"""STEPS holds every verb once."""

from __future__ import annotations

import pytest

from simulator.scenario.step import StepError
from simulator.scenario.steps import STEPS, step_of


def test_every_verb_stands_under_its_name_with_its_primary() -> None:
    for name, step in STEPS.items():
        assert step.name == name
        assert step.help.endswith(".")
        assert step.primary is None or step.primary in {arg.name for arg in step.args}


def test_a_verb_that_is_none_is_told() -> None:
    with pytest.raises(StepError, match=r"no step 'plugg'\. Did you mean 'plug'\?"):
        step_of("plugg")
