"""A charging session: from what a station tells to the OCPI session and the CDR. Pure.

Rule: a session is its head (fixed when it begins) and its events in order; everything else follows
from them, so that the book keeps only these two and a restart replays them. The CDR is sealed: it
says how location, tariff and token were at the start (OCPI 2.2.1 mod_cdrs, CDR object).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import msgspec

from simulator.cpo.authorize import Decision
from simulator.cpo.billing import cdr_token, costs, to_price
from simulator.cpo.cuts import cuts_of
from simulator.cpo.periods import (
    ZERO,
    Dimension,
    Metering,
    Period,
    four_places,
    hours_between,
)
from simulator.cpo.readings import Reading
from simulator.cpo.tally import Tally, Turn, stop_of
from simulator.kernel.clock import rfc3339
from simulator.ocpi.tariff import Priced, TariffError, price
from simulator.ocpi.tariff_model import Tariff, read_tariff
from simulator.ocpi.tariff_parse import Place as PlaceIn
from simulator.ocpi.tariff_plain import plain_total

Object = dict[str, Any]
Status = Literal["PENDING", "ACTIVE", "COMPLETED", "INVALID"]
Kind = Literal["started", "updated", "ended"]

# OCPP 2.0.1 ChargingStateEnumType, and the connector statuses of 1.6 that mean the same. PARKING is
# time in which the vehicle does not request power, not time in which none flows (OCPI, bugfix
# branch of 2.2.1, CdrDimensionType): a station that holds back (SuspendedEVSE) does not park it.
DIMENSIONS: Mapping[str, Dimension] = {
    "Charging": "TIME",
    "SuspendedEVSE": "TIME",
    "SuspendedEV": "PARKING_TIME",
    "EVConnected": "PARKING_TIME",
    "Idle": "PARKING_TIME",
}

TARIFF = PlaceIn("tariff")  # where its errors are told to be
# A station's clock may be ahead of ours, but not by so much.
AHEAD = timedelta(days=1)


class Place(msgspec.Struct, frozen=True):
    """Where a session is: what the CDR will say of the location, sealed at the start."""

    cdr_location: Object
    time_zone: str
    currency: str
    tariff: Object | None = None
    max_power_w: int | None = None  # of the connector

    @property
    def tariff_id(self) -> str | None:
        """The id of the tariff that applies."""
        return self.tariff["id"] if self.tariff else None


class Head(msgspec.Struct, frozen=True):
    """What is fixed when a session begins."""

    id: str
    country_code: str
    party_id: str
    station_id: str
    transaction_id: str
    evse_id: int
    place: Place
    created_at: datetime
    # The name under which the journal follows it, from plug-in to CDR.
    trace: str


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something a station told about a session (or the authorization that it led to).

    `at` is the station's time, `received_at` ours; `seq_no` is 2.0.1's; `free`: it charges for
    nobody.
    """

    kind: Kind
    at: datetime
    received_at: datetime
    state: str | None = None
    readings: tuple[Reading, ...] = ()
    decision: Decision | None = None
    reason: str | None = None
    seq_no: int | None = None
    free: bool = False


