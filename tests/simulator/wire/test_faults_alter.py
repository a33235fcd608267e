"""The fault `alter`: what it makes of values, of requests and answers, of OCPP's messages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.wire import faults_text as texts
from simulator.wire.fault_spec import Fault, FaultError, Moment
from simulator.wire.faults import FaultBoard
from simulator.wire.faults_frame import EFFECTS, Draft
from simulator.wire.faults_http import handler
from simulator.wire.http import Request, Response


@pytest.mark.parametrize(
    ("new", "gone", "left", "astray"),
    [
        ({"/a": 2}, (), {"a": 2, "list": [1, {"b": 0}]}, []),
        ({"/x/y": 1}, (), {"a": 1, "list": [1, {"b": 0}], "x": {"y": 1}}, []),
        ({"/list/1/b": None}, (), {"a": 1, "list": [1, {"b": None}]}, []),
        ({"/list/-": 3}, (), {"a": 1, "list": [1, {"b": 0}, 3]}, []),
        ({"/list/7": 3, "/a/b": 3}, (), {"a": 1, "list": [1, {"b": 0}]}, ["/list/7", "/a/b"]),
        ({}, ("/list/0", "/a"), {"list": [{"b": 0}]}, []),
        ({}, ("/none", "/list/9"), {"a": 1, "list": [1, {"b": 0}]}, ["/none", "/list/9"]),
        ({"": [1]}, (), [1], []),
    ],
)
def test_values_are_put_and_taken_by_pointer(
    new: dict[str, Any], gone: tuple[str, ...], left: Any, astray: list[str]
) -> None:
    value = {"a": 1, "list": [1, {"b": 0}]}
    assert texts.altered(value, new, gone) == (left, astray)


def test_what_is_put_stays_as_the_fault_has_it() -> None:
    new = {"/a": {"b": 1}, "/a/c": 2}
    assert texts.altered({}, new, ())[0] == {"a": {"b": 1, "c": 2}}
    assert new == {"/a": {"b": 1}, "/a/c": 2}


@pytest.mark.parametrize(
    "given", [{"set": {"country": "BRA"}}, {"set": {}}, {"set": []}, {"remove": []}]
)
def test_what_is_no_pointer_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(FaultError, match=next(iter(given))):
        Fault.parse({"kind": "alter", **given})


def board_of(clock: Clock, chance: Chance, journal: Journal) -> FaultBoard:
    return FaultBoard(chance, clock, journal)


async def asked(
    board: FaultBoard, clock: Clock, journal: Journal, body: bytes
) -> tuple[Request, Response]:
    seen: list[Request] = []

    async def answer(request: Request) -> Response:
        seen.append(request)
        return Response(200, body=b'{"status_code": 1000, "data": {"id": 1.10}}')

    serve = handler(answer, board, clock, journal, "cpo")
    response = await serve(Request("PUT", "/ocpi/2.2.1/receiver/locations/X", body=body))
    return seen[0], response


async def test_a_request_is_read_as_altered(clock: Clock, chance: Chance, journal: Journal) -> None:
    board = board_of(clock, chance, journal)
    board.add({"kind": "alter", "direction": "received", "set": {"/country": "BRA"},
               "remove": "/city /none", "as_method": "PATCH", "as_path": "/elsewhere"})  # fmt: skip
    request, _ = await asked(board, clock, journal, b'{"country": "DEU", "city": "K", "n": 1.10}')
    assert (request.method, request.path) == ("PATCH", "/elsewhere")
    assert request.body == b'{"country":"BRA","n":1.10}'
    (record,) = [r for r in journal.records if r["leg"] == "fault"]
    did = record["data"]["did"]
    assert did == "another /country, no /city; there is no /none, PATCH, /elsewhere"


async def test_a_request_that_is_no_json_stays(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    board = board_of(clock, chance, journal)
    board.add({"kind": "alter", "direction": "received", "set": {"/country": "BRA"}})
    request, _ = await asked(board, clock, journal, b"{")
    assert request.body == b"{"
    assert list(journal.records)[-1]["data"]["did"] == "nothing: it is no JSON"


async def test_an_answer_is_sent_as_altered(clock: Clock, chance: Chance, journal: Journal) -> None:
    board = board_of(clock, chance, journal)
    board.add({"kind": "alter", "of": "answer", "set": {"/data/name": "n"}, "as_method": "PUT"})
    request, response = await asked(board, clock, journal, b"{}")
    assert (request.method, request.body) == ("PUT", b"{}")
    assert response.body == b'{"status_code":1000,"data":{"id":1.10,"name":"n"}}'


@pytest.mark.parametrize(
    ("frame", "left"),
    [
        ('[2,"1","Authorize",{"idTag":"A"}]', [2, "1", "Authorize", {"idTag": "B"}]),
        ('[3,"1",{"idTag":"A"}]', [3, "1", {"idTag": "B"}]),
    ],
)
async def test_a_message_of_ocpp_is_altered(
    clock: Clock, chance: Chance, journal: Journal, frame: str, left: Any
) -> None:
    board = board_of(clock, chance, journal)
    board.add({"kind": "alter", "set": {"/idTag": "B"}, "of": "request"})
    (hit,) = board.strike(Moment("ocpp", "cpo", None, "sent", "request"))
    draft = Draft(frame)
    assert EFFECTS["alter"](draft, hit) == "another /idTag"
    assert json.loads(draft.text) == left
