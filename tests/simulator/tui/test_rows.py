"""What a filter sees."""

from __future__ import annotations

import pytest

from simulator.kernel.filters import FLAGS, NUMBERS, WORDS, parse
from simulator.tui.questions import of
from simulator.tui.rows import OfExchange, OfStation, OfVisit
from simulator.tui.visits import Visit
from tests.simulator.tui.stage import Wire, evse, station
from tests.simulator.tui.test_pairing import paired


@pytest.mark.parametrize(
    ("text", "picked"),
    [
        ("", [1, 2, 3, 4]),
        ("~cp CP1", [1]),
        ("~cp plugsurfing", [2, 3]),
        ("~a cdrs", [2]),
        ("~s 2001", [2]),
        ("~s HTTP*200", []),
        ('~s "HTTP 200"', [2]),
        ("~leg ocpp", [1]),
        ("~leg step", [4]),
        ("~u receiver/cdrs", [2]),
        ("~tok X1", [1]),
        ("~body as*", []),
        ('~body "as it is"', [2]),
        ("~lat>10", [2]),
        ("~err", [2, 3]),
        ("~rule some-rule", [2, 3]),
        ("~sess S1", [2]),
        ("~m", [4]),
        ("~fault", []),
        ("plug", [2, 3, 4]),
    ],
)
def test_exchanges(text: str, picked: list[int]) -> None:
    wire = Wire()
    wire.call("Authorize", {"idTag": "X1"}, {"idTagInfo": {"status": "Accepted"}})
    record = wire.ocpi("POST", "cdrs", {}, code=2001, session="S1")
    wire.finding(record["seq"])
    wire.journal.append("step", "scenario", step="plug", arguments={})
    read = parse(text)
    found = [ex.number for ex in paired(wire.records) if read.matches(OfExchange(ex, {4}))]
    assert found == picked


def test_stations() -> None:
    now = station("CP1", evse(status="Charging", token="X1", session="S1"))
    for text in ("~cp cp1", "~s charging", "~tok X1", "~sess S1", "Roamlab", "!~err", "~m"):
        assert parse(text).matches(OfStation("CP1", now, {"CP1"})), text
    assert parse("~err").matches(OfStation("CP1", station("CP1", connected=False)))
    assert parse("CP1").matches(OfStation("CP1", None))
    assert not parse("~s x").matches(OfStation("CP1", None))


def test_sessions() -> None:
    visit = Visit("S1", "now", station="CP1", token="X1", state="completed", cdr="refused")
    for text in ("~cp CP1", "~s refused", "~tok X", "~sess S1", "~err", "completed", "!~m"):
        assert parse(text).matches(OfVisit(visit)), text


def test_a_session_whose_cdr_was_refused_at_first_is_among_those_that_were_refused() -> None:
    visit = Visit("S1", "now", state="completed", cdr="accepted")
    asked = parse(of("a").filter)
    assert not asked.matches(OfVisit(visit))
    visit.refusal = "2001"
    assert asked.matches(OfVisit(visit)) and parse("~s accepted").matches(OfVisit(visit))
    assert not asked.matches(OfVisit(Visit("S2", "now", state="refused")))


def test_every_operator_is_known_to_some_row() -> None:
    wire = Wire()
    wire.ocpi("POST", "cdrs", {}, session="S1")
    row = OfExchange(paired(wire.records)[0])
    assert all(row.field(name) is not None for name in (*WORDS, *FLAGS, *NUMBERS))
