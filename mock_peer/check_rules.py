"""The verdict on each rule of a face, from the findings and from what could have broken it.

Rule: a rule passes only if something came that it could be held against. What that is, where it is
not simply a message of the rule's occasions, is a row of `TRIGGERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from mock_peer import profiles, raw
from mock_peer.check_evidence import Evidence, Exchange
from mock_peer.check_model import (
    Fault,
    Line,
    Ruling,
    failed,
    not_applicable,
    not_exercised,
    passed,
)
from mock_peer.check_rulings import counted, pulls
from mock_peer.roam_delivery import accepted
from mock_peer.rule import Face, Occasion, Rule, Severity
from mock_peer.rules import RULES
from mock_peer.rules_location import PNC_CAPABILITIES
from simulator.kernel.journal import Record

ON = Occasion
Trigger = Callable[[Exchange, Evidence], bool]

# What to say where nothing came that a rule reads, by the first of its occasions.
WANTED: Mapping[Occasion, str] = MappingProxyType(
    {
        ON.UNREGISTERED: "a request for data",
        ON.REQUEST: "a request for data",
        ON.CREDENTIALS: "credentials",
        ON.ENDPOINTS: "version details",
        ON.LOCATION: "a location, pushed or pulled",
        ON.LOCATION_PATCH: "a PATCH of a location or an EVSE",
        ON.TARIFF: "a tariff, pushed or pulled",
        ON.AUTHORIZE: "a real-time authorization",
        ON.AUTHORIZATION: "a real-time authorization",
        ON.SESSION: "a session",
        ON.COMMAND_RESPONSE: "a command, sent by us",
        ON.COMMAND_RESULT: "the result of a command",
        ON.CDR: "a CDR",
        ON.TOKEN: "a token, pushed by us",
        ON.TOKEN_PATCH: "a token, pushed by us",
        ON.ROAM_CREDENTIALS: "credentials",
        ON.ROAM_ENDPOINTS: "version details",
        ON.ROAM_REQUEST: "a request for data",
        ON.ROAM_PULL: "a pull of locations",
        ON.ROAM_PAGE: "a pull of locations",
        ON.ROAM_LOCATION: "a pull of locations",
        ON.ROAM_TOKEN: "a token, pushed by the EMP",
        ON.ROAM_TOKEN_SENT: "a token, pushed by the EMP",
        ON.ROAM_COMMAND: "a command",
        ON.ROAM_ANSWER: "a real-time authorization",
        ON.ROAM_SESSION: "a session, pushed by us",
        ON.ROAM_CDR: "a CDR, pushed by us",
        ON.ROAM_CDR_ANSWER: "a CDR, pushed by us",
    }
)


def _brings_data(exchange: Exchange, evidence: Evidence) -> bool:
    return exchange.received and exchange.functional


def _has_body(exchange: Exchange, evidence: Evidence) -> bool:
    return _brings_data(exchange, evidence) and bool(exchange.record["request"]["body"])


def _registered_with(exchange: Exchange, evidence: Evidence) -> bool:
    """Version details, where it came to a registration: they are judged after it."""
    return ON.ENDPOINTS in exchange.occasions and bool(evidence.offered)


def _names_tariffs(exchange: Exchange, evidence: Evidence) -> bool:
    return any(raw.items(part, "/tariff_ids") for part in _parts(exchange))


def _offers_pnc(exchange: Exchange, evidence: Evidence) -> bool:
    words = (word for part in _parts(exchange) for word in raw.items(part, "/capabilities"))
    return any(word in PNC_CAPABILITIES for word in words)


def _denied(exchange: Exchange, evidence: Evidence) -> bool:
    """A real-time request that was not allowed."""
    if ON.AUTHORIZE not in exchange.occasions or exchange.http_status is None:
        return False
    return raw.text(exchange.data, "/allowed") != "ALLOWED"


def _started_remotely(exchange: Exchange, evidence: Evidence) -> bool:
    """A CDR after START_SESSION, or version details that offer commands."""
    if ON.ENDPOINTS in exchange.occasions:
        return ("commands", "RECEIVER") in evidence.offered
    return ON.CDR in exchange.occasions and bool(evidence.sent("commands", "POST"))


def _repeated(exchange: Exchange, evidence: Evidence) -> bool:
    """A CDR whose id came before."""
    if ON.CDR not in exchange.occasions:
        return False
    name = raw.key(exchange.body, "/id")
    earlier = (e for e in evidence.seen(ON.CDR) if e.seq < exchange.seq)
    return any(raw.key(e.body, "/id") == name for e in earlier)


def _after_authorization(exchange: Exchange, evidence: Evidence) -> bool:
    """A CDR with a reference, or after a real-time authorization or a START_SESSION."""
    if ON.CDR not in exchange.occasions:
        return False
    asked = [*evidence.seen(ON.AUTHORIZE), *evidence.sent("commands", "POST")]
    return raw.text(exchange.body, "/authorization_reference") is not None or any(
        e.seq < exchange.seq for e in asked
    )


def _bills_by_tariff(exchange: Exchange, evidence: Evidence) -> bool:
    """A CDR that tells its tariff, or after tariffs were shared."""
    if ON.CDR not in exchange.occasions:
        return False
    return bool(raw.items(exchange.body, "/tariffs")) or any(evidence.seen(ON.TARIFF))


def _not_taken(exchange: Exchange, evidence: Evidence) -> bool:
    """A CDR that the EMP did not take."""
    taken = accepted(exchange.http_status, exchange.status_code)
    return ON.ROAM_CDR_ANSWER in exchange.occasions and not taken


def _charges_at_home(exchange: Exchange, evidence: Evidence) -> bool:
    told = raw.at(exchange.body, "/home_charging_compensation") is True
    remarked = raw.text(exchange.body, "/remark") in ("HCC_E", "HCC_V")
    return ON.CDR in exchange.occasions and (told or remarked)


TRIGGERS: Mapping[str, Trigger] = MappingProxyType(
    {
        "credentials.before-data": _brings_data,
        "credentials.endpoints": _registered_with,
        "request.body": _has_body,
        "location.one-tariff": _names_tariffs,
        "location.pnc-capability": _offers_pnc,
        "session.start-denied": _denied,
        "session.required-for-remote": _started_remotely,
        "cdr.unaltered": _repeated,
        "cdr.authorization-reference": _after_authorization,
        "cdr.price": _bills_by_tariff,
        "cdr.home-charging": _charges_at_home,
        "roam.cdr-retry": _not_taken,
    }
)
# Where WANTED would say too little.
INSTEAD: Mapping[str, str] = MappingProxyType(
    {
        "credentials.endpoints": "version details, and a registration",
        "location.one-tariff": "a connector that names a tariff",
        "location.pnc-capability": "an EVSE or connector that claims Plug and Charge",
        "session.start-denied": "a driver whom a real-time authorization refuses",
        "session.required-for-remote": "a remote start",
        "cdr.unaltered": "the same CDR twice",
        "cdr.authorization-reference": "a CDR after a real-time authorization",
        "cdr.price": "a CDR with a known tariff",
        "cdr.home-charging": "a CDR of home charging",
        "roam.cdr-retry": "a CDR that you do not take",
    }
)

# The module that a rule is told under, by the first word of its id, where the two differ.
AREAS: Mapping[str, str] = MappingProxyType(
    {
        "request": "transport",
        "no": "transport",
        "limit": "transport",
        "roles": "credentials",
        "location": "locations",
        "unique": "locations",
        "capabilities": "locations",
        "tariff": "tariffs",
        "authorize": "tokens",
        "token": "tokens",
        "contract": "tokens",
        "quirk": "tokens",
        "valid": "tokens",
        "command": "commands",
        "session": "sessions",
        "cdr": "cdrs",
        "original": "cdrs",
    }
)
# What a tester is asked to bring about, to see what follows: a refused token, an EMP that does not
# answer or does not take a CDR. A row of the checks judges what followed.
ANSWERS = frozenset({"authorize.token", "roam.authorize", "roam.cdr-retry"})

# What a pull cannot break: when we ask is not for the other side to choose.
BY_PUSH = frozenset({"cdr.in-time"})


def rule_lines(evidence: Evidence, face: Face) -> list[Line]:
    """A line for each rule of a face, in the table's order."""
    told: dict[str, list[Record]] = {}
    pulled = {exchange.seq for exchange in pulls(evidence)}
    for finding in evidence.findings:
        if finding["rule"] not in BY_PUSH or finding["message_seq"] not in pulled:
            told.setdefault(finding["rule"], []).append(finding)
    return [_line(row, told.get(row.id, []), evidence) for row in RULES if row.face is face]


