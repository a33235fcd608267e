"""Stations as a journal tells of them, in the shape of a station's own snapshot.

Rule: a journal that ends anywhere, of anybody's stations, tells what it tells: what it does not is
left as a station is that nobody has touched.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from simulator.kernel.journal import Record
from simulator.tui.engine import Snapshot
from simulator.tui.odd import ODD

_STATION = "station/"
# Units of meter values that are thousands of what a snapshot counts in.
_THOUSANDS = ("kW", "kWh")
# What an EVSE of somebody else's station is taken to do while it says so.
_STATES = {
    "Preparing": "plugged", "Occupied": "plugged", "Charging": "charging",
    "SuspendedEV": "suspended_ev", "SuspendedEVSE": "suspended_evse", "Finishing": "finishing",
}  # fmt: skip


class Retold:
    """Stations, record by record."""

    def __init__(self) -> None:
        self.stations: dict[str, Snapshot] = {}
        self._began: dict[tuple[str, int], float] = {}  # what the meter showed at the start
        self._own: set[str] = set()  # those that told of themselves, not by their frames alone

    def take(self, record: Record) -> None:
        """Learn what a record tells of a station."""
        actor, peer = record["actor"], record["peer"] or ""
        own = actor.startswith(_STATION)
        name = (actor if own else peer).removeprefix(_STATION)
        if not own and not peer.startswith(_STATION):
            return
        if record["leg"] == "event" and own:
            self._own.add(name)
            told, what = _EVENTS.get(record["what"]), str(record["what"])
            if told is not None:
                with contextlib.suppress(*ODD):
                    told(self._now(name), _Event(record, self))
            elif what.startswith("boot.") and what != "boot.failed":
                status = what.removeprefix("boot.").capitalize()
                self._now(name).update(boot=status, online=status == "Accepted")
        elif record["leg"] == "ocpp" and record["direction"] == ("sent" if own else "received"):
            self._call(self._now(name), record)

    def _now(self, name: str) -> Snapshot:
        return self.stations.setdefault(name, _station(name))

    def _foreign(self, now: Snapshot) -> bool:
        return now["id"] not in self._own

    def evse(self, now: Snapshot, number: int) -> Snapshot:
        """An EVSE of a station, and those before it."""
        evses = now["evses"]
        while len(evses) < min(number, 100):
            evses.append(_evse(len(evses) + 1))
        found: Snapshot = evses[max(0, min(number, 100) - 1)]
        return found

    def _call(self, now: Snapshot, record: Record) -> None:
        """What a station said, if it was a CALL that can be read."""
        now["version"], now["connected"] = str(record["version"]), True
        tells = _CALLS.get(record["action"] or "")
        if record["message_type"] != 2 or tells is None:
            return
        with contextlib.suppress(*ODD):
            tells(now, msgspec.json.decode(record["frame"])[3], self)

    def metered(self, now: Snapshot, evse: Snapshot, values: Iterable[Mapping[str, Any]]) -> None:
        """Meter values: the register, power and state of charge."""
        for sample in (one for value in values for one in value["sampledValue"]):
            unit = sample.get("unit") or (sample.get("unitOfMeasure") or {}).get("unit")
            value = float(sample["value"]) * (1000 if unit in _THOUSANDS else 1)
            match sample.get("measurand", "Energy.Active.Import.Register"), sample.get("phase"):
                case "Energy.Active.Import.Register", None:
                    self.read(now, evse, value)
                case "Power.Active.Import", None if evse["transaction"] or self._foreign(now):
                    evse["power_w"] = value
                case "SoC", _:
                    evse["soc_percent"] = value

    def status(self, now: Snapshot, evse: Snapshot, status: str) -> None:
        """An EVSE as its station calls it."""
        evse.update(status=status, faulted=status == "Faulted", operative=status != "Unavailable")
        if self._foreign(now):
            evse["state"] = _STATES.get(status, "available")

    def read(self, now: Snapshot, evse: Snapshot, meter_wh: float) -> None:
        """What the register of an EVSE shows."""
        evse["meter_wh"] = round(meter_wh)
        if evse["transaction"] is not None:
            began = self._began.setdefault((now["id"], evse["evse_id"]), meter_wh)
            evse["energy_wh"] = round(meter_wh - began)

    def begin(self, now: Snapshot, evse: Snapshot, meter_wh: float) -> None:
        """A transaction begins at what the register shows."""
        self._began[now["id"], evse["evse_id"]] = meter_wh
        self.read(now, evse, meter_wh)


class _Event:
    """An event of a station: its particulars, its session and the EVSE that it tells of."""

    def __init__(self, record: Record, retold: Retold) -> None:
        self.data: Mapping[str, Any] = record["data"]
        self.session: str | None = record["session"]
        self.retold = retold

    def evse(self, now: Snapshot) -> Snapshot:
        return self.retold.evse(now, int(self.data.get("evse", 1)))


def _powered(now: Snapshot, event: _Event) -> None:
    now.update(powered=True, version=str(event.data.get("version", now["version"])))


def _cut(now: Snapshot, _event: _Event) -> None:
    now.update(powered=False, connected=False, online=False)


def _connected(now: Snapshot, _event: _Event) -> None:
    now.update(connected=True, powered=True)


def _disconnected(now: Snapshot, _event: _Event) -> None:
    now.update(connected=False, online=False)


def _online(now: Snapshot, _event: _Event) -> None:
    now["online"] = True


def _queued(now: Snapshot, event: _Event) -> None:
    now["queued"] = int(event.data["waiting"])


def _replayed(now: Snapshot, _event: _Event) -> None:
    now["queued"] = max(0, now["queued"] - 1)


def _plugged(now: Snapshot, event: _Event) -> None:
    event.evse(now).update(
        car=event.data.get("model") or "car", soc_percent=event.data.get("soc_percent"),
        session=event.session,
    )  # fmt: skip


def _unplugged(now: Snapshot, event: _Event) -> None:
    event.evse(now).update(car=None, soc_percent=None, session=None, power_w=0.0, energy_wh=0)


def _changed(now: Snapshot, event: _Event) -> None:
    evse = event.evse(now)
    evse["state"] = event.data["state"]
    if evse["state"] != "charging":
        evse["power_w"] = 0.0


def _started(now: Snapshot, event: _Event) -> None:
    evse = event.evse(now)
    evse.update(
        transaction=str(event.data.get("transaction")), token=event.data.get("token"),
        session=event.session,
    )  # fmt: skip
    event.retold.begin(now, evse, float(event.data.get("meter_wh", 0)))


def _ended(now: Snapshot, event: _Event) -> None:
    event.evse(now).update(transaction=None, token=None, power_w=0.0, energy_wh=0)


_EVENTS: Mapping[str, Callable[[Snapshot, _Event], None]] = {
    "station.powered_on": _powered,
    "station.power_cut": _cut,
    "ocpp.connected": _connected,
    "ocpp.disconnected": _disconnected,
    "station.online": _online,
    "message.queued": _queued,
    "message.replayed": _replayed,
    "car.plugged": _plugged,
    "car.unplugged": _unplugged,
    "connector.changed": _changed,
    "transaction.started": _started,
    "transaction.ended": _ended,
}


def _boots(now: Snapshot, said: Mapping[str, Any], _retold: Retold) -> None:
    about = said.get("chargingStation", said)
    now["vendor"] = about.get("vendorName") or about.get("chargePointVendor") or ""
    now["model"] = about.get("model") or about.get("chargePointModel") or ""


def _status(now: Snapshot, said: Mapping[str, Any], retold: Retold) -> None:
    number = int(said.get("evseId", said.get("connectorId", 0)))
    status = str(said.get("connectorStatus", said.get("status")))
    if number:
        retold.status(now, retold.evse(now, number), status)


def _values(now: Snapshot, said: Mapping[str, Any], retold: Retold) -> None:
    evse = retold.evse(now, int(said.get("evseId", said.get("connectorId", 1))))
    retold.metered(now, evse, said["meterValue"])


def _event(now: Snapshot, said: Mapping[str, Any], retold: Retold) -> None:
    evse = retold.evse(now, int((said.get("evse") or {}).get("id", 1)))
    retold.metered(now, evse, said.get("meterValue", ()))


# What stations of anybody's say of themselves.
_CALLS: Mapping[str, Callable[[Snapshot, Mapping[str, Any], Retold], None]] = {
    "BootNotification": _boots,
    "StatusNotification": _status,
    "MeterValues": _values,
    "TransactionEvent": _event,
}


def _station(name: str) -> Snapshot:
    return {
        "id": name, "version": "", "vendor": "", "model": "", "powered": True, "connected": False,
        "online": False, "boot": "Accepted", "queued": 0, "pnc": None, "certificates": None,
        "evses": [_evse(1)], "config": {},
    }  # fmt: skip


def _evse(number: int) -> Snapshot:
    return {
        "evse_id": number, "connector_id": 1, "standard": "", "power_type": "", "max_power_w": 0,
        "state": "available", "status": "Available", "faulted": False, "operative": True,
        "session": None, "pnc": None, "token": None, "transaction": None, "power_w": 0.0,
        "meter_wh": 0, "energy_wh": 0, "soc_percent": None, "car": None,
    }  # fmt: skip
