"""How an exchange looks as a line."""

from __future__ import annotations

from simulator.tui import details
from simulator.tui.screens.traffic_rows import FULL, TAIL, traffic_cells
from tests.simulator.tui.stage import Wire
from tests.simulator.tui.test_pairing import paired


def texts(cells: object) -> list[str]:
    return [c if isinstance(c, str) else c[0] for c in cells]  # type: ignore[attr-defined]


def test_lines() -> None:
    wire = Wire()
    wire.call("Authorize", {"idTag": "X1"}, {"idTagInfo": {"status": "Accepted"}})
    record = wire.ocpi("POST", "cdrs", {}, code=2001)
    wire.finding(record["seq"])
    call, cdr, finding = paired(wire.records)
    assert texts(traffic_cells(call, FULL))[1:] == [
        "ocpp", "CP1 → cpo", "Authorize", "X1", "Accepted", "0",
    ]  # fmt: skip
    assert texts(traffic_cells(call, TAIL))[1:] == ["↑", "Authorize", "X1", "Accepted"]
    assert texts(traffic_cells(cdr, FULL))[5].startswith("✗1 2001")
    assert traffic_cells(cdr, FULL)[5][1] == "bad"
    assert texts(traffic_cells(finding, FULL))[3] == "cdr.some-rule"
    assert len(traffic_cells(None, FULL)) == len(FULL)


def test_a_comment_takes_the_place_of_the_detail() -> None:
    wire = Wire()
    wire.call("Heartbeat")
    ex = paired(wire.records)[0]
    ex.comments.append(wire.journal.append("step", "s", step="note", arguments={"text": "odd"}))
    assert texts(traffic_cells(ex, FULL))[3:5] == ["Heartbeat ;", "odd"]
    assert "; odd" in details.exchange(ex).plain
