"""What a station knows, and how it is found."""

from __future__ import annotations

from datetime import UTC, datetime

from simulator.kernel.chance import Chance
from simulator.station.config import EvseConfig, PncConfig, StationConfig
from simulator.station.connector import Phase, State
from simulator.station.core import Configured, Core, Memory, Transaction, changed
from simulator.station.settings import Settings
from simulator.wire.ocpp_rpc import OcppVersion


def core(**settings: str) -> Core:
    evses = tuple(EvseConfig(number) for number in (1, 2, 3))
    config = StationConfig("CP1", OcppVersion.V16, "ws://127.0.0.1:1", evses=evses)
    memory = Memory(Settings(settings), registers_wh={2: 777.0})
    return Core(config, memory, Chance(1))


def test_evses_are_found_by_number() -> None:
    it = core()
    assert [it.evse(n) is not None for n in (None, 0, 1, 3, 4)] == [
        False, False, True, True, False,
    ]  # fmt: skip
    assert it.evses[1].meter.register_wh == 777.0


def test_a_free_evse_is_best_where_a_cable_waits() -> None:
    it = core()
    assert it.free_evse() is it.evses[0]
    it.evses[2].phase = Phase(State.PLUGGED)
    assert it.free_evse() is it.evses[2]
    it.evses[2].asking = True
    assert it.free_evse() is it.evses[0]
    for evse in it.evses:
        evse.phase = Phase(State.CHARGING, in_transaction=True)
    assert it.free_evse() is None


def test_faults_and_closing_keep_drivers_out() -> None:
    evse = core().evses[0]
    assert evse.startable
    evse.phase = Phase(faulted=True)
    assert not evse.startable
    evse.phase = Phase(State.FINISHING, closing=True)
    assert not evse.startable


def test_transactions_are_found_by_either_name() -> None:
    it = core()
    assert it.idle
    tx = Transaction("uuid", 2, 1, "S", datetime(2026, 1, 15, tzinfo=UTC))
    it.evses[1].transaction = tx
    assert not it.idle
    assert it.of_transaction("uuid") is it.evses[1]
    assert it.of_transaction(7) is None
    tx.csms_id = 7
    assert it.of_transaction(7) is it.evses[1]


def test_rules_come_from_the_settings() -> None:
    rules = core(local_pre_authorize="true", local_authorize_offline="false").rules
    assert (rules.local_pre_authorize, rules.local_authorize_offline) == (True, False)


def test_changed() -> None:
    assert changed([]) == ()
    assert changed(["a", "b"]) == (Configured(("a", "b")),)


def test_what_is_suspended_is_told_as_off() -> None:
    assert not core().pnc_enabled
    config = StationConfig("CP1", OcppVersion.V201, "ws://127.0.0.1:1", pnc=PncConfig())
    it = Core(config, Memory(Settings()), Chance(1))
    assert it.pnc_enabled
    assert it.shown("pnc_enabled") == "true"
    it.pnc_suspended = True
    assert not it.pnc_enabled
    assert it.shown("pnc_enabled") == "false"
    assert it.shown("meter_interval_s") == "60"
