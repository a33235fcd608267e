"""Delivery of CDRs to EMPs: at once, and then every night for up to seven days.

Rule: only HTTP 200 with OCPI 1000 ends a delivery. What is due is kept until then, and survives a
restart. Source: Roam OCPI, CDRs module, "CDR push retry logic".
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import msgspec

NIGHTS = 7
AT_NIGHT = time(2, 0, tzinfo=UTC)
ACCEPTED = (200, 1000)


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A CDR on its way to an EMP. `tries` counts those that failed; `due` is the next one.

    `uncertain`: the CPO named the contract, and several keys share it.
    """

    id: str  # the CDR's, as the EMP knows it
    organisation: str  # the EMP's connection id
    cdr: dict[str, Any]
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    uncertain: bool = False
    session: str | None = None
    tries: int = 0
    due: datetime


def accepted(http_status: int | None, status_code: int | None) -> bool:
    """True for the one answer that ends a delivery."""
    return (http_status, status_code) == ACCEPTED


def next_night(now: datetime) -> datetime:
    """The next 02:00 UTC after now."""
    tonight = datetime.combine(now.astimezone(UTC).date(), AT_NIGHT)
    return tonight if tonight > now else tonight + timedelta(days=1)


def after_failure(delivery: Delivery, now: datetime) -> Delivery | None:
    """The delivery as it goes on after a failed try; None once the seventh night has failed."""
    if delivery.tries >= NIGHTS:
        return None
    return msgspec.structs.replace(delivery, tries=delivery.tries + 1, due=next_night(now))
