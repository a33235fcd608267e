"""A station at a glance, for whoever displays it.

Rule: plain values, units in the names; looking changes nothing but how far the meter has counted.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from simulator.kernel.clock import rfc3339
from simulator.station.certificate_kinds import ROOTS
from simulator.station.core import Core, Evse
from simulator.station.dialect import Dialect
from simulator.station.ev import Car
from simulator.station.settings import Access
from simulator.station.uplink import Uplink


def snapshot(
    core: Core, dialect: Dialect, uplink: Uplink, now: datetime, now_s: float, powered: bool
) -> dict[str, Any]:
    """The whole station."""
    config = core.config
    return {
        "id": config.id,
        "version": str(config.version),
        "vendor": config.vendor,
        "model": config.model,
        "powered": powered,
        "connected": uplink.link is not None,
        "online": uplink.online,
        "boot": core.boot.status.value,
        "queued": len(core.memory.queue),
        "pnc": None if config.pnc is None else core.pnc_enabled,
        "certificates": _certificates(core, now),
        "evses": [_evse(evse, dialect, now_s) for evse in core.evses],
        "config": {
            row.name: core.shown(row.name)
            for row in core.settings.rows()
            if row.access is not Access.WRITE_ONLY
        },
    }


def _evse(evse: Evse, dialect: Dialect, now_s: float) -> dict[str, Any]:
    reading = evse.meter.show(now_s)
    tx, car, connector = evse.transaction, evse.car, evse.connector
    return {
        "evse_id": evse.evse_id,
        "connector_id": evse.connector_id,
        "standard": connector.standard,
        "power_type": connector.power_type,
        "max_power_w": connector.max_power_w,
        "state": evse.phase.state.value,
        "status": dialect.status_of(evse.phase),
        "faulted": evse.phase.faulted,
        "operative": evse.phase.operative,
        "session": evse.session,
        "pnc": None if evse.pnc is None else asdict(evse.pnc),
        "token": None if evse.token is None else evse.token.value,
        "transaction": None if tx is None else tx.name if tx.csms_id is None else str(tx.csms_id),
        "power_w": round(reading.power_w, 1),
        "meter_wh": reading.energy_wh,
        "energy_wh": 0 if tx is None else reading.energy_wh - tx.start_wh,
        "soc_percent": None if car is None else round(car.soc_percent, 1),
        "car": None if car is None else car.model,
        "contract": None if car is None else _contract(car),
    }


def _contract(car: Car) -> dict[str, Any] | None:
    """What the car charges by; None where it has none, or none yet."""
    if car.contract is None:
        return None
    from simulator.pki.certificates import described  # cars without contracts load none of it

    return {"emaid": car.contract.emaid, **described(car.contract.certificate)}


def _certificates(core: Core, now: datetime) -> dict[str, Any] | None:
    """How many roots of each type, and its own certificates: no keys."""
    store = core.certificates
    if store is None:
        return None
    return {
        "usable": store.usable(now),
        "requested": [pending.signing.value for pending in store.pending],
        "roots": {use.value: count for use in ROOTS if (count := len(store.roots(use)))},
        "own": [
            {
                "type": own.signing.value,
                "subject": own.leaf.subject.rfc4514_string(),
                "serial": f"{own.leaf.serial_number:x}",
                "not_before": rfc3339(own.leaf.not_valid_before_utc),
                "not_after": rfc3339(own.leaf.not_valid_after_utc),
                "valid": own.valid(now),
            }
            for own in store.own
        ],
    }
