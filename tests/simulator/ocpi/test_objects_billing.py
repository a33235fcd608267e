"""Sessions and CDRs share their parts, and differ where the specification says so."""

from __future__ import annotations

from simulator.ocpi.objects_billing import CDR, Session, Tariff, TariffElement
from simulator.ocpi.schema import hints_of, schema_of


def test_a_cdr_names_its_place_and_a_session_refers_to_it() -> None:
    assert {"location_id", "evse_uid", "connector_id"} <= set(hints_of(Session))
    assert "cdr_location" in schema_of(CDR)["required"]


def test_a_cdr_must_have_periods_and_a_session_may() -> None:
    assert schema_of(CDR)["properties"]["charging_periods"]["minItems"] == 1
    assert "charging_periods" not in schema_of(Session)["required"]


def test_a_tariff_s_elements_hold_prices() -> None:
    elements = schema_of(Tariff)["properties"]["elements"]
    assert elements["minItems"] == 1
    assert elements["items"] == schema_of(TariffElement)
    assert schema_of(TariffElement)["required"] == ["price_components"]
