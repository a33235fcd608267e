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
from simulator.ocpi.validate import errors
from simulator.places import COUNTRIES, MADE_UP, furnish, is_time_zone
from simulator.strict_yaml import Document, Place, change, load, parse, validate

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

    def evse_uid(self, evse_id: int) -> str:
        """The OCPI uid of one of its EVSEs, counted from 1."""
        return f"{self.id}-{evse_id}"


@dataclass(frozen=True, slots=True)
class PeerPlan:
    """A peer: one to start (`kind`), or one outside (`url`)."""

    name: str
    kind: str = "plugsurfing"
    port: int = 8090
    strict: bool = True
    profile: Mapping[str, Any] = field(default_factory=dict)
    database: str = ":memory:"
    tokens: Sequence[Mapping[str, Any]] = ()
    ocpi_versions: Sequence[str] = ()  # none named: all that it has
    register: str = "cpo"
    url: str | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class EmpPlan:
    """An EMP behind the Roam face of a peer; `peer` None: the first that runs in this world."""

    name: str
    kind: str = "roam"
    peer: str | None = None
    country_code: str = "DE"
    party_id: str = "EMP"
    business_name: str | None = None
    port: int = 8100
    pulls: bool = True
    organisation: Mapping[str, Any] = field(default_factory=dict)
    tokens: Sequence[Mapping[str, Any]] = ()
    register: str = "emp"


@dataclass(frozen=True, slots=True)
class WorldFile:
    """A world as its file describes it. `locations` may lack what `furnish` makes up."""

    path: str
    name: str
    cpo: Mapping[str, Any]
    seed: int | None = None
    clock: str = "real"
    start: datetime | None = None
    peers: tuple[PeerPlan, ...] = ()
    emps: tuple[EmpPlan, ...] = ()
    tariffs: tuple[Mapping[str, Any], ...] = ()
    locations: tuple[Mapping[str, Any], ...] = ()
    stations: tuple[StationPlan, ...] = ()
    cars: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

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
    data = document.data
    plugs = {**PLUGS, **{name: Plug(**plug) for name, plug in data.get("plugs", {}).items()}}
    locations = data.get("locations", [])
    stations = _stations(document, locations, plugs)
    peers = tuple(
        PeerPlan(**{**peer, "tokens": tuple(peer.get("tokens", ()))})
        for peer in data.get("peers", [])
    )
    _check_peers(document, peers)
    emps = tuple(
        EmpPlan(**{**emp, "tokens": tuple(emp.get("tokens", ()))}) for emp in data.get("emps", [])
    )
    _check_emps(document, emps, peers)
    for key in ("locations", "tariffs", "peers", "emps"):
        _unique(document, (key,), data.get(key, []), "name" if key in ("peers", "emps") else "id")
    _check_stations(document, locations, {tariff["id"] for tariff in data.get("tariffs", [])})
    document.check()
    start = data.get("start")
    world = WorldFile(
        path=document.path,
        name=data["name"],
        cpo=data["cpo"],
        seed=data.get("seed"),
        clock=data.get("clock", "real"),
        start=None if start is None else parse_rfc3339(start),
        peers=peers,
        emps=emps,
        tariffs=tuple(data.get("tariffs", [])),
        locations=tuple(locations),
        stations=tuple(stations),
        cars=data.get("cars", {}),
    )
    _check_ocpi(document, world)
    document.check()
    return world


def _check_ocpi(document: Document, world: WorldFile) -> None:
    """Hold what the file makes against OCPI 2.2.1, as a peer will."""
    now = "2026-01-01T00:00:00Z"  # what lives is not in the file
    for i, tariff in enumerate(world.ocpi_tariffs()):
        for problem in errors("tariff", {"last_updated": now, **tariff}, "2.2.1"):
            place = _place_of(problem.pointer, "tariffs", i)
            document.wrong(place, f"expected {problem.expected}")
    for i, location in enumerate(world.ocpi_locations(Chance(0))):
        alive = {"last_updated": now, "status": "UNKNOWN"}
        for evse in location["evses"]:
            evse.update({**alive, **evse})
            evse["connectors"] = [{"last_updated": now, **c} for c in evse["connectors"]]
        for problem in errors("location", {"last_updated": now, **location}, "2.2.1"):
            place = _place_of(problem.pointer, "locations", i)
            document.wrong(place, f"expected {problem.expected}")
        if not is_time_zone(location["time_zone"]):
            document.wrong(
                ("locations", i, "time_zone"), f"no time zone '{location['time_zone']}' is known"
            )


