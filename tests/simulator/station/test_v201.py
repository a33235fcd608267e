"""What a 2.0.1 station says, in the fields of the specification."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.chance import Chance
from simulator.station.authorization import IdToken
from simulator.station.config import StationConfig
from simulator.station.connector import Effect, Event, Impossible, Phase, Point, State, step
from simulator.station.core import Cause, Core, Memory, Moment, Transaction
from simulator.station.meter import Limits, Meter
from simulator.station.samples import Context
from simulator.station.settings import Settings
from simulator.station.v201 import DIALECT, WORDS
from simulator.wire.ocpp_rpc import OcppVersion, Rpc

NOW = datetime(2026, 1, 15, 7, tzinfo=UTC)


def core(**settings: str) -> Core:
    config = StationConfig("CP1", OcppVersion.V201, "ws://127.0.0.1:1", serial="S1")
    return Core(config, Memory(Settings(settings)), Chance(1))


def moment(*, online: bool = True) -> Moment:
    reading = Meter(Limits(3, 32.0, 22_000.0), Chance(1), register_wh=1500.7).read(0.0)
    return Moment(NOW, reading, online)


def transaction() -> Transaction:
    return Transaction("uuid", 1, 1, "CP1-1-1", NOW, IdToken("04A1"), remote_start_id=5)


def test_the_points_are_configured() -> None:
    assert DIALECT.points(Settings()).start == {Point.POWER_PATH_CLOSED}
    assert DIALECT.points(Settings()).stop == {Point.EV_CONNECTED, Point.AUTHORIZED}
    points = DIALECT.points(Settings({"tx_start_points": "EVConnected, Authorized"}))
    assert points.start == {Point.EV_CONNECTED, Point.AUTHORIZED}


def test_the_identifier_is_told_once() -> None:
    it, tx, phase = core(), transaction(), Phase(State.READY)
    first = DIALECT.started(it, tx, Cause.CARD, moment(), phase).payload
    assert first == {
        "eventType": "Started",
        "timestamp": "2026-01-15T07:00:00.000Z",
        "triggerReason": "Authorized",
        "seqNo": 0,
        "transactionInfo": {
            "transactionId": "uuid",
            "chargingState": "EVConnected",
            "remoteStartId": 5,
        },
        "evse": {"id": 1, "connectorId": 1},
        "idToken": {"idToken": "04A1", "type": "ISO14443"},
        "meterValue": [
            {
                "timestamp": "2026-01-15T07:00:00.000Z",
                "sampledValue": [
                    {
                        "value": 1500,
                        "context": "Transaction.Begin",
                        "measurand": "Energy.Active.Import.Register",
                        "location": "Outlet",
                        "unitOfMeasure": {"unit": "Wh"},
                    }
                ],
            }
        ],
    }
    second = DIALECT.updated(it, tx, Cause.CAR, moment(), Phase(State.CHARGING))
    assert second is not None
    assert "idToken" not in second.payload
    assert second.payload["seqNo"] == 1


def test_the_end_tells_who_stopped_it_first() -> None:
    it, tx = core(), transaction()
    tx.stop_cause, tx.stop_token = Cause.LOCAL, IdToken("04A2")
    stopped = DIALECT.updated(it, tx, Cause.LOCAL, moment(), Phase(State.FINISHING))
    ended = DIALECT.ended(it, tx, Cause.EV_DISCONNECTED, moment(online=False), Phase())
    assert stopped is not None
    assert stopped.payload["triggerReason"] == "StopAuthorized"
    assert stopped.payload["idToken"]["idToken"] == "04A2"
    assert ended.payload["triggerReason"] == "EVCommunicationLost"
    assert ended.payload["transactionInfo"] == {
        "transactionId": "uuid",
        "chargingState": "Idle",
        "stoppedReason": "Local",
    }
    assert ended.payload["offline"] is True


@pytest.mark.parametrize("cause", Cause)
@pytest.mark.parametrize("state", State)
def test_every_word_is_one_of_the_schema_s(cause: Cause, state: State) -> None:
    it, tx, phase = core(), transaction(), Phase(state)
    rpc = Rpc(OcppVersion.V201)
    for message in (
        DIALECT.started(it, tx, cause, moment(), phase),
        DIALECT.updated(it, tx, cause, moment(), phase),
        DIALECT.ended(it, tx, cause, moment(), phase),
    ):
        assert message is not None
        assert rpc.call("1", message.action, message.payload).errors == ()
    assert set(WORDS) == set(Cause)


@given(
    st.lists(st.sampled_from([*Event, *Context]), max_size=50),
    st.sets(st.sampled_from(Point), min_size=1),
    st.sets(st.sampled_from(Point), min_size=1),
)
def test_sequence_numbers_have_no_gap(
    happenings: list[Event | Context], start: set[Point], stop: set[Point]
) -> None:
    it = core(tx_start_points=",".join(sorted(start)), tx_stop_points=",".join(sorted(stop)))
    phase, tx = Phase(), None
    told: dict[str, list[dict[str, object]]] = {}
    points = DIALECT.points(it.settings)
    for number, happening in enumerate(happenings):
        if isinstance(happening, Context):
            if tx is not None and happening not in (Context.BEGIN, Context.END):
                message = DIALECT.sampled(it, tx, happening, moment(), phase)
                if message is not None:
                    told[tx.name].append(message.payload)
            continue
        try:
            result = step(phase, happening, points)
        except Impossible:
            continue
        phase = result.phase
        for effect in result.effects:
            if effect is Effect.START_TRANSACTION:
                tx = Transaction(f"T{number}", 1, 1, "S", NOW)
                payload = DIALECT.started(it, tx, Cause.CABLE, moment(), phase).payload
                told[tx.name] = [payload]
            elif effect is Effect.UPDATE_TRANSACTION:
                assert tx is not None
                update = DIALECT.updated(it, tx, Cause.CAR, moment(), phase)
                assert update is not None
                told[tx.name].append(update.payload)
            elif effect is Effect.END_TRANSACTION:
                assert tx is not None
                told[tx.name].append(DIALECT.ended(it, tx, Cause.LOCAL, moment(), phase).payload)
                tx = None
    for payloads in told.values():
        kinds = [payload["eventType"] for payload in payloads]
        assert [payload["seqNo"] for payload in payloads] == list(range(len(payloads)))
        assert kinds[0] == "Started"
        assert set(kinds[1:-1]) <= {"Updated"}
    ended = sum(1 for payloads in told.values() if payloads[-1]["eventType"] == "Ended")
    assert ended == len(told) - (tx is not None)


def test_identifiers_are_read() -> None:
    info = DIALECT.token_info(
        {
            "idTokenInfo": {
                "status": "Accepted",
                "groupIdToken": {"idToken": "G", "type": "Central"},
                "cacheExpiryDateTime": "2026-01-15T07:00:00Z",
            }
        }
    )
    assert info is not None
    assert (info.status, info.group, info.expires_at) == ("Accepted", "G", NOW)
    assert DIALECT.token_info({}) is None
    odd = DIALECT.token_info({"idTokenInfo": {"groupIdToken": "G", "cacheExpiryDateTime": 7}})
    assert odd is not None
    assert (odd.accepted, odd.group, odd.expires_at) == (False, None, None)


def test_sessions_are_known_by_transaction_or_evse() -> None:
    assert DIALECT.session_keys("CP1", {"transactionId": "T"}) == ("tx/CP1/T",)
    assert DIALECT.session_keys("CP1", {"evseId": 2}) == ("evse/CP1/2",)
    assert DIALECT.session_keys("CP1", {"evse": {"id": 3}}) == ("evse/CP1/3",)
    assert DIALECT.session_keys("CP1", {}) == ()
