"""Checks of charge detail records. `context.memo["cdr"]` holds the facts they share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from operator import itemgetter
from typing import Any

from mock_peer import raw
from mock_peer.facts import CdrFacts
from mock_peer.known import (
    CLOCK_TOLERANCE,
    WHOLE_SECOND,
    Authorization,
    KnownTariff,
)
from mock_peer.quick_price import total as quick_total
from mock_peer.rule import Breach, Context
from mock_peer.rules_cdr_whole import ENERGY_TOLERANCE, NUMBER, SOUND, numbers, same_contract
from mock_peer.rules_connection import owner_has_role
from simulator.ocpi.tariff import TariffError, price

IN_TIME = timedelta(hours=1)
CENT = Decimal("0.01")
# The dimensions that count energy and time; a power or a current may well be negative.
_COUNTED = frozenset(
    {"ENERGY", "ENERGY_IMPORT", "ENERGY_EXPORT", "TIME", "PARKING_TIME", "RESERVATION_TIME", "FLAT"}
)

NO_FLAG = "no home charging: home_charging_compensation is not true"
# flag, remark, total_cost.incl_vat is set: the verdict. None stands for any; the first row that
# fits counts. In 2.1.1 there is no flag, and the remark alone tells.
HOME_CHARGING: tuple[tuple[bool | None, str | None, bool | None, str], ...] = (
    (False, "HCC_E", None, NO_FLAG),
    (False, "HCC_V", None, NO_FLAG),
    (False, None, None, ""),
    (None, "HCC_E", None, "home charging, exempt from VAT"),
    (None, "HCC_V", None, "home charging, not exempt from VAT"),
    (True, None, False, "home charging, exempt from VAT"),
    (True, None, True, "home charging, not exempt from VAT"),
)


def facts_of(context: Context) -> CdrFacts:
    """The facts of the CDR at hand."""
    facts: CdrFacts = context.memo["cdr"]
    return facts


def owner(body: Any, context: Context) -> Iterator[Breach]:
    """The CPO that bills is one of the connection's."""
    if raw.text(body, "/country_code") and raw.text(body, "/party_id"):
        yield from owner_has_role(body, context)


def unaltered(body: Any, context: Context) -> Iterator[Breach]:
    """A CDR of this id was accepted before, with other content."""
    if context.seen_before is not None and context.seen_before != body:
        pointer, before, now = _first_difference(context.seen_before, body)
        name = raw.text(body, "/id")
        yield Breach(pointer, now, f"the same as at first: {before!r}", (f"cdr/{name}",))


def in_time(body: Any, context: Context) -> Iterator[Breach]:
    """After the session's end, and at most an hour unless it was agreed that it comes later."""
    facts = facts_of(context)
    if facts.end is None:
        return
    seen = f"{facts.end:%Y-%m-%dT%H:%M:%SZ}, received {context.now:%Y-%m-%dT%H:%M:%SZ}"
    agreed = context.profile.cdr_right_after_session is not True
    if context.now - facts.end > IN_TIME and not agreed:
        yield Breach(facts.places.end, seen, "a CDR at most one hour after the session's end")
    elif facts.end - context.now > CLOCK_TOLERANCE:
        yield Breach(facts.places.end, seen, "a CDR after the session's end, not before")


def paid_once(body: Any, context: Context) -> Iterator[Breach]:
    """No other CDR bills this session, or carries this reference for another one, or is of the
    same visit.
    """
    if context.seen_before is not None:  # the same CDR again, which `unaltered` judges
        return
    facts, known = facts_of(context), context.known
    reference, session = facts.reference and facts.reference.casefold(), facts.session
    if session is not None and (other := known.billed.get(session)) is not None:
        seen = raw.at(body, "/session_id")
        yield Breach("/session_id", seen, f"a session that CDR {other} does not bill already")
    elif reference is not None and (referring := known.referring.get(reference)) is not None:
        seen = raw.at(body, "/authorization_reference")
        expected = f"a reference of this session's own: CDR {referring[1]} carries it for another"
        yield Breach("/authorization_reference", seen, expected, facts.objects)
    elif (other := known.visits.get(facts.visit or "")) is not None:
        expected = f"another start, EVSE or token than those of CDR {other}"
        seen = raw.at(body, facts.places.start)
        yield Breach(facts.places.start, seen, expected, facts.objects)


