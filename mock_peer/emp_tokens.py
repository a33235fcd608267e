"""Tokens as Plugsurfing gives them out, and real-time authorization.

Rule: what the rules refuse stays refused; the answers set over the control API refuse further,
delay or keep silent. Every answer with a verdict carries a reference, and is remembered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mock_peer import raw, rules
from mock_peer.judging import Judge, tell
from mock_peer.known import Authorization
from mock_peer.rule import V22X, Occasion, Severity
from mock_peer.rules_token import as_published, is_pnc
from mock_peer.settings import Answer
from simulator.kernel.chance import Chance
from simulator.ocpi.codec import Around
from simulator.ocpi.connection import SENDER, Connection
from simulator.ocpi.envelope import Json, OcpiError, UnknownToken
from simulator.ocpi.exchange import Ctx, Result, Route
from simulator.ocpi.losses import Losses
from simulator.ocpi.paging import window
from simulator.ocpi.versions import VERSIONS

PAGE_LIMIT = 100
# A caller that is left without an answer has given up by then.
SILENCE_S = 120.0
VIRTUAL = ("APP_USER", "AD_HOC_USER")


# Asks whom a token belongs to, if it is not Plugsurfing's own: connection, token, references, the
# reference that the answer will carry, session. Gives the AllowedType and why, None for our own.
AskOwner = Callable[
    [Connection, Mapping[str, Any], Json, str, str | None], Awaitable[tuple[str, str] | None]
]


class TokenSource:
    """The sender interface of the tokens module."""

    def __init__(self, judge: Judge, chance: Chance) -> None:
        self._judge = judge
        self._book = judge.book
        self._chance = chance.child("authorizations")
        self.ask_owner: AskOwner | None = None

    def routes(self) -> list[Route]:
        """The rows of the module."""
        return [
            Route("tokens", SENDER, "GET", "", self.listed, gives="token"),
            Route(
                "tokens",
                SENDER,
                "POST",
                "{token_uid}/authorize",
                self.authorize,
                gives="authorization_info",
            ),
        ]

    # The list

    async def listed(self, ctx: Ctx) -> Result:
        """The tokens, oldest first, by the page."""
        chosen = window(self.tokens_for(ctx.connection), ctx.page(PAGE_LIMIT))
        shown = [self._shown(ctx.connection, token) for token in chosen.items]
        return Result(shown, headers=chosen.headers(f"{ctx.request.base_url}{ctx.request.path}"))

    def tokens_for(self, connection: Connection) -> list[dict[str, Any]]:
        """The tokens that a connection gets: app users' only where it needs them beforehand."""
        hidden = () if self._book.profile(connection).remote_start_token_first else VIRTUAL
        return [t for t in self._book.tokens.all.values() if t["type"] not in hidden]

    def wire(self, connection: Connection, version: str, token: Mapping[str, Any]) -> Json:
        """A token as it travels to a CPO; what the version cannot say is journalled."""
        used, noted = VERSIONS[version], Losses()
        around = Around(connection.our_party, connection.their_party)
        written = noted.to_wire(used, "token", self._shown(connection, token), around)
        actor, peer = self._judge.actor, connection.peer
        noted.tell(self._judge.journal, actor, peer, None, version=used, kind="token")
        return written

    def _shown(self, connection: Connection, token: Mapping[str, Any]) -> dict[str, Any]:
        """A token as a CPO shall see it: canonical, but for the shape that a quirk asks for."""
        if is_pnc(token) and "published-pnc-example" in self._book.profile(connection).quirks:
            return as_published(token)
        return dict(token)

    # Real-time authorization

    async def authorize(self, ctx: Ctx) -> Result:
        """Say whether a token may be used at a location (OCPI 2.2.1 mod_tokens, POST)."""
        uid, kind = ctx.params["token_uid"], ctx.token_type
        refused = self._judge.request(ctx, Occasion.AUTHORIZE, type=kind)
        token = self._book.tokens.find(uid, kind)
        if token is None:
            code = UnknownToken.status_code if ctx.version.number in V22X else OcpiError.status_code
            message = f"no token {uid} of type {kind}"
            raise OcpiError(message, status_code=code, http_status=404)
        if refused is not None and refused.rule == "authorize.valid":
            self._judge.refuse(ctx, refused)  # when silent, what can be read of it has its verdict
        location_id = raw.text(ctx.json, "/location_id")
        setting = self._book.answers.find(uid, location_id, self._judge.clock.now())
        allowed, why = self._verdict(ctx, setting)
        reference = self._chance.uuid4()
        if self.ask_owner is not None and allowed == "ALLOWED":
            asked = await self.ask_owner(ctx.connection, token, ctx.json, reference, ctx.session)
            allowed, why = asked or (allowed, why)
        verdict = Authorization(
            reference=reference,
            at=self._judge.clock.now(),
            token_uid=token["uid"],
            token_type=token["type"],
            contract_id=token["contract_id"],
            location_id=location_id,
            allowed="" if setting.no_answer else allowed,
            evse_uids=tuple(e for e in raw.items(ctx.json, "/evse_uids") if isinstance(e, str)),
        )
        self._book.put_authorization(ctx.connection, verdict)
        if ctx.session is not None:
            self._judge.journal.link(f"authorization/{verdict.reference}", ctx.session)
        if setting.no_answer:
            return Result(closed=True, delay_s=SILENCE_S)
        return self._answer(ctx, verdict, token, why or setting.info, setting.delay_s)

    def _verdict(self, ctx: Ctx, setting: Answer) -> tuple[str, str | None]:
        """The AllowedType, and why: the token's own state, then the place, then what is set."""
        broken = {f.rule: f for f in ctx.findings if f.severity == Severity.REJECT.value}
        if "authorize.token" in broken:
            return "BLOCKED", "This token is blocked."
        for name in ("authorize.location-reference", "authorize.territory"):
            if name in broken:
                return "NOT_ALLOWED", f"{name}: expected {broken[name].expected}"[:512]
        return setting.allowed, None

    def _answer(
        self,
        ctx: Ctx,
        verdict: Authorization,
        token: Mapping[str, Any],
        info: str | None,
        delay_s: float,
    ) -> Result:
        answer: dict[str, Any] = {"allowed": verdict.allowed, "token": dict(token)}
        if verdict.allowed == "ALLOWED" and isinstance(ctx.json, dict):
            answer["location"] = ctx.json
        answer["authorization_reference"] = verdict.reference
        if info:
            answer["info"] = {"language": "en", "text": info}
        context = self._judge.context(ctx.connection, ctx.version.number)
        tell(ctx, rules.evaluate(Occasion.AUTHORIZATION, answer, context))
        return Result(answer, delay_s=delay_s)
