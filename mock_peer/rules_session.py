"""Checks of sessions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mock_peer import raw
from mock_peer.known import owned_key
from mock_peer.rule import Breach, Context
from mock_peer.rules_connection import as_in_url
from mock_peer.rules_connection import valid as valid_object
from mock_peer.rules_connection import valid_patch as valid_patch_of

_whole = valid_object("session")
_part = valid_patch_of("session")
_ENDED = ("COMPLETED", "INVALID")
_NAMED = {"country_code": "country_code", "party_id": "party_id", "session_id": "id"}
_OWNER = ("country_code", "party_id")
_PREFERENCES = ("charging_preferences", "profile_type")


def valid(body: Any, context: Context) -> Iterator[Breach]:
    """Every error by the version's own definition, and ids that are not those of the URL."""
    yield from as_in_url(body, context, **_NAMED)
    yield from _whole(body, context)


def valid_patch(body: Any, context: Context) -> Iterator[Breach]:
    """Every error of the fields that a PATCH brings; and the session is there."""
    name = context.ids.get("session_id", "")
    if _before(body, context) is None:
        yield Breach("", name, "a session that was PUT before")
    yield from as_in_url(body, context, **_NAMED)
    yield from _part(body, context)


def not_negative(body: Any, context: Context) -> Iterator[Breach]:
    """Energy and cost are zero or more; the end is not before the start, told now or before."""
    for pointer in ("/kwh", "/total_cost/excl_vat", "/total_cost/incl_vat"):
        told = raw.number(body, pointer)
        if told is not None and told < 0:
            yield Breach(pointer, raw.at(body, pointer), "zero or more", _names(body))
    end = raw.moment(body, "/end_date_time")
    start = raw.moment(body, "/start_date_time")
    if start is None:  # as a PATCH leaves it out
        start = raw.moment(_before(body, context), "/start_date_time")
    if start is not None and end is not None and end < start:
        seen = raw.text(body, "/end_date_time")
        yield Breach("/end_date_time", seen, "an end that is not before the start", _names(body))


def known_location(body: Any, context: Context) -> Iterator[Breach]:
    """The location and the EVSE were shared."""
    name, uid = raw.text(body, "/location_id"), raw.text(body, "/evse_uid")
    if context.profile.private_locations or name is None:
        return
    home = context.known.location(name)
    if home is None or home.outside:
        expected = "a location that was shared and accepted"
        yield Breach("/location_id", name, expected, _names(body))
    elif uid is not None and context.known.evse(name, uid) is None:
        yield Breach("/evse_uid", uid, f"an EVSE of location {name}", _names(body))


def ends_once(body: Any, context: Context) -> Iterator[Breach]:
    """What has ended is not under way again."""
    was = raw.text(_before(body, context), "/status")
    told = raw.text(body, "/status")
    if was in _ENDED and told is not None and told not in _ENDED:
        yield Breach("/status", told, f"no other status after {was}", _names(body))


def _before(body: Any, context: Context) -> Any:
    """The session as it was told before, by the id of the URL or its own."""
    told = body if isinstance(body, dict) else {}
    named = {**told, **{name: context.ids[name] for name in _OWNER if name in context.ids}}
    if session_id := context.ids.get("session_id"):
        named["id"] = session_id
    return context.known.sessions.get(owned_key(named))


def no_preferences(body: Any, context: Context) -> Iterator[Breach]:
    """Charging preferences in a session are left out."""
    for name in _PREFERENCES:
        if raw.at(body, f"/{name}") is not None:
            seen = raw.at(body, f"/{name}")
            yield Breach(f"/{name}", seen, "no charging preferences", _names(body), removes=True)


def preferences_request(body: Any, context: Context) -> Iterator[Breach]:
    """A request about charging preferences is not taken, whatever it says."""
    yield Breach("", body, "no charging preferences")


def _names(body: Any) -> tuple[str, ...]:
    name = raw.text(body, "/id")
    return (f"session/{name}",) if name else ()
