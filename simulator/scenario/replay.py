"""Play one side of a recorded wire back against a live counterpart, and say where it differs.

Rule: a recording is read and judged before anything is dialled: a side that it does not tell of is
exit code 5, whatever the counterpart would have done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from ssl import SSLContext

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import Exit, Mistake, did_you_mean
from simulator.scenario.replay_lines import CsmsDoor, play_stations
from simulator.scenario.replay_match import Memory
from simulator.scenario.replay_ocpi import OcpiPlayer
from simulator.scenario.replay_ocpp import Pace
from simulator.scenario.replay_recording import Recording, moment
from simulator.scenario.replay_report import Report
from simulator.scenario.replay_talk import (
    STATION,
    OcpiExchange,
    Talk,
    ocpi_parties,
    ocpi_talk,
    ocpp_talks,
)
from simulator.wire.http_aio import HttpClient, HttpServer
from simulator.wire.tls import NO_TLS, Tls

CPO = "cpo"
SIDES = ("station/ID", "stations", "csms", "cpo", "peer")
# Where a side listens by default.
PORTS = {"csms": 9000, "cpo": 9100, "peer": 8090}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to play and how. `against` is a CSMS's URL or a party's versions URL; `token` what the
    live party knows us by, `own_token` what it must show us; `station_tls` what each station has,
    where they do not share `tls`; durations are seconds of the clock.
    """

    side: str
    against: str | None = None
    session: str | None = None
    first: int | None = None
    last: int | None = None
    factor: float | None = 1.0
    patience_s: float = 10.0
    wait_s: float = 60.0
    shift: bool = False
    ignore: tuple[str, ...] = ()
    peer: str | None = None
    token: str | None = None
    own_token: str | None = None
    password: str | None = None
    host: str = "127.0.0.1"
    port: int | None = None
    tls: Tls = NO_TLS
    station_tls: Callable[[str], Tls] | None = None
    insecure: bool = False
    listening: Callable[[str], None] = field(default=lambda url: None)


