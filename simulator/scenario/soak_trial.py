"""A trial: a random world, what its drivers do, and what goes wrong, all drawn from one seed.

Rule: a trial is data, made by chance alone and nothing else: the same seed, the same trial. Faults
are such as lose nothing by right: what a station may discard, or what bits on the wire may change
unseen, is not among them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from simulator.kernel.chance import Chance
from simulator.kernel.clock import rfc3339
from simulator.strict_yaml import parse
from simulator.world_file import SCHEMA, WorldFile, read_changed

Spec = Mapping[str, Any]
# Faults are placed within the first so many seconds: later there is little left to strike.
_FAULTS_S = 2.5 * 3600.0


@dataclass(frozen=True, slots=True)
class Visit:
    """One driver at one EVSE. `ends`: card, button, cable, or the car is full and leaves."""

    station: str
    evse: int
    token: str
    after_s: float
    charge_s: float
    ends: str
    soc_percent: float
    card_first: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """A fault, and when it is placed after the world has begun."""

    at_s: float
    spec: Spec


@dataclass(frozen=True, slots=True)
class Trial:
    """Everything that happens by intention; the rest follows."""

    seed: int
    world: Mapping[str, Any]
    visits: tuple[Visit, ...]
    faults: tuple[Placed, ...]

    def plan(self) -> WorldFile:
        """The world to build."""
        text = msgspec.json.encode(self.world).decode()
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
    tokens = [token["uid"] for token in world["peers"][0]["tokens"]] + ["04FFFFFFFFFF80"]
    visits = tuple(
        visit
        for station in stations
        for evse in range(1, len(station["evses"]) + 1)
        for visit in _visits(chance.child(f"{station['id']}/{evse}"), station["id"], evse, tokens)
    )
    names = [station["id"] for station in stations]
    return Trial(seed, world, visits, tuple(_faults(chance.child("faults"), names)))


# The world

_PLUGS = ("ac-11", "ac-22", "ac-22-cable", "dc-50", "dc-150")
_COUNTRIES = ("DEU", "NLD", "FRA")
_WHITELISTS = ("NEVER", "NEVER", "ALLOWED_OFFLINE")
_OCPI = (["2.2.1"], ["2.2.1"], ["2.2"], ["2.1.1"], ["2.1.1", "2.2", "2.2.1"])


def _world(seed: int, chance: Chance) -> dict[str, Any]:
    begins = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.integer(0, 525_000))
    tariffs = [_tariff(chance, number) for number in range(1, chance.integer(1, 3) + 1)]
    return {
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


def _visits(chance: Chance, station: str, evse: int, tokens: list[str]) -> list[Visit]:
    return [
        Visit(
            station,
            evse,
            chance.choice(tokens),
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
    return sorted(
        (
            Placed(round(chance.uniform(0, _FAULTS_S), 3), chance.choice(kinds)(chance, names))
            for _ in range(chance.integer(0, 8))
        ),
        key=lambda placed: placed.at_s,
    )
