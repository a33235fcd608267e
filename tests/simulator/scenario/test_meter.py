"""Figures over the last minutes."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.scenario.meter import SECONDS, Meter, percentile

from .stage import answer, call, ocpi, refusal


class Wall:
    """Real time, as the test has it."""

    def __init__(self, journal: Journal) -> None:
        self.ms = 0.0
        self.meter = Meter(lambda: self.ms)
        journal.subscribe(self.meter.take)


@pytest.fixture
def wall(journal: Journal) -> Wall:
    return Wall(journal)


def test_messages_are_counted_once_whichever_ends_tell_of_them(
    journal: Journal, wall: Wall
) -> None:
    _known(journal, wall)
    call(journal, "Heartbeat", {}, key="1")
    _at_cpo(journal, 2, "1")
    _at_cpo(journal, 3, "1", "sent")
    answer(journal, {}, key="1")
    _at_peer(journal)
    ocpi(journal)
    wall.ms = 2000.0
    told = wall.meter.figures()
    assert told["rates"] == {"ocpp": 1.0, "ocpi": 0.5}
    assert told["seconds"]["ocpp"] == [2, 0] and told["seconds"]["ocpi"] == [1, 0]
    assert told["totals"]["ocpp_calls"] == 1 and told["totals"]["ocpi_requests"] == 1


def _known(journal: Journal, wall: Wall) -> None:
    """Everybody has been heard of."""
    for actor in ("station/1", "cpo", "plugsurfing"):
        wall.meter._actors.add(actor)


def _at_cpo(journal: Journal, kind: int, key: str, direction: str = "received") -> None:
    """What the CPO tells of a frame."""
    _frame(journal, "cpo", "station/1", kind, key, direction)


def _frame(
    journal: Journal, actor: str, peer: str, kind: int, key: str, direction: Any, *errors: str
) -> None:
    journal.ocpp(
        actor, peer, None, version="1.6", direction=direction, frame="[]", message_type=kind,
        message_id=key, action="Heartbeat", errors=list(errors),
    )  # fmt: skip


def _at_peer(journal: Journal, status: int = 1000) -> None:
    """What the peer tells of a request of the CPO: before the CPO does, for it answers it."""
    journal.ocpi(
        "plugsurfing", "cpo", None, version="2.2.1", module="cdrs", method="POST", url="http://x/",
        direction="received", request_headers={}, request_body="", response_headers={},
        response_body="{}", http_status=200, status_code=status, ms=1.0,
    )  # fmt: skip


def test_a_station_that_does_not_record_here_is_told_by_the_cpo(
    journal: Journal, wall: Wall
) -> None:
    _at_cpo(journal, 2, "7")
    _at_cpo(journal, 3, "7", "sent")
    wall.ms = 1000.0
    told = wall.meter.figures()
    assert told["seconds"]["ocpp"] == [2] and told["latency_ms"]["ocpp"]["max"] == 0.0


async def test_latency_is_the_worlds_from_call_to_answer(
    journal: Journal, wall: Wall, clock: Clock
) -> None:
    _known(journal, wall)
    for number, took_s in enumerate((0.1, 0.2, 0.3, 0.4)):
        call(journal, "Heartbeat", {}, key=str(number))
        _at_cpo(journal, 2, str(number))
        await clock.sleep(took_s)
        _at_cpo(journal, 3, str(number), "sent")
        answer(journal, {}, key=str(number))
    answer(journal, {}, key="never asked")
    wall.ms = 1000.0
    told = wall.meter.figures()["latency_ms"]["ocpp"]
    assert told == {"p50": 200.0, "p95": 400.0, "max": 400.0}
    assert wall.meter.figures()["seconds"]["ocpp_p95_ms"] == [400.0]


def test_failures_are_counted_once(journal: Journal, wall: Wall) -> None:
    _known(journal, wall)
    _at_cpo(journal, 4, "3", "sent")
    refusal(journal, "GenericError", key="3")
    _frame(journal, "station/1", "cpo", 2, "1", "sent", "a schema refuses it")
    _frame(journal, "cpo", "station/1", 2, "1", "received", "a schema refuses it")
    _at_peer(journal, 2001)
    ocpi(journal, status=2001)
    ocpi(journal)
    for severity in ("reject", "drop", "warn"):
        journal.finding("p", "cpo", None, rule="r", severity=severity, pointer="", seen=1,
                        expected="", message_seq=1)  # fmt: skip
    wall.ms = 1500.0
    told = wall.meter.figures()
    assert told["failures"] == {"total": 5, "window": 5}
    assert told["findings"][0] == {"rule": "r", "severity": "drop", "count": 1}
    wall.ms = 200_000.0
    assert wall.meter.figures()["failures"] == {"total": 5, "window": 0}


def test_what_is_remembered_is_bounded(journal: Journal, wall: Wall) -> None:
    for second in range(SECONDS + 50):
        wall.ms = second * 1000.0
        for _ in range(300 if second == SECONDS else 1):
            ocpi(journal)
        wall.meter.gauge({"sessions": second, "power_kw": 1.5})
    told = wall.meter.figures(10)
    assert {len(points) for points in told["seconds"].values()} == {SECONDS}
    assert told["seconds"]["sessions"][-1] == SECONDS + 48
    assert told["rates"]["ocpi"] == 1.0 and told["window_s"] == 10
    assert max(len(second.ms["ocpi"]) for second in wall.meter._seconds) == 100
    assert len(wall.meter._seconds) == SECONDS


def test_percentiles() -> None:
    assert percentile([], 0.5) is None
    assert percentile([3.0], 0.95) == 3.0
    assert percentile([float(n) for n in range(1, 101)], 0.95) == 95.0
    assert percentile([4.0, 1.0, 2.0, 3.0], 0.5) == 2.0
