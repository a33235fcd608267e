"""The world file: what stands in a world, read strictly (docs/worlds.md, world.schema.json).

Rule: what the file says is data; nothing here starts anything. Chance comes in only where the file
leaves an address open, and then from the seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from simulator.kernel.chance import Chance
from simulator.kernel.clock import parse_rfc3339
from simulator.mistakes import Mistake, did_you_mean
from simulator.places import furnish
from simulator.strict_yaml import Document, Place, change, load, parse, validate
from simulator.wire.tls import NO_TLS, Tls
from simulator.world_check import (
    check_emps,
    check_ocpi,
    check_outside,
    check_peers,
    check_stations,
    check_unique,
)
from simulator.world_contracts import (
    CarPlan,
    PkiPlan,
    PncPlan,
    check_pki,
    read_cars,
    read_pki,
    read_pnc,
    read_settings,
    read_stations_pnc,
)
from simulator.world_faults import check_faults
from simulator.world_names import actors
from simulator.world_tls import check_profiles, read_tls

SCHEMA = Path(__file__).with_name("world.schema.json")
# In an installed package the worlds stand in the first, in a checkout (also) in the second.
SHELVES = (Path(__file__).parent / "worlds", Path(__file__).parents[1] / "fixtures" / "worlds")
EXTENSIONS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Plug:
    """A kind of connector, in OCPI's words. `max_power_w` None: what voltage and amperage allow."""

    standard: str
    format: str
    power_type: str
    max_voltage_v: int
    max_amperage_a: int
    max_power_w: int | None = None


# What stands at most European chargers, ready to be named in a world file.
PLUGS: dict[str, Plug] = {
    "ac-11": Plug("IEC_62196_T2", "SOCKET", "AC_3_PHASE", 230, 16, 11_000),
    "ac-22": Plug("IEC_62196_T2", "SOCKET", "AC_3_PHASE", 230, 32, 22_000),
    "ac-22-cable": Plug("IEC_62196_T2", "CABLE", "AC_3_PHASE", 230, 32, 22_000),
    "dc-50": Plug("IEC_62196_T2_COMBO", "CABLE", "DC", 500, 125, 50_000),
    "dc-150": Plug("IEC_62196_T2_COMBO", "CABLE", "DC", 920, 375, 150_000),
    "dc-300": Plug("IEC_62196_T2_COMBO", "CABLE", "DC", 920, 500, 300_000),
    "chademo-50": Plug("CHADEMO", "CABLE", "DC", 500, 125, 50_000),
}


@dataclass(frozen=True, slots=True)
class StationPlan:
    """A station and its place. `evses` are lists of plugs, EVSE 1 first."""

    id: str
    ocpp: str
    location_id: str
    evses: tuple[tuple[Plug, ...], ...]
    tariff: str | None = None
    vendor: str = "Roamlab"
    model: str = "Virtual"
    password: str | None = None
    meter_interval_s: int | None = None
    omit_from_cdrs: tuple[str, ...] = ()
    security_profile: int | None = None  # none named: what TLS and password make of it
    tls: Tls | None = None  # none: it trusts whom the CPO's section names
    csms: str | None = None  # a CSMS outside this world in place of its CPO
    pnc: PncPlan | None = None
    settings: Mapping[str, str] = field(default_factory=dict)

    def evse_uid(self, evse_id: int) -> str:
        """The OCPI uid of one of its EVSEs, counted from 1."""
        return f"{self.id}-{evse_id}"


@dataclass(frozen=True, slots=True)
class PeerPlan:
    """A peer: one to start (`kind`), or one outside (`url`)."""

    name: str
    kind: str = "plugsurfing"
    port: int | None = None  # none named: `world_ports` chooses
    strict: bool = True
    profile: Mapping[str, Any] = field(default_factory=dict)
    database: str = ":memory:"
    tokens: Sequence[Mapping[str, Any]] = ()
    ocpi_versions: Sequence[str] = ()  # none named: all that it has
    register: str = "cpo"
    url: str | None = None
    token: str | None = None
    tls: Tls | None = None  # none: it serves plain text, and trusts whom the CPO's section names


@dataclass(frozen=True, slots=True)
class EmpPlan:
    """An EMP behind the Roam face of a peer; `peer` None: the first that runs in this world."""

    name: str
    kind: str = "roam"
    peer: str | None = None
    country_code: str = "DE"
    party_id: str = "EMP"
    business_name: str | None = None
    port: int | None = None
    pulls: bool = True
    organisation: Mapping[str, Any] = field(default_factory=dict)
    tokens: Sequence[Mapping[str, Any]] = ()
    register: str = "emp"
    tls: Tls | None = None  # as for peers


