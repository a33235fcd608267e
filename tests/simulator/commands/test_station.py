"""`roamlab station`: stations against a CSMS in another process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ocpp.v201.call as ask
import pytest

from simulator.cli import run
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.pki.certificates import pem, pem_chain
from simulator.pki.store import Pki
from simulator.wire.ocpp_rpc import OcppVersion
from tests.simulator.commands.process import Roamlab, free_port
from tests.simulator.station.csms import Csms, serving

WORLD = """\
name: csms
cpo: {country_code: DE, party_id: ABC, name: Mine, ocpp_port: 0, ocpi_port: 0}
peers: [{name: plugsurfing, port: 0, tokens: [{uid: 04AA}, {uid: 04BB, valid: false}]}]
locations:
- id: L1
  country: NLD
  stations:
  - {id: S1, ocpp: 1.6}
  - {id: S2, ocpp: 2.0.1, password: 0123456789abcdef}
  - {id: MANY, count: 3, ocpp: 2.0.1}
"""


@pytest.fixture(scope="module")
def csms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The OCPP URL of a world whose own stations have been switched off."""
    world = tmp_path_factory.mktemp("csms") / "csms.yaml"
    world.write_text(WORLD)
    with Roamlab("up", str(world), "--no-stations", "--json") as up:
        yield json.loads(up.wait_for('"ocpp_url"'))["ocpp_url"]


def station(csms: str, *arguments: str) -> int:
    return run(["station", "--csms", csms, *arguments])


