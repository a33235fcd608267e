"""What the detail panes say."""

from __future__ import annotations

from simulator.tui import details
from tests.simulator.tui.stage import Wire, evse, station
from tests.simulator.tui.test_pairing import paired


def test_a_charging_station() -> None:
    now = station("CP1", evse(
        status="Charging", state="charging", car="compact", soc_percent=42.0, power_w=11000.0,
        transaction="T1", token="X1", session="S1", energy_wh=1500,
    ), queued=2)  # fmt: skip
    told = details.station(now, {("CP1", 1): [(0.0, 41.0), (22000.0, 42.0)]}, 60).plain
    for words in ("CP1  OCPP 1.6  connected", "2 messages wait", "car compact, 42 %",
                  "11.00 kW  ▁█",
                  "1.500 kWh", "transaction T1, card X1", "phases"):  # fmt: skip
        assert words in told, words


def test_what_an_evse_waits_for_and_the_cars_contract() -> None:
    contract = {"emaid": "DE8PSC123456783", "subject": "CN=DE8PSC123456783", "issuer": "CN=Sub",
                "not_before": "2026-01-01T", "not_after": "2027-01-01T"}  # fmt: skip
    told = details.station(
        station("CP1", evse(car="compact", state="plugged", contract=contract)), {}, 60
    ).plain
    assert "waits for a card or a remote start" in told and "DE-8PS-C12345678-3" in told


def test_certificates_and_contracts() -> None:
    own = {"type": "V2GCertificate", "subject": "CN=x", "serial": "1", "not_before": "2026-01-01T",
           "not_after": "2027-01-01T", "valid": True}  # fmt: skip
    store = {"usable": True, "requested": [], "roots": {"V2GRoot": 1}, "own": [own]}
    told = details.station(station("CP1", certificates=store, pnc=True), {}, 60).plain
    for words in ("contracts are taken", "a certificate for cars is there", "1 x V2GRoot",
                  "V2GCertificate  CN=x", "2026-01-01 to 2027-01-01"):  # fmt: skip
        assert words in told, words


def test_an_exchange_shows_findings_where_they_belong() -> None:
    wire = Wire()
    record = wire.ocpi("POST", "cdrs", {"id": 7}, direction="received", code=2001)
    wire.finding(record["seq"], "/id")
    wire.finding(record["seq"], "/reference")
    told = details.exchange(paired(wire.records)[0]).plain
    assert "✗ cdr.some-rule  reject, says plugsurfing" in told
    assert "  id: 7\n  ▲ cdr.some-rule: expected an id" in told
    assert "{\n▲ /reference: cdr.some-rule: expected an id" in told
    assert "Response  HTTP 200" in told and "status_code: 2001" in told
    assert "TOPSECRET" not in told


def test_schema_errors_stand_in_what_they_judge() -> None:
    wire = Wire()
    wire.ocpp(2, "station/CP1", "sent", {"idTag": 5}, action="Authorize",
              errors=["/idTag: a text is expected"])  # fmt: skip
    told = details.exchange(paired(wire.records)[0]).plain
    assert "schema, says CP1: /idTag: a text is expected" in told
    assert "idTag: 5\n  ▲ a text is expected" in told
    assert "not answered yet" in told


def test_a_frame_that_cannot_be_read_is_shown_as_it_is_with_its_answer() -> None:
    wire = Wire()
    wire.call("Heartbeat", kind=4)
    deep = "[" * 5000
    for text in ("[2, nonsense", deep):
        for record in wire.records:
            if record["message_type"] == 2:
                record["frame"] = text
        (ex,) = paired(wire.records)
        assert (ex.line.outcome, ex.line.tone) == ("InternalError", "bad")
        told = details.exchange(ex).plain
        assert f"Request\n{text[:2000]}\n" in told and "InternalError" in told


def test_a_finding_of_its_own() -> None:
    wire = Wire()
    wire.finding(1, seen={"a": 1})
    told = details.exchange(paired(wire.records)[0]).plain
    assert "at        /id" in told and "expected  an id" in told
