"""Judging at the Roam face: the rows of face B over the raw wire, told with their exchange.

Rule: as in `judging`; the organisation's switches stand in for a connection's profile.
"""

from __future__ import annotations

from collections.abc import Iterable

from mock_peer import rules
from mock_peer.judging import refusal, refusing, tell
from mock_peer.known import Known
from mock_peer.roam_book import RoamBook
from mock_peer.roam_facts import RoamFacts
from mock_peer.roam_organisation import Organisation
from mock_peer.rule import V221, Context, Finding, Occasion
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.connection import Connection
from simulator.ocpi.envelope import Json
from simulator.ocpi.exchange import Ctx

ACTOR = "roam"
_NOTHING_KNOWN = Known()


class RoamJudge:
    """Judge the messages between Roam and its EMPs."""

    def __init__(self, book: RoamBook, *, clock: Clock, journal: Journal) -> None:
        self.book = book
        self.clock = clock
        self.journal = journal

    def found(
        self,
        connection: Connection,
        occasion: Occasion,
        raw: Json,
        *,
        seen_before: Json = None,
    ) -> list[Finding]:
        """The findings about a message or object of an EMP's connection."""
        organisation = self.book.organisation(connection)
        context = Context(
            V221,
            self.clock.now(),
            _NOTHING_KNOWN,
            organisation.profile,
            seen_before=seen_before,
            memo={"roam": self._facts(connection, organisation)},
        )
        return rules.evaluate(occasion, raw, context)

    def _facts(self, connection: Connection, organisation: Organisation) -> RoamFacts:
        book = self.book
        taken = book.others_prefixes(connection)
        return RoamFacts(organisation, connection.id, book.ids, book.tokens, taken)

    def request(
        self, ctx: Ctx, occasion: Occasion, raw: Json, *, seen_before: Json = None
    ) -> Finding | None:
        """Judge a request, tell the findings; returns the one that refuses it, if any does."""
        found = self.found(ctx.connection, occasion, raw, seen_before=seen_before)
        tell(ctx, found)
        refused = refusing(found)
        strict = self.book.organisation(ctx.connection).strict
        return refused if strict else None

    def require(self, ctx: Ctx, occasion: Occasion, raw: Json, *, seen_before: Json = None) -> None:
        """Judge a request. Raises the OcpiError of the rule that refuses it."""
        refused = self.request(ctx, occasion, raw, seen_before=seen_before)
        if refused is not None:
            raise refusal(refused)

    def sent(
        self,
        connection: Connection,
        occasion: Occasion,
        raw: Json,
        *,
        message_seq: int | None,
        session: str | None = None,
    ) -> None:
        """Judge what went out to an EMP, or what it answered, and tell the findings."""
        found = self.found(connection, occasion, raw)
        tell_apart(self.journal, ACTOR, connection.peer, found, message_seq, session)


def tell_apart(
    journal: Journal,
    actor: str,
    peer: str,
    findings: Iterable[Finding],
    message_seq: int | None,
    session: str | None = None,
) -> None:
    """Tell findings about what no request of the other side brought."""
    for f in findings:
        journal.finding(
            actor,
            peer,
            session,
            rule=f.rule,
            severity=f.severity.value,
            pointer=f.pointer,
            seen=f.seen,
            expected=f.expected,
            message_seq=message_seq,
            objects=f.objects,
        )
