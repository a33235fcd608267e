"""A world's peer is found by its entry point and driven over HTTP alone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import Mistake
from simulator.wire.http_aio import HttpClient, HttpFailure
from simulator.world import World
from simulator.world_file import PeerPlan, read_text
from simulator.world_peer import Peer, PeerRefused

WORLD = """
name: test
clock: virtual
cpo: {country_code: DE, party_id: ABC, name: My Charging, ocpp_port: 0, ocpi_port: 0}
peers: [{name: plugsurfing, port: 0}]
"""


@pytest.fixture
async def peer(clock: Clock, chance: Chance, journal: Journal) -> AsyncIterator[Peer]:
    plan = PeerPlan("plugsurfing", port=8090, tokens=({"uid": "04AA", "valid": False},))
    peer = Peer(plan, clock=clock, chance=chance, journal=journal)
    await peer.start("127.0.0.1")
    yield peer
    await peer.stop()


async def test_it_starts_with_its_tokens_and_says_where_it_is(peer: Peer) -> None:
    assert peer.base_url == "http://127.0.0.1:8090"
    assert peer.versions_url.startswith(peer.base_url)
    assert peer.token_a
    tokens = (await peer.state())["tokens"]
    assert [(token["uid"], token["valid"]) for token in tokens] == [("04AA", False)]


async def test_it_offers_the_versions_of_the_file(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    plan = PeerPlan("plugsurfing", ocpi_versions=("2.1.1", "2.2"))
    peer = Peer(plan, clock=clock, chance=chance, journal=journal)
    await peer.start("127.0.0.1")
    http = HttpClient(clock)
    headers = {"Authorization": f"Token {peer.token_a}"}
    answer = await http.send("GET", peer.versions_url, headers=headers)
    assert [row["version"] for row in json.loads(answer.body)["data"]] == ["2.1.1", "2.2"]
    await http.close()
    await peer.stop()


async def test_tokens_are_changed_over_http(peer: Peer) -> None:
    await peer.put_token({"uid": "04BB/1", "valid": True})
    uids = [token["uid"] for token in (await peer.state())["tokens"]]
    assert uids == ["04AA", "04BB/1"]


async def test_what_the_peer_refuses_is_told_with_its_answer(peer: Peer) -> None:
    with pytest.raises(PeerRefused, match="_mock/tokens/04AA: HTTP 4"):
        await peer.put_token({"uid": "04AA", "colour": "red"})
    with pytest.raises(PeerRefused, match="START_SESSION"):
        await peer.command("START_SESSION", token_uid="04AA")


async def test_it_has_no_findings_before_anything_happened(peer: Peer) -> None:
    answer = await peer.findings()
    assert not (answer["findings"] if isinstance(answer, dict) else answer)


async def test_it_can_be_stopped_twice(peer: Peer) -> None:
    await peer.stop()
    await peer.stop()


async def test_a_peer_outside_is_not_started(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    plan = PeerPlan("theirs", url="https://peer.example/versions", token="abc")
    peer = Peer(plan, clock=clock, chance=chance, journal=journal)
    await peer.start("127.0.0.1")
    assert peer.outside
    assert (peer.versions_url, peer.token_a) == ("https://peer.example/versions", "abc")
    await peer.stop()


async def test_an_unknown_kind_is_guessed_at(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    plan = PeerPlan("p", kind="plugsurfng")
    peer = Peer(plan, clock=clock, chance=chance, journal=journal)
    with pytest.raises(Mistake, match="Did you mean 'plugsurfing'"):
        await peer.start("127.0.0.1")
    await peer.stop()


async def test_each_registration_has_a_token_a_of_its_own() -> None:
    world = World(read_text(WORLD))
    await world.begin("all")
    peer = world.peers["plugsurfing"]
    used = peer.token_a
    await world.cpo.unregister("plugsurfing")
    await world.register_at(peer.versions_url, used, "plugsurfing")
    assert peer.token_a != used
    await world.cpo.unregister("plugsurfing")
    await world.register_at(peer.versions_url, peer.token_a, "plugsurfing")
    assert [p["name"] for p in world.cpo.snapshot()["peers"]] == ["plugsurfing"]
    await world.stop()


async def test_a_killed_one_is_back_on_its_database_where_it_was(
    clock: Clock, chance: Chance, journal: Journal, tmp_path: Path
) -> None:
    plan = PeerPlan("plugsurfing", database=str(tmp_path / "peer.db"))
    peer = Peer(plan, clock=clock, chance=chance, journal=journal)
    with pytest.raises(Mistake, match="does not run here"):
        await peer.kill()
    assert peer.missing is None
    await peer.start("127.0.0.1")
    await peer.put_token({"uid": "04BB", "valid": True})
    url = peer.base_url
    with pytest.raises(Mistake, match="has not been killed"):
        await peer.revive()
    await peer.kill()
    with pytest.raises(HttpFailure):
        await peer.state()
    with pytest.raises(Mistake, match="is dead: revive_peer"):
        await peer.kill()
    await peer.revive()
    assert peer.base_url == url
    assert "04BB" in [token["uid"] for token in (await peer.state())["tokens"]]
    told = [r["what"] for r in journal.records if r["actor"] == "world"]
    assert told == ["peer.killed", "peer.revived"]
    await peer.stop()


async def test_one_that_would_lose_its_book_is_not_killed(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("mock_peer.server.RunningPeer.kept")
    with pytest.raises(Mistake, match="needs a 'database'"):
        await peer.kill()
    assert (await peer.state())["tokens"] and peer.missing is None
    with monkeypatch.context() as other:
        other.delattr("mock_peer.server.RunningPeer.cut")
        with pytest.raises(Mistake, match="of a kind that cannot be killed"):
            await peer.kill()
