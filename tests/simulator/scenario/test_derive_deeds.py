"""What was done in a session: its recorded steps, or what was noticed of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulator.scenario.derive_deeds import Deed, deeds_of, float_or
from simulator.scenario.replay_recording import load
from tests.simulator.scenario.recorded import file_of


def event(seq: int, what: str, second: int = 0, **data: Any) -> dict[str, Any]:
    return {"seq": seq, "at": f"2026-01-15T07:00:{second:02}.000Z", "leg": "event",
            "actor": "station/S1", "peer": None, "session": "S1-1-1", "what": what,
            "data": {"evse": 1, **data}}  # fmt: skip


def step(seq: int, name: str, second: int = 0, **arguments: Any) -> dict[str, Any]:
    return {"seq": seq, "at": f"2026-01-15T07:00:{second:02}.000Z", "leg": "step",
            "actor": "scenario", "peer": None, "session": None, "step": name,
            "arguments": arguments}  # fmt: skip


def deeds(tmp_path: Path, *records: dict[str, Any]) -> list[Deed]:
    return deeds_of(load(file_of(tmp_path / "j", *records)), "S1-1-1", None)


def test_hands_and_cards(tmp_path: Path) -> None:
    found = deeds(
        tmp_path, event(1, "car.plugged", evse=2), event(2, "card.presented", 1, token="A"),
        event(3, "transaction.ended", 5, why="local"), event(4, "car.unplugged", 6),
    )  # fmt: skip
    assert [(d.step, dict(d.arguments)) for d in found] == [
        ("plug", {"station": "S1", "evse": 2}),
        ("tap", {"station": "S1", "token": "A"}),
        ("stop_button", {"station": "S1"}),
        ("unplug", {"station": "S1"}),
    ]


def test_a_card_that_ends_a_transaction_is_no_button(tmp_path: Path) -> None:
    found = deeds(
        tmp_path, event(1, "card.presented", token="A"), event(2, "transaction.ended", why="local")
    )
    assert [d.step for d in found] == ["tap"]


def test_a_network_that_came_back_and_a_power_cut(tmp_path: Path) -> None:
    gone = {"session": None}
    found = deeds(
        tmp_path, event(1, "car.plugged"), event(2, "station.offline", 1) | gone,
        event(3, "station.online", 9) | gone, event(4, "station.power_cut", 20) | gone,
        event(5, "station.offline", 20) | gone, event(6, "station.powered_on", 50) | gone,
        event(7, "station.online", 51) | gone, event(8, "car.unplugged", 52),
    )  # fmt: skip
    steps = [d.step for d in found]
    assert steps[:4] == ["plug", "offline", "online", "power_cut"]
    assert found[3].arguments["for"] == 30.0


def test_recorded_steps_come_first_without_defaults_and_others_stations(tmp_path: Path) -> None:
    found = deeds(
        tmp_path, step(1, "plug", station="S1", evse=1, car="anna"), event(2, "car.plugged"),
        step(3, "advance", by=5.0), step(4, "plug", station="S2"), step(5, "note", text="x"),
        step(6, "expect", ocpp="*"), step(7, "unplug", 9, station="S1"),
        event(8, "car.unplugged", 9),
    )  # fmt: skip
    assert [(d.step, dict(d.arguments)) for d in found] == [
        ("plug", {"station": "S1", "car": "anna"}), ("unplug", {"station": "S1"}),
    ]  # fmt: skip
    assert (float_or(4), float_or("a")) == (4.0, "a")
