"""OCPP 1.6, outgoing: core to payload. What comes in is in `v16_actions`.

Rule: payloads are the wire's own shape; sections cited are those of OCPP 1.6 edition 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from simulator.kernel.clock import rfc3339
from simulator.station.authorization import IdToken, TokenInfo, read_expiry
from simulator.station.boot import Queued
from simulator.station.connector import CLASSIC, Phase, State, TxPoints
from simulator.station.core import Cause, Core, Evse, Message, Moment, Payload, Transaction
from simulator.station.dialect import Certificates, Contracts, Handler
from simulator.station.samples import Context, Sample, samples_of
from simulator.station.settings import Settings
from simulator.station.v16_actions import HANDLERS
from simulator.station.v16_contracts import Contracts16
from simulator.station.v16_pnc import Certificates16

# Section 4.9; without an unavailable or faulted overlay.
STATUS: Mapping[State, str] = {
    State.AVAILABLE: "Available",
    State.PLUGGED: "Preparing",
    State.AUTHORIZED: "Preparing",
    State.READY: "Preparing",
    State.CHARGING: "Charging",
    State.SUSPENDED_EV: "SuspendedEV",
    State.SUSPENDED_EVSE: "SuspendedEVSE",
    State.ABSENT: "SuspendedEV",
    State.FINISHING: "Finishing",
    State.DETACHED: "Finishing",
    State.RESERVED: "Reserved",
    State.UNAVAILABLE: "Unavailable",
    State.UNAVAILABLE_PLUGGED: "Unavailable",
}

# Section 7.36, Reason. A cable that never came or a fault has no word of its own.
REASONS: Mapping[Cause, str] = {
    Cause.LOCAL: "Local",
    Cause.REMOTE: "Remote",
    Cause.INVALID_ID: "DeAuthorized",
    Cause.EV_DISCONNECTED: "EVDisconnected",
    Cause.SOFT_RESET: "SoftReset",
    Cause.HARD_RESET: "HardReset",
    Cause.POWER_LOSS: "PowerLoss",
    Cause.UNLOCK: "UnlockCommand",
}

# Errata 3.18: what a transaction is called whose StartTransaction could not be delivered.
NEVER_NAMED = -1


class Dialect16:
    """OCPP 1.6, as a station speaks it."""

    handlers: Mapping[str, Handler] = HANDLERS
    certificates: Certificates = Certificates16()
    contracts: Contracts = Contracts16()
    reports_all_after_offline = False
    silence_is_failure = False
    noted = ("meter_interval_s", "stop_sampled_measurands")
    noted_by_clock = ("aligned_interval_s", "stop_aligned_measurands")

    def points(self, settings: Settings) -> TxPoints:
        """Cable and authorization start a transaction, the end of the authorization ends it."""
        return CLASSIC

    def boot(self, core: Core) -> Message:
        """BootNotification (4.2)."""
        config = core.config
        payload: Payload = {
            "chargePointVendor": config.vendor,
            "chargePointModel": config.model,
        }
        if config.serial:
            payload["chargePointSerialNumber"] = config.serial
        if config.firmware:
            payload["firmwareVersion"] = config.firmware
        return Message("BootNotification", payload)

    def heartbeat(self) -> Message:
        """Heartbeat (4.6)."""
        return Message("Heartbeat", {})

    def status_of(self, phase: Phase) -> str:
        """ChargePointStatus; a fault lies over everything."""
        return "Faulted" if phase.faulted else STATUS[phase.state]

    def statuses(self, evse: Evse) -> Mapping[int, str]:
        """An EVSE is one connector in 1.6, whatever hangs on it."""
        return {evse.evse_id: self.status_of(evse.phase)}

    def status(
        self, evse: Evse, connector_id: int, now: datetime, info: str | None = None
    ) -> Message:
        """StatusNotification (4.9)."""
        payload: Payload = {
            "connectorId": evse.evse_id,
            "errorCode": "OtherError" if evse.phase.faulted else "NoError",
            "status": self.status_of(evse.phase),
            "timestamp": rfc3339(now),
        }
        if info:
            payload["info"] = info
        return Message("StatusNotification", payload)

    def station_status(self, now: datetime) -> Message | None:
        """StatusNotification of connector 0, the main controller (3.8)."""
        payload: Payload = {
            "connectorId": 0,
            "errorCode": "NoError",
            "status": "Available",
            "timestamp": rfc3339(now),
        }
        return Message("StatusNotification", payload)

    def authorize(self, token: IdToken) -> Message:
        """Authorize (4.1)."""
        return Message("Authorize", {"idTag": token.value})

    def token_info(self, answer: Payload) -> TokenInfo | None:
        """IdTagInfo (7.28)."""
        info = answer.get("idTagInfo")
        if not isinstance(info, dict):
            return None
        expires_at = read_expiry(info.get("expiryDate"))
        return TokenInfo(str(info.get("status")), info.get("parentIdTag"), expires_at)

    def started(
        self, core: Core, tx: Transaction, cause: Cause, moment: Moment, phase: Phase
    ) -> Message:
        """StartTransaction (4.8)."""
        assert tx.token is not None
        payload: Payload = {
            "connectorId": tx.evse_id,
            "idTag": tx.token.value,
            "meterStart": moment.reading.energy_wh,
            "timestamp": rfc3339(moment.now),
        }
        return Message("StartTransaction", payload, transactional=True, token=tx.token)

    def updated(
        self, core: Core, tx: Transaction, cause: Cause, moment: Moment, phase: Phase
    ) -> Message | None:
        """1.6 tells changes by StatusNotification alone."""
        return None

    def sampled(
        self, core: Core, tx: Transaction, context: Context, moment: Moment, phase: Phase
    ) -> Message | None:
        """MeterValues of a transaction (4.7); its number is filled in when the message leaves."""
        return _meter_values(core, tx.evse_id, tx, context, moment)

    def metered(self, core: Core, evse: Evse, context: Context, moment: Moment) -> Message | None:
        """MeterValues of a connector, whatever goes on there."""
        message = _meter_values(core, evse.evse_id, None, context, moment)
        tx = evse.transaction
        if message is not None and tx is not None and tx.csms_id is not None:
            message.payload["transactionId"] = tx.csms_id
        return message

    def note(self, core: Core, tx: Transaction, context: Context, moment: Moment) -> None:
        """Collect transactionData: StopTxnSampledData, StopTxnAlignedData (3.16)."""
        clock = context is Context.CLOCK
        name = "stop_aligned_measurands" if clock else "stop_sampled_measurands"
        value = meter_value(moment, core.settings.members(name), context, tx.last_wh)
        if value is not None:
            tx.samples.append(value)

    def ended(
        self, core: Core, tx: Transaction, cause: Cause, moment: Moment, phase: Phase
    ) -> Message:
        """StopTransaction (4.10)."""
        payload: Payload = {
            "meterStop": moment.reading.energy_wh,
            "timestamp": rfc3339(moment.now),
            "reason": REASONS.get(tx.stop_cause or cause, "Other"),
        }
        if tx.stop_token is not None:
            payload["idTag"] = tx.stop_token.value
        if tx.samples:
            payload["transactionData"] = tx.samples
        return Message("StopTransaction", payload, transactional=True, token=tx.stop_token)

    def address(self, message: Queued, tx: Transaction | None) -> Payload:
        """Fill in the number that StartTransaction.conf brought."""
        if tx is None or message.action == "StartTransaction":
            return message.payload
        number = NEVER_NAMED if tx.csms_id is None else tx.csms_id
        return {**message.payload, "transactionId": number}

    def acknowledged(self, answer: Payload) -> int | None:
        """The number in StartTransaction.conf."""
        number = answer.get("transactionId")
        return number if isinstance(number, int) else None

    def session_keys(self, station_id: str, payload: Payload) -> tuple[str, ...]:
        """By transaction, else by connector."""
        keys = []
        if "transactionId" in payload:
            keys.append(f"tx/{station_id}/{payload['transactionId']}")
        if payload.get("connectorId"):
            keys.append(f"evse/{station_id}/{payload['connectorId']}")
        return tuple(keys)


def _meter_values(
    core: Core, connector_id: int, tx: Transaction | None, context: Context, moment: Moment
) -> Message | None:
    clock = context is Context.CLOCK
    measurands = core.settings.members("aligned_measurands" if clock else "sampled_measurands")
    since_wh = moment.reading.energy_wh if tx is None else tx.last_wh
    value = meter_value(moment, measurands, context, since_wh)
    if value is None:
        return None
    payload: Payload = {"connectorId": connector_id, "meterValue": [value]}
    # What was asked for with TriggerMessage is of the moment: it is not worth keeping (5.17).
    return Message("MeterValues", payload, transactional=context is not Context.TRIGGER)


def meter_value(
    moment: Moment, measurands: Iterable[str], context: Context, since_wh: int
) -> Payload | None:
    """A MeterValue (7.33), or None if these measurands amount to nothing."""
    sampled = [_sampled(s, context) for s in samples_of(moment.reading, measurands, since_wh)]
    return {"timestamp": rfc3339(moment.now), "sampledValue": sampled} if sampled else None


def _sampled(sample: Sample, context: Context) -> Payload:
    value: Payload = {
        "value": f"{sample.value:.2f}".rstrip("0").rstrip("."),
        "context": context.value,
        "measurand": sample.measurand,
        "location": "Outlet",
    }
    if sample.phase:
        value["phase"] = sample.phase
    if sample.unit:
        value["unit"] = sample.unit
    return value


DIALECT = Dialect16()
