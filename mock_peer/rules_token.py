"""Checks of real-time authorization, and of the tokens and answers that the peer itself sends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mock_peer import raw
from mock_peer.rule import Breach, Context
from mock_peer.rules_connection import valid

_references = valid("location_references")
NEVER_SENT = ("group_id", "default_profile_type", "energy_contract")
EMAID = re.compile(r"[A-Z]{2}-[A-Z0-9]{3}-[A-Z0-9]{9}-[A-Z0-9]")


def is_pnc(token: Mapping[str, Any]) -> bool:
    """Whether a token stands for a Plug and Charge contract: type OTHER (EMAID from 2.3 on), and
    a contract id in place of a card's number.
    """
    return token.get("type") == "OTHER" and EMAID.fullmatch(str(token.get("uid"))) is not None


def references_valid(body: Any, context: Context) -> Iterator[Breach]:
    """The body may be absent, and is a LocationReferences object otherwise."""
    if body is not None:
        yield from _references(body, context)


def location_reference(body: Any, context: Context) -> Iterator[Breach]:
    """The request names a location that was shared, and EVSEs that are there."""
    if context.profile.private_locations:
        return
    name = raw.text(body, "/location_id")
    known = context.known.location(name)
    if known is None:
        expected = "a location that was shared" if name else "the location where the driver charges"
        yield Breach("/location_id", name, expected, _asked(context))
        return
    for pointer, uid in raw.entries(body, "/evse_uids"):
        if isinstance(uid, str) and not known.outside and context.known.evse(name, uid) is None:
            yield Breach(pointer, uid, f"an EVSE of location {name}", _asked(context))


def territory(body: Any, context: Context) -> Iterator[Breach]:
    """The location that the request names is in a country that is served."""
    known, served = context.known.location(raw.text(body, "/location_id")), context.territory
    country = raw.text(known.body, "/country") if known else None
    if served is not None and country is not None and country not in served:
        yield Breach("/location_id", country, f"one of {' '.join(sorted(served))}", _asked(context))


def token_usable(body: Any, context: Context) -> Iterator[Breach]:
    """The token in the URL exists and is valid."""
    uid, kind = context.ids.get("token_uid", ""), context.ids.get("type", "RFID")
    token = context.known.tokens.find(uid, kind)
    if token is None:
        yield Breach("", uid, f"a token of type {kind} that Plugsurfing issued", _asked(context))
    elif not token["valid"]:
        yield Breach("", uid, "a token that is not blocked", _asked(context))


def reference_issued(answer: Any, context: Context) -> Iterator[Breach]:
    """Each answer of ours carries a reference, whatever the verdict."""
    if not raw.text(answer, "/authorization_reference"):
        yield Breach("/authorization_reference", None, "a reference on every answer")


def never_patched(body: Any, context: Context) -> Iterator[Breach]:
    """We push a token whole, and never in part."""
    yield Breach("", "PATCH", "PUT of the whole token")


def token_fields(token: Any, context: Context) -> Iterator[Breach]:
    """Our tokens carry none of the fields that Plugsurfing does not use."""
    for name in NEVER_SENT:
        if raw.at(token, f"/{name}") is not None:
            yield Breach(f"/{name}", raw.at(token, f"/{name}"), "no such field in a token of ours")


def token_pnc(token: Any, context: Context) -> Iterator[Breach]:
    """A token for Plug and Charge: uid and contract are the EMAID with dashes, type OTHER,
    whitelist NEVER, the issuer our own.
    """
    uid = raw.text(token, "/uid")
    if raw.text(token, "/type") not in ("OTHER", "EMAID"):
        return
    held = context.known.tokens.find(uid, "OTHER") if uid is not None else None
    if held is not None and held["type"] != "OTHER":  # an app user's: 2.1.1 has no type for those
        return
    if uid is None or not EMAID.fullmatch(uid):
        yield Breach("/uid", uid, "an EMAID with dashes, as in DE-8PS-C00000007-7")
    contract = raw.text(token, "/contract_id") or raw.text(token, "/auth_id")
    if contract is not None and contract != uid:
        yield Breach("/contract_id", contract, "the same as uid")
    for name, expected in (("type", "OTHER"), ("whitelist", "NEVER"), ("issuer", "DE*8PS")):
        if raw.at(token, f"/{name}") != expected:
            yield Breach(f"/{name}", raw.at(token, f"/{name}"), expected)


def published_example(token: Any, context: Context) -> Iterator[Breach]:
    """The shape of the published example: a string for `valid`, and `authId`."""
    if isinstance(raw.at(token, "/valid"), str):
        yield Breach(
            "/valid", raw.at(token, "/valid"), "a boolean; sent so because it was asked for"
        )
    if raw.at(token, "/authId") is not None:
        yield Breach("/authId", raw.at(token, "/authId"), "contract_id; sent so on request")


def as_published(token: Mapping[str, Any]) -> dict[str, Any]:
    """A Plug and Charge token in the shape of the published example."""
    return {
        "uid": token["uid"],
        "valid": "true" if token["valid"] else "false",
        "authId": token["contract_id"],
        **{name: token[name] for name in ("type", "issuer", "whitelist", "last_updated")},
    }


def _asked(context: Context) -> tuple[str, ...]:
    uid = context.ids.get("token_uid")
    return (f"token/{uid}",) if uid else ()
