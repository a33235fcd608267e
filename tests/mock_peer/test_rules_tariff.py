"""Rules of tariffs."""

from __future__ import annotations

from typing import Any

import pytest

from mock_peer.rule import Occasion as On
from tests.mock_peer import objects as o
from tests.mock_peer.cases import Case, check


def with_component(**component: Any) -> dict[str, Any]:
    element = {"price_components": [{"price": 1, "step_size": 1, **component}]}
    return o.tariff(elements=[element])


def restricted(**restrictions: Any) -> dict[str, Any]:
    element = {**o.tariff()["elements"][0], "restrictions": restrictions}
    return o.tariff(elements=[element])


CASES = [
    Case("tariff.valid", On.TARIFF, o.tariff(), o.tariff(currency=1), "/currency"),
    Case(
        "tariff.valid",
        On.TARIFF,
        o.tariff(),
        o.tariff(),
        "/id",
        ids={"tariff_id": "T9"},
        good_ids={"tariff_id": "t1"},
    ),
    Case("tariff.regular-only", On.TARIFF, o.tariff(), o.tariff(type="PROFILE_FAST"), ""),
    Case(
        "tariff.unsupported-211",
        On.TARIFF,
        with_component(type="ENERGY"),
        with_component(type="PARKING_TIME"),
        "/elements/0/price_components/0",
        version="2.1.1",
    ),
    *(
        Case(
            "tariff.unsupported-211",
            On.TARIFF,
            restricted(max_kwh=10),
            restricted(**{name: 1}),
            f"/elements/0/restrictions/{name}",
            version="2.1.1",
        )
        for name in ("min_power", "max_power", "start_date", "end_date")
    ),
]


def enabled(case: Case) -> bool:
    from simulator.ocpi.versions import VERSIONS

    return case.version in VERSIONS


@pytest.mark.parametrize("case", [case for case in CASES if enabled(case)], ids=str)
def test_rule(case: Case) -> None:
    check(case)


def test_a_tariff_without_type_is_for_every_use() -> None:
    body = {name: value for name, value in o.tariff().items() if name != "type"}
    assert Case("tariff.regular-only", On.TARIFF, body, None, "").judged_good() == []


def test_in_22x_parking_time_and_dates_are_applied() -> None:
    body = with_component(type="PARKING_TIME")
    assert Case("tariff.unsupported-211", On.TARIFF, body, None, "").judged_good() == []
