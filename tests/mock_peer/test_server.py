"""The peer as a CPO meets it, over real sockets."""

from __future__ import annotations

from typing import Any

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import connected


async def test_a_session_from_registration_to_an_accepted_cdr(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        assert len(cpo.tokens) == 7
        assert (await cpo.put_tariff(o.tariff())).http_status == 201
        assert (await cpo.put_location(o.location())).http_status == 201
        answer = await cpo.authorize(o.CARD, {"location_id": "LOC1", "evse_uids": ["LOC1-1"]})
        assert answer.data["allowed"] == "ALLOWED"
        reference = answer.data["authorization_reference"]
        start = clock.now()
        await clock.sleep(1800)
        told = await cpo.post_cdr(o.cdr(start=start, reference=reference))
        assert (told.http_status, told.status_code) == (201, 1000), told.message
        assert "Location" in told.headers
        assert await cpo.findings() == []
        back = await cpo.client.exchange(
            cpo.connection, "GET", told.headers["Location"], module="cdrs"
        )
        assert back.data["id"] == "CDR1"
