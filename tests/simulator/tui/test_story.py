"""What the sessions' pane says."""

from __future__ import annotations

from simulator.tui import story
from simulator.tui.visits import Visit, Visits
from tests.simulator.tui.stage import Wire

CDR = {
    "id": "c1", "currency": "EUR", "start_date_time": "2026-01-15T07:00:00Z",
    "end_date_time": "2026-01-15T08:00:00Z", "total_cost": {"excl_vat": 5.0},
    "charging_periods": [{
        "start_date_time": "2026-01-15T07:00:00Z", "tariff_id": "t",
        "dimensions": [{"type": "ENERGY", "volume": 10}],
    }],
    "tariffs": [{
        "country_code": "DE", "party_id": "RLB", "id": "t", "currency": "EUR",
        "last_updated": "2026-01-01T00:00:00Z",
        "elements": [{"price_components": [{"type": "ENERGY", "price": 0.5, "vat": 19,
                                            "step_size": 1}]}],
    }],
    "cdr_location": {}, "total_energy": 10, "total_time": 1,
}  # fmt: skip


def told(*, mended: bool = False, **changes: object) -> str:
    wire, visits = Wire(), Visits()
    wire.journal.event("cpo", "cdr.made", session="S1", kwh="10", cost="5", currency="EUR")
    wire.ocpi("POST", "cdrs", {**CDR, **changes}, session="S1", code=2001)
    wire.journal.event("cpo", "cdr.refused", session="S1", problem="refused: 2001 because")
    wire.journal.append(
        "finding", "plugsurfing", "cpo", "S1", rule="cdr.some-rule", severity="reject",
        pointer="/id", seen="c1", expected="another", message_seq=1, objects=[],
    )  # fmt: skip
    if mended:
        wire.journal.event("cpo", "cdr.accepted", session="S1")
    for record in wire.records:
        visits.take(record)
    return story.visit(visits.all["S1"]).plain


def test_why_what_it_costs_and_who_said_what() -> None:
    text = told()
    assert "Why the CDR was refused\nrefused: 2001 because" in text
    assert "cdr.some-rule  reject" in text and "expected  another" in text
    assert "10 kWh of energy at 0.5" in text
    assert "5.00  EUR net, 5.95 with VAT, 10 kWh in 1 h" in text
    assert "does not give" not in text
    assert "Ladder" in text and "POST cdrs" in text


def test_why_is_still_told_once_the_cdr_was_sent_again_and_accepted() -> None:
    text = told(mended=True)
    assert "CDR accepted" in text
    assert "Why the CDR was refused (now accepted)\nrefused: 2001 because" in text


def test_a_price_that_the_tariff_does_not_give() -> None:
    assert "the CDR asks for 6.0, which its tariff does not give" in told(
        total_cost={"excl_vat": 6.0}
    )


def test_a_price_that_cannot_be_explained() -> None:
    text = told(tariffs=None)
    assert "the CDR asks for 5.0 EUR" in text and "cannot be explained" in text


def test_energy_says_who_told_it_while_it_flows() -> None:
    one = Visit("S1", "2026-01-15T07:00:00.000Z", kwh="0.5", state="charging")
    assert "0.500 kWh, as the CPO has told so far" in story.visit(one).plain
    one.state = "completed"
    assert "0.500 kWh" in story.visit(one).plain and "so far" not in story.visit(one).plain
    one.kwh = "much"
    assert "much" in story.visit(one).plain
