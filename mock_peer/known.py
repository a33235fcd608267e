"""What the peer knows of one connection, as plain values in memory.

Rule: the checks read this and nothing else of the book; only the book changes it. Identifiers are
kept case-folded, because OCPI compares them without regard to case (2.2.1 types, CiString).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import product
from operator import attrgetter
from typing import Any

from mock_peer import raw
from mock_peer.quick_price import PlainTariff, plain_tariff

# A driver is authorized at most so long before the session starts, and may be during it: the card
# first and the cable then, or the other way round. Never after its end. No source sets a limit; the
# only one that OCPI speaks of is a quarter of an hour (2.2.1 mod_commands, StartSession).
AUTHORIZED_BEFORE = timedelta(hours=1)
# So far a CPO's clock may be from ours.
CLOCK_TOLERANCE = timedelta(minutes=1)
# Times without a fraction tell the whole second.
WHOLE_SECOND = timedelta(seconds=1)


@dataclass(slots=True)
class KnownLocation:
    """A location as stored. `outside` marks one that was refused because of its country."""

    body: dict[str, Any]
    shared_at: datetime
    outside: bool = False


@dataclass(frozen=True)
class KnownTariff:
    """One state of a tariff, from the moment it was received; no body: it was deleted."""

    body: dict[str, Any] | None
    received_at: datetime

    @cached_property
    def rates(self) -> PlainTariff | None:
        """The tariff as plain rates, where it is no more than that."""
        return plain_tariff(self.body) if self.body is not None else None


@dataclass(frozen=True, slots=True)
class KnownCdr:
    """That a CDR came: its digest, and whether it was accepted; what it bills, as `session_key` and
    the reference (case-folded), where it tells. The CDR itself is in the book.

    `rests_on` is the reference of the verdict that allowed a CDR which names none, as in 2.1.1;
    `visit` is token, EVSE and start in one word (`facts.visit_of`).
    """

    digest: str
    accepted: bool
    session: str | None = None
    reference: str | None = None
    rests_on: str | None = None
    visit: str | None = None


@dataclass(frozen=True, slots=True)
class Authorization:
    """A verdict that Plugsurfing gave: to a real-time request, or by sending START_SESSION itself.

    `allowed` is an AllowedType, or empty where the request was left without an answer.
    `evse_uids` are those that were asked for; none: the whole location.
    """

    reference: str
    at: datetime
    token_uid: str
    token_type: str
    contract_id: str
    location_id: str | None
    allowed: str
    by_command: bool = False
    evse_uids: tuple[str, ...] = ()

    def names_token(self, token: str) -> bool:
        """Whether `token` (case-folded) is this verdict's uid or, as in 2.1.1, its contract."""
        return token in (self.token_uid.casefold(), self.contract_id.casefold())

    def in_time(self, start: datetime, end: datetime) -> bool:
        """Whether a session of that time can rest on it."""
        return start - AUTHORIZED_BEFORE <= self.at <= end + CLOCK_TOLERANCE

    def covers(self, token: str, location: str | None) -> bool:
        """Whether it was given for this token and this location (both case-folded)."""
        here = self.location_id.casefold() if self.location_id else None
        return self.names_token(token) and (location is None or here == location)

    def at_evse(self, evse: str | None) -> bool:
        """Whether it was given for this EVSE (case-folded; None: not told): its location's, if it
        was given for the whole.
        """
        asked = [uid.casefold() for uid in self.evse_uids]
        return evse is None or not asked or evse in asked


@dataclass(frozen=True, slots=True)
class Interruption:
    """A time in which real-time authorization could not take place; open if `until` is None."""

    since: datetime
    until: datetime | None = None

    def touches(self, start: datetime, end: datetime) -> bool:
        """Whether any of the time between two moments lies in it."""
        return self.since <= end and (self.until is None or start <= self.until)


class Tokens:
    """The tokens that Plugsurfing issued, whatever connection they are used on."""

    def __init__(self) -> None:
        self.all: dict[tuple[str, str], dict[str, Any]] = {}  # by uid (case-folded) and type
        self._named: dict[str, dict[str, Any]] = {}

    def find(self, name: str, token_type: str | None = None) -> dict[str, Any] | None:
        """The token of that uid, or (as 2.1.1 names it) contract; of that type if one is told.

        2.1.1 has no types for app users: there they travel as OTHER.
        """
        folded = name.casefold()
        if token_type is None:
            return self._named.get(folded)
        kinds = ("OTHER", "APP_USER", "AD_HOC_USER") if token_type == "OTHER" else (token_type,)
        found = (self.all.get((folded, kind)) for kind in kinds)
        return next((token for token in found if token is not None), None)

    def take(self, token: dict[str, Any]) -> None:
        """Keep a token; of several under one contract the first stands for it."""
        uid, contract = token["uid"].casefold(), token["contract_id"].casefold()
        self.all[uid, token["type"]] = token
        self._named[uid] = token
        if self._named.setdefault(contract, token)["uid"].casefold() == uid:
            self._named[contract] = token

    def clear(self) -> None:
        """Forget them all."""
        self.all.clear()
        self._named.clear()


