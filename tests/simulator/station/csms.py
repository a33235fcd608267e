"""A CSMS that is not ours: the `ocpp` package's ChargePoint behind a plain WebSocket server.

It validates all that it receives and answers by its own schemas; what our station said is read from
our journal.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

import ocpp.messages
import ocpp.v16
import ocpp.v201
from ocpp.charge_point import camel_to_snake_case
from ocpp.exceptions import InternalError
from ocpp.routing import on
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal, Record
from simulator.station.config import ConnectorConfig, EvseConfig, StationConfig
from simulator.station.run import Station
from simulator.wire.ocpp_rpc import OcppVersion

ocpp.messages.ASYNC_VALIDATION = False
logging.getLogger("ocpp").setLevel(logging.CRITICAL)

TWO = (
    EvseConfig(1),
    EvseConfig(2, (ConnectorConfig(1, "IEC_62196_T2_COMBO", "CABLE", "DC", 500, 300, 150_000),)),
)


class Csms:
    """What both versions share: the answers that a test sets, and the live connection."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.boots: deque[tuple[str, int]] = deque()  # then Accepted, 300
        self.tokens: dict[str, dict[str, Any]] = {}  # identifier -> info; Accepted if not there
        self.broken: set[str] = set()  # actions answered with a CALLERROR
        self.answers: dict[str, dict[str, Any]] = {}  # to what is asked of certificates
        self.silent: set[str] = set()  # actions whose answers come too late
        self.delays_s: dict[str, float] = {}  # of answers about certificates and contracts
        # What a certificate pool answers to an exiRequest.
        self.pool: Callable[[str], dict[str, Any]] = lambda _: {
            "status": "Failed",
            "exiResponse": "",
        }
        self.point: Any = None
        self.transactions = 0
        self.connections = 0
        self.boots_seen = 0
        self.on_csr: Callable[[str], object] = lambda csr: None
        self.interval_s = 300  # of heartbeats, once the boots are used up

    async def call(self, request: Any) -> Any:
        """Call the station; raises the package's error for a CALLERROR."""
        return await self.point.call(request, suppress=False)

    def check(self, action: str) -> None:
        """Fail as a test wished."""
        if action in self.broken:
            raise InternalError("on purpose")

    async def about(self, action: str, **usual: Any) -> dict[str, Any]:
        """What is answered to a question about certificates."""
        self.check(action)
        if action in self.silent:
            await self.clock.sleep(35)  # longer than a station waits
        if action in self.delays_s:
            await self.clock.sleep(self.delays_s[action])
        return self.answers.get(action, usual)

    def boot(self) -> dict[str, Any]:
        """The answer to a BootNotification."""
        self.check("BootNotification")
        status, interval = self.boots.popleft() if self.boots else ("Accepted", self.interval_s)
        now = rfc3339(self.clock.now())
        self.boots_seen += 1
        return {"current_time": now, "interval": interval, "status": status}

    def info(self, token: str) -> dict[str, Any]:
        """What is thought of an identifier."""
        return self.tokens.get(token, {"status": "Accepted"})

    async def contract(self, token: str) -> dict[str, Any]:
        """The answer to a contract, in the wire's spelling."""
        return await self.about(
            "Authorize", idTokenInfo=self.info(token), certificateStatus="Accepted"
        )

    async def ev_certificate(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to a car that wants a contract, in the wire's spelling."""
        return await self.about("Get15118EVCertificate", **self.pool(request["exiRequest"]))


class Point16(ocpp.v16.ChargePoint):
    """The package's 1.6 end."""

    csms: Csms

    @on("BootNotification")
    def boot(self, **_: Any) -> Any:
        return ocpp.v16.call_result.BootNotification(**self.csms.boot())

    @on("Heartbeat")
    def heartbeat(self) -> Any:
        return ocpp.v16.call_result.Heartbeat(rfc3339(self.csms.clock.now()))

    @on("StatusNotification")
    def status(self, **_: Any) -> Any:
        return ocpp.v16.call_result.StatusNotification()

    @on("Authorize")
    def authorize(self, id_tag: str) -> Any:
        self.csms.check("Authorize")
        return ocpp.v16.call_result.Authorize(self.csms.info(id_tag))

    @on("StartTransaction")
    def start_transaction(self, id_tag: str, **_: Any) -> Any:
        self.csms.check("StartTransaction")
        self.csms.transactions += 1
        info = self.csms.info(f"start:{id_tag}")
        return ocpp.v16.call_result.StartTransaction(self.csms.transactions, info)

    @on("StopTransaction")
    def stop_transaction(self, **_: Any) -> Any:
        self.csms.check("StopTransaction")
        return ocpp.v16.call_result.StopTransaction()

    @on("MeterValues")
    def meter_values(self, **_: Any) -> Any:
        self.csms.check("MeterValues")
        return ocpp.v16.call_result.MeterValues()

    @on("SignCertificate")
    async def sign_certificate(self, csr: str) -> Any:
        self.csms.on_csr(csr)
        answer = await self.csms.about("SignCertificate", status="Accepted")
        return ocpp.v16.call_result.SignCertificate(**answer)

    @on("SecurityEventNotification")
    def security_event(self, **_: Any) -> Any:
        return ocpp.v16.call_result.SecurityEventNotification()

    @on("DataTransfer")
    async def data_transfer(self, message_id: str, data: str = "", **_: Any) -> Any:
        self.csms.check("DataTransfer")
        if message_id == "Authorize":
            inner = await self.csms.contract(json.loads(data)["idToken"]["idToken"])
        elif message_id == "Get15118EVCertificate":
            inner = await self.csms.ev_certificate(json.loads(data))
        else:
            inner = await self.csms.about(message_id, status="Accepted")
        if "wrapper" in inner:
            return ocpp.v16.call_result.DataTransfer(inner["wrapper"], inner.get("data"))
        return ocpp.v16.call_result.DataTransfer("Accepted", json.dumps(inner))


class Point201(ocpp.v201.ChargePoint):
    """The package's 2.0.1 end."""

    csms: Csms

    @on("BootNotification")
    def boot(self, **_: Any) -> Any:
        return ocpp.v201.call_result.BootNotification(**self.csms.boot())

    @on("Heartbeat")
    def heartbeat(self) -> Any:
        return ocpp.v201.call_result.Heartbeat(rfc3339(self.csms.clock.now()))

    @on("StatusNotification")
    def status(self, **_: Any) -> Any:
        return ocpp.v201.call_result.StatusNotification()

    @on("Authorize")
    async def authorize(self, id_token: dict[str, Any], **_: Any) -> Any:
        self.csms.check("Authorize")
        if id_token["type"] == "eMAID":
            answer = await self.csms.contract(id_token["id_token"])
            return ocpp.v201.call_result.Authorize(**camel_to_snake_case(answer))
        return ocpp.v201.call_result.Authorize(self.csms.info(id_token["id_token"]))

    @on("Get15118EVCertificate")
    async def ev_certificate(self, exi_request: str, **_: Any) -> Any:
        answer = await self.csms.ev_certificate({"exiRequest": exi_request})
        return ocpp.v201.call_result.Get15118EVCertificate(**camel_to_snake_case(answer))

    @on("TransactionEvent")
    def transaction_event(self, **event: Any) -> Any:
        self.csms.check("TransactionEvent")
        token = event.get("id_token")
        info = self.csms.info(f"start:{token['id_token']}") if token else None
        return ocpp.v201.call_result.TransactionEvent(id_token_info=info)

    @on("MeterValues")
    def meter_values(self, **_: Any) -> Any:
        return ocpp.v201.call_result.MeterValues()

    @on("SignCertificate")
    async def sign_certificate(self, csr: str, **_: Any) -> Any:
        self.csms.on_csr(csr)
        answer = await self.csms.about("SignCertificate", status="Accepted")
        return ocpp.v201.call_result.SignCertificate(**answer)

    @on("GetCertificateStatus")
    async def certificate_status(self, **_: Any) -> Any:
        answer = await self.csms.about("GetCertificateStatus", status="Failed")
        return ocpp.v201.call_result.GetCertificateStatus(**answer)

    @on("SecurityEventNotification")
    def security_event(self, **_: Any) -> Any:
        return ocpp.v201.call_result.SecurityEventNotification()

    @on("NotifyReport")
    def notify_report(self, **_: Any) -> Any:
        return ocpp.v201.call_result.NotifyReport()


@contextlib.asynccontextmanager
async def serving(csms: Csms, version: OcppVersion) -> AsyncIterator[str]:
    """Serve one station, on port 9000 or a free one in real time; yields the URL."""
    kind = Point16 if version is OcppVersion.V16 else Point201

    async def serve_one(connection: ServerConnection) -> None:
        csms.point = kind("CP1", connection)
        csms.point.csms = csms
        csms.connections += 1
        with contextlib.suppress(ConnectionClosed):
            await csms.point.start()

    protocols = [Subprotocol(version.subprotocol)]
    pings_s = 20 if csms.interval_s == 300 else None  # tests that last for months need none
    port = 9000 if csms.clock.mode == "virtual" else 0
    async with serve(
        serve_one, "127.0.0.1", port, subprotocols=protocols, ping_interval=pings_s
    ) as server:
        listening = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port or listening}/ocpp"