@dataclass(frozen=True, slots=True)
class OutsidePlan:
    """A CPO elsewhere in place of the world's own, and where the world finds it."""

    csms: str | None = None
    versions_url: str | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class WorldFile:
    """A world as its file describes it. `locations` may lack what `furnish` makes up."""

    path: str
    name: str
    cpo: Mapping[str, Any]
    seed: int | None = None
    clock: str = "real"
    ports: str | None = None  # fixed or free; none: as whoever builds it has it
    start: datetime | None = None
    peers: tuple[PeerPlan, ...] = ()
    emps: tuple[EmpPlan, ...] = ()
    tariffs: tuple[Mapping[str, Any], ...] = ()
    locations: tuple[Mapping[str, Any], ...] = ()
    stations: tuple[StationPlan, ...] = ()
    cars: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    contracts: Mapping[str, CarPlan] = field(default_factory=dict)  # by car
    pki: PkiPlan | None = None
    pnc: Mapping[str, Any] | None = None  # what the CPO is told of Plug & Charge
    faults: tuple[Mapping[str, Any], ...] = ()
    insecure: bool = False  # plain text beyond loopback
    outside: OutsidePlan | None = None  # the CPO is none of this world's

    @property
    def ocpp_tls(self) -> Tls:
        """What the CPO has for its stations."""
        tls: Tls = self.cpo.get("ocpp_tls", NO_TLS)
        return tls

    @property
    def ocpi_tls(self) -> Tls:
        """What the CPO has for its peers."""
        tls: Tls = self.cpo.get("ocpi_tls", NO_TLS)
        return tls

    def ocpi_locations(self, chance: Chance) -> list[dict[str, Any]]:
        """The locations as OCPI 2.2.1 objects, without what lives (statuses, times of change)."""
        return [self._location(location, chance) for location in self.locations]

    def ocpi_tariffs(self) -> list[dict[str, Any]]:
        """The tariffs as OCPI 2.2.1 objects, without their time of change."""
        currency = self.cpo.get("currency", "EUR")
        return [{"currency": currency, **self._party(), **_exact(t)} for t in self.tariffs]

    def _party(self) -> dict[str, str]:
        return {"country_code": self.cpo["country_code"], "party_id": self.cpo["party_id"]}

    def _location(self, location: Mapping[str, Any], chance: Chance) -> dict[str, Any]:
        own = {key: value for key, value in location.items() if key != "stations"}
        evses = [e for s in self.stations if s.location_id == own["id"] for e in self._evses(s)]
        operator = {"name": self.cpo["name"]}
        return {
            **self._party(),
            "publish": True,
            "operator": operator,
            **furnish(own, chance),
            "evses": [*own.get("evses", ()), *evses],
        }

    def _evses(self, station: StationPlan) -> Iterator[dict[str, Any]]:
        country_code, party_id = self._party().values()
        number = "".join(letter for letter in station.id.upper() if letter.isalnum())
        for evse_id, plugs in enumerate(station.evses, 1):
            yield {
                "uid": station.evse_uid(evse_id),
                # eMI3's form of an EVSE id.
                "evse_id": f"{country_code}*{party_id}*E{number}*{evse_id}",
                "capabilities": ["RFID_READER", "REMOTE_START_STOP_CAPABLE"],
                "connectors": [_connector(n, p, station.tariff) for n, p in enumerate(plugs, 1)],
            }


