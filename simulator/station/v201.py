"""OCPP 2.0.1, outgoing: core to payload. What comes in is in `v201_actions`.

Rule: payloads are the wire's own shape; use cases cited are those of OCPP 2.0.1 part 2. One
counter a transaction (`seqNo`) numbers its events without a gap, whenever they are delivered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from simulator.kernel.clock import rfc3339
from simulator.station.authorization import IdToken, TokenInfo, read_expiry
from simulator.station.boot import Queued
from simulator.station.connector import Phase, Point, State, TxPoints
from simulator.station.core import Cause, Core, Evse, Message, Moment, Payload, Transaction
from simulator.station.device_model import status_of, statuses
from simulator.station.dialect import Certificates, Contracts, Handler
from simulator.station.samples import Context, Sample, samples_of
from simulator.station.settings import Settings
from simulator.station.v201_actions import HANDLERS
from simulator.station.v201_certificates import Certificates201
from simulator.station.v201_contracts import Contracts201

# ChargingStateEnumType; states that are not named here are Idle.
CHARGING_STATES: Mapping[State, str] = {
    State.PLUGGED: "EVConnected",
    State.READY: "EVConnected",
    State.CHARGING: "Charging",
    State.SUSPENDED_EV: "SuspendedEV",
    State.SUSPENDED_EVSE: "SuspendedEVSE",
    State.FINISHING: "EVConnected",
    State.UNAVAILABLE_PLUGGED: "EVConnected",
}

# Cause -> TriggerReasonEnumType, ReasonEnumType (None: it stops nothing).
WORDS: Mapping[Cause, tuple[str, str | None]] = {
    Cause.CABLE: ("CablePluggedIn", None),
    Cause.CARD: ("Authorized", None),
    Cause.CONTRACT: ("Authorized", None),
    Cause.REMOTE_START: ("RemoteStart", None),
    Cause.CAR: ("ChargingStateChanged", "StoppedByEV"),
    Cause.EVSE: ("ChargingStateChanged", "Other"),
    Cause.LOCAL: ("StopAuthorized", "Local"),
    Cause.REMOTE: ("RemoteStop", "Remote"),
    Cause.INVALID_ID: ("Deauthorized", "DeAuthorized"),
    Cause.EV_DISCONNECTED: ("EVCommunicationLost", "EVDisconnected"),
    Cause.CABLE_TIMEOUT: ("EVConnectTimeout", "Timeout"),
    Cause.SOFT_RESET: ("ResetCommand", "ImmediateReset"),
    Cause.HARD_RESET: ("ResetCommand", "ImmediateReset"),
    Cause.POWER_LOSS: ("AbnormalCondition", "PowerLoss"),
    Cause.UNLOCK: ("UnlockCommand", "Other"),
    Cause.FAULT: ("AbnormalCondition", "Other"),
}

_SAMPLE_REASONS: Mapping[Context, str] = {
    Context.PERIODIC: "MeterValuePeriodic",
    Context.CLOCK: "MeterValueClock",
    Context.TRIGGER: "Trigger",
}


class Dialect201:
    """OCPP 2.0.1, as a station speaks it."""

    handlers: Mapping[str, Handler] = HANDLERS
    certificates: Certificates = Certificates201()
    contracts: Contracts = Contracts201()
    reports_all_after_offline = True
    silence_is_failure = True
    noted = ("ended_interval_s", "ended_measurands")
    noted_by_clock = ("aligned_ended_interval_s", "stop_aligned_measurands")

    def points(self, settings: Settings) -> TxPoints:
        """TxStartPoint, TxStopPoint. Ours begin as most stations' do: PowerPathClosed, and
        EVConnected or Authorized.
        """
        return TxPoints(
            frozenset(map(Point, settings.members("tx_start_points"))),
            frozenset(map(Point, settings.members("tx_stop_points"))),
        )

    def boot(self, core: Core) -> Message:
        """BootNotification (B01)."""
        config = core.config
        station: Payload = {"model": config.model, "vendorName": config.vendor}
        if config.serial:
            station["serialNumber"] = config.serial
        if config.firmware:
            station["firmwareVersion"] = config.firmware
        payload: Payload = {"reason": core.memory.boot_reason, "chargingStation": station}
        return Message("BootNotification", payload)

    def heartbeat(self) -> Message:
        """Heartbeat (G02)."""
        return Message("Heartbeat", {})

    def status_of(self, phase: Phase) -> str:
        """ConnectorStatus."""
        return status_of(phase)

    def statuses(self, evse: Evse) -> Mapping[int, str]:
        """Each connector of an EVSE has a status."""
        return statuses(evse)

    def status(
        self, evse: Evse, connector_id: int, now: datetime, info: str | None = None
    ) -> Message:
        """StatusNotification (G01)."""
        payload: Payload = {
            "timestamp": rfc3339(now),
            "connectorStatus": statuses(evse)[connector_id],
            "evseId": evse.evse_id,
            "connectorId": connector_id,
        }
        return Message("StatusNotification", payload)

    def station_status(self, now: datetime) -> Message | None:
        """2.0.1 has none: StatusNotification is about connectors alone."""
        return None

    def authorize(self, token: IdToken) -> Message:
        """Authorize (C01)."""
        return Message("Authorize", {"idToken": wire_token(token)})

    def token_info(self, answer: Payload) -> TokenInfo | None:
        """IdTokenInfoType."""
        info = answer.get("idTokenInfo")
        if not isinstance(info, dict):
            return None
        group = info.get("groupIdToken")
        name = group.get("idToken") if isinstance(group, dict) else None
        return TokenInfo(
            str(info.get("status")), name, read_expiry(info.get("cacheExpiryDateTime"))
        )

    def started(
        self, core: Core, tx: Transaction, cause: Cause, moment: Moment, phase: Phase
    ) -> Message:
        """TransactionEvent Started (E01 to E05)."""
        payload = _event("Started", tx, WORDS[cause][0], moment, phase)
        if tx.remote_start_id is not None:
            payload["transactionInfo"]["remoteStartId"] = tx.remote_start_id
        token = _tell_token(payload, tx)
        measurands = core.settings.members("started_measurands")
        value = meter_value(moment, measurands, Context.BEGIN, tx.start_wh)
        if value is not None:
            payload["meterValue"] = [value]
        return Message("TransactionEvent", payload, transactional=True, token=token)

    def updated(
        self, core: Core, tx: Transaction, cause: Cause, moment: Moment, phase: Phase
    ) -> Message | None:
        """TransactionEvent Updated."""
        payload = _event("Updated", tx, WORDS[cause][0], moment, phase)
        if cause is Cause.REMOTE_START and tx.remote_start_id is not None:
            payload["transactionInfo"]["remoteStartId"] = tx.remote_start_id
        token = _tell_stop_token(payload, tx, cause) or _tell_token(payload, tx)
        return Message("TransactionEvent", payload, transactional=True, token=token)

    def sampled(
        self, core: Core, tx: Transaction, context: Context, moment: Moment, phase: Phase
    ) -> Message | None:
        """TransactionEvent Updated with meter values (J01, J02)."""
        clock = context is Context.CLOCK
        measurands = core.settings.members("aligned_measurands" if clock else "sampled_measurands")
        value = meter_value(moment, measurands, context, tx.last_wh)
        if value is None and context is not Context.TRIGGER:
            return None
        payload = _event("Updated", tx, _SAMPLE_REASONS[context], moment, phase)
        if value is not None:
            payload["meterValue"] = [value]
        return Message("TransactionEvent", payload, transactional=True)

    def metered(self, core: Core, evse: Evse, context: Context, moment: Moment) -> Message | None:
        """MeterValues of an EVSE (J01)."""
        measurands = core.settings.members("aligned_measurands")
        value = meter_value(moment, measurands, context, moment.reading.energy_wh)
        if value is None:
            return None
        return Message("MeterValues", {"evseId": evse.evse_id, "meterValue": [value]})

    def note(self, core: Core, tx: Transaction, context: Context, moment: Moment) -> None:
        """Collect for TransactionEvent Ended: TxEndedMeasurands of either controller (J02)."""
        clock = context is Context.CLOCK
        name = "stop_aligned_measurands" if clock else "ended_measurands"
        value = meter_value(moment, core.settings.members(name), context, tx.last_wh)
        if value is not None:
            tx.samples.append(value)

    def ended(
        self, core: Core, tx: Transaction, cause: Cause, moment: Moment, phase: Phase
    ) -> Message:
        """TransactionEvent Ended (E06 to E10). `stoppedReason` is why it was stopped first, even
        if it ends only now (errata 2023-12, TransactionType).
        """
        payload = _event("Ended", tx, WORDS[cause][0], moment, phase)
        payload["transactionInfo"]["stoppedReason"] = WORDS[tx.stop_cause or cause][1] or "Other"
        token = _tell_stop_token(payload, tx, cause)
        if tx.samples:
            payload["meterValue"] = tx.samples
        return Message("TransactionEvent", payload, transactional=True, token=token)

    def address(self, message: Queued, tx: Transaction | None) -> Payload:
        """2.0.1 transactions are named by the station: nothing is missing."""
        return message.payload

    def acknowledged(self, answer: Payload) -> int | None:
        """The station names its transactions itself."""
        return None

    def session_keys(self, station_id: str, payload: Payload) -> tuple[str, ...]:
        """By transaction, else by EVSE."""
        keys = []
        if isinstance(transaction := payload.get("transactionId"), str):
            keys.append(f"tx/{station_id}/{transaction}")
        evse = payload.get("evse")
        evse_id = payload.get("evseId") or (evse.get("id") if isinstance(evse, dict) else None)
        if evse_id:
            keys.append(f"evse/{station_id}/{evse_id}")
        return tuple(keys)


def _event(kind: str, tx: Transaction, trigger: str, moment: Moment, phase: Phase) -> Payload:
    """What every TransactionEvent has; it takes the next sequence number."""
    payload: Payload = {
        "eventType": kind,
        "timestamp": rfc3339(moment.now),
        "triggerReason": trigger,
        "seqNo": tx.seq_no,
        "transactionInfo": {
            "transactionId": tx.name,
            "chargingState": CHARGING_STATES.get(phase.state, "Idle"),
        },
        "evse": {"id": tx.evse_id, "connectorId": tx.connector_id},
    }
    if not moment.online:
        payload["offline"] = True
    tx.seq_no += 1
    return payload


def _tell_token(payload: Payload, tx: Transaction) -> IdToken | None:
    """The identifier is told once, with the first event after the authorization (E03.FR.01)."""
    if tx.token is None or tx.token_told:
        return None
    payload["idToken"] = wire_token(tx.token)
    tx.token_told = True
    return tx.token


def _tell_stop_token(payload: Payload, tx: Transaction, cause: Cause) -> IdToken | None:
    """The identifier that stopped it, with the event that says so."""
    if cause is not Cause.LOCAL or tx.stop_token is None:
        return None
    payload["idToken"] = wire_token(tx.stop_token)
    return tx.stop_token


def wire_token(token: IdToken) -> Payload:
    """IdTokenType."""
    return {"idToken": token.value, "type": token.type}


def meter_value(
    moment: Moment, measurands: Iterable[str], context: Context, since_wh: int
) -> Payload | None:
    """A MeterValueType, or None if these measurands amount to nothing."""
    sampled = [_sampled(s, context) for s in samples_of(moment.reading, measurands, since_wh)]
    return {"timestamp": rfc3339(moment.now), "sampledValue": sampled} if sampled else None


def _sampled(sample: Sample, context: Context) -> Payload:
    value: Payload = {
        "value": sample.value,
        "context": context.value,
        "measurand": sample.measurand,
        "location": "Outlet",
    }
    if sample.phase:
        value["phase"] = sample.phase
    if sample.unit:
        value["unitOfMeasure"] = {"unit": sample.unit}
    return value


DIALECT = Dialect201()
