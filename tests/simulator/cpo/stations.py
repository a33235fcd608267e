"""Stations of the `ocpp` package, which is not ours, at the CPO's door."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import ocpp.messages
from ocpp.routing import on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call as call16
from ocpp.v16 import call_result as result16
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call as call201
from ocpp.v201 import call_result as result201
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from simulator.cpo.run import Cpo
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339

ocpp.messages.ASYNC_VALIDATION = False


class Raw:
    """Say what the package itself would not send."""

    _connection: Any
    route_message: Any

    async def raw(self, action: str, payload: dict[str, Any]) -> list[Any]:
        """Call; returns what stands in the answer behind its id."""
        answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()

        async def take(text: str) -> None:
            answer.set_result(json.loads(text)[2:])

        self.route_message = take
        try:
            await self._connection.send(json.dumps([2, f"raw-{action}", action, payload]))
            return await answer
        finally:
            del self.route_message


class Station16(Raw, ChargePoint16):  # type: ignore[misc]
    """A 1.6 station that accepts what it is told and keeps it."""

    def __init__(self, name: str, socket: Any, clock: Clock) -> None:
        super().__init__(name, socket)
        self.clock = clock
        self.told: list[tuple[str, Any]] = []

    @property
    def now(self) -> str:
        return rfc3339(self.clock.now())

    @on("RemoteStartTransaction")
    def on_start(self, **payload: Any) -> Any:
        self.told.append(("start", payload))
        return result16.RemoteStartTransaction(status="Accepted")

    @on("RemoteStopTransaction")
    def on_stop(self, **payload: Any) -> Any:
        self.told.append(("stop", payload))
        return result16.RemoteStopTransaction(status="Accepted")

    @on("UnlockConnector")
    def on_unlock(self, **payload: Any) -> Any:
        self.told.append(("unlock", payload))
        return result16.UnlockConnector(status="UnlockFailed")

    async def boot(self) -> Any:
        return await self.call(call16.BootNotification("Model", "Vendor"), suppress=False)

    async def status(self, status: str, connector: int = 1) -> None:
        await self.call(
            call16.StatusNotification(connector, "NoError", status, timestamp=self.now),
            suppress=False,
        )

    async def begin(
        self, tag: str = "CARD1", connector: int = 1, wh: int = 1000, at: str = ""
    ) -> Any:
        return await self.call(
            call16.StartTransaction(connector, tag, wh, at or self.now), suppress=False
        )

    async def meter(self, transaction: int, wh: int, connector: int = 1) -> None:
        value = {"timestamp": self.now, "sampledValue": [{"value": str(wh)}]}
        await self.call(
            call16.MeterValues(connector, [value], transaction_id=transaction), suppress=False
        )

    async def end(self, transaction: int, wh: int, **more: Any) -> Any:
        return await self.call(
            call16.StopTransaction(wh, self.now, transaction, **more), suppress=False
        )


S = TypeVar("S", bound=Station16)


class Station201(Raw, ChargePoint201):  # type: ignore[misc]
    """A 2.0.1 station that accepts what it is told and keeps it."""

    def __init__(self, name: str, socket: Any, clock: Clock) -> None:
        super().__init__(name, socket)
        self.clock = clock
        self.told: list[tuple[str, Any]] = []
        self.seq_no = -1

    @property
    def now(self) -> str:
        return rfc3339(self.clock.now())

    @on("RequestStartTransaction")
    def on_start(self, **payload: Any) -> Any:
        self.told.append(("start", payload))
        return result201.RequestStartTransaction(status="Accepted")

    @on("RequestStopTransaction")
    def on_stop(self, **payload: Any) -> Any:
        self.told.append(("stop", payload))
        return result201.RequestStopTransaction(status="Accepted")

    async def boot(self) -> Any:
        station = {"model": "Model", "vendor_name": "Vendor"}
        return await self.call(call201.BootNotification(station, "PowerUp"), suppress=False)

    async def event(
        self,
        kind: str,
        *,
        transaction: str = "TX-1",
        state: str | None = None,
        kwh: float | None = None,
        token: str | None = None,
        token_type: str = "ISO14443",
        reason: str = "ChargingStateChanged",
        seq_no: int | None = None,
        **more: Any,
    ) -> Any:
        self.seq_no = self.seq_no + 1 if seq_no is None else seq_no
        info = {"transaction_id": transaction}
        if state is not None:
            info["charging_state"] = state
        if kwh is not None:
            unit = {"unit": "kWh"}
            sample = {"value": kwh, "unit_of_measure": unit}
            more["meter_value"] = [{"timestamp": self.now, "sampled_value": [sample]}]
        if token is not None:
            more["id_token"] = {"id_token": token, "type": token_type}
        return await self.call(
            call201.TransactionEvent(
                kind, self.now, reason, self.seq_no, info, evse={"id": 1, "connector_id": 1}, **more
            ),
            suppress=False,
        )


S201 = TypeVar("S201", bound=Station201)


@asynccontextmanager
async def _connected(
    cpo: Cpo, clock: Clock, kind: type, name: str, subprotocol: str, login: str | None
) -> AsyncIterator[Any]:
    headers = {"Authorization": f"Basic {login}"} if login else {}
    async with connect(
        f"{cpo.ocpp_url}/{name}",
        subprotocols=[Subprotocol(subprotocol)],
        additional_headers=headers,
        ping_interval=None,
    ) as socket:
        station = kind(name, socket, clock)
        station._unique_id_generator = Chance(1, name).uuid4
        listening = asyncio.get_running_loop().create_task(station.start())
        try:
            yield station
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionClosed):
                await listening


@asynccontextmanager
async def station16(
    cpo: Cpo,
    clock: Clock,
    name: str = "CP16",
    kind: type[S] = Station16,  # type: ignore[assignment]
) -> AsyncIterator[S]:
    """A connected 1.6 station."""
    async with _connected(cpo, clock, kind, name, "ocpp1.6", None) as station:
        yield station


@asynccontextmanager
async def station201(
    cpo: Cpo,
    clock: Clock,
    name: str = "CP201",
    kind: type[S201] = Station201,  # type: ignore[assignment]
) -> AsyncIterator[S201]:
    """A connected 2.0.1 station."""
    login = "Q1AyMDE6b3BlbiBzZXNhbWUgMTIzNDU="  # CP201:open sesame 12345
    async with _connected(cpo, clock, kind, name, "ocpp2.0.1", login) as station:
        yield station
