"""Who may charge. Pure: a plan, then, where the eMSP was asked, a conclusion from its answer.

Rule: the token's whitelist decides whether the eMSP is asked (OCPI 2.2.1 mod_tokens, WhitelistType
and Real-time authorization), a command decides for itself (mod_commands, StartSession), and silence
of the eMSP is never taken for a yes unless the whitelist says so.

    known token?   whitelist         asked?                    no answer
    no             -                 every peer that may know   refused
    yes            NEVER             always, even if not valid  refused
    yes            ALLOWED_OFFLINE   always                     local decision, told as interrupted
    yes            ALLOWED           where the policy says so   local decision
    yes            ALWAYS            never                      -
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

import msgspec

from simulator.pki.emaid import contract_key

Token = dict[str, Any]
AuthMethod = Literal["AUTH_REQUEST", "COMMAND", "WHITELIST"]
CONTRACT = "eMAID"  # OCPP 2.0.1 IdTokenEnumType of a contract
TAG_LENGTH = 20  # OCPP 1.6 IdToken: CiString20Type


class Verdict(StrEnum):
    """OCPI's AllowedType, and what it has no word for."""

    ALLOWED = "ALLOWED"
    BLOCKED = "BLOCKED"
    EXPIRED = "EXPIRED"
    NO_CREDIT = "NO_CREDIT"
    NOT_ALLOWED = "NOT_ALLOWED"
    UNKNOWN = "UNKNOWN"
    INVALID = "INVALID"  # its contract certificate does not hold


# OCPP 1.6 AuthorizationStatus and 2.0.1 AuthorizationStatusEnumType
STATUS_V16: Mapping[Verdict, str] = {
    Verdict.ALLOWED: "Accepted",
    Verdict.BLOCKED: "Blocked",
    Verdict.EXPIRED: "Expired",
    Verdict.NO_CREDIT: "Invalid",
    Verdict.NOT_ALLOWED: "Invalid",
    Verdict.UNKNOWN: "Invalid",
    Verdict.INVALID: "Invalid",
}
STATUS_V201: Mapping[Verdict, str] = {
    Verdict.ALLOWED: "Accepted",
    Verdict.BLOCKED: "Blocked",
    Verdict.EXPIRED: "Expired",
    Verdict.NO_CREDIT: "NoCredit",
    Verdict.NOT_ALLOWED: "NotAtThisLocation",
    Verdict.UNKNOWN: "Unknown",
    Verdict.INVALID: "Invalid",
}

# OCPP 2.0.1 IdTokenEnumType -> the OCPI token types it may stand for, likeliest first. 1.6 names no
# type: a tag there is a card, unless only another type fits.
TOKEN_TYPES: Mapping[str | None, tuple[str, ...]] = {
    None: ("RFID", "OTHER", "APP_USER", "AD_HOC_USER"),
    "ISO14443": ("RFID",),
    "ISO15693": ("RFID",),
    CONTRACT: ("EMAID", "OTHER"),
    "Central": ("APP_USER", "AD_HOC_USER", "OTHER", "RFID"),
    "KeyCode": ("OTHER",),
    "Local": ("OTHER",),
    "MacAddress": ("OTHER",),
}


