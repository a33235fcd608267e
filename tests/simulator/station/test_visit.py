"""Of a car that has gone nothing more is told."""

from __future__ import annotations

from typing import Any

from simulator.kernel.chance import Chance
from simulator.station.config import EvseConfig
from simulator.station.core import Evse, Message
from simulator.station.ev import Car
from simulator.station.meter import Limits, Meter
from simulator.station.pnc import Shown
from simulator.station.visit import Ended, Visit


class Told:
    """In the place of `Charging`, and of `Patience`."""

    def __init__(self) -> None:
        self.events: list[tuple[int, str, dict[str, Any]]] = []

    def event(self, evse: Evse, what: str, **data: Any) -> None:
        self.events.append((evse.evse_id, what, data))

    async def ask(self, message: Message, session: str, tell: Any, *, stretched: bool) -> Any:
        tell("pnc.waiting", after_s=5.0)
        return {"action": message.action, "session": session, "stretched": stretched}


def visit(told: Any) -> Visit:
    evse = Evse(EvseConfig(1), 1, Meter(Limits(3, 32, 22_000), Chance(1)))
    evse.session = "CP1-1-1"
    evse.pnc = Shown("2")
    return Visit(evse, Car(), "2", evse.pnc, told, told)


async def test_steps_are_told_while_the_car_is_there() -> None:
    told = Told()
    it = visit(told)
    it.event("pnc.began", a=1)
    answer = await it.ask(Message("Authorize", {}), stretched=True)
    assert answer == {"action": "Authorize", "session": "CP1-1-1", "stretched": True}
    assert it.shown.state == "asking"
    expected = [(1, "pnc.began", {"a": 1}), (1, "pnc.waiting", {"after_s": 5.0})]
    assert told.events == expected
    it.evse.pnc = Shown("2")  # another car, that looks the same
    it.event("pnc.answered_late")
    assert told.events == expected


def test_an_end_says_why() -> None:
    end = Ended("no", "Invalid", "CertificateRevoked")
    assert (str(end), end.status, end.certificate_status) == ("no", "Invalid", "CertificateRevoked")
    assert (Ended("no").status, Ended("no").certificate_status) == (None, None)
