"""The acts beyond Plugsurfing: an EMP behind its Roam face, and the EMP's driver at a station.

Rule: as in `story`; the EMP is driven by its control API, and judged by what stood on the wires.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator.demo.bill import Bill
from simulator.demo.stage import DORA, EMP, PATIENCE_S, PEER, ROAM, Stage
from simulator.demo.witness import (
    answered,
    asked,
    data_of,
    event,
    of_module,
    of_session,
    request_of,
    sent,
)
from simulator.kernel.journal import Record
from simulator.station.run import Station

PLACE, CAR = "FR-DC-1", "ben"
# What a session's PATCH to an EMP may hold.
_PROGRESS = {"kwh", "last_updated"}


async def emp_joins(stage: Stage) -> None:
    """The EMP registers, pulls, and pushes its card, which Plugsurfing hands on as its own."""
    witness, plan = stage.witness, stage.world.plan
    await stage.emp.register()
    await stage.emp.pull()
    await witness.wait(asked("PUT", "tokens", by=PEER), timeout_s=PATIENCE_S)
    credentials = witness.all(asked("POST", "credentials", by=EMP), answered(1000))
    witness.claim(
        "the EMP registered at Roam, whose only party is the CPO DE*8PS",
        [_parties(record) for record in credentials] == [[("CPO", "DE", "8PS")]],
    )
    told, shown = _told(stage), _pulled(stage)
    own = {location["id"] for location in plan.locations}
    own |= {evse["uid"] for evse in told.values()}
    ids = {location["id"] for location in shown} | {e["uid"] for e in _evses(shown)}
    witness.claim(
        f"it pulled {len(shown)} locations: every id is Roam's own, every evse_id the CPO's",
        not ids & own and [e["evse_id"] for e in _evses(shown)] == [*told],
    )
    plugs = [plug for evse in _evses(shown) for plug in evse["connectors"]]
    witness.claim(
        "each connector carries its whole tariff, none a mere id",
        all(plug["tariffs"][0]["elements"] and "tariff_ids" not in plug for plug in plugs),
    )
    pushed = [request_of(r) for r in witness.all(asked("PUT", "tokens", by=EMP), answered(1000))]
    passed = [request_of(r) for r in witness.all(asked("PUT", "tokens", by=PEER), answered(1000))]
    contracts = [_contract(token) for token in passed]
    witness.claim(
        f"its card reached the CPO as Plugsurfing's: issuer DE*8PS, {', '.join(contracts)}",
        [token["issuer"] for token in passed] == ["DE*8PS"] * len(pushed)
        and contracts != [_contract(token) for token in pushed]
        and [_letters(_contract(token)) for token in pushed] == [_letters(c) for c in contracts],
    )


async def emp_charges(stage: Stage) -> None:
    """A session of the EMP's: from its app, or by card where the CPO takes no commands."""
    witness = stage.witness
    station = await stage.plug_in(PLACE, CAR, "Dora")
    started = await (_by_card(stage, station) if stage.old else _by_app(stage, station))
    cdr = await stage.cdr(started)
    session = started["session"] if started else ""
    bill = await witness.wait(
        asked("POST", "cdrs", by=ROAM), of_session(session), timeout_s=PATIENCE_S
    )
    await stage.moment()
    await station.unplug(1)
    (_asked_by_card if stage.old else _asked_by_app)(stage)
    if not stage.old:
        _sessions(stage)
    _bill(stage, cdr, bill)
    chain = {r["actor"] for r in witness.all(of_session(session))}
    witness.claim(
        "one session from plug-in to the EMP's CDR, through every hand",
        chain == {f"station/{PLACE}", "cpo", PEER, ROAM, EMP}
        and not [r for r in witness.all(asked("POST", "commands", by=EMP)) if not r["session"]],
    )


async def _by_app(stage: Stage, station: Station) -> Record | None:
    stage.teller.note("she presses start in her EMP's app")
    await stage.emp.start_session(token_uid=DORA, **_place(stage))
    started = await stage.started(PLACE)
    await stage.charge()
    stage.teller.note("she presses stop, and leaves")
    await stage.emp.stop_session()
    return started


async def _by_card(stage: Stage, station: Station) -> Record | None:
    stage.teller.note("she holds her EMP's card to the reader")
    await station.tap(1, DORA)
    started = await stage.started(PLACE)
    await stage.charge()
    stage.teller.note("she holds it there again, and leaves")
    await station.tap(1, DORA)
    return started