def _place_of(pointer: str, section: str, index: int) -> Place:
    """Where a JSON pointer into an object leads in the file."""
    steps = (step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
    return (section, index, *(int(step) if step.isdecimal() else step for step in steps))


def _stations(
    document: Document, locations: Sequence[Mapping[str, Any]], plugs: Mapping[str, Plug]
) -> list[StationPlan]:
    plans: list[StationPlan] = []
    for i, location in enumerate(locations):
        for j, station in enumerate(location.get("stations", [])):
            place: Place = ("locations", i, "stations", j)
            evses = _plugs(document, (*place, "evses"), station.get("evses", [["ac-22"]]), plugs)
            plan = {k: v for k, v in station.items() if k not in ("count", "evses", "id")}
            plan["omit_from_cdrs"] = tuple(plan.get("omit_from_cdrs", ()))
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


def _check_stations(
    document: Document, locations: Sequence[Mapping[str, Any]], tariffs: set[str]
) -> None:
    seen: dict[str, int] = {}
    for i, location in enumerate(locations):
        open_ends = [key for key in MADE_UP if key not in location]
        if open_ends and location["country"] not in COUNTRIES:
            document.wrong(
                ("locations", i, "country"),
                f"no address can be made up in '{location['country']}': give "
                f"{', '.join(open_ends)}, or take one of {', '.join(COUNTRIES)}",
            )
        for j, station in enumerate(location.get("stations", [])):
            place: Place = ("locations", i, "stations", j)
            line = document.line((*place, "id"))
            if station["id"] in seen:
                document.wrong(
                    (*place, "id"), f"'{station['id']}' stands on line {seen[station['id']]} too"
                )
            seen.setdefault(station["id"], line)
            tariff = station.get("tariff")
            if tariff is not None and tariff not in tariffs:
                hint = did_you_mean(tariff, tariffs)
                document.wrong((*place, "tariff"), f"no tariff '{tariff}' in this file.{hint}")


def _check_peers(document: Document, peers: Sequence[PeerPlan]) -> None:
    for i, peer in enumerate(peers):
        if peer.url is not None and peer.token is None and peer.register == "cpo":
            document.wrong(
                ("peers", i, "url"), "to register there, its 'token' (token A) is needed"
            )
        if peer.url is not None and peer.ocpi_versions:
            document.wrong(
                ("peers", i, "ocpi_versions"), "a peer outside this world offers what it offers"
            )
        if peer.url is not None and peer.tokens:
            document.wrong(
                ("peers", i, "tokens"), "a peer outside this world keeps tokens of its own"
            )


def _check_emps(document: Document, emps: Sequence[EmpPlan], peers: Sequence[PeerPlan]) -> None:
    inside = [peer.name for peer in peers if peer.url is None]
    default = next(iter(inside), None)
    for i, emp in enumerate(emps):
        if not inside:
            document.wrong(("emps", i, "name"), "an EMP needs a peer that runs in this world")
        elif emp.peer is not None and emp.peer not in inside:
            hint = did_you_mean(emp.peer, inside)
            document.wrong(("emps", i, "peer"), f"no peer '{emp.peer}' runs in this world.{hint}")
        party = (emp.peer or default, emp.country_code, emp.party_id)
        if any(party == (o.peer or default, o.country_code, o.party_id) for o in emps[:i]):
            document.wrong(("emps", i, "name"), f"'{emp.name}' is the same party as another EMP")


def _unique(document: Document, place: Place, items: Sequence[Mapping[str, Any]], key: str) -> None:
    seen: set[str] = set()
    for index, item in enumerate(items):
        if item[key] in seen:
            document.wrong((*place, index, key), f"'{item[key]}' stands here a second time")
        seen.add(item[key])
