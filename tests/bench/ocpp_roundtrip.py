"""OCPP round trips a second: our link beside the `ocpp` package and beside bare `websockets`.

Rule: one run, one machine, one process with both ends in it; 50 stations over loopback call as fast
as answers come, for a bounded time. The setups take turns and the best of their rounds counts, so
that whatever else the machine does cannot favour one. Our link validates both directions at both
ends and writes its journal; compression is off everywhere.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import ocpp.messages
import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint as Package16
from ocpp.v16 import call as call16
from ocpp.v16 import call_result as result16
from ocpp.v201 import ChargePoint as Package201
from ocpp.v201 import call as call201
from ocpp.v201 import call_result as result201

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.loop import new_loop
from simulator.wire.ocpp_frames import write_call
from simulator.wire.ocpp_rpc import Call, OcppVersion, Payload, Reply
from simulator.wire.ocpp_ws import Link, OcppClient, OcppServer

Figure = tuple[str, float, str]
Shot = Callable[[], Awaitable[object]]

STATIONS = 50
ROUNDS = 3
SECONDS = 0.5  # a round
WARM_UP_S = 0.15
NOW = "2026-01-15T07:00:00.000Z"

METER_VALUES: Payload = {
    "connectorId": 1,
    "transactionId": 4711,
    "meterValue": [
        {
            "timestamp": NOW,
            "sampledValue": [
                {"value": "12345", "measurand": "Energy.Active.Import.Register", "unit": "Wh"},
                {"value": "16.0", "measurand": "Current.Import", "unit": "A", "phase": "L1"},
                {"value": "230.1", "measurand": "Voltage", "unit": "V", "phase": "L1"},
                {"value": "11040", "measurand": "Power.Active.Import", "unit": "W"},
            ],
        }
    ],
}
TRANSACTION_EVENT: Payload = {
    "eventType": "Updated",
    "timestamp": NOW,
    "triggerReason": "MeterValuePeriodic",
    "seqNo": 7,
    "transactionInfo": {
        "transactionId": "0f8f6c1e-6a3a-4a3b-9b0b-1f2e3d4c5b6a",
        "chargingState": "Charging",
    },
    "evse": {"id": 1, "connectorId": 1},
    "meterValue": [
        {
            "timestamp": NOW,
            "sampledValue": [
                {"value": 12345.0, "measurand": "Energy.Active.Import.Register"},
                {"value": 16.0, "measurand": "Current.Import", "phase": "L1"},
                {"value": 230.1, "measurand": "Voltage", "phase": "L1-N"},
                {"value": 11040.0, "measurand": "Power.Active.Import"},
            ],
        }
    ],
}
ANSWERS: dict[str, Payload] = {
    "Heartbeat": {"currentTime": NOW},
    "MeterValues": {},
    "TransactionEvent": {},
}
CASES = [
    ("Heartbeat 1.6", OcppVersion.V16, "Heartbeat", {}),
    ("MeterValues 1.6", OcppVersion.V16, "MeterValues", METER_VALUES),
    ("TransactionEvent 2.0.1", OcppVersion.V201, "TransactionEvent", TRANSACTION_EVENT),
]


def run() -> list[Figure]:
    """Measure every case with every setup; figures are round trips a second."""
    figures: list[Figure] = []
    for name, version, action, payload in CASES:
        best = dict.fromkeys(SETUPS, 0.0)
        for _ in range(ROUNDS):
            for setup, measure in SETUPS.items():
                with asyncio.Runner(loop_factory=lambda: new_loop(Clock("real"))) as runner:
                    rate = runner.run(measure(version, action, payload))
                best[setup] = max(best[setup], rate)
        figures += [
            (f"{name}: {setup}", round(rate), "round trips/s") for setup, rate in best.items()
        ]
    return figures


async def _rate(shots: list[Shot]) -> float:
    """Let every station call again as soon as it is answered; count."""
    count = 0

    async def station(shot: Shot, until: float) -> None:
        nonlocal count
        while time.perf_counter() < until:
            await shot()
            count += 1

    async def volley(seconds: float) -> float:
        began = time.perf_counter()
        await asyncio.gather(*(station(shot, began + seconds) for shot in shots))
        return time.perf_counter() - began

    await volley(WARM_UP_S)
    count = 0
    took = await volley(SECONDS)
    return count / took


async def _roamlab(version: OcppVersion, action: str, payload: Payload) -> float:
    clock, chance = Clock("real"), Chance(1)
    journal = Journal(clock, keep=1000)
    up: list[Link] = []
    all_up = asyncio.Event()

    async def answer(call: Call) -> Reply:
        return Reply(ANSWERS[call.action])

    async def on_up(link: Link) -> None:
        up.append(link)
        if len(up) == STATIONS:
            all_up.set()

    server = OcppServer(
        clock=clock,
        chance=chance,
        journal=journal,
        actor="cpo",
        accept=lambda _knock: True,
        on_link=lambda _link: answer,
        port=0,
    )
    await server.start()
    clients = [
        OcppClient(
            url=server.url,
            station_id=f"CP{number}",
            version=version,
            clock=clock,
            chance=chance.child(str(number)),
            journal=journal,
            handler=answer,
            on_up=on_up,
            on_down=lambda _reason: None,
        )
        for number in range(STATIONS)
    ]
    for client in clients:
        await client.start()
    await all_up.wait()
    rate = await _rate([partial(link.call, action, payload) for link in up])
    for client in clients:
        await client.stop()
    await server.stop()
    return rate


class _Csms16(Package16):
    @on("Heartbeat")
    def heartbeat(self) -> Any:
        return result16.Heartbeat(current_time=NOW)

    @on("MeterValues")
    def meter_values(self, **_: Any) -> Any:
        return result16.MeterValues()


class _Csms201(Package201):
    @on("TransactionEvent")
    def transaction_event(self, **_: Any) -> Any:
        return result201.TransactionEvent()


def _request(action: str) -> Any:
    if action == "Heartbeat":
        return call16.Heartbeat()
    if action == "MeterValues":
        return call16.MeterValues(
            connector_id=1,
            transaction_id=4711,
            meter_value=[
                {
                    "timestamp": NOW,
                    "sampled_value": METER_VALUES["meterValue"][0]["sampledValue"],
                }
            ],
        )
    return call201.TransactionEvent(
        event_type="Updated",
        timestamp=NOW,
        trigger_reason="MeterValuePeriodic",
        seq_no=7,
        transaction_info={
            "transaction_id": TRANSACTION_EVENT["transactionInfo"]["transactionId"],
            "charging_state": "Charging",
        },
        evse={"id": 1, "connector_id": 1},
        meter_value=[
            {
                "timestamp": NOW,
                "sampled_value": TRANSACTION_EVENT["meterValue"][0]["sampledValue"],
            }
        ],
    )


async def _package_as_installed(version: OcppVersion, action: str, payload: Payload) -> float:
    ocpp.messages.ASYNC_VALIDATION = True
    return await _package(version, action)


async def _package_without_threads(version: OcppVersion, action: str, payload: Payload) -> float:
    ocpp.messages.ASYNC_VALIDATION = False
    try:
        return await _package(version, action)
    finally:
        ocpp.messages.ASYNC_VALIDATION = True


async def _package(version: OcppVersion, action: str) -> float:
    csms, station = (_Csms16, Package16) if version == "1.6" else (_Csms201, Package201)

    async def serve(connection: Any) -> None:
        try:
            await csms("CP", connection).start()
        except websockets.ConnectionClosed:
            return

    subprotocols: Any = [version.subprotocol]
    async with websockets.serve(
        serve, "127.0.0.1", 0, subprotocols=subprotocols, compression=None
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        connections = [
            await websockets.connect(
                f"ws://127.0.0.1:{port}/CP", subprotocols=subprotocols, compression=None
            )
            for _ in range(STATIONS)
        ]
        points = [station(f"CP{number}", each) for number, each in enumerate(connections)]
        readers = [asyncio.ensure_future(point.start()) for point in points]
        request = _request(action)
        rate = await _rate([partial(point.call, request) for point in points])
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        for each in connections:
            await each.close()
    return rate


async def _echo(version: OcppVersion, action: str, payload: Payload) -> float:
    """The floor: the same text there and back, nothing read in it."""
    text = write_call(2, Chance(1).uuid4(), action, payload)

    async def serve(connection: Any) -> None:
        async for message in connection:
            await connection.send(message)

    async with websockets.serve(serve, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        connections = [
            await websockets.connect(f"ws://127.0.0.1:{port}", compression=None)
            for _ in range(STATIONS)
        ]

        async def there_and_back(connection: Any) -> None:
            await connection.send(text)
            await connection.recv()

        rate = await _rate([partial(there_and_back, each) for each in connections])
        for each in connections:
            await each.close()
    return rate


SETUPS = {
    "roamlab": _roamlab,
    "ocpp package": _package_as_installed,
    "ocpp package, validation not in threads": _package_without_threads,
    "bare websockets echo": _echo,
}


if __name__ == "__main__":
    for name, value, unit in run():
        print(f"{name:60} {value:10,.0f} {unit}")
