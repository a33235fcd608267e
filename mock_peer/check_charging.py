"""Charging in the check's own network: what Roam tells an EMP from the start to the CDR.

Rule: messages are shaped by what the Roam face shapes them with, and go out by its own queue-less
calls, so that an EMP sees here what it will see there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from mock_peer import check_network as network
from mock_peer.roam_catalogue import Catalogue
from mock_peer.roam_cdrs import shown_cdr
from mock_peer.roam_delivery import Delivery
from mock_peer.roam_judging import RoamJudge
from mock_peer.roam_outbound import ORIGINAL_PROTOCOL, Outbound
from mock_peer.roam_sessions import shown_progress, shown_session, told_by
from mock_peer.roam_tokens import Held
from simulator.kernel.clock import Clock
from simulator.ocpi.connection import Connection

KWH = Decimal("12.5")


class Charging:
    """Let sessions begin, go on and end at the check's network, and tell the EMP."""

    def __init__(
        self, emp: Connection, judge: RoamJudge, catalogue: Catalogue, outbound: Outbound
    ) -> None:
        self._emp = emp
        self._clock: Clock = judge.clock
        self._ids = judge.book.ids
        self._catalogue = catalogue
        self._outbound = outbound

    async def session(
        self,
        name: str,
        held: Held,
        where: Mapping[str, Any],
        *,
        lasts_s: float,
        stopped: asyncio.Event,
        reference: str | None = None,
        method: str = "AUTH_REQUEST",
        protocol: str | None = None,
    ) -> Delivery:
        """One session: PUT, PATCH, PUT, and its CDR, once. It ends when `stopped` or after
        `lasts_s`. Returns the delivery of the CDR. `protocol` is the CPO's, where it leaves the
        very key uncertain: it stands in X-Original-Protocol then.
        """
        told = network.session(name, held, where, self._clock.now(), method)
        tell = partial(self._tell, held=held, reference=reference, protocol=protocol)
        await tell(told, "PUT")
        await self._clock.wait_event(stopped, lasts_s / 2)
        told = network.later(told, KWH / 2, self._clock.now())
        await tell(told, "PATCH")
        await self._clock.wait_event(stopped, lasts_s / 2)
        told = network.later(told, KWH, self._clock.now(), ended=True)
        await tell(told, "PUT")
        shown = network.location(_number(where["location_id"]), self._clock.now())
        delivery = self._delivery(network.cdr(told, shown), held, reference, name, protocol)
        await self._outbound.deliver(delivery)
        return delivery

    async def again(self, delivery: Delivery) -> None:
        """Send a CDR once more, as Roam does at night."""
        await self._outbound.deliver(delivery)

    async def alone(self, name: str, like: Delivery, held: Held) -> None:
        """Send a CDR without a session, for a location that the EMP does not know."""
        body = {key: value for key, value in like.cdr.items() if key != "session_id"}
        elsewhere = {**body["cdr_location"], "id": f"{name}-elsewhere"}
        body |= {"id": name, "cdr_location": elsewhere}
        await self._outbound.deliver(self._delivery(body, held, None, name))

    async def _tell(
        self,
        told: Mapping[str, Any],
        method: str,
        *,
        held: Held,
        reference: str | None,
        protocol: str | None,
    ) -> None:
        shown = shown_session(told, network.CPO, self._ids, held, reference)
        await self._outbound.session(
            self._emp,
            method,
            shown,
            told_by(told, self._emp.id),
            body=shown_progress(told) if method == "PATCH" else None,
            protocol=protocol,
            uncertain=protocol is not None,
            session=told["id"],
        )

    def _delivery(
        self,
        body: Mapping[str, Any],
        held: Held,
        reference: str | None,
        name: str,
        protocol: str | None = None,
    ) -> Delivery:
        shown, _ = shown_cdr(
            body,
            network.CPO,
            self._ids,
            held,
            reference=reference,
            tariff_of=partial(self._catalogue.tariff, network.CPO),
            time_zone=network.ZONE,
        )
        return Delivery(
            id=shown["id"],
            organisation=self._emp.id,
            cdr=shown,
            headers={ORIGINAL_PROTOCOL: protocol} if protocol else {},
            uncertain=protocol is not None,
            session=name,
            due=self._clock.now(),
        )


def _number(told_location: str) -> int:
    return int(told_location.rpartition("-")[2])
