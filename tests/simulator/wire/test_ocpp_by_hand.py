"""Calls by hand: their answers are results, and the link's own calls go on as before."""

from __future__ import annotations

import asyncio
import json

import pytest

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.wire.ocpp_by_hand import call
from simulator.wire.ocpp_rpc import CallTimeout, OcppError
from tests.simulator.wire.test_ocpp_link import TIME, Table


@pytest.fixture
def table(clock: Clock, journal: Journal) -> Table:
    return Table(clock, journal)


async def test_an_invalid_call_goes_out_and_is_marked_so(table: Table) -> None:
    asked = asyncio.ensure_future(call(table.link, "Heartbeat", {"no": "such field"}))
    await table.clock.sleep(0)
    table.answer()
    assert await asked == {"result": TIME}
    assert table.paper.frames[0][2:] == ["Heartbeat", {"no": "such field"}]
    assert table.ocpp()[0]["errors"] != []
    with pytest.raises(OcppError):  # nobody else's
        await table.link.call("Heartbeat", {"no": "such field"})


async def test_an_error_is_a_result(table: Table) -> None:
    asked = asyncio.ensure_future(call(table.link, "Odd", None))
    await table.clock.sleep(0)
    table.link.received(
        json.dumps([4, table.paper.frames[0][1], "NotImplemented", "odd", {"a": 1}])
    )
    assert await asked == {
        "error": {"code": "NotImplemented", "description": "odd", "details": {"a": 1}}
    }


async def test_no_answer_is_raised(table: Table) -> None:
    with pytest.raises(CallTimeout):
        await call(table.link, "Heartbeat", {})