def authorization_reference(body: Any, context: Context) -> Iterator[Breach]:
    """The reference is there if one was given, and is that of an ALLOWED verdict that fits."""
    facts = facts_of(context)
    place, verdict = facts.places.reference, facts.referred
    if facts.reference is None:
        if (missing := facts.missing) is not None:
            expected = f"the reference of the authorization: {missing.reference}"
            yield Breach(place, None, expected, facts.objects)
    elif verdict is None:
        yield Breach(place, facts.reference, "a reference that Plugsurfing issued", facts.objects)
    elif verdict.allowed != "ALLOWED":
        seen = f"{facts.reference} ({verdict.allowed or 'left without an answer'})"
        yield Breach(place, seen, "the reference of an ALLOWED answer", facts.objects)
    else:
        yield from _belongs(body, facts, verdict)


def _belongs(body: Any, facts: CdrFacts, verdict: Authorization) -> Iterator[Breach]:
    places, of = facts.places, f"of {verdict.reference}"
    token, location = raw.key(facts.token_name), raw.key(facts.location)
    contract = raw.text(body, places.contract)
    if token is not None and not verdict.names_token(token):
        expected = f"{verdict.token_uid}, the token {of}"
        yield Breach(places.token, facts.token_name, expected, facts.objects)
    elif not facts.same_type(verdict):
        expected = f"{verdict.token_type}, the type of the token {of}"
        yield Breach(places.token_type, facts.token_type, expected, facts.objects)
    elif contract is not None and not same_contract(contract, verdict.contract_id):
        expected = f"{verdict.contract_id}, the contract {of}"
        yield Breach(places.contract, contract, expected, facts.objects)
    elif token is not None and location is not None and not verdict.covers(token, location):
        expected = f"{verdict.location_id}, the location {of}"
        yield Breach(places.location, facts.location, expected, facts.objects)
    elif not facts.in_time(verdict):
        seen = f"{facts.reference}, given at {verdict.at:%Y-%m-%dT%H:%M:%SZ}"
        expected = "a reference given in the session, or in the hour before it"
        yield Breach(places.reference, seen, expected, facts.objects)


def realtime_only(body: Any, context: Context) -> Iterator[Breach]:
    """The driver was authorized in real time, or the token's whitelist type let the CPO decide."""
    facts = facts_of(context)
    if facts.token_name is None:
        return
    whitelist = facts.token["whitelist"] if facts.token else None
    if facts.allowing is not None:
        if whitelist == "NEVER":
            yield from _too_late(body, facts)
        return
    blocked = facts.token is not None and _blocked(facts.token, facts)
    offline = whitelist == "ALLOWED_OFFLINE" and _cut_off(body, context)
    if not blocked and (offline or whitelist in ("ALLOWED", "ALWAYS")):
        return
    expected = {
        None: "a token that Plugsurfing issued",
        "NEVER": "a real-time authorization: the token's whitelist is NEVER",
    }.get(whitelist, "a real-time authorization, or an interruption that was told")
    if blocked:
        expected = "a token that was valid when the session began: this one is blocked"
    elif other := facts.claimed or (facts.billed_by and f"CDR {facts.billed_by}"):
        expected = f"{expected}; the one that was given is that of {other}"
    yield Breach(facts.places.token, facts.token_name, expected, facts.objects)


def _too_late(body: Any, facts: CdrFacts) -> Iterator[Breach]:
    """Energy had flowed before the answer was there."""
    flowed, first = charged_by(body, facts), min(verdict.at for verdict in facts.allowed_by)
    if flowed is not None and first > flowed + CLOCK_TOLERANCE:
        seen = f"{facts.token_name}, authorized at {first:%Y-%m-%dT%H:%M:%SZ}"
        expected = f"a real-time authorization before energy flows, by {flowed:%Y-%m-%dT%H:%M:%SZ}"
        yield Breach(facts.places.token, seen, expected, facts.objects)


def charged_by(body: Any, facts: CdrFacts) -> datetime | None:
    """When energy had flowed for certain: the end of the first charging period that tells some,
    else the session's. Whoever plugs in first and holds up the card then is authorized before it.
    """
    told = [
        (begun, period)
        for period in raw.items(body, "/charging_periods")
        if (begun := raw.moment(period, "/start_date_time")) is not None
    ]
    told.sort(key=itemgetter(0))
    first = next((begun for begun, period in told if _has_energy(period)), None)
    later = (begun for begun, _ in told if first is not None and begun > first)
    return next(later, facts.end)


