"""What is offered, and what is seen of every request."""

from __future__ import annotations

from mock_peer.rule import V22X, V211
from mock_peer.server import start
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from tests.mock_peer.cpo import connected
from tests.mock_peer.test_rules_connection import CREDENTIALS, ROLE


async def test_the_module_table(clock: Clock, chance: Chance, journal: Journal) -> None:
    from mock_peer.book import Book
    from mock_peer.emp_face import EmpFace
    from mock_peer.judging import Judge

    book = Book()
    judge = Judge(book, clock=clock, journal=journal, actor="plugsurfing")
    rows = EmpFace(judge, chance, lambda version, key: key).routes()
    book.close()

    def offered(version: str) -> set[str]:
        return {f"{r.method} {r.module}" for r in rows if version in r.versions}

    both = {"PUT locations", "PATCH locations", "PUT tariffs", "DELETE tariffs"}
    both |= {"GET tokens", "POST tokens", "POST cdrs"}
    later = {"PUT sessions", "PATCH sessions", "POST commands", "GET cdrs"}
    for version in V22X:
        shown = offered(version)
        assert not shown or shown == both | later
    shown = {f"{r.method} {r.module}" for r in rows if set(r.versions) != set(V22X)}
    assert "PATCH tariffs" in shown
    assert not any(V211 in r.versions for r in rows if r.module in ("sessions", "commands"))


async def test_credentials_are_judged_whether_taken_or_not(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        wrong = {**CREDENTIALS, "roles": [ROLE, ROLE]}
        url = cpo.connection.endpoints["credentials", "SENDER"]
        answer = await cpo.client.exchange(
            cpo.connection, "PUT", url, module="credentials", body=wrong
        )
        assert answer.status_code == 2001
        assert await cpo.findings() == ["credentials.roles-unique"]


async def test_a_generic_peer_asks_for_the_protocol_alone(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    from tests.mock_peer import objects as o

    async with connected(clock, chance, journal, profile={"peer": "generic"}) as cpo:
        assert cpo.peer.name == "generic"
        body = o.location(country="AUS", publish=False)
        assert (await cpo.put_location(body)).status_code == 1000
        assert await cpo.findings() == []
        assert (await cpo.put_location(o.location(country="D"))).status_code == 2001
        assert cpo.connection.their_roles[0]["party_id"] == "EMP"


async def test_a_peer_starts_and_stops_without_anybody(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    peer = await start(clock=clock, chance=chance, journal=journal)
    assert peer.versions_url.endswith("/ocpi/versions")
    await peer.stop()
