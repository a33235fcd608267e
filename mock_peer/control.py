"""The control API under `/_mock/`: what a CPO developer, a test or a world asks of the peer.

Rule: the table `operations` is all there is; each row is one small function. Bad input is answered
400 with the place, and nothing here raises past its own answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

from mock_peer import control_shapes as shapes
from mock_peer.active import Active, Refused
from mock_peer.book import Book
from mock_peer.control_views import Views
from mock_peer.operation import Call, Operation
from mock_peer.profile import Profile, ProfileError, parse
from mock_peer.rules import RULES
from mock_peer.seeds import Seeds
from mock_peer.settings import Answers
from mock_peer.strict import StrictError, decode
from simulator.mistakes import did_you_mean
from simulator.ocpi.connection import Connection
from simulator.ocpi.envelope import OcpiError, write_json
from simulator.ocpi.registration import Registrar
from simulator.wire.http import Headers, PathTable, Request, Response

PREFIX = "/_mock"


class ControlError(Exception):
    """A request that cannot be served: HTTP status, message, and the place in the body; `more`
    are further fields of the answer.
    """

    def __init__(self, status: int, message: str, pointer: str = "", **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.error = shapes.Error(error=message, pointer=pointer, **more)


class Control:
    """Serve the control API of one peer."""

    def __init__(
        self,
        *,
        active: Active,
        registrar: Registrar,
        views: Views,
        seeds: Seeds,
        more: Sequence[Operation] = (),
    ) -> None:
        self._more = tuple(more)
        self._active = active
        self._registrar = registrar
        self._views = views
        self._seeds = seeds
        self._book = views.book
        self._clock = views.clock
        self._journal = views.journal
        self._tasks: set[asyncio.Task[None]] = set()
        self._table: PathTable[Operation] = PathTable()
        for row in self.operations():
            self._table.add(row.method, f"{PREFIX}{row.path}", row)
        self._table.add(
            "GET",
            f"{PREFIX}/openapi.json",
            Operation("GET", "/openapi.json", "", None, shapes.Done, self._openapi),
        )

    def operations(self) -> tuple[Operation, ...]:
        """The table."""
        s, after = shapes, {"after": "only what comes after this number"}
        return (
            Operation("GET", "/connections", "All connections, and the token A for the next one.",
                      None, s.Connections, self.connections),
            Operation("POST", "/connections", "Connect a CPO without a handshake.",
                      s.NewConnection, s.ConnectionView, self.connect),
            Operation("PUT", "/connections/{id}/profile", "Change what was agreed with a CPO.",
                      s.NewProfile, s.ConnectionView, self.change_profile),
            Operation("DELETE", "/connections/{id}", "End a connection: DELETE credentials there.",
                      None, s.Ended, self.disconnect),
            Operation("POST", "/connections/{id}/pull", "Pull a CPO's lists now.",
                      s.Pull, s.Pulled, self.pull, optional=True),
            Operation("POST", "/register", "Let the peer begin the handshake.",
                      s.Registration, s.ConnectionView, self.register),
            Operation("GET", "/findings", "The broken rules, oldest first.",
                      None, s.Findings, self.findings, after),
            Operation("GET", "/journal", "What was said and decided, oldest first.",
                      None, s.JournalPart, self.journal, after),
            Operation("GET", "/state", "All that the peer holds.", None, s.State, self.state),
            Operation("GET", "/rules", "The rule table.", None, s.Rules, self.rules),
            Operation("GET", "/authorizations", "What real-time authorization answers.",
                      None, Answers, self.answers),
            Operation("PUT", "/authorizations", "Set what real-time authorization answers.",
                      Answers, Answers, self.set_answers),
            Operation("DELETE", "/authorizations", "Answer by the rules alone again.",
                      None, Answers, self.reset_answers),
            Operation("POST", "/reset", "Forget all that CPOs told.",
                      s.Reset, s.Done, self.reset, optional=True),
            *self._more,
        )  # fmt: skip

    async def handle(self, request: Request) -> Response:
        """Answer one request."""
        try:
            given = await self._serve(request)
        except ControlError as error:
            return _respond(error.status, error.error)
        return _respond(200, given)

    async def _serve(self, request: Request) -> Any:
        if request.too_long is not None:
            raise ControlError(413, f"the body is longer than {request.too_long} bytes")
        match = self._table.match(request.method, request.path)
        if match is None:
            known = self._table.methods(request.path)
            if known:
                offered = ", ".join(known)
                raise ControlError(405, f"{request.method} is not offered here; {offered} is")
            raise ControlError(404, f"nothing is at {request.path}; see {PREFIX}/openapi.json")
        row = match.row
        body = None
        if row.takes is not None:
            content = request.body if request.body.strip() or not row.optional else b"{}"
            try:
                body = decode(content, row.takes)
            except StrictError as error:
                raise ControlError(400, error.problem, error.pointer) from error
        for name in request.query:
            if name not in row.query:
                raise ControlError(400, f"no query parameter '{name}' is known here")
        return await row.handler(Call(match.params, request.query, body))

    async def stop(self) -> None:
        """Cancel what still follows answers."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # Connections

    async def connections(self, call: Call) -> shapes.Connections:
        """All connections."""
        return self._views.connections(self._active.invite())

    async def connect(self, call: Call) -> shapes.ConnectionView:
        """Connect a CPO without a handshake."""
        wanted: shapes.NewConnection = call.body
        check_version(wanted.version, self._registrar.platform.versions)
        if self._book.by_token(wanted.our_token) is not None:
            raise ControlError(409, "a connection uses this token already", "/our_token")
        connection = self._with_profile(self._active.new_connection(), wanted.profile)
        connection.token_in, connection.token_out = wanted.our_token, wanted.their_token
        connection.version, connection.registered = wanted.version, True
        connection.our_roles = [dict(role) for role in self._registrar.platform.roles]
        problem = None
        if wanted.their_versions_url is not None:
            connection.versions_url = wanted.their_versions_url
            problem = await self._discover(connection)
        self._book.save(connection)
        if connection.endpoints:
            self._spawn(self._active.settled(connection))
        return self._views.connection(connection, problem)

    async def _discover(self, connection: Connection) -> str | None:
        """Read the CPO's endpoints; returns why that failed, where it did."""
        try:
            found = await self._registrar.discover(connection, (connection.version or "",))
        except OcpiError as error:
            return error.message
        connection.endpoints = found.endpoints
        if found.token_form != found.version.token_form:
            connection.token_form = found.token_form
        return None

    async def disconnect(self, call: Call) -> shapes.Ended:
        """End a connection, whatever the CPO answers."""
        try:
            answer = await self._active.unregister(connection_of(self._book, call.params["id"]))
        except Refused as error:
            raise ControlError(409, str(error)) from error
        return shapes.Ended(problem=None if answer.ok else answer.message)

    async def pull(self, call: Call) -> shapes.Pulled:
        """Pull a CPO's lists."""
        connection = connection_of(self._book, call.params["id"])
        pulled = await self._active.pulling.pull(connection, call.body.modules)
        if pulled.failures:
            problem = "; ".join(pulled.failures)
            raise ControlError(502, f"the pull failed: {problem}", kept=pulled.kept)
        return shapes.Pulled(kept=pulled.kept, absent=pulled.absent)

    async def register(self, call: Call) -> shapes.ConnectionView:
        """Begin the handshake."""
        wanted: shapes.Registration = call.body
        if wanted.version is not None:
            check_version(wanted.version, self._registrar.platform.versions)
        connection = self._with_profile(self._active.new_connection(), wanted.profile)
        connection.versions_url, connection.token_out = wanted.versions_url, wanted.token_a
        try:
            await self._active.register(connection, wanted.version)
        except Refused as error:
            raise ControlError(502, str(error)) from error
        self._spawn(self._active.settled(connection))
        return self._views.connection(connection)

    async def change_profile(self, call: Call) -> shapes.ConnectionView:
        """Change a connection's profile: fields left out stay as they are."""
        connection = connection_of(self._book, call.params["id"])
        self._with_profile(connection, call.body.profile, self._book.profile(connection))
        self._book.save(connection)
        return self._views.connection(connection)

    def _with_profile(
        self, connection: Connection, profile: Any, base: Profile | None = None
    ) -> Connection:
        if profile is not None:
            try:
                told = parse(profile, base=base or self._book.default_profile)
            except ProfileError as error:
                raise ControlError(400, error.problem, f"/profile{error.pointer}") from error
            connection.extra["profile"] = told.to_json()
        return connection

    # Reading

    async def findings(self, call: Call) -> shapes.Findings:
        """The broken rules."""
        return self._views.findings(_after(call))

    async def journal(self, call: Call) -> shapes.JournalPart:
        """The journal."""
        records = self._journal.since(_after(call))
        return shapes.JournalPart(records=records, last=self._journal.seq)

    async def state(self, call: Call) -> shapes.State:
        """All that the peer holds."""
        return self._views.state(self._active.invite())

    async def rules(self, call: Call) -> shapes.Rules:
        """The rule table."""
        return shapes.Rules(rules=[self._views.rule(rule) for rule in RULES])

    # Authorizations

    async def answers(self, call: Call) -> Answers:
        """What real-time authorization answers."""
        return self._book.answers

    async def set_answers(self, call: Call) -> Answers:
        """Set it."""
        self._book.set_answers(call.body, self._clock.now())
        return self._book.answers

    async def reset_answers(self, call: Call) -> Answers:
        """Answer by the rules alone again."""
        self._book.set_answers(Answers(), self._clock.now())
        return self._book.answers

    async def reset(self, call: Call) -> shapes.Done:
        """Forget."""
        wanted: shapes.Reset = call.body
        if wanted.connections:
            for connection in self._book.all():
                self._registrar.end(connection)
        self._book.forget()
        if wanted.tokens:
            self._book.forget_tokens()
            self._seeds.plant(self._book, self._clock.now())
        self._book.set_answers(Answers(), self._clock.now())
        self._active.invite()
        return shapes.Done()

    async def _openapi(self, call: Call) -> dict[str, Any]:
        from mock_peer.openapi import document

        return document(self.operations(), PREFIX)

    def _spawn(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            try:
                await work
            except Exception as error:
                self._journal.event(
                    self._active.actor, "peer.failed", error=f"{type(error).__name__}: {error}"
                )

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def connection_of(book: Book, connection_id: str | None) -> Connection:
    """The registered connection of that id, else the newest one. Raises ControlError (404)."""
    registered = [c for c in book.all() if c.registered]
    if connection_id is None and registered:
        return registered[-1]
    for connection in registered:
        if connection.id == connection_id:
            return connection
    known = ", ".join(c.id for c in registered) or "none"
    raise ControlError(404, f"no such connection; registered: {known}", "/connection")


def check_version(version: str, offered: Sequence[str]) -> None:
    """Refuse a version that the peer does not offer. Raises ControlError (400)."""
    if version not in offered:
        near = did_you_mean(version, offered)
        message = f"expected one of {', '.join(offered)}, not '{version}'.{near}"
        raise ControlError(400, message, "/version")


def _after(call: Call) -> int:
    text = call.query.get("after", "0")
    if not text.isdecimal() or len(text) > 18:
        raise ControlError(400, f"after: expected a whole number, not '{text}'")
    return int(text)


def _respond(status: int, given: Any) -> Response:
    body = write_json(given)
    return Response(status, Headers({"Content-Type": "application/json"}), body)
