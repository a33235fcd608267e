"""The whole chain with every link over TLS, and what strangers at its doors are told."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.kernel.clock import Clock
from simulator.kernel.loop import run
from simulator.pki.keys import key_pem
from simulator.pki.store import Pki
from simulator.world import World
from tests.simulator.tls_world import make_pki, world_of


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("tls") / "pki")


def events(world: World, what: str) -> list[dict[str, Any]]:
    return [r["data"] for r in world.journal.records if r.get("what") == what]


def urls(world: World) -> Iterator[str]:
    for record in world.journal.records:
        if record["leg"] == "ocpi":
            yield record["url"]


async def session(world: World, station_id: str, seconds: float = 600) -> None:
    station = world.station(station_id)
    await station.plug(1, world.car("mine"))
    assert await station.tap(1, "04AA")
    await world.clock.sleep(seconds)
    await station.tap(1, "04AA")
    await station.unplug(1)
    await world.clock.sleep(seconds / 20)


async def test_from_card_to_cdr_over_tls_alone(pki: Pki) -> None:
    async with world_of(pki) as world:
        assert world.cpo.ocpp_url.startswith("wss://")
        for name, profile in (("S16", "3"), ("S201", "3"), ("SPW", "2")):
            await session(world, name)
            assert world.station(name).memory.settings.text("security_profile") == profile
        cdrs = world.cpo.snapshot()["cdrs"]
        assert sum(cdrs.values()) == 3
        assert set(cdrs) == {"accepted"}
        # The EMP behind Roam has seen the locations.
        await world.clock.sleep(70)
        state = await world.emps["emp"].state()
        assert state["locations"]
    assert {url.split(":", 1)[0] for url in urls(world)} == {"https"}
    assert not events(world, "tls.refused")
    assert not events(world, "http.plain")


@pytest.mark.real
async def test_the_same_on_the_real_loop(clock: Clock, tmp_path: Path) -> None:
    pki = make_pki(tmp_path / "pki", clock.now())
    world = world_of(pki, "real")
    async with world:
        await session(world, "S201", 1.0)
        for _ in range(450):
            if "accepted" in world.cpo.snapshot()["cdrs"]:
                break
            await world.clock.sleep(0.1)
        assert set(world.cpo.snapshot()["cdrs"]) == {"accepted"}
    assert {url.split(":", 1)[0] for url in urls(world)} == {"https"}


def journal_of(pki: Pki, path: Path) -> bytes:
    async def play() -> None:
        world = world_of(pki)
        world.journal.open(path)
        async with world:
            await session(world, "S201")
            await session(world, "S16")

    run(play(), Clock("virtual"))
    return path.read_bytes()


def test_the_same_seed_gives_the_same_bytes_without_any_key(pki: Pki, tmp_path: Path) -> None:
    first = journal_of(pki, tmp_path / "a.jsonl")
    assert first == journal_of(pki, tmp_path / "b.jsonl")
    text = first.decode()
    assert "PRIVATE" not in text
    assert "BEGIN CERTIFICATE" not in text
    for name in ("S201", "S16", "CSMS"):
        body = "".join(key_pem(pki.key(name)).splitlines()[1:-1])
        assert body[:40] not in text


async def test_who_connects_and_says_nothing_holds_nobody(pki: Pki) -> None:
    async with world_of(pki) as world:
        ports = [
            world.cpo.ocpp_url.rsplit(":", 1)[1].split("/")[0],
            world.cpo.versions_url.split("/")[2].rsplit(":", 1)[1],
            world.peers["plugsurfing"].base_url.rsplit(":", 1)[1],
        ]
        silent = [await asyncio.open_connection("127.0.0.1", int(port)) for port in ports]
        await session(world, "S201", 5)
        assert sum(world.cpo.snapshot()["cdrs"].values()) == 1
        await world.clock.sleep(15)
        for reader, writer in silent:
            assert await reader.read() == b""  # let go
            writer.close()
        assert len(events(world, "tls.refused")) == len(silent)


@pytest.mark.real
@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl here")
async def test_openssl_believes_every_server(clock: Clock, tmp_path: Path) -> None:
    pki = make_pki(tmp_path / "pki", clock.now())
    root = tmp_path / "pki" / "certificates" / "CSMS_ROOT.pem"
    async with world_of(pki, "real") as world:
        bases = {
            "ocpp": world.cpo.ocpp_url,
            "ocpi": world.cpo.versions_url,
            "peer": world.peers["plugsurfing"].base_url,
            "emp": world.emps["emp"].versions_url,
        }
        for name, url in bases.items():
            place = url.split("/")[2]
            arguments = [
                "s_client",
                "-connect",
                place,
                "-CAfile",
                str(root),
                "-verify_return_error",
            ]
            process = await asyncio.create_subprocess_exec(
                "openssl",
                *arguments,
                *("-verify_ip", "127.0.0.1", "-brief"),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            output, _ = await process.communicate()
            assert process.returncode == 0, (name, output)
            assert b"Verification: OK" in output, (name, output)
            assert b"TLSv1.3" in output
