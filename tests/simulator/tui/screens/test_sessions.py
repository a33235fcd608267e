"""Screen 3, Sessions."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.tui.widgets.detail import Detail
from tests.simulator.tui.stage import (
    FakeEngine,
    Wire,
    evse,
    playing,
    seen,
    showing,
    station,
    until,
)

pytestmark = pytest.mark.real


async def test_sessions_and_what_became_of_them() -> None:
    engine, wire = FakeEngine("CP1"), Wire()
    for name, cdr in (("S1", "cdr.accepted"), ("S2", "cdr.refused")):
        wire.journal.event("station/CP1", "car.plugged", session=name, evse=1, model="compact")
        wire.journal.event("cpo", "cdr.made", session=name, kwh="7.3", cost="3.9", currency="EUR")
        wire.journal.event("cpo", cdr, session=name, problem="refused: 2001 because")
    engine.new = wire.records
    async with showing(engine) as (app, pilot):
        await pilot.press("3")
        await until(pilot, lambda: "Why the CDR was refused" in seen(app))
        text = seen(app)
        assert "Sessions 2" in text and "3.90 EUR" in text and "accepted" in text
        await pilot.press("up")
        await until(pilot, lambda: "Why the CDR was refused" not in seen(app))
        await pilot.press("slash", *"~s refused", "enter")
        await until(pilot, lambda: "Sessions 1 of 2" in seen(app))
        await pilot.press("c")
        await until(pilot, lambda: "filter ~sess S2" in seen(app))


async def test_while_a_car_charges_its_energy_is_the_meters() -> None:
    engine, wire = FakeEngine("CP1"), Wire()
    charging = evse(session="S1", transaction="1", car="anna", energy_wh=1234.0)
    engine.there["CP1"] = station("CP1", charging)
    wire.journal.event("station/CP1", "car.plugged", session="S1", evse=1, model="compact")
    engine.new = wire.records
    async with showing(engine) as (app, pilot):
        await pilot.press("3")
        await until(pilot, lambda: "1.234" in seen(app))
        engine.there["CP1"] = station("CP1", {**charging, "energy_wh": 2345.0})
        await until(pilot, lambda: "2.345" in seen(app))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_contract_from_plug_to_refusal(size: tuple[int, int]) -> None:
    """A world of Plug & Charge: what the EVSE waits for, then why its contract was refused."""
    async with playing(size=size, name="pnc-revoked") as (app, pilot):
        await app.engine.perform("plug", {"station": "CP-1", "car": "eva"})
        await until(pilot, lambda: "a card or a remote start" in fleet(app))
        assert "DE-8PS-COO13A3LZ-3" in fleet(app) and "CertificateRevoked" in fleet(app)
        await pilot.press("3")
        await until(pilot, lambda: "refused" in seen(app))
        pane = app.screen.query_one("#session", Detail)
        await until(pilot, lambda: "Why it was refused" in pane.text)
        for words in ("OCSP revoked", "CPO, by hashes: chain revoked", "a root that the station",
                      "iso15118CertificateHashData (3)"):  # fmt: skip
            assert words in pane.text, words
        assert "Plug & Charge" in seen(app)
        await pilot.press("slash", *"~tok de8ps", "enter")
        await until(pilot, lambda: "Sessions 1 of 1" in seen(app))


def fleet(app: Any) -> str:
    """What screen 1 tells of its station."""
    return str(app.screen.query_one("#station", Detail).text)