@dataclass(slots=True)
class Known:
    """All that the checks may ask for about one connection."""

    locations: dict[str, KnownLocation] = field(default_factory=dict)
    evse_homes: dict[str, str] = field(default_factory=dict)  # EVSE uid or evse_id -> location id
    tariffs: dict[str, list[KnownTariff]] = field(default_factory=dict)  # oldest state first
    dropped: set[str] = field(default_factory=set)  # tariffs that came with another type
    tokens: Tokens = field(default_factory=Tokens)
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)  # by `owned_key`
    cdrs: dict[str, KnownCdr] = field(default_factory=dict)
    billed: dict[str, str] = field(default_factory=dict)  # session key -> key of its accepted CDR
    visits: dict[str, str] = field(default_factory=dict)  # visit -> key of its accepted CDR
    # By reference (case-folded): the session key and the key of the accepted CDR that carries it.
    referring: dict[str, tuple[str | None, str]] = field(default_factory=dict)
    resting: dict[str, str] = field(default_factory=dict)  # reference -> key of its nameless CDR
    begun: dict[str, str] = field(default_factory=dict)  # reference -> key of the session with it
    references: dict[str, Authorization] = field(default_factory=dict)
    # Oldest first, by token (uid and contract) and location, and by token wherever it was (None).
    verdicts: dict[tuple[str, str | None], list[Authorization]] = field(default_factory=dict)
    interruptions: list[Interruption] = field(default_factory=list)
    roles: frozenset[tuple[str, str]] = frozenset()  # the CPO roles of the connection, case-folded
    # What each location last put into `evse_homes`: its body may change in place.
    _evses: dict[str, list[str]] = field(default_factory=dict)

    def location(self, location_id: str | None) -> KnownLocation | None:
        """The location of that id, whatever its case."""
        return self.locations.get(location_id.casefold()) if location_id else None

    def evse(self, location_id: str | None, evse_uid: str | None) -> dict[str, Any] | None:
        """The EVSE of that uid at that location."""
        home = self.location(location_id)
        if home is None or evse_uid is None:
            return None
        wanted = evse_uid.casefold()
        found = (e for e in raw.items(home.body, "/evses") if raw.key(e, "/uid") == wanted)
        return next(found, None)

    def connector(
        self, location_id: str | None, evse_uid: str | None, connector_id: str | None
    ) -> dict[str, Any] | None:
        """The connector of that id at that EVSE."""
        evse = self.evse(location_id, evse_uid)
        if evse is None or connector_id is None:
            return None
        wanted = connector_id.casefold()
        found = (c for c in raw.items(evse, "/connectors") if raw.key(c, "/id") == wanted)
        return next(found, None)

    def tariff(self, tariff_id: str | None, when: datetime | None = None) -> dict[str, Any] | None:
        """The tariff of that id as it stood at `when`, else as it stands."""
        state = self.tariff_state(tariff_id, when)
        return state.body if state else None

    def tariff_state(
        self, tariff_id: str | None, when: datetime | None = None
    ) -> KnownTariff | None:
        """The state of a tariff at `when` (the first one stands for all before it), or now."""
        states = self.tariffs.get(tariff_id.casefold()) if tariff_id else None
        if not states:
            return None
        if when is None:
            return states[-1]
        return next((s for s in reversed(states) if s.received_at <= when), states[0])

    def authorizations(
        self, token: str, location: str | None, start: datetime, end: datetime
    ) -> list[Authorization]:
        """The verdicts for a token and a location that a session of that time can rest on."""
        given = self.verdicts.get((token, location), [])  # one card may have thousands
        first = bisect_left(given, start - AUTHORIZED_BEFORE, key=attrgetter("at"))
        last = bisect_right(given, end + CLOCK_TOLERANCE, lo=first, key=attrgetter("at"))
        return given[first:last]

    def billed_by(self, reference: str, cdr: str, session: str | None) -> str | None:
        """The key of another accepted CDR that carries this reference for another session."""
        carried = self.referring.get(reference.casefold())
        if carried is None or carried[1] == cdr or (session is not None and carried[0] == session):
            return None
        return carried[1]

    def claimed_by(self, reference: str, cdr: str, session: str | None) -> str | None:
        """What else has this verdict, in words: another CDR carries it or rests on it, or another
        session was pushed with it. `cdr` and `session` are the keys of the one that asks.
        """
        other = self.billed_by(reference, cdr, session) or self.resting.get(reference.casefold())
        if other is not None and other != cdr:
            return f"CDR {other}"
        begun = self.begun.get(reference.casefold())
        return f"session {begun}" if begun and session is not None and begun != session else None

    def interrupted(
        self, start: datetime, until: datetime, told: Iterable[Interruption] = ()
    ) -> bool:
        """Whether real-time authorization was impossible, from shortly before a session's start
        until a moment in it.
        """
        since = start - AUTHORIZED_BEFORE
        return any(gap.touches(since, until) for gap in (*self.interruptions, *told))

    # What the book tells

    def take_location(self, location: KnownLocation) -> None:
        """Keep a location, and where its EVSEs are at home."""
        home = raw.key(location.body, "/id") or ""
        self.forget_location(home)
        self.locations[home] = location
        self._evses[home] = evse_names(location.body)
        self.evse_homes.update(dict.fromkeys(self._evses[home], home))

    def forget_location(self, location_id: str) -> None:
        """Forget a location (case-folded id) and the homes of its EVSEs."""
        self.locations.pop(location_id, None)
        for name in self._evses.pop(location_id, ()):
            self.evse_homes.pop(name, None)

    def take_tariff(self, tariff_id: str, tariff: KnownTariff) -> None:
        """Keep a new state of a tariff."""
        self.tariffs.setdefault(tariff_id.casefold(), []).append(tariff)

    def take_session(self, session: dict[str, Any]) -> bool:
        """Keep a session; True if it is new."""
        key, reference = owned_key(session), raw.key(session, "/authorization_reference")
        new = key not in self.sessions
        self.sessions[key] = session
        if reference is not None:
            self.begun[reference] = key
        return new

    def take_cdr(self, key: str, cdr: KnownCdr) -> None:
        """Keep that a CDR came, and what it bills if it was accepted."""
        self.cdrs[key] = cdr
        if cdr.accepted and cdr.visit is not None:
            self.visits.setdefault(cdr.visit, key)
        if cdr.accepted and cdr.rests_on is not None:
            self.resting.setdefault(cdr.rests_on, key)
        if cdr.accepted and cdr.session is not None:
            self.billed.setdefault(cdr.session, key)
        if cdr.accepted and cdr.reference is not None:
            self.referring.setdefault(cdr.reference, (cdr.session, key))

    def take_authorization(self, verdict: Authorization) -> None:
        """Keep a verdict, to be found by reference, by token uid and contract, and by location."""
        self.references[verdict.reference.casefold()] = verdict
        names = dict.fromkeys((verdict.token_uid.casefold(), verdict.contract_id.casefold()))
        places = (None, verdict.location_id.casefold()) if verdict.location_id else (None,)
        for found_by in product(names, places):
            insort(self.verdicts.setdefault(found_by, []), verdict, key=attrgetter("at"))


def session_key(cdr: Any) -> str | None:
    """The session that a CDR bills, as its owner names it (case-folded), where it tells."""
    return None if raw.key(cdr, "/session_id") is None else owned_key(cdr, "/session_id")


def owned_key(body: Any, pointer: str = "/id") -> str:
    """What tells one session from another: owner and id, case-folded."""
    return "*".join(str(raw.key(body, p)) for p in ("/country_code", "/party_id", pointer))


def cdr_key(cdr: Any) -> str:
    """What tells one CDR from another: owner and id; 2.1.1 names no owner."""
    parts = (raw.key(cdr, pointer) for pointer in ("/country_code", "/party_id", "/id"))
    return "*".join([part for part in parts if part is not None]) or "-"


def evse_names(location: Any) -> list[str]:
    """The EVSE uids and evse_ids that are in use at a location, case-folded."""
    present = [e for e in raw.items(location, "/evses") if raw.text(e, "/status") != "REMOVED"]
    names = (raw.key(evse, place) for evse in present for place in ("/uid", "/evse_id"))
    return [name for name in names if name]
