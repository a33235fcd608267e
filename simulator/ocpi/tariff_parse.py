"""Readers of JSON values for the tariff engine: numbers, moments, clock times, time zones.

Rule: what cannot be used is a `TariffError` that names the document, the JSON pointer and what was
expected; nothing that was read from JSON raises anything else. Numbers become exact Decimals.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from simulator.mistakes import Exit

# 60 digits: sums of thirds of a cent stay exact far below the twelve decimals that are shown.
MONEY = Context(
    prec=60, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow]
)
LARGEST = Decimal(10) ** 12
FINEST = Decimal(10) ** -30
YEARS = (1900, 2999)

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?"
    r"(?:[Zz]|([+-])(\d\d):?(\d\d))?",
    re.ASCII,
)
_NO_MOMENT = "a DateTime such as 2015-06-29T20:39:09Z"
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_SHOWN = 60


class TariffError(Exception):
    """A tariff or session that cannot be priced: `document`, `pointer` (RFC 6901) and `message`."""

    exit_code = Exit.USAGE

    def __init__(self, message: str, pointer: str = "", document: str = "tariff") -> None:
        super().__init__(f"{document} {pointer or '(whole)'}: {message}")
        self.message = message
        self.pointer = pointer
        self.document = document


class Place:
    """A place in a document: `place / "key"` goes down, `error()` complains about it.

    The pointer is put together only when it is asked for: most places are never complained about.
    """

    __slots__ = ("_above", "_last", "document")

    def __init__(self, document: str, pointer: str = "") -> None:
        self.document = document
        self._last: str | int = pointer
        self._above: Place | None = None

    def __truediv__(self, key: str | int) -> Place:
        below = Place.__new__(Place)
        below.document, below._last, below._above = self.document, key, self
        return below

    @property
    def pointer(self) -> str:
        """The JSON pointer (RFC 6901)."""
        if self._above is None:
            return str(self._last)
        step = str(self._last).replace("~", "~0").replace("/", "~1")
        return f"{self._above.pointer}/{step}"

    def error(self, message: str) -> TariffError:
        """The error to raise."""
        return TariffError(message, self.pointer, self.document)

    def unexpected(self, expected: str, value: object) -> TariffError:
        """The error for a value of the wrong kind."""
        return self.error(f"expected {expected}, found {seen(value)}")


def seen(value: object) -> str:
    """A short picture of a value for a message."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, str):
        picture = repr(value)
    elif isinstance(value, Sequence):
        return "a list"
    else:
        try:
            picture = str(value)
        except ValueError:  # Python refuses to print integers of thousands of digits
            picture = "a number of thousands of digits"
    return picture if len(picture) <= _SHOWN else f"{picture[: _SHOWN - 1]}…"


def mapping(value: object, place: Place) -> Mapping[str, Any]:
    """A JSON object."""
    if not isinstance(value, Mapping):
        raise place.unexpected("an object", value)
    return value


def items(value: object, place: Place) -> Sequence[Any]:
    """A JSON list."""
    if isinstance(value, str | bytes | bytearray) or not isinstance(value, Sequence):
        raise place.unexpected("a list", value)
    return value


def text(value: object, place: Place) -> str:
    """A string."""
    if not isinstance(value, str):
        raise place.unexpected("a string", value)
    return value


def number(value: object, place: Place, *, minimum: int | None = None) -> Decimal:
    """A number as int, Decimal, float or the text of one; finite and below 10^12."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise place.unexpected("a number", value)
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise place.error("the number is too large")
        result = Decimal(value)
    elif isinstance(value, Decimal):
        result = value
    else:  # the shortest text of a float is the number that was written
        written = (value if isinstance(value, str) else repr(value)).strip()
        if _NUMBER.fullmatch(written) is None:
            raise place.unexpected("a number", value)
        result = Decimal(written)
    return _bounded(result, place, minimum)


def _bounded(value: Decimal, place: Place, minimum: int | None) -> Decimal:
    if not value.is_finite():
        raise place.unexpected("a finite number", value)
    if not value:
        return Decimal(0)  # whatever its sign and exponent
    if value.adjusted() > LARGEST.adjusted():
        raise place.error("the number is too large")
    if int(value.as_tuple().exponent) < FINEST.adjusted():
        value = value.quantize(FINEST, context=MONEY)
    if minimum is not None and value < minimum:
        raise place.unexpected(f"a number of at least {minimum}", value)
    return value


def whole(value: object, place: Place) -> int:
    """A whole number from 0."""
    result = number(value, place, minimum=0)
    if result != result.to_integral_value():
        raise place.unexpected("a whole number", value)
    return int(result)


def moment(value: object, place: Place) -> datetime:
    """A DateTime (types, DateTime): RFC 3339, UTC where it names no offset."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    found = _moment(value) if isinstance(value, str) else _NO_MOMENT
    if isinstance(found, str):
        raise place.unexpected(found, value)
    return found


@lru_cache(maxsize=1024)  # a session's moments are read anew whenever it is priced
def _moment(written: str) -> datetime | str:
    """The moment, or what was expected instead."""
    found = _MOMENT.fullmatch(written)
    if found is None:
        return _NO_MOMENT
    year, month, day, hour, minute, second, fraction, sign, off_hours, off_minutes = found.groups()
    if not YEARS[0] <= int(year) <= YEARS[1]:
        return f"a year from {YEARS[0]} to {YEARS[1]}"
    try:
        zone = UTC
        if sign:
            shift = timedelta(hours=int(off_hours), minutes=int(off_minutes))
            zone = timezone(-shift if sign == "-" else shift)
        leap = second == "60"  # RFC 3339, 5.6: the second after it
        micro = 0 if leap else int((fraction or "0")[:6].ljust(6, "0"))
        on = (int(year), int(month), int(day), int(hour), int(minute))
        when = datetime(*on, 59 if leap else int(second or 0), micro, zone)
        return when.astimezone(UTC) + timedelta(seconds=leap)
    except (ValueError, OverflowError):
        return "a moment that exists"


def clock(value: object, place: Place, *, end: bool = False) -> time:
    """A time of day as HH:MM; as an end also 24:00, which is 00:00."""
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        if end and value == "24:00":
            return time(0, 0)
        raise place.unexpected("a time of day such as 13:30", value)
    return time(int(found[1]), int(found[2]))


def day(value: object, place: Place) -> date:
    """A date as YYYY-MM-DD."""
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    if found is not None:
        try:
            return date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            pass
    raise place.unexpected("a date such as 2015-12-24", value)


def zone_of(name: object) -> ZoneInfo:
    """The IANA time zone of a name (mod_locations, Location.time_zone)."""
    place = Place("time zone")
    if not isinstance(name, str):
        raise place.unexpected("a name such as Europe/Berlin", name)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, not a name at all, or a folder of names
        raise place.unexpected("an IANA name such as Europe/Berlin", name) from None
