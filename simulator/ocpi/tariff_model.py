"""A tariff, read once into exact values: elements, components, restrictions.

Rule: unknown members are kept out of the price but noted, unknown values of known members are
errors: a tariff is priced as written or not at all. Source: OCPI 2.2.1, mod_tariffs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from simulator.ocpi.tariff_parse import (
    Place,
    clock,
    day,
    items,
    mapping,
    moment,
    number,
    seen,
    text,
    whole,
)

FLAT: Final = "FLAT"
ENERGY: Final = "ENERGY"
TIME: Final = "TIME"
PARKING_TIME: Final = "PARKING_TIME"
DIMENSIONS: Final = (FLAT, ENERGY, TIME, PARKING_TIME)
RESERVATION: Final = "RESERVATION"
RESERVATION_EXPIRES: Final = "RESERVATION_EXPIRES"
WEEKDAYS: Final = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
AMOUNTS: Final = (
    "min_kwh",
    "max_kwh",
    "min_current",
    "max_current",
    "min_power",
    "max_power",
    "min_duration",
    "max_duration",
)


@dataclass(frozen=True, slots=True)
class Component:
    """A Price Component: price per kWh, hour or session excl. VAT; step_size in Wh or seconds."""

    type: str
    price: Decimal
    vat: Decimal | None
    step_size: int


@dataclass(frozen=True, slots=True)
class Restrictions:
    """Tariff Restrictions: units as in mod_tariffs; weekdays from 0, Monday; None: not set."""

    start_time: time | None = None
    end_time: time | None = None
    start_date: date | None = None
    end_date: date | None = None
    min_kwh: Decimal | None = None
    max_kwh: Decimal | None = None
    min_current: Decimal | None = None
    max_current: Decimal | None = None
    min_power: Decimal | None = None
    max_power: Decimal | None = None
    min_duration: Decimal | None = None
    max_duration: Decimal | None = None
    weekdays: frozenset[int] | None = None
    reservation: str | None = None


@dataclass(frozen=True, slots=True)
class Element:
    """A Tariff Element: its components by dimension (the first of each counts)."""

    components: Mapping[str, Component]
    restrictions: Restrictions


@dataclass(frozen=True, slots=True)
class Limit:
    """A min_price or max_price; incl_vat is None where the tariff names none."""

    excl_vat: Decimal
    incl_vat: Decimal | None


@dataclass(frozen=True, slots=True)
class Tariff:
    """A Tariff; `place` is where it stands in its document, `notes` what was left out of it."""

    place: Place
    id: str
    currency: str | None
    elements: tuple[Element, ...]
    min_price: Limit | None = None
    max_price: Limit | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    notes: tuple[str, ...] = ()

    def is_valid_at(self, at: datetime) -> bool:
        """True from start_date_time to end_date_time, both included."""
        begun = self.valid_from is None or self.valid_from <= at
        return begun and (self.valid_to is None or at <= self.valid_to)


def read_tariffs(value: object, place: Place | None = None) -> tuple[Tariff, ...]:
    """All tariffs of one Tariff, a list of them or a mapping of them by id; at least one.

    One that was read before is taken as it is.
    """
    place = place or Place("tariff")
    if isinstance(value, Tariff):
        return (value,)
    if isinstance(value, Mapping):
        if not value or "elements" in value or not all(map(_is_tariff, value.values())):
            return (read_tariff(value, place),)
        return tuple(read_tariff(one, place / key, str(key)) for key, one in value.items())
    listed = items(value, place)
    if not listed:
        raise place.error("expected at least one tariff")
    return tuple(read_tariff(one, place / index) for index, one in enumerate(listed))


def _is_tariff(value: object) -> bool:
    return isinstance(value, Mapping) and "elements" in value


def read_tariff(value: object, place: Place, key: str = "") -> Tariff:
    """One Tariff; `key` is its id where it names none. 2.1.1 tariffs are read as well."""
    tariff = mapping(value, place)
    listed = items(tariff.get("elements"), place / "elements")
    if not listed:
        raise (place / "elements").error("expected at least one element")
    notes: list[str] = []
    elements = tuple(
        _element(one, place / "elements" / index, notes) for index, one in enumerate(listed)
    )
    identity, currency = tariff.get("id"), tariff.get("currency")
    valid_from, valid_to = tariff.get("start_date_time"), tariff.get("end_date_time")
    return Tariff(
        place=place,
        id=key if identity is None else text(identity, place / "id"),
        currency=None if currency is None else text(currency, place / "currency"),
        elements=elements,
        min_price=_limit(tariff.get("min_price"), place / "min_price"),
        max_price=_limit(tariff.get("max_price"), place / "max_price"),
        valid_from=None if valid_from is None else moment(valid_from, place / "start_date_time"),
        valid_to=None if valid_to is None else moment(valid_to, place / "end_date_time"),
        notes=tuple(notes),
    )


def _limit(value: object, place: Place) -> Limit | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):  # 2.2 drafts and other profiles write a bare number
        return Limit(number(value, place, minimum=0), None)
    incl = value.get("incl_vat")
    return Limit(
        number(value.get("excl_vat"), place / "excl_vat", minimum=0),
        None if incl is None else number(incl, place / "incl_vat", minimum=0),
    )


def _element(value: object, place: Place, notes: list[str]) -> Element:
    element = mapping(value, place)
    listed = items(element.get("price_components"), place / "price_components")
    components: dict[str, Component] = {}
    for index, one in enumerate(listed):
        component = _component(one, place / "price_components" / index)
        components.setdefault(component.type, component)
    written = element.get("restrictions")
    found = Restrictions()
    if written is not None:
        found = _restrictions(mapping(written, place / "restrictions"), place / "restrictions")
        unknown = sorted(str(key) for key in written if key not in _KNOWN)
        if unknown:
            at = (place / "restrictions").pointer
            notes.append(f"{at}: not a restriction of OCPI 2.2.1, ignored: {', '.join(unknown)}.")
    return Element(components, found)


def _component(value: object, place: Place) -> Component:
    component = mapping(value, place)
    kind = component.get("type")
    if kind not in DIMENSIONS:
        raise (place / "type").unexpected(f"one of {', '.join(DIMENSIONS)}", kind)
    vat, step = component.get("vat"), component.get("step_size")
    return Component(
        type=str(kind),
        price=number(component.get("price"), place / "price"),
        vat=None if vat is None else number(vat, place / "vat", minimum=0),
        # required, but mod_cdrs, CdrDimensionType, has a default: one Wh, one second
        step_size=1 if step is None else whole(step, place / "step_size"),
    )


_KNOWN: Final = frozenset(
    (*AMOUNTS, "start_time", "end_time", "start_date", "end_date", "day_of_week", "reservation")
)


def _restrictions(written: Mapping[str, Any], place: Place) -> Restrictions:
    def given(key: str) -> Any:
        return written.get(key)

    def amount(key: str) -> Decimal | None:
        return None if given(key) is None else number(given(key), place / key)

    reservation = given("reservation")
    if reservation not in (None, RESERVATION, RESERVATION_EXPIRES):
        raise (place / "reservation").unexpected(
            f"{RESERVATION} or {RESERVATION_EXPIRES}", reservation
        )
    start, end = given("start_time"), given("end_time")
    first, last = given("start_date"), given("end_date")
    return Restrictions(
        start_time=None if start is None else clock(start, place / "start_time"),
        end_time=None if end is None else clock(end, place / "end_time", end=True),
        start_date=None if first is None else day(first, place / "start_date"),
        end_date=None if last is None else day(last, place / "end_date"),
        weekdays=_weekdays(given("day_of_week"), place / "day_of_week"),
        reservation=reservation,
        **{key: amount(key) for key in AMOUNTS},
    )


def _weekdays(value: object, place: Place) -> frozenset[int] | None:
    """Weekday numbers; an empty list is no restriction (cardinality *)."""
    if value is None:
        return None
    found = set()
    for index, one in enumerate(items(value, place)):
        if one not in WEEKDAYS:
            raise (place / index).error(f"expected a day such as MONDAY, found {seen(one)}")
        found.add(WEEKDAYS.index(one))
    return frozenset(found) or None
