"""Short ways to write tariffs and sessions for the tests of the tariff engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

Json = dict[str, Any]
MONDAY = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
SATURDAY = datetime(2026, 5, 9, 13, 30, tzinfo=UTC)


def component(kind: str, price: Any, vat: Any = None, step: Any = 1) -> Json:
    """A Price Component; VAT is left out where None."""
    made: Json = {"type": kind, "price": price, "step_size": step}
    return made if vat is None else {**made, "vat": vat}


def element(*components: Json, **restrictions: Any) -> Json:
    """A Tariff Element."""
    made: Json = {"price_components": list(components)}
    return {**made, "restrictions": restrictions} if restrictions else made


def tariff(*elements: Json, **more: Any) -> Json:
    """A Tariff in EUR."""
    return {"id": "T", "currency": "EUR", "elements": list(elements), **more}


def utc(at: datetime) -> str:
    """An OCPI DateTime."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def period(at: datetime, tariff_id: str | None = None, **volumes: Any) -> Json:
    """A Charging Period, volumes as they stand in JSON."""
    made: Json = {
        "start_date_time": utc(at),
        "dimensions": [{"type": kind, "volume": volume} for kind, volume in volumes.items()],
    }
    return made if tariff_id is None else {**made, "tariff_id": tariff_id}


def hours(minutes: float) -> Decimal:
    """Minutes as hours with the four decimals of an OCPI number."""
    return (Decimal(str(minutes)) / 60).quantize(Decimal("0.0001"))


def session(*parts: tuple[float, Json], start: datetime = MONDAY, **more: Any) -> Json:
    """A CDR of periods that last minutes each: (minutes, volumes)."""
    periods, at = [], start
    for minutes, volumes in parts:
        periods.append(period(at, **volumes))
        at += timedelta(minutes=minutes)
    return {
        "start_date_time": utc(start),
        "end_date_time": utc(at),
        "charging_periods": periods,
        **more,
    }


def charging(minutes: float, **more: Any) -> tuple[float, Json]:
    """So many minutes of TIME."""
    return minutes, {"TIME": hours(minutes), **more}


def parking(minutes: float, **more: Any) -> tuple[float, Json]:
    """So many minutes of PARKING_TIME."""
    return minutes, {"PARKING_TIME": hours(minutes), **more}


def reserved(minutes: float) -> tuple[float, Json]:
    """So many minutes of RESERVATION_TIME."""
    return minutes, {"RESERVATION_TIME": hours(minutes)}


def energy(kwh: Any, minutes: float = 60, **more: Any) -> tuple[float, Json]:
    """So much ENERGY."""
    return minutes, {"ENERGY": kwh, **more}
