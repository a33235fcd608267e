"""Who pays for a session, and what: in OCPI's words. Pure.

Rule: four decimals (OCPI 2.2.1 types, number), and no cost where a tariff has none of that kind.
"""

from __future__ import annotations

from typing import Any

from simulator.cpo.authorize import Decision
from simulator.cpo.periods import ZERO, four_places
from simulator.ocpi.tariff import Priced

Object = dict[str, Any]


def cdr_token(decision: Decision) -> Object:
    """The CdrToken of a decision's token (2.2.1 mod_cdrs, CdrToken class)."""
    token = decision.token or {}
    return {
        "country_code": token.get("country_code", ""),
        "party_id": token.get("party_id", ""),
        "uid": token.get("uid", decision.uid),
        "type": token.get("type", "RFID"),
        "contract_id": token.get("contract_id", decision.uid),
    }


def costs(priced: Priced | None) -> Object:
    """The cost fields of a CDR; a session without a tariff is free."""
    if priced is None:
        return {"total_cost": {"excl_vat": ZERO, "incl_vat": ZERO}}
    totals = {
        "total_cost": priced.total_cost,
        "total_fixed_cost": priced.total_fixed_cost,
        "total_energy_cost": priced.total_energy_cost,
        "total_time_cost": priced.total_time_cost,
        "total_parking_cost": priced.total_parking_cost,
        "total_reservation_cost": priced.total_reservation_cost,
    }
    return {name: cost for name, total in totals.items() if (cost := to_price(total))}


def to_price(cost: Any) -> Object | None:
    """An OCPI Price of four decimals; None where there is no such cost."""
    if cost is None:
        return None
    amounts = {"excl_vat": cost.excl_vat, "incl_vat": cost.incl_vat}
    return {name: four_places(amount) for name, amount in amounts.items() if amount is not None}
