"""The tokens that EMPs push: judged, kept, and handed on to CPOs.

Rule: the EMP has its answer before any CPO is told. Source: Roam OCPI, tokens module.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from mock_peer.roam_judging import RoamJudge
from mock_peer.roam_tokens import DEFAULT_TYPE, Held, lacking
from mock_peer.rule import Occasion
from simulator.ocpi.connection import RECEIVER
from simulator.ocpi.envelope import InvalidParameters, NotFound, UnknownToken
from simulator.ocpi.exchange import Ctx, Result, Route

_TOKEN = "{country_code}/{party_id}/{token_uid}"
Forward = Callable[[Held], Awaitable[None]]


class Keys:
    """The receiver interface of the tokens module. `forward` tells CPOs of a token."""

    def __init__(self, judge: RoamJudge, forward: Forward) -> None:
        self._judge = judge
        self._forward = forward

    def routes(self) -> list[Route]:
        """The rows of the module."""
        return [
            Route("tokens", RECEIVER, "GET", _TOKEN, self.get),
            Route("tokens", RECEIVER, "PUT", _TOKEN, self.put, takes="token"),
            Route("tokens", RECEIVER, "PATCH", _TOKEN, self.patch, takes="token"),
        ]

    async def get(self, ctx: Ctx) -> Result:
        """The token as it was pushed, its contract id normalised."""
        held = self._held(ctx, ctx.query.get("type", DEFAULT_TYPE))
        if held is None:
            raise NotFound(f"no token {ctx.params['token_uid']} was pushed")
        return Result(dict(held.token))

    async def put(self, ctx: Ctx) -> Result:
        """A new or changed token. Raises the OcpiError of the rule that refuses it."""
        return self._take(ctx, ctx.json)

    async def patch(self, ctx: Ctx) -> Result:
        """A change of a token. Raises UnknownToken (2004)."""
        held = self._held(ctx, ctx.query.get("type", DEFAULT_TYPE))
        if held is None:
            raise UnknownToken(f"no token {ctx.params['token_uid']} was pushed: PUT it first")
        if "last_updated" not in ctx.json:
            raise InvalidParameters("a PATCH tells its time", pointer="/last_updated")
        return self._take(ctx, {**held.token, **ctx.json})

    def _held(self, ctx: Ctx, token_type: str) -> Held | None:
        """The EMP's own token of the URL."""
        held = self._judge.book.tokens.find(ctx.params["token_uid"], token_type)
        return held if held is not None and held.organisation == ctx.connection.id else None

    def _take(self, ctx: Ctx, token: dict[str, Any]) -> Result:
        before = self._judge.book.tokens.find(ctx.params["token_uid"], str(token.get("type")))
        if before is not None and self._is_anothers(before, ctx):
            raise InvalidParameters("this token was pushed by another EMP", pointer="/uid")
        seen_before = dict(before.token) if before else None
        self._judge.require(ctx, Occasion.ROAM_TOKEN, token, seen_before=seen_before)
        if (wrong := lacking(token)) is not None:
            raise InvalidParameters("expected a string", pointer=wrong)
        held = self._judge.book.put_token(ctx.connection, token)
        return Result(created=before is None, after=partial(self._forward, held))

    def _is_anothers(self, held: Held, ctx: Ctx) -> bool:
        """True for a token of an EMP that is here; one that registers anew has its own back."""
        owner = held.organisation
        return owner != ctx.connection.id and self._judge.book.connection(owner) is not None
