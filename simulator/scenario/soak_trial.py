"""A trial: a random world, what its drivers do, and what goes wrong, all drawn from one seed.

Rule: a trial is data, made by chance alone and nothing else: the same seed, the same trial. Faults
are such as lose nothing by right: what a station may discard, or what bits on the wire may change
unseen, is not among them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from simulator.kernel.chance import Chance
from simulator.kernel.clock import rfc3339
from simulator.pki.emaid import check_digit
from simulator.strict_yaml import parse
from simulator.world_file import SCHEMA, WorldFile, read_changed

Spec = Mapping[str, Any]
# Faults are placed within the first so many seconds: later there is little left to strike.
_FAULTS_S = 2.5 * 3600.0
# Beside the kinds of fault of a board: who dies or is away, and is back after `lasts` seconds.
CPO_KILLED, PEER_KILLED, EMP_AWAY = "cpo_killed", "peer_killed", "emp_away"
OUTAGES = (CPO_KILLED, PEER_KILLED, EMP_AWAY)
# What shares of the worlds have.
_WITH_EMP, _WITH_TLS, _WITH_CONTRACTS = 0.25, 0.15, 0.15
_WITH_DEATH, _WITH_PEERS_DEATH, _WITH_EMP_AWAY = 0.3, 0.3, 0.5


@dataclass(frozen=True, slots=True)
class Visit:
    """One driver at one EVSE. `ends`: card, button, cable, or the car is full and leaves.

    A driver without a token has a car of the world, with a contract.
    """

    station: str
    evse: int
    token: str | None
    car: str | None
    after_s: float
    charge_s: float
    ends: str
    soc_percent: float
    card_first: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """A fault, or who dies, and when it is placed after the world has begun."""

    at_s: float
    spec: Spec

    @property
    def kills(self) -> bool:
        """It is somebody's death or absence, and no fault of a board."""
        return self.spec["kind"] in OUTAGES


@dataclass(frozen=True, slots=True)
class Trial:
    """Everything that happens by intention; the rest follows."""

    seed: int
    world: Mapping[str, Any]
    visits: tuple[Visit, ...]
    faults: tuple[Placed, ...]

    def dies(self, how: str) -> bool:
        """Somebody is killed, and needs a database that survives it."""
        return any(placed.spec["kind"] == how for placed in self.faults)

    def plan(self, place: Path | None = None) -> WorldFile:
        """The world to build; who dies keeps a book in that place."""
        world = dict(self.world)
        if place is not None and self.dies(CPO_KILLED):
            world["cpo"] = {**world["cpo"], "database": str(place / "book.db")}
        if place is not None and self.dies(PEER_KILLED):
            (peer,) = world["peers"]
            world["peers"] = [{**peer, "database": str(place / "peer.db")}]
        text = msgspec.json.encode(world).decode()
        return read_changed(parse(text, f"seed {self.seed}", SCHEMA), {})

    def without(self, number: int) -> Trial:
        """The same trial without one of its faults."""
        kept = self.faults[:number] + self.faults[number + 1 :]
        return replace(self, faults=kept)


def draw(seed: int) -> Trial:
    """The trial of a seed."""
    chance = Chance(seed, "soak")
    world = _world(seed, chance.child("world"))
    stations = [s for location in world["locations"] for s in location["stations"]]
    drivers = _drivers(world)
    visits = tuple(
        visit
        for station in stations
        for evse in range(1, len(station["evses"]) + 1)
        for visit in _visits(chance.child(f"{station['id']}/{evse}"), station["id"], evse, drivers)
    )
    names = [station["id"] for station in stations]
    faults = _faults(chance.child("faults"), names)
    faults += _faults_of_certificates(chance.child("certificates"), world, names)
    faults += _outages(chance.child("deaths"), CPO_KILLED, _WITH_DEATH)
    faults += _outages(chance.child("peer's deaths"), PEER_KILLED, _WITH_PEERS_DEATH)
    if "emps" in world:
        faults += _outages(chance.child("emp away"), EMP_AWAY, _WITH_EMP_AWAY)
    faults.sort(key=lambda placed: placed.at_s)
    _let_charge_offline(world, faults)
    return Trial(seed, world, visits, tuple(faults))


