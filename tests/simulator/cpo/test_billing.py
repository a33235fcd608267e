"""Who pays for a session, and what."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import msgspec

from simulator.cpo.billing import cdr_token, costs, to_price
from tests.simulator.cpo.test_session import ALLOWED


@dataclass
class Cost:
    """A cost as a price calculation gives it."""

    excl_vat: Decimal
    incl_vat: Decimal | None


def test_prices_have_four_decimals_and_no_vat_that_nobody_knows() -> None:
    assert to_price(Cost(Decimal("1.00005"), Decimal(2))) == {
        "excl_vat": Decimal("1.0001"),
        "incl_vat": Decimal(2),
    }
    assert to_price(Cost(Decimal(1), None)) == {"excl_vat": Decimal(1)}
    assert to_price(None) is None


def test_without_a_tariff_it_is_free() -> None:
    assert costs(None) == {"total_cost": {"excl_vat": 0, "incl_vat": 0}}


def test_who_pays_is_the_token_that_was_decided_about() -> None:
    assert cdr_token(ALLOWED)["contract_id"] == "DE-EMP-CARD1"
    unknown = msgspec.structs.replace(ALLOWED, token=None)
    assert cdr_token(unknown)["uid"] == cdr_token(unknown)["contract_id"] == "CARD1"
