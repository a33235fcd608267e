"""What Roam sends to EMPs: authorization requests, sessions, CDRs, results of commands.

Rule: each EMP's messages go out one after the other, in the order of what they tell; what fails is
told in the journal and stops nothing else. CDRs alone are sent again (`roam_delivery`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from mock_peer.roam_authorize import Verdict, read_answer
from mock_peer.roam_delivery import Delivery, accepted, after_failure
from mock_peer.roam_judging import ACTOR, RoamJudge
from mock_peer.roam_sessions import Told
from mock_peer.roam_tokens import Held
from mock_peer.rule import Occasion
from simulator.kernel.clock import rfc3339
from simulator.kernel.pace import Timer
from simulator.ocpi.client import Answer, Failure, OcpiClient
from simulator.ocpi.connection import RECEIVER, SENDER, Connection
from simulator.wire.http import join_url

ORIGINAL_PROTOCOL = "X-Original-Protocol"
Job = Callable[[], Awaitable[None]]


class Outbound:
    """The messages to all EMPs."""

    def __init__(self, judge: RoamJudge, client: OcpiClient) -> None:
        self._judge = judge
        self._book = judge.book
        self._client = client
        self._queues: dict[str, asyncio.Queue[Job]] = {}
        self._workers: list[asyncio.Task[None]] = []
        self._nights: dict[str, Timer] = {}

    def start(self) -> None:
        """Take up the deliveries that a former run left."""
        for delivery in self._book.deliveries():
            self._wait(delivery)

    async def stop(self) -> None:
        """Stop sending; what is kept goes out after the next start."""
        for handle in self._nights.values():
            handle.cancel()
        self._nights.clear()
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        self._workers.clear()
        self._queues.clear()

    def post(self, connection_id: str, job: Job) -> None:
        """Do a job once all earlier ones for this EMP are done."""
        queue = self._queues.get(connection_id)
        if queue is None:
            queue = self._queues[connection_id] = asyncio.Queue()
            self._workers.append(asyncio.get_running_loop().create_task(self._work(queue)))
        queue.put_nowait(job)

    async def _work(self, queue: asyncio.Queue[Job]) -> None:
        while True:
            job = await queue.get()
            try:
                await job()
            except Exception as error:  # a defect of ours must not silence the EMP's queue
                self._judge.journal.event(
                    ACTOR, "roam.job-failed", error=f"{type(error).__name__}: {error}"
                )

    # Authorization

    async def authorize(
        self, held: Held, references: Mapping[str, Any] | None, session: str | None
    ) -> Verdict:
        """Ask the EMP whether its token may be used; `references` is a LocationReferences."""
        connection = self._book.connection(held.organisation)
        if connection is None or not connection.registered:
            answer = _not_sent("authorize", "the EMP is not registered")
            return self._read(connection, answer, session)
        url = connection.endpoints.get(("tokens", SENDER))
        if url is None:
            answer = _not_sent("authorize", "the EMP offers no tokens module as SENDER")
            return self._read(connection, answer, session)
        organisation = self._book.organisation(connection)
        answer = await self._client.exchange(
            connection,
            "POST",
            join_url(url, held.uid, "authorize"),
            module="tokens",
            body=dict(references) if references else None,
            query={"type": held.type},
            session=session,
            timeout_s=organisation.authorization.timeout_s,
        )
        return self._read(connection, answer, session)

    def _read(self, connection: Connection | None, answer: Answer, session: str | None) -> Verdict:
        if connection is None:
            return Verdict("NOT_ALLOWED", "the token's EMP is gone")
        verdict = read_answer(self._book.organisation(connection), answer)
        self._judge.sent(
            connection,
            Occasion.ROAM_ANSWER,
            {"problem": verdict.problem, "info": answer.data if answer.ok else None},
            message_seq=answer.record_seq,
            session=session,
        )
        return verdict

    # Sessions

    async def session(
        self,
        connection: Connection,
        method: str,
        shown: Mapping[str, Any],
        told: Told,
        *,
        body: Mapping[str, Any] | None = None,
        protocol: str | None = None,
        uncertain: bool = False,
        session: str | None = None,
    ) -> None:
        """PUT the session as `shown`, or PATCH `body` of it; what was taken is kept as told."""
        url = connection.endpoints.get(("sessions", RECEIVER))
        if url is None or not connection.registered:
            return
        sent = dict(shown if body is None else body)
        owner = (str(shown["country_code"]), str(shown["party_id"]), str(shown["id"]))
        answer = await self._client.exchange(
            connection,
            method,
            join_url(url, *owner),
            module="sessions",
            body=sent,
            session=session,
            headers={ORIGINAL_PROTOCOL: protocol} if protocol else None,
        )
        push = {"method": method, "body": sent, "protocol": protocol, "uncertain": uncertain}
        self._judge.sent(
            connection,
            Occasion.ROAM_SESSION,
            push,
            message_seq=answer.record_seq,
            session=session,
        )
        if answer.ok:
            self._book.put_told(str(shown["id"]), told)

    # CDRs

    def send(self, delivery: Delivery) -> None:
        """Keep a CDR for its EMP, and send it once all that came before it is sent."""
        self._book.put_delivery(delivery)
        self._post(delivery)

    def _post(self, delivery: Delivery) -> None:
        self.post(delivery.organisation, partial(self._deliver_waiting, delivery.id))

    async def _deliver_waiting(self, name: str) -> None:
        """Send a CDR unless it was taken meanwhile."""
        delivery = self._book.delivery(name)
        if delivery is not None:
            await self.deliver(delivery)

    async def deliver(self, delivery: Delivery) -> None:
        """Send a CDR, and again at night if it was not taken."""
        self._stop_waiting(delivery)
        self._book.put_delivery(delivery)
        connection = self._receiver(delivery)
        answer = await self._post_cdr(connection, delivery)
        if connection is not None and delivery.tries == 0:
            push = {
                "body": delivery.cdr,
                "protocol": delivery.headers.get(ORIGINAL_PROTOCOL),
                "uncertain": delivery.uncertain,
            }
            self._judge.sent(
                connection,
                Occasion.ROAM_CDR,
                push,
                message_seq=answer.record_seq,
                session=delivery.session,
            )
        if accepted(answer.http_status, answer.status_code):
            self._book.end_delivery(delivery)
            self._tell("roam.cdr-delivered", connection, delivery)
        else:
            self._failed(connection, delivery, answer)

    def _receiver(self, delivery: Delivery) -> Connection | None:
        """The EMP of a CDR; one that has registered anew since is known by its token."""
        connection = self._book.connection(delivery.organisation)
        if connection is None:
            token = delivery.cdr["cdr_token"]
            held = self._book.tokens.find(token["uid"], token["type"])
            if held is not None and held.cdr_token == token:
                connection = self._book.connection(held.organisation)
        return connection

    async def _post_cdr(self, connection: Connection | None, delivery: Delivery) -> Answer:
        if connection is None or not connection.registered:
            return _not_sent("cdr", "the EMP is not registered")
        url = connection.endpoints.get(("cdrs", RECEIVER))
        if url is None:
            return _not_sent("cdr", "the EMP offers no cdrs module as RECEIVER")
        return await self._client.exchange(
            connection,
            "POST",
            url,
            module="cdrs",
            body=delivery.cdr,
            session=delivery.session,
            headers=delivery.headers or None,
        )

    def _failed(self, connection: Connection | None, delivery: Delivery, answer: Answer) -> None:
        again = after_failure(delivery, self._judge.clock.now())
        if connection is not None:
            told = {
                "id": delivery.id,
                "http_status": answer.http_status,
                "status_code": answer.status_code,
                "again_at": again and rfc3339(again.due),
            }
            self._judge.sent(
                connection,
                Occasion.ROAM_CDR_ANSWER,
                told,
                message_seq=answer.record_seq,
                session=delivery.session,
            )
        if again is None:
            self._book.end_delivery(delivery)
            self._tell("roam.cdr-given-up", connection, delivery)
            return
        self._book.put_delivery(again)
        self._wait(again)

    def _wait(self, delivery: Delivery) -> None:
        """Send a CDR when it is due; at once where that time has gone by."""

        def send() -> None:
            self._nights.pop(delivery.id, None)
            self._post(delivery)

        wait_s = max(0.0, (delivery.due - self._judge.clock.now()).total_seconds())
        self._nights[delivery.id] = self._judge.clock.call_later(wait_s, send)

    def _stop_waiting(self, delivery: Delivery) -> None:
        handle = self._nights.pop(delivery.id, None)
        if handle is not None:
            handle.cancel()

    def send_now(self) -> int:
        """Send what waits for the night at once; returns how many CDRs."""
        waiting = self._book.deliveries()
        for delivery in waiting:
            self._stop_waiting(delivery)
            self._post(delivery)
        return len(waiting)

    def _tell(self, what: str, connection: Connection | None, delivery: Delivery) -> None:
        self._judge.journal.event(
            ACTOR,
            what,
            peer=connection.peer if connection else None,
            session=delivery.session,
            cdr=delivery.id,
            tries=delivery.tries + 1,
        )

    # Commands

    async def command_result(
        self, connection: Connection, url: str, result: Mapping[str, Any], session: str | None
    ) -> None:
        """POST a CommandResult to where the EMP wants it."""
        await self._client.exchange(
            connection, "POST", url, module="commands", body=dict(result), session=session
        )


def _not_sent(what: str, why: str) -> Answer:
    return Answer("POST", what, failure=Failure.NOT_SENT, message=why)
