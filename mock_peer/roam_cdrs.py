"""CDRs towards EMPs: ids rewritten, the EMP's own token and reference, the cost broken down.

Rule: pure; no total is ever changed, only told in parts. Source: Roam OCPI, CDRs module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from mock_peer import raw
from mock_peer.roam_ids import IdMap, Kind, Origin
from mock_peer.roam_locations import shown_tariff, trimmed
from mock_peer.roam_tokens import Held
from simulator.ocpi.tariff import Priced, TariffError, price

PARTS = ("fixed", "energy", "time", "parking", "reservation")
CENT = Decimal("0.01")
_FOUR = Decimal("0.0001")
_ZERO = Decimal(0)
TariffOf = Callable[[str], Mapping[str, Any] | None]
Amounts = dict[str, dict[str, Decimal]]  # part -> excl_vat and, where the total has it, incl_vat


class How(StrEnum):
    """Where a breakdown comes from."""

    CPO = "told by the CPO"
    PRICED = "priced by the tariff"
    SCALED = "priced by the tariff, in proportion to the CPO's total"
    WHOLE = "the total, as one part: the tariff is unknown or cannot be priced"


class Breakdown(NamedTuple):
    """The cost by dimension, as fields of a CDR."""

    fields: dict[str, Any]
    how: How


def is_credit(cdr: Mapping[str, Any]) -> bool:
    """True for a credit CDR, which is never passed on."""
    return bool(cdr.get("credit")) or cdr.get("credit_reference_id") is not None


def shown_cdr(
    cdr: Mapping[str, Any],
    origin: Origin,
    ids: IdMap,
    held: Held,
    *,
    reference: str | None = None,
    tariff_of: TariffOf = lambda _: None,
    time_zone: str = "UTC",
) -> tuple[dict[str, Any], How]:
    """A CDR as an EMP gets it, and where its breakdown comes from.

    `origin` is the connection and CPO; `reference` the EMP's own; `tariff_of` finds a CPO's tariff
    by its id; `time_zone` is the location's.
    """
    tariffs = _tariffs(cdr, tariff_of)
    shown = {**cdr, "cdr_token": held.cdr_token}
    shown.pop("authorization_reference", None)
    if reference is not None:
        shown["authorization_reference"] = reference
    _rewrite_ids(shown, cdr, origin, ids)
    _rewrite_tariffs(shown, cdr, tariffs, origin, ids)
    found = breakdown(cdr, list(tariffs.values()), time_zone)
    return {**shown, **found.fields}, found.how


def shown_id(cdr: Mapping[str, Any], origin: Origin, ids: IdMap) -> str:
    """The id by which an EMP knows a CDR: its session's, where there is one."""
    session_id = cdr.get("session_id")
    if session_id is not None:
        return ids.issue(Kind.SESSION, origin._replace(ids=(str(session_id),)))
    return ids.issue(Kind.CDR, origin._replace(ids=(str(cdr["id"]),)))


def _rewrite_ids(shown: dict[str, Any], cdr: Mapping[str, Any], origin: Origin, ids: IdMap) -> None:
    shown["id"] = shown_id(cdr, origin, ids)
    if cdr.get("session_id") is not None:
        shown["session_id"] = shown["id"]
    place = cdr.get("cdr_location")
    if not isinstance(place, dict):
        return
    path = tuple(str(place.get(name)) for name in ("id", "evse_uid", "connector_id"))
    kinds = (("id", Kind.LOCATION), ("evse_uid", Kind.EVSE), ("connector_id", Kind.CONNECTOR))
    rewritten_place = dict(place)
    for depth, (name, kind) in enumerate(kinds, 1):
        if name in place:
            rewritten_place[name] = ids.issue(kind, origin._replace(ids=path[:depth]))
    shown["cdr_location"] = trimmed(rewritten_place)


def _tariffs(cdr: Mapping[str, Any], tariff_of: TariffOf) -> dict[str, Mapping[str, Any]]:
    """The tariffs that a CDR rests on, by id: those it carries, else those it names."""
    carried = {raw.key(one, "/id"): one for one in raw.items(cdr, "/tariffs")}
    named = [raw.key(period, "/tariff_id") for period in raw.items(cdr, "/charging_periods")]
    found = {name: carried.get(name) or tariff_of(name) for name in named if name}
    known = {name: one for name, one in found.items() if one is not None}
    return known or {name: one for name, one in carried.items() if name is not None}


