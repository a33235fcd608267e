"""Checks of sessions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mock_peer import raw
from mock_peer.rule import Breach, Context
from mock_peer.rules_connection import as_in_url
from mock_peer.rules_connection import valid as valid_object
from mock_peer.rules_connection import valid_patch as valid_patch_of

_whole = valid_object("session")
_part = valid_patch_of("session")
_PREFERENCES = ("charging_preferences", "profile_type")


def valid(body: Any, context: Context) -> Iterator[Breach]:
    """Every error by the version's own definition, and ids that are not those of the URL."""
    names = {"country_code": "country_code", "party_id": "party_id", "session_id": "id"}
    yield from as_in_url(body, context, **names)
    yield from _whole(body, context)


def valid_patch(body: Any, context: Context) -> Iterator[Breach]:
    """Every error of the fields that a PATCH brings; and the session is there."""
    name = context.ids.get("session_id", "")
    if name.casefold() not in context.known.sessions:
        yield Breach("", name, "a session that was PUT before")
    yield from as_in_url(body, context, session_id="id")
    yield from _part(body, context)


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
