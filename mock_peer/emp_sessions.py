"""Sessions as a CPO pushes them, and the results of the commands that Plugsurfing sent."""

from __future__ import annotations

from mock_peer import raw
from mock_peer.judging import OWNER, Judge
from mock_peer.known import owned_key
from mock_peer.rule import V22X, Occasion
from simulator.ocpi.connection import RECEIVER, SENDER
from simulator.ocpi.envelope import InvalidParameters, MethodNotAllowed, NotFound
from simulator.ocpi.exchange import Ctx, Result, Route

_SESSION = f"{OWNER}/{{session_id}}"


class Sessions:
    """The receiver interface of the sessions module; not offered in 2.1.1."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._book = judge.book

    def routes(self) -> list[Route]:
        """The rows of the module."""
        return [
            Route("sessions", RECEIVER, "PUT", _SESSION, self.put, versions=V22X),
            Route("sessions", RECEIVER, "PATCH", _SESSION, self.patch, versions=V22X),
        ]

    def refusals(self) -> list[Route]:
        """What is known and not taken."""
        paths = ("{session_id}/charging_preferences", f"{_SESSION}/charging_preferences")
        return [
            Route("sessions", RECEIVER, "PUT", path, self.preferences, versions=V22X)
            for path in paths
        ]

    async def put(self, ctx: Ctx) -> Result:
        """Keep a session; its charging periods replace the known ones (2.2.1 mod_sessions, PUT)."""
        follow(self._judge, ctx)
        if refused := self._judge.request(ctx, Occasion.SESSION):
            return self._judge.refuse(ctx, refused)
        body = self._judge.canonical(ctx, "session", "id", "session_id")
        session = {**_owner(ctx), **body}
        return Result(created=self._book.put_session(ctx.connection, session))

    async def patch(self, ctx: Ctx) -> Result:
        """Change a session's fields; charging periods are added (2.2.1 mod_sessions, PATCH)."""
        follow(self._judge, ctx)
        if refused := self._judge.request(ctx, Occasion.SESSION_PATCH):
            return self._judge.refuse(ctx, refused)
        name = ctx.params["session_id"]
        key = owned_key({**_owner(ctx), "id": name})
        before = self._book.known(ctx.connection).sessions.get(key)
        if before is None:
            raise InvalidParameters(f"session {name} was not PUT before")
        change = self._judge.canonical(ctx, "session", "id", "session_id", partial=True)
        periods = [
            *raw.items(before, "/charging_periods"),
            *raw.items(change, "/charging_periods"),
        ]
        added = {"charging_periods": periods} if periods else {}
        kept = {name: before[name] for name in ("id", "country_code", "party_id")}
        whole = {**before, **change, **kept, **added}
        self._book.put_session(ctx.connection, whole)
        return Result()

    async def preferences(self, ctx: Ctx) -> Result:
        """Refuse charging preferences (HTTP 405): Plugsurfing neither takes nor sends them."""
        self._judge.request(ctx, Occasion.PREFERENCES)
        raise MethodNotAllowed("session.no-preferences: charging preferences are not supported")


def _owner(ctx: Ctx) -> dict[str, str]:
    """Whose session the URL names."""
    return {
        "country_code": ctx.params["owner_country"],
        "party_id": ctx.params["owner_party"],
    }


class CommandResults:
    """The sender interface of the commands module: where CPOs tell what became of a command."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def routes(self) -> list[Route]:
        """The row of the module."""
        path = "{command}/{command_id}"
        return [Route("commands", SENDER, "POST", path, self.post, versions=V22X)]

    async def post(self, ctx: Ctx) -> Result:
        """Keep the result of a command that we sent."""
        book = self._judge.book
        command = book.command(ctx.params["command_id"])
        if command is None or command["connection"] != ctx.connection.id:
            raise NotFound(f"no command {ctx.params['command_id']} was sent")
        ctx.session = ctx.session or self._judge.journal.session_of(f"command/{command['id']}")
        if refused := self._judge.request(ctx, Occasion.COMMAND_RESULT):
            return self._judge.refuse(ctx, refused)
        command["result"] = self._judge.canonical(ctx, "command_result", "result", "command")
        book.put_command(command)
        self._judge.journal.event(
            self._judge.actor,
            "peer.command-result",
            peer=ctx.connection.peer,
            session=ctx.session,
            command=command["command"],
            command_id=command["id"],
            result=command["result"]["result"],
        )
        return Result()


def follow(judge: Judge, ctx: Ctx) -> None:
    """Find the plug-in session that a message belongs to, where its head did not tell."""
    if ctx.session is None:
        reference = raw.text(ctx.json, "/authorization_reference")
        session = raw.text(ctx.json, "/session_id") or raw.text(ctx.json, "/id")
        ctx.session = judge.journal.session_of(
            reference and f"authorization/{reference}", session and f"session/{session}"
        )