def _has_energy(period: Any) -> bool:
    volumes = (
        raw.number(dimension, "/volume")
        for dimension in raw.items(period, "/dimensions")
        if raw.text(dimension, "/type") == "ENERGY"
    )
    return any(volume is not None and volume > ENERGY_TOLERANCE for volume in volumes)


def _cut_off(body: Any, context: Context) -> bool:
    """Whether the CPO could not ask, or was not answered, when the driver came."""
    facts = facts_of(context)
    if facts.unanswered or facts.start is None:
        return facts.unanswered
    until = max(facts.start, charged_by(body, facts) or facts.start)
    gaps = context.profile.told_interruptions
    return context.known.interrupted(facts.start, until, gaps)


def _blocked(token: Mapping[str, Any], facts: CdrFacts) -> bool:
    """Whether the token was blocked before the session began."""
    since = raw.moment(token, "/last_updated")
    if token["valid"] or since is None or facts.start is None:
        return False
    return since <= facts.start


def started_after_denial(body: Any, context: Context) -> Iterator[Breach]:
    """The verdict that the session rests on was not ALLOWED."""
    facts = facts_of(context)
    if (verdict := facts.denying) is not None:
        seen = f"{verdict.allowed} at {verdict.at:%Y-%m-%dT%H:%M:%SZ} ({verdict.reference})"
        yield Breach(facts.places.token, seen, "no session after a denied start", facts.objects)


def remote_without_session(body: Any, context: Context) -> Iterator[Breach]:
    """A session that Plugsurfing started was pushed while it lasted."""
    facts = facts_of(context)
    session = facts.session
    if facts.referred is None or not facts.referred.by_command:
        return
    if session is None or session not in context.known.sessions:
        seen = raw.at(body, "/session_id")
        yield Breach("/session_id", seen, "a session that was pushed", facts.objects)


def known_location(body: Any, context: Context) -> Iterator[Breach]:
    """The location and EVSE were shared before the session began."""
    facts = facts_of(context)
    if context.profile.private_locations or facts.location is None:
        return
    home = context.known.location(facts.location)
    if home is None or home.outside:
        expected = "a location that was shared and accepted"
        yield Breach(facts.places.location, facts.location, expected, facts.objects)
    elif facts.start is not None and home.shared_at > facts.start + WHOLE_SECOND:
        seen = f"{facts.location}, shared at {home.shared_at:%Y-%m-%dT%H:%M:%SZ}"
        expected = "a location shared before the session's start"
        yield Breach(facts.places.location, seen, expected, facts.objects)
    elif facts.evse is not None and context.known.evse(facts.location, facts.evse) is None:
        expected = f"an EVSE of location {facts.location}"
        yield Breach(facts.places.evse, facts.evse, expected, facts.objects)


def not_negative(body: Any, context: Context) -> Iterator[Breach]:
    """Energy, price and time are zero or more, and the session ends after its start."""
    facts = facts_of(context)
    if isinstance(body, dict):
        totals = ((pointer, value) for pointer, value in numbers(body) if _negative(value))
        for pointer, value in (*totals, *_negative_volumes(body)):
            yield Breach(pointer, value, "zero or more", facts.objects)
    if facts.start is not None and facts.end is not None and facts.end < facts.start:
        told = raw.text(body, facts.places.end)
        yield Breach(facts.places.end, told, "an end that is not before the start", facts.objects)