class Decision(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether a token may charge, on whose word, and why."""

    verdict: Verdict
    uid: str
    why: str
    at: datetime
    method: AuthMethod = "WHITELIST"
    connection_id: str | None = None
    token: Token | None = None
    reference: str | None = None
    # Decided here because the eMSP, who should have been asked, could not be.
    interrupted: bool = False
    # Refused for want of an answer: nobody has said no.
    unanswered: bool = False
    # Where the eMSP allows it: empty means everywhere at the location.
    evse_uids: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """True if the token may charge."""
        return self.verdict is Verdict.ALLOWED

    @property
    def group(self) -> str | None:
        """The token's group: what OCPP 1.6 calls parentIdTag."""
        group = self.token.get("group_id") if self.token else None
        return group if isinstance(group, str) else None

    @property
    def once(self) -> bool:
        """True if it is not for a station's cache: the eMSP is to be asked each time."""
        return self.allowed and (self.token or {}).get("whitelist") == "NEVER"

    def serves(self, evse_uid: str) -> bool:
        """True if it holds for this EVSE."""
        return not self.evse_uids or evse_uid in self.evse_uids


@dataclass(frozen=True, slots=True)
class Request:
    """A token shown at a station."""

    uid: str
    at: datetime
    evse_uids: tuple[str, ...]
    # The station let it charge while it had no connection, and tells now.
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """A token that a peer has sent."""

    connection_id: str
    token: Token


@dataclass(frozen=True, slots=True)
class Policy:
    """The operator's choices."""

    prefer_realtime: bool = True
    peers_to_ask: Sequence[str] = ()  # connections to ask about a token that nobody has sent


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask these peers; the first that allows decides."""

    connections: tuple[str, ...]
    known: Known | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A peer's answer: its AuthorizationInfo, or None if it does not know the token."""

    connection_id: str
    info: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Silence:
    """A peer that gave no usable answer, and why."""

    connection_id: str
    why: str


def plan(
    request: Request,
    known: Known | None,
    policy: Policy,
    *,
    grant: Decision | None = None,
    blocked: bool = False,
) -> Decision | Ask:
    """Decide, or tell whom to ask. `grant` is what was decided for this token here before.

    `blocked` is the operator's own list; it goes before everything.
    """
    if blocked:
        return _refuse(request, Verdict.BLOCKED, "blocked by the operator", known)
    if grant is not None and any(grant.serves(uid) for uid in request.evse_uids):
        return grant
    if known is None:
        if policy.peers_to_ask:
            return Ask(tuple(policy.peers_to_ask), None)
        return _refuse(request, Verdict.UNKNOWN, "no peer has sent this token", None)
    match known.token.get("whitelist"):
        case "ALWAYS":
            return _locally(request, known, "whitelist ALWAYS")
        case "ALLOWED" if request.offline or not policy.prefer_realtime:
            return _locally(request, known, "whitelist ALLOWED")
        case "ALLOWED_OFFLINE" if request.offline:
            return _locally(request, known, "the station was offline", interrupted=True)
    return Ask((known.connection_id,), known)


def conclude(request: Request, ask: Ask, outcomes: Sequence[Answer | Silence]) -> Decision:
    """Decide from what the peers that were asked have said, or not said."""
    silences = [outcome for outcome in outcomes if isinstance(outcome, Silence)]
    answers = [outcome for outcome in outcomes if isinstance(outcome, Answer)]
    decisions = [_from_answer(request, ask, a.connection_id, a.info) for a in answers if a.info]
    for decision in decisions:
        if decision.allowed:
            return decision
    if decisions:
        return decisions[0]
    if answers and not silences:
        return _refuse(request, Verdict.UNKNOWN, "the eMSP does not know this token", ask.known)
    why = silences[0].why if silences else "no peer to ask"
    known = ask.known
    if known is not None and not answers:
        whitelist = known.token.get("whitelist")
        if whitelist == "ALLOWED_OFFLINE":
            return _locally(request, known, f"eMSP not reachable: {why}", interrupted=True)
        if whitelist == "ALLOWED":
            return _locally(request, known, f"whitelist ALLOWED, eMSP not reachable: {why}")
    refused = _refuse(request, Verdict.UNKNOWN, f"eMSP not reachable: {why}", known)
    return msgspec.structs.replace(refused, unanswered=True)


def by_command(
    token: Token, connection_id: str, reference: str | None, at: datetime, evse_uids: Sequence[str]
) -> Decision:
    """What a START_SESSION grants: its token is not checked (mod_commands, StartSession)."""
    return Decision(
        verdict=Verdict.ALLOWED,
        uid=token["uid"],
        why="START_SESSION",
        at=at,
        method="COMMAND",
        connection_id=connection_id,
        token=token,
        reference=reference,
        evse_uids=tuple(evse_uids),
    )


def may_stop(started: Decision | None, uid: str, group: str | None = None) -> bool:
    """True if a token may stop what `started` began: the same token, or one of its group."""
    if started is None:
        return False
    if contract_key(uid) in (contract_key(started.uid), contract_key(tag(started.uid))):
        return True
    return group is not None and group == started.group


def tag(uid: str) -> str:
    """The idTag that stands for a token at a 1.6 station, whose tags hold 20 characters.

    A longer uid loses its middle; both ends stay, as they tell ids apart best.
    """
    return uid if len(uid) <= TAG_LENGTH else f"{uid[:9]}..{uid[-9:]}"


def fresh_until(decision: Decision, ttl_s: float) -> datetime:
    """How long a decision serves a transaction that has not begun."""
    return decision.at + timedelta(seconds=ttl_s)


def _from_answer(
    request: Request, ask: Ask, connection_id: str, info: Mapping[str, Any]
) -> Decision:
    try:
        verdict = Verdict(info.get("allowed", ""))
    except ValueError:  # a peer's own word: whatever it means, it is not ALLOWED
        verdict = Verdict.NOT_ALLOWED
    where = _evse_uids(info.get("location"))
    token, reference = info.get("token"), info.get("authorization_reference")
    why = f"eMSP says {info.get('allowed')}"
    if verdict is Verdict.ALLOWED and where and not set(where) & set(request.evse_uids):
        verdict, why = Verdict.NOT_ALLOWED, "eMSP allows other EVSEs only"
    return Decision(
        verdict=verdict,
        uid=request.uid,
        why=why,
        at=request.at,
        method="AUTH_REQUEST",
        connection_id=connection_id,
        token=token if isinstance(token, dict) else (ask.known.token if ask.known else None),
        reference=reference if isinstance(reference, str) else None,
        evse_uids=where,
    )


def _evse_uids(location: object) -> tuple[str, ...]:
    """The EVSEs of a LocationReferences, of whatever a peer sent in its place."""
    uids = location.get("evse_uids") if isinstance(location, dict) else None
    return tuple(uid for uid in uids if isinstance(uid, str)) if isinstance(uids, list) else ()


def _locally(request: Request, known: Known, why: str, *, interrupted: bool = False) -> Decision:
    # Some write "true": what is meant is clear.
    valid = str(known.token.get("valid")).lower() == "true"
    return Decision(
        verdict=Verdict.ALLOWED if valid else Verdict.BLOCKED,
        uid=request.uid,
        why=why if valid else f"{why}, token not valid",
        at=request.at,
        connection_id=known.connection_id,
        token=known.token,
        interrupted=interrupted,
    )


def _refuse(request: Request, verdict: Verdict, why: str, known: Known | None) -> Decision:
    return Decision(
        verdict=verdict,
        uid=request.uid,
        why=why,
        at=request.at,
        connection_id=known.connection_id if known else None,
        token=known.token if known else None,
    )
