"""Commands of peers: answered at once, carried out at a station, the result posted afterwards.

Rule: a START_SESSION's token is not checked and goes into session and CDR as it came (OCPI 2.2.1
mod_commands, StartSession); a peer commands only its own tokens and sessions.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from simulator.cpo import authorize
from simulator.cpo.calls import Start, Stop
from simulator.cpo.common import Common
from simulator.cpo.config import StationEntry
from simulator.cpo.counter import Counter
from simulator.cpo.dispatcher import Dispatcher
from simulator.cpo.ledger import Ledger
from simulator.cpo.peers import Peers
from simulator.cpo.session import Session
from simulator.ocpi.connection import RECEIVER, Connection
from simulator.ocpi.envelope import InvalidParameters, UnknownLocation
from simulator.ocpi.exchange import Ctx, Result, Route
from simulator.ocpi.headers import Party
from simulator.ocpi.types import URL

Object = dict[str, Any]
_LONGEST_URL = 255
_HOST_PART = re.compile(r"(?!-)[\w-]{1,63}")
_START_OPTIONS = ("evse_uid", "connector_id", "authorization_reference")


class RoamingCommands:
    """The commands module of a CPO."""

    def __init__(
        self,
        common: Common,
        peers: Peers,
        ledger: Ledger,
        counter: Counter,
        dispatcher: Dispatcher,
    ) -> None:
        self._book = common.book
        self._sites = common.sites
        self._clock = common.clock
        self._journal = common.journal
        self._peers = peers
        self._ledger = ledger
        self._counter = counter
        self._dispatcher = dispatcher

    def routes(self) -> list[Route]:
        """One row a command."""
        rows = {
            "START_SESSION": self._start_session,
            "STOP_SESSION": self._stop_session,
            "UNLOCK_CONNECTOR": self._not_supported,
            "RESERVE_NOW": self._not_supported,
            "CANCEL_RESERVATION": self._not_supported,
        }
        return [
            Route(
                "commands",
                RECEIVER,
                "POST",
                command,
                handler,
                takes=f"command:{command}",
                gives="command_response",
            )
            for command, handler in rows.items()
        ]

    # One function a command

    async def _start_session(self, ctx: Ctx) -> Result:
        body, peer = ctx.obj, ctx.connection
        _need(body, "response_url", "location_id", optional=_START_OPTIONS)
        _check_response_url(body["response_url"])
        token = _token_of(body, peer)
        if not peer.speaks_for(Party(token["country_code"], token["party_id"])):
            return self._rejected("the token is another eMSP's")
        found = self._choose_evse(body)
        if found is None or not self._dispatcher.reaches(found[0].id):
            return self._rejected("the station is not connected")
        entry, evse_id = found
        ctx.session = ctx.session or self._plugged_in(entry, evse_id)
        return self._accepted(
            "START_SESSION", ctx, lambda: self._carry_out_start(ctx, token, entry, evse_id)
        )

    def _plugged_in(self, entry: StationEntry, evse_id: int) -> str | None:
        """The journal's name for the car that is at the EVSE already, if one is."""
        spot = self._sites.spot(entry.id, evse_id)
        if spot is None or spot.evse["status"] != "CHARGING":
            return None
        return self._journal.session_of(f"evse/{entry.id}/{evse_id}")

    async def _carry_out_start(
        self, ctx: Ctx, token: Object, entry: StationEntry, evse_id: int
    ) -> str:
        start = Start(
            evse_id,
            token["uid"],
            authorize.tag(token["uid"]),
            token["type"],
            self._book.settings.count("remote_start_id"),
        )
        obstacle = self._dispatcher.obstacle(start, entry.id)
        if obstacle is not None:
            return obstacle
        where = self._sites.evse_uids(entry.id, evse_id)
        reference = ctx.obj.get("authorization_reference")
        peer_id, now = ctx.connection.id, self._clock.now()
        decision = authorize.by_command(token, peer_id, reference, now, where)
        self._counter.grant(entry.id, decision)
        await self._book.committed()
        result, _ = await self._dispatcher.ask(entry.id, start, session=ctx.session)
        if result != "ACCEPTED":
            self._counter.withdraw(entry.id, decision)
        return result

    async def _stop_session(self, ctx: Ctx) -> Result:
        body = ctx.obj
        _need(body, "response_url", "session_id")
        _check_response_url(body["response_url"])
        session = self._ledger.by_id(body["session_id"])
        if session is None or session.connection_id != ctx.connection.id:
            return self._answer("UNKNOWN_SESSION", "there is no such session of yours")
        if session.over:
            return self._rejected("the session is over")
        head = session.head
        if not self._dispatcher.reaches(head.station_id):
            return self._rejected("the station is not connected")
        ctx.session = head.trace
        return self._accepted("STOP_SESSION", ctx, lambda: self._carry_out_stop(session))

    async def _carry_out_stop(self, session: Session) -> str:
        head = session.head
        request = Stop(head.transaction_id)
        result, _ = await self._dispatcher.ask(head.station_id, request, session=head.trace)
        return result

    async def _not_supported(self, ctx: Ctx) -> Result:
        return self._answer("NOT_SUPPORTED", "this CPO does not offer this command")

    # Finding the EVSE

    def _choose_evse(self, body: Object) -> tuple[StationEntry, int] | None:
        """The station and the EVSE's number there; without an evse_uid the first that is free.

        Raises UnknownLocation (2003), InvalidParameters (2001).
        """
        location_id, evse_uid = body["location_id"], body.get("evse_uid")
        location = self._sites.location(location_id)
        if location is None:
            raise UnknownLocation(f"there is no location {location_id}", pointer="/location_id")
        if evse_uid is None:
            if body.get("connector_id") is not None:
                raise InvalidParameters("required with connector_id", pointer="/evse_uid")
            free = [e for e in location.get("evses", ()) if e["status"] == "AVAILABLE"]
            return self._sites.behind(location_id, free[0]["uid"]) if free else None
        evse = self._sites.evse(location_id, evse_uid)
        if evse is None:
            raise UnknownLocation(f"there is no EVSE {evse_uid}", pointer="/evse_uid")
        required = "START_SESSION_CONNECTOR_REQUIRED" in (evse.get("capabilities") or ())
        if required and body.get("connector_id") is None:
            raise InvalidParameters("this EVSE requires it", pointer="/connector_id")
        named = body.get("connector_id")
        if named is not None and self._sites.connector(evse, named) is None:
            raise UnknownLocation(f"there is no connector {named}", pointer="/connector_id")
        return self._sites.behind(location_id, evse_uid)

    # Answering

    def _accepted(self, command: str, ctx: Ctx, carry_out: Callable[[], Awaitable[str]]) -> Result:
        """Say yes, then do it, then tell what came of it."""
        peer, url = ctx.connection, ctx.obj["response_url"]

        async def after() -> None:
            result = await carry_out()
            answer = await self._peers.client.exchange(
                peer,
                "POST",
                url,
                module="commands",
                body={"result": result},
                takes="command_result",
                session=ctx.session,
            )
            problem = None if answer.ok else f"{answer.failure}: {answer.message}"
            self._peers.event(
                "command.done", peer, ctx.session, command=command, result=result, problem=problem
            )

        data = {"result": "ACCEPTED", "timeout": self._peers.config.command_timeout_s}
        return Result(data, after=after)

    def _rejected(self, why: str) -> Result:
        return self._answer("REJECTED", why)

    def _answer(self, result: str, why: str) -> Result:
        timeout = self._peers.config.command_timeout_s
        message = [{"language": "en", "text": why}]
        return Result({"result": result, "timeout": timeout, "message": message})


