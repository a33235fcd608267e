"""Both ends over real sockets: with each other, and with code that is not ours.

The `ocpp` package's ChargePoint stands as CSMS against our client and as station against our
server, in both versions.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import ocpp.messages
import pytest
from ocpp.exceptions import NotSupportedError, OCPPError
from ocpp.routing import on
from ocpp.v16 import ChargePoint as Package16
from ocpp.v16 import call as call16
from ocpp.v16 import call_result as result16
from ocpp.v201 import ChargePoint as Package201
from ocpp.v201 import call as call201
from ocpp.v201 import call_result as result201
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.loop import run
from simulator.wire.ocpp_rpc import Call, OcppError, OcppVersion, Reply, not_supported
from simulator.wire.ocpp_socket import NO_PROXY
from simulator.wire.ocpp_ws import Link, OcppClient, OcppServer

V16, V201 = OcppVersion.V16, OcppVersion.V201
NOW = "2026-01-15T07:00:00.000Z"
METER_VALUE = {"timestamp": NOW, "sampledValue": [{"value": "21.4", "unit": "kWh"}]}
PROFILE = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 21.4}],
    },
}


@pytest.fixture(autouse=True)
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package validates in threads, where the virtual clock does not reach."""
    monkeypatch.setattr(ocpp.messages, "ASYNC_VALIDATION", False)


# The package as CSMS, our client as station


class Csms16(Package16):
    @on("BootNotification")
    def boot(self, charge_point_vendor: str, **_: Any) -> Any:
        assert charge_point_vendor == "Roam"
        return result16.BootNotification(current_time=NOW, interval=300, status="Accepted")

    @on("StartTransaction")
    def begin(self, id_tag: str, meter_start: int, **_: Any) -> Any:
        return result16.StartTransaction(
            transaction_id=meter_start + 1, id_tag_info={"status": "Accepted"}
        )

    @on("MeterValues")
    def metered(self, meter_value: Any, **_: Any) -> Any:
        assert meter_value[0]["sampled_value"][0]["value"] == "21.4"
        return result16.MeterValues()

    @on("DataTransfer")
    def transfer(self, vendor_id: str, **_: Any) -> Any:
        raise NotSupportedError(description=f"nothing of {vendor_id}")


class Csms201(Package201):
    @on("BootNotification")
    def boot(self, charging_station: Any, reason: str, **_: Any) -> Any:
        assert charging_station["vendor_name"] == "Roam"
        return result201.BootNotification(current_time=NOW, interval=300, status="Accepted")

    @on("TransactionEvent")
    def event(self, seq_no: int, **_: Any) -> Any:
        return result201.TransactionEvent(id_token_info={"status": "Accepted"})


@contextlib.asynccontextmanager
async def against_package_csms(
    clock: Clock, journal: Journal, version: OcppVersion, handler: Any
) -> AsyncIterator[tuple[Any, Link]]:
    """The package's end and ours of one connection."""
    package: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    ours: asyncio.Future[Link] = asyncio.get_running_loop().create_future()
    kind = Csms16 if version is V16 else Csms201

    async def accept(connection: ServerConnection) -> None:
        package.set_result(kind("CP1", connection))
        with contextlib.suppress(ConnectionClosed):
            await package.result().start()

    async def on_up(link: Link) -> None:
        ours.set_result(link)

    subprotocols: Any = [version.subprotocol]
    async with serve(accept, "127.0.0.1", 9000, subprotocols=subprotocols):
        client = OcppClient(
            url="ws://127.0.0.1:9000",
            station_id="CP1",
            version=version,
            clock=clock,
            chance=Chance(1),
            journal=journal,
            handler=handler,
            on_up=on_up,
            on_down=lambda _reason: None,
        )
        await client.start()
        yield await package, await ours
        await client.stop()


async def station(call: Call) -> Reply:
    """Our station's answers."""
    if call.action in ("Reset", "SetChargingProfile", "RequestStartTransaction"):
        return Reply({"status": "Accepted"})
    raise not_supported(call.action)


