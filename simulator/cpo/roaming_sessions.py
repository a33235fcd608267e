"""Sessions and CDRs for peers to pull; `deliveries` pushes them.

Rule: a peer sees what its own tokens did, and nothing else.
"""

from __future__ import annotations

from simulator.cpo.common import Common
from simulator.ocpi.connection import SENDER
from simulator.ocpi.exchange import Ctx, Result, Route


class RoamingSessions:
    """The sessions and cdrs modules of a CPO, as sender."""

    def __init__(self, common: Common) -> None:
        self._config = common.config
        self._book = common.book

    def routes(self) -> list[Route]:
        """Both lists."""
        return [
            Route("sessions", SENDER, "GET", "", self._sessions, gives="session"),
            Route("cdrs", SENDER, "GET", "", self._cdrs, gives="cdr"),
        ]

    async def _sessions(self, ctx: Ctx) -> Result:
        page = ctx.page(self._config.page_limit, date_from_required=True)
        return ctx.listing(self._book.sessions.page(ctx.connection.id, page))

    async def _cdrs(self, ctx: Ctx) -> Result:
        page = ctx.page(self._config.page_limit)
        return ctx.listing(self._book.cdrs.page(ctx.connection.id, page))
