"""The counter where tokens are shown: the book, the peers, and the pure decision between them.

Rule: one showing, one question. What was decided when the card was held up serves the transaction
that follows, and a command's grant serves the card for 15 minutes (OCPI 2.2.1 mod_commands).
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from simulator.cpo import authorize
from simulator.cpo.authorize import CONTRACT, TOKEN_TYPES, Ask, Decision, Policy, Request
from simulator.cpo.common import ACTOR, Common
from simulator.cpo.peers import Peers
from simulator.cpo.roaming_tokens import RoamingTokens
from simulator.ocpi.connection import SENDER, Connection, party_of
from simulator.ocpi.headers import Party
from simulator.pki.emaid import parse_emaid


class Counter:
    """Decide about tokens shown at stations."""

    def __init__(self, common: Common, peers: Peers, tokens: RoamingTokens) -> None:
        self._config = common.config
        self._book = common.book
        self._sites = common.sites
        self._clock = common.clock
        self._journal = common.journal
        self._peers = peers
        self._tokens = tokens

    async def show(
        self,
        station_id: str,
        uid: str,
        *,
        id_type: str | None = None,
        evse_id: int | None = None,
        starting: bool = False,
        offline_at: datetime | None = None,
        session: str | None = None,
        within_s: float | None = None,
    ) -> Decision:
        """Decide about a token shown at a station; what is allowed is kept for its transaction.

        `id_type` is 2.0.1's IdTokenEnumType; `starting`: a transaction begins with it;
        `offline_at`: it began then, when the station had no connection, and is told only now;
        `within_s`: who waits has no longer than that.
        """
        now = self._clock.now()
        types = TOKEN_TYPES.get(id_type, TOKEN_TYPES[None])
        offline = offline_at is not None
        request = Request(uid, now, self._sites.evse_uids(station_id, evse_id), offline)
        known = self._book.tokens.find(uid, types)
        granted = self._book.tokens.granted(station_id, uid, offline_at or now)
        if granted is not None and not starting and granted.method != "COMMAND":
            granted = None  # shown again: another use, another question
        blocked = self._book.tokens.is_blocked(uid)
        policy = self._policy(uid if id_type == CONTRACT else None)
        step = authorize.plan(request, known, policy, grant=granted, blocked=blocked)
        if isinstance(step, Ask):
            step = await self._ask(station_id, request, step, types[0], session, within_s)
        if step.allowed and step is not granted:
            until = authorize.fresh_until(step, self._config.authorization_ttl_s)
            self._book.tokens.grant(station_id, uid, step, until)
        elif not step.allowed:
            self._book.tokens.use_up(station_id, uid)
        self._tell(station_id, step, session)
        return step

    def grant(self, station_id: str, decision: Decision) -> str:
        """Keep what a command grants; returns the tag that the station will show."""
        tag = authorize.tag(decision.uid)
        until = authorize.fresh_until(decision, self._config.authorization_ttl_s)
        for uid in dict.fromkeys((decision.uid, tag)):
            self._book.tokens.grant(station_id, uid, decision, until)
        return tag

    def refuse(self, station_id: str, decision: Decision, session: str | None) -> None:
        """Keep a refusal as a decision is kept: who begins nevertheless is not asked about anew."""
        until = authorize.fresh_until(decision, self._config.authorization_ttl_s)
        self._book.tokens.grant(station_id, decision.uid, decision, until)
        self._tell(station_id, decision, session)

    def withdraw(self, station_id: str, decision: Decision) -> None:
        """A command came to nothing, and so does what it granted."""
        for uid in (decision.uid, authorize.tag(decision.uid)):
            self._book.tokens.use_up(station_id, uid)

    def begun(self, station_id: str, decision: Decision, trace: str) -> None:
        """A transaction has begun on this decision: a real-time answer serves no second one."""
        if decision.method != "COMMAND":
            self._book.tokens.use_up(station_id, decision.uid)
        if decision.reference is not None:
            self._journal.link(f"authorization/{decision.reference}", trace)

    def group_of(self, uid: str) -> str | None:
        """The group of a token that a peer has sent."""
        known = self._book.tokens.find(uid, TOKEN_TYPES[None])
        return known.token.get("group_id") if known else None

    def _policy(self, contract: str | None) -> Policy:
        """Whom to ask about what nobody has sent: all, or those whose contract it must be."""
        peers: list[Connection] = []
        if self._config.ask_about_unknown_tokens:
            peers = self._peers.offering("tokens", SENDER)
        emaid = parse_emaid(contract) if contract is not None else None
        if emaid is not None:
            issuer = Party(emaid.country, emaid.provider)
            peers = [p for p in peers if _is(p, issuer)] or peers
        return Policy(self._config.prefer_realtime, tuple(peer.id for peer in peers))

    async def _ask(
        self,
        station_id: str,
        request: Request,
        ask: Ask,
        kind: str,
        session: str | None,
        within_s: float | None,
    ) -> Decision:
        entry = self._sites.stations[station_id]
        place = {"location_id": entry.location_id, "evse_uids": list(request.evse_uids)}
        limit_s = self._config.authorization_timeout_s
        timeout_s = limit_s if within_s is None else min(limit_s, within_s)
        outcomes = await asyncio.gather(
            *(
                self._tokens.ask(peer, request.uid, kind, ask.known, place, session, timeout_s)
                for peer in ask.connections
            )
        )
        return authorize.conclude(request, ask, outcomes)

    def _tell(self, station_id: str, decision: Decision, session: str | None) -> None:
        if decision.reference is not None and session is not None:
            self._journal.link(f"authorization/{decision.reference}", session)
        peer = self._peers.get(decision.connection_id)
        self._journal.event(
            ACTOR,
            "authorization.decided",
            peer=f"station/{station_id}",
            session=session,
            uid=decision.uid,
            verdict=decision.verdict.value,
            why=decision.why,
            method=decision.method,
            emsp=peer.peer if peer else None,
            reference=decision.reference,
            interrupted=decision.interrupted,
        )


def _is(peer: Connection, party: Party) -> bool:
    return any(party.same(party_of(role)) for role in peer.their_roles)
