"""The 2.0.1 device model of a station: components, variables, and what may be done with them.

Rule: it holds nothing of its own. Settings are the rows of `settings.SETTINGS`; the rest is read
from the core when somebody asks. Names are those of part 2, appendix 3, compared without case.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from simulator.kernel.clock import rfc3339
from simulator.station.core import Core, Evse, Payload
from simulator.station.settings import SETTINGS, Access, Kind, Setting, Variable

_CONNECTOR_TYPES = {
    "IEC_62196_T2": ("sType2", "cType2"),
    "IEC_62196_T1": ("sType2", "cType1"),
    "IEC_62196_T1_COMBO": ("cCCS1", "cCCS1"),
    "IEC_62196_T2_COMBO": ("cCCS2", "cCCS2"),
    "CHADEMO": ("cG105", "cG105"),
    "TESLA_S": ("cTesla", "cTesla"),
    "DOMESTIC_F": ("s309-1P-16A", "s309-1P-16A"),
}
_OPTION = "OptionList"
_DATE = "dateTime"
_DECIMAL = "decimal"
_AVAILABILITY = "Available,Occupied,Reserved,Unavailable,Faulted"


@dataclass(frozen=True, slots=True)
class Entry:
    """One variable of one component, with its Actual attribute."""

    variable: Variable
    value: str
    kind: str
    access: Access = Access.READ_ONLY
    evse_id: int | None = None
    connector_id: int | None = None
    unit: str | None = None
    low: float | None = None
    high: float | None = None
    values: str | None = None
    setting: Setting | None = None

    @property
    def place(self) -> tuple[str, int | None, int | None]:
        """What a component is looked up by."""
        return self.variable.component.lower(), self.evse_id, self.connector_id

    def component(self) -> Payload:
        """ComponentType."""
        shown: Payload = {"name": self.variable.component}
        if self.evse_id is not None:
            shown["evse"] = {"id": self.evse_id}
            if self.connector_id is not None:
                shown["evse"]["connectorId"] = self.connector_id
        return shown

    def name(self) -> Payload:
        """VariableType."""
        shown: Payload = {"name": self.variable.name}
        if self.variable.instance is not None:
            shown["instance"] = self.variable.instance
        return shown

    def report(self) -> Payload:
        """ReportDataType; what is write-only shows no value."""
        attribute: Payload = {"type": "Actual", "mutability": self.access.value}
        if self.access is not Access.WRITE_ONLY:
            attribute["value"] = self.value
        if self.setting is not None:
            attribute["persistent"] = True
        traits: Payload = {"dataType": self.kind, "supportsMonitoring": False}
        for field, value in (
            ("unit", self.unit),
            ("minLimit", self.low),
            ("maxLimit", self.high),
            ("valuesList", self.values),
        ):
            if value is not None:
                traits[field] = value
        return {
            "component": self.component(),
            "variable": self.name(),
            "variableAttribute": [attribute],
            "variableCharacteristics": traits,
        }


# What never changes: which parts of OCPP this station has.
_FIXED: tuple[tuple[Variable, str], ...] = (
    (Variable("AuthCtrlr", "Enabled"), "true"),
    (Variable("AuthCacheCtrlr", "Available"), "true"),
    (Variable("SampledDataCtrlr", "Available"), "true"),
    (Variable("SampledDataCtrlr", "Enabled"), "true"),
    (Variable("AlignedDataCtrlr", "Available"), "true"),
    (Variable("AlignedDataCtrlr", "Enabled"), "true"),
    (Variable("AlignedDataCtrlr", "SendDuringIdle"), "false"),
    (Variable("TxCtrlr", "TxBeforeAcceptedEnabled"), "false"),
    (Variable("LocalAuthListCtrlr", "Available"), "false"),
    (Variable("SmartChargingCtrlr", "Available"), "false"),
    (Variable("ReservationCtrlr", "Available"), "false"),
    (Variable("DisplayMessageCtrlr", "Available"), "false"),
    (Variable("TariffCostCtrlr", "Available", "Tariff"), "false"),
    (Variable("TariffCostCtrlr", "Available", "Cost"), "false"),
    (Variable("MonitoringCtrlr", "Available"), "false"),
    (Variable("ISO15118Ctrlr", "Enabled"), "false"),
    (Variable("ChargingStation", "Available"), "true"),
)


def entries(core: Core, now: datetime) -> Iterator[Entry]:
    """The whole device model, in a stable order."""
    yield from _settings(core)
    for variable, value in _FIXED:
        yield Entry(variable, value, Kind.BOOLEAN)
    yield Entry(Variable("ClockCtrlr", "DateTime"), rfc3339(now), _DATE)
    yield Entry(Variable("SecurityCtrlr", "Identity"), core.config.id, Kind.STRING)
    yield from _station(core)
    for evse in core.evses:
        yield from _evse(evse)


def _settings(core: Core) -> Iterator[Entry]:
    for row in SETTINGS:
        if row.variable is not None:
            ranged = row.kind is not Kind.BOOLEAN and row.kind is not Kind.MEMBERS
            yield Entry(
                row.variable,
                core.settings.text(row.name),
                row.kind,
                row.access,
                unit=row.unit,
                low=row.low if ranged and row.low else None,
                high=row.high if ranged else None,
                values=",".join(row.allowed) or None,
                setting=row,
            )


def _station(core: Core) -> Iterator[Entry]:
    config = core.config
    faulted = any(evse.phase.faulted for evse in core.evses)
    closed = all(not evse.phase.operative for evse in core.evses)
    state = "Faulted" if faulted else "Unavailable" if closed else "Available"

    def entry(name: str, value: str, kind: str = Kind.STRING, values: str | None = None) -> Entry:
        return Entry(Variable("ChargingStation", name), value, kind, values=values)

    yield entry("AvailabilityState", state, _OPTION, _AVAILABILITY)
    yield entry("Problem", str(faulted).lower(), Kind.BOOLEAN)
    yield entry("Model", config.model)
    yield entry("VendorName", config.vendor)
    yield entry("SerialNumber", config.serial or "")
    yield entry("FirmwareVersion", config.firmware or "")
    phases = max(evse.connector.limits.phases or 3 for evse in core.evses)
    yield entry("SupplyPhases", str(phases), Kind.INTEGER)


def _evse(evse: Evse) -> Iterator[Entry]:
    number, connector = evse.evse_id, evse.connector
    state = "Faulted" if evse.phase.faulted else _availability(evse)
    phases = str(connector.limits.phases or 3)

    def of_evse(name: str, value: str, kind: str, **more: float | str | None) -> Entry:
        return Entry(Variable("EVSE", name), value, kind, evse_id=number, **more)  # type: ignore[arg-type]

    yield of_evse("AvailabilityState", state, _OPTION, values=_AVAILABILITY)
    yield of_evse("Available", "true", Kind.BOOLEAN)
    yield of_evse("Problem", str(evse.phase.faulted).lower(), Kind.BOOLEAN)
    yield of_evse("AllowReset", "true", Kind.BOOLEAN)
    power = f"{evse.meter.power_w():.1f}"
    yield of_evse("Power", power, _DECIMAL, unit="W", high=connector.max_power_w)
    yield of_evse("SupplyPhases", phases, Kind.INTEGER)
    for config in evse.config.connectors:
        mine = config is connector
        types = _CONNECTOR_TYPES.get(config.standard, ("Unknown", "Unknown"))
        for name, value, kind in (
            ("AvailabilityState", state if mine else "Available", _OPTION),
            ("Available", "true", Kind.BOOLEAN),
            ("ConnectorType", types[config.tethered], Kind.STRING),
            ("SupplyPhases", str(config.limits.phases or 3), Kind.INTEGER),
        ):
            yield Entry(
                Variable("Connector", name),
                value,
                kind,
                evse_id=number,
                connector_id=config.connector_id,
            )


def _availability(evse: Evse) -> str:
    if not evse.phase.operative and evse.transaction is None:
        return "Unavailable"
    return "Occupied" if evse.phase.plugged else "Available"


def find(model: list[Entry], component: Payload, variable: Payload) -> Entry | str:
    """The entry that a component and a variable name, or the status that says what is unknown."""
    evse = component.get("evse") or {}
    place = component["name"].lower(), evse.get("id"), evse.get("connectorId")
    # No component of ours has an instance.
    inside = [] if component.get("instance") else [e for e in model if e.place == place]
    if not inside:
        return "UnknownComponent"
    name, instance = variable["name"].lower(), (variable.get("instance") or "").lower()
    for entry in inside:
        mine = entry.variable
        if mine.name.lower() == name and (mine.instance or "").lower() == instance:
            return entry
    return "UnknownVariable"
