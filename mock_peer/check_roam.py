"""A Roam face with a charging network behind it that exists only in a check.

Rule: the face is the product's own, unchanged; what stands in for CPOs (`CpoSide`) is here, and
does at once whatever an EMP asks of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from mock_peer import check_network as network
from mock_peer import raw
from mock_peer.check_charging import Charging
from mock_peer.check_probes import NOWHERE
from mock_peer.check_table_emp import ALONE, LOCAL, REMOTE, SHARED
from mock_peer.roam_authorize import Verdict
from mock_peer.roam_book import RoamBook
from mock_peer.roam_catalogue import Catalogue
from mock_peer.roam_delivery import Delivery
from mock_peer.roam_face import RoamFace
from mock_peer.roam_ids import Kind
from mock_peer.roam_judging import ACTOR, RoamJudge
from mock_peer.roam_organisation import Organisation
from mock_peer.roam_outbound import Outbound
from mock_peer.roam_tokens import Held
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.client import OcpiClient
from simulator.ocpi.connection import SENDER, Connection
from simulator.wire.http_aio import HttpClient, HttpServer
from simulator.wire.security_events import refusal_told
from simulator.wire.tls import NO_TLS, Tls

TIMEOUT_S = 30
# The protocol of a CPO that names only the contract of a token.
_OLD = "OCPI-2.1.1"
# Where local starts take place; a location that the change of status leaves alone.
_HERE = network.location_id(2)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often authorization is asked for, and how long a session lasts that nobody stops (s)."""

    ask_every_s: float = 15.0
    charge_s: float = 30.0


