"""Hypothesis strategies for canonical objects, made from the same classes as the schemas."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Annotated, Any, Literal, NotRequired, get_args, get_origin

from hypothesis import strategies as st

from simulator.ocpi.objects import KINDS, StartSession
from simulator.ocpi.objects_billing import CDR
from simulator.ocpi.objects_location import Hours, PublishTokenType
from simulator.ocpi.schema import hints_of
from simulator.ocpi.types import Amount, Filled, Text

_MOMENTS = st.builds(
    "2026-{:02}-{:02}T{:02}:{:02}:{:02}{}{}".format,
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(0, 59),
    st.sampled_from(["", ".5", ".000", ".123"]),
    st.sampled_from(["", "Z"]),
)
_BY_NAME = {
    "DateTime": _MOMENTS,
    "date": st.builds("2026-{:02}-{:02}".format, st.integers(1, 12), st.integers(1, 28)),
    "time of day": st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59)),
    "URL": st.sampled_from(["https://a.example", "http://b.example/c?d=e"]),
    "CiString(2)": st.sampled_from(["DE", "NL"]),
    "CiString(3)": st.sampled_from(["ABC", "8PS"]),
    "string(3), ISO 3166": st.sampled_from(["DEU", "NLD", "USA"]),
    "string(3), ISO 4217": st.sampled_from(["EUR", "SEK"]),
    "string(2)": st.sampled_from(["de", "en"]),
    "latitude": st.sampled_from(["53.55029", "-53.550290", "53.5502901"]),
    "longitude": st.sampled_from(["9.99214", "-126.104965", "9.9921401"]),
}
_ASCII = st.characters(min_codepoint=0x21, max_codepoint=0x7E)


def _text(mark: Text) -> st.SearchStrategy[str]:
    for beginning, strategy in _BY_NAME.items():
        if mark.name.startswith(beginning):
            return strategy
    return st.text(_ASCII, min_size=1, max_size=min(mark.max_length or 36, 12))


def _amount(mark: Amount) -> st.SearchStrategy[Any]:
    low, high = mark.minimum or 0, mark.maximum or 500
    if mark.whole:
        return st.integers(low, high)
    return st.decimals(low, high, places=4) | st.integers(low, high).map(Decimal)


def _value(hint: Any, marks: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _value(args[0], args[1:])
    for mark in marks:
        if isinstance(mark, Text):
            return _text(mark)
        if isinstance(mark, Amount):
            return _amount(mark)
    if origin is list:
        least = 1 if any(isinstance(mark, Filled) for mark in marks) else 0
        return st.lists(_value(args[0]), min_size=least, max_size=1)
    if origin is Literal:
        return st.sampled_from(args)
    return st.booleans() if hint is bool else objects_of(hint)


# What the conditions between fields demand: see shape.CONDITIONS.
_MEND: dict[type, Callable[[dict[str, Any]], dict[str, Any]]] = {
    Hours: lambda hours: (
        hours if hours.get("regular_hours") else {**hours, "twentyfourseven": True}
    ),
    PublishTokenType: lambda to: {"group_id": to.get("group_id", "G")},
    CDR: lambda cdr: {**cdr, "credit": False},
    StartSession: lambda command: {"evse_uid": "E", **command},
}


def objects_of(cls: type) -> st.SearchStrategy[dict[str, Any]]:
    """Objects of a class, with any of its optional fields."""
    required, optional = {}, {}
    for name, hint in hints_of(cls).items():
        if get_origin(hint) is NotRequired:
            optional[name] = _value(get_args(hint)[0])
        else:
            required[name] = _value(hint)
    made = st.fixed_dictionaries(required, optional=optional)
    mend = _MEND.get(cls)
    return made if mend is None else made.map(mend)


def canonical(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Canonical objects of a kind."""
    return objects_of(KINDS[kind])


def differences(one: Any, other: Any, at: str = "") -> list[str]:
    """The places where two objects differ; null and empty are the same as absent."""
    if isinstance(one, dict) and isinstance(other, dict):
        found = []
        for name in {**one, **other}:
            mine, yours = one.get(name), other.get(name)
            if mine in (None, [], False) and yours in (None, [], False):
                continue
            found += differences(mine, yours, f"{at}/{name}")
        return found
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [
            place
            for index, (mine, yours) in enumerate(zip(one, other, strict=True))
            for place in differences(mine, yours, f"{at}/{index}")
        ]
    return [] if _same(one, other) else [at]


def listed(place: str, losses: Iterable[str], obj: Any) -> bool:
    """True if a difference is among the losses: its place, what it stands in, or items of it.

    Only of a list may the loss of an item explain that the whole is otherwise.
    """
    within = (loss == place or place.startswith(f"{loss}/") for loss in losses)
    if any(within):
        return True
    for name in place.split("/")[1:]:
        obj = obj[int(name)] if isinstance(obj, list) else (obj or {}).get(name)
    return isinstance(obj, list) and any(loss.startswith(f"{place}/") for loss in losses)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return _plain(one) == _plain(other)
    return bool(one == other)


def _plain(text: str) -> str:
    """Coordinates and moments by their value: trailing zeros say nothing."""
    return (
        text.replace(".000", "")
        if "T" in text
        else text.rstrip("0").rstrip(".")
        if "." in text
        else text
    )
