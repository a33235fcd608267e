"""How the simulated EMP pulls locations: a delta every minute, all of them every night.

Rule: one pull at a time; one that fails is told in the journal, and what was known then stays.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from mock_peer.emp_book import EmpBook
from mock_peer.emp_control import EmpError
from mock_peer.emp_judging import EmpJudge
from mock_peer.rule import Occasion
from simulator.kernel.clock import rfc3339
from simulator.ocpi.client import OcpiCallFailed, OcpiClient
from simulator.ocpi.connection import Connection
from simulator.ocpi.paging import with_query

PULL_EVERY_S = 60.0
FULL_PULL_AT = time(3, 0, tzinfo=UTC)


class Pulling:
    """The pulls of one EMP. `source` is whom to ask, and where; it raises EmpError."""

    def __init__(
        self,
        book: EmpBook,
        client: OcpiClient,
        judge: EmpJudge,
        source: Callable[[], tuple[Connection, str]],
    ) -> None:
        self._book, self._client, self._judge, self._source = book, client, judge, source
        self._task: asyncio.Task[None] | None = None
        self._one = asyncio.Lock()  # a second one would make the first a parallel pull

    def start(self) -> None:
        """Pull by itself from now on."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._forever())

    async def stop(self) -> None:
        """Pull no more by itself."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def pull(self, *, full: bool = True) -> int:
        """Pull the locations, all or those changed since the last pull; returns how many came.

        Raises EmpError; what was known then stays.
        """
        async with self._one:
            return await self._pull(full=full)

    async def _pull(self, *, full: bool) -> int:
        clock = self._client.clock
        began, since = clock.now(), self._book.pulled_at
        date_from = None if full or since is None else rfc3339(since)
        connection, url = self._source()
        asked = with_query(url, {"date_from": date_from})
        pages = self._client.get_all(connection, asked, "locations", gives="location")
        brought: list[Mapping[str, Any]] = []
        sizes: Counter[int | None] = Counter()  # of the pages, by their records
        try:
            async for got in pages:
                sizes[got.answer.record_seq] += 1
                self._judge.judge(Occasion.ROAM_LOCATION, got.obj, got.answer.record_seq)
                brought += [got.obj] if isinstance(got.obj, dict) else []
        except OcpiCallFailed as error:
            self._client.event(connection, "emp.pull-failed", full=full, error=str(error))
            raise EmpError(str(error)) from error
        finally:
            for record, size in sizes.items():
                self._judge.page(size, record)
        gone = self._book.take_pull(brought, full=date_from is None)
        self._book.pulled_at = began
        if brought or gone or full:
            told = {"full": date_from is None, "locations": len(brought), "gone": len(gone)}
            self._client.event(connection, "emp.pulled", **told)
        return len(brought)

    async def _forever(self) -> None:
        clock = self._client.clock
        full_at = clock.now()
        while True:
            full = clock.now() >= full_at
            try:
                await self.pull(full=full)
                if full:
                    full_at = _next(FULL_PULL_AT, clock.now())
            except EmpError:
                pass  # told in the journal; the next minute tries again
            await clock.sleep(PULL_EVERY_S)


def _next(at: time, now: datetime) -> datetime:
    today = datetime.combine(now.astimezone(UTC).date(), at)
    return today if today > now else today + timedelta(days=1)
