"""A remote start: where, with what, and what keeps it from happening."""

from __future__ import annotations

from typing import Any

from mock_peer.check_remote import FIRST, find_place
from mock_peer.known import Known, KnownLocation
from simulator.kernel.clock import DEFAULT_START
from tests.mock_peer.checking import check_our_cpo, told


def known(*evses: dict[str, Any]) -> Known:
    held = Known()
    held.take_location(KnownLocation({"id": "LOC1", "evses": list(evses)}, DEFAULT_START))
    return held


def evse(uid: str, status: str = "AVAILABLE", *capabilities: str) -> dict[str, Any]:
    return {"uid": uid, "status": status, "capabilities": list(capabilities)}


def test_a_told_place_is_taken_as_it_is() -> None:
    assert find_place("L1/E1/2", known()) == {
        "location_id": "L1",
        "evse_uid": "E1",
        "connector_id": "2",
    }
    assert find_place("L1", known()) == {"location_id": "L1"}


def test_the_first_free_evse_that_can_be_started_remotely_is_preferred() -> None:
    held = known(
        evse("BUSY", "CHARGING", "REMOTE_START_STOP_CAPABLE"),
        evse("PLAIN"),
        evse("ABLE", "AVAILABLE", "REMOTE_START_STOP_CAPABLE"),
    )
    assert find_place(FIRST, held) == {"location_id": "LOC1", "evse_uid": "ABLE"}
    assert find_place(FIRST, known(evse("PLAIN"))) == {
        "location_id": "LOC1",
        "evse_uid": "PLAIN",
    }
    assert find_place(FIRST, known(evse("BUSY", "CHARGING"))) is None


async def test_an_evse_that_is_not_there_is_refused_and_the_stop_left_out() -> None:
    report, _, _ = await check_our_cpo(wait_s=0, remote_start="DE-1/NOT-HERE")
    verdicts = told(report.lines)
    assert verdicts["check.start-session"] == "FAIL"
    (stop,) = (line for line in report.lines if line.id == "check.stop-session")
    assert stop.ruling.why == "no session was started"
