"""Reports in words and as JSON."""

from __future__ import annotations

from simulator.mistakes import Exit
from simulator.scenario.compare import MISSING
from simulator.scenario.replay_match import Deviation
from simulator.scenario.replay_report import Report


def test_a_report_tells_each_place_of_a_difference() -> None:
    report = Report("stations", said=3, compared=2)
    assert int(report.exit_code) == Exit.PASS
    assert report.in_words() == ["stations: 3 said, 0 answered, 2 compared, no differences"]
    report.differ("answer", "CP1", "Authorize", 7,
                  [Deviation("/a", 1, 2), Deviation("/b", MISSING, 3)])  # fmt: skip
    report.differ("missing", "CP1", "Reset", 9, why="within 10 s")
    report.note("left out")
    report.note("left out")
    assert int(report.exit_code) == Exit.FAILED
    assert report.in_words() == [
        "· left out",
        "✗ #7 CP1 Authorize: the answer differs: /a: recorded 1, now 2",
        "✗ #7 CP1 Authorize: the answer differs: /b: recorded nothing, now 3",
        "✗ #9 CP1 Reset: did not come: within 10 s",
        "stations: 3 said, 0 answered, 2 compared, 3 differences",
    ]
    told = report.to_json()
    assert told["differences"][1] == {
        "seq": 7, "wire": "CP1", "name": "Authorize", "kind": "answer", "pointer": "/b", "live": 3,
    }  # fmt: skip
    assert told["differences"][2]["why"] == "within 10 s"
