"""`roamlab pki serve`, as a process beside others."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.cli import run
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import read
from simulator.pki.installation import (
    SCHEMA_V2,
    exi_text,
    installation_request,
    open_sealed,
    read_exi_text,
)
from simulator.pki.store import Pki
from tests.simulator.commands.process import Roamlab, free_port

EMAID = "DE8PSC12345678"
openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A PKI with a contract; its certificates name a port that is free."""
    folder = tmp_path_factory.mktemp("pki") / "pki"
    url = f"http://127.0.0.1:{free_port()}/ocsp"
    assert run(["pki", "init", "-d", str(folder), "--ocsp-url", url]) == 0
    for emaid in (EMAID, "DE8PSC00000010"):
        assert run(["pki", "issue", "contract", emaid, "-d", str(folder)]) == 0
    return folder


def exported(directory: Path, folder: Path) -> dict[str, str]:
    """The files that openssl wants."""
    files = {name: str(folder / name) for name in ("leaf", "issuer", "root")}
    for what, file in ((EMAID, files["leaf"]), ("MO_SUB2", files["issuer"])):
        assert run(["pki", "export", what, "-d", str(directory), "-o", file]) == 0
    assert run(["pki", "export", "--roots", "mo", "-d", str(directory), "-o", files["root"]]) == 0
    return files


def ask(files: dict[str, str], url: str) -> str:
    done = subprocess.run(
        ["openssl", "ocsp", "-url", url, "-issuer", files["issuer"], "-cert", files["leaf"],
         "-CAfile", files["root"]],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


@openssl
@pytest.mark.real
def test_a_revocation_in_another_process_is_seen(directory: Path, tmp_path: Path) -> None:
    files = exported(directory, tmp_path)
    with Roamlab("pki", "serve", "-d", str(directory)) as server:
        url = server.wait_for("ocsp url").split()[-1]
        server.wait_for("Ctrl-C")
        good = ask(files, url)
        assert "Response verify OK" in good
        assert "leaf: good" in good
        with Roamlab("pki", "revoke", EMAID, "-d", str(directory), "--reason", "superseded") as it:
            assert it.process.wait(30) == 0
        revoked = ask(files, url)
        assert "Response verify OK" in revoked
        assert "leaf: revoked" in revoked
        assert "Reason: superseded" in revoked
        server.wait_for("says revoked")
        assert "but certificates name" not in server.output, "it listens where they say"


@pytest.mark.real
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_it(directory: Path, tmp_path: Path, number: int) -> None:
    journal = tmp_path / "journal.ndjson"
    with Roamlab(
        "pki", "serve", "-d", str(directory), "--port", "0", "--journal", str(journal)
    ) as server:
        url = server.wait_for("ocsp url").split()[-1]
        server.wait_for("Ctrl-C")
        urllib.request.urlopen(url, data=b"noise", timeout=60).close()
        assert server.interrupt(number) == 130, server.output
    assert "Traceback" not in server.output
    _, answered = read(journal)
    assert answered["data"] == {"serial": None, "says": "malformed_request", "switch": "ok"}


@pytest.mark.real
def test_a_reader_that_leaves_is_a_quiet_end(directory: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "simulator", "pki", "serve", "-d", str(directory), "--port", "0"]
    complaints = tmp_path / "stderr"
    with (
        complaints.open("wb") as stderr,
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=stderr) as process,
    ):
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(30) == 0
    assert complaints.read_text() == ""


@pytest.mark.real
def test_switches_are_set_at_the_start_and_while_it_runs(directory: Path) -> None:
    with Roamlab(
        "pki", "serve", "-d", str(directory), "--port", "0", "--json", "--ocsp", "down",
        "--est", "refuse",
    ) as server:  # fmt: skip
        urls = json.loads(server.wait_for("switches_url"))
        with pytest.raises((urllib.error.URLError, ConnectionError)):
            urllib.request.urlopen(urls["ocsp_url"], data=b"x", timeout=60)
        order = urllib.request.Request(urls["switches_url"], data=b'{"ocsp":"ok"}', method="PUT")
        with urllib.request.urlopen(order, timeout=60) as answer:
            assert json.loads(answer.read()) == {"ocsp": "ok", "pool": "ok", "est": "refuse"}
        with urllib.request.urlopen(urls["ocsp_url"], data=b"x", timeout=60) as answer:
            assert answer.status == 200


@pytest.mark.real
def test_cars_get_the_contracts_that_were_said(directory: Path) -> None:
    held, now = Pki.open(directory), Clock("real").now()
    with Roamlab(
        "pki", "serve", "-d", str(directory), "--port", "0", "--json",
        "--contract", "WRLAB0000000000017=DE-8PS-C00000010", "--contract", "DE8PSC99999999",
    ) as server:  # fmt: skip
        url = json.loads(server.wait_for("pool_url"))["pool_url"] + "/v1/ccp/signedContractData"
        got = []
        for pcid in ("WRLAB0000000000017", "WRLAB0000000000025"):
            car = held.issue("PROVISIONING", pcid, now, Chance(int(pcid[-2:])))
            exi = exi_text(installation_request(car.chain, car.key))
            body = {"certificateInstallationReq": exi, "xsdMsgDefNamespace": SCHEMA_V2}
            with urllib.request.urlopen(url, data=json.dumps(body).encode(), timeout=60) as answer:
                (content,) = json.loads(answer.read())["CCPResponse"]["emaidContent"]
            response = read_exi_text(content["messageDef"]["certificateInstallationRes"])
            got.append(open_sealed(response, car.key, held.roots("V2G"), now))
    assert [contract.emaid for contract in got] == ["DE8PSC00000010", "DE8PSC99999999"]
    # The one was there, and is given out as it is; the other was made, and is in the book.
    assert got[0].chain == held.contract("DE8PSC00000010").chain
    assert got[1].chain == held.contract("DE8PSC99999999").chain


@pytest.mark.real
def test_another_port_than_the_certificates_name_is_told(directory: Path) -> None:
    with Roamlab("pki", "serve", "-d", str(directory), "--port", "0") as server:
        server.wait_for("but certificates name http://127.0.0.1:")


def test_a_port_in_use_is_exit_code_3(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert run(["pki", "serve", "-d", str(directory), "--port", port]) == 3
    assert f"cannot listen on 127.0.0.1:{port}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--ocsp", "slwo"), "no such switch: 'slwo'. Did you mean 'slow'?"),
        (("--pool", "stale"), "no such switch: 'stale'"),
        (("--contract", "WRLAB1=nobody"), "expected an EMAID, or PCID=EMAID"),
        (("--contract", f"={EMAID}"), "expected an EMAID, or PCID=EMAID"),
        (("--clock", "virtual"), "take --clock real or scaled:N"),
        (("--valid-for", "0"), "'--valid-for'"),
        (("--port", "70000"), "'--port'"),
        (("-d", "nowhere"), "nowhere: no PKI here"),
        (("--journal", "/no/such/folder/j"), "/no/such/folder/j"),
    ],
)
def test_wrong_options_are_exit_code_2(
    directory: Path,
    arguments: tuple[str, ...],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["pki", "serve", "-d", str(directory), "--port", "0", *arguments]) == 2
    assert message in capsys.readouterr().err
