"""What the simulated EMP holds: the locations it pulled, its tokens, sessions and CDRs.

Rule: in memory and by the ids that the CPO side gave; a full pull replaces, a delta adds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from mock_peer import raw
from simulator.ocpi.tariff import TariffError, price

Object = dict[str, Any]
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Bill:
    """A CDR checked: what was asked for, what the tariff gives, in the CDR's currency.

    `right` is None where no tariff is known; `why` then says so.
    """

    asked: Decimal | None
    right: Decimal | None
    why: str = ""

    @property
    def agrees(self) -> bool | None:
        """True to the cent; None where it cannot be told."""
        if self.asked is None or self.right is None:
            return None
        return abs(self.asked - self.right) < CENT


@dataclass(slots=True)
class EmpBook:
    """All that an EMP keeps of one Roam-like CPO."""

    locations: dict[str, Object] = field(default_factory=dict)
    tokens: dict[tuple[str, str], Object] = field(default_factory=dict)  # by uid and type
    sessions: dict[str, Object] = field(default_factory=dict)
    cdrs: dict[str, Object] = field(default_factory=dict)
    bills: dict[str, Bill] = field(default_factory=dict)
    results: dict[str, Object] = field(default_factory=dict)  # by command id
    pulled_at: datetime | None = None  # when the last pull that succeeded began

    def take_pull(self, locations: Iterable[Mapping[str, Any]], *, full: bool) -> list[str]:
        """Keep what a pull brought; after a full one, drop and return what it did not hold."""
        brought = {str(raw.key(one, "/id")): dict(one) for one in locations if raw.key(one, "/id")}
        gone = [name for name in self.locations if full and name not in brought]
        for name in gone:
            del self.locations[name]
        self.locations.update(brought)
        return gone

    def connector(self, location_id: str, evse_uid: str, connector_id: str) -> Object | None:
        """A connector as it was pulled."""
        found: Any = self.locations.get(location_id.casefold())
        for children, key, wanted in (
            ("evses", "/uid", evse_uid),
            ("connectors", "/id", connector_id),
        ):
            siblings = raw.items(found, f"/{children}")
            found = next((one for one in siblings if raw.key(one, key) == wanted.casefold()), None)
        return found if isinstance(found, dict) else None

    def first_plug(self) -> tuple[str, str, str] | None:
        """Ids of some location, EVSE and connector that can be started remotely."""
        for location in self.locations.values():
            for evse in raw.items(location, "/evses"):
                for connector in raw.items(evse, "/connectors"):
                    names = (location, "/id"), (evse, "/uid"), (connector, "/id")
                    ids = [raw.text(thing, place) for thing, place in names]
                    if all(ids):
                        return str(ids[0]), str(ids[1]), str(ids[2])
        return None

    def check(self, cdr: Mapping[str, Any]) -> Bill:
        """Price a CDR by the tariff of the connector as it was pulled, else by the CDR's own."""
        asked = raw.number(cdr, "/total_cost/excl_vat")
        place = [
            raw.text(cdr, f"/cdr_location/{name}") or ""
            for name in ("id", "evse_uid", "connector_id")
        ]
        pulled = raw.items(self.connector(*place), "/tariffs")
        tariffs = pulled or raw.items(cdr, "/tariffs")
        named = {raw.key(period, "/tariff_id") for period in raw.items(cdr, "/charging_periods")}
        fitting = [one for one in tariffs if raw.key(one, "/id") in named] or tariffs
        if not fitting:
            return Bill(asked, None, "no tariff is known")
        zone = raw.text(self.locations.get(place[0].casefold()), "/time_zone")
        try:
            total = price(
                fitting if len(fitting) > 1 else fitting[0], cdr, time_zone=zone or "UTC"
            ).total_cost
        except TariffError as error:
            return Bill(asked, None, str(error))
        return Bill(asked, total.excl_vat)
