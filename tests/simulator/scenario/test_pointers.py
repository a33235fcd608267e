"""A pointer that leads nowhere is told with what was meant; a field of somebody's own is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.mistakes import Mistake
from simulator.scenario.match import Match, MatchError
from simulator.scenario.schema import read
from simulator.wire.ocpp_messages import OcppVersion

from .stage import scenario_file

_LIST = "expected a number (-1 is the last), or length"
_BEGIN = "pointers begin within what a message holds"
_EQ = "A mapping as it is: {eq: {…}}."


def where(pointer: str, wanted: Any = 1, **looked: Any) -> dict[str, Any]:
    """A match of a place in the request."""
    return {**looked, "where": {pointer: wanted}}


def answer(pointer: str, wanted: Any = 1, **looked: Any) -> dict[str, Any]:
    """A match of a place in the answer."""
    return {**looked, "answer": {pointer: wanted}}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            where("/idTg", ocpp="Authorize"),
            "no field is called 'idTg' there. Did you mean 'idTag'?",
        ),
        (where("/idtag", ocpp="Authorize"), "Did you mean 'idTag'?"),
        (answer("/idTokenInfo/staus", ocpp="Authorize"), "Did you mean 'status'?"),
        (where("/payload/idTag", ocpp="Authorize"), f"{_BEGIN}, as in /"),
        (where("/paylod/idTag", ocpp="Authorize"), _BEGIN),
        (where("/payload/x", ocpp="Heartbeat", version="1.6"), f"{_BEGIN}, not with 'payload'"),
        (where("/idTg", ocpp="*"), "Did you mean 'idTag'?"),
        (where("/idTg", filter="~err"), "Did you mean 'idTag'?"),
        (where("/stopReason", ocpp="Stop*", version="1.6"), "Did you mean 'reason'?"),
        (where("/sampleValue/0/value", ocpp="TransactionEvent"), "Did you mean"),
        (where("/meterValue/0/sampleValue/0", ocpp="TransactionEvent"), "'sampledValue'"),
        (where("/pendng", ocpp="NotifyPeriodicEventStream"), "Did you mean 'pending'?"),
        (where("/totl_cost", ocpi="POST cdrs"), "Did you mean 'total_cost'?"),
        (where("/total_cost/excl", ocpi="cdrs"), "Did you mean 'excl_vat'?"),
        (where("/cdr/total_cost", ocpi="POST cdrs"), _BEGIN),
        (where("/auth_idd", ocpi="PUT *", version="2.1.1"), "'auth_id'"),
        (where("/charging_periods/*/tariff_id", ocpi="POST cdrs"), _LIST),
        (where("/charging_periods/tariff_id", ocpi="POST cdrs"), _LIST),
        (where("/charging_periods/-1/tarif_id", ocpi="POST cdrs"), "Did you mean 'tariff_id'?"),
        (where("/id", ocpi="GET cdrs"), "a GET and a DELETE carry no body"),
        (answer("/data/0/id", ocpi="GET cdrs"), _BEGIN),
        (answer("/*/id", ocpi="GET cdrs"), _LIST),
        (answer("/0/evses/0/statuss", ocpi="GET locations"), "Did you mean 'status'?"),
        (where("/verdit", event="authorization.decided"), "Did you mean 'verdict'?"),
        (where("/data/why", event="cpo.*"), _BEGIN),
        (where("/nme", fault="hold"), "Did you mean 'name'?"),
        (where("/sevrity", finding="*"), "Did you mean 'severity'?"),
        (where("/argument/station", step="plug"), "Did you mean 'arguments'?"),
        (where("/total_energy", {"gte": 1}, ocpi="POST cdrs"), "no comparator 'gte'. Did you mean"),
        (where("/total_cost", {"excl": 1}, ocpi="POST cdrs"), f"mean 'excl_vat'? {_EQ}"),
        (where("/why", {"equals": 1}, event="cpo.*"), f"no comparator 'equals'. {_EQ}"),
        ({"ocpi": "cdrs", "headers": {"Own": {"matchs": "x"}}}, "Did you mean 'matches'?"),
        (answer("/why", event="cpo.killed"), "nothing of 'event' has that, ocpp and ocpi alone"),
        ({"ocpp": "Authorize", "status": 1000}, "status: nothing of 'ocpp' has that, ocpi alone"),
        ({"ocpi": "cdrs", "severity": "note"}, "nothing of 'ocpi' has that, finding alone"),
        ({"ocpi": "cdrs", "version": "2.2.2"}, "version: never '2.2.2'. Did you mean '2.2"),
    ],
)
def test_what_can_never_stand_anywhere(given: dict[str, Any], words: str) -> None:
    with pytest.raises(MatchError) as caught:
        Match.parse(given)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        where("/idTag", ocpp="Authorize"),
        where("/idToken/idToken", ocpp="*"),
        where("/acmeExtra", ocpp="Authorize"),
        where("/customData/vendor/x", ocpp="Authorize"),
        where("/data/anything", ocpp="DataTransfer", version="2.0.1"),
        where("/modell", ocpp="Vendor*"),
        where("/${place}", ocpp="Authorize"),
        where("", {"contains": {"idTg": 1}}, ocpp="Authorize"),
        where("", {"${name}": 1}, ocpp="Authorize"),
        answer("", {}, ocpp="Heartbeat"),
        answer("/idTokenInfo", {"status": "Accepted"}, ocpp="Authorize"),
        where("/total_cost/excl_vat", ocpi="POST cdrs"),
        where("/total_cost", {"excl_vat": 1, "incl_vat": 2}, ocpi="POST cdrs"),
        where("/charging_periods/length", ocpi="POST cdrs"),
        where("/charging_periods/0/dimensions/-1/volume", ocpi="POST cdrs"),
        where("/acme", ocpi="POST cdrs"),
        where("/nam", ocpi="POST nltnm-*"),
        where("", {"exists": False}, ocpi="GET"),
        answer("/0/id", ocpi="GET cdrs"),
        answer("/uid", ocpi="GET tokens"),
        answer("/0/evses/0/connectors/0/tariffs/0/currency", ocpi="GET locations"),
        answer("/allowed", ocpi="POST tokens"),
        where("/verdict", event="*"),
        where("/verdit", event="acme.*"),
        where("/spec/kind", event="fault.placed"),
        where("/spec", {"eq": {"kind": "drop"}}, event="fault.placed"),
        where("/arguments/station", step="plug"),
        where("/severity", "note", finding="cdr.price"),
        {"filter": "~err", "status": 2001, "direction": "received"},
        {"ocpi": "cdrs", "version": {"in": ["2.2.1"]}, "headers": {"Own-Header": "x"}},
    ],
)
def test_what_may_stand_there(given: dict[str, Any]) -> None:
    assert Match.parse(given)


def test_a_version_and_a_name_narrow_what_is_looked_at() -> None:
    twice = where("/evseId", ocpp="StatusNotification")
    assert Match.parse(twice)
    assert Match.parse({**twice, "version": OcppVersion.V201})
    with pytest.raises(MatchError, match="Did you mean 'connectorId'"):
        Match.parse(where("/connecterId", ocpp="StatusNotification", version="1.6"))


def test_a_file_is_told_the_line_before_anything_runs(tmp_path: Path) -> None:
    text = """\
name: pointed
world: tiny.yaml
steps:
  - plug: ST1
  - never:
      ocpi: POST cdrs
      where:
        /totl_cost: 5
  - expect_any_order:
      - {filter: "~cp ST2"}
      - {ocpp: Authorize, where: {/idTg: A}}
"""
    with pytest.raises(Mistake) as caught:
        read(scenario_file(tmp_path, text))
    told = str(caught.value)
    for line, words in (
        (8, "steps[1].never.where./totl_cost: no field is called 'totl_cost' there."),
        (10, "steps[2].expect_any_order[0].filter: ~cp: no name there is has 'ST2' in it."),
        (11, "idTg: no field is called 'idTg' there. Did you mean 'idTag'?"),
    ):
        assert any(f":{line}: " in each and words in each for each in told.splitlines()), told
