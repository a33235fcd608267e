"""Tokens of peers: received, pulled, and asked about in real time.

Rule: a token is kept under the peer that sent it, so that sessions and CDRs find their way back; a
list that was pulled whole also tells which tokens are no longer there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator.cpo.authorize import Answer, Known, Silence
from simulator.cpo.common import Common
from simulator.cpo.peers import Peers
from simulator.cpo.token_check import PUBLISHED_EXAMPLE, Received, patched, received
from simulator.ocpi.client import Got, OcpiCallFailed
from simulator.ocpi.connection import RECEIVER, SENDER, Connection
from simulator.ocpi.envelope import InvalidParameters, NotFound, UnknownToken
from simulator.ocpi.exchange import Ctx, Result, Route
from simulator.ocpi.headers import Party
from simulator.ocpi.versions import VERSIONS
from simulator.pki.emaid import parse_emaid
from simulator.wire.http import join_url

Object = dict[str, Any]


class RoamingTokens:
    """The tokens module of a CPO."""

    def __init__(self, common: Common, peers: Peers) -> None:
        self._book = common.book
        self._peers = peers

    def routes(self) -> list[Route]:
        """The module as receiver."""
        path = "{country_code}/{party_id}/{token_uid}"
        return [
            Route("tokens", RECEIVER, "GET", path, self._get, gives="token"),
            Route("tokens", RECEIVER, "PUT", path, self._put, takes="token"),
            Route("tokens", RECEIVER, "PATCH", path, self._patch, takes="token"),
        ]

    # Received

    async def _get(self, ctx: Ctx) -> Result:
        return Result(self._find(ctx))

    async def _put(self, ctx: Ctx) -> Result:
        told = received(ctx.json, ctx.version, ctx.connection)
        token = told.require()
        named = ctx.version.typed_tokens or "type" in ctx.query or "token_type" in ctx.query
        if named and token["type"] != ctx.token_type:
            raise InvalidParameters(
                f"the URL names a token of type {ctx.token_type} (RFID unless ?type= says more),"
                f" not {token['type']}",
                pointer="/type",
            )
        self._tell_quirk(ctx.connection, told)
        created = self._book.tokens.put(ctx.connection.id, token)
        await self._book.committed()
        return Result(created=created)

    async def _patch(self, ctx: Ctx) -> Result:
        for name in ctx.version.shape.patch_needs:
            if name not in ctx.obj:
                raise InvalidParameters(f"a PATCH has a {name}", pointer=f"/{name}")
        token = self._find(ctx)
        told = received(ctx.json, ctx.version, ctx.connection, partial=True)
        after = patched(token, told.require())
        self._tell_quirk(ctx.connection, told)
        self._book.tokens.put(ctx.connection.id, after)
        await self._book.committed()
        return Result()

    def _find(self, ctx: Ctx) -> Object:
        """The token of the URL; one that is not there is 404 to a GET, 2004 to a PATCH."""
        uid, kind = ctx.params["token_uid"], ctx.token_type
        token = self._book.tokens.get(ctx.connection.id, uid, kind)
        if token is not None:
            return token
        if ctx.method == "GET":
            raise NotFound(f"there is no {kind} token {uid}", status_code=2004)
        raise UnknownToken(f"there is no {kind} token {uid}")

    def _tell_quirk(self, peer: Connection, told: Received) -> None:
        if told.quirk:
            self._peers.event(
                "token.quirk", peer, quirk=PUBLISHED_EXAMPLE, token=told.token.get("uid")
            )

    # Pulled

    async def pull(self, peer: Connection) -> None:
        """Take over a peer's whole list, page by page; what it no longer lists is dropped."""
        url = peer.endpoints.get(("tokens", SENDER))
        if url is None:
            return
        listed: set[tuple[str, str]] = set()
        try:
            async for got in self._peers.client.get_all(peer, url, "tokens", gives="token"):
                self._take(peer, got)
                token = got.obj if isinstance(got.obj, dict) else {}
                # One that cannot be used is on the list nevertheless: what is known of it stays.
                if isinstance(token.get("uid"), str) and isinstance(token.get("type"), str):
                    listed.add((token["uid"], token["type"]))
        except OcpiCallFailed as error:
            self._peers.event("tokens.not_pulled", peer, problem=str(error))
            return
        dropped = self._book.tokens.keep_only(peer.id, listed)
        self._peers.event("tokens.pulled", peer, count=len(listed), dropped=dropped)

    def _take(self, peer: Connection, got: Got) -> None:
        """Keep a token of a list, if it can be used."""
        told = received(got.raw, VERSIONS[peer.version or "2.2.1"], peer)
        if told.problems:
            problems = [problem.message for problem in told.problems]
            self._peers.event("token.unusable", peer, seen=got.raw, problems=problems)
            return
        self._tell_quirk(peer, told)
        self._book.tokens.put(peer.id, told.require())

    # Asked about

    async def ask(
        self,
        connection_id: str,
        uid: str,
        kind: str,
        known: Known | None,
        place: Object,
        session: str | None,
        timeout_s: float | None = None,
    ) -> Answer | Silence:
        """Ask a peer in real time (2.2.1 mod_tokens, POST authorize), naming the place.

        A token that it has sent is named as it was sent, whatever the station's spelling.
        """
        peer = self._peers.get(connection_id)
        url = peer.endpoints.get(("tokens", SENDER)) if peer else None
        if peer is None or url is None:
            return Silence(connection_id, "no tokens endpoint")
        if known is not None:
            uid, kind = known.token["uid"], known.token["type"]
        elif kind == "EMAID":
            uid, kind = _named(uid)
        answer = await self._peers.client.exchange(
            peer,
            "POST",
            join_url(url, uid, "authorize"),
            module="tokens",
            body=place,
            takes="location_references",
            gives="authorization_info",
            query={"type": kind},
            session=session,
            timeout_s=self._peers.config.authorization_timeout_s
            if timeout_s is None
            else timeout_s,
        )
        if answer.ok and isinstance(answer.data, dict):
            held = known.token if known else _unseen(peer, uid, kind)
            told = answer.data.get("token")
            token = {**held, **told} if isinstance(told, dict) else held
            if known is not None:
                token |= {"uid": uid, "type": kind}
            return Answer(connection_id, {**answer.data, "token": token})
        if answer.status_code == 2004 or (answer.http_status == 404 and answer.envelope):
            return Answer(connection_id, None)
        problem = f"{answer.failure}: {answer.message}" if answer.failure else "no data"
        return Silence(connection_id, problem)


def _named(contract: str) -> tuple[str, str]:
    """The uid and type of a contract that nobody has sent: as Plugsurfing names those it sends.

    With dashes and check digit; OTHER, since TokenType has no EMAID before 2.3.
    """
    emaid = parse_emaid(contract)
    if emaid is None:
        return contract, "OTHER"
    digit = emaid.check_digit or emaid.expected_check_digit
    return replace(emaid, check_digit=digit).dashed(), "OTHER"


def _unseen(peer: Connection, uid: str, kind: str) -> Object:
    """What is known of a token that its eMSP allows and does not show (2.1.1 has none there)."""
    party = peer.their_party or Party("", "")
    return {
        "country_code": party.country_code,
        "party_id": party.party_id,
        "uid": uid,
        "type": kind,
        "contract_id": uid,
    }
