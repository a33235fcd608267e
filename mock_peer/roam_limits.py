"""How often an EMP may ask: requests in a clock minute and in a UTC day, and location pulls.

Rule: pure, one value per EMP. What the minute's limit refuses counts for no day. Source: Roam OCPI,
fair usage policy and "Accessing the API".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

PER_MINUTE = 3_000
PER_DAY = 1_000_000
BETWEEN_PULLS = timedelta(minutes=1)

Exceeded = Literal["minute", "day"]


@dataclass(slots=True)
class RequestLimits:
    """The requests of one EMP. Both counts begin anew with their minute and day (UTC)."""

    _minute: datetime | None = None
    _in_minute: int = 0
    _day: datetime | None = None
    _in_day: int = 0

    def ask(
        self, now: datetime, *, per_minute: int = PER_MINUTE, per_day: int = PER_DAY
    ) -> Exceeded | None:
        """Count a request made now; tells which limit refuses it, if any."""
        minute = now.replace(second=0, microsecond=0)
        day = minute.replace(hour=0, minute=0)
        if minute != self._minute:
            self._minute, self._in_minute = minute, 0
        if day != self._day:
            self._day, self._in_day = day, 0
        if self._in_minute >= per_minute:
            return "minute"
        self._in_minute += 1
        if self._in_day >= per_day:
            return "day"
        self._in_day += 1
        return None


@dataclass(slots=True)
class PullLimit:
    """The location pulls of one EMP, at most one a minute; further pages are no pulls."""

    last: datetime | None = None

    def since(self, now: datetime) -> timedelta | None:
        """How long ago the last pull began, if that is less than a minute."""
        ago = None if self.last is None else now - self.last
        return ago if ago is not None and ago < BETWEEN_PULLS else None

    def begin(self, now: datetime) -> None:
        """Note a pull that begins; one that was refused is none."""
        self.last = now