def _let_charge_offline(world: dict[str, Any], faults: list[Placed]) -> None:
    """Where nobody may be there to ask, cards may charge: else it is nobody's to pay."""
    kinds = {placed.spec["kind"] for placed in faults}
    shown = {placed.spec.get("actor") for placed in faults if placed.spec["kind"] in _TLS_KINDS}
    emps = world.get("emps", [])
    if PEER_KILLED in kinds or EMP_AWAY in kinds or shown & {"plugsurfing", "emp"}:
        for party in (*world["peers"], *emps):
            for token in party["tokens"]:
                token["whitelist"] = "ALLOWED_OFFLINE"
        for emp in emps:
            emp["organisation"] = {"authorization": {"otherwise": "accept"}}


def _drivers(world: Mapping[str, Any]) -> list[tuple[str | None, str | None]]:
    """Who comes: a token, or a car that needs none. One token nobody knows."""
    own = [token["uid"] for token in world["peers"][0]["tokens"] if token.get("type") != "OTHER"]
    behind = [token["uid"] for emp in world.get("emps", ()) for token in emp["tokens"]]
    cars: list[tuple[str | None, str | None]] = [(None, name) for name in world.get("cars", ())]
    return [*((uid, None) for uid in (*own, *behind, "04FFFFFFFFFF80")), *cars]


# The world

_PLUGS = ("ac-11", "ac-22", "ac-22-cable", "dc-50", "dc-150")
_COUNTRIES = ("DEU", "NLD", "FRA")
_WHITELISTS = ("NEVER", "NEVER", "ALLOWED_OFFLINE")
_CONTRACTS = ("valid", "valid", "valid", "revoked", "expired")
_OCPI = (["2.2.1"], ["2.2.1"], ["2.2"], ["2.1.1"], ["2.1.1", "2.2", "2.2.1"])


def _world(seed: int, chance: Chance) -> dict[str, Any]:
    begins = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.integer(0, 525_000))
    tariffs = [_tariff(chance, number) for number in range(1, chance.integer(1, 3) + 1)]
    world = {
        "name": f"soak-{seed}",
        "seed": seed,
        "clock": "virtual",
        "start": rfc3339(begins),
        "cpo": {
            "country_code": "DE",
            "party_id": "RLB",
            "name": "Soak",
            "ocpi_versions": chance.choice(_OCPI),
            "session_update_interval_s": chance.choice((60, 300, 900)),
        },
        "peers": [{"name": "plugsurfing", "tokens": _tokens(chance)}],
        "tariffs": tariffs,
        "locations": [
            _location(chance, number, [tariff["id"] for tariff in tariffs])
            for number in range(1, chance.integer(1, 2) + 1)
        ],
    }
    for share, add in ((_WITH_EMP, _emp), (_WITH_TLS, _tls), (_WITH_CONTRACTS, _contracts)):
        own = chance.child(add.__name__)
        if own.happens(share):
            add(own, world)
    return world


def _emp(chance: Chance, world: dict[str, Any]) -> None:
    """An EMP behind Roam, with a card or two."""
    tokens = [
        {
            "uid": f"04EE{number:08X}80",
            "contract_id": f"DE-EMP-C0000000{number}-X",
            "whitelist": chance.choice(_WHITELISTS),
        }
        for number in range(1, chance.integer(1, 2) + 1)
    ]
    world["emps"] = [{"name": "emp", "pulls": chance.happens(0.5), "tokens": tokens}]


def _tls(chance: Chance, world: dict[str, Any]) -> None:
    """Every link over TLS, with certificates of the world's own PKI."""
    world["pki"] = {}
    world["cpo"] |= {"ocpp_tls": "pki", "ocpi_tls": "pki"}
    for actor in (*world["peers"], *world.get("emps", ())):
        actor["tls"] = "pki"
    for station in _stations(world):
        profile = chance.choice((2, 3))
        how = {"tls": "pki"} if profile == 3 else {"password": "open-sesame-1234"}
        station |= {"security_profile": profile, **how}