def _exact(value: Any) -> Any:
    """Prices as they were written: a float becomes the decimal it stands for."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, Mapping):
        return {key: _exact(part) for key, part in value.items()}
    return [_exact(part) for part in value] if isinstance(value, list) else value


def _connector(number: int, plug: Plug, tariff: str | None) -> dict[str, Any]:
    connector: dict[str, Any] = {
        "id": str(number),
        "standard": plug.standard,
        "format": plug.format,
        "power_type": plug.power_type,
        "max_voltage": plug.max_voltage_v,
        "max_amperage": plug.max_amperage_a,
    }
    if plug.max_power_w is not None:
        connector["max_electric_power"] = plug.max_power_w
    if tariff is not None:
        connector["tariff_ids"] = [tariff]
    return connector


def find(name: str) -> Path:
    """The file of a world: a path, or the name of one that comes along. Raises Mistake."""
    path = Path(name)
    if path.suffix in EXTENSIONS or path.exists():
        return path
    shipped = {p.stem: p for shelf in reversed(SHELVES) for p in sorted(shelf.glob("*.yaml"))}
    if name in shipped:
        return shipped[name]
    raise Mistake(
        f"no world '{name}', neither a file nor one that comes along.{did_you_mean(name, shipped)}"
    )


def read(path: Path) -> WorldFile:
    """Read a world file. Raises Mistake with every error, each with its line."""
    return _build(load(path, SCHEMA))


def read_changed(document: Document, changes: Mapping[str, Any]) -> WorldFile:
    """Read a world that was parsed, with other values at some JSON pointers. Raises Mistake."""
    change(document, changes)
    validate(document, SCHEMA)
    return _build(document)


def read_text(text: str, path: str = "world") -> WorldFile:
    """Read the text of a world file, as `read` does."""
    return _build(parse(text, path, SCHEMA))


def _build(document: Document) -> WorldFile:
    data = read_tls(document)
    plugs = {**PLUGS, **{name: Plug(**plug) for name, plug in data.get("plugs", {}).items()}}
    locations = data.get("locations", [])
    told = data["cpo"].get("outside")
    outside = None if told is None else OutsidePlan(**told)
    stations = _stations(document, locations, plugs, outside)
    peers = tuple(
        PeerPlan(**{**peer, "tokens": tuple(peer.get("tokens", ()))})
        for peer in data.get("peers", [])
    )
    check_peers(document, peers)
    check_outside(document, outside, stations, peers)
    emps = tuple(
        EmpPlan(**{**emp, "tokens": tuple(emp.get("tokens", ()))}) for emp in data.get("emps", [])
    )
    check_emps(document, emps, peers)
    check_faults(document, actors(stations, peers, emps))
    for key in ("locations", "tariffs", "peers", "emps"):
        check_unique(
            document, (key,), data.get(key, []), "name" if key in ("peers", "emps") else "id"
        )
    check_stations(document, locations, {tariff["id"] for tariff in data.get("tariffs", [])})
    check_pki(document, data)
    pki, pnc = read_pki(document, data), read_pnc(document, data["cpo"])
    cars, contracts = read_cars(document, data.get("cars", {}))
    document.check()
    start = data.get("start")
    world = WorldFile(
        path=document.path,
        name=data["name"],
        cpo={key: value for key, value in data["cpo"].items() if key not in ("pnc", "outside")},
        seed=data.get("seed"),
        clock=data.get("clock", "real"),
        ports=data.get("ports"),
        start=None if start is None else parse_rfc3339(start),
        peers=peers,
        emps=emps,
        tariffs=tuple(data.get("tariffs", [])),
        locations=tuple(locations),
        stations=tuple(stations),
        cars=cars,
        contracts=contracts,
        pki=pki,
        pnc=pnc,
        faults=tuple(data.get("faults", ())),
        insecure=data.get("insecure", False),
        outside=outside,
    )
    check_profiles(document, world)
    check_ocpi(document, world)
    document.check()
    return world


def _stations(
    document: Document,
    locations: Sequence[Mapping[str, Any]],
    plugs: Mapping[str, Plug],
    outside: OutsidePlan | None,
) -> list[StationPlan]:
    plans: list[StationPlan] = []
    for i, location in enumerate(locations):
        for j, station in enumerate(location.get("stations", [])):
            place: Place = ("locations", i, "stations", j)
            evses = _plugs(document, (*place, "evses"), station.get("evses", [["ac-22"]]), plugs)
            plan = {k: v for k, v in station.items() if k not in ("count", "evses", "id")}
            plan["omit_from_cdrs"] = tuple(plan.get("omit_from_cdrs", ()))
            plan.setdefault("csms", None if outside is None else outside.csms)
            plan["pnc"] = read_stations_pnc(plan.get("pnc"))
            plan["settings"] = read_settings(
                document, (*place, "settings"), plan.get("settings", {})
            )
            plans += [
                StationPlan(id=name, location_id=location["id"], evses=evses, **plan)
                for name in numbered(station["id"], station.get("count"))
            ]
    return plans


def numbered(name: str, count: int | None) -> list[str]:
    """The names of `count` things: LOAD-0001, LOAD-0002, …; a single one keeps its name."""
    if count is None:
        return [name]
    width = max(4, len(str(count)))
    return [f"{name}-{number:0{width}}" for number in range(1, count + 1)]


def _plugs(
    document: Document, place: Place, evses: Sequence[Sequence[str]], plugs: Mapping[str, Plug]
) -> tuple[tuple[Plug, ...], ...]:
    for i, names in enumerate(evses):
        for j, name in enumerate(names):
            if name not in plugs:
                document.wrong((*place, i, j), f"no plug '{name}'.{did_you_mean(name, plugs)}")
    return tuple(tuple(plugs[name] for name in names if name in plugs) for names in evses)
