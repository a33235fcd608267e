"""What the acts of the demo work with: a world, a teller, a witness, and how long things take.

Rule: an act that a world has no place for is skipped, and the reason is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from simulator.demo.teller import Teller
from simulator.demo.witness import (
    Claim,
    Predicate,
    Witness,
    asked,
    of_session,
    request_of,
    sent,
)
from simulator.kernel.journal import Record
from simulator.mistakes import Mistake
from simulator.ocpi.versions import VERSIONS, pick
from simulator.station.run import Station
from simulator.world import World
from simulator.world_emp import Emp
from simulator.world_file import WorldFile
from simulator.world_peer import Peer

PEER = "plugsurfing"
# The names of the Roam face and of whoever stands behind it, in the journal.
ROAM, EMP = "roam", "emp"
ANNA, BEN, CARL = "04A1B2C3D4E580", "DE8PSCB7K2M9Q1", "04DEADBEEF0180"
DORA = "04D0A4D0A4D080"
# How long anything may take that is not charging, in world seconds.
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How long cars charge and hands take, in world seconds: a real-time story cannot take an
    hour.
    """

    charge_s: float = 2400.0
    moment_s: float = 4.0
    meter_interval_s: int | None = None

    @property
    def about_s(self) -> float:
        """How long the whole story takes, roughly."""
        return 5.4 * self.charge_s + 33 * self.moment_s + 6


FULL, BRIEF = Pace(), Pace(charge_s=15.0, moment_s=1.0, meter_interval_s=5)


def quicken(world: World, pace: Pace) -> None:
    """Let the stations of a world that has not started sample as often as the pace wants."""
    if pace.meter_interval_s is not None:
        stations = tuple(
            replace(station, meter_interval_s=pace.meter_interval_s)
            for station in world.plan.stations
        )
        world.plan = replace(world.plan, stations=stations)


def playable(plan: WorldFile) -> WorldFile:
    """The plan of a world that the story can be played in. Raises Mistake."""
    if PEER not in (peer.name for peer in plan.peers if peer.url is None):
        raise Mistake(f"{plan.path}: the story needs a peer '{PEER}' that runs in this world")
    return plan


@dataclass(slots=True)
class Told:
    """An act that has been told."""

    title: str
    claims: list[Claim]
    skipped: str | None = None  # why it could not be, where it could not

    @property
    def ok(self) -> bool:
        """Everything was as the act says."""
        return all(claim.holds for claim in self.claims)


@dataclass(slots=True)
class Stage:
    """What an act works with."""

    world: World
    teller: Teller
    pace: Pace
    witness: Witness
    told: list[Told] = field(default_factory=list)
    registering: asyncio.Task[None] | None = None

    @property
    def peer(self) -> Peer:
        """Plugsurfing."""
        return self.world.peers[PEER]

    @property
    def emp(self) -> Emp:
        """The EMP behind Plugsurfing's Roam."""
        return next(iter(self.world.emps.values()))

    @property
    def version(self) -> str:
        """The version of OCPI between the CPO and Plugsurfing: the highest that both offer."""
        theirs, ours = self.peer.plan.ocpi_versions, self.world.plan.cpo.get("ocpi_versions")
        agreed = pick(theirs or VERSIONS, ours or VERSIONS)
        return agreed.number if agreed else ""

    @property
    def old(self) -> bool:
        """True for 2.1.1: no sessions, no commands, no authorization references at Plugsurfing."""
        return self.version == "2.1.1"

    async def moment(self) -> None:
        """What a hand takes: a few seconds."""
        await self.world.clock.sleep(self.pace.moment_s)

    async def charge(self, share: float = 1.0) -> None:
        """Let the cars charge for a share of the pace."""
        await self.world.clock.sleep(self.pace.charge_s * share)

    async def plug_in(self, name: str, car: str, driver: str) -> Station:
        """A driver brings car and cable together at EVSE 1."""
        station = self.world.station(name)
        self.teller.note(f"{driver} parks at {name} and plugs in")
        await station.plug(1, self.world.car(car))
        await self.moment()
        return station

    async def started(self, name: str) -> Record | None:
        """A session has begun at this station: the CPO has told the peer, or the station the CPO
        where peers are told of no sessions.
        """
        if self.old:
            return await self.witness.wait(_transaction(f"station/{name}"), timeout_s=PATIENCE_S)
        return await self.witness.wait(
            asked("PUT", "sessions"),
            lambda r: str(request_of(r).get("evse_uid", "")).startswith(f"{name}-"),
            timeout_s=PATIENCE_S,
        )

    async def cdr(self, started: Record | None) -> Record | None:
        """The CDR of the session that `started` tells of was posted, whatever came of it."""
        if started is None:
            return None
        return await self.witness.wait(
            asked("POST", "cdrs"), of_session(started["session"]), timeout_s=PATIENCE_S
        )


def _transaction(station: str) -> Predicate:
    begins = [sent(action, by=station) for action in ("StartTransaction", "TransactionEvent")]
    return lambda record: any(meets(record) for meets in begins)


@dataclass(frozen=True, slots=True)
class Needs:
    """What an act cannot be without, by name. `newer`: why OCPI 2.1.1 does not do."""

    station: str | None = None
    card: str | None = None
    emp: bool = False
    newer: str | None = None
    pki: bool = False

    def lacking(self, stage: Stage) -> str | None:
        """Why the act cannot be in this world; None if it can."""
        plan = stage.world.plan
        tokens = [*stage.peer.plan.tokens, *(t for emp in plan.emps[:1] for t in emp.tokens)]
        checks: tuple[tuple[bool, Callable[[], str]], ...] = (
            (self.emp and not plan.emps, lambda: "this world has no EMP"),
            (self.pki and plan.pki is None, lambda: "this world has no PKI"),
            (stage.old and self.newer is not None, lambda: f"OCPI 2.1.1: {self.newer}"),
            (
                self.station is not None and self.station not in (s.id for s in plan.stations),
                lambda: f"this world has no station {self.station}",
            ),
            (
                self.card is not None and self.card not in (token["uid"] for token in tokens),
                lambda: f"nobody in this world has the token {self.card}",
            ),
        )
        return next((why() for broken, why in checks if broken), None)


ANYWHERE = Needs()