async def test_our_16_station_and_the_packages_csms(clock: Clock, journal: Journal) -> None:
    async with against_package_csms(clock, journal, V16, station) as (csms, link):
        boot = await link.call(
            "BootNotification", {"chargePointVendor": "Roam", "chargePointModel": "Lab"}
        )
        assert boot == {"currentTime": NOW, "interval": 300, "status": "Accepted"}
        begun = await link.call(
            "StartTransaction",
            {"connectorId": 1, "idTag": "TAG", "meterStart": 41, "timestamp": NOW},
        )
        assert begun == {"transactionId": 42, "idTagInfo": {"status": "Accepted"}}
        assert await link.call("MeterValues", {"connectorId": 1, "meterValue": [METER_VALUE]}) == {}
        with pytest.raises(OcppError, match="NotSupported: nothing of Roam"):
            await link.call("DataTransfer", {"vendorId": "Roam"})
        with pytest.raises(OcppError, match=r"NotImplemented|NotSupported"):
            await link.call("Heartbeat", {})
        assert (await csms.call(call16.Reset(type="Soft"))).status == "Accepted"
        profile = call16.SetChargingProfile(connector_id=1, cs_charging_profiles=PROFILE)
        assert (await csms.call(profile)).status == "Accepted"
        with pytest.raises(OCPPError, match="NotSupported"):
            await csms.call(call16.ClearCache(), suppress=False)
    assert not [r for r in journal.records if r["leg"] == "ocpp" and r["errors"]]


async def test_our_201_station_and_the_packages_csms(clock: Clock, journal: Journal) -> None:
    async with against_package_csms(clock, journal, V201, station) as (csms, link):
        boot = await link.call(
            "BootNotification",
            {"reason": "PowerUp", "chargingStation": {"vendorName": "Roam", "model": "Lab"}},
        )
        assert boot == {"currentTime": NOW, "interval": 300, "status": "Accepted"}
        event = {
            "eventType": "Started",
            "timestamp": NOW,
            "triggerReason": "Authorized",
            "seqNo": 0,
            "transactionInfo": {"transactionId": "t1"},
            "idToken": {"idToken": "TAG", "type": "ISO14443"},
            "meterValue": [{"timestamp": NOW, "sampledValue": [{"value": 21.4}]}],
        }
        assert await link.call("TransactionEvent", event) == {"idTokenInfo": {"status": "Accepted"}}
        assert (await csms.call(call201.Reset(type="OnIdle"))).status == "Accepted"
        start = call201.RequestStartTransaction(
            id_token={"idToken": "TAG", "type": "ISO14443"}, remote_start_id=1, evse_id=1
        )
        assert (await csms.call(start)).status == "Accepted"
        with pytest.raises(OCPPError, match="NotSupported"):
            await csms.call(call201.ClearCache(), suppress=False)
    assert not [r for r in journal.records if r["leg"] == "ocpp" and r["errors"]]


# The package as station, our server as CSMS


class Station16(Package16):
    @on("RemoteStartTransaction")
    def remote_start(self, id_tag: str, **_: Any) -> Any:
        return result16.RemoteStartTransaction(status="Accepted")


class Station201(Package201):
    @on("RequestStartTransaction")
    def remote_start(self, id_token: Any, **_: Any) -> Any:
        return result201.RequestStartTransaction(status="Accepted", transaction_id="t1")


async def csms(call: Call) -> Reply:
    """Our CSMS's answers."""
    match call.action:
        case "BootNotification":
            return Reply({"currentTime": NOW, "interval": 300, "status": "Accepted"})
        case "Heartbeat":
            return Reply({"currentTime": NOW})
        case "MeterValues":
            return Reply({})
        case "TransactionEvent":
            return Reply({"totalCost": 21.4})
    raise not_supported(call.action)


@contextlib.asynccontextmanager
async def against_package_station(
    clock: Clock, journal: Journal, version: OcppVersion
) -> AsyncIterator[tuple[Any, Link]]:
    """The package's end and ours of one connection."""
    server = OcppServer(
        clock=clock,
        chance=Chance(1),
        journal=journal,
        actor="cpo",
        accept=lambda _knock: True,
        on_link=lambda _link: csms,
    )
    await server.start()
    kind = Station16 if version is V16 else Station201
    subprotocols: Any = [version.subprotocol]
    async with connect(f"{server.url}/CP1", subprotocols=subprotocols, **NO_PROXY) as connection:
        package = kind("CP1", connection)
        reading = asyncio.ensure_future(package.start())
        yield package, server.links["CP1"]
        reading.cancel()
        await asyncio.wait([reading])
    await server.stop()


