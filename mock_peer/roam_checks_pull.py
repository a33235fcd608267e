"""Checks of what EMPs ask the Roam face, of the pages it gives and the locations on them.

Rule: as in every module of checks, one small function a check, over raw JSON of any shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mock_peer import raw
from mock_peer.roam_facts import PARTY, facts_of, issued, lengths
from mock_peer.roam_ids import IdMap, Kind, content_digest, rewritten_id
from mock_peer.roam_locations import STRIPPED_CAPABILITIES
from mock_peer.roam_pages import LARGEST_PAGE
from mock_peer.roam_tokens import ISSUER
from mock_peer.rule import Breach, Check, Context

_PULL_STATES = {
    "deep": "the first page without an offset, then the URL in the Link header",
    "parallel": "one pull at a time: a newer one has begun meanwhile",
    "unknown": "a smart_paging value from a Link header of the pull under way",
}


# Registration and requests


def roles(body: Any, context: Context) -> Iterator[Breach]:
    """Our credentials name one role: CPO DE*8PS Plugsurfing."""
    told = [
        tuple(
            raw.text(role, place)
            for place in ("/role", "/country_code", "/party_id", "/business_details/name")
        )
        for role in raw.items(body, "/roles")
    ]
    if told != [("CPO", *ISSUER, "Plugsurfing")]:
        yield Breach("/roles", raw.at(body, "/roles"), f"CPO {PARTY} Plugsurfing alone")


def offers(module: str, role: str, expected: str) -> Check:
    """A check that an EMP's version details name an interface."""

    def check(body: Any, context: Context) -> Iterator[Breach]:
        if (module, role) not in _offered(body):
            yield Breach("/endpoints", _words(body), expected)

    return check


def authorizes(body: Any, context: Context) -> Iterator[Breach]:
    """Who wants to be asked before each start says where."""
    if facts_of(context).organisation.authorization.enabled:
        expected = "tokens as SENDER: real-time authorization is asked there"
        yield from offers("tokens", "SENDER", expected)(body, context)


def routing_headers(head: Any, context: Context) -> Iterator[Breach]:
    """`head` is {routed_to, …}: the party that the routing headers name."""
    told = raw.text(head, "/routed_to")
    if told is not None and told.upper() != PARTY:
        expected = f"no routing: whatever the headers say, {PARTY} takes the request"
        yield Breach("/headers/OCPI-to-party-id", told, expected)


def limit(name: str, time: str) -> Check:
    """`head` is {exceeded, …}: the limit that refuses the request. `time` says what is counted."""

    def check(head: Any, context: Context) -> Iterator[Breach]:
        if raw.text(head, "/exceeded") == name:
            allowed = getattr(facts_of(context).organisation, f"requests_per_{name}")
            expected = f"at most {allowed:,} requests per {time}"
            yield Breach("", f"one more request in this {name}", expected)

    return check


def refused(module: str, expected: str) -> Check:
    """`head` is {module, method, refused}: refused marks a verb that is not offered."""

    def check(head: Any, context: Context) -> Iterator[Breach]:
        if raw.text(head, "/module") == module and raw.at(head, "/refused") is True:
            yield Breach("", f"{raw.text(head, '/method')} {module}", expected)

    return check


# Pulling locations


def pulled_too_soon(pull: Any, context: Context) -> Iterator[Breach]:
    """`pull` is {state, offset, limit, since_s}: seconds since the last pull, if under 60."""
    since = raw.number(pull, "/since_s")
    if since is not None:
        yield Breach("", f"a pull {since:.0f} s after the last one", "one location pull a minute")


def paged(pull: Any, context: Context) -> Iterator[Breach]:
    """`pull` is {state, …}: first, next, deep, parallel or unknown."""
    state = raw.text(pull, "/state")
    if state in _PULL_STATES:
        yield Breach("/query", raw.at(pull, "/asked"), _PULL_STATES[state])


def page_size(page: Any, context: Context) -> Iterator[Breach]:
    """`page` is {entries, since, until}: no page is larger than the largest."""
    count = len(raw.items(page, "/entries"))
    if count > LARGEST_PAGE:
        yield Breach("/data", count, f"at most {LARGEST_PAGE} locations a page")


