"""The life of a connection, whoever begins it."""

from __future__ import annotations

import pytest

from simulator.cpo.run import UnknownVerbTarget
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.client import OcpiCallFailed
from simulator.ocpi.connection import RECEIVER, SENDER, Connection
from simulator.ocpi.envelope import OcpiError
from simulator.wire.http import Headers
from simulator.wire.http import Request as HttpRequest
from tests.simulator.cpo.world import World, running


async def status_of(world: World, module: str, token: str) -> int | None:
    """What a bearer of that token gets from a module."""
    url = world.cpo._roaming.server.endpoint_url("2.2.1", module, SENDER)
    connection = Connection("x", "x", token_out=token, version="2.2.1")
    answer = await world.emsp.client.exchange(connection, "GET", url, module=module)
    return answer.http_status


async def test_the_cpo_begins(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal) as world:
        (peer,) = world.cpo.peers.registered()
        assert (peer.version, peer.peer) == ("2.2.1", "emsp")
        assert ("cdrs", RECEIVER) in peer.endpoints
        assert world.emsp.cpo.registered
        (told,) = world.events("peer.registered")
        assert told["data"]["parties"] == ["DE*EMP"]


async def test_the_peer_begins(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal, registered=False) as world:
        token_a = world.cpo.token_a("emsp")
        connection = Connection(
            "cpo", "cpo", token_out=token_a, versions_url=world.cpo.versions_url
        )
        assert await status_of(world, "locations", token_a) == 401  # before registration
        await world.emsp.registrar.register(connection)
        await world.told("tokens.pulled", count=1)
        assert [m for _, m, _ in world.emsp.got] == ["tariffs", "locations"]
        assert await status_of(world, "locations", token_a) == 401  # used up
        assert await status_of(world, "locations", connection.token_out) == 200
        (role,) = connection.their_roles
        assert (role["role"], role["country_code"], role["party_id"]) == ("CPO", "DE", "ABC")
        modules = {
            (module, role) for module, role in connection.endpoints if module != "credentials"
        }
        assert modules == {
            ("locations", SENDER),
            ("tariffs", SENDER),
            ("sessions", SENDER),
            ("cdrs", SENDER),
            ("tokens", RECEIVER),
            ("commands", RECEIVER),
        }


async def test_rotation_changes_both_tokens(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal) as world:
        (peer,) = world.cpo.peers.registered()
        before = (peer.token_in, peer.token_out)
        await world.cpo.rotate("emsp")
        assert peer.token_in != before[0]
        assert peer.token_out != before[1]
        assert await status_of(world, "locations", before[0]) == 401
        assert await status_of(world, "locations", peer.token_in) == 200
        await world.emsp.registrar.update(world.emsp.cpo)
        assert await status_of(world, "locations", peer.token_in) == 200


async def test_either_side_may_end_it(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal) as world:
        await world.cpo.unregister("emsp")
        assert world.cpo.peers.registered() == []
        assert world.emsp.store.all() == []
        assert world.cpo.book.tokens.count() == 0
        with pytest.raises(UnknownVerbTarget):
            await world.cpo.unregister("emsp")
        await world.cpo.register(world.emsp.server.versions_url, world.emsp.invite(), "emsp")
        await world.emsp.registrar.unregister(world.emsp.cpo)
        await clock.sleep(1)
        assert world.cpo.peers.registered() == []
        assert world.cpo.book.tokens.count() == 0
        assert len(world.events("peer.left")) == 2


async def test_a_registration_that_fails_leaves_nothing(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal, registered=False) as world:
        for url, token in (
            (world.emsp.server.versions_url, "wrong"),
            ("http://127.0.0.1:1/ocpi/versions", world.emsp.invite()),
        ):
            with pytest.raises((OcpiError, OcpiCallFailed)):
                await world.cpo.register(url, token)
        assert world.cpo.book.connections.all() == []


async def test_a_connection_is_there_after_a_restart(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:
        await world.cpo.stop()
        assert world.emsp.cpo.registered


async def test_whatever_arrives_is_answered(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with running(clock, chance, journal) as world:
        handle = world.cpo._roaming.server.handle
        for path in ("/", "/ocpi/9.9/cdrs", "/ocpi/2.2.1/sender/locations/%ff/%00"):
            got = await handle(HttpRequest("GET", path, headers=Headers({})))
            assert got.status in (401, 404)
