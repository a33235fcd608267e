"""What a 1.6 station says, in the fields of the specification."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from simulator.kernel.chance import Chance
from simulator.station.authorization import IdToken
from simulator.station.boot import Queued
from simulator.station.config import StationConfig
from simulator.station.connector import Phase, State
from simulator.station.core import Cause, Core, Memory, Moment, Transaction
from simulator.station.meter import Limits, Meter
from simulator.station.samples import Context
from simulator.station.settings import Settings
from simulator.station.v16 import DIALECT, REASONS
from simulator.wire.ocpp_rpc import OcppVersion

NOW = datetime(2026, 1, 15, 7, tzinfo=UTC)
STAMP = "2026-01-15T07:00:00.000Z"


def core() -> Core:
    config = StationConfig("CP1", OcppVersion.V16, "ws://127.0.0.1:1", serial="S1", firmware="1.0")
    return Core(config, Memory(Settings()), Chance(1))


def moment() -> Moment:
    return Moment(NOW, Meter(Limits(3, 32.0, 22_000.0), Chance(1), register_wh=1500.7).read(0.0))


def transaction() -> Transaction:
    return Transaction("uuid", 1, 1, "CP1-1-1", NOW, IdToken("04A1"))


def test_boot() -> None:
    assert DIALECT.boot(core()).payload == {
        "chargePointVendor": "roamlab",
        "chargePointModel": "Simulated",
        "chargePointSerialNumber": "S1",
        "firmwareVersion": "1.0",
    }


def test_status_tells_a_fault_and_a_reason() -> None:
    evse = core().evses[0]
    evse.phase = Phase(State.PLUGGED, faulted=True)
    message = DIALECT.status(evse, 1, NOW, "EV side disconnected")
    assert message.payload == {
        "connectorId": 1,
        "errorCode": "OtherError",
        "status": "Faulted",
        "timestamp": STAMP,
        "info": "EV side disconnected",
    }
    assert not message.transactional


def test_start_and_stop() -> None:
    it, tx, phase = core(), transaction(), Phase(State.READY)
    start = DIALECT.started(it, tx, Cause.CARD, moment(), phase)
    assert start.payload == {
        "connectorId": 1,
        "idTag": "04A1",
        "meterStart": 1500,
        "timestamp": STAMP,
    }
    assert DIALECT.updated(it, tx, Cause.CAR, moment(), phase) is None
    tx.stop_cause, tx.stop_token = Cause.LOCAL, IdToken("04A2")
    stop = DIALECT.ended(it, tx, Cause.EV_DISCONNECTED, moment(), phase)
    assert stop.payload == {
        "meterStop": 1500,
        "timestamp": STAMP,
        "reason": "Local",
        "idTag": "04A2",
    }
    assert start.transactional
    assert stop.transactional


@pytest.mark.parametrize(("csms_id", "number"), [(7, 7), (0, 0), (None, -1)])
def test_the_number_is_filled_in_when_a_message_leaves(csms_id: int | None, number: int) -> None:
    tx = transaction()
    tx.csms_id = csms_id
    stop = Queued("StopTransaction", {"meterStop": 1}, "uuid", None)
    assert DIALECT.address(stop, tx) == {"meterStop": 1, "transactionId": number}
    assert stop.payload == {"meterStop": 1}
    start = Queued("StartTransaction", {"idTag": "A"}, "uuid", None)
    assert DIALECT.address(start, tx) == {"idTag": "A"}
    idle = Queued("MeterValues", {"connectorId": 1}, None, None)
    assert DIALECT.address(idle, None) == {"connectorId": 1}


@pytest.mark.parametrize(
    ("cause", "reason"),
    [(Cause.CABLE_TIMEOUT, "Other"), (Cause.FAULT, "Other"), *REASONS.items()],
)
def test_reasons(cause: Cause, reason: str) -> None:
    stop = DIALECT.ended(core(), transaction(), cause, moment(), Phase())
    assert stop.payload["reason"] == reason


def test_identifiers_are_read() -> None:
    info = DIALECT.token_info(
        {"idTagInfo": {"status": "Blocked", "parentIdTag": "P", "expiryDate": STAMP}}
    )
    assert info is not None
    assert (info.status, info.group, info.expires_at) == ("Blocked", "P", NOW)
    assert DIALECT.token_info({}) is None
    odd = DIALECT.token_info({"idTagInfo": {"status": "Accepted", "expiryDate": "soon"}})
    assert odd is not None
    assert odd.expires_at is None
    assert DIALECT.acknowledged({"transactionId": 0}) == 0
    assert DIALECT.acknowledged({"transactionId": "seven"}) is None


def test_triggered_values_are_of_the_moment() -> None:
    it = core()
    message = DIALECT.metered(it, it.evses[0], Context.TRIGGER, moment())
    assert message is not None
    assert not message.transactional
    assert "transactionId" not in message.payload
    sample = message.payload["meterValue"][0]["sampledValue"][0]
    assert sample == {
        "value": "1500",
        "context": "Trigger",
        "measurand": "Energy.Active.Import.Register",
        "location": "Outlet",
        "unit": "Wh",
    }


def test_sessions_are_known_by_transaction_or_connector() -> None:
    assert DIALECT.session_keys("CP1", {"transactionId": 7}) == ("tx/CP1/7",)
    assert DIALECT.session_keys("CP1", {"connectorId": 2}) == ("evse/CP1/2",)
    assert DIALECT.session_keys("CP1", {"connectorId": 0}) == ()