def _line(row: Rule, findings: list[Record], evidence: Evidence) -> Line:
    return Line(
        id=row.id,
        module=_module(row.id),
        statement=row.statement,
        source=row.source,
        hint=row.hint,
        ruling=_ruling(row, findings, evidence),
        severity=evidence.profile.rules.get(row.id) or row.severity or "",
        faults=tuple(_fault(finding) for finding in findings),
    )


def _module(rule_id: str) -> str:
    """The module that a rule is told under."""
    area = rule_id.removeprefix("roam.").partition(".")[0].partition("-")[0]
    return AREAS.get(area, area)


def _ruling(row: Rule, findings: list[Record], evidence: Evidence) -> Ruling:
    if why := _out_of_scope(row, evidence):
        return not_applicable(why)
    noted = row.id in ANSWERS
    broken = [f for f in findings if f["severity"] != Severity.NOTE and not noted]
    if broken:
        shown = (f["message_seq"] for f in broken if f["message_seq"] is not None)
        return failed(_told(broken), dict.fromkeys(shown))
    trigger = TRIGGERS.get(row.id)
    held = [e.seq for e in evidence.exchanges if _reads(row, trigger, e, evidence)]
    if held:
        said = dict.fromkeys(f["expected"] for f in findings)
        return passed(held, "; ".join(said) or counted(len(held)))
    return not_exercised(f"there was none: {_wanted(row)}")


