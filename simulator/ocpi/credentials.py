"""The versions and credentials modules as handlers, once for every actor and version.

Rule: what a verb does stands in `handshake.STEPS`; here each effect is carried out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from simulator.ocpi.connection import SENDER, Connection
from simulator.ocpi.envelope import MethodNotAllowed
from simulator.ocpi.exchange import Ctx, Result, Route
from simulator.ocpi.handshake import Effect, check_credentials, check_unique_roles, step
from simulator.ocpi.registration import Found, Registrar

Hook = Callable[[Connection], Awaitable[None]]
JudgeCredentials = Callable[[Ctx], None]


async def _no_hook(_connection: Connection) -> None:
    return None


def check_roles(ctx: Ctx) -> None:
    """Refuse credentials that name a role of a party twice. Raises InvalidParameters (2001)."""
    check_unique_roles(ctx.obj["roles"])


class CredentialsModule:
    """Answer GET, POST, PUT and DELETE of credentials.

    `on_registered` and `on_ended` run after the answer has been sent; `judge` sees credentials that
    can be worked with, and raises the OcpiError by which they are refused.
    """

    def __init__(
        self,
        registrar: Registrar,
        on_registered: Hook | None = None,
        on_ended: Hook | None = None,
        judge: JudgeCredentials = check_roles,
    ) -> None:
        self._registrar = registrar
        self._judge = judge
        self._on_registered = on_registered or _no_hook
        self._on_ended = on_ended or _no_hook

    def routes(self) -> list[Route]:
        """The rows of the module."""
        return [
            Route("credentials", SENDER, verb, "", self.handle, takes=takes, gives="credentials")
            for verb, takes in (
                ("GET", None),
                ("POST", "credentials"),
                ("PUT", "credentials"),
                ("DELETE", None),
            )
        ]

    async def handle(self, ctx: Ctx) -> Result:
        """Do what the table says for this verb in this standing."""
        connection = ctx.connection
        effects = step(connection, ctx.method).effects
        if Effect.FORGET in effects:
            self._registrar.end(connection)
            return Result(after=lambda: self._on_ended(connection))
        if Effect.CHECK in effects:
            check_credentials(ctx.obj)
            self._judge(ctx)
            found = await self._call_back(ctx)
            token = self._registrar.new_token()
            self._registrar.settle(connection, found, ctx.obj, token_in=token, began="them")
            return Result(self._ours(connection), after=lambda: self._on_registered(connection))
        return Result(self._ours(connection))

    async def _call_back(self, ctx: Ctx) -> Found:
        found = await self._registrar.call_back(ctx.connection, ctx.obj, ctx.version)
        # Another request may have settled the connection while we were calling back: ask the store.
        current = self._registrar.store.by_token(ctx.seen.token) if ctx.seen else None
        if current is None:
            raise MethodNotAllowed("the credentials were changed by another request meanwhile")
        step(current, ctx.method)
        return found

    def _ours(self, connection: Connection) -> dict[str, object]:
        roles = connection.our_roles
        return self._registrar.platform.credentials(connection.token_in, roles)
