"""Records, evidence and lines for the tests of checks and reports, and checks run on our own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from mock_peer.check_cpo import Plan, check_cpo
from mock_peer.check_evidence import Evidence, Exchange, collect
from mock_peer.check_model import Fault, Line, Report, Ruling, Verdict
from mock_peer.profile import Profile
from simulator.kernel.chance import Chance
from simulator.kernel.journal import Journal, Record
from simulator.world import World
from simulator.world_file import find, read

ACTOR, PEER = "plugsurfing", "cpo-2"
BASE = "http://127.0.0.1:8090/ocpi/2.2.1"
Driver = Callable[[World], Awaitable[None]]


def envelope(data: Any = None, code: int = 1000, **more: Any) -> dict[str, Any]:
    told = {} if data is None else {"data": data}
    return {**told, "status_code": code, "timestamp": "2026-01-15T07:00:00Z", **more}


def record(
    seq: int,
    method: str,
    module: str,
    path: str = "",
    *,
    received: bool = True,
    body: Any = None,
    answer: Any = None,
    http: int | None = 200,
    headers: Mapping[str, str] | None = None,
    answered: Mapping[str, str] | None = None,
    peer: str = PEER,
    actor: str = ACTOR,
    session: str | None = None,
) -> Record:
    """An exchange's record; `answer` is the envelope, by default a good one without data."""
    envelope_ = envelope() if answer is None else answer
    said = msgspec.json.encode(envelope_).decode() if not isinstance(envelope_, str) else envelope_
    code = envelope_.get("status_code") if isinstance(envelope_, dict) else None
    return {
        "seq": seq,
        "at": "2026-01-15T07:00:00.000Z",
        "leg": "ocpi",
        "actor": actor,
        "peer": peer,
        "session": session,
        "version": "2.2.1",
        "module": module,
        "method": method,
        "url": f"{BASE}/{'receiver' if received else 'sender'}/{module}{path}",
        "direction": "received" if received else "sent",
        "request": {
            "headers": dict(headers or {}),
            "body": "" if body is None else msgspec.json.encode(body).decode(),
        },
        "response": None
        if http is None
        else {
            "headers": {"Content-Type": "application/json", **(answered or {})},
            "body": said,
        },
        "http_status": http,
        "status_code": None if http is None else code,
        "ms": 0.0,
    }


def exchange(*told: Any, **more: Any) -> Exchange:
    return Exchange(record(*told, **more))


def finding(seq: int, rule: str, message: int | None, **more: Any) -> Record:
    return {
        "seq": seq,
        "at": "2026-01-15T07:00:00.000Z",
        "leg": "finding",
        "actor": ACTOR,
        "peer": PEER,
        "session": None,
        "rule": rule,
        "severity": "reject",
        "pointer": "/id",
        "seen": None,
        "expected": "an id",
        "message_seq": message,
        "objects": [],
        **more,
    }


def evidence(
    *records: Record,
    version: str = "2.2.1",
    profile: Profile | None = None,
    offered: Iterable[tuple[str, str]] = (),
    probes: Mapping[str, int] | None = None,
    notes: Mapping[str, str] | None = None,
) -> Evidence:
    return collect(
        records,
        actor=ACTOR,
        peer=PEER,
        version=version,
        profile=profile,
        offered=offered,
        probes=probes,
        notes=notes,
    )


def line(name: str, verdict: Verdict, why: str = "", *shown: int, **more: Any) -> Line:
    told: dict[str, Any] = {
        "module": "cdrs",
        "statement": f"what {name} demands",
        "source": "P22",
        "hint": f"what to do about {name}",
        **more,
    }
    return Line(id=name, ruling=Ruling(verdict, why, shown), **told)


def report(*lines: Line, messages: Iterable[Record] = (), **more: Any) -> Report:
    told: dict[str, Any] = {
        "kind": "cpo",
        "versions_url": "https://cpo.example/ocpi/versions",
        "version": "2.2.1",
        "parties": ("CPO DE*ABC Abc Charging",),
        "began": datetime(2026, 1, 15, 7, tzinfo=UTC),
        "duration_s": 61.5,
        **more,
    }
    return Report(lines=lines, messages={r["seq"]: r for r in messages}, **told)


