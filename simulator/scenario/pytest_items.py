"""Scenario files as items of pytest: each run is one, and may take what fixtures have for it.

Rule: to pytest a file is a module and a run a function, so that the fixtures of a project are set
up around them as around its own tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from simulator.kernel.journal import read as read_journal
from simulator.mistakes import Mistake
from simulator.scenario.pytest_plugin import kept_in, mistake_in, tail
from simulator.scenario.runner import run
from simulator.scenario.schema import Scenario, read
from simulator.scenario.verdict import Outcome, Verdict


class ScenarioFile(pytest.Module):
    """A scenario file: an item for each of its runs. To fixtures it is a module without names."""

    def _getobj(self) -> ModuleType:
        return ModuleType(self.path.stem)

    def collect(self) -> Iterator[pytest.Item]:
        """The runs. A file that is wrong is an error of its collection."""
        try:
            scenarios = read(self.path, _set(self.config))
        except Mistake as mistake:
            raise self.CollectError(str(mistake)) from mistake
        for scenario in scenarios:
            yield ScenarioItem.from_parent(
                self, name=scenario.title, callobj=_wants, scenario=scenario
            )


def _wants(roamlab_values: dict[str, Any]) -> None:
    """What the items ask for."""


def _set(config: pytest.Config) -> dict[str, str]:
    """The values of the command line."""
    told = [each.partition("=") for each in config.option.roamlab_set]
    if any(not sign for _, sign, _ in told):
        raise pytest.UsageError("--roamlab-set: expected NAME=VALUE")
    return {name: value for name, _, value in told}


class ScenarioFailed(Exception):
    """A scenario did not pass; its outcome says why."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.why)
        self.outcome = outcome


class ScenarioItem(pytest.Function):
    """One run of a scenario."""

    def __init__(self, *, scenario: Scenario, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scenario = scenario

    def runtest(self) -> None:
        """Play it. Raises ScenarioFailed."""
        option, journal = self.config.option, kept_in(self) or _kept_apart()
        clock, seed = option.roamlab_clock, option.roamlab_seed
        outcome = run(self._told_all(), clock=clock, seed=seed, journal=journal)
        if outcome.ok or outcome.journal is None:
            journal.unlink(missing_ok=True)
        if outcome.verdict is Verdict.NOT_APPLICABLE:
            pytest.skip(outcome.why or "not applicable")
        if not outcome.ok:
            raise ScenarioFailed(outcome)

    def _told_all(self) -> Scenario:
        """The run with the values that fixtures have for it; the command line's come first.

        Raises Mistake: with them the file is wrong.
        """
        values: Any = self.funcargs["roamlab_values"]
        if not self.scenario.given or not values:
            return self.scenario
        runs = read(self.path, {**values, **_set(self.config)})
        return next(run for run in runs if run.title == self.scenario.title)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What happened, in the scenario's words."""
        error = excinfo.value
        if (words := mistake_in(error)) is not None:
            return words
        if not isinstance(error, ScenarioFailed):
            return super().repr_failure(excinfo)
        outcome = error.outcome
        place = f"{outcome.path}:{outcome.line}" if outcome.line else outcome.path
        told = f"{outcome.verdict} {place}\n{outcome.why}\n{outcome.details}".rstrip()
        if outcome.journal is None:
            return told
        end = tail(list(read_journal(Path(outcome.journal)))[1:])
        return "\n".join([told, "", *end, f"the whole journal: {outcome.journal}"])

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands."""
        return self.path, 0, self.name


def _kept_apart() -> Path:
    """A fresh file for a journal, where nobody has named a folder."""
    import tempfile

    with tempfile.NamedTemporaryFile(prefix="roamlab-", suffix=".ndjson", delete=False) as made:
        return Path(made.name)
