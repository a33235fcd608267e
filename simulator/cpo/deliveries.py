"""The outbox at work: sessions and CDRs to the peer they concern, at least once and in order.

Rule: for one session everything goes out one after the other, its state before its CDR, and only
after it is in the book for good. What the peer refuses is not sent again by itself; what it did not
answer is, with growing pauses, until it does.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress
from datetime import timedelta
from enum import Enum
from typing import Any

from simulator.cpo.book_peers import CdrRow, Kind
from simulator.cpo.common import ACTOR, Common
from simulator.cpo.peers import NOT_THERE, Peers
from simulator.cpo.session import Session
from simulator.kernel.clock import rfc3339
from simulator.kernel.pace import Timer
from simulator.ocpi.client import Answer, Failure
from simulator.ocpi.connection import RECEIVER, Connection

# Not let in, too slow, too many: nothing of that is about the CDR.
_NO_JUDGEMENT = frozenset({401, 403, 408, 429})


class Outcome(Enum):
    """What came of one attempt."""

    DONE = "the peer knows, or has said no"
    LATER = "it was not there, or gave no judgement: try again"
    WAIT = "it has left: nothing to do until it comes back"


class Deliveries:
    """One worker a session that has something due; it ends when nothing is."""

    def __init__(self, common: Common, peers: Peers) -> None:
        self._config = common.config
        self._book = common.book
        self._clock = common.clock
        self._chance = common.chance.child("deliveries")
        self._journal = common.journal
        self._peers = peers
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._pauses: dict[str, asyncio.Event] = {}
        self._due: dict[str, dict[Kind, None]] = {}
        self._live: dict[str, Session] = {}
        # How many charging periods a peer holds of a session; absent: it must get the whole object.
        self._told: dict[str, int] = {}
        self._told_at: dict[str, float] = {}
        # When what was not answered is sent again, RFC 3339.
        self.next_tries: dict[str, str] = {}
        self._later: dict[str, Timer] = {}
        self._running = False

    def start(self) -> None:
        """Go on with what was due when the CPO last stopped."""
        self._running = True
        for session_id, kind in self._book.outbox.due():
            self._add(session_id, kind)

    async def stop(self) -> None:
        """Stop; what is due stays in the book."""
        self._running = False
        for timer in self._later.values():
            timer.cancel()
        workers = list(self._workers.values())
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    def wake(self, connection_id: str) -> None:
        """A peer is there (again): try now what waits for it."""
        for session_id, kind in self._book.outbox.due(connection_id):
            pause = self._pauses.get(session_id)
            if pause is not None:
                pause.set()
            elif session_id not in self._workers:
                self._add(session_id, kind)

    def renew(self, connection_id: str) -> None:
        """A peer has registered (anew): whatever it knew of open sessions, it gets them whole."""
        for session_id, session in list(self._live.items()):
            if session.connection_id == connection_id and not session.over:
                self._told.pop(session_id, None)
                self._tell_session(session_id, connection_id)

    # Becoming due

    def session_changed(self, session: Session, *, at_once: bool) -> None:
        """Tell the session's peer, now or when it is time for the next update."""
        session_id, connection_id = session.head.id, session.connection_id
        assert connection_id is not None
        self._live[session_id] = session
        told_at = self._told_at.get(session_id)
        wait_s = 0.0
        if not at_once and told_at is not None:
            due_at = told_at + self._config.session_update_interval_s
            wait_s = due_at - self._clock.monotonic()
        if wait_s <= 0:
            self._tell_session(session_id, connection_id)
        elif session_id not in self._later:
            self._later[session_id] = self._clock.call_later(
                wait_s, lambda: self._tell_session(session_id, connection_id)
            )

    def cdr_ready(self, session: Session) -> None:
        """Send the session's CDR, after what else is due of it."""
        self._add(session.head.id, "cdr")

    def forget(self, session_id: str) -> None:
        """What the book says of a session counts, and no longer what memory did."""
        timer = self._later.pop(session_id, None)
        if timer is not None:
            timer.cancel()
        for held in (self._live, self._told, self._told_at):
            held.pop(session_id, None)

    def retry_cdr(self, cdr_id: str, connection_id: str) -> None:
        """Send a CDR again that the peer has refused."""
        self._book.outbox.add(cdr_id, "cdr", connection_id)
        self._add(cdr_id, "cdr")

    def _tell_session(self, session_id: str, connection_id: str) -> None:
        timer = self._later.pop(session_id, None)
        if timer is not None:
            timer.cancel()
        self._told_at[session_id] = self._clock.monotonic()
        session = self._live[session_id]
        self._book.sessions.told(connection_id, session.to_ocpi())
        self._book.outbox.add(session_id, "session", connection_id)
        self._add(session_id, "session")

    def _add(self, session_id: str, kind: Kind) -> None:
        self._due.setdefault(session_id, {})[kind] = None
        if self._running and session_id not in self._workers:
            loop = asyncio.get_running_loop()
            self._workers[session_id] = loop.create_task(self._work(session_id))

    # Working

    async def _work(self, session_id: str) -> None:
        due = self._due[session_id]
        try:
            while due:
                await self._until_done(session_id, "session" if "session" in due else "cdr")
            self._forget_if_over(session_id)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
            self._event("delivery.failed", session_id, problem=problem)
        finally:
            self._due.pop(session_id, None)
            self._workers.pop(session_id, None)

    async def _until_done(self, session_id: str, kind: Kind) -> None:
        send = self._send_session if kind == "session" else self._send_cdr
        due = self._due[session_id]
        pause_s = self._config.retry_first_s
        while True:
            with suppress(sqlite3.Error):  # then the book says what is so, and memory knows
                await self._book.committed()
            due.pop(kind, None)  # what is sent is the state of now
            outcome = await send(session_id)
            if outcome is not Outcome.LATER:
                break
            wait_s = round(pause_s * self._chance.uniform(0.8, 1.2), 3)
            self._event("delivery.later", session_id, kind=kind, after_s=wait_s)
            await self._pause(session_id, wait_s)
            pause_s = min(pause_s * 2, self._config.retry_longest_s)
        if outcome is Outcome.DONE and kind not in due:
            self._book.outbox.done(session_id, kind)

    async def _pause(self, session_id: str, wait_s: float) -> None:
        pause = self._pauses[session_id] = asyncio.Event()
        self.next_tries[session_id] = rfc3339(self._clock.now() + timedelta(seconds=wait_s))
        try:
            await self._clock.wait_event(pause, wait_s)
        finally:
            del self._pauses[session_id], self.next_tries[session_id]

    async def _send_session(self, session_id: str) -> Outcome:
        """PATCH what changed, or PUT the whole.

        A peer that was there and did not take it hears of the session again at its next change: its
        CDR shall not wait for that.
        """
        session = self._live.get(session_id) or self._book.sessions.load(session_id)
        peer = self._peers.get(session.connection_id) if session else None
        if session is None or peer is None or ("sessions", RECEIVER) not in peer.endpoints:
            return Outcome.DONE
        told = self._told.pop(session_id, None)  # until it says so, who knows what it has
        if told is not None and not session.over:
            periods = len(session.periods())
            answer = await self._push(peer, "PATCH", session, session.to_patch(told))
            if answer.ok:
                self._told[session_id] = periods
                return Outcome.DONE
            if answer.failure in NOT_THERE:
                return Outcome.LATER
        body = session.to_ocpi()
        answer = await self._push(peer, "PUT", session, body)
        if answer.ok:
            self._told[session_id] = len(body.get("charging_periods", ()))
        return Outcome.LATER if answer.failure in NOT_THERE else Outcome.DONE

    async def _push(
        self, peer: Connection, method: str, session: Session, body: dict[str, Any]
    ) -> Answer:
        path = self._peers.owned(session.head.id)
        trace = session.head.trace
        answer = await self._peers.push(
            peer, method, "sessions", *path, body=body, takes="session", session=trace
        )
        if not answer.ok:
            problem = f"{answer.failure}: {answer.message}"
            self._peers.event(
                "session.not_taken", peer, trace, id=session.head.id, method=method, problem=problem
            )
        return answer

    async def _send_cdr(self, session_id: str) -> Outcome:
        """POST the CDR, until the peer has accepted or refused it."""
        row = self._book.cdrs.get(session_id)
        if row is None or row.state == "accepted":
            return Outcome.DONE
        peer = self._peers.get(row.connection_id)
        if peer is None:
            return Outcome.WAIT
        trace = self._trace(session_id)
        answer = await self._peers.push(
            peer, "POST", "cdrs", body=row.body, takes="cdr", session=trace
        )
        return self._judge(row, peer, answer, trace)

    def _judge(self, row: CdrRow, peer: Connection, answer: Answer, trace: str) -> Outcome:
        problem = f"{answer.failure}: {answer.message}"
        if answer.ok:
            url = answer.headers.get("Location")
            self._book.cdrs.answered(row.id, "accepted", url=url)
            self._peers.event("cdr.accepted", peer, trace, id=row.id, url=url)
        elif answer.failure in (Failure.NOT_SENT, Failure.WITHHELD):
            self._book.cdrs.answered(row.id, "unsendable", message=problem)
            self._peers.event("cdr.unsendable", peer, trace, id=row.id, problem=problem)
        elif _refused(answer):
            self._book.cdrs.answered(row.id, "refused", message=problem)
            self._peers.event("cdr.refused", peer, trace, id=row.id, problem=problem)
        else:
            self._book.cdrs.answered(row.id, "pending", message=problem)
            self._peers.event("cdr.not_answered", peer, trace, id=row.id, problem=problem)
            return Outcome.LATER
        return Outcome.DONE

    def _event(self, what: str, session_id: str, **data: Any) -> None:
        self._journal.event(ACTOR, what, session=self._trace(session_id), **data)

    def _trace(self, session_id: str) -> str:
        return self._journal.session_of(f"session/{session_id}") or session_id

    def _forget_if_over(self, session_id: str) -> None:
        session = self._live.get(session_id)
        if session is None or not session.over:
            return
        self.forget(session_id)


def _refused(answer: Answer) -> bool:
    """True where the peer has judged what it was sent: it found a client error (2xxx)."""
    code, http_status = answer.status_code, answer.http_status
    if code is None or http_status is None or not 2000 <= code < 3000:
        return False
    return http_status < 500 and http_status not in _NO_JUDGEMENT