@dataclass(slots=True)
class _Stage:
    plan: Plan
    recording: Recording
    stretch: Recording
    clock: Clock
    chance: Chance
    journal: Journal
    report: Report
    pace: Pace
    _memories: list[Memory] = field(default_factory=list)

    def memory(self) -> Memory:
        """A memory; with `shift` it moves times from then to now."""
        memory = Memory()
        self._memories.append(memory)
        self.shift()
        return memory

    def shift(self) -> None:
        """It is now that the recording begins, if its times are to be moved."""
        if self.plan.shift and self.stretch.records:
            passed = self.clock.now() - moment(self.stretch.records[0])
            for memory in self._memories:
                memory.shift = timedelta(seconds=passed // timedelta(seconds=1))


async def replay(
    recording: Recording, plan: Plan, *, clock: Clock, chance: Chance, journal: Journal
) -> Report:
    """Play a side of a recording. Raises Mistake: nothing recorded (5), nobody there (3)."""
    part = (plan.session, plan.first, plan.last)
    stretch = recording if part == (None, None, None) else recording.stretch(*part)
    report = Report(plan.side, notes=list(recording.notes))
    pace = Pace(clock, plan.factor, plan.patience_s)
    stage = _Stage(plan, recording, stretch, clock, chance, journal, report, pace)
    pace.on_met = stage.shift
    if plan.side == "stations" or plan.side.startswith(STATION):
        await _stations(stage)
    elif plan.side == "csms":
        await _csms(stage)
    elif plan.side in ("cpo", "peer"):
        await _ocpi(stage)
    else:
        raise Mistake(f"--as {plan.side}: no such side.{did_you_mean(plan.side, SIDES)}")
    return report


def _talks(stage: _Stage, *, csms: bool) -> list[Talk]:
    side = stage.plan.side
    one = side.removeprefix(STATION) if side.startswith(STATION) else None
    talks = ocpp_talks(stage.stretch, csms=csms, station=one, whole=stage.recording)
    if not talks:
        names = [talk.station for talk in ocpp_talks(stage.recording, csms=csms)]
        hint = f" Recorded are: {', '.join(names)}." if names else ""
        raise Mistake(f"{stage.recording.path}: nothing is recorded for {side} there.{hint}",
                      Exit.NOTHING)  # fmt: skip
    return talks


async def _stations(stage: _Stage) -> None:
    plan, talks = stage.plan, _talks(stage, csms=False)
    if plan.against is None:
        raise Mistake("--against: which CSMS? ws://host:port/path, to which the id is appended")

    tls_of = plan.station_tls or (lambda station: plan.tls)
    own = {talk.station: tls_of(talk.station) for talk in talks}

    def client(station: str) -> SSLContext:
        return own[station].client(stage.clock)

    await play_stations(
        talks, plan.against, pace=stage.pace, memory=stage.memory, report=stage.report,
        chance=stage.chance, journal=stage.journal, password=plan.password, ignore=plan.ignore,
        ssl=client if plan.against.startswith("wss:") else None,
    )  # fmt: skip


async def _csms(stage: _Stage) -> None:
    plan, talks = stage.plan, _talks(stage, csms=True)
    door = CsmsDoor(
        talks, pace=stage.pace, memory=stage.memory, report=stage.report, chance=stage.chance,
        journal=stage.journal, host=plan.host, port=_port(plan), password=plan.password,
        ignore=plan.ignore, ssl=plan.tls.server(stage.clock), insecure=plan.insecure,
    )  # fmt: skip
    plan.listening(await door.start())
    try:
        await door.play(plan.wait_s)
    finally:
        await door.stop()


async def _ocpi(stage: _Stage) -> None:
    plan = stage.plan
    side, other = _parties(stage)
    talk = ocpi_talk(stage.stretch, side, other)
    if not talk:
        raise Mistake(f"{stage.recording.path}: nothing is recorded there between {side} and"
                      f" {other}", Exit.NOTHING)  # fmt: skip
    asks = any(each.ours for each in talk)
    if asks and plan.against is None and not _registers(talk):
        raise Mistake(f"--against: where are the live {other}'s versions?")
    http = HttpClient(stage.clock, tls=plan.tls, insecure=plan.insecure)
    player = OcpiPlayer(
        talk, side, other, pace=stage.pace, memory=stage.memory(), report=stage.report,
        chance=stage.chance, journal=stage.journal, http=http, against=plan.against,
        token=plan.token, own_token=plan.own_token, ignore=plan.ignore,
    )  # fmt: skip
    server = HttpServer(player.answer, stage.clock, host=plan.host, port=_port(plan),
                        ssl=plan.tls.server(stage.clock), insecure=plan.insecure)  # fmt: skip
    try:
        if player.listens:
            await server.start()
            plan.listening(player.listen_at(server.base_url))
        await player.play(plan.wait_s)
    finally:
        await http.close()
        await server.stop()


def _parties(stage: _Stage) -> tuple[str, str]:
    """Whom we play, and whom we meet. Raises Mistake."""
    known = [name for name in ocpi_parties(stage.recording) if name != CPO]
    partners = [name for name in known if ocpi_talk(stage.recording, CPO, name)]
    name = stage.plan.peer or (partners[0] if partners else None)
    if name is None:
        raise Mistake(f"{stage.recording.path}: no OCPI between a CPO and a peer is recorded there",
                      Exit.NOTHING)  # fmt: skip
    if name not in partners:
        raise Mistake(f"--peer {name}: no such peer is recorded.{did_you_mean(name, partners)}",
                      Exit.NOTHING)  # fmt: skip
    if stage.plan.peer is None and len(partners) > 1:
        others = ", ".join(partners[1:])
        stage.report.note(f"of several peers {name} is meant; --peer takes another: {others}")
    return (CPO, name) if stage.plan.side == "cpo" else (name, CPO)


def _registers(talk: list[OcpiExchange]) -> bool:
    """True if the live side will say where it is, before we need to know."""
    first = next(each for each in talk if each.ours)
    return any(
        each.module == "credentials" and not each.ours and each.at_s <= first.at_s for each in talk
    )


def _port(plan: Plan) -> int:
    return PORTS[plan.side] if plan.port is None else plan.port
