"""What a fault makes of one HTTP request or answer, without a wire."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.wire.fault_spec import Moment
from simulator.wire.faults import FaultBoard
from simulator.wire.faults_parcel import EFFECTS, Parcel

HEADERS = {"X-Request-ID": "1", "Accept": "*/*"}


@pytest.fixture
def board(clock: Clock, chance: Chance, journal: Journal) -> FaultBoard:
    return FaultBoard(chance, clock, journal)


def struck(board: FaultBoard, clock: Clock, *, of: str = "request", **spec: Any) -> tuple[Any, str]:
    """A parcel after a fault of its own, and what that says it did."""
    board.add({"of": of, **spec})
    (hit,) = board.strike(Moment("http", "cpo", None, "sent", of))
    parcel = Parcel(b'{"id": 1}', dict(HEADERS), 200)
    return parcel, EFFECTS[spec["kind"]](parcel, hit, clock)


@pytest.mark.parametrize("of", ["request", "answer"])
def test_headers_are_added_and_take_their_namesake_s_place(
    board: FaultBoard, clock: Clock, of: str
) -> None:
    new = {"x-request-id": "2", "OCPI-to-party-id": "ABC"}
    parcel, did = struck(board, clock, of=of, kind="alter", set_headers=new)
    assert parcel.headers == {"Accept": "*/*", **new}
    assert (parcel.body, did) == (b'{"id": 1}', "with x-request-id, OCPI-to-party-id")


@pytest.mark.parametrize("query", ["limit=1&offset=2", ""])
def test_a_request_has_another_query(board: FaultBoard, clock: Clock, query: str) -> None:
    parcel, did = struck(board, clock, kind="alter", as_query=query)
    assert (parcel.query, parcel.path, did) == (query, None, f"?{query}")


def test_an_answer_has_no_query(board: FaultBoard, clock: Clock) -> None:
    parcel, did = struck(board, clock, of="answer", kind="alter", as_query="limit=1")
    assert (parcel.query, did) == (None, "nothing")


def test_a_second_alteration_leaves_what_the_first_has_made(
    board: FaultBoard, clock: Clock
) -> None:
    board.add({"kind": "alter", "as_method": "PUT", "as_path": "/a", "as_query": "b=1"})
    board.add({"kind": "alter", "set_headers": {"Accept": "*/*"}})
    parcel = Parcel(b"")
    for hit in board.strike(Moment("http", "cpo", None, "sent", "request")):
        EFFECTS["alter"](parcel, hit, clock)
    assert (parcel.method, parcel.path, parcel.query) == ("PUT", "/a", "b=1")


@pytest.mark.parametrize(
    ("kind", "gone"), [("reset", True), ("half_open", True), ("http_status", True),
                       ("delay", False), ("empty_body", False)]
)  # fmt: skip
def test_what_does_not_arrive_is_gone(
    board: FaultBoard, clock: Clock, kind: str, gone: bool
) -> None:
    assert struck(board, clock, kind=kind)[0].gone is gone
