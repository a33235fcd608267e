"""What the simulated EMP offers: tokens to ask about, and places for sessions, CDRs and results.

Rule: a message that came before is answered as the first time; bad behaviour is asked for in
`emp_answers` and nowhere else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from mock_peer import raw
from mock_peer.emp_answers import EmpAnswers
from mock_peer.emp_book import EmpBook
from mock_peer.emp_judging import EmpJudge
from mock_peer.judging import tell
from mock_peer.rule import Occasion
from simulator.kernel.chance import Chance
from simulator.kernel.journal import Journal
from simulator.ocpi.connection import RECEIVER, SENDER
from simulator.ocpi.envelope import InvalidParameters, NotFound, OcpiError, UnknownToken
from simulator.ocpi.exchange import Ctx, Result, Route
from simulator.ocpi.paging import window
from simulator.wire.http import Headers, Response

ACTOR = "emp"
SILENCE_S = 120.0
# The owner of a session is the CPO behind Roam, and no party of the connection.
_SESSION = "{owner_country}/{owner_party}/{session_id}"


class Receiving:
    """The routes of the simulated EMP. `cdr_url` tells where a CDR is."""

    def __init__(
        self,
        book: EmpBook,
        answers: EmpAnswers,
        *,
        judge: EmpJudge,
        chance: Chance,
        journal: Journal,
        actor: str,
        cdr_url: Callable[[str], str],
    ) -> None:
        self._book = book
        self._answers = answers
        self._judge = judge
        self._chance = chance.child("references")
        self._journal = journal
        self._actor = actor
        self._cdr_url = cdr_url
        self.arrived = asyncio.Event()  # set with each result of a command

    def routes(self) -> list[Route]:
        """Every request that it takes."""
        return [
            Route("tokens", SENDER, "GET", "", self.list_tokens),
            Route("tokens", SENDER, "POST", "{token_uid}/authorize", self.authorize, optional=True),
            Route("sessions", RECEIVER, "GET", _SESSION, self.get_session),
            Route("sessions", RECEIVER, "PUT", _SESSION, self.put_session, takes="session"),
            Route("sessions", RECEIVER, "PATCH", _SESSION, self.patch_session, takes="session"),
            Route("cdrs", RECEIVER, "POST", "", self.post_cdr, takes="cdr"),
            Route("cdrs", RECEIVER, "GET", "{cdr_id}", self.get_cdr),
            Route("commands", SENDER, "POST", "{command}/{command_id}", self.command_result),
        ]

    # Tokens

    async def list_tokens(self, ctx: Ctx) -> Result:
        """The tokens, for a CPO that pulls; Roam does not."""
        return ctx.listing(window(self._book.tokens.values(), ctx.page()))

    async def authorize(self, ctx: Ctx) -> Result:
        """Say whether a token may be used. Raises UnknownToken (404, 2004)."""
        uid, token_type = ctx.params["token_uid"], ctx.query.get("type", "RFID")
        token = self._book.tokens.get((uid.casefold(), token_type))
        if token is None:
            raise UnknownToken(f"no token {uid} of type {token_type}", http_status=404)
        verdict = self._answers.verdict(uid)
        if verdict.manner == "silence":
            return Result(closed=True, delay_s=SILENCE_S)
        if verdict.manner == "error":
            raise OcpiError("an error that was asked for", status_code=3000, http_status=500)
        ctx.notes["garbage"] = verdict.manner == "garbage"
        allowed: str = verdict.allowed if token["valid"] else "BLOCKED"
        if not self._answers.unknown_locations and not self._is_known(ctx):
            allowed = "NOT_ALLOWED"
        info: dict[str, Any] = {"allowed": allowed, "token": token}
        if allowed == "ALLOWED":
            info["authorization_reference"] = self._chance.uuid4()
            if isinstance(ctx.json, dict):
                info["location"] = ctx.json
        self._tell(ctx, "emp.authorized", token=uid, allowed=allowed)
        return Result(info, delay_s=verdict.delay_s)

    def _is_known(self, ctx: Ctx) -> bool:
        return (raw.key(ctx.json, "/location_id") or "") in self._book.locations

    async def spoil(self, ctx: Ctx, response: Response) -> Response:
        """Turn an answer into garbage where that was asked for."""
        if ctx.notes.get("garbage"):
            return Response(200, Headers({"Content-Type": "application/json"}), b'{"allowed": ')
        return response

    # Sessions

    async def get_session(self, ctx: Ctx) -> Result:
        """A session as it was pushed. Raises NotFound."""
        found = self._book.sessions.get(ctx.params["session_id"].casefold())
        if found is None:
            raise NotFound(f"no session {ctx.params['session_id']} was pushed")
        return Result(found)

    async def put_session(self, ctx: Ctx) -> Result:
        """A session at its start or end."""
        tell(ctx, self._judge.found(Occasion.ROAM_SESSION, {"method": "PUT", "body": ctx.json}))
        name = ctx.params["session_id"].casefold()
        created = name not in self._book.sessions
        self._book.sessions[name] = ctx.json
        status, kwh = raw.text(ctx.json, "/status"), raw.number(ctx.json, "/kwh")
        self._tell(ctx, "emp.session", id=ctx.params["session_id"], status=status, kwh=kwh)
        return Result(created=created)

    async def patch_session(self, ctx: Ctx) -> Result:
        """The energy of a session under way. Raises InvalidParameters, NotFound."""
        tell(ctx, self._judge.found(Occasion.ROAM_SESSION, {"method": "PATCH", "body": ctx.json}))
        if "last_updated" not in ctx.json:
            raise InvalidParameters("a PATCH tells its time", pointer="/last_updated")
        name = ctx.params["session_id"].casefold()
        if name not in self._book.sessions:
            raise NotFound(f"no session {ctx.params['session_id']} was pushed")
        self._book.sessions[name] = {**self._book.sessions[name], **ctx.json}
        kwh = raw.number(ctx.json, "/kwh")
        self._tell(ctx, "emp.session", id=ctx.params["session_id"], status="ACTIVE", kwh=kwh)
        return Result()

    # CDRs

    async def post_cdr(self, ctx: Ctx) -> Result:
        """A CDR: priced again, and answered HTTP 200, which is all that ends Roam's delivery."""
        answers = self._answers
        if answers.cdr_http_status == 0:
            return Result(closed=True)
        if (answers.cdr_http_status, answers.cdr_status_code) != (200, 1000):
            return Result(status_code=answers.cdr_status_code, http_status=answers.cdr_http_status)
        name = raw.text(ctx.json, "/id")
        if name is None:
            raise InvalidParameters("expected a CDR with an id", pointer="/id")
        before = self._book.cdrs.get(name.casefold())
        if before is not None and before != ctx.json:
            raise InvalidParameters(f"CDR {name} came before, with other content", pointer="/id")
        if before is None:
            self._take_cdr(ctx, name)
        return Result(http_status=200, headers={"Location": self._cdr_url(name)})

    def _take_cdr(self, ctx: Ctx, name: str) -> None:
        tell(ctx, self._judge.found(Occasion.ROAM_CDR, {"body": ctx.json}))
        self._book.cdrs[name.casefold()] = ctx.json
        bill = self._book.bills[name.casefold()] = self._book.check(ctx.json)
        self._tell(
            ctx,
            "emp.cdr",
            cdr=name,
            currency=raw.text(ctx.json, "/currency"),
            asked=bill.asked,
            right=bill.right,
            agrees=bill.agrees,
            why=bill.why,
        )

    async def get_cdr(self, ctx: Ctx) -> Result:
        """A CDR by its Location. Raises NotFound."""
        found = self._book.cdrs.get(ctx.params["cdr_id"].casefold())
        if found is None:
            raise NotFound(f"no CDR {ctx.params['cdr_id']} was posted")
        return Result(found)

    # Commands

    async def command_result(self, ctx: Ctx) -> Result:
        """What became of a command. Raises NotFound for one that was never sent."""
        command_id = ctx.params["command_id"]
        if command_id not in self._book.results:
            raise NotFound(f"no command {command_id} was sent")
        self._book.results[command_id] = ctx.json if isinstance(ctx.json, dict) else {}
        result = raw.text(ctx.json, "/result")
        self._tell(ctx, "emp.command-result", command=ctx.params["command"], result=result)
        self.arrived.set()
        return Result()

    def _tell(self, ctx: Ctx, what: str, **data: Any) -> None:
        peer = ctx.connection.peer
        self._journal.event(self._actor, what, peer=peer, session=ctx.session, **data)
