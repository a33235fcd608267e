"""What a CDR tells, read from the raw wire of any version.

Rule: where each version keeps a fact is one row of `PLACES`; the checks never ask for the version.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from mock_peer import raw
from mock_peer.known import (
    CLOCK_TOLERANCE,
    WHOLE_SECOND,
    Authorization,
    Known,
    cdr_key,
    session_key,
)


class Places(NamedTuple):
    """JSON pointers into a CDR. An empty one: the version does not tell."""

    token: str
    token_type: str
    contract: str
    start: str
    end: str
    location: str
    evse: str
    connector: str
    reference: str
    cost: str
    cost_with_vat: str


PLACES_22X = Places(
    token="/cdr_token/uid",
    token_type="/cdr_token/type",
    contract="/cdr_token/contract_id",
    start="/start_date_time",
    end="/end_date_time",
    location="/cdr_location/id",
    evse="/cdr_location/evse_uid",
    connector="/cdr_location/connector_id",
    reference="/authorization_reference",
    cost="/total_cost/excl_vat",
    cost_with_vat="/total_cost/incl_vat",
)
PLACES: dict[str, Places] = {
    "2.1.1": Places(
        token="/auth_id",
        token_type="",
        contract="",
        start="/start_date_time",
        end="/stop_date_time",
        location="/location/id",
        evse="/location/evses/0/uid",
        connector="/location/evses/0/connectors/0/id",
        reference="",
        cost="/total_cost",
        cost_with_vat="",
    ),
    "2.2": PLACES_22X,
    "2.2.1": PLACES_22X,
}


@dataclass(frozen=True)
class CdrFacts:
    """The facts that several checks of a CDR share. None: not told, or not in a usable shape."""

    known: Known
    key: str  # `cdr_key`
    session: str | None  # `session_key`
    places: Places
    token_name: str | None
    token_type: str | None
    token: dict[str, Any] | None
    start: datetime | None
    end: datetime | None
    location: str | None
    evse: str | None
    connector: str | None
    reference: str | None
    referred: Authorization | None
    billed_by: str | None  # the CDR that carries `reference` for another session
    verdicts: tuple[Authorization, ...]  # for token, place and time, whosever; by time
    auth_method: str | None
    unanswered: bool  # a request of that time was left without an answer
    cost: Decimal | None
    cost_with_vat: Decimal | None

    @property
    def objects(self) -> tuple[str, ...]:
        """The objects that the CDR names."""
        told = (("token", self.token_name), ("location", self.location))
        return tuple(f"{kind}/{name}" for kind, name in told if name)

    @cached_property
    def _claims(self) -> tuple[tuple[Authorization, str | None], ...]:
        """The verdicts at its EVSE, each with what else has it."""
        evse, claim = raw.key(self.evse), self.known.claimed_by
        here = (verdict for verdict in self.verdicts if verdict.at_evse(evse))
        return tuple((v, claim(v.reference, self.key, self.session)) for v in here)

    @cached_property
    def own(self) -> tuple[Authorization, ...]:
        """The verdicts at its EVSE that nothing else has, best first."""
        return _best_first([v for v, other in self._claims if other is None], self.start)

    @property
    def claimed(self) -> str | None:
        """What has the ALLOWED verdict that this CDR could rest on otherwise."""
        taken = (other for v, other in reversed(self._claims) if v.allowed == "ALLOWED")
        return next((other for other in taken if other is not None), None)

    @property
    def visit(self) -> str | None:
        """What one visit alone has: token, EVSE and the second that it began, where it tells."""
        if self.token_name is None or self.start is None or self.evse is None:
            return None
        began = self.start.isoformat(timespec="seconds")
        return f"{began} {self.location} {self.evse} {self.token_name}".casefold()

    @property
    def _referred(self) -> tuple[Authorization, ...]:
        """The verdict that it refers to, if the session can rest on it."""
        if self.referred is None or self.billed_by is not None or not self._fits(self.referred):
            return ()
        return (self.referred,) if self.referred.allowed == "ALLOWED" else ()

    @property
    def allowed_by(self) -> tuple[Authorization, ...]:
        """The ALLOWED verdicts that the session can rest on: the one that it refers to comes first,
        then its own. A verdict serves one session.
        """
        own = self.asked_for if self.places.reference else self.own
        return (*self._referred, *(v for v in own if v.allowed == "ALLOWED"))

    @cached_property
    def allowing(self) -> Authorization | None:
        """The ALLOWED verdict that the session rests on."""
        return next(iter(self._referred or self.allowed_by), None)

    @property
    def asked_for(self) -> tuple[Authorization, ...]:
        """Of its own verdicts those that can have been asked for nothing else. One right after the
        session's end is the next session's; one before another session's was given up for that; and
        a START_SESSION began nothing that was whitelisted.
        """
        end = self.end or self.start
        claimed_at = max((v.at for v, other in self._claims if other is not None), default=None)
        return tuple(
            v
            for v in self.own
            if end is not None
            and v.at <= end + WHOLE_SECOND
            and (claimed_at is None or v.at > claimed_at)
            and not (v.by_command and self.auth_method == "WHITELIST")
        )

    @property
    def missing(self) -> Authorization | None:
        """The verdict whose reference the CDR should carry, if it carries none: an ALLOWED one, if
        there is one.
        """
        asked = self.asked_for
        return next((v for v in asked if v.allowed == "ALLOWED"), next(iter(asked), None))

    @property
    def denying(self) -> Authorization | None:
        """The refusal that the session was started after: the last word on its token at its
        location before it began, or at its EVSE since.
        """
        if self.allowing is not None:
            return None
        words = [v for v in self.verdicts if self._begun_after(v) or v.at_evse(raw.key(self.evse))]
        last = self.referred or (words[-1] if words else None)
        return last if last is not None and last.allowed not in ("", "ALLOWED") else None

    def _begun_after(self, verdict: Authorization) -> bool:
        return self.start is not None and verdict.at <= self.start + CLOCK_TOLERANCE

    def _fits(self, verdict: Authorization) -> bool:
        token, location = raw.key(self.token_name), raw.key(self.location)
        if token is None or self.start is None or not self.same_type(verdict):
            return False
        return self.in_time(verdict) and verdict.covers(token, location)

    def in_time(self, verdict: Authorization) -> bool:
        """Whether the session can rest on it by its time; yes, where no start is told."""
        return self.start is None or verdict.in_time(self.start, _until(self.start, self.end))

    def same_type(self, verdict: Authorization) -> bool:
        """Whether the verdict was given for a token of the type that is told (2.1.1 tells none)."""
        return self.token_type is None or self.token_type == verdict.token_type


def of_cdr(body: Any, version: str, known: Known) -> CdrFacts:
    """Read the facts of a CDR, with the verdicts that its token was given around its time."""
    places = PLACES[version]
    token_name, location = raw.text(body, places.token), raw.text(body, places.location)
    start, end = raw.moment(body, places.start), raw.moment(body, places.end)
    reference = raw.text(body, places.reference) if places.reference else None
    token_type = raw.text(body, places.token_type) if places.token_type else None
    asked: list[Authorization] = []
    if token_name is not None and start is not None:
        token = token_name.casefold()
        asked = known.authorizations(token, raw.key(location), start, _until(start, end))
        if token_type is not None:
            asked = [verdict for verdict in asked if verdict.token_type == token_type]
    verdicts = tuple(verdict for verdict in asked if verdict.allowed)
    key, session = cdr_key(body), session_key(body)
    evse = _evse(body, places)
    return CdrFacts(
        known=known,
        key=key,
        session=session,
        places=places,
        token_name=token_name,
        token_type=token_type,
        token=known.tokens.find(token_name, token_type) if token_name is not None else None,
        start=start,
        end=end,
        location=location,
        evse=evse,
        connector=raw.text(body, places.connector) if evse is not None else None,
        reference=reference,
        referred=known.references.get(reference.casefold()) if reference else None,
        billed_by=known.billed_by(reference, key, session) if reference else None,
        verdicts=verdicts,
        auth_method=raw.text(body, "/auth_method"),
        unanswered=len(asked) > len(verdicts),
        cost=raw.number(body, places.cost),
        cost_with_vat=raw.number(body, places.cost_with_vat) if places.cost_with_vat else None,
    )


def _evse(body: Any, places: Places) -> str | None:
    """The EVSE that was used: in 2.1.1 the one at the CDR's location; of several, none is told."""
    several = len(raw.items(body, "/location/evses")) > 1
    return None if several else raw.text(body, places.evse)


def _until(start: datetime, end: datetime | None) -> datetime:
    """How long a verdict may come; an end before the start is `cdr.not-negative`'s affair."""
    return start if end is None else max(start, end)


def _best_first(verdicts: list[Authorization], start: datetime | None) -> tuple[Authorization, ...]:
    """The last one before the start first, back to the earliest; then those given since."""
    if start is None:
        return tuple(verdicts)
    before = [verdict for verdict in verdicts if verdict.at <= start + WHOLE_SECOND]
    return (*reversed(before), *verdicts[len(before) :])
