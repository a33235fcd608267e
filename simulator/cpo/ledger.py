"""Transactions become sessions: what stations tell, in either version, written into the book.

Rule: an event is in the book before anybody acts on it; nothing a station tells of a transaction is
ever lost, and what it tells twice counts once. The book leads: an event is taken in whole or not at
all, and where the book lost something, memory is read from it anew.
"""

from __future__ import annotations

from typing import Any, Protocol

from simulator.cpo.common import ACTOR, Common
from simulator.cpo.session import Event, Head, Session
from simulator.cpo.sites import Spot
from simulator.kernel.clock import rfc3339
from simulator.ocpi.tariff import TariffError

Payload = dict[str, Any]


class Teller(Protocol):
    """Who tells peers: implemented by `deliveries`."""

    def session_changed(self, session: Session, *, at_once: bool) -> None:
        """The session is not as its peer knows it."""

    def cdr_ready(self, session: Session) -> None:
        """The session's CDR is in the book."""

    def forget(self, session_id: str) -> None:
        """The session is as the book has it, and no longer as it was told."""


class LostSession(Exception):
    """The book has lost, or never kept, what a caller still holds: it shall be told again."""


class Ledger:
    """The sessions of one CPO: the open ones in memory, all of them in the book."""

    def __init__(self, common: Common, teller: Teller) -> None:
        self._config = common.config
        self._book = common.book
        self._sites = common.sites
        self._clock = common.clock
        self._chance = common.chance.child("sessions")
        self._journal = common.journal
        self._teller = teller
        # Fields to leave out of a station's CDRs, to see a peer refuse them.
        self.omit = {station: tuple(fields) for station, fields in self._config.omit.items()}
        self._open: dict[tuple[str, str], Session] = {}
        self._at_evse: dict[tuple[str, int], Session] = {}
        self._by_id: dict[str, Session] = {}
        self._load()
        self._book.on_lost(self._load)

    # Finding

    def open_sessions(self) -> list[Session]:
        """Those that are not over, oldest first."""
        return list(self._by_id.values())

    def by_id(self, session_id: str) -> Session | None:
        """A session by its OCPI id, open or over."""
        return self._by_id.get(session_id) or self._book.sessions.load(session_id)

    def find(self, station_id: str, transaction_id: str) -> Session | None:
        """A session by the station's transaction, open or over."""
        held = self._open.get((station_id, transaction_id))
        return held or self._book.sessions.load_transaction(station_id, transaction_id)

    def unreadable(self, station_id: str, transaction_id: str) -> bool:
        """True for a transaction whose session is in the book and cannot be read."""
        return (station_id, transaction_id) in self._book.sessions.unreadable

    def started(self, start_key: str) -> Session | None:
        """The session that the same StartTransaction has begun before (1.6)."""
        session = self._book.sessions.load_started(start_key)
        return self._by_id.get(session.head.id, session) if session else None

    def at(self, station_id: str, evse_id: int) -> Session | None:
        """The open session at an EVSE."""
        return self._at_evse.get((station_id, evse_id))

    # Writing

    def begin(
        self, spot: Spot, transaction_id: str, trace: str | None, *, start_key: str | None = None
    ) -> Session:
        """Open a session for a transaction; `trace` is the journal's name for it, if it has one."""
        station_id = spot.station.id
        session_id = self._chance.uuid4()
        head = Head(
            id=session_id,
            country_code=self._config.country_code,
            party_id=self._config.party_id,
            station_id=station_id,
            transaction_id=transaction_id,
            evse_id=spot.evse_id,
            place=self._sites.place(spot),
            created_at=self._clock.now(),
            trace=trace or session_id,
        )
        session, before = Session(head), self.at(station_id, spot.evse_id)
        if before is not None:  # its end may still be told
            self._event("session.superseded", before, by=session_id)
        self._book.sessions.begin(head, start_key)
        self._hold(session)
        self._event("session.begun", session, transaction=transaction_id, id=session_id)
        return session

    def record(self, session: Session, event: Event) -> None:
        """Take in the next event of a session, and see to what follows from it: all, or nothing.

        Raises LostSession, and whatever the event could not be taken in for.
        """
        held = self._by_id.get(session.head.id)
        if held is not session and (held is not None or not session.over):
            raise LostSession(session.head.id)
        try:
            with self._book.together():
                self._take(session, event)
        except BaseException:
            self._restore(session)
            raise

    def _take(self, session: Session, event: Event) -> None:
        if session.has_seen(event.seq_no):
            self._event("transaction.repeated", session, seq_no=event.seq_no)
            return
        was_over, before, odd = session.over, session.status, len(session.odd)
        self._book.sessions.add(session.head.id, session.events, event)
        try:
            session.apply(event)
        except TariffError as error:
            self._event("session.tariff_wrong", session, error=str(error))
            raise
        if was_over and session.status == before:
            self._event("transaction.late_event", session, kind=event.kind)
            return
        for what in session.odd[odd:]:
            self._event("meter.odd", session, reading=what)
        if session.status != before:
            self._event("session.status", session, status=session.status, kwh=str(session.kwh))
        if session.connection_id is not None:
            at_once = session.status != before or event.decision is not None or session.over
            self._teller.session_changed(session, at_once=at_once)
        if session.over:
            self._close(session)

    def stray(self, station_id: str, action: str, payload: Payload) -> None:
        """Keep what belongs to a transaction that nobody knows."""
        self._book.sessions.stray(station_id, action, payload, self._clock.now())
        self._journal.event(
            ACTOR, "transaction.unknown", peer=f"station/{station_id}", action=action
        )

    # Inside

    def _load(self) -> None:
        """Hold what the book has, and nothing else."""
        before = list(self._by_id)
        for held in (self._open, self._at_evse, self._by_id):
            held.clear()
        for session in self._book.sessions.load_open():
            self._hold(session)
        for session_id in dict.fromkeys((*before, *self._by_id)):
            self._teller.forget(session_id)
        for (station_id, _), why in self._book.sessions.unreadable.items():
            station = f"station/{station_id}"
            self._journal.event(ACTOR, "session.unreadable", peer=station, problem=why)

    def _restore(self, session: Session) -> None:
        """An event came to nothing: hold the session as it was before."""
        head, newest = session.head, self.at(session.head.station_id, session.head.evse_id)
        self._release(session)
        as_was = self._book.sessions.load(session.head.id)
        if as_was is not None and not as_was.over:
            self._hold(as_was)
            if newest is not None and newest is not session:
                self._at_evse[head.station_id, head.evse_id] = newest
        self._teller.forget(head.id)

    def _release(self, session: Session) -> None:
        head = session.head
        self._open.pop((head.station_id, head.transaction_id), None)
        self._by_id.pop(head.id, None)
        if self._at_evse.get((head.station_id, head.evse_id)) is session:
            del self._at_evse[head.station_id, head.evse_id]

    def _hold(self, session: Session) -> None:
        head = session.head
        self._open[head.station_id, head.transaction_id] = session
        self._at_evse[head.station_id, head.evse_id] = session
        self._by_id[head.id] = session
        self._journal.link(f"session/{head.id}", head.trace)
        self._journal.link(f"tx/{head.station_id}/{head.transaction_id}", head.trace)

    def _close(self, session: Session) -> None:
        self._book.sessions.close(session.head.id)
        self._release(session)
        if session.status == "COMPLETED":
            self._seal(session)

    def _seal(self, session: Session) -> None:
        """Write the CDR; whom it concerns gets it."""
        omit = self.omit.get(session.head.station_id, ())
        try:
            cdr = session.to_cdr(self._clock.now(), omit)
        except TariffError as error:
            self._event("cdr.unpriced", session, error=str(error))
            return
        connection_id = session.connection_id
        self._journal.link(f"cdr/{cdr['id']}", session.head.trace)
        self._book.cdrs.put(connection_id, cdr, "pending" if connection_id else "unsendable")
        self._event(
            "cdr.made",
            session,
            id=cdr["id"],
            kwh=str(cdr["total_energy"]) if "total_energy" in cdr else None,
            cost=str(cdr["total_cost"]["excl_vat"]) if "total_cost" in cdr else None,
            currency=cdr.get("currency"),
            end=rfc3339(session.ended_at) if session.ended_at else None,
            omitted=list(omit),
        )
        if connection_id is not None:
            self._book.outbox.add(session.head.id, "cdr", connection_id)
            self._teller.cdr_ready(session)

    def _event(self, what: str, session: Session, **data: Any) -> None:
        station = f"station/{session.head.station_id}"
        self._journal.event(ACTOR, what, peer=station, session=session.head.trace, **data)
