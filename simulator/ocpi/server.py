"""The answering side of OCPI: one table of routes behind one pipeline, for any actor and version.

Rule: every request goes the same way: token, path, standing, version, body, owner, ids, handler,
envelope, record. Whatever arrives gets an OCPI answer; whatever a handler raises is told in the
journal and answered 3000.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi import gate
from simulator.ocpi.codec import Around, Locate, nowhere
from simulator.ocpi.connection import InterfaceRole
from simulator.ocpi.credentials import CredentialsModule, Hook, JudgeCredentials, check_roles
from simulator.ocpi.directory import Absent, Directory, Unsupported, not_supported
from simulator.ocpi.envelope import Json, NotFound, OcpiError, ServerError, Unauthorized, encode
from simulator.ocpi.exchange import Ctx, Result, Route, Tamper
from simulator.ocpi.headers import MessageIds, Routing
from simulator.ocpi.registration import Registrar
from simulator.ocpi.text import printable, text_of
from simulator.ocpi.versions import CONFIGURATION
from simulator.wire.http import Headers, Request, Response


class OcpiServer:
    """Serve OCPI for one actor: versions and credentials by itself, the rest by `routes`.

    `handle` is an HTTP handler: who owns the server starts an `HttpServer` with it and then sets
    `base_url`. `unsupported` words the refusal (405) of a verb that a path does not offer, `absent`
    that of a module that is not offered (else 404); `judge` may refuse credentials (else each role
    of a party stands there once). `tamper` may change, delay or drop an answer on its way out
    (faults). `on_registered` and `on_ended` run after a peer has registered, updated or ended its
    connection.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        journal: Journal,
        actor: str,
        registrar: Registrar,
        routes: Iterable[Route],
        prefix: str = "/ocpi",
        on_registered: Hook | None = None,
        on_ended: Hook | None = None,
        location: Locate = nowhere,
        token: Locate = nowhere,
        tariff: Locate = nowhere,
        unsupported: Unsupported = not_supported,
        absent: Absent | None = None,
        judge: JudgeCredentials = check_roles,
        tamper: Tamper | None = None,
    ) -> None:
        self.actor = actor
        self.tamper = tamper
        self._clock = clock
        self._journal = journal
        self._registrar = registrar
        self._lookup: dict[str, Locate] = {"location": location, "token": token, "tariff": tariff}
        self._unsupported = unsupported
        self._absent = absent
        credentials = CredentialsModule(registrar, on_registered, on_ended, judge)
        self._directory = Directory(
            [*credentials.routes(), *routes], registrar.platform.versions, prefix
        )
        self._tasks: set[asyncio.Task[None]] = set()

    # URLs

    @property
    def base_url(self) -> str:
        """Scheme, host and port by which the peers reach us."""
        return self._directory.base_url

    @base_url.setter
    def base_url(self, url: str) -> None:
        self._directory.base_url = url
        self._registrar.platform.versions_url = self.versions_url

    @property
    def versions_url(self) -> str:
        """Where everything begins."""
        return self._directory.versions_url

    def endpoint_url(self, version: str, module: str, role: InterfaceRole, *segments: str) -> str:
        """The URL of a module's endpoint, or of a path below it."""
        return self._directory.endpoint_url(version, module, role, *segments)

    # One request

    async def handle(self, request: Request) -> Response:
        """Answer one request, and record it."""
        ctx = Ctx(
            request=request,
            actor=self.actor,
            ids=MessageIds.of(request.headers),
            routing=Routing.of(request.headers),
            began=self._clock.monotonic(),
        )
        ctx.session = self._journal.session_of(f"request/{ctx.ids.request_id}")
        result, response = await self._answer(ctx)
        response = await self._tampered(ctx, response)
        if result.delay_s:
            await self._clock.sleep(result.delay_s)
        self._record(ctx, result, response)
        if result.after is not None:
            self._spawn(ctx, result.after)
        return response

    async def _answer(self, ctx: Ctx) -> tuple[Result, Response]:
        try:
            try:
                result = await self._serve(ctx)
            except OcpiError as error:
                result = _refusal(error)
            return result, self._respond(ctx, result)
        except Exception as error:
            self._tell_failure(ctx, error)
            result = _refusal(ServerError())
            return result, self._respond(ctx, result)

    async def _tampered(self, ctx: Ctx, response: Response) -> Response:
        if self.tamper is None:
            return response
        try:
            return await self.tamper(ctx, response)
        except Exception as error:
            self._tell_failure(ctx, error)
            return response

    async def _serve(self, ctx: Ctx) -> Result:
        self._authenticate(ctx)
        self._registrar.introduce(ctx.connection)
        offered = self._find(ctx)
        gate.check_standing(ctx)
        if ctx.route is None:
            raise self._unsupported(ctx, offered)
        gate.check_version(ctx)
        gate.read_body(ctx, **self._lookup)
        gate.check_owner(ctx)
        gate.check_ids(ctx)
        return await ctx.route.handler(ctx)

    def _find(self, ctx: Ctx) -> list[str]:
        """Find what the path names. Raises NotFound, or what `absent` says of a whole module."""
        try:
            return self._directory.find(ctx)
        except NotFound as error:
            if self._absent is None or ctx.module is None:
                raise
            gate.check_standing(ctx)
            raise self._absent(ctx) from error

    def _authenticate(self, ctx: Ctx) -> None:
        """Find the connection. Raises Unauthorized, for whoever asks for whatever; what was asked
        for is in `ctx` then, for the record alone.
        """
        try:
            gate.authenticate(ctx, self._registrar.store)
        except Unauthorized:
            with suppress(NotFound):
                self._directory.find(ctx)
            raise

    # The way out

    def _respond(self, ctx: Ctx, result: Result) -> Response:
        if result.closed:
            return Response(0)
        data = self._to_wire(ctx, result)
        body = encode(data, _code(ctx, result), result.message, now=self._clock.now())
        fields = {"Content-Type": "application/json", **result.headers, **self._echo(ctx)}
        return Response(result.http, Headers(fields), body)

    def _to_wire(self, ctx: Ctx, result: Result) -> Json:
        data, kind = result.data, ctx.route.gives if ctx.route else None
        if data is None or kind is None or ctx.used is None or result.status_code >= 2000:
            return data
        around = Around.to(ctx.connection, **self._lookup)
        return ctx.losses.to_wire(ctx.used, kind, data, around)

    @staticmethod
    def _echo(ctx: Ctx) -> dict[str, str]:
        """The headers that a response repeats: message ids and, turned round, the routing."""
        fields = ctx.ids.headers()
        version = ctx.used
        if version is not None and not version.request_ids:
            fields = {}
        if version is not None and version.routing_headers and ctx.module not in CONFIGURATION:
            fields |= ctx.routing.answered().headers()
        return {name: printable(value) for name, value in fields.items()}

    # What is told

    def _record(self, ctx: Ctx, result: Result, response: Response) -> None:
        """Record the exchange, then its findings with the record's number."""
        request, version = ctx.request, ctx.used
        peer = ctx.stored.peer if ctx.stored else UNKNOWN_PEER
        answered = response.status != 0
        record = self._journal.ocpi(
            self.actor,
            peer,
            ctx.session,
            version=version.number if version else None,
            module=ctx.module,
            method=request.method,
            url=printable(request.url),
            direction="received",
            request_headers={k: printable(v) for k, v in request.headers.items()},
            request_body=ctx.text,
            response_headers=dict(response.headers) if answered else None,
            response_body=text_of(response.body) if answered else None,
            http_status=response.status if answered else None,
            status_code=_code(ctx, result) if answered else None,
            ms=(self._clock.monotonic() - ctx.began) * 1000.0,
        )
        ctx.message_seq = record["seq"]
        if ctx.session is not None and ctx.ids.request_id:
            self._journal.link(f"request/{ctx.ids.request_id}", ctx.session)
        if version is not None and ctx.route is not None and ctx.route.gives is not None:
            ctx.losses.tell(
                self._journal,
                self.actor,
                peer,
                ctx.session,
                version=version,
                kind=ctx.route.gives,
                message_seq=ctx.message_seq,
            )
        for found in ctx.findings:
            self._journal.finding(
                self.actor,
                peer,
                ctx.session,
                rule=found.rule,
                severity=found.severity,
                pointer=found.pointer,
                seen=found.seen,
                expected=found.expected,
                message_seq=ctx.message_seq,
                objects=found.objects,
            )

    def _tell_failure(self, ctx: Ctx, error: Exception) -> None:
        self._journal.event(
            self.actor,
            "ocpi.handler-failed",
            peer=ctx.stored.peer if ctx.stored else UNKNOWN_PEER,
            session=ctx.session,
            module=ctx.module,
            method=ctx.method,
            url=printable(ctx.request.url),
            error=f"{type(error).__name__}: {error}",
        )

    # What follows an answer

    def _spawn(self, ctx: Ctx, after: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            try:
                await after()
            except Exception as error:
                self._tell_failure(ctx, error)

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Cancel what still follows answers."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


UNKNOWN_PEER = "unknown"


def _code(ctx: Ctx, result: Result) -> int:
    """The OCPI status code, as the version of the request may write it."""
    return ctx.used.code(result.status_code) if ctx.used else result.status_code


def _refusal(error: OcpiError) -> Result:
    """An error as an answer; the place that is wrong leads its message."""
    message = f"{error.pointer}: {error.message}" if error.pointer else error.message
    headers = {"WWW-Authenticate": "Token"} if isinstance(error, Unauthorized) else {}
    return Result(
        error.data, error.status_code, message, http_status=error.http_status, headers=headers
    )