def _out_of_scope(row: Rule, evidence: Evidence) -> str:
    """Why a rule is not about this connection; empty if it is."""
    profile = evidence.profile
    in_force = profiles.find(profile.peer).rules
    if evidence.version not in row.versions:
        return f"not in OCPI {evidence.version}: a rule of {', '.join(row.versions)}"
    if profile.rules.get(row.id) == "off":
        return "switched off in the profile"
    if in_force is not None and row.id not in in_force:
        return f"{profile.peer} does not ask for it"
    if row.severity is None:
        return "what Plugsurfing itself does"
    return "" if row.checks else "stated, and not judged"


def _reads(row: Rule, trigger: Trigger | None, exchange: Exchange, evidence: Evidence) -> bool:
    if trigger is not None:
        return trigger(exchange, evidence)
    return bool(exchange.occasions & set(row.checks))


def _wanted(row: Rule) -> str:
    words = (WANTED[occasion] for occasion in row.checks if occasion in WANTED)
    return INSTEAD.get(row.id) or next(words, "a message that tells")


def _told(findings: list[Record]) -> str:
    first = findings[0]
    place = f"{first['pointer']}: " if first["pointer"] else ""
    more = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
    return f"{place}expected {first['expected']}{more}"


def _fault(finding: Record) -> Fault:
    return Fault(
        severity=finding["severity"],
        pointer=finding["pointer"],
        seen=finding["seen"],
        expected=finding["expected"],
        message=finding["message_seq"],
        objects=tuple(finding["objects"]),
    )


def _parts(exchange: Exchange) -> list[dict[str, Any]]:
    """The location, EVSEs and connectors that an exchange brings, at whatever level."""
    brought = exchange.body if exchange.received else exchange.data
    return list(_whole(brought)) if exchange.module == "locations" else []


def _whole(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _whole(item)
    elif isinstance(value, dict):
        yield value
        for children in ("evses", "connectors"):
            yield from _whole(value.get(children))
