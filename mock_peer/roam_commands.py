"""Remote starts and stops by EMPs: ids turned back, sent on to the CPO, the result brought back.

Rule: the EMP gets the CPO's own answer; what Plugsurfing does not pass on it answers itself.
Source: Roam OCPI, commands module.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

from mock_peer import raw
from mock_peer.judging import refusal
from mock_peer.roam_checks_push import COMMANDS
from mock_peer.roam_ids import Kind, Origin
from mock_peer.roam_judging import RoamJudge
from mock_peer.roam_outbound import Outbound
from mock_peer.roam_tokens import Held, forwarded, lacking
from mock_peer.rule import Occasion
from simulator.ocpi.connection import RECEIVER, Connection
from simulator.ocpi.envelope import InvalidParameters, UnknownLocation
from simulator.ocpi.exchange import Ctx, Result, Route

NOT_SUPPORTED, REJECTED, UNKNOWN_SESSION = "NOT_SUPPORTED", "REJECTED", "UNKNOWN_SESSION"
ACCEPTED = "ACCEPTED"
# Told to the EMP where the CPO names none; a CPO's result may take as long as its own timeout.
DEFAULT_TIMEOUT_S = 30


class CpoSide(Protocol):
    """What the Roam face asks of Plugsurfing's other face."""

    async def forward_token(self, held: Held) -> None:
        """Push an EMP's token to every CPO."""

    async def withdraw_tokens(self, emp: Connection) -> None:
        """Make the tokens of an EMP that left invalid at every CPO."""

    async def command(
        self,
        emp: Connection,
        connection: str,
        name: str,
        request: Mapping[str, Any],
        session: str | None,
    ) -> Mapping[str, Any]:
        """Send an EMP's command to a CPO; returns {id, response}, in it `failure` if there is none.

        `request` may hold the EMP's own authorization_reference, which the CPO never sees.
        """

    async def result_of(self, command_id: str, timeout_s: float) -> Mapping[str, Any] | None:
        """The CPO's CommandResult, None if none came in time."""


class Commands:
    """The receiver interface of the commands module."""

    def __init__(self, judge: RoamJudge, outbound: Outbound, cpos: CpoSide) -> None:
        self._judge = judge
        self._outbound = outbound
        self._cpos = cpos

    def routes(self) -> list[Route]:
        """The row of the module."""
        return [Route("commands", RECEIVER, "POST", "{command}", self.post)]

    async def post(self, ctx: Ctx) -> Result:
        """Answer with the CPO's response; its result follows."""
        name = ctx.params["command"]
        command = {"name": name, "body": ctx.json}
        refused = self._judge.request(ctx, Occasion.ROAM_COMMAND, command)
        if name not in COMMANDS:
            return _response(NOT_SUPPORTED)
        if refused is not None:
            if refused.rule == "roam.valid":
                raise refusal(refused)
            return _response(REJECTED, str(refused))
        if not isinstance(ctx.json, dict):
            raise InvalidParameters(f"expected a JSON object, the {name}")
        turned = self._start(ctx) if name == "START_SESSION" else self._stop(ctx)
        if turned is None:
            return _response(UNKNOWN_SESSION)
        return await self._send(ctx, name, *turned)

    def _start(self, ctx: Ctx) -> tuple[Origin, dict[str, Any]]:
        """A START_SESSION as the CPO knows it. Raises UnknownLocation (2003), InvalidParameters."""
        book, body = self._judge.book, ctx.json
        told = raw.text(body, "/location_id") or ""
        location = book.ids.origin(told, Kind.LOCATION)
        if location is None:
            raise UnknownLocation(f"no location {told}", pointer="/location_id")
        request: dict[str, Any] = {"location_id": location.ids[0]}
        for name, kind, index in (("evse_uid", Kind.EVSE, 1), ("connector_id", Kind.CONNECTOR, 2)):
            part = raw.text(body, f"/{name}")
            if part is None:
                continue
            origin = book.ids.origin(part, kind)
            if origin is None or origin.ids[0] != location.ids[0]:
                raise UnknownLocation(f"no {name} {part} at location {told}", pointer=f"/{name}")
            request[name] = origin.ids[index]
        uid, token_type = (raw.text(body, f"/token/{name}") or "" for name in ("uid", "type"))
        held = book.tokens.find(uid, token_type)
        token = held.token if held else body.get("token")
        if (wrong := lacking(token)) is not None:
            raise InvalidParameters("expected a token", pointer=f"/token{wrong}")
        request["token"] = forwarded(token)
        if reference := raw.text(body, "/authorization_reference"):
            request["authorization_reference"] = reference
        return location, request

    def _stop(self, ctx: Ctx) -> tuple[Origin, dict[str, Any]] | None:
        """A STOP_SESSION as the CPO knows it; None for a session that the EMP does not know."""
        told = raw.text(ctx.json, "/session_id") or ""
        origin = self._judge.book.ids.origin(told, Kind.SESSION)
        known = self._judge.book.told(told.casefold())
        if origin is None or known is None or known.organisation != ctx.connection.id:
            return None
        ctx.session = ctx.session or self._judge.journal.session_of(f"session/{told}")
        return origin, {"session_id": origin.ids[0]}

    async def _send(self, ctx: Ctx, name: str, origin: Origin, request: dict[str, Any]) -> Result:
        sent = await self._cpos.command(
            ctx.connection, origin.connection, name, request, ctx.session
        )
        ctx.session = ctx.session or self._judge.journal.session_of(f"command/{sent['id']}")
        response = sent["response"]
        result = raw.text(response, "/result")
        if result is None:
            return _response(REJECTED, f"the CPO gave no answer: {raw.text(response, '/failure')}")
        timeout_s = raw.number(response, "/timeout")
        seconds = int(timeout_s) if timeout_s is not None else DEFAULT_TIMEOUT_S
        answer = _response(result, timeout_s=seconds)
        url = raw.text(ctx.json, "/response_url")
        if result != ACCEPTED or url is None:
            return answer
        follow = partial(self._bring_back, ctx, sent["id"], url, seconds)
        return Result(answer.data, after=follow)

    async def _bring_back(self, ctx: Ctx, command_id: str, url: str, timeout_s: int) -> None:
        """Tell the EMP what became of its command, or that nothing was heard of it."""
        found = await self._cpos.result_of(command_id, timeout_s)
        result = dict(found) if found is not None else {"result": "TIMEOUT"}
        await self._outbound.command_result(ctx.connection, url, result, ctx.session)


def _response(result: str, message: str = "", timeout_s: int = 0) -> Result:
    """A CommandResponse (2.2.1 mod_commands)."""
    data: dict[str, Any] = {"result": result, "timeout": timeout_s}
    if message:
        data["message"] = [{"language": "en", "text": message[:512]}]
    return Result(data)
