"""The acts of the demo: what each does to the world, and what the journal must show for it.

Rule: an act drives the world by the verbs that everybody has (plug, tap, cut the network, the
peer's control API) and claims only what a witness finds in the journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from simulator.demo.amount import Owed, counted_wh, owed
from simulator.demo.bill import Bill
from simulator.demo.contract import EVA, contract_ends, contract_session, token_of
from simulator.demo.contract import PLACE as EVAS_PLACE
from simulator.demo.roaming import emp_charges, emp_joins
from simulator.demo.stage import (
    ANNA,
    ANYWHERE,
    BEN,
    BRIEF,
    CARL,
    DORA,
    FULL,
    PATIENCE_S,
    PEER,
    Needs,
    Pace,
    Stage,
    Told,
    quicken,
)
from simulator.demo.witness import (
    answered,
    asked,
    data_of,
    finding,
    payload_of,
    request_of,
    sent,
)
from simulator.kernel.clock import parse_rfc3339
from simulator.kernel.journal import Record

__all__ = ["ACTS", "BRIEF", "FULL", "Act", "Pace", "Stage", "Told", "play", "quicken"]


async def stations_boot(stage: Stage) -> None:
    """Act 1"""
    world, witness = stage.world, stage.witness
    await world.start_cpo()
    await world.start_stations()
    await world.clock.sleep(1)
    boots = {r["actor"] for r in witness.all(sent("BootNotification"))}
    versions = sorted({r["version"] for r in witness.all(sent("BootNotification"))})
    witness.claim(
        f"{len(boots)} stations were accepted, over OCPP {' and '.join(versions)}",
        boots == {f"station/{s.id}" for s in world.plan.stations} and versions == ["1.6", "2.0.1"],
    )


async def registration(stage: Stage) -> None:
    """Act 2"""
    witness = stage.witness
    # What it sets in motion is the next act's.
    stage.registering = asyncio.create_task(stage.world.register(stage.peer))
    await witness.wait(asked("POST", "credentials"), timeout_s=PATIENCE_S)
    witness.claim(
        "the CPO registered with Plugsurfing: each now holds a token of the other",
        witness.any(asked("POST", "credentials"), answered(1000)),
    )
    witness.claim(
        "before it answered, Plugsurfing called back for versions and endpoints",
        bool(witness.all(asked("GET", "versions", by=PEER), answered(1000))),
    )


async def exchange(stage: Stage) -> None:
    """Act 3"""
    world, witness = stage.world, stage.witness
    if stage.registering is not None:
        await stage.registering
    for module, wanted in (("locations", world.plan.locations), ("tariffs", world.plan.tariffs)):
        await witness.wait(_nth(asked("PUT", module), len(wanted)), timeout_s=PATIENCE_S)
        accepted = witness.all(asked("PUT", module), answered(1000))
        ids = {request_of(record)["id"] for record in accepted}
        witness.claim(
            f"Plugsurfing took {len(ids)} {module}: {', '.join(sorted(ids))}",
            ids == {item["id"] for item in wanted},
        )
    agreed = sorted({record["version"] for record in witness.all(asked("PUT", "locations"))})
    witness.claim(f"they speak OCPI {', '.join(agreed)}", agreed == [stage.version])
    cards = [token for token in stage.peer.plan.tokens if token.get("type", "RFID") == "RFID"]
    await witness.wait(_nth(asked("PUT", "tokens", by=PEER), len(cards)), timeout_s=PATIENCE_S)
    uids = {t["uid"] for r in witness.all(asked("GET", "tokens")) for t in data_of(r) or ()}
    witness.claim(f"the CPO knows {len(uids)} tokens of Plugsurfing", {ANNA, CARL} <= uids)


async def rfid_session(stage: Stage) -> None:
    """Act 4"""
    witness = stage.witness
    station = await stage.plug_in("DE-AC-1", "anna", "Anna")
    stage.teller.note("she holds her card to the reader")
    await station.tap(1, ANNA)
    started = await stage.started("DE-AC-1")
    await stage.charge()
    stage.teller.note("she holds it there again, and leaves")
    await station.tap(1, ANNA)
    await stage.moment()
    await station.unplug(1)
    cdr = await stage.cdr(started)
    authorized = witness.all(asked("POST", "tokens"))
    verdict = data_of(authorized[0]) if authorized else {}
    witness.claim(
        "Plugsurfing was asked in real time, with the place, and said ALLOWED",
        verdict.get("allowed") == "ALLOWED" and request_of(authorized[0])["location_id"] == "DE-1",
    )
    _accepted(stage, "DE-AC-1", cdr)
    if not stage.old:
        given = verdict.get("authorization_reference")
        witness.claim(
            "it carries the authorization_reference that Plugsurfing gave",
            cdr is not None
            and given is not None
            and request_of(cdr).get("authorization_reference") == given,
        )


async def remote_start(stage: Stage) -> None:
    """Act 5"""
    witness = stage.witness
    station = await stage.plug_in("DE-DC-1", "ben", "Ben")
    stage.teller.note("he presses start in his app")
    await stage.peer.command(
        "START_SESSION", token_uid=BEN, location_id="DE-1", evse_uid="DE-DC-1-1"
    )
    started = await stage.started("DE-DC-1")
    await stage.charge()
    stage.teller.note("he presses stop, and leaves")
    session_id = request_of(started).get("id") if started else None
    await stage.peer.command("STOP_SESSION", session_id=session_id)
    cdr = await stage.cdr(started)
    await stage.moment()
    await station.unplug(1)
    starts = witness.all(sent("RequestStartTransaction", by="cpo"))
    witness.claim(
        "Plugsurfing's command reached the station as RequestStartTransaction", bool(starts)
    )
    results = [r for r in witness.all(asked("POST", "commands")) if request_of(r).get("result")]
    witness.claim(
        "the CPO reported the result of both commands",
        [request_of(r)["result"] for r in results] == ["ACCEPTED", "ACCEPTED"],
    )
    _accepted(stage, "DE-DC-1", cdr)


async def blocked_card(stage: Stage) -> None:
    """Act 6"""
    witness = stage.witness
    station = await stage.plug_in("NL-AC-1", "anna", "Carl")
    stage.teller.note("he holds his card to the reader")
    await station.tap(1, CARL)
    await witness.wait(asked("POST", "tokens"), timeout_s=PATIENCE_S)
    await stage.moment()
    stage.teller.note("he pulls the cable and drives on")
    await station.unplug(1)
    await stage.moment()
    verdicts = [(data_of(r) or {}).get("allowed") for r in witness.all(asked("POST", "tokens"))]
    witness.claim("Plugsurfing said BLOCKED", verdicts == ["BLOCKED"])
    witness.claim(
        "no transaction began, no session was told",
        not witness.any(sent("StartTransaction")) and not witness.any(asked("PUT", "sessions")),
    )


async def network_cut(stage: Stage) -> None:
    """Act 7"""
    witness = stage.witness
    station = await stage.plug_in("NL-AC-2", "anna", "Anna")
    await station.tap(1, ANNA)
    started = await stage.started("NL-AC-2")
    await stage.charge(0.3)
    stage.teller.note("the network goes; the station charges on and keeps its messages")
    await station.offline()
    await stage.charge(0.5)
    stage.teller.note("Anna stops the session and leaves, still without a network")
    await station.stop_session(1)
    await stage.moment()
    await station.unplug(1)
    await stage.charge(0.2)
    stage.teller.note("the network comes back")
    await station.online()
    cdr = await stage.cdr(started)
    events = [payload_of(r) for r in witness.all(sent("TransactionEvent"))]
    queued = [event for event in events if event.get("offline")]
    witness.claim(
        f"{len(queued)} events of the time without network were replayed", len(queued) > 1
    )
    numbers = [event["seqNo"] for event in events]
    # One whose answer the cut swallowed is told twice, with the same number.
    witness.claim(
        "none is missing, and they came in order",
        numbers == sorted(numbers) and set(numbers) == set(range(len(set(numbers)))),
    )
    _accepted(stage, "NL-AC-2", cdr)


async def refused_cdr(stage: Stage) -> None:
    """Act 8"""
    witness = stage.witness
    station = await stage.plug_in("FR-AC-1", "anna", "Anna")
    await station.tap(1, ANNA)
    started = await stage.started("FR-AC-1")
    await stage.charge()
    await station.tap(1, ANNA)
    await station.unplug(1)
    cdr = await stage.cdr(started)
    rule = "cdr.authorization-reference"
    broken = await witness.wait(finding(rule), timeout_s=PATIENCE_S)
    witness.claim(
        "its CDR came without the authorization_reference",
        cdr is not None and "authorization_reference" not in request_of(cdr),
    )
    code = cdr["status_code"] if cdr else None
    witness.claim(
        f"Plugsurfing refused it ({code}) and named the rule: {rule}",
        broken is not None and broken["severity"] == "reject" and code in range(2000, 3000),
    )


async def no_card(stage: Stage) -> None:
    """Act 11"""
    cdr = await contract_session(stage)
    stage.witness.claim(
        f"the CDR names it as Plugsurfing pushed it, {EVA}",
        token_of(stage, cdr),
    )
    _accepted(stage, EVAS_PLACE, cdr)
    await contract_ends(stage)


def _accepted(stage: Stage, name: str, cdr: Record | None) -> None:
    """The CDR of a session at a station: taken, of the meter's energy, at the tariff's price."""
    witness, bill = stage.witness, Bill.of(request_of(cdr) if cdr else None)
    witness.claim(
        f"the CDR was accepted: {bill.words if cdr else 'there is none'}",
        cdr is not None and cdr["status_code"] == 1000,
    )
    if cdr is None or bill.kwh is None:
        return
    actions = ("StartTransaction", "StopTransaction", "TransactionEvent")
    records = witness.all(lambda r: any(sent(action)(r) for action in actions))
    counted = counted_wh(payload_of(r) for r in records if r["actor"] == f"station/{name}")
    witness.claim(
        "its energy is what the meter counted",
        counted is not None and counted > 0 and round(bill.kwh * 1000) == counted,
    )
    due = _due(stage, name, bill)
    if due is not None:
        witness.claim(
            f"its price is the tariff's: {due.words}", due.is_told(bill.excl_vat, bill.incl_vat)
        )


def _due(stage: Stage, name: str, bill: Bill) -> Owed | None:
    """What a bill should ask for, by the tariff that the world's file gives the station."""
    plan = stage.world.plan
    station = next(station for station in plan.stations if station.id == name)
    tariff = next((t for t in plan.tariffs if t["id"] == station.tariff), None)
    if tariff is None or bill.kwh is None:
        return None
    charged = parse_rfc3339(bill.end) - parse_rfc3339(bill.start)
    return owed(tariff, bill.kwh, charged.total_seconds())


