"""A Roam-like CPO that is odd on request, a server of its own, for tests of the simulated EMP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from mock_peer.emp import Emp, EmpConfig, start_emp
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal, Record
from simulator.ocpi.client import Answer, OcpiClient
from simulator.ocpi.connection import (
    RECEIVER,
    SENDER,
    Connection,
    InterfaceRole,
    MemoryStore,
)
from simulator.ocpi.envelope import write_json
from simulator.ocpi.exchange import Ctx, Result, Route
from simulator.ocpi.handshake import Platform
from simulator.ocpi.registration import Registrar
from simulator.ocpi.server import OcpiServer
from simulator.wire.http import Headers, Response, join_url
from simulator.wire.http_aio import HttpClient, HttpServer

EMP_PORT, ODD_PORT = 8100, 8110
CARD = "04EE0001"
Odd = Callable[[Ctx], Response]


def page(items: Any, link: str | None = None, *, status: int = 200, code: int = 1000) -> Response:
    """A page of a list as it goes on the wire, whatever it holds."""
    headers = {"Content-Type": "application/json", **({"Link": link} if link else {})}
    body = {"data": items, "status_code": code, "timestamp": "2026-01-15T07:00:00Z"}
    return Response(status, Headers(headers), write_json(body))


@dataclass
class OddRoam:
    """The odd CPO, and the EMP with it. `lists` answers location pulls one after the other, the
    last one for good; `tokens` and `commands` are its answers to those.
    """

    emp: Emp
    client: OcpiClient
    connection: Connection
    journal: Journal
    clock: Clock
    lists: list[Odd] = field(default_factory=lambda: [lambda ctx: page([])])
    tokens: Odd | None = None
    commands: Odd | None = None
    delay_s: float = 0.0
    asked: list[str] = field(default_factory=list)
    pushed: list[Any] = field(default_factory=list)

    def serve(self, *odd: Odd) -> None:
        """Answer the next location pulls so."""
        self.lists = list(odd)

    async def send(
        self, method: str, module: str, *path: str, role: InterfaceRole = RECEIVER, **rest: Any
    ) -> Answer:
        """Send a request to the EMP."""
        url = join_url(self.connection.endpoints[module, role], *path)
        return await self.client.exchange(self.connection, method, url, module=module, **rest)

    def events(self, what: str) -> list[Record]:
        """The EMP's events of that name."""
        records = self.journal.records
        return [r for r in records if r["leg"] == "event" and r["what"] == what]

    def findings(self) -> list[str]:
        """The rules that the EMP found broken."""
        records = self.journal.records
        return [r["rule"] for r in records if r["leg"] == "finding" and r["actor"] == "emp"]


@asynccontextmanager
async def odd_roam(
    clock: Clock,
    chance: Chance,
    journal: Journal,
    *,
    modules: tuple[str, ...] = ("locations", "tokens", "commands"),
    pulls: bool = False,
    party: str = "8PS",
    **odds: Any,
) -> AsyncIterator[OddRoam]:
    """An EMP that registered with the odd CPO; `modules` are those that it offers."""
    raw, store = HttpClient(clock), MemoryStore()
    client = OcpiClient(raw, clock, chance.child("odd"), journal, "odd", routing=False)
    role = {
        "role": "CPO",
        "country_code": "DE",
        "party_id": party,
        "business_details": {"name": "Plugsurfing"},
    }
    registrar = Registrar(client, store, Platform("", [role], ("2.2.1",)), chance.child("odd"))
    config = EmpConfig(
        port=EMP_PORT,
        tokens=({"uid": CARD, "contract_id": "DEEMPC000000015"},),
        pulls=pulls,
        peer="odd",
    )
    emp = await start_emp(config, clock=clock, chance=chance, journal=journal)
    whole = OddRoam(emp, client, Connection("emp", "emp"), journal, clock, **odds)

    async def answer(ctx: Ctx) -> Result:
        whole.asked.append(f"{ctx.method} {ctx.request.url}")
        if ctx.method != "GET":
            whole.pushed.append(ctx.json)
        return Result({"result": "ACCEPTED", "timeout": 5} if ctx.module == "commands" else [])

    async def tamper(ctx: Ctx, response: Response) -> Response:
        if ctx.module == "locations":
            await clock.sleep(whole.delay_s)
            odd = whole.lists.pop(0) if len(whole.lists) > 1 else whole.lists[0]
            return odd(ctx)
        changed = {"tokens": whole.tokens, "commands": whole.commands}.get(ctx.module or "")
        return changed(ctx) if changed else response

    routes = [
        Route("locations", SENDER, "GET", "", answer),
        Route("tokens", RECEIVER, "PUT", "{country}/{party}/{uid}", answer),
        Route("commands", RECEIVER, "POST", "{command}", answer),
    ]
    server = OcpiServer(
        clock=clock,
        journal=journal,
        actor="odd",
        registrar=registrar,
        routes=[route for route in routes if route.module in modules],
        tamper=tamper,
    )
    http = await HttpServer(server.handle, clock, port=ODD_PORT).start()
    server.base_url = http.base_url
    whole.connection.token_in = registrar.new_token()
    store.save(whole.connection)
    try:
        await emp.register(server.versions_url, whole.connection.token_in)
        await clock.sleep(5)
        yield whole
    finally:
        await emp.stop()
        await http.stop()
        await server.stop()
        await raw.close()
