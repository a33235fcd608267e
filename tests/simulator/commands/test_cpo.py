"""`roamlab cpo`: the core alone, and what it keeps when it is killed."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from simulator.cli import run
from simulator.kernel.clock import Clock
from tests.simulator.commands.process import Roamlab, free_port

WORLD = """\
name: alone
cpo: {{country_code: DE, party_id: ABC, name: Alone, ocpp_port: {ocpp}, ocpi_port: {ocpi},
      retry_first_s: 0.2, retry_longest_s: 1}}
tariffs: [{{id: t, elements: [{{price_components: [{{type: TIME, price: 6, step_size: 1}}]}}]}}]
locations:
- id: L1
  country: NLD
  stations: [{{id: S1, ocpp: 1.6, tariff: t}}, {{id: S2, ocpp: 2.0.1, tariff: t}}]
"""
UID = "04B1B2C3D4E5F6"  # a card that the mock Plugsurfing starts with


@dataclass
class Place:
    """Files and ports of a CPO and a peer that outlive their processes."""

    folder: Path
    ocpp: int
    ocpi: int
    peer_port: int

    def cpo(self, *more: str) -> Roamlab:
        return Roamlab(
            "cpo", str(self.folder / "world.yaml"), "--database", str(self.folder / "cpo.db"),
            "--peer", "plugsurfing", *more,
        )  # fmt: skip

    def peer(self) -> Roamlab:
        return Roamlab(
            "peer", "--port", str(self.peer_port), "--database", str(self.folder / "peer.db"),
            "--json",
        )  # fmt: skip

    def session(self, name: str, version: str) -> Roamlab:
        return Roamlab(
            "station", "--csms", f"ws://127.0.0.1:{self.ocpp}/ocpp", "--id", name,
            "--ocpp", version, "--tap", UID, "--charge", "1.5",
        )  # fmt: skip

    def cdrs(self) -> list[Any]:
        """What the peer holds; nothing while it is not there."""
        url = f"http://127.0.0.1:{self.peer_port}/_mock/state"
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                held = json.loads(answer.read())["held"]
        except urllib.error.URLError:
            return []
        return [cdr for connection in held for cdr in connection["cdrs"]]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path, free_port(), free_port(), free_port())
    world = WORLD.format(ocpp=place.ocpp, ocpi=place.ocpi)
    (tmp_path / "world.yaml").write_text(world)
    return place


async def until(place: Place, count: int) -> list[Any]:
    """Wait until the peer holds so many CDRs, and a little longer."""
    clock = Clock("real")
    for _ in range(300):
        if len(place.cdrs()) >= count:
            break
        await clock.sleep(0.2)
    await clock.sleep(2)
    return place.cdrs()


@pytest.mark.real
@pytest.mark.parametrize(("name", "version"), [("S1", "1.6"), ("S2", "2.0.1")])
async def test_a_cdr_survives_kill_9_and_arrives_once(
    place: Place, name: str, version: str
) -> None:
    with place.peer() as peer:
        facts = json.loads(peer.wait_for("versions_url"))
        register = ("--register", facts["versions_url"], "--token", facts["token_a"])
        with place.cpo(*register) as cpo:
            cpo.wait_for("registered with plugsurfing")
            with place.session(name, version) as station:
                station.wait_for("Started" if version == "2.0.1" else "StartTransaction")
                peer.kill()  # nobody is there when the session ends
                assert station.process.wait(30) == 0
            cpo.kill()
    with place.peer(), place.cpo(*register) as cpo:
        cpo.wait_for("already registered with plugsurfing")
        cdrs = await until(place, 1)
        assert [cdr["cdr_location"]["evse_uid"] for cdr in cdrs] == [f"{name}-1"]
        assert cpo.interrupt() == 130
    # Nor does a third life send it again.
    with place.peer(), place.cpo():
        assert len(await until(place, 1)) == 1


@pytest.mark.real
async def test_killed_at_any_moment_after_the_end_of_a_session(place: Place) -> None:
    """The station has its answer; whether the CDR had left already makes no difference."""
    clock = Clock("real")
    with place.peer() as peer:
        facts = json.loads(peer.wait_for("versions_url"))
        register = ("--register", facts["versions_url"], "--token", facts["token_a"])
        for number, moment_s in enumerate((0.0, 0.01, 0.05), 1):
            with place.cpo(*register) as cpo:
                cpo.wait_for("registered with plugsurfing")
                with place.session("S1", "1.6") as station:
                    station.wait_for("StopTransaction")
                    await clock.sleep(moment_s)
                    cpo.kill()
            with place.cpo():
                assert len(await until(place, number)) == number


def test_it_prints_what_stations_and_peers_need(place: Place) -> None:
    with place.cpo("--json") as cpo:
        facts = json.loads(cpo.wait_for("ocpp_url"))
    assert facts["ocpp_url"] == f"ws://127.0.0.1:{place.ocpp}/ocpp"
    assert facts["versions_url"].startswith(f"http://127.0.0.1:{place.ocpi}/")
    assert [station["id"] for station in facts["stations"]] == ["S1", "S2"]
    assert facts["token_a"]


def test_it_offers_the_versions_it_is_told(place: Place) -> None:
    with place.peer() as peer:
        facts = json.loads(peer.wait_for("versions_url"))
        register = ("--register", facts["versions_url"], "--token", facts["token_a"])
        with place.cpo("--ocpi", "2.1.1", "--ocpi", "2.2", *register) as cpo:
            cpo.wait_for("registered with plugsurfing")
            url = f"http://127.0.0.1:{place.peer_port}/_mock/connections"
            with urllib.request.urlopen(url, timeout=60) as answer:
                known = json.loads(answer.read())["connections"]
    assert [c["version"] for c in known if c["registered"]] == ["2.2"]


def test_a_peer_that_is_not_there_is_exit_code_3(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"http://127.0.0.1:{place.peer_port}/ocpi/versions"
    world = str(place.folder / "world.yaml")
    assert run(["cpo", world, "--register", url, "--token", "abc"]) == 3
    assert f"roamlab: cannot register at {url}: " in capsys.readouterr().err


def test_a_peer_that_refuses_is_exit_code_1(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    world = str(place.folder / "world.yaml")
    with place.peer() as peer:
        url = json.loads(peer.wait_for("versions_url"))["versions_url"]
        assert run(["cpo", world, "--register", url, "--token", "wrong"]) == 1
    assert "401" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--register", "http://x/versions"), "--register and --token go together"),
        (("--clock", "virtual"), "take --clock real or scaled:N"),
        (("--ocpp-port", "70000"), "'--ocpp-port'"),
        (("--ocpi", "2.3.0"), "'2.3.0' is not one of '2.1.1', '2.2', '2.2.1'"),
        (("--database", "/no/such/folder/cpo.db"), "/no/such/folder/cpo.db"),
        (("--fault", "hold"), "hold: nobody here could let a message go on"),
        (("--fault", "drop,actor=station/S1"), "no actor is called 'station/S1'. Known: cpo."),
    ],
)
def test_wrong_options_are_exit_code_2(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["cpo", *arguments]) == 2
    assert message in capsys.readouterr().err