def _negative_volumes(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for place, period in enumerate(raw.items(body, "/charging_periods")):
        for index, dimension in enumerate(raw.items(period, "/dimensions")):
            if not isinstance(dimension, dict) or not _negative(dimension.get("volume")):
                continue
            if raw.text(dimension, "/type") in _COUNTED:
                pointer = f"/charging_periods/{place}/dimensions/{index}/volume"
                yield pointer, dimension["volume"]


def _negative(value: Any) -> bool:
    return isinstance(value, NUMBER) and value < 0


def no_credit(body: Any, context: Context) -> Iterator[Breach]:
    """No credit CDR."""
    for name in ("credit", "credit_reference_id"):
        if raw.at(body, f"/{name}") not in (None, False):
            yield Breach(f"/{name}", raw.at(body, f"/{name}"), "no credit CDR")


def right_price(body: Any, context: Context) -> Iterator[Breach]:
    """The total by the tariff that applied is the total that is asked for, to the cent and in the
    tariff's currency. What cannot be priced although it is valid is told too.
    """
    facts = facts_of(context)
    applied = applied_tariff(body, context)
    tariff = applied.body if applied is not None else None
    if tariff is None or facts.cost is None or facts.start is None or facts.end is None:
        return
    currency = raw.text(tariff, "/currency")
    if currency is not None and raw.key(body, "/currency") != currency.casefold():
        expected = f"{currency}, the currency of tariff {raw.text(tariff, '/id')}"
        yield Breach("/currency", raw.at(body, "/currency"), expected, facts.objects)
        return
    periods = raw.items(body, "/charging_periods")
    if applied is not None and _plainly_right(applied, periods, facts):
        return
    home = context.known.location(facts.location)
    zone = raw.text(home.body, "/time_zone") if home else None
    session = {
        "start_date_time": raw.text(body, facts.places.start),
        "end_date_time": raw.text(body, facts.places.end),
        "charging_periods": periods,
    }
    try:
        total = price(tariff, session, time_zone=zone or "UTC").total_cost
    except TariffError as error:
        if context.memo.get(SOUND):  # else cdr.valid has told why
            where = error.pointer if error.document == "session" else facts.places.cost
            yield Breach(where, raw.at(body, where), f"what can be priced: {error}", facts.objects)
        return
    asked = (
        (facts.places.cost, facts.cost, total.excl_vat),
        (facts.places.cost_with_vat, facts.cost_with_vat, total.incl_vat),
    )
    for pointer, seen, right in asked:
        if seen is not None and right is not None and abs(seen - right) >= CENT:
            expected = f"{right.quantize(CENT)} by tariff {raw.text(tariff, '/id')}"
            yield Breach(pointer, seen, expected, (f"tariff/{raw.text(tariff, '/id')}",))


def _plainly_right(tariff: KnownTariff, periods: list[Any], facts: CdrFacts) -> bool:
    """Whether a quick calculation finds the total as it is asked for."""
    totals = quick_total(tariff.rates, periods) if tariff.rates is not None else None
    if totals is None or facts.cost is None or abs(facts.cost - totals[0]) >= CENT:
        return False
    return facts.cost_with_vat is None or abs(facts.cost_with_vat - totals[1]) < CENT


def applied_tariff(body: Any, context: Context) -> KnownTariff | None:
    """The one tariff that applied: as it was shared before the session's start, else as the CDR
    tells it, else as it was shared first. None where several applied, or none is known.
    """
    facts = facts_of(context)
    told = raw.items(body, "/tariffs")
    names = {raw.text(p, "/tariff_id") for p in raw.items(body, "/charging_periods")} - {None}
    names = names or {raw.text(tariff, "/id") for tariff in told} - {None}
    if not names:
        connector = context.known.connector(facts.location, facts.evse, facts.connector)
        shared = raw.text(connector, "/tariff_ids/0")
        names = {shared} if shared else set()
    if len(names) != 1:
        return None
    (name,) = names
    known = context.known.tariff_state(name, facts.start)
    if known is not None and known.body is None:
        known = None
    if known is not None and (facts.start is None or known.received_at <= facts.start):
        return known
    own = next((t for t in told if raw.key(t, "/id") == raw.key(name)), None)
    return KnownTariff(own, context.now) if own is not None else known


def home_charging(body: Any, context: Context) -> Iterator[Breach]:
    """The verdict on home charging compensation, where there is one."""
    place, remark = "/home_charging_compensation", raw.at(body, "/remark")
    told = raw.at(body, place) is True
    if context.version == "2.1.1":
        place, told = "/remark", remark in ("HCC_E", "HCC_V")
    with_vat = facts_of(context).cost_with_vat is not None
    for is_flag, is_remark, is_with_vat, verdict in HOME_CHARGING:
        if is_flag not in (None, told) or is_remark not in (None, remark):
            continue
        if is_with_vat in (None, with_vat):
            if verdict:
                yield Breach(place, raw.at(body, place), verdict, facts_of(context).objects)
            return


def _first_difference(before: Any, now: Any, pointer: str = "") -> tuple[str, Any, Any]:
    if isinstance(before, dict) and isinstance(now, dict):
        for name in dict.fromkeys((*before, *now)):
            if before.get(name) != now.get(name):
                return _first_difference(before.get(name), now.get(name), f"{pointer}/{name}")
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for index, (left, right) in enumerate(zip(before, now, strict=True)):
            if left != right:
                return _first_difference(left, right, f"{pointer}/{index}")
    return pointer, before, now
