"""The simulated EMP over HTTP, under `/_emp/`: what it holds, and its verbs.

Rule: as in `control`: one table, bad input is answered 400 with the place, nothing raises past it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from mock_peer.control_shapes import ByHandRequest
from mock_peer.emp_answers import EmpAnswers
from mock_peer.strict import StrictError, decode
from simulator.ocpi.by_hand import ByHand, ByHandError
from simulator.ocpi.envelope import write_json
from simulator.wire.http import Headers, PathTable, Request, Response

if TYPE_CHECKING:
    from mock_peer.emp import Emp

PREFIX = "/_emp"
Handler = Callable[[Mapping[str, str], bytes], Awaitable[Any]]


class EmpError(Exception):
    """Something asked of the EMP cannot be done; the message says why."""


class Registration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where to register."""

    versions_url: str
    token_a: str


class Pull(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All locations, or those that changed since the last pull."""

    full: bool = True


class Start(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where to start, and with which token: by default the first connector and the first token."""

    token_uid: str | None = None
    token_type: str = "RFID"
    location_id: str | None = None
    evse_uid: str | None = None
    connector_id: str | None = None


class Stop(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which session to stop: by default the newest."""

    session_id: str | None = None


class EmpControl:
    """Serve the control API of one EMP."""

    def __init__(self, emp: Emp) -> None:
        self._emp = emp
        self._table: PathTable[Handler] = PathTable()
        for method, path, handler in (
            ("GET", "state", self.state),
            ("GET", "dealings", self.dealings),
            ("POST", "register", self.register),
            ("POST", "pull", self.pull),
            ("PUT", "tokens/{uid}", self.put_token),
            ("POST", "send", self.send),
            ("POST", "start", self.start),
            ("POST", "stop", self.stop),
            ("PUT", "answers", self.set_answers),
        ):
            self._table.add(method, f"{PREFIX}/{path}", handler)

    @staticmethod
    def takes(path: str) -> bool:
        """True for a path of the control API."""
        return path == PREFIX or path.startswith(f"{PREFIX}/")

    async def handle(self, request: Request) -> Response:
        """Answer one request."""
        match = self._table.match(request.method, request.path)
        if match is None:
            known = ", ".join(self._table.methods(request.path))
            status = 405 if known else 404
            return _respond(status, {"error": f"expected {known or f'a path below {PREFIX}/'}"})
        try:
            given = await match.row(match.params, request.body if request.body.strip() else b"{}")
        except StrictError as error:
            return _respond(400, {"error": error.problem, "pointer": error.pointer})
        except EmpError as error:
            return _respond(409, {"error": str(error)})
        return _respond(200, given)

    async def state(self, params: Mapping[str, str], body: bytes) -> Any:
        """What it holds."""
        emp, book = self._emp, self._emp.book
        return {
            "party": f"{emp.config.country_code}*{emp.config.party_id}",
            "versions_url": emp.versions_url,
            "registered": emp.registered,
            "locations": list(book.locations.values()),
            "tokens": list(book.tokens.values()),
            "sessions": list(book.sessions.values()),
            "cdrs": list(book.cdrs.values()),
            "bills": {
                name: {"asked": b.asked, "right": b.right, "agrees": b.agrees, "why": b.why}
                for name, b in book.bills.items()
            },
        }

    async def dealings(self, params: Mapping[str, str], body: bytes) -> Any:
        """What it has with Roam, at a glance; no credentials."""
        emp, book = self._emp, self._emp.book
        return {
            "name": emp.config.actor,
            "party": f"{emp.config.country_code}*{emp.config.party_id}",
            "connections": [emp.connection.shown()] if emp.registered else [],
            "tokens": list(book.tokens.values()),
            "answers": msgspec.to_builtins(emp.answers),
            "held": {
                "locations": len(book.locations),
                "sessions": len(book.sessions),
                "cdrs": len(book.cdrs),
                "bills_wrong": sum(bill.agrees is False for bill in book.bills.values()),
            },
        }

    async def register(self, params: Mapping[str, str], body: bytes) -> Any:
        """Begin the handshake."""
        wanted = decode(body, Registration)
        await self._emp.register(wanted.versions_url, wanted.token_a)
        return {"registered": True}

    async def pull(self, params: Mapping[str, str], body: bytes) -> Any:
        """Pull locations now."""
        return {"locations": await self._emp.pull(full=decode(body, Pull).full)}

    async def put_token(self, params: Mapping[str, str], body: bytes) -> Any:
        """Make or change a token, and push it."""
        change = decode(body, dict[str, Any])
        kind = str(change.get("type", "RFID"))
        before = self._emp.book.tokens.get((params["uid"].casefold(), kind), {})
        token = {**before, **change, "uid": params["uid"]}
        if not isinstance(token.get("contract_id"), str):
            raise StrictError("/contract_id", "expected a contract id: the token is new")
        answer = await self._emp.push_token(token)
        return {"status_code": answer.status_code, "message": answer.message}

    async def send(self, params: Mapping[str, str], body: bytes) -> Any:
        """Send any request to Roam, valid or not."""
        wanted = decode(body, ByHandRequest)
        try:
            return await self._emp.send(ByHand(**msgspec.structs.asdict(wanted)))
        except ByHandError as error:
            raise EmpError(str(error)) from error

    async def start(self, params: Mapping[str, str], body: bytes) -> Any:
        """Start remotely."""
        wanted = decode(body, Start)
        uid, kind = wanted.token_uid, wanted.token_type
        if uid is None:
            uid, kind = next(iter(self._emp.book.tokens), (None, kind))
        plug = (wanted.location_id, wanted.evse_uid, wanted.connector_id)
        location_id, evse_uid, connector_id = (
            plug if plug[0] is not None else self._emp.book.first_plug() or (None, None, None)
        )
        if uid is None or location_id is None:
            raise EmpError("there is no token, or no connector was pulled")
        return await self._emp.start_session(
            uid, location_id, evse_uid, connector_id, token_type=kind
        )

    async def stop(self, params: Mapping[str, str], body: bytes) -> Any:
        """Stop remotely."""
        told = decode(body, Stop).session_id
        newest = next(reversed(self._emp.book.sessions), None)
        if told is None and newest is None:
            raise EmpError("there is no session")
        return await self._emp.stop_session(told or str(newest))

    async def set_answers(self, params: Mapping[str, str], body: bytes) -> Any:
        """Set what it answers; what is left out is as by default."""
        told = decode(body, EmpAnswers)
        for name in EmpAnswers.__struct_fields__:
            setattr(self._emp.answers, name, getattr(told, name))
        return msgspec.to_builtins(self._emp.answers)


def _respond(status: int, given: Any) -> Response:
    return Response(status, Headers({"Content-Type": "application/json"}), write_json(given))
