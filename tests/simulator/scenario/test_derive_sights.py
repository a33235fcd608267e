"""What of a session is expected again."""

from __future__ import annotations

from pathlib import Path

from simulator.scenario.derive_sights import expectations_of
from simulator.scenario.match import Match
from simulator.scenario.replay_recording import load
from tests.simulator.scenario.recorded import file_of, frame, recording


def test_main_exchanges_once_each_and_nothing_of_the_routine(tmp_path: Path) -> None:
    found = [dict(each.match) for each in expectations_of(recording(tmp_path), "DE-AC-1-1-1")]
    names = [str(match.get("ocpp") or match.get("ocpi")) for match in found]
    assert sorted(names) == [
        "Authorize", "POST cdrs", "POST tokens", "PUT sessions", "PUT sessions",
        "StartTransaction", "StopTransaction",
    ]  # fmt: skip
    assert sum("save" in match for match in found) == 1
    for match in found:
        Match.parse({key: value for key, value in match.items() if key != "save"})


def test_an_error_is_expected_as_one(tmp_path: Path) -> None:
    told = load(file_of(
        tmp_path / "j",
        frame(1, [2, "1", "Authorize", {"idTag": "A"}], action="Authorize", session="s"),
        frame(2, [4, "1", "InternalError", "", {}], sent=False, session="s"),
    ))  # fmt: skip
    (only,) = expectations_of(told, "s")
    assert only.match == {"ocpp": "Authorize", "by": "station/S1", "error": "InternalError"}
