"""OCPI over HTTPS: who refuses whom, and what each side says of it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from simulator.kernel.clock import DEFAULT_START as NOW
from simulator.mistakes import Mistake
from simulator.world import World
from simulator.world_file import read_text
from tests.simulator.wire.certificates import Authority

HERE = "127.0.0.1"
EXPIRED: dict[str, Any] = {"begins": NOW - timedelta(days=9), "ends": NOW - timedelta(days=2)}


@pytest.fixture
def root(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "root")


@pytest.fixture
def stranger(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "stranger")


def tls(authority: Authority, ca: Authority, *, mutual: bool = False, **how: Any) -> str:
    """A whole `tls` of a world file."""
    files = authority.issue("other" if mutual else "actor", **{"address": HERE, **how})
    told = f"cert: {files.certificate}, key: {files.key}, ca: {ca.file}"
    return f"{{{told}, mutual: true}}" if mutual else f"{{{told}}}"


def world_of(cpo: str, peer: str, register: str = "cpo") -> World:
    text = f"""\
name: https
seed: 1
clock: virtual
cpo: {{country_code: DE, party_id: ABC, name: T, ocpi_tls: {cpo}}}
peers: [{{name: plugsurfing, register: {register}, tls: {peer}}}]
"""
    return World(read_text(text))


def told(world: World, actor: str) -> str:
    """What a server says of handshakes that failed."""
    found = [r["data"] for r in world.journal.records if r.get("what") == "tls.refused"]
    mine = [r for r in world.journal.records if r.get("what") == "tls.refused"]
    assert [r["actor"] for r in mine] == [actor] * len(mine)
    assert {each["link"] for each in found} <= {"ocpi"}
    return "; ".join(each["why"] for each in found)


async def refused(world: World) -> str:
    """Start a world whose registration fails, and say why; the server has the time to notice."""
    try:
        await world.start_peers()
        await world.start_cpo()
        with pytest.raises(Mistake) as caught:
            await world.register(world.peers["plugsurfing"])
        await world.clock.sleep(12)
    finally:
        await world.stop()
    return str(caught.value)


@pytest.mark.parametrize("register", ["cpo", "peer"])
async def test_either_side_begins(root: Authority, register: str) -> None:
    async with world_of(tls(root, root), tls(root, root, mutual=True), register) as world:
        assert [peer.version for peer in world.cpo.peers.registered()] == ["2.2.1"]
        assert told(world, "") == ""


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("wrong-ca", "self-signed certificate in certificate chain|unable to get"),
        ("wrong-name", f"not valid for '{HERE}'"),
        ("expired", "certificate has expired: CN=actor, on 2026-01-13"),
    ],
)
async def test_a_cpo_does_not_believe_its_peer(
    root: Authority, stranger: Authority, how: str, words: str
) -> None:
    peer = {
        "wrong-ca": lambda: tls(stranger, root),
        "wrong-name": lambda: tls(root, root, address="127.0.0.2"),
        "expired": lambda: tls(root, root, **EXPIRED),
    }[how]()
    world = world_of(f"{{ca: {root.file}}}", peer)
    assert re.search(f"TLS: .*({words})", await refused(world))
    assert told(world, "plugsurfing")


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("none", "peer did not return a certificate|did not return"),
        ("wrong-ca", "unable to get|self-signed"),
        ("expired", "certificate has expired: CN=actor"),
    ],
)
async def test_a_peer_does_not_believe_its_cpo(
    root: Authority, stranger: Authority, how: str, words: str
) -> None:
    peer = tls(root, root, mutual=True)
    cpo = {
        "none": lambda: f"{{ca: {root.file}}}",
        "wrong-ca": lambda: tls(stranger, root),
        "expired": lambda: tls(root, root, **EXPIRED),
    }[how]()
    world = world_of(cpo, peer)
    why = await refused(world)
    assert "the server may want another client certificate, or any at all" in why
    assert re.search(words, told(world, "plugsurfing"))


async def test_an_actor_without_certificates_trusts_whom_the_cpo_trusts(root: Authority) -> None:
    text = f"""\
name: https
seed: 1
clock: virtual
cpo: {{country_code: DE, party_id: ABC, name: T, ocpi_tls: {tls(root, root)}}}
peers: [{{name: plugsurfing, register: peer}}]
emps: [{{name: emp}}]
"""
    async with World(read_text(text)) as world:
        assert world.peers["plugsurfing"].base_url.startswith("http://")
        assert len(world.cpo.peers.registered()) == 1


async def test_a_host_beyond_loopback_needs_tls_or_the_word(root: Authority) -> None:
    cpo = "{country_code: DE, party_id: ABC, name: T, host: 0.0.0.0, ocpp_port: 0, ocpi_port: 0}"
    with pytest.raises(Mistake, match=r"listening on 0\.0\.0\.0 without TLS: .*insecure: true"):
        async with World(read_text(f"name: open\nclock: virtual\ncpo: {cpo}\n")):
            pass
    async with World(read_text(f"name: open\nclock: virtual\ninsecure: true\ncpo: {cpo}\n")):
        pass


@pytest.mark.parametrize("actor", ["cpo", "plugsurfing"])
async def test_who_shows_a_strangers_certificate_is_refused_as_a_client_too(
    root: Authority, actor: str
) -> None:
    both = tls(root, root, mutual=True)
    async with world_of(both, both) as world:
        number = await world.faults.place({"kind": "tls_wrong_ca", "actor": actor})
        assert await asked(world) == {("cpo", None), ("plugsurfing", None)}
        await world.faults.clear(number)
        assert await asked(world) == {("cpo", 200), ("plugsurfing", 200)}


async def asked(world: World) -> set[tuple[str, int | None]]:
    """Let each ask the other for something: who asked, and the HTTP status of the answer."""
    since = world.journal.seq
    await world.cpo.pull_tokens("plugsurfing")
    await world.peers["plugsurfing"].command("STOP_SESSION", session_id="none")  # is not struck
    told = [r for r in world.journal.records if r["seq"] > since and r["leg"] == "ocpi"]
    return {(r["actor"], r["http_status"]) for r in told if r["direction"] == "sent"}