def _nth(meets: Callable[[Record], bool], count: int) -> Callable[[Record], bool]:
    """True for the `count`-th record that meets a condition."""
    seen = 0

    def look(record: Record) -> bool:
        nonlocal seen
        seen += meets(record)
        return seen >= count

    return look


@dataclass(frozen=True, slots=True)
class Act:
    """A chapter: what it is about, in a line, what happens, and what it cannot be without."""

    title: str
    caption: str
    play: Callable[[Stage], Awaitable[None]]
    needs: Needs = ANYWHERE


ACTS: tuple[Act, ...] = (
    Act("The stations come up", "Each connects to the CPO's CSMS and reports.", stations_boot),
    Act("Registration", "CPO and Plugsurfing exchange credentials over OCPI.", registration),
    Act(
        "Locations, tariffs and tokens",
        "What the CPO has, and whom Plugsurfing's drivers are.",
        exchange,
    ),
    Act(
        "A card at the station",
        "An RFID session on OCPP 1.6, authorized by Plugsurfing in real time.",
        rfid_session,
        Needs("DE-AC-1", ANNA),
    ),
    Act(
        "A start from the app",
        "Plugsurfing starts and stops a session on a 2.0.1 station.",
        remote_start,
        Needs("DE-DC-1", BEN, newer="Plugsurfing sends no commands"),
    ),
    Act(
        "A blocked card",
        "Plugsurfing says no, and no energy flows.",
        blocked_card,
        Needs("NL-AC-1", CARL),
    ),
    Act(
        "The network is cut in mid-session",
        "The station keeps what it cannot say, and says it in order later.",
        network_cut,
        Needs("NL-AC-2", ANNA),
    ),
    Act(
        "An EMP joins through Roam",
        "Towards EMPs Plugsurfing is one CPO that stands for all.",
        emp_joins,
        Needs(emp=True),
    ),
    Act(
        "The EMP's driver charges",
        "From the EMP through Roam, Plugsurfing and the CPO to the station, and back.",
        emp_charges,
        Needs("FR-DC-1", DORA, emp=True),
    ),
    Act(
        "A CDR that Plugsurfing does not pay",
        "This station's CDRs lack the authorization_reference, on purpose.",
        refused_cdr,
        Needs("FR-AC-1", ANNA, newer="CDRs have no authorization_reference"),
    ),
    Act(
        "A car that needs no card",
        "Plug & Charge with real certificates; then the contract ends. (EXI is not spoken.)",
        no_card,
        Needs(EVAS_PLACE, EVA, pki=True),
    ),
)


async def play(stage: Stage) -> list[Told]:
    """Play all acts in order; each is judged by what the journal holds since it began."""
    for number, act in enumerate(ACTS, 1):
        stage.teller.act(number, act.title, act.caption)
        stage.witness.claims = []
        if (why := act.needs.lacking(stage)) is not None:
            stage.teller.note(f"skipped: {why}")
            stage.told.append(Told(act.title, [], skipped=why))
            continue
        # What registration sets in motion belongs to the act after it too.
        if act.play is not exchange:
            stage.witness.after = stage.world.journal.seq
        await _played(act, stage)
        await stage.moment()
        stage.teller.claims(stage.witness.claims)
        stage.told.append(Told(act.title, stage.witness.claims))
    return stage.told


async def _played(act: Act, stage: Stage) -> None:
    """Play an act; one that finds less than it needs has not gone as told.

    Raises what has an exit code of its own, and OSError: then there is no world to play in.
    """
    try:
        await act.play(stage)
    except Exception as error:
        ends = isinstance(error, OSError) and not isinstance(error, TimeoutError)
        if ends or hasattr(error, "exit_code"):
            raise
        stage.witness.claim(f"it broke off: {type(error).__name__}: {error}", False)
