"""What a fault may do to stations: cut their power in the middle of anything.

Rule: the cut comes as a task of the station, never within the message that it follows.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.station.run import Station
from simulator.wire.faults import Fault, FaultBoard, FaultError


def offer_power_cuts(board: FaultBoard, stations: Mapping[str, Station]) -> None:
    """Let the board's `power_cut` strike these stations, by their ids; they may come later."""

    def cut(fault: Fault, actor: str) -> None:
        station = stations.get(actor.removeprefix("station/"))
        if station is None:
            raise FaultError("actor", f"{actor} has no power that could be cut")
        station.lose_power(float(fault["lasts"]))

    board.hook("power_cut", cut)
