"""What actors have with each other, for tests of the sections."""

from __future__ import annotations

from typing import Any

from simulator.tui.exchange import Exchange
from simulator.tui.paint import Painter
from simulator.tui.pairing import Pairing
from simulator.tui.peer.heard import Heard
from simulator.tui.peer.look import Line, Look
from simulator.tui.ring import Ring
from tests.simulator.tui.stage import Wire

AT = "2026-01-15T07:00:00.000Z"


def connection(peer: str, began: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{peer}-1", "peer": peer, "version": "2.2.1", "registered": True, "began": began,
        "since": AT, "renewed": "", "token_in": True, "token_out": True,
        "their_versions_url": "http://127.0.0.1:1/versions",
        "their_endpoints": [["tokens", "RECEIVER"]],
        "our_roles": [{"role": "EMSP", "country_code": "DE", "party_id": "8PS"}],
        "their_roles": [{"role": "CPO", "country_code": "DE", "party_id": "RLB"}], **more,
    }  # fmt: skip


def module(version: str, name: str, role: str, taken: str, refused: str = "") -> dict[str, Any]:
    return {"version": version, "module": name, "role": role, "taken": taken.split(),
            "refused": refused.split()}  # fmt: skip


def token(uid: str, **more: Any) -> dict[str, Any]:
    told = {"uid": uid, "type": "RFID", "contract_id": f"DE-8PS-{uid}", "valid": True,
            "whitelist": "NEVER", "issuer": "8PS", "last_updated": AT, "pushed": {}}  # fmt: skip
    return {**told, **more}


def pushed(problem: str | None = None) -> dict[str, Any]:
    code = 2001 if problem else 1000
    return {"cpo-1": {"at": AT, "http_status": 200, "status_code": code, "problem": problem}}


def answer(allowed: str, **more: Any) -> dict[str, Any]:
    return {"allowed": allowed, "delay_s": 0.0, "no_answer": False, "info": None, **more}


def peer(**more: Any) -> dict[str, Any]:
    held = {"locations": 3, "refused_cdrs": 0}
    told = {
        "name": "plugsurfing", "versions_url": "http://127.0.0.1:1/versions",
        "modules": [module("2.1.1", "sessions", "RECEIVER", "", "PUT PATCH"),
                    module("2.2.1", "sessions", "RECEIVER", "PUT PATCH", "GET")],
        "connections": [connection("cpo", "them", strict=True, rules={}, held=held)],
        "tokens": [token("04AA", pushed=pushed()), token("04BB", valid=False)],
        "tokens_held": 2,
        "answers": {"default": answer("ALLOWED"), "tokens": {"04AA": answer("NO_CREDIT")},
                    "locations": {}, "times": []},
        "broken": {"cdr.price": {"times": 3, "last": AT}}, "findings": 3,
        "waiting": [{"id": "R1", "emp": "emp", "tries": 2, "due": AT, "session": None}],
        "emps": [{"connection": connection("emp", "us"), "tokens": 1}], "faults": [],
    }  # fmt: skip
    return {**told, **more}


def cpo(**more: Any) -> dict[str, Any]:
    due = {"kind": "cdr", "id": "C1", "to": "ps", "state": "refused", "attempts": 1,
           "message": "refused: 2001 because", "next_try": None}  # fmt: skip
    told = {"party": "DE*RLB", "locations": ["L1"], "connections": [connection("ps", "us")],
            "tokens": 2, "blocked": [],
            "modules": [module("2.2.1", "locations", "SENDER", "GET")], "queue": [due],
            "cdrs": {"refused": 1}}  # fmt: skip
    return {**told, **more}


def between(**more: Any) -> dict[str, Any]:
    fault = {"id": "f1", "hits": 2, "active": True, "kind": "http_status", "module": "cdrs"}
    emp = {"name": "emp", "party": "DE*EMP", "connections": [connection("roam", "them")],
           "tokens": [{"uid": "04EE", "type": "RFID"}], "held": {},
           "answers": {"default": {"allowed": "ALLOWED", "manner": "silence", "delay_s": 0},
                       "tokens": {}}}  # fmt: skip
    return {"cpo": cpo(), "peers": {"ps": peer()}, "emps": {"roamer": emp}, "faults": [fault],
            **more}  # fmt: skip


def heard(wire: Wire) -> Heard:
    """What was said on a wire."""
    ring: Ring[Exchange] = Ring(100)
    pairing = Pairing()
    for record in wire.records:
        for exchange, new in pairing.take(record):
            if new:
                ring.append(exchange)
    made = Heard(ring)
    made.read()
    return made


def look(
    told: dict[str, Any] | None = None, name: str = "ps", kind: str = "peer",
    wire: Wire | None = None, rules: Any = (),
) -> Look:  # fmt: skip
    return Look(told or between(), name, kind, heard(wire or Wire()), rules)


def text(line: Line) -> str:
    """A row's details."""
    paint = Painter()
    line.tell(paint, 60)
    return paint.content.plain


def row(line: Line) -> list[str]:
    """A row's cells, without their tones."""
    return [cell if isinstance(cell, str) else cell.text for cell in line.cells]
