"""A small world to test the CPO in: a site, stations, and an eMSP to talk to."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from simulator.cpo.config import CpoConfig, StationEntry
from simulator.cpo.run import Cpo
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal, Record
from simulator.ocpi.client import OcpiClient
from simulator.ocpi.connection import RECEIVER, SENDER, Connection, MemoryStore
from simulator.ocpi.envelope import NotFound
from simulator.ocpi.exchange import Ctx, Result, Route
from simulator.ocpi.handshake import Platform
from simulator.ocpi.paging import window
from simulator.ocpi.registration import Registrar
from simulator.ocpi.server import OcpiServer
from simulator.wire.http_aio import HttpClient, HttpServer

Object = dict[str, Any]

TARIFF: Object = {
    "country_code": "DE",
    "party_id": "ABC",
    "id": "T1",
    "currency": "EUR",
    "type": "REGULAR",
    "elements": [
        {
            "price_components": [
                {"type": "FLAT", "price": 1, "vat": 19, "step_size": 1},
                {"type": "ENERGY", "price": 0.5, "vat": 19, "step_size": 1},
                {"type": "PARKING_TIME", "price": 6, "vat": 19, "step_size": 1},
            ]
        }
    ],
    "last_updated": "2026-01-01T00:00:00Z",
}


def connector(number: str = "1") -> Object:
    return {
        "id": number,
        "standard": "IEC_62196_T2",
        "format": "SOCKET",
        "power_type": "AC_3_PHASE",
        "max_voltage": 230,
        "max_amperage": 32,
        "tariff_ids": ["T1"],
        "last_updated": "2026-01-01T00:00:00Z",
    }


def evse(uid: str) -> Object:
    return {
        "uid": uid,
        "evse_id": f"DE*ABC*{uid}",
        "status": "AVAILABLE",
        "capabilities": ["RFID_READER", "REMOTE_START_STOP_CAPABLE"],
        "connectors": [connector()],
        "last_updated": "2026-01-01T00:00:00Z",
    }


LOCATION: Object = {
    "country_code": "DE",
    "party_id": "ABC",
    "id": "LOC1",
    "publish": True,
    "name": "Am Hafen",
    "address": "Kaistraße 5",
    "city": "Kiel",
    "postal_code": "24103",
    "country": "DEU",
    "coordinates": {"latitude": "54.315000", "longitude": "10.135000"},
    "evses": [evse("E1"), evse("E2"), evse("E3")],
    "time_zone": "Europe/Berlin",
    "last_updated": "2026-01-01T00:00:00Z",
}

CONFIG = CpoConfig(
    country_code="DE",
    party_id="ABC",
    name="Abc Charging",
    ocpp_port=9000,
    ocpi_port=9100,
    locations=[LOCATION],
    tariffs=[TARIFF],
    stations=[
        StationEntry("CP16", "LOC1", ["E1", "E2"]),
        StationEntry("CP201", "LOC1", ["E3"], basic_password="open sesame 12345"),
    ],
)


def token(uid: str = "CARD1", **fields: Any) -> Object:
    return {
        "country_code": "DE",
        "party_id": "EMP",
        "uid": uid,
        "type": "RFID",
        "contract_id": f"DE-EMP-{uid}",
        "issuer": "Emp",
        "valid": True,
        "whitelist": "ALLOWED",
        "last_updated": "2026-01-10T00:00:00Z",
        **fields,
    }


@dataclass
class Emsp:
    """An eMSP that keeps what it is sent; `misbehave(ctx)` may answer in its place."""

    clock: Clock
    chance: Chance
    journal: Journal
    name: str = "emsp"
    port: int = 9200
    party_id: str = "EMP"
    tokens: list[Object] = field(default_factory=list)
    verdict: str = "ALLOWED"
    got: list[tuple[str, str, Any]] = field(default_factory=list)
    cdrs: dict[str, Object] = field(default_factory=dict)
    versions: tuple[str, ...] = ("2.2.1",)
    lacks: tuple[str, ...] = ()  # modules that it does not offer
    misbehave: Callable[[Ctx], Awaitable[Result | None]] | None = None
    asked: int = 0

    def __post_init__(self) -> None:
        self.http = HttpClient(self.clock)
        chance = self.chance.child(self.name)
        self.client = OcpiClient(self.http, self.clock, chance, self.journal, self.name)
        self.store = MemoryStore()
        role = {
            "role": "EMSP",
            "business_details": {"name": self.name},
            "party_id": self.party_id,
            "country_code": "DE",
        }
        platform = Platform(versions_url="", roles=[role], versions=self.versions)
        self.registrar = Registrar(self.client, self.store, platform, chance)
        self.server = OcpiServer(
            clock=self.clock,
            journal=self.journal,
            actor=self.name,
            registrar=self.registrar,
            routes=[route for route in self._routes() if route.module not in self.lacks],
        )
        self.listener = HttpServer(self.server.handle, self.clock, port=self.port)

    def _routes(self) -> list[Route]:
        owned = "{country_code}/{party_id}"
        pushed = (
            ("locations", "location", f"{owned}/{{location_id}}"),
            ("locations", "evse", f"{owned}/{{location_id}}/{{evse_uid}}"),
            ("locations", "connector", f"{owned}/{{location_id}}/{{evse_uid}}/{{connector_id}}"),
            ("tariffs", "tariff", f"{owned}/{{tariff_id}}"),
            ("sessions", "session", f"{owned}/{{session_id}}"),
        )
        routes = [
            Route(module, RECEIVER, verb, path, self._keep, takes=kind)
            for module, kind, path in pushed
            for verb in ("PUT", "PATCH")
            if (module, verb) != ("tariffs", "PATCH")
        ]
        tariff = f"{owned}/{{tariff_id}}"
        patch = Route("tariffs", RECEIVER, "PATCH", tariff, self._keep, takes="tariff")
        return [
            *routes,
            replace(patch, versions=("2.1.1",)),
            Route("tariffs", RECEIVER, "DELETE", tariff, self._keep),
            Route("cdrs", RECEIVER, "POST", "", self._cdr, takes="cdr"),
            Route("tokens", SENDER, "GET", "", self._list, gives="token"),
            Route(
                "tokens",
                SENDER,
                "POST",
                "{token_uid}/authorize",
                self._authorize,
                takes="location_references",
                gives="authorization_info",
                optional=True,
            ),
            Route("commands", SENDER, "POST", "{id}", self._keep),
        ]

    async def _odd(self, ctx: Ctx) -> Result | None:
        return await self.misbehave(ctx) if self.misbehave else None

    async def _keep(self, ctx: Ctx) -> Result:
        if (odd := await self._odd(ctx)) is not None:
            return odd
        assert ctx.route is not None
        self.got.append((ctx.method, ctx.route.module, ctx.json))
        return Result()

    async def _cdr(self, ctx: Ctx) -> Result:
        if (odd := await self._odd(ctx)) is not None:
            return odd
        self.got.append(("POST", "cdrs", ctx.json))
        self.cdrs.setdefault(ctx.json["id"], ctx.json)
        url = f"{self.listener.base_url}/cdr/{ctx.json['id']}"
        return Result(created=True, headers={"Location": url})

    async def _list(self, ctx: Ctx) -> Result:
        return ctx.listing(window(self.tokens, ctx.page(2)))

    async def _authorize(self, ctx: Ctx) -> Result:
        if (odd := await self._odd(ctx)) is not None:
            return odd
        uid = ctx.params["token_uid"]
        self.asked += 1
        for known in self.tokens:
            if known["uid"].casefold() == uid.casefold():
                info = {
                    "allowed": self.verdict,
                    "token": known,
                    "location": ctx.json,
                    "authorization_reference": f"AUTH-{self.asked}",
                }
                return Result(info)
        raise NotFound("unknown", status_code=2004)

    async def start(self) -> None:
        await self.listener.start()
        self.server.base_url = self.listener.base_url

    async def stop(self) -> None:
        await self.listener.stop()
        await self.server.stop()
        await self.http.close()

    def invite(self) -> str:
        """A token A for the CPO."""
        connection = Connection("cpo", "cpo", token_in=self.registrar.new_token())
        self.store.save(connection)
        return connection.token_in

    @property
    def cpo(self) -> Connection:
        """The connection to the CPO."""
        return self.store.all()[0]

    def of(self, module: str) -> list[tuple[str, Any]]:
        """What came for a module: method and body."""
        return [(method, body) for method, name, body in self.got if name == module]


@dataclass
class World:
    """A CPO, an eMSP, and what they stand on."""

    cpo: Cpo
    emsp: Emsp
    clock: Clock
    chance: Chance
    journal: Journal

    async def told(self, what: str, **data: Any) -> Record:
        """Wait for an event of the CPO."""
        return await self.journal.wait_for(
            lambda r: (
                r["leg"] == "event"
                and r["actor"] == "cpo"
                and r["what"] == what
                and data.items() <= r["data"].items()
            ),
            timeout_s=7200,
        )

    def events(self, what: str) -> list[Record]:
        """The events of that name so far."""
        return [r for r in self.journal.records if r["leg"] == "event" and r["what"] == what]


def crashed(path: Path) -> Path:
    """The database as a restart finds it after a kill -9 at this moment."""
    copy = path.with_name(f"{path.stem}-after{path.suffix}")
    for suffix in ("", "-wal"):
        source = path.with_name(path.name + suffix)
        if source.exists():
            shutil.copy(source, copy.with_name(copy.name + suffix))
    return copy


@asynccontextmanager
async def running(
    clock: Clock,
    chance: Chance,
    journal: Journal,
    *,
    registered: bool = True,
    tokens: list[Object] | None = None,
    versions: tuple[str, ...] = ("2.2.1",),
    lacks: tuple[str, ...] = (),
    port: int = 9200,
    **config: Any,
) -> AsyncIterator[World]:
    """A CPO and an eMSP on their ports, connected unless told otherwise."""
    known = tokens if tokens is not None else [token()]
    emsp = Emsp(clock, chance, journal, port=port, tokens=known, versions=versions, lacks=lacks)
    cpo = Cpo(replace(CONFIG, **config), clock=clock, chance=chance, journal=journal)
    await emsp.start()
    await cpo.start()
    try:
        if registered:
            await cpo.register(emsp.server.versions_url, emsp.invite(), peer="emsp")
        yield World(cpo, emsp, clock, chance, journal)
    finally:
        await cpo.stop()
        await emsp.stop()
