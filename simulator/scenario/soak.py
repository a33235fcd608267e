"""Simulation by seeds: play a trial in virtual time, then hold the world to what must always be so.

Rule: a seed tells everything: it is played again the same, and its list of faults is shrunk to what
is needed for the failure.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from simulator.kernel.loop import run as run_loop
from simulator.scenario.soak_trial import (
    CPO_KILLED,
    EMP_AWAY,
    PEER_KILLED,
    Placed,
    Trial,
    Visit,
    draw,
)
from simulator.scenario.soak_truth import Broken, invariants
from simulator.scenario.step import Play
from simulator.scenario.steps import perform
from simulator.scenario.unstruck import never_struck
from simulator.station.config import StationError
from simulator.station.ev import draw_car
from simulator.station.run import Station
from simulator.world import World

# What a station keeps trying to say is never given up: discarding would be loss by right.
_ATTEMPTS = "100"
# How long everything may take to come to rest, once nothing goes wrong any more.
_REST_S, _LOOK_S = 6 * 3600.0, 60.0
_PATIENCE_S = 900.0


@dataclass(slots=True)
class Survived:
    """What became of a trial: `broken` is empty where all held."""

    seed: int
    broken: list[Broken] = field(default_factory=list)
    faults: int = 0
    hits: int = 0
    unstruck: int = 0  # how many faults have never struck
    deaths: int = 0  # of the CPO
    peer_deaths: int = 0
    absences: int = 0  # of the EMP
    transactions: int = 0
    cdrs: int = 0
    world_s: float = 0.0
    digest: str = ""
    needed: list[Placed] | None = None  # of the faults, after shrinking

    @property
    def ok(self) -> bool:
        """All held."""
        return not self.broken


def soak(
    seed: int, *, twice: bool = False, shrink: bool = True, journal: Path | None = None
) -> Survived:
    """Play a seed's trial; with `twice`, make sure that the journal is the same again.

    A failing trial's faults are shrunk. Raises OSError for a journal that cannot be written, and
    nothing that a world can cause.
    """
    trial = draw(seed)
    outcome = play(trial, journal=journal)
    if twice and outcome.ok and play(trial).digest != outcome.digest:
        outcome.broken.append(Broken("reproducible", "the journal was another the second time"))
    if outcome.broken and shrink:
        outcome.needed = list(shrunk(trial, outcome.broken[0].name).faults)
    return outcome


def shrunk(trial: Trial, name: str, play_one: Callable[[Trial], Survived] | None = None) -> Trial:
    """The trial with as few of its faults as still break the same invariant."""
    again = play_one or play
    number = 0
    while number < len(trial.faults):
        fewer = trial.without(number)
        if any(broken.name == name for broken in again(fewer).broken):
            trial = fewer
        else:
            number += 1
    return trial


def play(trial: Trial, *, journal: Path | None = None) -> Survived:
    """Play a trial once and hold its world to the invariants."""
    outcome = Survived(trial.seed, faults=sum(not p.kills for p in trial.faults))
    before = _descriptors()
    with TemporaryDirectory(prefix="roamlab-") as place:
        _played(trial, World(trial.plan(Path(place))), outcome, journal)
    after = _descriptors()
    if after > before:
        outcome.broken.append(Broken("no-leak", f"{after - before} more open files than before"))
    return outcome


def _played(trial: Trial, world: World, outcome: Survived, journal: Path | None) -> None:
    if journal is not None:
        world.journal.open(journal)
    try:
        run_loop(_lived(trial, world, outcome), world.clock)
    except Exception as error:  # whatever it is, it is a finding of this seed
        outcome.broken.append(Broken("no-crash", f"{type(error).__name__}: {error}"))
    outcome.digest = hashlib.sha256(world.journal.dump()).hexdigest()


def _descriptors() -> int:
    """How many files and sockets this process has open; 0 where the system does not tell."""
    try:
        return len(list(Path("/proc/self/fd").iterdir()))
    except OSError:
        return 0


async def _lived(trial: Trial, world: World, outcome: Survived) -> None:
    try:
        await _live(trial, world, outcome)
    finally:
        outcome.world_s = world.clock.monotonic()
        await world.stop()
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    if left:
        names = ", ".join(sorted(task.get_name() for task in left))
        outcome.broken.append(Broken("no-leak", f"tasks that nobody ended: {names}"))


async def _live(trial: Trial, world: World, outcome: Survived) -> None:
    """Begin, let everything happen, come to rest, look."""
    await world.begin("off")
    for station in world.stations.values():
        station.memory.settings.set("message_attempts", _ATTEMPTS)
        station.memory.settings.set("message_retry_interval_s", "20")
        await station.start()
    for station in world.stations.values():
        await station.wait_ready()
    for peer in world.peers.values():
        await world.register(peer)
    for emp in world.emps.values():
        await emp.register()
    placing = asyncio.create_task(_place(trial, world))
    play = Play(world)
    dying = asyncio.gather(*(_die(trial, play, outcome, kind) for kind in _DEATHS))
    places = dict.fromkeys((visit.station, visit.evse) for visit in trial.visits)
    try:
        await asyncio.gather(
            *(_drivers(trial, world, name, evse) for name, evse in places), placing, dying
        )
    finally:
        placing.cancel()
        dying.cancel()
        play.sightings.close()
        outcome.hits = sum(placed["hits"] for placed in world.faults.board.list())
        outcome.unstruck = len(never_struck(world.journal.records))
        world.faults.board.clear()
    await _come_to_rest(world)
    truth = await invariants(world)
    outcome.broken += truth.broken
    outcome.transactions, outcome.cdrs = truth.transactions, truth.cdrs


async def _place(trial: Trial, world: World) -> None:
    began_s = world.clock.monotonic()
    for placed in trial.faults:
        if not placed.kills:
            await world.clock.sleep(placed.at_s - (world.clock.monotonic() - began_s))
            world.faults.board.add(dict(placed.spec))


# By which steps who dies or is away goes and comes, and where it is counted.
_DEATHS = {
    CPO_KILLED: ("kill_cpo", "revive_cpo", "deaths"),
    PEER_KILLED: ("kill_peer", "revive_peer", "peer_deaths"),
    EMP_AWAY: ("emp_down", "emp_up", "absences"),
}


async def _die(trial: Trial, play: Play, outcome: Survived, kind: str) -> None:
    clock, (away, back, counted) = play.world.clock, _DEATHS[kind]
    began_s = clock.monotonic()
    for placed in trial.faults:
        if placed.spec["kind"] == kind:
            await clock.sleep(placed.at_s - (clock.monotonic() - began_s))
            await perform(play, away)
            await clock.sleep(placed.spec["lasts"])
            await perform(play, back)
            setattr(outcome, counted, getattr(outcome, counted) + 1)


async def _drivers(trial: Trial, world: World, name: str, evse: int) -> None:
    """The drivers at one EVSE, one after the other."""
    for number, visit in enumerate(trial.visits):
        if (visit.station, visit.evse) == (name, evse):
            await world.clock.sleep(visit.after_s)
            await _visit(world, visit, f"visit/{number}")


async def _visit(world: World, visit: Visit, name: str) -> None:
    """Come, charge, leave; what the station cannot do now is not done, as in life."""
    station, clock = world.stations[visit.station], world.clock
    car = draw_car(world.chance.child(name), needs_dc=_dc(station, visit.evse))
    car.soc_percent = visit.soc_percent
    if visit.car is not None:
        held = world.car(visit.car)
        car.contract, car.v2g_roots = held.contract, held.v2g_roots
    if visit.token is not None and visit.card_first:
        await _try(station.tap(visit.evse, visit.token))
        await clock.sleep(2)
    await _try(station.plug(visit.evse, car))
    await clock.sleep(2)
    if visit.token is not None and not visit.card_first:
        await _try(station.tap(visit.evse, visit.token))
    await clock.sleep(visit.charge_s)
    if visit.ends == "card" and visit.token is not None:
        await _try(station.tap(visit.evse, visit.token))
    elif visit.ends == "button":
        await _try(station.stop_session(visit.evse))
    await clock.sleep(5)
    await _leave(station, visit.evse)


async def _leave(station: Station, evse: int) -> None:
    """Nobody stays: a cable comes out of a station without power, too."""
    await _try(station.unplug(evse))


async def _try(verb: Any) -> None:
    try:
        await verb
    except StationError:
        return


def _dc(station: Station, evse: int) -> bool:
    return station.config.evses[evse - 1].connectors[0].limits.dc


async def _come_to_rest(world: World) -> None:
    """Wait until nobody has anything left to say, for some hours at most."""
    for name, station in world.stations.items():
        for number in range(1, len(station.config.evses) + 1):
            if number in world.stations[name].memory.cars:
                await _leave(station, number)
    until_s = world.clock.monotonic() + _REST_S
    while world.clock.monotonic() < until_s:
        await world.clock.sleep(_LOOK_S)
        waiting = any(len(station.memory.queue) for station in world.stations.values())
        seen = world.cpo.snapshot()
        if not waiting and not seen["sessions"] and not seen["outbox"]:
            await world.clock.sleep(_PATIENCE_S)
            break
    for peer in world.peers.values() if world.emps else ():
        await peer.control("POST", "/roam/night")  # what an EMP did not take is due then
        await world.clock.sleep(_PATIENCE_S)
