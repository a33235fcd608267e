"""Background tasks that belong to somebody.

Rule: no task runs unreferenced, none fails unseen, and none outlives its owner.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from simulator.kernel.journal import Journal


class Chores:
    """Background tasks of one owner: kept while they run, failures recorded, ended with it."""

    def __init__(self, journal: Journal, actor: str) -> None:
        self._journal = journal
        self._actor = actor
        self._tasks: dict[asyncio.Task[None], str] = {}

    def start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run `work`; `name` tells what it is, should it fail."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks[task] = name
        task.add_done_callback(self._done)
        return task

    async def stop(self) -> None:
        """Cancel what still runs and wait for its end."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        name = self._tasks.pop(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._journal.event(self._actor, "ocpp.chore_failed", chore=name, error=tell(error))


def tell(error: BaseException) -> str:
    """An exception in one line, with the place it came from."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = ""
    if trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename).name
        place = f" ({file}:{trace.tb_lineno})"
    return f"{type(error).__name__}: {error}{place}"
