"""Checks of the tokens and commands of EMPs, and of the sessions and CDRs that go out to them.

Rule: as in every module of checks, one small function a check, over raw JSON of any shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mock_peer import raw
from mock_peer.roam_cdrs import PARTS
from mock_peer.roam_delivery import accepted
from mock_peer.roam_facts import PARTY, facts_of, issued, lengths, valid
from mock_peer.roam_ids import Kind
from mock_peer.roam_organisation import letters
from mock_peer.roam_tokens import REFUSED_TYPES, normalised
from mock_peer.rule import Breach, Context
from simulator.pki.emaid import contract_key

COMMANDS = ("START_SESSION", "STOP_SESSION")
_HEADER = "/headers/X-Original-Protocol"


# Tokens


def token_type(token: Any, context: Context) -> Iterator[Breach]:
    """A token is for a card or a contract, not for an app."""
    told = raw.text(token, "/type")
    if told in REFUSED_TYPES:
        yield Breach("/type", told, "RFID or OTHER", named(token))


def token_whitelist(token: Any, context: Context) -> Iterator[Breach]:
    """CPOs read ALLOWED_OFFLINE where an EMP says ALLOWED or ALWAYS."""
    told = raw.text(token, "/whitelist")
    if told in ("ALLOWED", "ALWAYS"):
        expected = "NEVER or ALLOWED_OFFLINE; CPOs get ALLOWED_OFFLINE"
        yield Breach("/whitelist", told, expected, named(token))


def whitelist_sent(token: Any, context: Context) -> Iterator[Breach]:
    """What goes on to CPOs never lets them decide alone while they can ask."""
    told = raw.text(token, "/whitelist")
    if told not in ("NEVER", "ALLOWED_OFFLINE"):
        yield Breach("/whitelist", told, "NEVER or ALLOWED_OFFLINE", named(token))


def issuer_sent(token: Any, context: Context) -> Iterator[Breach]:
    """What goes on to CPOs is Plugsurfing's token."""
    if raw.text(token, "/issuer") != PARTY:
        yield Breach("/issuer", raw.text(token, "/issuer"), PARTY, named(token))


def contract_prefix(token: Any, context: Context) -> Iterator[Breach]:
    """The contract id begins with a prefix that was registered, and for no other EMP before."""
    facts, told = facts_of(context), raw.text(token, "/contract_id")
    if told is None:
        return
    prefixes = facts.organisation.prefixes
    owners = [whose for one, whose in facts.taken.items() if letters(told).startswith(one)]
    if not letters(told).startswith(prefixes):
        expected = f"a registered prefix: {', '.join(prefixes)}"
        yield Breach("/contract_id", told, expected, named(token))
    elif owners:
        expected = f"a prefix of this EMP's own: this one is registered for {owners[0]}"
        yield Breach("/contract_id", told, expected, named(token))


def contract_keys(token: Any, context: Context) -> Iterator[Breach]:
    """A contract has no more keys than the organisation allows."""
    facts, told = facts_of(context), raw.text(token, "/contract_id")
    if told is None:
        return
    uid, kind = raw.key(token, "/uid"), raw.text(token, "/type")
    others = [
        held
        for held in facts.tokens.of_contract(told)
        if (held.uid.casefold(), held.type) != (uid, kind)
    ]
    allowed = facts.organisation.keys_per_contract
    if len(others) >= allowed:
        seen = f"{told}: {', '.join(held.uid for held in others)}"
        expected = f"at most {allowed} {'key' if allowed == 1 else 'keys'} per contract_id"
        yield Breach("/contract_id", seen, expected, named(token))


def contract_change(token: Any, context: Context) -> Iterator[Breach]:
    """A token keeps its contract unless the organisation may change it."""
    told, before = raw.text(token, "/contract_id"), raw.text(context.seen_before, "/contract_id")
    if told is None or before is None or facts_of(context).organisation.contract_change:
        return
    if contract_key(told) != contract_key(before):
        yield Breach("/contract_id", told, f"{before}, as at first", named(token))


def contract_format(token: Any, context: Context) -> Iterator[Breach]:
    """The contract id comes back with dashes."""
    told = raw.text(token, "/contract_id")
    if told is not None and normalised(told) != told:
        yield Breach("/contract_id", told, f"{normalised(told)}, as it comes back", named(token))


# Commands and authorization


def command_supported(command: Any, context: Context) -> Iterator[Breach]:
    """`command` is {name, body}: START_SESSION and STOP_SESSION alone are passed on."""
    name = raw.text(command, "/name")
    if name not in COMMANDS:
        yield Breach("", name, " or ".join(COMMANDS))


def command_valid(command: Any, context: Context) -> Iterator[Breach]:
    """The body is what OCPI defines for the command."""
    name = raw.text(command, "/name")
    if name in COMMANDS:
        yield from valid(f"command:{name}")(raw.at(command, "/body"), context)


