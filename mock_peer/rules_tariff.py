"""Checks of tariffs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mock_peer import raw
from mock_peer.rule import Breach, Context
from mock_peer.rules_connection import as_in_url, other_owner
from mock_peer.rules_connection import valid as valid_object
from mock_peer.rules_connection import valid_patch as valid_patch_of

_whole = valid_object("tariff")
_part = valid_patch_of("tariff")
NOT_IN_211 = ("min_power", "max_power", "start_date", "end_date")


def valid(body: Any, context: Context) -> Iterator[Breach]:
    """Every error by the version's own definition, and ids that are not those of the URL."""
    names = {"country_code": "country_code", "party_id": "party_id", "tariff_id": "id"}
    yield from as_in_url(body, context, **names)
    yield from _same_owner(body, context)
    yield from _whole(body, context)


def valid_delete(_body: Any, context: Context) -> Iterator[Breach]:
    """A tariff is deleted by the CPO that has it."""
    yield from _same_owner(None, context)


def valid_patch(body: Any, context: Context) -> Iterator[Breach]:
    """Every error of the fields that a PATCH brings (2.1.1 only); and the tariff is there."""
    name = context.ids.get("tariff_id", "")
    if context.known.tariff(name) is None:
        yield Breach("", name, "a tariff that was PUT before")
    yield from _same_owner(body, context)
    yield from as_in_url(body, context, tariff_id="id")
    yield from _part(body, context)


def regular_only(body: Any, context: Context) -> Iterator[Breach]:
    """A tariff of another type than REGULAR is dropped; one without a type is for every use."""
    told = raw.text(body, "/type")
    if told is not None and told != "REGULAR":
        yield Breach("", told, "type REGULAR, or none", _names(body), removes=True)


def unsupported_211(body: Any, context: Context) -> Iterator[Breach]:
    """Parking time and the restrictions by power and date are not applied."""
    for pointer, element in raw.entries(body, "/elements"):
        for place, component in raw.entries(element, "/price_components"):
            if raw.text(component, "/type") == "PARKING_TIME":
                where = f"{pointer}{place}"
                yield Breach(where, "PARKING_TIME", "no parking time", _names(body), removes=True)
        for name in NOT_IN_211:
            seen = raw.at(element, f"/restrictions/{name}")
            if seen is not None:
                where = f"{pointer}/restrictions/{name}"
                yield Breach(where, seen, f"no {name}", _names(body), removes=True)


def _same_owner(body: Any, context: Context) -> Iterator[Breach]:
    """No other CPO has the tariff: its id is unique over the platform (2.2.1 mod_tariffs)."""
    name = raw.text(body, "/id") or context.ids.get("tariff_id")
    if owner := other_owner(context.known.tariff(name), body, context):
        yield Breach("/id", name, f"an id that no other CPO uses ({owner})", (f"tariff/{name}",))


def _names(body: Any) -> tuple[str, ...]:
    name = raw.text(body, "/id")
    return (f"tariff/{name}",) if name else ()