def _contracts(chance: Chance, world: dict[str, Any]) -> None:
    """Cars that need no card, if their contracts are good."""
    world["pki"] = {}
    world["cars"] = {}
    for number in range(1, chance.integer(1, 3) + 1):
        key = f"DE8PSC1000000{number}"
        emaid = f"{key}{check_digit(key)}"
        world["cars"][f"car{number}"] = {
            "contract": {"emaid": emaid, "is": chance.choice(_CONTRACTS)}
        }
        world["peers"][0]["tokens"].append(
            {"uid": emaid, "contract_id": emaid, "type": "OTHER", "whitelist": "NEVER"}
        )
    for station in _stations(world):
        station["pnc"] = {"validation": chance.choice(("local", "local", "central"))}


def _stations(world: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [station for location in world["locations"] for station in location["stations"]]


def _tokens(chance: Chance) -> list[dict[str, Any]]:
    return [
        {
            "uid": f"04{number:010X}80",
            "contract_id": f"DE-8PS-C0000000{number}-X",
            "whitelist": chance.choice(_WHITELISTS),
            "valid": chance.happens(0.9),
        }
        for number in range(1, chance.integer(2, 4))
    ]


def _tariff(chance: Chance, number: int) -> dict[str, Any]:
    """Prices of every kind that a CPO of ours can bill."""
    parts: list[dict[str, Any]] = [_component(chance, "ENERGY", 0.2, 0.9, (1, 1, 100))]
    if chance.happens(0.4):
        parts.append(_component(chance, "FLAT", 0.1, 1.5, (1,)))
    if chance.happens(0.4):
        parts.append(_component(chance, "TIME", 0.5, 6.0, (1, 60, 300)))
    elements: list[dict[str, Any]] = [{"price_components": parts}]
    if chance.happens(0.3):
        late = [_component(chance, "ENERGY", 0.2, 0.9, (1,))]
        by_night = {"start_time": "20:00", "end_time": "06:00"}
        elements.insert(0, {"price_components": late, "restrictions": by_night})
    return {"id": f"T{number}", "type": "REGULAR", "elements": elements}


def _component(
    chance: Chance, kind: str, low: float, high: float, steps: tuple[int, ...]
) -> dict[str, Any]:
    price = round(chance.uniform(low, high), 2)
    return {"type": kind, "price": price, "vat": 19, "step_size": chance.choice(steps)}


def _location(chance: Chance, number: int, tariffs: list[str]) -> dict[str, Any]:
    stations = [
        {
            "id": f"S{number}{letter}",
            "ocpp": chance.choice(("1.6", "2.0.1")),
            "evses": [[chance.choice(_PLUGS)] for _ in range(chance.integer(1, 2))],
            "tariff": chance.choice(tariffs),
            "meter_interval_s": chance.choice((30, 60, 300)),
        }
        for letter in "ABC"[: chance.integer(1, 2)]
    ]
    return {"id": f"L{number}", "country": chance.choice(_COUNTRIES), "stations": stations}


# Its drivers


def _visits(
    chance: Chance, station: str, evse: int, drivers: list[tuple[str | None, str | None]]
) -> list[Visit]:
    return [
        Visit(
            station,
            evse,
            *chance.choice(drivers),
            after_s=round(chance.uniform(5, 3600), 3),
            charge_s=round(chance.uniform(20, 5400), 3),
            ends=chance.choice(("card", "card", "button", "cable")),
            soc_percent=float(chance.integer(5, 95)),
            card_first=chance.happens(0.3),
        )
        for _ in range(chance.integer(1, 3))
    ]


# What goes wrong

Draw = Callable[[Chance, list[str]], Spec]


def _station(chance: Chance, names: list[str]) -> str:
    return f"station/{chance.choice(names)}"


def _either(chance: Chance, names: list[str]) -> dict[str, Any]:
    """One end of one station's wire, or of all."""
    return {"wire": "ocpp", "actor": chance.choice(("cpo", _station(chance, names), "station/*"))}


def _module(chance: Chance) -> dict[str, Any]:
    module = chance.choice(("cdrs", "cdrs", "sessions", "tokens", "*"))
    return {"wire": "http", "actor": "cpo", "module": module}


def _some(chance: Chance, most: int = 3) -> dict[str, Any]:
    return {"times": chance.integer(1, most), "after": chance.integer(0, 5)}


def _while(chance: Chance, longest_s: int) -> dict[str, Any]:
    return {"for": chance.integer(5, longest_s), "probability": chance.choice((0.3, 0.7, 1.0))}


_OCPP_KINDS = (
    "drop", "delay", "duplicate", "reorder", "truncate", "malformed_json", "wrong_message_id",
    "late_answer", "call_error", "reset", "half_open", "slow_close", "bandwidth",
)  # fmt: skip
_HTTP_KINDS = (
    "drop", "delay", "duplicate", "truncate", "malformed_json", "late_answer", "http_status",
    "ocpi_status", "empty_body", "reset", "half_open", "slow_close",
)  # fmt: skip
_TLS_KINDS = ("tls_expired", "tls_wrong_ca", "tls_wrong_name")
_OCSP_KINDS = ("ocsp_slow", "ocsp_down", "ocsp_garbage", "ocsp_stale")


def _ocpp(chance: Chance, names: list[str]) -> Spec:
    kind = chance.choice(_OCPP_KINDS)
    many = _some(chance) if chance.happens(0.6) else _while(chance, 900)
    return {"kind": kind, **_either(chance, names), **many}


def _http(chance: Chance, names: list[str]) -> Spec:
    kind = chance.choice(_HTTP_KINDS)
    many = _some(chance) if chance.happens(0.6) else _while(chance, 1800)
    status = {"status": chance.choice((400, 429, 500, 503))} if kind == "http_status" else {}
    code = {"status_code": chance.choice((3000, 3001))} if kind == "ocpi_status" else {}
    return {"kind": kind, **_module(chance), **many, **status, **code}


def _power(chance: Chance, names: list[str]) -> Spec:
    action = chance.choice(
        ("StartTransaction", "StopTransaction", "TransactionEvent", "MeterValues")
    )
    return {
        "kind": "power_cut",
        "actor": _station(chance, names),
        "action": action,
        "after": chance.integer(0, 6),
        "lasts": chance.integer(1, 600),
        "when": chance.choice(("before", "after")),
    }


def _faults(chance: Chance, names: list[str]) -> list[Placed]:
    kinds: tuple[Draw, ...] = (_ocpp, _ocpp, _http, _http, _power)
    return [
        Placed(round(chance.uniform(0, _FAULTS_S), 3), chance.choice(kinds)(chance, names))
        for _ in range(chance.integer(0, 8))
    ]


def _faults_of_certificates(
    chance: Chance, world: Mapping[str, Any], names: list[str]
) -> list[Placed]:
    """What goes wrong with TLS and OCSP, where a world has them. Each is over in a while."""
    kinds: list[dict[str, Any]] = []
    if "ocpp_tls" in world["cpo"]:
        showing = [f"station/{s['id']}" for s in _stations(world) if s["security_profile"] == 3]
        showing += ["cpo", "plugsurfing", *(emp["name"] for emp in world.get("emps", ()))]
        kinds += [{"kind": kind, "actor": chance.choice(showing)} for kind in _TLS_KINDS]
    if "cars" in world:
        kinds += [{"kind": kind} for kind in _OCSP_KINDS]
    return [
        Placed(
            round(chance.uniform(0, _FAULTS_S), 3),
            {**chance.choice(kinds), "for": chance.integer(30, 1800)},
        )
        for _ in range(chance.integer(0, 3) if kinds else 0)
    ]


def _outages(chance: Chance, kind: str, share: float) -> list[Placed]:
    """When somebody dies or is away, if at all."""
    if not chance.happens(share):
        return []
    return [
        Placed(
            round(chance.uniform(0, _FAULTS_S), 3),
            {"kind": kind, "lasts": chance.choice((0, 1, 20, 300, 1800))},
        )
        for _ in range(chance.integer(1, 2))
    ]
