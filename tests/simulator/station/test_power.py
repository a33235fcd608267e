"""Power cuts as faults: at a named point, of the station that was told, and it comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.station.power import offer_power_cuts
from simulator.station.run import Station
from simulator.wire.fault_spec import Moment
from simulator.wire.faults import FaultBoard


@dataclass
class Cut:
    """A station that notes how long it is without power."""

    off_s: list[float] = field(default_factory=list)

    def lose_power(self, off_s: float) -> None:
        self.off_s.append(off_s)


async def test_the_station_of_the_message_loses_its_power(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    stations: dict[str, Any] = {}
    board = FaultBoard(chance, clock, journal)
    offer_power_cuts(board, cast(dict[str, Station], stations))
    stations |= {"A": Cut(), "B": Cut()}  # built later than the board
    board.add({"kind": "power_cut", "lasts": "2 min", "times": "always"})
    for actor in ("station/A", "cpo"):
        for hit in board.strike(Moment("ocpp", actor, None, "sent", "request")):
            hit.did(hit.call_hook())
    assert (stations["A"].off_s, stations["B"].off_s) == ([120.0], [])
    done, refused = (r["data"]["did"] for r in journal.records if r["leg"] == "fault")
    assert done == "The actor loses its power."
    assert refused == "nothing: cpo has no power that could be cut"