class Network:
    """The check's own network. It is the `CpoSide` of its Roam face."""

    def __init__(
        self,
        http: HttpClient,
        *,
        clock: Clock,
        chance: Chance,
        journal: Journal,
        pace: Pace,
        organisation: Organisation | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: Tls = NO_TLS,
        insecure: bool = False,
    ) -> None:
        self._clock = clock
        self._pace = pace
        self.book = RoamBook(organisation=organisation)
        self._judge = RoamJudge(self.book, clock=clock, journal=journal)
        client = OcpiClient(http, clock, chance, journal, ACTOR, routing=False)
        self._outbound = Outbound(self._judge, client)
        self._catalogue = Catalogue(self.book.ids)
        self.face = RoamFace(
            self.book,
            self._catalogue,
            self._outbound,
            self,
            judge=self._judge,
            client=client,
            chance=chance,
        )
        self._web = HttpServer(
            self.face.handle,
            clock,
            host=host,
            port=port,
            ssl=tls.server(clock, refusal_told(journal, ACTOR, "ocpi")),
            insecure=insecure,
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._sessions: set[asyncio.Task[None]] = set()
        self._stops: dict[str, asyncio.Event] = {}
        self._commands = 0

    @property
    def versions_url(self) -> str:
        """Where an EMP finds it."""
        return self.face.server.versions_url

    async def start(self, public_url: str = "") -> None:
        """Serve, to be reached at `public_url`, else where it listens. Raises BindError."""
        await self._web.start()
        self.face.server.base_url = public_url.rstrip("/") or self._web.base_url
        now = self._clock.now()
        tariff = network.CPO.below(network.TARIFF_ID)
        self._catalogue.put_tariff(network.tariff(now), tariff, now)
        for number in range(1, network.LOCATIONS + 1):
            self.show(number, "AVAILABLE")

    async def stop(self) -> None:
        """Stop all that is under way, and serving."""
        tasks = (*self._tasks, *self._sessions)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._outbound.stop()
        await self.face.server.stop()
        await self._web.stop()
        self.book.close()

    def show(self, number: int, status: str) -> None:
        """Let the EVSE of a location be in a status."""
        now = self._clock.now()
        origin = network.CPO.below(network.location_id(number))
        self._catalogue.put(network.location(number, now, status), origin, now)

    # Real-time authorization, and local starts

    def begin(self, emp: Connection) -> None:
        """Ask an EMP for its tokens from here on, and charge once that is allowed."""
        if ("tokens", SENDER) in emp.endpoints:
            self._spawn(self._ask(emp), self._tasks)

    async def finish(self) -> None:
        """Wait until every session has ended."""
        while self._sessions:
            await asyncio.wait(tuple(self._sessions))

    async def _ask(self, emp: Connection) -> None:
        """A stranger's token once, then the EMP's first good one, again and again."""
        await self._question(emp, stranger(emp))
        charged = shared = False
        while True:
            await self._clock.sleep(self._pace.ask_every_s)
            own = self.book.tokens.of(emp.id)
            held = next((h for h in own if h.token.get("valid") is True), None)
            if held is None:
                continue
            verdict = await self._question(emp, held)
            if verdict.allowed == "ALLOWED" and not charged:
                charged = True
                self._spawn(self._charge_locally(emp, held, verdict.reference), self._sessions)
            first = self._first_of_several(emp)
            if verdict.allowed == "ALLOWED" and first is not None and not shared:
                shared = True
                self._spawn(self._charge_by_contract(emp, first), self._sessions)

    async def _question(self, emp: Connection, held: Held) -> Verdict:
        ids, origin = self.book.ids, network.CPO.below(_HERE)
        evse = origin.below(f"{_HERE}-1")
        references = {
            "location_id": ids.issue(Kind.LOCATION, origin),
            "evse_uids": [ids.issue(Kind.EVSE, evse)],
        }
        return await self._outbound.authorize(held, references, None)

    async def _charge_locally(self, emp: Connection, held: Held, reference: str | None) -> None:
        """A session, its CDR, the same CDR until it is taken and once more, a CDR of no session."""
        charging = self._charging(emp)
        first = await charging.session(
            LOCAL,
            held,
            network.place(_HERE),
            lasts_s=self._pace.charge_s,
            stopped=self._stop_of(LOCAL),
            reference=reference,
        )
        await charging.alone(ALONE, first, held)
        await self._repeat(charging, first)

    async def _charge_by_contract(self, emp: Connection, first: Held) -> None:
        """A session and a CDR of a CPO that names only the contract, which has several tokens."""
        await self._charging(emp).session(
            SHARED,
            first,
            network.place(_HERE),
            lasts_s=self._pace.charge_s,
            stopped=self._stop_of(SHARED),
            protocol=_OLD,
        )

    def _first_of_several(self, emp: Connection) -> Held | None:
        """The token that is taken where a contract of the EMP has more than one."""
        contracts = (self.book.tokens.of_contract(h.contract) for h in self.book.tokens.of(emp.id))
        return next((held[0] for held in contracts if len(held) > 1), None)

    async def _repeat(self, charging: Charging, delivery: Delivery) -> None:
        """Send a CDR again as on the next night, and on until this and all others are taken."""
        await self._clock.sleep(self._pace.ask_every_s)
        await charging.again(delivery)
        while waiting := self.book.deliveries():
            await self._clock.sleep(self._pace.ask_every_s)
            for untaken in waiting:
                await charging.again(untaken)

    # CpoSide: what the EMP asks

    async def forward_token(self, held: Held) -> None:
        """There is no CPO to push it to."""

    async def withdraw_tokens(self, emp: Connection) -> None:
        """There is no CPO to take them back from."""

    async def command(
        self,
        emp: Connection,
        connection: str,
        name: str,
        request: Mapping[str, Any],
        session: str | None,
    ) -> Mapping[str, Any]:
        """Accept any start, and a stop of what was started."""
        self._commands += 1
        accepted = True
        if name == "START_SESSION":
            self._spawn(self._charge_remotely(emp, request), self._sessions)
        else:
            stopped = self._stops.get(raw.text(request, "/session_id") or "")
            accepted = stopped is not None
            if stopped is not None:
                stopped.set()
        result = "ACCEPTED" if accepted else "UNKNOWN_SESSION"
        return {"id": str(self._commands), "response": {"result": result, "timeout": TIMEOUT_S}}

    async def result_of(self, command_id: str, timeout_s: float) -> Mapping[str, Any] | None:
        """Whatever was accepted is carried out."""
        return {"result": "ACCEPTED"}

    async def _charge_remotely(self, emp: Connection, request: Mapping[str, Any]) -> None:
        token = request["token"]
        held = self.book.tokens.find(str(token["uid"]), str(token["type"]))
        if held is None:
            return
        name = REMOTE if REMOTE not in self._stops else f"{REMOTE}-{self._commands}"
        await self._charging(emp).session(
            name,
            held,
            network.place(str(request["location_id"])),
            lasts_s=self._pace.charge_s,
            stopped=self._stop_of(name),
            reference=raw.text(request, "/authorization_reference"),
            method="COMMAND",
        )

    # Small things

    def _charging(self, emp: Connection) -> Charging:
        return Charging(emp, self._judge, self._catalogue, self._outbound)

    def _stop_of(self, name: str) -> asyncio.Event:
        return self._stops.setdefault(name, asyncio.Event())

    @staticmethod
    def _spawn(work: Coroutine[Any, Any, None], among: set[asyncio.Task[None]]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        among.add(task)
        task.add_done_callback(among.discard)


def stranger(emp: Connection) -> Held:
    """A token that the EMP never issued."""
    return Held(emp.id, {"uid": NOWHERE, "type": "RFID", "contract_id": NOWHERE})
