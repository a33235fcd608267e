"""A stage for the interface's tests: records without a world, and an engine that plays them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from textual.pilot import Pilot

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal, Record
from simulator.mistakes import Mistake
from simulator.tui.app import RoamlabApp
from simulator.tui.config import Config
from simulator.tui.engine import Facts, Snapshot
from simulator.tui.local import LocalEngine
from simulator.world import World
from simulator.world_file import find, read_text

ANNA, CARL = "04A1B2C3D4E580", "04DEADBEEF0180"


def evse(number: int = 1, **more: Any) -> Snapshot:
    """An EVSE as a station's snapshot has it."""
    told = {
        "evse_id": number, "connector_id": 1, "standard": "IEC_62196_T2",
        "power_type": "AC_3_PHASE", "max_power_w": 22000, "state": "available",
        "status": "Available", "faulted": False,
        "operative": True, "session": None, "pnc": None, "token": None, "transaction": None,
        "power_w": 0.0, "meter_wh": 0, "energy_wh": 0, "soc_percent": None, "car": None,
    }  # fmt: skip
    return {**told, **more}


def station(name: str, *evses: Snapshot, **more: Any) -> Snapshot:
    """A station's snapshot."""
    told = {
        "id": name, "version": "1.6", "vendor": "Roamlab", "model": "Virtual", "powered": True,
        "connected": True, "online": True, "boot": "Accepted", "queued": 0, "pnc": None,
        "certificates": None, "evses": list(evses) or [evse()], "config": {"phases": "3"},
    }  # fmt: skip
    return {**told, **more}


class FakeEngine:
    """Stations and records as they are put in; steps are remembered."""

    trouble = ""

    def __init__(self, *names: str, read_only: bool = False) -> None:
        self.facts = Facts("local", "test", 42, "real", read_only)
        self.there = {name: station(name) for name in names}
        self.new: list[Record] = []
        self.done: list[tuple[str, dict[str, Any]]] = []
        self.refuse: str | None = None
        self.broken: Exception | None = None
        self.looked: list[str] = []
        self.placed: list[Snapshot] = []
        self.kept: list[Snapshot] = []
        self.intercepts: list[Snapshot] = []
        self.between: Snapshot = {"cpo": None, "peers": {}, "emps": {}, "faults": []}
        self.told: Snapshot = {}
        self.loaded: list[Snapshot] = []  # states of stages, and what was asked of them
        self.staged: list[tuple[Any, ...]] = []

    async def start(self) -> None:
        if self.broken is not None:
            raise self.broken

    async def stop(self) -> None: ...

    def take(self) -> Sequence[Record]:
        new, self.new = self.new, []
        return new

    def names(self) -> Sequence[str]:
        return list(self.there)

    async def stations(self, names: Sequence[str]) -> Mapping[str, Snapshot]:
        self.looked += names
        return {name: self.there[name] for name in names}

    async def world(self) -> Snapshot:
        return {"stations": self.there}

    async def figures(self) -> Snapshot:
        return self.told

    async def dealings(self) -> Snapshot:
        return self.between

    async def held(self) -> Snapshot:
        return {"held": self.kept, "intercepts": self.intercepts}

    def faults(self) -> Sequence[Snapshot]:
        return self.placed

    def known(self, what: str) -> Sequence[str]:
        return {"token": [ANNA, CARL], "car": ["anna"], "station": self.names()}.get(what, [])

    async def perform(self, step: str, arguments: Mapping[str, Any]) -> Any:
        if self.refuse is not None:
            raise Mistake(self.refuse)
        self.done.append((step, dict(arguments)))
        return True

    async def load(self, steps: str | Sequence[Any], name: str, only: str = "") -> Snapshot:
        return self._stage("load", name, steps, only)

    async def stages(self) -> Sequence[Snapshot]:
        return self.loaded

    async def step(self, stage: str) -> Snapshot:
        return self._stage("step", stage)

    async def play(self, stage: str, until: int | None = None) -> Snapshot:
        return self._stage("play", stage, until)

    async def drop(self, stage: str) -> Snapshot:
        return self._stage("drop", stage)

    def _stage(self, *call: Any) -> Snapshot:
        if self.refuse is not None:
            raise Mistake(self.refuse)
        self.staged.append(call)
        return self.loaded[-1] if self.loaded else {}


