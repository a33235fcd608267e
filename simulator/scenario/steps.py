"""STEPS: every verb of the product, once.

Rule: scenario files, the control API, tests, the command line and the interface perform these and
nothing else; a verb that is not here does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.mistakes import did_you_mean
from simulator.scenario import (
    steps_cpo,
    steps_driver,
    steps_expect,
    steps_fault,
    steps_hold,
    steps_peer,
    steps_pki,
    steps_send,
    steps_world,
)
from simulator.scenario.step import Play, Step, StepError, do

_TABLES = (
    steps_driver,
    steps_cpo,
    steps_peer,
    steps_send,
    steps_pki,
    steps_world,
    steps_fault,
    steps_hold,
    steps_expect,
)
STEPS: Mapping[str, Step] = {step.name: step for table in _TABLES for step in table.STEPS}


def step_of(name: str) -> Step:
    """The step of that name. Raises StepError."""
    if name not in STEPS:
        raise StepError(f"no step '{name}'.{did_you_mean(name, STEPS)}")
    return STEPS[name]


async def perform(play: Play, name: str, given: Any = None) -> Any:
    """Check, tell and perform a step; returns what it gives. Raises StepError and its own."""
    return await do(step_of(name), play, given)
