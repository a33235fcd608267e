"""Rows of the control API."""

from __future__ import annotations

from typing import Any

from mock_peer.control_shapes import Done
from mock_peer.operation import Call, Operation


async def handler(call: Call) -> Any:
    return Done()


async def test_a_row_takes_no_query_unless_told() -> None:
    row = Operation("GET", "/x", "Say x.", None, Done, handler)
    assert (dict(row.query), row.optional) == ({}, False)
    assert await row.handler(Call({}, {}, None)) == Done()
