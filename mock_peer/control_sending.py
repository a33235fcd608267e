"""What the peer sends when the control API asks for it: credentials, tokens, commands.

Rule: as in `control`; what the other side does wrong is told in the answer, 409 or 502.
"""

from __future__ import annotations

from typing import Any

import msgspec

from mock_peer import control_shapes as shapes
from mock_peer import raw
from mock_peer.active import COMMANDS, Active, Refused
from mock_peer.control import ControlError, check_version, connection_of
from mock_peer.control_views import Views
from mock_peer.operation import Call, Operation
from mock_peer.seeds import Seeds
from simulator.kernel.clock import rfc3339
from simulator.ocpi import by_hand
from simulator.ocpi.by_hand import ByHand, ByHandError
from simulator.ocpi.client import OcpiClient
from simulator.ocpi.connection import RECEIVER, Connection


class Sending:
    """The operations that send something to a CPO. `versions` are those that the peer offers."""

    def __init__(
        self, active: Active, views: Views, seeds: Seeds, versions: tuple[str, ...]
    ) -> None:
        self._active = active
        self._views = views
        self._seeds = seeds
        self._versions = versions
        self._book = views.book
        self._clock = views.clock

    def operations(self) -> tuple[Operation, ...]:
        """Rows for the control API's table."""
        s = shapes
        return (
            Operation("GET", "/connections/{id}/credentials", "GET the CPO's credentials.",
                      None, s.TheirCredentials, self.credentials),
            Operation("PUT", "/connections/{id}/credentials", "PUT the peer's credentials there.",
                      s.Update, s.ConnectionView, self.update, optional=True),
            Operation("POST", "/connections/{id}/tokens", "PUT every token there.",
                      None, s.TokensPushed, self.push),
            Operation("POST", "/connections/{id}/send", "Send any request, valid or not.",
                      s.ByHandRequest, s.ByHandAnswer, self.by_hand),
            Operation("PUT", "/tokens/{uid}", "Make or change a token, and push it.",
                      s.TokenChange, s.TokenView, self.put_token, optional=True),
            Operation("POST", "/commands/{command}", "Send START_SESSION or STOP_SESSION.",
                      s.CommandRequest, s.CommandView, self.command),
        )  # fmt: skip

    # Credentials

    async def credentials(self, call: Call) -> shapes.TheirCredentials:
        """What the CPO shows as its credentials now."""
        answer = await self._active.credentials(connection_of(self._book, call.params["id"]))
        if not answer.ok:
            raise ControlError(502, f"the CPO did not show its credentials: {answer.message}")
        if not isinstance(answer.data, dict):
            raise ControlError(502, "the CPO's answer holds no credentials object")
        shown = {name: value for name, value in answer.data.items() if name != "token"}
        return shapes.TheirCredentials(credentials=shown)

    async def update(self, call: Call) -> shapes.ConnectionView:
        """PUT credentials: new tokens, endpoints read again, perhaps another version."""
        connection = connection_of(self._book, call.params["id"])
        if call.body.version is not None:
            check_version(call.body.version, self._versions)
        try:
            await self._active.update(connection, call.body.version)
        except Refused as error:
            raise ControlError(502, str(error)) from error
        return self._views.connection(connection)

    async def by_hand(self, call: Call) -> shapes.ByHandAnswer:
        """Send any request."""
        connection = connection_of(self._book, call.params["id"])
        return await sent_by_hand(self._active.client, connection, call.body)

    # Tokens

    async def push(self, call: Call) -> shapes.TokensPushed:
        """PUT every token that the connection gets."""
        connection = connection_of(self._book, call.params["id"])
        if ("tokens", RECEIVER) not in connection.endpoints:
            raise ControlError(409, "the CPO offers no tokens module")
        answers = await self._active.push_tokens(connection)
        pushed = [
            shapes.TokenPushed(
                uid=token["uid"],
                type=token["type"],
                http_status=answer.http_status,
                status_code=answer.status_code,
                problem=answer.message or None,
            )
            for token, answer in answers
        ]
        return shapes.TokensPushed(taken=sum(a.ok for _, a in answers), pushed=pushed)

    async def put_token(self, call: Call) -> shapes.TokenView:
        """Make or change a token."""
        change: shapes.TokenChange = call.body
        uid = call.params["uid"]
        if not 0 < len(uid) <= 36 or not uid.isascii() or not uid.isprintable():
            raise ControlError(400, "a token uid has 1 to 36 printable ASCII characters")
        before = self._book.tokens.find(uid, change.type) or self._seeds.blank(uid, change.type)
        told = {
            name: value
            for name, value in msgspec.to_builtins(change).items()
            if value is not None and name != "push"
        }
        token = {**before, **told, "last_updated": rfc3339(self._clock.now())}
        self._book.put_token(token)
        connected = [c for c in self._book.all() if c.registered and change.push]
        answers = [(c, await self._active.push_token(c, token)) for c in connected]
        pushed = [self._views.pushed(c, answer) for c, answer in answers if answer is not None]
        return shapes.TokenView(token=token, pushed=pushed)

    # Commands

    async def command(self, call: Call) -> shapes.CommandView:
        """Send a command."""
        name, wanted = call.params["command"], call.body
        if name not in COMMANDS:
            raise ControlError(404, f"{name} is never sent; {' and '.join(COMMANDS)} are")
        connection = connection_of(self._book, wanted.connection)
        request = self._start(wanted) if name == "START_SESSION" else _stop(wanted)
        try:
            command = await self._active.command(connection, name, request)
        except Refused as error:
            raise ControlError(409, str(error)) from error
        accepted = raw.text(command, "/response/result") == "ACCEPTED"
        if wanted.wait_s and accepted:
            command = await self._active.result_of(command["id"], wanted.wait_s) or command
        return shapes.CommandView(**command)

    def _start(self, wanted: shapes.CommandRequest) -> dict[str, Any]:
        tokens = self._book.tokens
        if wanted.token_uid is None:
            of_app = (t for t in tokens.all.values() if t["type"] == "APP_USER" and t["valid"])
            token = next(of_app, None)
        else:
            token = tokens.find(wanted.token_uid, wanted.token_type)
        if token is None:
            raise ControlError(400, "no such token; PUT it first", "/token_uid")
        if wanted.location_id is None:
            raise ControlError(400, "START_SESSION needs a location", "/location_id")
        if wanted.connector_id is not None and wanted.evse_uid is None:
            raise ControlError(400, "a connector_id needs its evse_uid", "/evse_uid")
        places = ("location_id", "evse_uid", "connector_id")
        told = {name: getattr(wanted, name) for name in places}
        return {"token": dict(token), **{k: v for k, v in told.items() if v is not None}}


def _stop(wanted: shapes.CommandRequest) -> dict[str, Any]:
    if wanted.session_id is None:
        raise ControlError(400, "STOP_SESSION needs a session", "/session_id")
    return {"session_id": wanted.session_id}


async def sent_by_hand(
    client: OcpiClient, connection: Connection, wanted: shapes.ByHandRequest
) -> shapes.ByHandAnswer:
    """Send a request as it is. Raises ControlError for one that has nowhere to go."""
    try:
        told = await by_hand.send(client, connection, ByHand(**msgspec.structs.asdict(wanted)))
    except ByHandError as error:
        raise ControlError(400, str(error)) from error
    return shapes.ByHandAnswer(**told)
