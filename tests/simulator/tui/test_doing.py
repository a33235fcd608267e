"""What an action means."""

from __future__ import annotations

import pytest

from simulator.mistakes import Mistake
from simulator.scenario.steps import STEPS
from simulator.tui import doing
from tests.simulator.tui.stage import evse, station

KNOWN = {
    "A": station("A", evse(1, car="x", transaction="T"), evse(2)),
    "B": station("B", evse(1), evse(2, car="y")),
}


def meant(step: str, name: str) -> int | None:
    return doing.meant(STEPS[step], KNOWN[name])


def test_the_evse_that_is_meant() -> None:
    assert (meant("plug", "A"), meant("plug", "B")) == (2, 1)
    assert (meant("unplug", "A"), meant("unplug", "B")) == (1, 2)
    assert (meant("tap", "B"), meant("stop", "A"), meant("boot", "A")) == (2, 1, None)


def test_marked_stations_each_get_the_step() -> None:
    given = {"token": "X", "station": "@marked"}
    told = list(doing.spread(STEPS["tap"], given, "A", KNOWN, {"@marked": "AB"}))
    assert told == [
        {"token": "X", "station": "A", "evse": 1}, {"token": "X", "station": "B", "evse": 2},
    ]  # fmt: skip
    assert list(doing.spread(STEPS["plug"], {"station": "A", "evse": 1}, "AB", KNOWN)) == [
        {"station": "A", "evse": 1}
    ]
    assert list(doing.spread(STEPS["clear_faults"], {}, "AB", KNOWN)) == [{}]


def test_a_fault_means_the_stations_too_and_anybody_where_its_actor_is_left_empty() -> None:
    step = STEPS["fault"]
    assert doing.beginning(step, ["A"], "X") == {"actor": "station/A"}
    assert doing.beginning(step, ["A", "B"], "X") == {"actor": "@marked"}
    told = list(doing.spread(step, {"kind": "drop", "actor": "@all"}, "A", KNOWN, MEANT))
    assert told == [{"kind": "drop", "actor": f"station/{name}"} for name in "ABC"]
    for given in ({"kind": "drop"}, {"kind": "drop", "actor": "cpo"}):
        assert list(doing.spread(step, given, "AB", KNOWN, MEANT)) == [given]


def test_what_is_asked() -> None:
    assert doing.asks(STEPS["tap"]) and doing.asks(STEPS["fault"])
    assert doing.asks(STEPS["connector_fault"])  # break it, or mend it
    assert not doing.asks(STEPS["plug"]) and not doing.asks(STEPS["boot"])
    assert doing.beginning(STEPS["tap"], ["A"], "X") == {"station": "A", "token": "X"}
    assert doing.beginning(STEPS["tap"], ["A", "B"], "") == {"station": "@marked"}


def test_every_step_is_in_the_palette() -> None:
    told = [choice.id for choice in doing.choices([])]
    assert sorted(told) == sorted(f"step:{name}" for name in STEPS)


def test_a_clock_goes_up_and_down_in_steps_of_1_2_5() -> None:
    up = [doing.next_speed(1, 1)]
    for _ in range(4):
        up.append(doing.next_speed(up[-1], 1))
    assert up == [2, 5, 10, 20, 50]
    assert (doing.next_speed(60, 1), doing.next_speed(60, -1)) == (100, 50)
    assert (doing.next_speed(1, -1), doing.next_speed(0.001, -1)) == (0.5, 0.001)
    assert (doing.next_speed(5e5, 1), doing.next_speed(1e6, 1)) == (1e6, 1e6)


MEANT = {"@focus": ["A"], "@marked": ["A", "B"], "@all": ["A", "B", "C"]}


def test_targets_stand_for_what_the_view_means() -> None:
    def stations(target: str) -> list[str]:
        told = doing.spread(STEPS["boot"], {"station": target}, (), KNOWN, MEANT)
        return [call["station"] for call in told]

    assert stations("@focus") == ["A"] and stations("@all") == ["A", "B", "C"]
    with pytest.raises(Mistake, match=r"boot: @shown means no station here; there is @focus \(1\)"):
        stations("@shown")
    assert doing.beginning(STEPS["boot"], ["A"], "", "@all") == {"station": "@all"}
    aims = {choice.name for choice in doing.choices([]) if choice.aims}
    assert "boot" in aims and "advance" not in aims
