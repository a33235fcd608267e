"""From a request to its verdict: the rules over the raw wire, the findings told, the answer chosen.

Rule: judged is what came on the wire; kept is the canonical object without what was dropped. No
handler asks for a version: that is the codec's and the rule table's affair.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mock_peer import rules
from mock_peer.book import Book
from mock_peer.known import Known
from mock_peer.raw import remove
from mock_peer.rule import V221, Context, Finding, Occasion, Severity
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.codec import Around
from simulator.ocpi.connection import Connection
from simulator.ocpi.envelope import InvalidParameters, Json, MethodNotAllowed, OcpiError
from simulator.ocpi.exchange import Ctx, Result
from simulator.ocpi.headers import Party

# Segments of a URL that name the object's owner. The server's own names for them would make it
# refuse a foreign owner before the rules have seen the request.
OWNER = "{owner_country}/{owner_party}"
_OWNER_FIELDS = {"owner_country": "country_code", "owner_party": "party_id"}


class Judge:
    """Judge the messages of one peer's connections, over its book."""

    def __init__(self, book: Book, *, clock: Clock, journal: Journal, actor: str) -> None:
        self.book = book
        self.clock = clock
        self.journal = journal
        self.actor = actor

    def context(
        self,
        connection: Connection,
        version: str,
        ids: Mapping[str, str] | None = None,
        *,
        seen_before: Json = None,
    ) -> Context:
        """What the rules may know of a connection's message."""
        return Context(
            version,
            self.clock.now(),
            self.book.known(connection),
            self.book.profile(connection),
            ids or {},
            seen_before,
        )

    def context_of(self, ctx: Ctx) -> Context:
        """What the rules may know of a request, whether its sender is known or not."""
        version = ctx.used.number if ctx.used else V221
        if ctx.stored is not None:
            return self.context(ctx.stored, version)
        return Context(version, self.clock.now(), Known(), self.book.default_profile)

    def unsupported(self, ctx: Ctx, instead: str) -> OcpiError:
        """The 405 for a request that is not taken: it names the rule, and what to send instead."""
        head = {"module": ctx.module, "method": ctx.method, "refused": instead}
        found = rules.evaluate(Occasion.REQUEST, head, self.context_of(ctx))
        tell(ctx, found)
        if (refused := refusing(found)) is not None:
            return refusal(refused)
        return MethodNotAllowed(f"{ctx.method} is not taken here: {instead}")

    def request(
        self, ctx: Ctx, occasion: Occasion, *, seen_before: Json = None, **ids: str
    ) -> Finding | None:
        """Judge a request's body, tell the findings, drop what they drop from it; returns the one
        that refuses it.
        """
        named = {_OWNER_FIELDS.get(name, name): value for name, value in ctx.params.items()}
        context = self.context(
            ctx.connection, ctx.version.number, {**named, **ids}, seen_before=seen_before
        )
        found: list[Finding] = []
        if "owner_party" in ctx.params:
            found += rules.evaluate(Occasion.OWNER, named, context)
        found += rules.evaluate(occasion, ctx.json, context)
        tell(ctx, found)
        remove(ctx.json, [f.pointer for f in found if f.removes and f.pointer])
        return refusing(found)

    def refuse(self, ctx: Ctx, finding: Finding) -> Result:
        """Answer what a rule refuses: by the rule's error (raised), or in silent mode by 1000."""
        if self.book.profile(ctx.connection).strict:
            raise refusal(finding)
        return Result()

    def pulled(
        self,
        connection: Connection,
        occasion: Occasion,
        body: Json,
        message_seq: int | None,
        *,
        seen_before: Json = None,
    ) -> list[Finding]:
        """Judge an object that we pulled, and tell the findings."""
        version = connection.version or ""
        context = self.context(connection, version, seen_before=seen_before)
        found = rules.evaluate(occasion, body, context)
        self.tell_apart(connection, found, message_seq)
        remove(body, [f.pointer for f in found if f.removes and f.pointer])
        return found

    def tell_apart(
        self, connection: Connection, findings: Iterable[Finding], message_seq: int | None
    ) -> None:
        """Tell findings about what no request of the other side brought."""
        for f in findings:
            self.journal.finding(
                self.actor,
                connection.peer,
                None,
                rule=f.rule,
                severity=f.severity.value,
                pointer=f.pointer,
                seen=f.seen,
                expected=f.expected,
                message_seq=message_seq,
                objects=f.objects,
            )

    def canonical(
        self, ctx: Ctx, kind: str, id_name: str, param: str, *, partial: bool = False
    ) -> dict[str, Any]:
        """The body as a canonical object that carries the id of its URL.

        Raises InvalidParameters where it is no object, whatever rules are switched off.
        """
        if not isinstance(ctx.json, dict):
            raise InvalidParameters(f"expected a JSON object, the {kind}")
        owner = Party(ctx.params.get("owner_country", ""), ctx.params.get("owner_party", ""))
        sender = owner if all(owner) else ctx.connection.their_party
        around = Around(sender, ctx.connection.our_party)
        body = ctx.version.codec.from_wire(kind, ctx.json, around, partial=partial)
        if not partial and not isinstance(body.get(id_name), str):
            body = {**body, id_name: ctx.params[param]}
        return dict(body)


def tell(ctx: Ctx, findings: Iterable[Finding]) -> None:
    """Put findings on the exchange that they were seen in."""
    for f in findings:
        ctx.find(f.rule, f.severity.value, f.pointer, f.seen, f.expected, f.objects)


def refusing(findings: Iterable[Finding]) -> Finding | None:
    """The first finding that refuses the message."""
    return next((f for f in findings if f.severity is Severity.REJECT), None)


def refusal(finding: Finding) -> OcpiError:
    """The strict answer to a finding: the rule's codes, and a message that names it."""
    row = rules.rule(finding.rule)
    status = finding.status or row.status
    return OcpiError(str(finding), status_code=status, http_status=row.http_status)