def _need(body: Object, *names: str, optional: tuple[str, ...] = ()) -> None:
    """Raise InvalidParameters (2001) for a field that is missing, or is no string."""
    for name in (*names, *optional):
        value = body.get(name)
        if not isinstance(value, str) and (name in names or value is not None):
            raise InvalidParameters("expected a string", pointer=f"/{name}")


def _check_response_url(url: str) -> None:
    """Raise InvalidParameters (2001) for a URL that no result can be posted to."""
    if len(url) > _LONGEST_URL or not URL.fullmatch(url) or not _names_a_host(url):
        message = f"expected an HTTP URL with a host, up to {_LONGEST_URL} characters"
        raise InvalidParameters(message, pointer="/response_url")


def _names_a_host(url: str) -> bool:
    """True for a URL whose host can be one: an address, or a name of DNS's form."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or port == 0:
        return False
    return ":" in host or all(map(_HOST_PART.fullmatch, host.removesuffix(".").split(".")))


def _token_of(body: Object, peer: Connection) -> Object:
    """The token of a command; the owner that an older version leaves out is the peer."""
    token = body.get("token")
    if not isinstance(token, dict) or not isinstance(token.get("uid"), str):
        raise InvalidParameters("expected a token with a uid", pointer="/token")
    party = peer.their_party or Party("", "")
    owner = {"country_code": party.country_code, "party_id": party.party_id, "type": "RFID"}
    return {
        **owner,
        "contract_id": token["uid"],
        **{k: v for k, v in token.items() if v is not None},
    }