def _place(stage: Stage) -> dict[str, str]:
    """Where the driver stands, in the ids that the EMP pulled."""
    told = {uid: name for name, uid in ((e["evse_id"], e["uid"]) for e in _told(stage).values())}
    for location in _pulled(stage):
        for evse in location["evses"]:
            if evse["evse_id"] == told.get(f"{PLACE}-1"):
                connector = evse["connectors"][0]["id"]
                return {
                    "location_id": location["id"],
                    "evse_uid": evse["uid"],
                    "connector_id": connector,
                }
    return {}


# What the journal must show


def _asked_by_app(stage: Stage) -> None:
    witness = stage.witness
    ours, theirs = (
        [request_of(r) for r in witness.all(asked("POST", "commands", by=actor))]
        for actor in (EMP, PEER)
    )
    names = ("location_id", "evse_uid", "connector_id")
    witness.claim(
        "START_SESSION went through Roam, Plugsurfing and the CPO, in each one's own ids",
        len(ours) == len(theirs) == 2
        and all(ours[0][name] != theirs[0][name] for name in names[:2])
        and theirs[0]["evse_uid"] == f"{PLACE}-1"
        and theirs[0]["token"]["issuer"] == "DE*8PS"
        and witness.any(sent("RequestStartTransaction", by="cpo")),
    )
    results = [r for r in witness.all(asked("POST", "commands", by=ROAM)) if r["session"]]
    witness.claim(
        "the EMP heard the result of both its commands",
        [request_of(r).get("result") for r in results] == ["ACCEPTED", "ACCEPTED"],
    )


def _asked_by_card(stage: Stage) -> None:
    asks = stage.witness.all(asked("POST", "tokens", by=ROAM))
    ids = {location["id"] for location in _pulled(stage)}
    stage.witness.claim(
        "the EMP was asked in real time, in ids that it had pulled, and said ALLOWED",
        [(data_of(r) or {}).get("allowed") for r in asks] == ["ALLOWED"]
        and all(request_of(r)["location_id"] in ids for r in asks),
    )


def _sessions(stage: Stage) -> None:
    told = [
        record
        for record in stage.witness.all(of_module("sessions", by=ROAM))
        if record["status_code"] == 1000
    ]
    progress = [set(request_of(r)) for r in told if r["method"] == "PATCH"]
    stage.witness.claim(
        f"the EMP was told of the session: PUT, {len(progress)} PATCH of its energy alone, PUT",
        [r["method"] for r in told] == ["PUT", *["PATCH"] * len(progress), "PUT"]
        and bool(progress) == stage.witness.any(asked("PATCH", "sessions"))
        and all(fields == _PROGRESS for fields in progress),
    )


def _bill(stage: Stage, cdr: Record | None, passed: Record | None) -> None:
    """The CDR at the EMP: the CPO's in energy and amount, Roam's in ids, the EMP's in its token."""
    ours, theirs = (Bill.of(request_of(record) if record else {}) for record in (cdr, passed))
    body = request_of(passed) if passed else {}
    stage.witness.claim(
        f"the CDR arrived at the EMP: {theirs.words}",
        passed is not None
        and (passed["http_status"], passed["status_code"]) == (200, 1000)
        and (theirs.kwh, theirs.excl_vat) == (ours.kwh, ours.excl_vat)
        and theirs.id != ours.id
        and theirs.token_uid == DORA
        and "total_energy_cost" in body,
    )
    priced = stage.witness.all(event("emp.cdr"))
    stage.witness.claim(
        "by the tariff that it had pulled the EMP finds the same price",
        [(r["data"]["agrees"], r["data"]["cdr"]) for r in priced] == [(True, theirs.id)],
    )


# What was told and shown on the wires


def _told(stage: Stage) -> dict[str, Any]:
    """The EVSEs of the locations that the CPO pushed, by evse_id."""
    records = [r for r in stage.world.journal.records if asked("PUT", "locations")(r)]
    pushed = {body["id"]: body for body in map(request_of, records) if "evses" in body}
    return {evse["evse_id"]: evse for evse in _evses(list(pushed.values()))}


def _pulled(stage: Stage) -> list[Any]:
    """The locations as they came to the EMP."""
    records = [r for r in stage.world.journal.records if asked("GET", "locations", by=EMP)(r)]
    return [location for record in records for location in data_of(record) or ()]


def _evses(locations: list[Any]) -> Iterator[Any]:
    for location in locations:
        yield from location["evses"]


def _parties(record: Record) -> list[tuple[str, str, str]]:
    roles = (data_of(record) or {}).get("roles", [])
    return [(role["role"], role["country_code"], role["party_id"]) for role in roles]


def _contract(token: Any) -> str:
    """A token's contract id, by the name that its version has for it."""
    return str(token.get("contract_id") or token.get("auth_id"))


def _letters(contract: str) -> str:
    return contract.replace("-", "")
