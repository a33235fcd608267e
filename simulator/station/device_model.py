"""The 2.0.1 device model of a station: components, variables, and what may be done with them.

Rule: it holds nothing of its own. Settings are the rows of `settings.SETTINGS`; the rest is read
from the core when somebody asks. Names are those of part 2, appendix 3, compared without case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from simulator.kernel.clock import rfc3339
from simulator.station.config import ConnectorConfig
from simulator.station.connector import Phase, State
from simulator.station.core import Core, Evse, Payload
from simulator.station.settings import Access, Feature, Kind, Setting, Variable

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


# ConnectorStatusEnumType, without a fault over it.
STATUS: Mapping[State, str] = {
    State.AVAILABLE: "Available",
    State.PLUGGED: "Occupied",
    State.AUTHORIZED: "Available",
    State.READY: "Occupied",
    State.CHARGING: "Occupied",
    State.SUSPENDED_EV: "Occupied",
    State.SUSPENDED_EVSE: "Occupied",
    State.ABSENT: "Occupied",
    State.FINISHING: "Occupied",
    State.DETACHED: "Occupied",
    State.RESERVED: "Reserved",
    State.UNAVAILABLE: "Unavailable",
    State.UNAVAILABLE_PLUGGED: "Unavailable",
}


def status_of(phase: Phase) -> str:
    """The status of a connector in a phase; a fault lies over everything."""
    return "Faulted" if phase.faulted else STATUS[phase.state]


def statuses(evse: Evse) -> dict[int, str]:
    """The connector in use has the EVSE's status; the others share only what closes it."""
    phase = evse.phase
    resting = State.AVAILABLE if phase.operative else State.UNAVAILABLE
    rest = status_of(Phase(resting, faulted=phase.faulted))
    own = {evse.connector_id: status_of(phase)}
    return {each.connector_id: rest for each in evse.config.connectors} | own


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
    (Variable("ChargingStation", "Available"), "true"),
)


def entries(core: Core, now: datetime) -> Iterator[Entry]:
    """The whole device model, in a stable order."""
    yield from _settings(core)
    for variable, value in _FIXED:
        yield Entry(variable, value, Kind.BOOLEAN)
    yield Entry(Variable("ClockCtrlr", "DateTime"), rfc3339(now), _DATE)
    yield Entry(Variable("SecurityCtrlr", "Identity"), core.config.id, Kind.STRING)
    yield from _certificates(core)
    yield from _station(core)
    for evse in core.evses:
        yield from _evse(evse)


def _settings(core: Core) -> Iterator[Entry]:
    for row in core.settings.rows():
        if row.variable is not None:
            ranged = row.kind is not Kind.BOOLEAN and row.kind is not Kind.MEMBERS
            yield Entry(
                row.variable,
                core.shown(row.name),
                row.kind,
                row.access,
                unit=row.unit,
                low=row.low if ranged and row.low else None,
                high=row.high if ranged else None,
                values=",".join(row.allowed) or None,
                setting=row,
            )


def _certificates(core: Core) -> Iterator[Entry]:
    """What is read of certificates and ISO 15118; what can be set of them are settings. The EXI
    side of ISO 15118 is not there, hence neither schedules nor receipts.
    """
    store, pnc = core.certificates, Feature.PNC in core.settings.features
    entries, most = Variable("SecurityCtrlr", "CertificateEntries"), None
    if store is not None:
        most = core.settings.integer("certificate_store_max")
        root_check = Variable("SecurityCtrlr", "AdditionalRootCertificateCheck")
        yield Entry(root_check, "false", Kind.BOOLEAN)
    count = 0 if store is None else store.entries
    yield Entry(entries, str(count), Kind.INTEGER, high=most)
    yield Entry(Variable("ISO15118Ctrlr", "Enabled"), str(pnc).lower(), Kind.BOOLEAN)
    if pnc:
        yield Entry(Variable("ISO15118Ctrlr", "Available"), "true", Kind.BOOLEAN)
        yield Entry(Variable("ISO15118Ctrlr", "RequestMeteringReceipt"), "false", Kind.BOOLEAN)


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
    number, connector, told = evse.evse_id, evse.connector, statuses(evse)
    rows: tuple[tuple[str, str, str], ...] = (
        ("AvailabilityState", told[evse.connector_id], _OPTION),
        ("Available", "true", Kind.BOOLEAN),
        ("Problem", str(evse.phase.faulted).lower(), Kind.BOOLEAN),
        ("AllowReset", "true", Kind.BOOLEAN),
        ("SupplyPhases", str(connector.limits.phases or 3), Kind.INTEGER),
    )
    for name, value, kind in rows:
        values = _AVAILABILITY if kind == _OPTION else None
        yield Entry(Variable("EVSE", name), value, kind, evse_id=number, values=values)
    yield Entry(
        Variable("EVSE", "Power"),
        f"{evse.meter.power_w():.1f}",
        _DECIMAL,
        evse_id=number,
        unit="W",
        high=connector.max_power_w,
    )
    for each in evse.config.connectors:
        yield from _connector(number, each, told[each.connector_id])


def _connector(evse_id: int, config: ConnectorConfig, status: str) -> Iterator[Entry]:
    types = _CONNECTOR_TYPES.get(config.standard, ("Unknown", "Unknown"))
    for name, value, kind in (
        ("AvailabilityState", status, _OPTION),
        ("Available", "true", Kind.BOOLEAN),
        ("ConnectorType", types[config.tethered], Kind.STRING),
        ("SupplyPhases", str(config.limits.phases or 3), Kind.INTEGER),
    ):
        values = _AVAILABILITY if kind == _OPTION else None
        yield Entry(
            Variable("Connector", name),
            value,
            kind,
            evse_id=evse_id,
            connector_id=config.connector_id,
            values=values,
        )


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
