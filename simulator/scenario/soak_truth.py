"""What must always be so, whatever went wrong: held against what the meters say.

Rule: the truth is the stations' own: their registers and the transactions that they began. All else
(sessions, CDRs, the peer's book) must follow from it: nothing lost, nothing twice, nothing wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from simulator.kernel.journal import Record
from simulator.ocpi.tariff import TariffError, price
from simulator.world import World

_CENT = Decimal("0.01")
# A meter reads whole watt-hours; a session has two readings of it.
_WH = Decimal("0.002")


class Broken(NamedTuple):
    """An invariant that did not hold, and what was seen."""

    name: str
    what: str


@dataclass(slots=True)
class Truth:
    """What was looked at, and what did not hold."""

    broken: list[Broken] = field(default_factory=list)
    transactions: int = 0
    cdrs: int = 0

    def hold(self, name: str, holds: bool, what: str) -> None:
        """Note an invariant that does not."""
        if not holds:
            self.broken.append(Broken(name, what))


async def invariants(world: World) -> Truth:
    """Look at a world that has come to rest."""
    truth = Truth()
    began = _begun(world)
    cdrs = _cdrs(world)
    truth.transactions, truth.cdrs = sum(began.values()), len(cdrs)
    _at_rest(world, truth)
    _one_cdr_each(began, cdrs, truth)
    _energy(world, cdrs, truth)
    for cdr in cdrs:
        _price(world, cdr, truth)
    await _at_the_peer(world, truth)
    for name in world.emps:
        await _at_the_emp(world, name, truth)
    return truth


# What the stations know


def _begun(world: World) -> Counter[str]:
    """How many transactions each station began: by what it meant to say, however often it did."""
    named: dict[str, set[Any]] = {name: set() for name in world.stations}
    for record in world.journal.records:
        if record["leg"] == "ocpp" and record["direction"] == "sent":
            for station, transaction in _beginning(record):
                named[station].add(transaction)
    return Counter({station: len(transactions) for station, transactions in named.items()})


def _beginning(record: Record) -> Iterator[tuple[str, Any]]:
    actor = record["actor"].removeprefix("station/")
    if record["message_type"] != 2 or actor == record["actor"]:
        return
    if record["action"] == "StartTransaction":
        payload = msgspec.json.decode(record["frame"])[3]
        yield actor, (payload["connectorId"], payload["timestamp"], payload["meterStart"])
    elif record["action"] == "TransactionEvent":
        yield actor, msgspec.json.decode(record["frame"])[3]["transactionInfo"]["transactionId"]


# What the CPO made of it


def _cdrs(world: World) -> list[dict[str, Any]]:
    return [row.body for row in world.cpo.book.cdrs.all()]


def _at_rest(world: World, truth: Truth) -> None:
    """Every session ends, and nothing waits."""
    seen = world.cpo.snapshot()
    open_ones = [f"{s['id']} at {s['station']}" for s in seen["sessions"]]
    truth.hold("sessions-end", not open_ones, f"still open: {', '.join(open_ones)}")
    truth.hold("outbox-empties", not seen["outbox"], f"still due: {seen['outbox']}")
    for name, station in world.stations.items():
        waiting = len(station.memory.queue)
        truth.hold("queues-empty", not waiting, f"{name}: {waiting} messages wait to be sent")
        running = sorted(station.memory.transactions)
        truth.hold("transactions-end", not running, f"{name}: transactions at {running}")


def _one_cdr_each(began: Counter[str], cdrs: list[dict[str, Any]], truth: Truth) -> None:
    """No CDR is lost, and none is there twice."""
    billed = Counter(_station(cdr) for cdr in cdrs)
    for station in began | billed:
        truth.hold(
            "one-cdr-each",
            began[station] == billed[station],
            f"{station}: {began[station]} transactions, {billed[station]} CDRs",
        )


def _station(cdr: Mapping[str, Any]) -> str:
    """World files name an EVSE after its station: `S1A-1`."""
    return str(cdr["cdr_location"]["evse_uid"]).rpartition("-")[0]


def _energy(world: World, cdrs: list[dict[str, Any]], truth: Truth) -> None:
    """What was billed at an EVSE is what its meter has counted."""
    for name, station in world.stations.items():
        for number in range(1, len(station.config.evses) + 1):
            uid = f"{name}-{number}"
            own = [Decimal(c["total_energy"]) for c in cdrs if c["cdr_location"]["evse_uid"] == uid]
            counted = Decimal(station.core.evses[number - 1].meter.show(
                world.clock.monotonic()).energy_wh) / 1000  # fmt: skip
            truth.hold(
                "energy-is-the-meters",
                abs(sum(own, Decimal(0)) - counted) <= _WH * max(1, len(own)),
                f"{uid}: {sum(own, Decimal(0))} kWh in {len(own)} CDRs, the meter has {counted}",
            )


def _price(world: World, cdr: dict[str, Any], truth: Truth) -> None:
    """What a CDR costs is what its tariff says of its periods."""
    location = world.cpo.sites.location(cdr["cdr_location"]["id"]) or {}
    try:
        due = price(cdr["tariffs"], cdr, time_zone=location.get("time_zone", "UTC"), explain=False)
    except TariffError as error:
        truth.broken.append(Broken("price-is-the-tariffs", f"{cdr['id']}: {error}"))
        return
    told = Decimal(cdr["total_cost"]["excl_vat"])
    wanted = due.total_cost.excl_vat if due.total_cost is not None else Decimal(0)
    truth.hold(
        "price-is-the-tariffs",
        abs(told - Decimal(wanted)) < _CENT,
        f"{cdr['id']}: {told}, by its tariff {wanted}",
    )
    in_periods = sum(
        (
            Decimal(dimension["volume"])
            for period in cdr["charging_periods"]
            for dimension in period["dimensions"]
            if dimension["type"] == "ENERGY"
        ),
        Decimal(0),
    )
    truth.hold(
        "periods-add-up",
        abs(in_periods - Decimal(cdr["total_energy"])) <= _WH,
        f"{cdr['id']}: {in_periods} kWh in its periods, {cdr['total_energy']} in all",
    )


# What the peer has


async def _at_the_peer(world: World, truth: Truth) -> None:
    """Each CDR is there once, if it was accepted, and none is that was not sent."""
    for name, peer in world.peers.items():
        connections = (await peer.state())["held"]
        held = Counter(cdr["id"] for connection in connections for cdr in connection["cdrs"])
        twice = [id_ for id_, count in held.items() if count > 1]
        truth.hold("never-twice", not twice, f"{name} holds twice: {twice}")
        rows = {row.id: row.state for row in world.cpo.book.cdrs.all()}
        for id_, state in rows.items():
            truth.hold(
                "told-as-it-is",
                (state == "accepted") == (id_ in held) or state in ("refused", "unsendable"),
                f"{name}: CDR {id_} is {state} at the CPO, {held[id_]} times at the peer",
            )
        strange = [id_ for id_ in held if id_ not in rows]
        truth.hold("told-as-it-is", not strange, f"{name} holds what the CPO never made: {strange}")


async def _at_the_emp(world: World, name: str, truth: Truth) -> None:
    """Each CDR of its cards that Plugsurfing accepted is there once, and no other."""
    emp = world.emps[name]
    held = Counter(_seen_by_emp(cdr) for cdr in (await emp.state())["cdrs"])
    own = {token["uid"] for token in emp.plan.tokens}
    accepted = [row.body for row in world.cpo.book.cdrs.all() if row.state == "accepted"]
    due = Counter(_seen_by_emp(cdr) for cdr in accepted if cdr["cdr_token"]["uid"] in own)
    truth.hold(
        "relayed-once",
        held == due,
        f"{name}: not there {list(due - held)}, too many {list(held - due)}",
    )


def _seen_by_emp(cdr: Mapping[str, Any]) -> str:
    """What of a CDR stays as it is on its way through Roam, which has ids of its own.

    Some versions tell whole seconds only.
    """
    energy, began = float(cdr["total_energy"]), cdr["start_date_time"][:19]
    return f"{cdr['cdr_token']['uid']} at {began}: {energy:g} kWh"
