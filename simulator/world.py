"""A world: clock, chance, journal, and every actor, built from a world file.

Rule: this is the only place that knows all actors; each of them knows only its own wire. Whoever
drives a world (commands, the demo, scenarios) reaches the actors through it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import TypeVar

from simulator.cpo.config import CpoConfig, PncSettings
from simulator.cpo.run import Cpo
from simulator.kernel.chance import Chance, fresh_seed
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.recording import Recording
from simulator.mistakes import Exit, Mistake, did_you_mean
from simulator.ocpi.client import Failure, OcpiCallFailed
from simulator.ocpi.envelope import OcpiError
from simulator.pki.faults import offer_ocsp_faults
from simulator.station.ev import Car
from simulator.station.power import offer_power_cuts
from simulator.station.run import Station
from simulator.wire.faults import FaultBoard
from simulator.wire.holding import Desk
from simulator.wire.tls import Tls
from simulator.world_config import cpo_config, station_config
from simulator.world_emp import Emp
from simulator.world_faults import Faults
from simulator.world_file import EmpPlan, PeerPlan, WorldFile
from simulator.world_names import actors_of
from simulator.world_peer import Peer
from simulator.world_pki import WorldPki
from simulator.world_ports import Ports, settle
from simulator.world_tls_faults import TlsFaults

Roaming = TypeVar("Roaming", PeerPlan, EmpPlan)

# A station of a world that has not been accepted after so long (world seconds) never will be.
READY_TIMEOUT_S = 60.0
_UNREACHED = {Failure.UNREACHABLE: Exit.UNREACHABLE, Failure.NO_ANSWER: Exit.TIMEOUT}


class World:
    """Stations, a CPO and its peers on one clock, with one journal.

    `clock`, `seed` and `ports` override those of the file; a seed that nobody names is drawn.
    """

    def __init__(
        self,
        plan: WorldFile,
        *,
        clock: str | None = None,
        seed: int | None = None,
        keep: int | None = None,
        ports: Ports | None = None,
    ) -> None:
        self.clock = Clock.parse(clock or plan.clock)
        self.plan = plan = settle(plan, Ports.FIXED if self.clock.mode == "virtual" else ports)
        if self.clock.mode != "real":
            self.clock = Clock.parse(str(self.clock), start=plan.start)
        self.seed = next(s for s in (seed, plan.seed, fresh_seed()) if s is not None)
        self._refuse_the_impossible()
        self.chance = Chance(self.seed)
        self.journal = Journal(self.clock, seed=self.seed, world=plan.name, keep=keep)
        self.pki = self._pki()
        if self.pki is not None:
            self.plan = plan = self.pki.furnish(plan)
        self.recording: Recording | None = None  # of a part of the journal, if somebody began one
        self.stations: dict[str, Station] = {}
        board = FaultBoard(self.chance.child("faults"), self.clock, self.journal)
        board.actors = actors_of(plan)
        board.desk = Desk(self.clock, self.journal)
        offer_power_cuts(board, self.stations)
        if self.pki is not None:
            offer_ocsp_faults(board, self.pki.server.ocsp)
        drawn = self.chance.child("tls faults")
        own = None if self.pki is None else self.pki.pki
        TlsFaults(
            plan, own, clock=self.clock, chance=drawn, cut=self._cut, guests=self._guests
        ).offer(board)
        self._cpo = None if plan.outside is not None else self._own_cpo(board)
        self._killed: CpoConfig | None = None  # how to start it again
        self.peers = {
            peer.name: Peer(
                self._trusting(peer),
                clock=self.clock,
                chance=self.chance.child("peers"),
                journal=self.journal,
                insecure=plan.insecure,
                faults=board,
            )
            for peer in plan.peers
        }
        self.emps = {emp.name: self._emp(self._trusting(emp), board) for emp in plan.emps}
        self.faults = Faults(board, self.peers)

    def _refuse_the_impossible(self) -> None:
        """Virtual time only exists where everybody lives in it."""
        outside = [peer.name for peer in self.plan.peers if peer.url is not None]
        outside += [f"the CSMS of {s.id}" for s in self.plan.stations if s.csms is not None]
        outside += ["the CPO"] if self.plan.outside is not None else []
        if outside and self.clock.mode == "virtual":
            raise Mistake(
                f"{self.plan.path}: the clock is virtual, but {', '.join(outside)} is outside this "
                "world and lives in real time. Use --clock real, or let it run inside (leave out "
                "its url, csms or outside)."
            )

    @property
    def cpo(self) -> Cpo:
        """The CPO of this world. Raises Mistake where another takes its place, or it is dead."""
        if self._cpo is None:
            raise Mistake(
                "the CPO is outside this world: what it does and knows is its own", Exit.FAILED
            )
        if self._killed is not None:
            raise Mistake("the CPO is dead: revive_cpo starts it again", Exit.FAILED)
        return self._cpo

    @property
    def cpo_lives(self) -> bool:
        """There is one of ours."""
        return self._cpo is not None and self._killed is None

    def _own_cpo(self, board: FaultBoard, config: CpoConfig | None = None) -> Cpo:
        return Cpo(
            config or cpo_config(self.plan, self.chance, self._pnc()),
            clock=self.clock,
            chance=self.chance,
            journal=self.journal,
            faults=board,
        )

    def _pki(self) -> WorldPki | None:
        """The PKI that the file asks for. Raises Mistake."""
        if self.plan.pki is None:
            return None
        chance = self.chance.child("pki")
        return WorldPki(self.plan, clock=self.clock, chance=chance, journal=self.journal)

    def _cut(self, actor: str) -> None:
        """Cut the connections of an actor; it, or whoever was connected, comes back."""
        station = self.stations.get(actor.removeprefix("station/"))
        if station is not None:
            station.cut()
        elif actor == "cpo" and self.cpo_lives:
            self.cpo.cut()
        elif actor in (guests := self._guests()):
            guests[actor].cut()

    def _guests(self) -> Mapping[str, Peer | Emp]:
        """Peers and EMPs by their names in the journal."""
        return {**self.peers, **{emp.actor: emp for emp in self.emps.values()}}

    def _pnc(self) -> PncSettings | None:
        """What the CPO knows of contracts: of the world's PKI, and what the file tells it."""
        if self.pki is not None:
            return self.pki.settings(self.plan.pnc)
        return None if self.plan.pnc is None else PncSettings(**self.plan.pnc)

    def _trusting(self, actor: Roaming) -> Roaming:
        """Whoever names no certificates trusts whom the CPO does."""
        ca = self.plan.ocpi_tls.ca
        return actor if actor.tls is not None or ca is None else replace(actor, tls=Tls(ca=ca))

    def _emp(self, plan: EmpPlan, board: FaultBoard) -> Emp:
        inside = [name for name, peer in self.peers.items() if not peer.outside]
        peer, chance = self.peers[plan.peer or inside[0]], self.chance.child("emps")
        actor = "emp" if len(self.plan.emps) == 1 else f"emp/{plan.name}"
        return Emp(
            plan,
            peer,
            clock=self.clock,
            chance=chance,
            journal=self.journal,
            actor=actor,
            insecure=self.plan.insecure,
            faults=board,
        )

    # Starting, step by step or at once

    async def start(self, *, stations: bool = True) -> None:
        """Start everything and register with the peers; without `stations`, others may take their
        places. Raises BindError, Mistake.
        """
        await self.start_peers()
        await self.start_cpo()
        if stations:
            await self.start_stations()
        for peer in self.peers.values():
            await self.register(peer)
        for emp in self.emps.values():
            await emp.register()

    async def begin(self, how: str) -> None:
        """Start so much of it: `all`, `unregistered` (nobody knows a peer yet) or `off` (nor is a
        station switched on). Raises BindError, Mistake.
        """
        if how == "all":
            await self.start()
            return
        await self.start_peers()
        await self.start_cpo()
        if how == "off":
            self.build_stations()
        else:
            await self.start_stations()

    async def start_peers(self) -> None:
        """Place the faults of the file; start the PKI, the peers and EMPs that live here."""
        self.faults.place_here(self.plan.faults)
        if self.pki is not None:
            await self.pki.start()
        host = self.plan.cpo.get("host", "127.0.0.1")
        for peer in self.peers.values():
            await peer.start(host)
        await self.faults.place_there(self.plan.faults)
        for emp in self.emps.values():
            await emp.start(host)

    async def start_cpo(self) -> None:
        """Start the CPO, if it is one of ours: both its servers listen."""
        if self._cpo is not None:
            await self._cpo.start()

    async def kill_cpo(self) -> None:
        """Kill the CPO, as by kill -9: what it had not committed is lost. Raises Mistake."""
        cpo = self.cpo
        self.journal.event("world", "cpo.killed")
        self._killed = cpo.config
        self._killed = await cpo.kill()

    async def revive_cpo(self) -> None:
        """Start a killed CPO again, on what its database holds. Raises Mistake, BindError."""
        if self._killed is None:
            raise Mistake("the CPO is alive")
        config, self._killed = self._killed, None
        self.journal.event("world", "cpo.revived")
        self._cpo = self._own_cpo(self.faults.board, config)
        await self._cpo.start()

    def build_stations(self) -> None:
        """Put every station in its place, switched off."""
        csms_url = "" if self._cpo is None else self._cpo.ocpp_url
        for plan in self.plan.stations:
            config = station_config(plan, csms_url, Tls(ca=self.plan.ocpp_tls.ca))
            self.stations[plan.id] = Station(
                config if self.pki is None else self.pki.equip(config, plan),
                clock=self.clock,
                chance=self.chance,
                journal=self.journal,
                faults=self.faults.board,
            )

    async def start_stations(self) -> None:
        """Switch every station on and wait until each was accepted."""
        self.build_stations()
        for station in self.stations.values():
            await station.start()
        for name, station in self.stations.items():
            try:
                await station.wait_ready(READY_TIMEOUT_S)
            except TimeoutError as error:
                raise Mistake(
                    f"station {name} was not accepted within {READY_TIMEOUT_S:g} s",
                    Exit.TIMEOUT,
                ) from error

    async def register(self, peer: Peer) -> None:
        """Let CPO and peer exchange credentials; who begins stands in the file. A CPO outside
        begins by itself.
        """
        if peer.plan.register == "cpo" and self._cpo is not None:
            await self.register_at(peer.versions_url, peer.token_a, peer.name)
        elif peer.plan.register == "peer" and not peer.outside:
            await peer.register(*self.invitation(peer.name))

    def invitation(self, peer: str) -> tuple[str, str]:
        """What a peer that begins needs: the CPO's versions URL and a token A."""
        outside = self.plan.outside
        if outside is None:
            return self.cpo.versions_url, self.cpo.token_a(peer)
        return outside.versions_url or "", outside.token or ""

    async def register_at(self, versions_url: str, token_a: str, name: str) -> None:
        """Let the CPO register with a peer. Raises Mistake: nobody there, or it refuses."""
        try:
            await self.cpo.register(versions_url, token_a, name)
        except (OcpiCallFailed, OcpiError) as error:
            failed = error if isinstance(error, OcpiCallFailed) else error.__cause__
            code = Exit.FAILED
            if isinstance(failed, OcpiCallFailed):
                code = _UNREACHED.get(failed.failure, code)
            raise Mistake(f"cannot register at {versions_url}: {error}", code) from error

    async def stop(self) -> None:
        """Stop everything, stations first, and close the journal; that takes time to pass."""
        if self.faults.board.desk is not None:
            self.faults.board.desk.close()
        self.clock.go_on()
        try:
            for station in self.stations.values():
                await station.stop()
            if self._cpo is not None:
                await self._cpo.stop()
            for emp in self.emps.values():
                await emp.stop()
            for peer in self.peers.values():
                await peer.stop()
            if self.pki is not None:
                await self.pki.stop()
        finally:
            if self.recording is not None:
                self.recording.close()
            self.journal.close()

    async def __aenter__(self) -> World:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    # What the file names

    def station(self, name: str) -> Station:
        """A station by its id. Raises Mistake."""
        if name not in self.stations:
            raise Mistake(f"no station '{name}' in this world.{did_you_mean(name, self.stations)}")
        return self.stations[name]

    def car(self, name: str) -> Car:
        """A car of the file, as it arrives; what was installed in it stays. Raises Mistake."""
        if name not in self.plan.cars:
            raise Mistake(f"no car '{name}' in this world.{did_you_mean(name, self.plan.cars)}")
        car = Car(**self.plan.cars[name])
        if self.pki is not None:
            self.pki.load(name, car)
        return car
