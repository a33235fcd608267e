"""CDRs as a CPO posts them: kept for good, byte for byte, or refused.

Rule: the very same CDR again is answered as the first time; the same id with other content is
refused (`cdr.unaltered`).
"""

from __future__ import annotations

from collections.abc import Callable

from mock_peer.book import digest_of
from mock_peer.emp_sessions import follow
from mock_peer.judging import Judge, refusal
from mock_peer.known import cdr_key
from mock_peer.rule import V22X, V211, Occasion
from simulator.ocpi.connection import RECEIVER, Connection
from simulator.ocpi.envelope import Json, NotFound, read_json
from simulator.ocpi.exchange import Ctx, Result, Route


class Cdrs:
    """The receiver interface of the CDRs module. `url` tells where a CDR is, by version and key."""

    def __init__(self, judge: Judge, url: Callable[[str, str], str]) -> None:
        self._judge = judge
        self._book = judge.book
        self._url = url

    def routes(self) -> list[Route]:
        """The rows of the module; in 2.1.1 a CDR is not given back."""
        return [
            Route("cdrs", RECEIVER, "POST", "", self.post),
            Route("cdrs", RECEIVER, "GET", "{cdr_key}", self.get, versions=V22X),
        ]

    def refusals(self) -> list[Route]:
        """What is known and not taken."""
        return [Route("cdrs", RECEIVER, "GET", "{cdr_key}", self.refuse_get, versions=(V211,))]

    async def post(self, ctx: Ctx) -> Result:
        """Keep a CDR. In silent mode a refused one is kept as refused, and may come again."""
        key = cdr_key(ctx.json)
        follow(self._judge, ctx)
        known = self._book.known(ctx.connection).cdrs.get(key)
        before: Json = None
        if known is not None and known.accepted:
            same = known.digest == digest_of(ctx.raw)
            before = ctx.json if same else self._stored(ctx.connection, key)
            if same or before == ctx.json:
                return self._taken(ctx, key)
        refused = self._judge.request(ctx, Occasion.CDR, seen_before=before)
        if refused is not None and self._book.profile(ctx.connection).strict:
            raise refusal(refused)
        if before is None:
            accepted = refused is None
            self._book.put_cdr(ctx.connection, key, ctx.raw, ctx.json, accepted=accepted)
        return self._taken(ctx, key)

    async def get(self, ctx: Ctx) -> Result:
        """Give a CDR back, by its Location."""
        found = self._stored(ctx.connection, ctx.params["cdr_key"])
        if found is None:
            raise NotFound(f"no CDR is at {ctx.request.path}")
        return Result(found)

    async def refuse_get(self, ctx: Ctx) -> Result:
        """Give no CDR back (2.1.1)."""
        raise self._judge.unsupported(ctx, "POST; the Location is a receipt")

    def _taken(self, ctx: Ctx, key: str) -> Result:
        return Result(created=True, headers={"Location": self._url(ctx.version.number, key)})

    def _stored(self, connection: Connection, key: str) -> Json:
        body = self._book.cdr(connection, key)
        return None if body is None else read_json(body)