def token_before_start(command: Any, context: Context) -> Iterator[Breach]:
    """The token of a remote start was pushed before."""
    uid, kind = raw.text(command, "/body/token/uid"), raw.text(command, "/body/token/type")
    if raw.text(command, "/name") != "START_SESSION" or uid is None:
        return
    facts = facts_of(context)
    held = facts.tokens.find(uid, kind or "")
    if held is None or held.organisation != facts.connection:
        yield Breach("/token/uid", uid, "a token that was pushed before", (f"token/{uid}",))


def authorization_answer(answer: Any, context: Context) -> Iterator[Breach]:
    """`answer` is {problem, info}: why it decides nothing, or empty; the AuthorizationInfo."""
    info = raw.at(answer, "/info")
    if problem := raw.text(answer, "/problem"):
        organisation = facts_of(context).organisation
        timeout_s = f"{organisation.authorization.timeout_s:g}"
        yield Breach("", problem, f"an AuthorizationInfo within {timeout_s} s")
    elif info is not None:
        yield from valid("authorization_info")(info, context)


# Sessions and CDRs


def session_message(push: Any, context: Context) -> Iterator[Breach]:
    """`push` is {method, body, …}: PATCH of two fields, PUT without periods."""
    body = raw.at(push, "/body")
    names = set(body) if isinstance(body, dict) else set()
    if raw.text(push, "/method") == "PATCH" and names != {"kwh", "last_updated"}:
        yield Breach("/body", sorted(names), "kwh and last_updated alone")
    if "charging_periods" in names:
        yield Breach("/body/charging_periods", body["charging_periods"], "no charging periods")


def session_ids(push: Any, context: Context) -> Iterator[Breach]:
    """The ids of a pushed session were issued."""
    body, ids = raw.at(push, "/body"), facts_of(context).ids
    if raw.text(push, "/method") != "PATCH":
        yield from issued(body, "/id", Kind.SESSION, ids)
        yield from issued(body, "/location_id", Kind.LOCATION, ids)
        yield from issued(body, "/evse_uid", Kind.EVSE, ids)
        yield from issued(body, "/connector_id", Kind.CONNECTOR, ids)


def cdr_ids(push: Any, context: Context) -> Iterator[Breach]:
    """The ids of a pushed CDR were issued."""
    body, ids = raw.at(push, "/body"), facts_of(context).ids
    has_session = raw.text(body, "/session_id") is not None
    yield from issued(body, "/id", Kind.SESSION if has_session else Kind.CDR, ids)
    yield from issued(body, "/cdr_location/id", Kind.LOCATION, ids)


def cdr_whole(push: Any, context: Context) -> Iterator[Breach]:
    """A CDR has its session's id, where there is one, and is no credit."""
    body = raw.at(push, "/body")
    name, session = raw.text(body, "/id"), raw.text(body, "/session_id")
    if session is not None and name != session:
        yield Breach("/body/id", name, f"the session's id: {session}", (f"cdr/{name}",))
    if raw.at(body, "/credit"):
        yield Breach("/body/credit", raw.at(body, "/credit"), "no credit CDR", (f"cdr/{name}",))


def cdr_lengths(push: Any, context: Context) -> Iterator[Breach]:
    """Address and postal code of a CDR's location are within Plugsurfing's own limits."""
    yield from lengths(push, "/body/cdr_location")


def cdr_breakdown(push: Any, context: Context) -> Iterator[Breach]:
    """The cost is told by dimension."""
    body = raw.at(push, "/body")
    if all(raw.at(body, f"/total_{part}_cost") is None for part in PARTS):
        yield Breach("/body", None, "the cost by dimension", (f"cdr/{raw.text(body, '/id')}",))


def cdr_answer(answer: Any, context: Context) -> Iterator[Breach]:
    """`answer` is {http_status, status_code, again_at, id}."""
    told = raw.at(answer, "/http_status"), raw.at(answer, "/status_code")
    if not accepted(*told):
        seen = f"HTTP {told[0] or '-'}, OCPI {told[1] or '-'}"
        again = raw.text(answer, "/again_at")
        then = f"sent again at {again}" if again else "not sent again: seven nights are over"
        name = raw.text(answer, "/id")
        yield Breach("", seen, f"HTTP 200 with OCPI 1000; {then}", (f"cdr/{name}",))


def original_protocol(push: Any, context: Context) -> Iterator[Breach]:
    """`push` is {protocol, uncertain, …}: the header stands where the key is uncertain."""
    told, uncertain = raw.text(push, "/protocol"), raw.at(push, "/uncertain") is True
    if uncertain and told is None:
        yield Breach(_HEADER, None, "the CPO's protocol: the key is uncertain")
    elif told is not None and not uncertain:
        yield Breach(_HEADER, told, "no such header: the key is certain")


def named(token: Any) -> tuple[str, ...]:
    """The token as findings name it."""
    name = raw.text(token, "/uid")
    return (f"token/{name}",) if name else ()