def page_dates(page: Any, context: Context) -> Iterator[Breach]:
    """What is on a page changed in the time that was asked for."""
    since, until = raw.moment(page, "/since"), raw.moment(page, "/until")
    for pointer, entry in raw.entries(page, "/entries"):
        changed = raw.moment(entry, "/changed_at")
        if changed is None or (since and changed < since) or (until and changed >= until):
            seen = raw.text(entry, "/changed_at")
            yield Breach(pointer, seen, "a change from date_from (included) to date_to (excluded)")


def page_countries(page: Any, context: Context) -> Iterator[Breach]:
    """What is on a page lies in a selected country, and is of no blocked CPO."""
    organisation = facts_of(context).organisation
    for pointer, entry in raw.entries(page, "/entries"):
        country, party = raw.text(entry, "/country") or "", raw.text(entry, "/party") or ""
        if not organisation.sees(country, party):
            yield Breach(pointer, f"{country} {party}", "a selected country, no blocked CPO")


def page_removed(page: Any, context: Context) -> Iterator[Breach]:
    """What is on a page is not removed."""
    for pointer, entry in raw.entries(page, "/entries"):
        if raw.at(entry, "/removed") is True:
            yield Breach(pointer, raw.text(entry, "/id"), "no location that was removed")


# A location as shown


def location_ids(location: Any, context: Context) -> Iterator[Breach]:
    """Every id of a shown location is one that was issued."""
    ids = facts_of(context).ids
    yield from issued(location, "/id", Kind.LOCATION, ids)
    for pointer, evse in raw.entries(location, "/evses"):
        yield from issued(location, f"{pointer}/uid", Kind.EVSE, ids)
        for place, connector in raw.entries(evse, "/connectors"):
            where = f"{pointer}{place}"
            yield from issued(location, f"{where}/id", Kind.CONNECTOR, ids)
            for tariff, _ in raw.entries(connector, "/tariffs"):
                yield from issued(location, f"{where}{tariff}/id", Kind.TARIFF, ids)


def location_lengths(location: Any, context: Context) -> Iterator[Breach]:
    """Address and postal code are within Plugsurfing's own limits; a name need not be there."""
    yield from lengths(location, "")


def capabilities(location: Any, context: Context) -> Iterator[Breach]:
    """No EVSE names what Plugsurfing does not speak of."""
    for pointer, evse in raw.entries(location, "/evses"):
        for place, word in raw.entries(evse, "/capabilities"):
            if isinstance(word, str) and word in STRIPPED_CAPABILITIES:
                yield Breach(f"{pointer}{place}", word, "a capability that is kept")


def tariffs_inlined(location: Any, context: Context) -> Iterator[Breach]:
    """Connectors carry whole tariffs, and each id belongs to its content."""
    ids = facts_of(context).ids
    for pointer, evse in raw.entries(location, "/evses"):
        for place, connector in raw.entries(evse, "/connectors"):
            where = f"{pointer}{place}"
            if raw.at(connector, "/tariff_ids") is not None:
                seen = raw.at(connector, "/tariff_ids")
                yield Breach(f"{where}/tariff_ids", seen, "whole tariffs in `tariffs`")
            for name, tariff in raw.entries(connector, "/tariffs"):
                yield from _immutable(tariff, f"{where}{name}", ids)


def _immutable(tariff: Any, pointer: str, ids: IdMap) -> Iterator[Breach]:
    told = raw.text(tariff, "/id")
    origin = ids.origin(told, Kind.TARIFF) if told else None
    if origin is None or not isinstance(tariff, dict):
        return
    digest = content_digest({**tariff, "id": origin.ids[0]})
    if rewritten_id(Kind.TARIFF, origin._replace(ids=(origin.ids[0], digest))) != told:
        yield Breach(pointer, told, "a tariff whose content is that of its id", (f"tariff/{told}",))


def _offered(body: Any) -> set[tuple[str | None, str | None]]:
    endpoints = raw.items(body, "/endpoints")
    return {(raw.text(e, "/identifier"), raw.text(e, "/role")) for e in endpoints}


def _words(body: Any) -> list[str]:
    return sorted(f"{module} {role}" for module, role in _offered(body) if module and role)
