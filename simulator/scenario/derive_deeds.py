"""What somebody did in a session, read from a journal: a driver, an app, the hand at the fuse.

Rule: recorded steps are taken as they are; without them a deed is what a station, or the CPO,
noticed of it. What nobody noticed cannot be told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.kernel.journal import Record
from simulator.scenario.replay_recording import Recording, moment
from simulator.scenario.replay_talk import STATION, body_of
from simulator.scenario.steps import STEPS
from simulator.world_file import WorldFile

# Steps that a scenario has of its own, or that only look.
_NOT_TAKEN = frozenset({"advance", "note"})
_SESSION = "${session}"


@dataclass(frozen=True, slots=True)
class Deed:
    """A step, when it was done, and the record that tells it."""

    seq: int
    at_s: float
    step: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Scene:
    """A session: its records, those of its time, where it took place."""

    session: str
    own: list[Record]
    around: list[Record]
    station: str | None
    plan: WorldFile | None
    ocpi_ids: frozenset[str]


def deeds_of(recording: Recording, session: str, plan: WorldFile | None) -> list[Deed]:
    """What was done in a session, in its order."""
    scene = _scene(recording, session, plan)
    return list(_taken(scene)) or list(_noticed(scene))


def _scene(recording: Recording, session: str, plan: WorldFile | None) -> _Scene:
    own = [record for record in recording.records if record["session"] == session]
    first, last = own[0], own[-1]
    at_stations = [r["actor"] for r in own if r["actor"].startswith(STATION)]
    to_stations = [r["peer"] for r in own if (r["peer"] or "").startswith(STATION)]
    station = next(iter((*at_stations, *to_stations)), None)
    began = next((r["seq"] for r in recording.records if r["at"] == first["at"]), first["seq"])
    around = [r for r in recording.records if began <= r["seq"] <= last["seq"]]
    sessions = (r for r in own if r["leg"] == "ocpi" and r["module"] == "sessions")
    ids = frozenset(r["url"].rpartition("/")[2] for r in sessions)
    name = None if station is None else station.removeprefix(STATION)
    return _Scene(session, own, around, name, plan, ids)


# Steps that were recorded


def _taken(scene: _Scene) -> Iterator[Deed]:
    for record in scene.around:
        if record["leg"] != "step" or record["step"] in _NOT_TAKEN:
            continue
        step = STEPS.get(record["step"])
        if step is None or step.group == "expectation":
            continue
        given = record.get("arguments")
        told = dict(given) if isinstance(given, dict) else {}
        if told.get("station", scene.station) != scene.station or "***" in told.values():
            continue
        defaults = {arg.name: arg.default for arg in step.args}
        kept = {k: v for k, v in told.items() if k in defaults and v != defaults[k]}
        if kept.get("session") in scene.ocpi_ids:
            kept["session"] = _SESSION
        yield Deed(record["seq"], moment(record).timestamp(), record["step"], kept)


# What was noticed of them


def _noticed(scene: _Scene) -> Iterator[Deed]:
    for record in scene.around:
        own = record["session"] == scene.session
        if record["leg"] == "event":
            notice = _EVENTS.get(record["what"])
            here = record["actor"] == f"{STATION}{scene.station}"
            if notice is not None and here and (own or record["what"] in _OF_STATION):
                yield from notice(scene, record)
        elif own and record["leg"] == "ocpi" and record["module"] == "commands":
            yield from _command(scene, record)


def _deed(record: Record, step: str, **arguments: Any) -> Deed:
    told = {name: value for name, value in arguments.items() if value is not None}
    return Deed(record["seq"], moment(record).timestamp(), step, told)


def _evse(record: Record) -> int | None:
    number = record["data"].get("evse")
    return number if isinstance(number, int) and number != 1 else None


def _plug(scene: _Scene, record: Record) -> Iterator[Deed]:
    car = _car(scene.plan, record["data"])
    yield _deed(record, "plug", station=scene.station, evse=_evse(record), car=car)


def _car(plan: WorldFile | None, seen: Mapping[str, Any]) -> str | None:
    """The car of the world that looks like the one that came."""
    if plan is None:
        return None
    marks = ("model", "battery_kwh", "soc_percent")
    for name, car in plan.cars.items():
        if all(float_or(car[m]) == float_or(seen.get(m)) for m in marks if m in car):
            return str(name)
    return None


def float_or(value: Any) -> Any:
    """A number as a float, so that 41 is 41.0; anything else as it is."""
    return float(value) if isinstance(value, int | float) else value


def _tap(scene: _Scene, record: Record) -> Iterator[Deed]:
    token = record["data"].get("token")
    yield _deed(record, "tap", station=scene.station, evse=_evse(record), token=token)


def _unplug(scene: _Scene, record: Record) -> Iterator[Deed]:
    yield _deed(record, "unplug", station=scene.station, evse=_evse(record))


def _ended(scene: _Scene, record: Record) -> Iterator[Deed]:
    """A transaction that ended on the spot: by the button, unless a card was shown just then."""
    if record["data"].get("why") != "local":
        return
    by_card = any(
        r["leg"] == "event" and r["what"] == "card.presented" and r["at"] == record["at"]
        for r in scene.own
    )
    if not by_card:
        yield _deed(record, "stop_button", station=scene.station, evse=_evse(record))


def _offline(scene: _Scene, record: Record) -> Iterator[Deed]:
    """The network went and came back; what came by itself is told as if by hand."""
    same = [r for r in scene.around if r["actor"] == record["actor"] and r["leg"] == "event"]
    cut = any(r["what"] == "station.power_cut" and r["at"] == record["at"] for r in same)
    back = any(r["what"] == "station.online" and r["seq"] > record["seq"] for r in same)
    if back and not cut:
        yield _deed(record, "offline", station=scene.station)


def _online(scene: _Scene, record: Record) -> Iterator[Deed]:
    gone = any(r["leg"] == "event" and r["what"] == "station.offline" and r["seq"] < record["seq"]
               and r["actor"] == record["actor"] for r in scene.around)  # fmt: skip
    if gone:
        yield _deed(record, "online", station=scene.station)


def _power_cut(scene: _Scene, record: Record) -> Iterator[Deed]:
    back = next((r for r in scene.around if r["leg"] == "event" and r["seq"] > record["seq"]
                 and r["what"] == "station.powered_on" and r["actor"] == record["actor"]),
                None)  # fmt: skip
    dark_s = None if back is None else (moment(back) - moment(record)).total_seconds()
    yield _deed(record, "power_cut", station=scene.station, **{"for": dark_s})


_EVENTS: Mapping[str, Callable[[_Scene, Record], Iterator[Deed]]] = {
    "car.plugged": _plug,
    "card.presented": _tap,
    "car.unplugged": _unplug,
    "transaction.ended": _ended,
    "station.offline": _offline,
    "station.online": _online,
    "station.power_cut": _power_cut,
}
_OF_STATION = frozenset({"station.offline", "station.online", "station.power_cut"})


def _command(scene: _Scene, record: Record) -> Iterator[Deed]:
    """A command of the eMSP, by the peer itself or by an EMP behind it."""
    body = body_of(record["request"]["body"])
    name = record["url"].rpartition("/")[2]
    if record["direction"] != "sent" or not isinstance(body, dict) or "response_url" not in body:
        return
    emps = {r["actor"] for r in scene.own if r["actor"].startswith("emp")}
    by_emp = record["actor"] in emps
    if emps and not by_emp and record["actor"] != "roam" and _asked_by_emp(scene, name):
        return  # what an EMP asked for, handed on
    record = _first_told(scene, record)
    token = body.get("token")
    uid = token.get("uid") if isinstance(token, dict) else None
    place = {"location": body.get("location_id"), "evse_uid": body.get("evse_uid")}
    if name == "START_SESSION":
        step = "emp_start" if by_emp else "start_session"
        connector = {} if by_emp else {"connector_id": body.get("connector_id")}
        yield _deed(record, step, token=uid, **place, **connector)
    elif name == "STOP_SESSION" and by_emp:
        yield _deed(record, "emp_stop")
    elif name == "STOP_SESSION":
        known = body.get("session_id") in scene.ocpi_ids
        yield _deed(record, "stop_session", session=_SESSION if known else body.get("session_id"))


def _first_told(scene: _Scene, record: Record) -> Record:
    """A command, told where the first that came of it is: its own record is made at its answer."""
    began_s = moment(record).timestamp() - record["ms"] / 1000
    commands = (r for r in scene.own if r["leg"] == "ocpi" and r["module"] == "commands")
    first = min(r["seq"] for r in commands if began_s - 0.0005 <= moment(r).timestamp())
    return {**record, "seq": min(first, record["seq"]) - 1}


def _asked_by_emp(scene: _Scene, command: str) -> bool:
    return any(
        r["leg"] == "ocpi"
        and r["actor"].startswith("emp")
        and r["direction"] == "sent"
        and r["url"].endswith(f"/{command}")
        for r in scene.own
    )