CDR = {"id": "CDR1", "total_energy": 1.5, "currency": "EUR"}
BROKEN = line(
    "cdr.not-negative",
    Verdict.FAIL,
    "/total_energy: expected zero or more",
    7,
    severity="reject",
    faults=(Fault("reject", "/total_energy", 1.5, "zero <or> more", 7, ("cdr/CDR1",)),),
)


def mixed() -> Report:
    """A report with a line of each verdict, and a message."""
    return report(
        BROKEN,
        line("cdr.in-time", Verdict.PASS, "in 1 message", 7),
        line("cdr.unaltered", Verdict.NOT_EXERCISED, "there was none: the same CDR twice"),
        line("tariff.unsupported-211", Verdict.NOT_APPLICABLE, "not in OCPI 2.2.1",
             module="tariffs"),
        messages=[record(7, "POST", "cdrs", body=CDR, answer=envelope(code=2001))],
    )  # fmt: skip


def told(lines: Iterable[Line]) -> dict[str, Verdict]:
    """The verdicts by rule."""
    return {line.id: line.verdict for line in lines}


# Checks of our own CPO core

CARD, BLOCKED = "04A1B2C3D4E5F6", "04C1B2C3D4E5F6"


async def charge_at(world: World, station: str) -> None:
    """What a tester does: a blocked card, then a good one, ten minutes of charging."""
    await world.clock.sleep(60)
    there = world.stations[station]
    await there.plug(1, world.car("anna"))
    await there.tap(1, BLOCKED)
    await world.clock.sleep(5)
    await there.tap(1, CARD)
    await world.clock.sleep(600)
    await there.tap(1, CARD)
    await world.clock.sleep(5)
    await there.unplug(1)


class Told(list[str]):
    """What a check tells; `invitation` is there once it has told versions URL and token A."""

    def __init__(self) -> None:
        super().__init__()
        self.invitation: asyncio.Future[tuple[str, str]] = asyncio.Future()

    def append(self, words: str) -> None:
        super().append(words)
        if words.startswith("token A"):
            url, token = (told.split()[-1] for told in self[-2:])
            self.invitation.set_result((url, token))


async def begin(world: World, words: Told) -> None:
    """What a tester does where the CPO begins."""
    url, token = await words.invitation
    await world.clock.sleep(20)
    await world.cpo.register(url, token)


async def check_our_cpo(
    station: str = "DE-AC-1",
    *,
    version: str | None = None,
    listen: Callable[[World, Told], Awaitable[None]] | None = None,
    **plan: Any,
) -> tuple[Report, Journal, list[str]]:
    """Run `check cpo` on the demo world's CPO, with a driver at a station; with `listen` it is that
    which lets the CPO begin. Returns the report, the check's journal and what was told.
    """
    words = Told()
    world = World(replace(read(find("demo")), peers=(), emps=()), clock="virtual")
    await world.start_cpo()
    await world.start_stations()
    await world.stations["DE-DC-1"].plug(1, world.car("ben"))
    journal = Journal(world.clock)
    drivers = [asyncio.ensure_future(charge_at(world, station))]
    wanted = Plan(world.cpo.versions_url, world.cpo.token_a(), version=version, wait_s=3600)
    if listen is not None:
        wanted = Plan("", "", listen=True, version=version, wait_s=3600)
        drivers.append(asyncio.ensure_future(listen(world, words)))
    try:
        found = await check_cpo(
            replace(wanted, **plan),
            clock=world.clock,
            chance=Chance(1),
            journal=journal,
            tell=words.append,
        )
    finally:
        for driver in drivers:
            driver.cancel()
        await asyncio.gather(*drivers, return_exceptions=True)
        await world.stop()
    return found, journal, words
