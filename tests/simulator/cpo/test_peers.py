"""Who is connected, and one way to send them something."""

from __future__ import annotations

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.client import Failure
from simulator.ocpi.connection import RECEIVER, SENDER
from tests.simulator.cpo.world import running


async def test_who_is_registered(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal) as world:
        peers = world.cpo.peers
        world.cpo.token_a("invited")
        (peer,) = peers.registered()
        assert peers.get(peer.id) is peer
        assert peers.get(None) is None
        invited = next(c for c in world.cpo.book.connections.all() if c is not peer)
        assert peers.get(invited.id) is None
        assert peers.offering("cdrs", RECEIVER) == [peer]
        assert peers.offering("cdrs", SENDER) == []


async def test_objects_stand_below_their_owner(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:
        (peer,) = world.cpo.peers.registered()
        path = world.cpo.peers.owned("a/b", "c d")
        answer = await world.cpo.peers.push(
            peer, "PUT", "locations", *path, body={"uid": "c d"}, takes="evse"
        )
        assert answer.ok
        assert answer.url.endswith("/locations/DE/ABC/a%2Fb/c%20d")
        assert world.emsp.got[-1] == ("PUT", "locations", {"uid": "c d"})


async def test_without_an_endpoint_nothing_is_sent(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:
        (peer,) = world.cpo.peers.registered()
        before = journal.seq
        answer = await world.cpo.peers.push(
            peer, "PUT", "chargingprofiles", body={}, takes="session"
        )
        assert answer.failure is Failure.NOT_SENT
        assert journal.seq == before
