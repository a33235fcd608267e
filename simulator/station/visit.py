"""A car with a contract at a connector: how far it has come, and what is told of it.

Rule: of a car that has gone nothing more is told, whatever was begun for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.station.charging import Charging
from simulator.station.core import Evse, Message, Payload
from simulator.station.ev import Car
from simulator.station.patience import Patience
from simulator.station.pnc import Shown


class Ended(Exception):
    """Plug & Charge goes no further: why, and the statuses that were given for it."""

    def __init__(
        self, why: str, status: str | None = None, certificate_status: str | None = None
    ) -> None:
        super().__init__(why)
        self.status = status
        self.certificate_status = certificate_status


@dataclass(frozen=True, slots=True)
class Visit:
    """One car, from plug to decision."""

    evse: Evse
    car: Car
    edition: str  # of ISO 15118
    shown: Shown
    charging: Charging
    patience: Patience

    def event(self, what: str, **data: Any) -> None:
        """Record a step of it."""
        if self.evse.pnc is self.shown:
            self.charging.event(self.evse, what, **data)

    async def ask(self, message: Message, *, stretched: bool) -> Payload:
        """Ask the CSMS while the car waits. Raises Impatient and what calls do."""
        self.shown.state = "asking"
        return await self.patience.ask(message, self.evse.session, self.event, stretched=stretched)
