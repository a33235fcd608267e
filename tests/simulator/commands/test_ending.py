"""Every command that runs for long: SIGTERM, and a reader who has seen enough."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.kernel.clock import stopwatch
from simulator.kernel.journal import read
from tests.simulator.commands.process import Roamlab, free_port

WORLD = """\
name: little
cpo: {country_code: DE, party_id: ABC, name: Mine, ocpp_port: 0, ocpi_port: 0}
peers: [{name: plugsurfing, port: 0, tokens: [{uid: 04AA}]}]
locations: [{id: L1, country: DEU, stations: [{id: S1, ocpp: 1.6}]}]
"""
LONG = ("up", "cpo", "peer", "emp", "check", "demo", "station")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("worlds") / "little.yaml"
    path.write_text(WORLD)
    return str(path)


@pytest.fixture(scope="module")
def csms(world: str) -> Iterator[dict[str, str]]:
    """A CPO in another process: its OCPP URL, versions URL and a token A."""
    with Roamlab("cpo", world) as cpo:
        cpo.wait_for("Ctrl-C")
        words = {line.split()[0]: line.split() for line in cpo.lines if line.startswith("  ")}
        ocpp_url = words["OCPP"][1].removesuffix("/<station")
        yield {"ocpp": ocpp_url, "versions": words["OCPI"][2], "token": words["token"][2]}


def command(name: str, world: str, csms: dict[str, str]) -> tuple[list[str], str]:
    """A long-running command line, and what it prints once it runs."""
    return {
        "up": (["up", world], "Ctrl-C"),
        "cpo": (["cpo", world], "Ctrl-C"),
        "peer": (["peer", "--port", str(free_port())], "Ctrl-C"),
        "emp": (["emp", "--port", str(free_port())], "Ctrl-C"),
        "check": (["check", "cpo", csms["versions"], "--token", csms["token"]], "register"),
        "demo": (["demo", "--free-ports", "--clock", "scaled:10"], "BootNotification"),
        "station": (["station", "--csms", csms["ocpp"], "--id", "S1", "--ocpp", "1.6"], "Boot"),
    }[name]


@pytest.mark.parametrize("name", LONG)
def test_sigterm_stops_in_order(
    name: str, world: str, csms: dict[str, str], tmp_path: Path
) -> None:
    arguments, sign = command(name, world, csms)
    journal = tmp_path / "journal.ndjson"
    with Roamlab(*arguments, "--journal", str(journal)) as running:
        running.wait_for(sign)
        assert running.interrupt(signal.SIGTERM) == 130, running.output
    assert "Traceback" not in running.output
    records = list(read(journal))  # whole, to the last line
    assert len(records) > 1 or name in ("cpo", "peer", "emp"), "nothing happened to these yet"


@pytest.mark.parametrize("name", LONG)
def test_a_reader_that_leaves_is_a_quiet_end(
    name: str, world: str, csms: dict[str, str], tmp_path: Path
) -> None:
    arguments, _ = command(name, world, csms)
    words = [sys.executable, "-m", "simulator", *arguments]
    complaints = tmp_path / "stderr"
    for patience_s in (20, 60) if name in ("demo", "station") else (3, 15, 60):
        took_ms = stopwatch()
        with (
            complaints.open("wb") as stderr,
            subprocess.Popen(words, stdout=subprocess.PIPE, stderr=stderr) as process,
        ):
            assert process.stdout is not None
            process.stdout.close()
            try:
                code = process.wait(patience_s)
            except subprocess.TimeoutExpired:  # it has nothing more to say, and runs on
                process.terminate()
                code = process.wait(20)
        if code != -signal.SIGTERM:  # else it had not even begun, on a busy machine
            break
    assert code in (0, 130)
    assert took_ms() < 1000 * (patience_s + 10)
    assert "Traceback" not in complaints.read_text()
