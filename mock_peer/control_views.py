"""What the control API shows of the book, as its answer types."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mock_peer import control_shapes as shapes
from mock_peer import raw
from mock_peer.book import Book, as_json
from mock_peer.rule import Face, Rule
from mock_peer.rules import BY_ID
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.client import Answer
from simulator.ocpi.connection import Connection, InterfaceRole
from simulator.ocpi.envelope import read_json
from simulator.ocpi.server import OcpiServer

# The modules and interface roles that the peer offers in a version.
Offers = Callable[[str], Iterable[tuple[str, InterfaceRole]]]


class Views:
    """Show a peer's book. Its clock and journal are here for whoever shows or changes it."""

    def __init__(
        self, book: Book, server: OcpiServer, offers: Offers, clock: Clock, journal: Journal
    ) -> None:
        self.book = book
        self.clock = clock
        self.journal = journal
        self._server = server
        self._offers = offers

    def connections(self, invited: Connection) -> shapes.Connections:
        """All registered connections."""
        shown = [self.connection(c) for c in self.book.all() if c.registered]
        return shapes.Connections(
            versions_url=self._server.versions_url,
            token_a=invited.token_in,
            connections=shown,
        )

    def connection(
        self, connection: Connection, problem: str | None = None
    ) -> shapes.ConnectionView:
        """One connection."""
        theirs = [
            shapes.Endpoint(identifier=module, role=role, url=url)
            for (module, role), url in sorted(connection.endpoints.items())
        ]
        return shapes.ConnectionView(
            id=connection.id,
            peer=connection.peer,
            version=connection.version,
            registered=connection.registered,
            versions_url=self._server.versions_url,
            endpoints=self._our_endpoints(connection.version),
            their_versions_url=connection.versions_url,
            their_endpoints=theirs,
            their_roles=connection.their_roles,
            profile=self.book.profile(connection).to_json(),
            problem=problem,
        )

    def _our_endpoints(self, version: str | None) -> list[shapes.Endpoint]:
        if version is None:
            return []
        return [
            shapes.Endpoint(
                identifier=module,
                role=role,
                url=self._server.endpoint_url(version, module, role),
            )
            for module, role in self._offers(version)
        ]

    def findings(self, after: int) -> shapes.Findings:
        """The findings after a number."""
        shown = [self._finding(finding) for finding in self.book.findings(after)]
        return shapes.Findings(findings=shown, last=shown[-1].number if shown else after)

    @staticmethod
    def _finding(finding: Mapping[str, Any]) -> shapes.FindingView:
        row = BY_ID[finding["rule"]]
        return shapes.FindingView(**finding, statement=row.statement, hint=row.hint)

    def state(self, invited: Connection) -> shapes.State:
        """All that is held."""
        return shapes.State(
            versions_url=self._server.versions_url,
            token_a=invited.token_in,
            tokens=list(self.book.tokens.all.values()),
            held=[self._held(c) for c in self.book.all() if c.registered],
            commands=self.book.commands(),
            findings=self.book.findings_made,
        )

    def _held(self, connection: Connection) -> shapes.Held:
        known = self.book.known(connection)
        locations = [home.body for home in known.locations.values() if not home.outside]
        tariffs = [body for name in known.tariffs if (body := known.tariff(name)) is not None]
        return shapes.Held(
            connection=connection.id,
            locations=locations,
            hidden_locations=[
                str(raw.at(body, "/id")) for body in locations if raw.at(body, "/publish") is False
            ],
            tariffs=tariffs,
            sessions=list(known.sessions.values()),
            cdrs=[read_json(body) for body in self.book.cdrs(connection)],
            refused_cdrs=[key for key, cdr in known.cdrs.items() if not cdr.accepted],
            authorizations=[as_json(verdict) for verdict in known.references.values()],
        )

    @staticmethod
    def pushed(connection: Connection, answer: Answer) -> shapes.Pushed:
        """What a CPO answered to a token."""
        return shapes.Pushed(
            connection=connection.id,
            http_status=answer.http_status,
            status_code=answer.status_code,
            problem=answer.message or None,
        )

    @staticmethod
    def rule(rule: Rule) -> shapes.RuleView:
        """A row of the rule table."""
        return shapes.RuleView(
            id=rule.id,
            face="A" if rule.face is Face.A else "B",
            versions=list(rule.versions),
            severity=rule.severity.value if rule.severity else None,
            statement=rule.statement,
            source=rule.source,
            hint=rule.hint,
            answer=rule.answers,
            judged=bool(rule.checks),
        )
