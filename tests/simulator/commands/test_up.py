"""`roamlab up`: a world kept running, driven over HTTP by somebody else."""

from __future__ import annotations

import json
import signal
import urllib.request
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from simulator.cli import run
from simulator.commands import up as module
from simulator.kernel.journal import read
from simulator.world import World
from simulator.world_file import read as read_world
from tests.simulator.commands.process import Roamlab, free_port

WORLD = """\
name: mine
cpo: {{country_code: DE, party_id: ABC, name: Mine, ocpp_port: 0, ocpi_port: 0}}
peers: [{{name: plugsurfing, port: {port}, tokens: [{{uid: 04AA}}]}}]
locations: [{{id: L1, country: NLD, stations: [{{id: S1, ocpp: 2.0.1}}]}}]
emps: [{{name: theirs, port: 0, tokens: [{{uid: 04EE, contract_id: DE-EMP-C00000001-5}}]}}]
"""


@pytest.fixture
def world(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(WORLD.format(port=free_port()))
    return path


@pytest.mark.real
def test_a_cpo_outside_has_no_urls_here(tmp_path: Path) -> None:
    path = tmp_path / "away.yaml"
    path.write_text(
        "name: away\npeers: [{name: plugsurfing, port: 0}]\n"
        "cpo: {country_code: DE, party_id: ABC, name: Mine, outside: {}}\n"
    )
    with Roamlab("up", str(path)) as up:
        up.wait_for("Ctrl-C ends it.")
        assert "  CPO           outside this world" in up.output


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.loads(answer.read())


async def test_faults_that_never_struck_are_told_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "faulty.yaml"
    path.write_text(
        "name: faulty\ncpo: {country_code: DE, party_id: ABC, name: Mine}\n"
        "locations: [{id: L1, country: NLD, stations: [{id: S1, ocpp: 1.6}]}]\n"
        "faults: [{kind: drop, actor: cpo, action: Reset}, {kind: clock_skew, seconds: 5}]\n"
    )

    async def interrupted() -> None:
        assert "never struck" not in capsys.readouterr().err

    monkeypatch.setattr(module, "forever", interrupted)
    world = World(read_world(path), clock="virtual")
    await module._keep(world, None, None, stations=False, as_json=True)
    told = capsys.readouterr().err
    assert told == "note: fault-1 never struck: drop, actor cpo, action Reset\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_until_interrupted_and_flushes(world: Path, tmp_path: Path, number: int) -> None:
    journal = tmp_path / "up.ndjson"
    with Roamlab("up", str(world), "--json", "--journal", str(journal)) as up:
        facts = json.loads(up.wait_for('"world"'))
        assert facts["stations"] == ["S1"]
        control = facts["peers"][0]["control_url"]
        assert get(f"{control}state")["tokens"][0]["uid"] == "04AA"
        emp = get(f"{facts['emps'][0]['control_url']}state")
        assert (facts["emps"][0]["name"], emp["registered"]) == ("theirs", True)
        assert emp["versions_url"] == facts["emps"][0]["versions_url"]
        assert up.interrupt(number) == 130
        assert "Traceback" not in up.output
    records = list(read(journal))
    assert any(record.get("action") == "BootNotification" for record in records)
    assert records[-1]["seq"] == len(records) - 1


def test_people_read_its_urls(world: Path) -> None:
    with Roamlab("up", str(world), "--clock", "scaled:10", "--seed", "3") as up:
        up.wait_for("Ctrl-C ends it.")
        assert "world mine is up: clock scaled:10, seed 3" in up.output
        assert "/_mock/openapi.json" in up.output
        assert "/_emp/state" in up.output


def test_drivers_come_and_go(world: Path, tmp_path: Path) -> None:
    journal = tmp_path / "up.ndjson"
    arguments = ("--clock", "scaled:600", "--every", "600", "--journal", str(journal))
    with Roamlab("up", str(world), *arguments) as up:
        up.wait_for("Ctrl-C ends it.")
        for _ in range(300):
            if b'"cdrs"' in journal.read_bytes():
                break
            Event().wait(0.2)
        assert up.interrupt() == 130
    posted = [r for r in read(journal) if r.get("module") == "cdrs" and r["actor"] == "cpo"]
    assert posted
    assert posted[0]["status_code"] == 1000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--every", "60", "--no-stations"), "--every needs the stations"),
        (("--every", "60"), "--every needs a peer with a valid RFID token"),
    ],
)
def test_drivers_need_stations_and_a_card(
    arguments: tuple[str, ...], message: str, world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world.write_text(world.read_text().replace("{uid: 04AA}", "{uid: 04AA, valid: false}"))
    assert run(["up", str(world), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_port_in_use_is_exit_code_3(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        world.write_text(WORLD.format(port=port))
        assert run(["up", str(world)]) == 3
    expected = f"roamlab: cannot listen on 127.0.0.1:{port}: Address already in use. "
    told = capsys.readouterr().err
    assert told.startswith(expected) and told.count("\n") == 1
    assert "Is another roamlab running?" in told


def test_a_wrong_world_is_exit_code_2_with_file_and_line(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world.write_text(WORLD.format(port=0) + "carz: {}\n")
    assert run(["up", str(world)]) == 2
    assert f"{world}:6: carz: unknown key. Did you mean 'cars'?" in capsys.readouterr().err


def test_a_journal_that_cannot_be_written_is_exit_code_2(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["up", str(world), "--journal", "/no/such/folder/j"]) == 2
    assert "--journal /no/such/folder/j: No such file or directory" in capsys.readouterr().err
