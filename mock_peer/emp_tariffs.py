"""Tariffs as a CPO pushes them. One that is not REGULAR is taken and dropped."""

from __future__ import annotations

from typing import Any

from mock_peer.judging import OWNER, Judge
from mock_peer.rule import V211, Occasion
from simulator.ocpi.connection import RECEIVER
from simulator.ocpi.envelope import InvalidParameters, NotFound
from simulator.ocpi.exchange import Ctx, Result, Route

_TARIFF = f"{OWNER}/{{tariff_id}}"
_DROPPED = ("tariff.regular-only", "drop")


class Tariffs:
    """The receiver interface of the tariffs module."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._book = judge.book

    def routes(self) -> list[Route]:
        """The rows of the module."""
        return [
            Route("tariffs", RECEIVER, "PUT", _TARIFF, self.put),
            Route("tariffs", RECEIVER, "PATCH", _TARIFF, self.patch, versions=(V211,)),
            Route("tariffs", RECEIVER, "DELETE", _TARIFF, self.delete),
        ]

    async def put(self, ctx: Ctx) -> Result:
        """Keep a tariff."""
        if refused := self._judge.request(ctx, Occasion.TARIFF):
            return self._judge.refuse(ctx, refused)
        if any((f.rule, f.severity) == _DROPPED for f in ctx.findings):
            now = self._judge.clock.now()
            self._book.drop_tariff(ctx.connection, ctx.params["tariff_id"], now)
            return Result()
        return self._keep(ctx, self._judge.canonical(ctx, "tariff", "id", "tariff_id"))

    async def patch(self, ctx: Ctx) -> Result:
        """Change a tariff's fields (2.1.1; the verb is gone since 2.2)."""
        if refused := self._judge.request(ctx, Occasion.TARIFF_PATCH):
            return self._judge.refuse(ctx, refused)
        before = self._book.known(ctx.connection).tariff(ctx.params["tariff_id"])
        if before is None:
            raise InvalidParameters(f"tariff {ctx.params['tariff_id']} was not PUT before")
        change = self._judge.canonical(ctx, "tariff", "id", "tariff_id", partial=True)
        return self._keep(ctx, {**before, **change})

    async def delete(self, ctx: Ctx) -> Result:
        """Forget a tariff from here on; sessions that began before keep it."""
        if refused := self._judge.request(ctx, Occasion.TARIFF_DELETE):
            return self._judge.refuse(ctx, refused)
        if self._book.known(ctx.connection).tariff(ctx.params["tariff_id"]) is None:
            raise NotFound(f"no tariff {ctx.params['tariff_id']} is known here")
        return self._keep(ctx, None)

    def _keep(self, ctx: Ctx, body: dict[str, Any] | None) -> Result:
        now = self._judge.clock.now()
        new = self._book.put_tariff(ctx.connection, ctx.params["tariff_id"], body, now)
        return Result(created=new and body is not None)