async def test_the_packages_16_station_and_our_csms(clock: Clock, journal: Journal) -> None:
    async with against_package_station(clock, journal, V16) as (package, link):
        boot = call16.BootNotification(charge_point_model="Lab", charge_point_vendor="Roam")
        assert (await package.call(boot)).interval == 300
        assert (await package.call(call16.Heartbeat())).current_time == NOW
        metered = call16.MeterValues(
            connector_id=1,
            meter_value=[{"timestamp": NOW, "sampled_value": METER_VALUE["sampledValue"]}],
        )
        assert await package.call(metered) == result16.MeterValues()
        answer = await link.call("RemoteStartTransaction", {"idTag": "TAG", "connectorId": 1})
        assert answer == {"status": "Accepted"}
        with pytest.raises(OcppError, match=r"NotImplemented|NotSupported"):
            await link.call("ClearCache", {})
        with pytest.raises(OCPPError, match="NotSupported"):
            await package.call(call16.Authorize(id_tag="TAG"), suppress=False)
    assert not [r for r in journal.records if r["leg"] == "ocpp" and r["errors"]]


async def test_the_packages_201_station_and_our_csms(clock: Clock, journal: Journal) -> None:
    async with against_package_station(clock, journal, V201) as (package, link):
        boot = call201.BootNotification(
            charging_station={"model": "Lab", "vendor_name": "Roam"}, reason="PowerUp"
        )
        assert (await package.call(boot)).status == "Accepted"
        event = call201.TransactionEvent(
            event_type="Ended",
            timestamp=NOW,
            trigger_reason="EVDeparted",
            seq_no=3,
            transaction_info={"transaction_id": "t1", "stopped_reason": "EVDisconnected"},
            meter_value=[{"timestamp": NOW, "sampled_value": [{"value": 21.4}]}],
        )
        assert (await package.call(event)).total_cost == 21.4
        request = {"idToken": {"idToken": "TAG", "type": "ISO14443"}, "remoteStartId": 1}
        assert await link.call("RequestStartTransaction", request) == {
            "status": "Accepted",
            "transactionId": "t1",
        }
        with pytest.raises(OCPPError, match="NotSupported"):
            token = {"id_token": "TAG", "type": "ISO14443"}
            await package.call(call201.Authorize(id_token=token), suppress=False)
    assert not [r for r in journal.records if r["leg"] == "ocpp" and r["errors"]]


# With each other


async def conversation(clock: Clock, journal: Journal, *, port: int = 9000) -> None:
    """Ten stations boot, call each other crosswise, are cut off and come back."""
    chance = Chance(5)

    def on_link(link: Link) -> Any:
        async def handler(call: Call) -> Reply:
            async def after() -> None:
                await link.call("Reset", {"type": "Soft"})

            return Reply({"currentTime": NOW}, after=after)

        return handler

    async def answer(call: Call) -> Reply:
        return Reply({"status": "Accepted"})

    async def on_up(link: Link) -> None:
        while True:
            await link.call("Heartbeat", {})
            await clock.sleep(30)

    server = OcppServer(
        clock=clock,
        chance=chance.child("cpo"),
        journal=journal,
        actor="cpo",
        accept=lambda _knock: True,
        on_link=on_link,
        port=port,
    )
    await server.start()
    clients = [
        OcppClient(
            url=server.url,
            station_id=f"CP{number}",
            version=V16,
            clock=clock,
            chance=chance.child(f"CP{number}"),
            journal=journal,
            handler=answer,
            on_up=on_up,
            on_down=lambda _reason: None,
        )
        for number in range(10)
    ]
    for client in clients:
        await client.start()
    await clock.sleep(100)
    for client in clients[::2]:
        await client.drop()
    await clock.sleep(500)
    for client in clients:
        await client.stop()
    await server.stop()


def test_the_same_seed_writes_the_same_journal() -> None:
    dumps = []
    for _ in range(3):
        clock = Clock("virtual")
        journal = Journal(clock, seed=5)
        run(conversation(clock, journal), clock)
        dumps.append(journal.dump())
    assert dumps[0] == dumps[1] == dumps[2]
    frames = dumps[0].count(b'"leg":"ocpp"')
    assert frames > 10 * 2 * 4 * 15  # stations, ends, frames of a round, rounds


@pytest.mark.real
async def test_the_same_conversation_runs_on_the_real_clock(clock: Clock, journal: Journal) -> None:
    fast = Clock("scaled", factor=600)
    await conversation(fast, Journal(fast, seed=5), port=0)
