"""A stage for tests: a journal and a clock that are played without any actor."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal, Record
from simulator.scenario.step import Play
from simulator.world_file import WorldFile

TINY = """\
name: tiny
seed: 7
clock: virtual
cpo: {country_code: DE, party_id: RLB, name: Tiny}
peers:
  - name: plugsurfing
    profile: {main_cpo: {name: Tiny, country_code: DE, party_id: RLB}}
    tokens: [{uid: "0123", contract_id: DE-8PS-CA1B2C3D4-S, type: RFID, whitelist: NEVER}]
locations:
  - id: L1
    country: DEU
    stations: [{id: ST1, ocpp: "1.6"}]
cars: {anna: {soc_percent: 41}}
"""


def play(journal: Journal, clock: Clock) -> Play:
    """A play whose world is a journal and a clock alone."""
    plan = WorldFile("", "", {})
    world: Any = SimpleNamespace(journal=journal, clock=clock, recording=None, plan=plan)
    return Play(world)


def call(
    journal: Journal, action: str, payload: Any, *, key: str, actor: str = "station/1"
) -> Record:
    """A call that was sent."""
    return _frame(journal, actor, "sent", 2, key, action, [2, key, action, payload])


def answer(journal: Journal, payload: Any, *, key: str, actor: str = "station/1") -> Record:
    """Its answer, as it was received."""
    return _frame(journal, actor, "received", 3, key, None, [3, key, payload])


def refusal(journal: Journal, code: str, *, key: str, actor: str = "station/1") -> Record:
    """A CALLERROR, as it was received."""
    return _frame(journal, actor, "received", 4, key, None, [4, key, code, "", {}])


def _frame(
    journal: Journal,
    actor: str,
    direction: Any,
    kind: int,
    key: str,
    action: str | None,
    frame: Any,
) -> Record:
    return journal.ocpp(
        actor,
        "cpo",
        None,
        version="1.6",
        direction=direction,
        frame=msgspec.json.encode(frame).decode(),
        message_type=kind,
        message_id=key,
        action=action,
    )


def ocpi(
    journal: Journal,
    method: str = "POST",
    module: str = "cdrs",
    body: Any = None,
    *,
    status: int | None = 1000,
    data: Any = None,
    direction: Any = "sent",
    session: str | None = None,
) -> Record:
    """An OCPI exchange."""
    told = msgspec.json.encode({"status_code": status, "data": data}).decode()
    return journal.ocpi(
        "cpo",
        "plugsurfing",
        session,
        version="2.2.1",
        module=module,
        method=method,
        url=f"http://127.0.0.1:8090/ocpi/2.2.1/{module}?limit=5",
        direction=direction,
        request_headers={"X-Request-ID": "r1"},
        request_body="" if body is None else msgspec.json.encode(body).decode(),
        response_headers={},
        response_body=told,
        http_status=200,
        status_code=status,
        ms=1.0,
    )


def scenario_file(folder: Path, text: str, name: str = "test.yaml") -> Path:
    """A scenario beside the tiny world."""
    (folder / "tiny.yaml").write_text(TINY)
    path = folder / name
    path.write_text(text)
    return path
