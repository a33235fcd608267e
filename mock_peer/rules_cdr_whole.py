"""Whether a CDR is complete and correct: by the version's definition, and in itself.

Rule: what is told twice agrees (the token and its contract, the totals and the charging periods),
and what is billed is an amount. Tolerances are generous: rounding is no contradiction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from mock_peer import raw
from mock_peer.facts import CdrFacts
from mock_peer.rule import Breach, Context
from mock_peer.rules_connection import valid as valid_object

TOTALS = (
    "total_cost",
    "total_fixed_cost",
    "total_energy_cost",
    "total_time_cost",
    "total_parking_cost",
    "total_reservation_cost",
)
AMOUNTS = ("total_energy", "total_time", "total_parking_time")
NUMBER = (int, Decimal, float)
# A total may differ so far from its charging periods: kWh and hours, and more for each period that
# was rounded by itself. 0.02 h are 72 s: some round to the minute.
ENERGY_TOLERANCE = Decimal("0.01")
TIME_TOLERANCE = Decimal("0.02")
PERIOD_TOLERANCE = Decimal("0.001")

_whole = valid_object("cdr")
_SUMMED = frozenset({"ENERGY", "TIME", "PARKING_TIME", "RESERVATION_TIME"})
_ZERO, _HOUR = Decimal(0), Decimal(3600)
SOUND = "cdr is sound"  # in `Context.memo`: nothing was found here


def valid(body: Any, context: Context) -> Iterator[Breach]:
    """Every error by the version's own definition, then what contradicts itself."""
    sound = True
    for breach in (*_whole(body, context), *_wrong_in_itself(body, context)):
        sound = False
        yield breach
    context.memo[SOUND] = sound


def _wrong_in_itself(body: Any, context: Context) -> Iterator[Breach]:
    if not isinstance(body, dict):
        return
    facts: CdrFacts = context.memo["cdr"]
    for pointer, value in numbers(body):
        if not isinstance(value, bool) and raw.exact(value) is None:
            yield Breach(pointer, value, "an amount that there can be", facts.objects)
    yield from _other_token(body, facts)
    apart = list(_contradictions(body, facts))
    yield from apart
    if all(breach.pointer != "/total_time" for breach in apart):
        yield from _too_long(body, facts)


def numbers(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The totals of a CDR that are numbers: a total is one in 2.1.1, a Price of two since."""
    for name in (*TOTALS, *AMOUNTS):
        told = body.get(name)
        if isinstance(told, dict):
            for part in ("excl_vat", "incl_vat"):
                if isinstance(told.get(part), NUMBER):
                    yield f"/{name}/{part}", told[part]
        elif isinstance(told, NUMBER):
            yield f"/{name}", told


def _other_token(body: Any, facts: CdrFacts) -> Iterator[Breach]:
    """The contract and the owner are those that Plugsurfing issued the token under."""
    told = raw.text(body, facts.places.contract) if facts.places.contract else None
    if told is None or facts.token is None:
        return
    if not same_contract(told, facts.token["contract_id"]):
        expected = f"{facts.token['contract_id']}, the contract of this token"
        yield Breach(facts.places.contract, told, expected, facts.objects)
    for name in ("country_code", "party_id"):
        owner = raw.key(body, f"/cdr_token/{name}")
        if owner is not None and owner != str(facts.token.get(name, owner)).casefold():
            expected = f"{facts.token[name]}, the owner of this token"
            yield Breach(f"/cdr_token/{name}", owner, expected, facts.objects)


def same_contract(one: str, other: str) -> bool:
    """Whether two contract ids are the same; the dashes of an EMAID may be left out."""
    return one == other or _bare(one) == _bare(other)


def _bare(contract: str) -> str:
    return contract.replace("-", "").casefold()


def _contradictions(body: Mapping[str, Any], facts: CdrFacts) -> Iterator[Breach]:
    """Totals that are not what the charging periods add up to."""
    periods = raw.items(body, "/charging_periods")
    sums, timed = _sums(periods)
    room = PERIOD_TOLERANCE * len(periods)
    energy = sums.get("ENERGY")
    yield from _apart(body, "total_energy", energy, ENERGY_TOLERANCE + room, "kWh", facts)
    if "RESERVATION_TIME" in sums or not timed:
        return
    parked, room = sums.get("PARKING_TIME", _ZERO), TIME_TOLERANCE + room
    spent = sums.get("TIME", _ZERO) + parked
    total = raw.number(body, "/total_time")
    # Periods that tell no time leave more of it than was added up.
    if timed == len(periods) or (total is not None and total < spent):
        yield from _apart(body, "total_time", spent, room, "h", facts)
    if timed == len(periods) or "PARKING_TIME" in sums:
        yield from _apart(body, "total_parking_time", parked, room, "h", facts)


def _too_long(body: Mapping[str, Any], facts: CdrFacts) -> Iterator[Breach]:
    """A total_time beyond the time from start to end."""
    told = raw.exact(body.get("total_time"))
    if told is None or facts.start is None or facts.end is None or facts.end < facts.start:
        return
    lasted = Decimal(int((facts.end - facts.start).total_seconds())) / _HOUR
    if told > lasted + TIME_TOLERANCE:
        expected = f"at most {lasted:.3f} h, from start to end"
        yield Breach("/total_time", body["total_time"], expected, facts.objects)


def _sums(periods: list[Any]) -> tuple[dict[str, Decimal], int]:
    """The volumes of all periods by dimension, and how many of them tell a time."""
    sums: dict[str, Decimal] = {}
    timed = 0
    for period in periods:
        dimensions = period.get("dimensions") if isinstance(period, dict) else None
        tells_time = False
        for dimension in dimensions if isinstance(dimensions, list) else ():
            kind = dimension.get("type") if isinstance(dimension, dict) else None
            if not isinstance(kind, str) or kind not in _SUMMED:
                continue
            sums[kind] = sums.get(kind, _ZERO) + (raw.exact(dimension.get("volume")) or _ZERO)
            tells_time = tells_time or kind in ("TIME", "PARKING_TIME")
        timed += tells_time
    return sums, timed


def _apart(
    body: Mapping[str, Any], name: str, right: Decimal | None, room: Decimal, unit: str, facts: Any
) -> Iterator[Breach]:
    told = raw.exact(body.get(name))
    if told is not None and right is not None and abs(told - right) > room:
        expected = f"{right.normalize():f} {unit}, what the charging periods add up to"
        yield Breach(f"/{name}", body[name], expected, facts.objects)
