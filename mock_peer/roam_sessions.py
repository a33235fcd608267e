"""Sessions towards EMPs: which message a change calls for, and the object in it.

Rule: pure. PUT at the start, PATCH of kwh and last_updated alone while it charges, PUT at the end;
charging periods stand in the CDR only. Source: Roam OCPI, sessions module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from mock_peer import raw
from mock_peer.roam_ids import IdMap, Kind, Origin
from mock_peer.roam_tokens import Held

Message = Literal["PUT", "PATCH"]
WAITING = frozenset({"PENDING", "RESERVATION"})
ENDED = frozenset({"COMPLETED", "INVALID"})
NEVER_SHOWN = ("charging_periods", "authorization_reference", "cdr_token")


class Told(NamedTuple):
    """What an EMP (by connection) knows of a session: the energy in kWh, and whether it is over."""

    organisation: str
    kwh: Any
    ended: bool


def next_message(told: Told | None, session: Mapping[str, Any]) -> Message | None:
    """What the EMP is sent about a session as it now stands; None: nothing."""
    status = raw.text(session, "/status")
    if told is None:
        return None if status in WAITING else "PUT"
    if told.ended:
        return None
    if status in ENDED:
        return "PUT"
    return "PATCH" if session.get("kwh") != told.kwh else None


def told_by(session: Mapping[str, Any], organisation: str) -> Told:
    """What an EMP knows once it has taken a session as it now stands."""
    return Told(organisation, session.get("kwh"), raw.text(session, "/status") in ENDED)


def shown_session(
    session: Mapping[str, Any], origin: Origin, ids: IdMap, held: Held, reference: str | None
) -> dict[str, Any]:
    """A session as an EMP sees it. `origin`: connection and CPO; `reference`: the EMP's own."""
    location, evse, connector = (
        str(session.get(name)) for name in ("location_id", "evse_uid", "connector_id")
    )
    path = origin._replace(ids=(location, evse, connector))
    shown = {name: value for name, value in session.items() if name not in NEVER_SHOWN}
    shown["id"] = ids.issue(Kind.SESSION, origin._replace(ids=(str(session["id"]),)))
    shown["cdr_token"] = held.cdr_token
    if "location_id" in session:
        shown["location_id"] = ids.issue(Kind.LOCATION, path._replace(ids=path.ids[:1]))
    if "evse_uid" in session:
        shown["evse_uid"] = ids.issue(Kind.EVSE, path._replace(ids=path.ids[:2]))
    if "connector_id" in session:
        shown["connector_id"] = ids.issue(Kind.CONNECTOR, path)
    if reference is not None:
        shown["authorization_reference"] = reference
    return shown


def shown_progress(session: Mapping[str, Any]) -> dict[str, Any]:
    """The PATCH while a session charges."""
    return {"kwh": session.get("kwh"), "last_updated": session.get("last_updated")}