def _rewrite_tariffs(
    shown: dict[str, Any],
    cdr: Mapping[str, Any],
    tariffs: Mapping[str, Mapping[str, Any]],
    origin: Origin,
    ids: IdMap,
) -> None:
    rewritten = {name: shown_tariff(one, origin, ids) for name, one in tariffs.items()}
    if rewritten:
        shown["tariffs"] = list(rewritten.values())
    periods = []
    for period in raw.items(cdr, "/charging_periods"):
        name = raw.key(period, "/tariff_id")
        if name is not None:
            kept = {key: value for key, value in period.items() if key != "tariff_id"}
            known = rewritten.get(name)
            period = {**kept, "tariff_id": known["id"]} if known else kept
        periods.append(period)
    shown["charging_periods"] = periods


# The breakdown


def breakdown(
    cdr: Mapping[str, Any], tariffs: Sequence[Mapping[str, Any]], time_zone: str
) -> Breakdown:
    """The cost of a CDR by dimension; its parts add up to the total, to the cent."""
    total = _amounts(cdr.get("total_cost"))
    told = {
        part: amounts
        for part in PARTS
        if (amounts := _amounts(cdr.get(f"total_{part}_cost"))) is not None
    }
    if total is None:
        return Breakdown({}, How.CPO)
    if told and _adds_up(told, total):
        return Breakdown({}, How.CPO)
    priced = _priced(cdr, tariffs, time_zone)
    if priced and _adds_up(priced, total):
        return Breakdown(_fields(priced, total), How.PRICED)
    if priced and (scaled := _scaled(priced, total)):
        return Breakdown(_fields(scaled, total), How.SCALED)
    part = "energy" if (raw.number(cdr, "/total_energy") or _ZERO) > 0 else "time"
    return Breakdown(_fields({part: total}, total), How.WHOLE)


def _amounts(value: Any) -> dict[str, Decimal] | None:
    excluding = raw.number(value, "/excl_vat")
    if excluding is None:
        return None
    including = raw.number(value, "/incl_vat")
    return {"excl_vat": excluding} | ({} if including is None else {"incl_vat": including})


def _adds_up(parts: Amounts, total: Mapping[str, Decimal]) -> bool:
    return all(
        abs(sum((amounts.get(name, _ZERO) for amounts in parts.values()), _ZERO) - wanted) < CENT
        for name, wanted in total.items()
    )


def _priced(
    cdr: Mapping[str, Any], tariffs: Sequence[Mapping[str, Any]], time_zone: str
) -> Amounts | None:
    if not tariffs:
        return None
    try:
        priced: Priced = price(
            tariffs if len(tariffs) > 1 else tariffs[0], cdr, time_zone=time_zone
        )
    except TariffError:
        return None
    parts = {part: getattr(priced, f"total_{part}_cost") for part in PARTS}
    return {
        part: {"excl_vat": cost.excl_vat, "incl_vat": cost.incl_vat}
        for part, cost in parts.items()
        if cost is not None
    }


def _scaled(priced: Amounts, total: Mapping[str, Decimal]) -> Amounts | None:
    """The priced parts in proportion to another total; the last part takes what rounding leaves."""
    whole = sum((amounts["excl_vat"] for amounts in priced.values()), _ZERO)
    if whole <= 0:
        return None
    shares = {part: amounts["excl_vat"] / whole for part, amounts in priced.items()}
    last = list(shares)[-1]
    scaled: Amounts = {part: {} for part in shares}
    for name, wanted in total.items():
        left = wanted
        for part, share in shares.items():
            amount = (wanted * share).quantize(_FOUR, ROUND_HALF_EVEN)
            scaled[part][name] = left if part == last else amount
            left -= amount
    return scaled


def _fields(parts: Amounts, total: Mapping[str, Decimal]) -> dict[str, Any]:
    """The parts as fields; none tells of VAT where the total does not (2.1.1)."""
    return {
        f"total_{part}_cost": {name: amounts[name] for name in total if name in amounts}
        for part, amounts in parts.items()
    }
