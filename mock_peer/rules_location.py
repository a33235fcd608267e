"""Checks of locations, EVSEs and connectors: pushed whole, pushed in part, or pulled."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from mock_peer import raw
from mock_peer.known import evse_names
from mock_peer.rule import Breach, Check, Context
from mock_peer.rules_connection import as_in_url, other_owner
from mock_peer.rules_connection import valid_patch as valid_patch_of
from simulator.ocpi import validate
from simulator.ocpi.tariff_parse import TariffError, zone_of

PNC_CAPABILITIES = ("ISO_15118_2_PLUG_AND_CHARGE", "ISO_15118_20_PLUG_AND_CHARGE")
UNKNOWN_LOCATION = 2003
_part = valid_patch_of("location", "evses")
_PNC_WORDS = ("15118", "PLUG_AND_CHARGE", "PNC")


def valid(kind: str) -> Check:
    """Every error of a whole object, but a Plug and Charge capability told of the EVSE: that one is
    backported from 2.3, and has a rule of its own.
    """

    def check(body: Any, context: Context) -> Iterator[Breach]:
        for problem in validate.errors(kind, body, context.version):
            if not ("/capabilities" in problem.pointer and problem.seen in PNC_CAPABILITIES):
                yield Breach(problem.pointer, problem.seen, problem.expected)
        if kind == "location":
            yield from _time_zone(body)

    return check


def valid_patch(body: Any, context: Context) -> Iterator[Breach]:
    """Every error of the fields that a PATCH of a location brings."""
    yield from _part(body, context)
    yield from _time_zone(body)


def _time_zone(body: Any) -> Iterator[Breach]:
    """Without a time zone that there is, no tariff by the hour can be computed."""
    told = raw.text(body, "/time_zone")
    if told is not None and not _is_time_zone(told):
        yield Breach("/time_zone", told, "an IANA time zone, as Europe/Berlin", _names(body))


@lru_cache(maxsize=1024)
def _is_time_zone(name: str) -> bool:
    try:
        zone_of(name)
    except TariffError:
        return False
    return True


def territory(body: Any, context: Context) -> Iterator[Breach]:
    """The country is one that the peer serves in this version."""
    served, country = context.territory, raw.text(body, "/country")
    if served is not None and country is not None and country.upper() not in served:
        yield Breach("/country", country, f"one of {' '.join(sorted(served))}", _names(body))


def unique_location(body: Any, context: Context) -> Iterator[Breach]:
    """Ids agree with the URL, and no EVSE is at home elsewhere or twice."""
    names = {"country_code": "country_code", "party_id": "party_id", "location_id": "id"}
    yield from as_in_url(body, context, **names)
    yield from _same_owner(body, context)
    used: set[str] = set()
    home = raw.key(body, "/id") or raw.key(context.ids.get("location_id"))  # a PATCH may lack it
    for pointer, evse in raw.entries(body, "/evses"):
        if raw.text(evse, "/status") != "REMOVED":
            yield from _evse_home(evse, pointer, home, context)
            yield from _twice(evse, pointer, ("uid", "evse_id"), used)
        yield from _connectors_once(evse, pointer)


def unique_evse(body: Any, context: Context) -> Iterator[Breach]:
    """As for a location, for one EVSE; and the location is there."""
    yield from _parent_known(context)
    yield from as_in_url(body, context, evse_uid="uid")
    yield from _evse_at_home(body, context)
    yield from _connectors_once(body, "")


def unique_connector(body: Any, context: Context) -> Iterator[Breach]:
    """As for a location, for one connector; and the EVSE is there."""
    yield from _parent_known(context, "evse_uid")
    yield from as_in_url(body, context, connector_id="id")


def unique_location_patch(body: Any, context: Context) -> Iterator[Breach]:
    """As for a location, which is there."""
    yield from _parent_known(context)
    yield from unique_location(body, context)


def unique_evse_patch(body: Any, context: Context) -> Iterator[Breach]:
    """As for an EVSE, which is there; one that was REMOVED may find its ids in use elsewhere."""
    yield from _parent_known(context, "evse_uid")
    yield from as_in_url(body, context, evse_uid="uid")
    before = context.known.evse(context.ids.get("location_id"), context.ids.get("evse_uid"))
    back = raw.text(before, "/status") == "REMOVED" and raw.text(body, "/status") is not None
    whole = {**before, **body} if back and before and isinstance(body, dict) else body
    yield from _evse_at_home(whole, context)


def unique_connector_patch(body: Any, context: Context) -> Iterator[Breach]:
    """As for a connector, which is there."""
    yield from _parent_known(context, "evse_uid", "connector_id")
    yield from as_in_url(body, context, connector_id="id")


def children_in_location_patch(body: Any, context: Context) -> Iterator[Breach]:
    """A PATCH of a location does not reach its EVSEs."""
    yield from _children(body, "evses", "the EVSE's own URL for a change of an EVSE")


def children_in_evse_patch(body: Any, context: Context) -> Iterator[Breach]:
    """A PATCH of an EVSE does not reach its connectors."""
    yield from _children(body, "connectors", "the connector's own URL for a change of a connector")


def publish(body: Any, context: Context) -> Iterator[Breach]:
    """A location that is not published is hidden; who else may see it is not looked at."""
    if raw.at(body, "/publish") is False:
        yield Breach("/publish", False, "true, for a location that drivers find", _names(body))
    if isinstance(body, dict) and body.get("publish_allowed_to"):
        yield Breach(
            "/publish_allowed_to",
            body["publish_allowed_to"],
            "publish alone: single users are not told apart",
            _names(body),
            removes=True,
        )


def one_tariff(kind: str) -> Check:
    """Of a connector's tariffs one is kept: the first known REGULAR one, else the first that is not
    known to be of another type.
    """

    def check(body: Any, context: Context) -> Iterator[Breach]:
        for pointer, connector in _connectors(kind, body):
            yield from _further_tariffs(pointer, connector, context)

    return check


def _further_tariffs(pointer: str, connector: Any, context: Context) -> Iterator[Breach]:
    names = raw.items(connector, "/tariff_ids")
    if not names or (len(names) == 1 and _regular(names[0], context)):
        return
    told = list(raw.entries(connector, "/tariff_ids"))
    usable = [(place, name) for place, name in told if _regular(name, context)]
    known = (place for place, name in usable if context.known.tariff(name) is not None)
    keep = next(known, usable[0][0] if usable else None)
    for place, name in told:
        if place != keep:
            yield Breach(
                f"{pointer}{place}",
                name,
                "one tariff per connector, of type REGULAR",
                (f"connector/{raw.text(connector, '/id')}", f"tariff/{name}"),
                removes=True,
            )


def pnc_capability(kind: str) -> Check:
    """Plug and Charge is told of the connector, in one of the two words of OCPI 2.3."""
    expected = f"{' or '.join(PNC_CAPABILITIES)} in the connector's capabilities"

    def check(body: Any, context: Context) -> Iterator[Breach]:
        for pointer, connector in _connectors(kind, body):
            for place, word in raw.entries(connector, "/capabilities"):
                if word not in PNC_CAPABILITIES:
                    yield Breach(f"{pointer}{place}", word, expected, _names(connector))
        for pointer, evse in _evses(kind, body):
            for place, word in raw.entries(evse, "/capabilities"):
                if isinstance(word, str) and any(part in word for part in _PNC_WORDS):
                    yield Breach(f"{pointer}{place}", word, expected, _names(evse))

    return check


def pnc_connector_used(body: Any, context: Context) -> Iterator[Breach]:
    """A Plug and Charge contract charged at a connector that does not claim to be able to."""
    from mock_peer.rules_token import is_pnc

    facts = context.memo["cdr"]
    if facts.token is None or not is_pnc(facts.token):
        return
    connector = context.known.connector(facts.location, facts.evse, facts.connector)
    if connector is None:
        return
    if not set(PNC_CAPABILITIES) & {str(word) for word in raw.items(connector, "/capabilities")}:
        yield Breach(
            facts.places.connector,
            facts.connector,
            f"a connector whose capabilities hold {' or '.join(PNC_CAPABILITIES)}",
            (f"location/{facts.location}", f"evse/{facts.evse}"),
        )


def _evses(kind: str, body: Any) -> Iterator[tuple[str, Any]]:
    """The EVSEs in a location, or the EVSE itself, with their pointers."""
    if kind == "evse":
        yield "", body
    elif kind == "location":
        yield from raw.entries(body, "/evses")


def _connectors(kind: str, body: Any) -> Iterator[tuple[str, Any]]:
    """The connectors in a location or an EVSE, or the connector itself, with their pointers."""
    if kind == "connector":
        yield "", body
    for pointer, evse in _evses(kind, body):
        for place, connector in raw.entries(evse, "/connectors"):
            yield f"{pointer}{place}", connector


def _regular(tariff_id: Any, context: Context) -> bool:
    if not isinstance(tariff_id, str) or tariff_id.casefold() in context.known.dropped:
        return False
    known = context.known.tariff(tariff_id)
    return known is None or raw.text(known, "/type") in (None, "REGULAR")


def _children(body: Any, name: str, expected: str) -> Iterator[Breach]:
    if isinstance(body, dict) and name in body:  # null as well: it would empty the list
        yield Breach(f"/{name}", body[name], expected, removes=True)


def _parent_known(context: Context, *below: str) -> Iterator[Breach]:
    """What the URL names, down to the last of `below`, was shared before, by the CPO it names."""
    ids, known = context.ids, context.known
    names = [ids.get(name, "") for name in ("location_id", *below)]
    home = known.location(names[0])
    found: object = home
    if len(names) == 2:
        found = known.evse(names[0], names[1])
    elif len(names) == 3:
        found = known.connector(names[0], names[1], names[2])
    if home is None or home.outside or found is None or other_owner(home.body, None, context):
        what = ("location", "EVSE", "connector")[len(below)]
        expected = f"a {what} that this CPO PUT before"
        yield Breach("", "/".join(names), expected, status=UNKNOWN_LOCATION)


def _same_owner(body: Any, context: Context) -> Iterator[Breach]:
    """No other CPO has the location."""
    before = context.known.location(raw.text(body, "/id") or context.ids.get("location_id"))
    owner = other_owner(before.body, body, context) if before is not None else None
    if owner is not None:
        yield Breach("/id", raw.text(body, "/id"), f"an id that no other CPO uses ({owner})")


def _evse_at_home(evse: Any, context: Context) -> Iterator[Breach]:
    """An EVSE by itself: its ids are of no other location, and of no other EVSE here."""
    if raw.text(evse, "/status") == "REMOVED":
        return
    home = raw.key(context.ids.get("location_id"))
    yield from _evse_home(evse, "", home, context)
    there = context.known.location(home)
    used = [name for name in ("uid", "evse_id") if _home_of(evse, name, context) == home]
    if there is None or not used:
        return
    uid = raw.key(evse, "/uid") or raw.key(context.ids.get("evse_uid"))
    for other in raw.items(there.body, "/evses"):
        if raw.text(other, "/status") != "REMOVED" and raw.key(other, "/uid") != uid:
            theirs = (raw.key(other, "/uid"), raw.key(other, "/evse_id"))
            for name in used:
                if raw.key(evse, f"/{name}") in theirs:
                    seen = raw.text(evse, f"/{name}")
                    yield Breach(f"/{name}", seen, "an id that is used once", _names(other))


def _home_of(evse: Any, name: str, context: Context) -> str | None:
    """The location where that id of an EVSE is in use."""
    told = raw.key(evse, f"/{name}")
    return context.known.evse_homes.get(told) if told else None


def _evse_home(evse: Any, pointer: str, home: str | None, context: Context) -> Iterator[Breach]:
    for name in ("uid", "evse_id"):
        there = _home_of(evse, name, context)
        if there is not None and there != home and not context.known.locations[there].outside:
            where = context.known.locations[there].body.get("id")
            yield Breach(
                f"{pointer}/{name}",
                raw.text(evse, f"/{name}"),
                "an EVSE at one location only",
                (f"location/{where}",),
            )


def _twice(evse: Any, pointer: str, names: tuple[str, ...], used: set[str]) -> Iterator[Breach]:
    told = {raw.key(evse, f"/{name}"): name for name in reversed(names)}
    for value, name in told.items():
        if value and value in used:
            yield Breach(f"{pointer}/{name}", raw.text(evse, f"/{name}"), "an id that is used once")
    used.update(value for value in told if value)


def _connectors_once(evse: Any, pointer: str) -> Iterator[Breach]:
    if len(raw.items(evse, "/connectors")) < 2:
        return
    used: set[str | None] = set()
    for place, connector in raw.entries(evse, "/connectors"):
        name = raw.key(connector, "/id")
        if name is not None and name in used:
            yield Breach(f"{pointer}{place}/id", name, "an id that is used once per EVSE")
        used.add(name)


def _names(body: Any) -> tuple[str, ...]:
    name = raw.text(body, "/id") or raw.text(body, "/uid")
    return (name, *evse_names(body)[:3]) if name else ()