@contextlib.asynccontextmanager
async def world(
    clock: Clock,
    journal: Journal,
    version: OcppVersion,
    *,
    ready: bool = True,
    interval_s: int = 300,
    **options: Any,
) -> AsyncIterator[tuple[Station, Csms]]:
    """A station and its CSMS; `options` are fields of StationConfig."""
    csms = Csms(clock)
    csms.interval_s = interval_s
    fields = {"evses": TWO, "reconnect_random_s": 0.0, **options}
    async with serving(csms, version) as url:
        config = StationConfig("CP1", version, url, **fields)
        station = Station(config, clock=clock, chance=Chance(42), journal=journal)
        try:
            if ready:
                await station.start()
                await station.wait_ready(5)
            yield station, csms
        finally:
            await station.stop()


def sent(journal: Journal, action: str | None = None) -> list[dict[str, Any]]:
    """The payloads of the CALLs that the station sent, in order."""
    return [json.loads(r["frame"])[3] for r in calls(journal) if action in (None, r["action"])]


def calls(journal: Journal) -> list[Record]:
    """The records of the CALLs that the station sent."""
    return [
        r
        for r in journal.records
        if r["leg"] == "ocpp" and r["direction"] == "sent" and r["message_type"] == 2
    ]


def actions(journal: Journal) -> list[str]:
    """The actions that the station sent, in order."""
    return [r["action"] for r in calls(journal)]


def events(journal: Journal, what: str) -> list[dict[str, Any]]:
    """The data of the station's decisions of one kind."""
    return [r["data"] for r in journal.records if r["leg"] == "event" and r["what"] == what]


def flaws(journal: Journal) -> list[Any]:
    """All that either end found wrong with a frame."""
    return [
        r for r in journal.records if r["leg"] == "ocpp" and (r["errors"] or r["message_type"] == 4)
    ]