class Wire:
    """Records of calls and exchanges, as both ends would make them."""

    def __init__(self) -> None:
        self.journal = Journal(Clock("virtual"), seed=42, world="test")
        self._number = 0

    @property
    def records(self) -> list[Record]:
        return list(self.journal.records)

    def ocpp(
        self, kind: int, actor: str, direction: Any, payload: Any, *, ident: str = "m1",
        action: str = "Heartbeat", session: str | None = None, errors: list[str] | None = None,
    ) -> Record:  # fmt: skip
        peer = "cpo" if actor.startswith("station/") else "station/CP1"
        frame: list[Any] = [kind, ident, action, payload] if kind == 2 else [kind, ident, payload]
        if kind == 4:
            frame = [4, ident, "InternalError", "no", {}]
        return self.journal.ocpp(
            actor, peer, session, version="1.6", direction=direction,
            frame=msgspec.json.encode(frame).decode(), message_type=kind, message_id=ident,
            action=action, errors=errors,
        )  # fmt: skip

    def call(
        self, action: str, payload: Any = None, answer: Any = None, *, kind: int = 3,
        session: str | None = None, far: bool = True,
    ) -> None:  # fmt: skip
        """A station's call with its answer: four records, as in a closed world."""
        self._number += 1
        ident = f"m{self._number}"
        about: dict[str, Any] = {"action": action, "session": session}
        self.ocpp(2, "station/CP1", "sent", payload or {}, ident=ident, **about)
        if far:
            self.ocpp(2, "cpo", "received", payload or {}, ident=ident, **about)
            self.ocpp(kind, "cpo", "sent", answer or {}, ident=ident, **about)
        self.ocpp(kind, "station/CP1", "received", answer or {}, ident=ident, **about)

    def ocpi(
        self, method: str, module: str, body: Any, *, direction: Any = "sent", ident: str = "r1",
        code: int = 1000, session: str | None = None, data: Any = None,
    ) -> Record:  # fmt: skip
        actor, peer = ("cpo", "plugsurfing") if direction == "sent" else ("plugsurfing", "cpo")
        answer = {"status_code": code, "status_message": "as it is", "data": data}
        return self.journal.ocpi(
            actor, peer, session, version="2.2.1", module=module, method=method,
            url=f"http://127.0.0.1:1/ocpi/2.2.1/receiver/{module}", direction=direction,
            request_headers={"Authorization": "Token TOPSECRET", "X-Request-ID": ident},
            request_body=msgspec.json.encode(body).decode(), response_headers={},
            response_body=msgspec.json.encode(answer).decode(), http_status=200,
            status_code=code, ms=12.5,
        )  # fmt: skip

    def finding(self, seq: int, pointer: str = "/id", **more: Any) -> Record:
        told = {"rule": "cdr.some-rule", "severity": "reject", "seen": None, "expected": "an id"}
        return self.journal.finding(
            "plugsurfing", "cpo", None, pointer=pointer, message_seq=seq, **{**told, **more}
        )


async def until(pilot: Pilot[Any], holds: Callable[[], object], *, tries: int = 900) -> None:
    """Wait until something holds, in real time; on a busy machine that may take a while."""
    for _ in range(tries):
        await pilot.pause(0.05)
        if holds():
            return
    raise AssertionError(f"it never came to be\n{seen(pilot.app)}")


def seen(app: Any) -> str:
    """The screen's text, as it is drawn."""
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in line) for line in lines)


@contextlib.asynccontextmanager
async def showing(
    engine: Any, *, size: tuple[int, int] = (120, 40), config: Config | None = None,
    folder: Path | None = None,
) -> AsyncIterator[tuple[RoamlabApp, Pilot[Any]]]:  # fmt: skip
    """The interface over an engine, started; it stumbles over nothing."""
    app = RoamlabApp(engine, config, folder=folder)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: app.started or app.failure)
        if app.failure is not None:
            raise app.failure
        await pilot.pause()
        yield app, pilot
        assert not app.stumbles, app.stumbles


@contextlib.asynccontextmanager
async def playing(
    *,
    size: tuple[int, int] = (120, 40),
    clock: str = "scaled:20",
    folder: Path | None = None,
    name: str = "demo",
) -> AsyncIterator[tuple[RoamlabApp, Pilot[Any]]]:
    """The interface over a world that comes along."""
    world = World(free_ports(name), clock=clock, seed=42)
    engine = LocalEngine(world)
    try:
        async with showing(engine, size=size, folder=folder) as shown:
            yield shown
    finally:
        await engine.stop()


def free_ports(name: str = "demo") -> Any:
    """A world that comes along, on whatever ports are free."""
    return read_text(on_free_ports(name))


def on_free_ports(name: str) -> str:
    """The same, as the text of a file."""
    return find(name).read_text(encoding="utf-8") + "\nports: free\n"


_THEIRS = """\
name: theirs
cpo: {country_code: DE, party_id: ABC, name: Small, ocpp_port: 0, ocpi_port: 0}
tariffs: [{id: t, elements: [{price_components: [{type: ENERGY, price: 0.5, step_size: 1}]}]}]
locations: [{id: L1, country: DEU, stations: [{id: S16, ocpp: "1.6", tariff: t}]}]
"""
_OURS = """\
name: ours
cpo:
  country_code: DE
  party_id: ABC
  name: Small
  outside: {token: '%s', versions_url: '%s', csms: '%s'}
peers: [{name: plugsurfing, port: 0, register: peer, tokens: [{uid: 04AA}]}]
locations: [{id: L1, country: DEU, stations: [{id: S16, ocpp: "1.6"}]}]
cars: {mine: {soc_percent: 10}}
"""


@contextlib.asynccontextmanager
async def partnered(*, started: bool = True) -> AsyncIterator[World]:
    """A world in real time whose CPO is outside of it: another world's."""
    theirs = World(read_text(_THEIRS))
    await theirs.start(stations=False)
    door = (theirs.cpo.token_a("plugsurfing"), theirs.cpo.versions_url, theirs.cpo.ocpp_url)
    ours = World(read_text(_OURS % door))
    try:
        if started:
            await ours.start()
        yield ours
    finally:
        if started:
            await ours.stop()
        await theirs.stop()
