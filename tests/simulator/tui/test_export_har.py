"""Exchanges as a HAR file, which others read: what HAR 1.2 requires is there, and no secret is."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import jsonschema_rs
import pytest

from simulator.mistakes import Mistake
from simulator.tui.export_har import har
from tests.simulator.tui.stage import Wire
from tests.simulator.tui.test_pairing import paired


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


TEXT, NUMBER, WHOLE = {"type": "string"}, {"type": "number"}, {"type": "integer"}
PAIRS = {"type": "array", "items": _object(name=TEXT, value=TEXT)}
# The members that HAR 1.2 does not call optional.
SIDE = {"httpVersion": TEXT, "cookies": PAIRS, "headers": PAIRS, "headersSize": WHOLE,
        "bodySize": WHOLE}  # fmt: skip
SCHEMA = _object(
    log=_object(
        version={"const": "1.2"},
        creator=_object(name=TEXT, version=TEXT),
        entries={
            "type": "array",
            "items": _object(
                startedDateTime=TEXT,
                time=NUMBER,
                request=_object(method=TEXT, url=TEXT, queryString=PAIRS, **SIDE),
                response=_object(
                    status=WHOLE,
                    statusText=TEXT,
                    content=_object(size=WHOLE, mimeType=TEXT),
                    redirectURL=TEXT,
                    **SIDE,
                ),
                cache={"type": "object"},
                timings=_object(send=NUMBER, wait=NUMBER, receive=NUMBER),
            ),
        },
    )
)


def entries(wire: Wire) -> list[dict[str, Any]]:
    told = json.loads(har(paired(wire.records)))
    jsonschema_rs.validate(SCHEMA, told)
    found: list[dict[str, Any]] = told["log"]["entries"]
    return found


def test_an_ocpi_exchange_is_an_entry() -> None:
    wire = Wire()
    record = wire.ocpi("POST", "cdrs", {"id": "ü"}, code=2001)
    wire.finding(record["seq"])
    (entry,) = entries(wire)
    assert (entry["request"]["method"], entry["response"]["status"]) == ("POST", 200)
    assert entry["request"]["postData"] == {"mimeType": "application/json", "text": '{"id":"ü"}'}
    assert entry["request"]["bodySize"] == 11
    assert json.loads(entry["response"]["content"]["text"])["status_code"] == 2001
    assert (entry["time"], entry["timings"]["wait"]) == (12.5, 12.5)
    began = datetime.fromisoformat(entry["startedDateTime"])
    assert (datetime.fromisoformat(record["at"]) - began).total_seconds() == pytest.approx(
        0.0125, abs=1e-3
    )
    assert entry["comment"] == "cdr.some-rule at /id"
    assert {"name": "Authorization", "value": "Token ***"} in entry["request"]["headers"]


def test_a_query_is_in_its_parts_and_what_was_not_answered_is_no_success() -> None:
    wire = Wire()
    record = wire.ocpi("GET", "tokens", None)
    record["url"] += "?offset=0&limit="
    record |= {"response": None, "http_status": None, "status_code": None}
    (entry,) = entries(wire)
    assert entry["request"]["queryString"] == [
        {"name": "offset", "value": "0"}, {"name": "limit", "value": ""},
    ]  # fmt: skip
    assert (entry["response"]["status"], entry["response"]["_error"]) == (0, "no answer")


async def test_a_stations_frames_are_the_messages_of_one_socket() -> None:
    wire = Wire()
    wire.call("Heartbeat")
    await wire.journal.clock.sleep(60)
    wire.ocpp(2, "cpo", "sent", {"type": "Soft"}, ident="c1", action="Reset")
    wire.ocpp(3, "cpo", "received", {"status": "Accepted"}, ident="c1", action="Reset")
    wire.ocpp(2, "station/CP2", "sent", {}, ident="c2")
    first, second = entries(wire)
    assert [m["type"] for m in first["_webSocketMessages"]] == [
        "send",
        "receive",
        "receive",
        "send",
    ]
    assert json.loads(first["_webSocketMessages"][2]["data"])[2] == "Reset"
    assert first["_webSocketMessages"][2]["time"] - first["_webSocketMessages"][0]["time"] == 60
    assert (first["_resourceType"], first["response"]["status"]) == ("websocket", 101)
    assert first["time"] == 60_000 and second["request"]["url"] == "ws://csms.invalid/CP2"


def test_steps_and_findings_are_no_messages() -> None:
    wire = Wire()
    wire.journal.append("step", "scenario", step="plug", arguments={})
    with pytest.raises(Mistake, match="a HAR file holds messages"):
        har(paired(wire.records))