def test_one_session_for_a_script(csms: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--id", "S1", "--ocpp", "1.6", "--tap", "04AA", "--charge", "0.5", "--soc", "20")
    assert station(csms, *arguments) == 0
    printed = capsys.readouterr().out
    for part in ("BootNotification", "Authorize 04AA Accepted", "StartTransaction", "StopTrans"):
        assert part in printed


def test_a_refused_card_is_exit_code_1(csms: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--id", "S1", "--ocpp", "1.6", "--tap", "04BB", "--charge", "0.5")
    assert station(csms, *arguments) == 1
    printed = capsys.readouterr()
    assert "Authorize 04BB Blocked" in printed.out
    assert "StartTransaction" not in printed.out
    assert printed.err.startswith("roamlab: S1: the card 04BB was refused: Blocked (")


def test_basic_authentication(csms: str, capsys: pytest.CaptureFixture[str]) -> None:
    common = ("--id", "S2", "--ocpp", "2.0.1", "--tap", "04AA", "--charge", "0.2")
    assert station(csms, *common, "--password", "0123456789abcdef") == 0
    assert station(csms, *common, "--password", "f" * 16, "--patience", "0.5") == 3
    assert "401" in capsys.readouterr().err


def test_several_stations_as_json(csms: str, tmp_path: Path) -> None:
    arguments = ("--id", "MANY", "--count", "3", "--ocpp", "2.0.1", "--json", "--plug")
    with Roamlab("station", "--csms", csms, *arguments) as stations:
        for name in ("MANY-0001", "MANY-0002", "MANY-0003"):
            line = stations.wait_for(f'"station/{name}"')
            assert json.loads(line)["leg"] == "event"
        stations.wait_for("car.plugged")
        assert stations.interrupt() == 130
    assert all(json.loads(line) for line in stations.lines if line)


def test_drivers_come_and_go(csms: str) -> None:
    arguments = (
        "--id",
        "S1",
        "--ocpp",
        "1.6",
        "--tap",
        "04AA",
        "--every",
        "0.2",
        "--charge",
        "0.2",
    )
    with Roamlab("station", "--csms", csms, *arguments, "--json") as stations:
        stations.wait_for("StopTransaction")
        assert stations.interrupt() == 130


@pytest.mark.parametrize("json_or_not", [["--json"], []])
def test_a_reader_that_leaves_ends_it_quietly(csms: str, json_or_not: list[str]) -> None:
    command = [sys.executable, "-m", "simulator", "station", "--csms", csms, "--id", "S1"]
    command += ["--ocpp", "1.6", "--tap", "04AA", "--charge", "60", *json_or_not]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert (process.wait(20), process.stderr.read()) == (0, b"")


def test_nobody_there_is_exit_code_3(capsys: pytest.CaptureFixture[str]) -> None:
    url = f"ws://127.0.0.1:{free_port()}/ocpp"
    assert station(url, "--ocpp", "1.6", "--patience", "0.5") == 3
    assert f"roamlab: CP001: cannot connect to {url}" in capsys.readouterr().err


def test_not_accepted_in_time_is_exit_code_4(csms: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert station(csms, "--id", "STRANGER", "--ocpp", "1.6", "--patience", "0.5") == 4
    assert "connected, but not accepted within 0.5 s" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--csms", "http://x", "--ocpp", "1.6"), "expected ws://host:port/path or wss://"),
        (("--csms", "ws://", "--ocpp", "1.6"), "expected ws://host:port/path or wss://"),
        (("--csms", "ws://h:99999/x", "--ocpp", "1.6"), "Port out of range"),
        (("--csms", "ws://h:0", "--ocpp", "1.6"), "port 0 is none"),
        (("--csms", "ws://[::1", "--ocpp", "1.6"), "Invalid IPv6 URL"),
        (("--csms", "ws://h/x?y#z", "--ocpp", "1.6"), "neither ? nor #"),
        (("--csms", "ws://u:p@h", "--ocpp", "1.6"), "the password an option of its own"),
        (("--csms", "ws://h/a b", "--ocpp", "1.6"), "without spaces"),
        (("--csms", "ws://h", "--ocpp", "1.6", "--id", ""), "at least one character"),
        (("--csms", "ws://h", "--ocpp", "1.6", "--patience", "nan"), "not a finite number"),
        (("--csms", "ws://h", "--ocpp", "1.6", "--soc", "nan"), "not a finite number"),
        (("--csms", "ws://h", "--ocpp", "1.6", "--charge", "inf"), "not in the range"),
        (("--csms", "ws://h", "--ocpp", "1.6", "--every", "-inf"), "not in the range"),
        (("--csms", "ws://h", "--ocpp", "1.6", "--seed", "9" * 20), "not in the range"),
        (("--csms", "ws://x", "--ocpp", "1.7"), "'1.7' is not one of '1.6', '2.0.1'"),
        (("--csms", "ws://x", "--ocpp", "1.6", "--kind", "ac-2"), "Did you mean 'ac-22'?"),
        (("--csms", "ws://x", "--ocpp", "1.6", "--every", "3"), "--every needs --tap"),
        (("--csms", "ws://x", "--ocpp", "1.6", "--soc", "101"), "'--soc'"),
        (("--csms", "ws://x", "--ocpp", "1.6", "--clock", "virtual"), "lives in real time"),
    ],
)
def test_wrong_options_are_exit_code_2(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["station", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_directory_that_is_a_file_is_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("")
    common = ("station", "--csms", "ws://127.0.0.1:1", "--ocpp", "2.0.1", "--certificates")
    assert run([*common, str(taken)]) == 2
    assert "is a file" in capsys.readouterr().err
    (tmp_path / "CP001" / "V2GRootCertificate").mkdir(parents=True)
    (tmp_path / "CP001" / "V2GRootCertificate" / "a.pem").write_text("garbage")
    assert run([*common, str(tmp_path)]) == 2
    assert "a.pem: not a PEM certificate" in capsys.readouterr().err


def suffixes(directory: Path) -> list[str]:
    """Of all files below."""
    return sorted(each.suffix for each in directory.rglob("*.*"))


@pytest.mark.real
async def test_certificates_outlive_the_process(
    clock: Clock, journal: Journal, tmp_path: Path
) -> None:
    """The `ocpp` package's CSMS installs a root and signs; then the process starts anew."""
    pki = Pki.create(Chance(1), clock.now())
    csms = Csms(clock)
    csrs: list[str] = []

    async def call(request: Any) -> Any:
        async with clock.timeout(60):
            return await csms.call(request)

    def command(url: str) -> Roamlab:
        options = ("--pnc", "--certificates", str(tmp_path), "--id", "CP1", "--json")
        return Roamlab("station", "--csms", url, "--ocpp", "2.0.1", *options)

    async def online(connections: int) -> None:
        while csms.connections < connections or not csms.boots_seen:
            await clock.sleep(0.05)

    async with serving(csms, OcppVersion.V201) as url:
        csms.on_csr = csrs.append
        with command(url):
            await online(1)
            root = pem(pki.roots("V2G")[0])
            assert (await call(ask.InstallCertificate("V2GRootCertificate", root))).status == (
                "Accepted"
            )
            assert (await call(ask.TriggerMessage("SignV2GCertificate"))).status == "Accepted"
            while not csrs:
                await clock.sleep(0.05)
            chain = pem_chain(pki.sign_csr(csrs[0], "SECC", clock.now(), Chance(2)))
            assert (await call(ask.CertificateSigned(chain, "V2GCertificate"))).status == "Accepted"
            before = await call(ask.GetInstalledCertificateIds())
        csms.boots_seen = 0
        with command(url):
            await online(2)
            assert await call(ask.GetInstalledCertificateIds()) == before
    assert [each["certificate_type"] for each in before.certificate_hash_data_chain] == [
        "V2GRootCertificate",
        "V2GCertificateChain",
    ]
    assert suffixes(tmp_path) == [".key", ".pem", ".pem"]


def test_a_fault_strikes_and_a_wrong_one_is_exit_code_2(
    csms: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ("--id", "S1", "--ocpp", "1.6", "--tap", "04AA", "--charge", "0.5", "--soc", "20")
    journal = tmp_path / "j.ndjson"
    fault = "duplicate,action=MeterValues,times=always"
    struck = ("--fault", fault, "--fault", "delay,action=BootNotification,by=100 ms")
    assert station(csms, *told, *struck, "--journal", str(journal)) == 0
    assert '"fault":"delay"' in journal.read_text()
    assert station(csms, *told, "--fault", "dorp,action=X") == 2
    assert "--fault dorp,action=X: kind: no fault 'dorp'. Did you mean 'drop'?" in (
        capsys.readouterr().err
    )
    assert station(csms, *told, "--fault", "drop,actor=station/S2") == 2
    assert "no actor is called 'station/S2'. Did you mean 'station/S1'?" in capsys.readouterr().err
