"""The stages of a running world, over HTTP: load steps, perform them one at a time or up to one.

Rule: a call answers when what it asked for has come to its end; a stage that fails is an answer, a
step that cannot be asked for now is 409.
"""

from __future__ import annotations

from typing import Any

from simulator.control_call import Call, ControlError, Row
from simulator.mistakes import Mistake
from simulator.scenario.stage import Stage
from simulator.scenario.stages import NoStage, Stages, TooMany, loaded


class StageCalls:
    """The operations on a world's stages."""

    def __init__(self, stages: Stages) -> None:
        self._stages = stages

    def rows(self) -> tuple[Row, ...]:
        """Their part of the table."""
        return (
            Row("GET", "/stages", "Steps that were loaded, and how far each stage is.", self._list),
            Row("POST", "/stages", "Load steps, to be performed one after the other.", self._load,
                takes="name and steps, or a scenario file's name and text as file and text; only: "
                "what the title of the run must hold, where a file has several"),
            Row("GET", "/stages/{id}", "One stage.", self._one),
            Row("POST", "/stages/{id}/step", "Perform its next step.", self._step),
            Row("POST", "/stages/{id}/run", "Perform the steps that are left.", self._run,
                takes="until: the number of a step before which to halt"),
            Row("DELETE", "/stages/{id}", "Drop it; a step that runs is cancelled.", self._drop),
        )  # fmt: skip

    async def _list(self, call: Call) -> Any:
        return self._stages.states()

    async def _load(self, call: Call) -> Any:
        try:
            return loaded(self._stages, _mapping(call)).state()
        except TooMany as error:
            raise ControlError(409, str(error)) from error
        except Mistake as error:
            raise ControlError(400, str(error)) from error

    async def _one(self, call: Call) -> Any:
        return self._stage(call).state()

    async def _step(self, call: Call) -> Any:
        return await self._done(self._stage(call).step())

    async def _run(self, call: Call) -> Any:
        stage, given = self._stage(call), _mapping(call)
        until = given.get("until")
        whole = isinstance(until, int) and not isinstance(until, bool)
        if set(given) - {"until"} or not (until is None or whole):
            raise ControlError(400, "expected nothing, or until: the number of a step")
        return await self._done(stage.run(until))

    async def _drop(self, call: Call) -> Any:
        self._stage(call)
        return await self._stages.drop(call.params["id"])

    def _stage(self, call: Call) -> Stage:
        try:
            return self._stages[call.params["id"]]
        except NoStage as error:
            raise ControlError(404, str(error)) from error

    async def _done(self, work: Any) -> Any:
        try:
            return await work
        except Mistake as error:
            raise ControlError(409, str(error)) from error


def _mapping(call: Call) -> dict[str, Any]:
    """Raises ControlError."""
    body = {} if call.body is None else call.body
    if not isinstance(body, dict):
        raise ControlError(400, "expected a mapping")
    return body