class Session:
    """The fold of a session's events."""

    def __init__(self, head: Head) -> None:
        self.head = head
        self.status: Status = "PENDING"
        self.decision: Decision | None = None
        self.refusal: Decision | None = None
        self.state: str | None = None
        self.active_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.stop_reason: str | None = None
        self.last_updated = head.created_at
        self.metering: Metering | None = None
        self.events = 0
        self.free = False
        self._told: list[Event] = []
        self._seen: set[int] = set()
        self._tally = Tally(head.place.max_power_w)
        self._turns: list[Turn] = []
        self._begun_as: Dimension = "TIME"
        self._has_charged = False
        self._tariff: Tariff | None = None  # the one of its place, once it is active
        self._priced: Priced | None = None
        self._priced_at = -1

    # The fold

    def has_seen(self, seq_no: int | None) -> bool:
        """True if this event (2.0.1 seqNo) was told before."""
        return seq_no is not None and seq_no in self._seen

    @property
    def over(self) -> bool:
        """True once the station has ended it."""
        return self.ended_at is not None

    @property
    def odd(self) -> list[str]:
        """What its meter told and was not believed."""
        return self._tally.odd

    @property
    def connection_id(self) -> str | None:
        """The peer that it concerns: the one whose token it was."""
        return self.decision.connection_id if self.decision else None

    def apply(self, event: Event) -> None:
        """Take in the next event."""
        self.events += 1
        self._told.append(event)
        self.free = self.free or event.free
        self.last_updated = max(self.last_updated, event.received_at)
        if event.seq_no is not None:
            self._seen.add(event.seq_no)
        if self.status == "INVALID":
            self._fold_anew()
        if self.over:
            return  # kept in the book; what was sealed stays as it is
        if event.decision is not None:
            self._decide(event.decision)
        if event.state is not None:
            self._turn(event.at, event.state)
        if self.active_at is None and event.kind != "ended" and self._may_begin():
            self._begin(event.at)
        for reading in event.readings:
            self._read(reading, event)
        if event.kind == "ended":
            self._end(event)

    def _fold_anew(self) -> None:
        """Its end was told before it could begin: it may, with what has come since."""
        told = sorted(self._told, key=lambda event: event.seq_no or 0)
        end = next(event for event in self._told if event.kind == "ended")
        again = replay(self.head, [*(event for event in told if event.kind != "ended"), end])
        if again.status == "COMPLETED":
            told_of = {"events": self.events, "last_updated": self.last_updated}
            vars(self).update(vars(again) | told_of | {"_seen": self._seen})

    def _decide(self, decision: Decision) -> None:
        if decision.allowed:
            self.decision = decision
        else:
            self.refusal = decision

    def _turn(self, at: datetime, state: str) -> None:
        self.state = state
        self._has_charged = self._has_charged or state == "Charging"
        dimension = self._dimension()
        if self.metering is not None and dimension is not None:
            self.metering.turn(at, dimension)
            self._turns.append((at, dimension))

    def _dimension(self) -> Dimension | None:
        """The kind of time that it is now; None for a state that does not tell.

        A car that has just been plugged in is presumed to ask, until it shows otherwise.
        """
        if self.state == "EVConnected" and not self._has_charged:
            return "TIME"
        return DIMENSIONS.get(self.state or "")

    def _may_begin(self) -> bool:
        return self.decision is not None and self.state != "Idle"

    def _begin(self, at: datetime) -> None:
        """It is active from the moment that card and cable are both there."""
        self.active_at = at
        self.status = "ACTIVE"
        place = self.head.place
        if place.tariff is not None:
            self._tariff = read_tariff(place.tariff, TARIFF)
        self._begun_as = self._dimension() or "TIME"
        self.metering = self._new_metering(at)

    def _new_metering(self, start: datetime) -> Metering:
        cuts = cuts_of(self._tariff, start, self.head.place.time_zone)
        return Metering(start, cuts, self._begun_as)

    def _read(self, reading: Reading, event: Event) -> None:
        if reading.at > event.received_at + AHEAD:
            self.odd.append(f"a reading of {rfc3339(reading.at)}, which is to come")
            return
        more_kwh = self._tally.take(reading, last=event.kind == "ended")
        if self.metering is not None and more_kwh is not None:
            self.metering.read(reading.at, more_kwh, reading.power_kw, reading.current_a)

    def _end(self, event: Event) -> None:
        self.ended_at = event.at
        self.stop_reason = event.reason
        if self.metering is None and self.decision is not None:
            self._begin_late(event)
        if self.metering is None or self.active_at is None:
            self.status = "INVALID"
            return
        self._settle(self.metering, max(event.at, self.active_at), event)
        self.ended_at = self.metering.read_at
        self.status = "COMPLETED"

    def _begin_late(self, event: Event) -> None:
        """It charged, and who pays is told with its end: it began with its first reading.

        Unless that is not the transaction's: then its beginning may still be told.
        """
        stop = stop_of(event.readings)
        begun = any(each.kind == "started" for each in self._told)
        if stop is not None and self._tally.counts_to(stop, begun=begun):
            self._begin(self._tally.readings[0].at)

    def _settle(self, metered: Metering, end: datetime, event: Event) -> None:
        """Meter the session anew if its stop register tells otherwise than it did on the way."""
        told_for = event.received_at - self.head.created_at
        lasted = max(end - metered.start, told_for)
        total = self._tally.total_kwh(stop_of(event.readings), lasted)
        early = end < metered.read_at
        if total is None or not (self._tally.untidy or early or total != metered.kwh):
            metered.end(end)
            return
        self.metering = self._new_metering(metered.start)
        self._tally.spread(self.metering, self._turns, end, total)

    # What OCPI is told

    @property
    def kwh(self) -> Decimal:
        """Energy so far, four decimals."""
        return four_places(self.metering.kwh) if self.metering else ZERO

    def periods(self, *, since: int = 0, with_open: bool = False) -> list[Object]:
        """The charging periods from the `since`-th on; the open one only on demand."""
        if self.metering is None:
            return []
        periods: list[Period] = self.metering.closed[since:]
        if with_open and not self.over:
            periods = [*periods, self.metering.open_period()]
        tariff_id = self.head.place.tariff_id
        return [period.to_ocpi(rfc3339(period.start), tariff_id) for period in periods]

    def priced(self) -> Priced | None:
        """What it costs so far by its tariff; None without one. Raises TariffError."""
        if self._priced_at != self.events:
            self._priced, self._priced_at = self._price(), self.events
        return self._priced

    def _price(self) -> Priced | None:
        tariff = self._tariff
        if tariff is None or self.metering is None or self.active_at is None:
            return None
        end = self.ended_at or self.metering.read_at
        so_far = {
            "start_date_time": rfc3339(self.active_at),
            "end_date_time": rfc3339(end),
            "charging_periods": self.periods(with_open=True),
        }
        return price(tariff, so_far, time_zone=self.head.place.time_zone, explain=False)

    def _cost_so_far(self) -> Object | None:
        """For a session the cost is optional, and none is better than none of the rest."""
        if self._tariff is not None and self.metering is not None:
            total = plain_total(self._tariff, self.kwh)
            if total is not None:
                return to_price(total)
        try:
            priced = self.priced()
        except TariffError:
            return None
        return to_price(priced.total_cost) if priced else None

    def to_ocpi(self) -> Object:
        """The whole OCPI session (2.2.1 mod_sessions, Session object), once somebody pays."""
        assert self.decision is not None
        head, location = self.head, self.head.place.cdr_location
        periods = self.periods()
        session: Object = {
            "country_code": head.country_code,
            "party_id": head.party_id,
            "id": head.id,
            "start_date_time": rfc3339(self.active_at or head.created_at),
            "kwh": self.kwh,
            "cdr_token": cdr_token(self.decision),
            "auth_method": self.decision.method,
            "location_id": location["id"],
            "evse_uid": location["evse_uid"],
            "connector_id": location["connector_id"],
            "currency": head.place.currency,
            "status": self.status,
            "last_updated": rfc3339(self.last_updated),
        }
        if periods:
            session["charging_periods"] = periods
        if self.decision.reference is not None:
            session["authorization_reference"] = self.decision.reference
        if self.ended_at is not None:
            session["end_date_time"] = rfc3339(self.ended_at)
        if (cost := self._cost_so_far()) is not None:
            session["total_cost"] = cost
        return session

    def to_patch(self, told_periods: int) -> Object:
        """What changed since a peer was told so many periods: a PATCH adds periods to those."""
        patch: Object = {
            "kwh": self.kwh,
            "status": self.status,
            "last_updated": rfc3339(self.last_updated),
        }
        if (cost := self._cost_so_far()) is not None:
            patch["total_cost"] = cost
        if periods := self.periods(since=told_periods):
            patch["charging_periods"] = periods
        return patch

    def to_cdr(self, now: datetime, omit: Sequence[str] = ()) -> Object:
        """The CDR of a completed session, less the fields that are to be left out on purpose."""
        assert self.decision is not None and self.active_at is not None
        assert self.ended_at is not None and self.metering is not None
        head, tariff = self.head, self.head.place.tariff
        cdr: Object = {
            "country_code": head.country_code,
            "party_id": head.party_id,
            # The session's id: one session, one CDR, however often it is sent.
            "id": head.id,
            "start_date_time": rfc3339(self.active_at),
            "end_date_time": rfc3339(self.ended_at),
            "session_id": head.id,
            "cdr_token": cdr_token(self.decision),
            "auth_method": self.decision.method,
            "cdr_location": head.place.cdr_location,
            "currency": head.place.currency,
            "charging_periods": self.periods(),
            "total_energy": self.kwh,
            "total_time": hours_between(self.active_at, self.ended_at),
            "total_parking_time": sum(
                (p.hours for p in self.metering.closed if p.dimension == "PARKING_TIME"), ZERO
            ),
            "last_updated": rfc3339(now),
        }
        if tariff is not None:
            cdr["tariffs"] = [tariff]
        if self.decision.reference is not None:
            cdr["authorization_reference"] = self.decision.reference
        if self.decision.interrupted:
            cdr["remark"] = f"Authorized locally: {self.decision.why}"[:255]
        cdr.update(costs(self.priced()))
        return {name: value for name, value in cdr.items() if name not in omit}


def replay(head: Head, events: Sequence[Event]) -> Session:
    """A session as its events left it."""
    session = Session(head)
    for event in events:
        session.apply(event)
    return session
