"""The TLS options: what they amount to, and both ends of a world started by hand from one PKI."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.cli import run
from simulator.mistakes import Mistake
from simulator.tls_options import open_pki, station_tls_of, tls_of
from simulator.wire.tls import NO_TLS, Tls, TlsFiles
from tests.simulator.commands.process import Roamlab

NOTHING: dict[str, Any] = {
    "tls_cert": None,
    "tls_key": None,
    "tls_ca": None,
    "pki_directory": None,
    "tls_mutual": False,
}
HERE = "127.0.0.1"
CERT, KEY, CA = Path("c.pem"), Path("k.pem"), Path("ca.pem")


def test_files_are_taken_as_they_are_named() -> None:
    assert tls_of(NOTHING, HERE) == station_tls_of(NOTHING, "CP1", None) == NO_TLS
    options = {**NOTHING, "tls_cert": CERT, "tls_key": KEY, "tls_ca": CA}
    assert tls_of(options, HERE) == Tls(TlsFiles(CERT, KEY), CA)
    assert tls_of({**options, "tls_mutual": True}, HERE).mutual
    assert station_tls_of(options, "CP1", 3) == Tls(TlsFiles(CERT, KEY), CA)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"tls_cert": CERT}, "--tls-cert and --tls-key go together"),
        ({"tls_key": KEY}, "--tls-cert and --tls-key go together"),
        ({"tls_mutual": True, "tls_ca": CA}, "--tls-mutual needs --tls-cert, --tls-key and"),
        ({"pki_directory": Path("p"), "tls_ca": CA}, "leave --tls-cert, --tls-key and --tls-ca"),
        ({"pki_directory": Path("/nowhere")}, "no PKI here"),
    ],
)
def test_what_makes_no_sense_is_told(said: dict[str, Any], words: str) -> None:
    with pytest.raises(Mistake, match=words):
        tls_of({**NOTHING, **said}, HERE)


def test_no_pki_is_none() -> None:
    assert open_pki(NOTHING) is None


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory = str(tmp_path_factory.mktemp("by-hand") / "pki")
    assert run(["pki", "init", "-d", directory]) == 0
    for name in ("DE-AC-1", "DE-AC-2"):
        assert run(["pki", "issue", "station", name, "-d", directory]) == 0
    yield directory


@pytest.fixture(scope="module")
def cpo(pki: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A CPO of its own process, registered with a peer of another, all from one PKI."""
    world = tmp_path_factory.mktemp("w") / "w.yaml"
    world.write_text(
        "name: w\n"
        "cpo: {country_code: DE, party_id: ABC, name: W, ocpp_port: 0, ocpi_port: 0}\n"
        "locations:\n- id: L1\n  country: DEU\n  stations:\n"
        "  - {id: DE-AC-1, ocpp: 1.6}\n  - {id: DE-AC-2, ocpp: 2.0.1}\n  - {id: BARE, ocpp: 1.6}\n"
    )
    with Roamlab("peer", "--port", "0", "--pki", pki, "--json") as peer:
        facts = json.loads(peer.wait_for("versions_url"))
        assert facts["versions_url"].startswith("https://127.0.0.1:")
        side = ["--register", facts["versions_url"], "--token", facts["token_a"]]
        with Roamlab("cpo", str(world), "--pki", pki, "--json", *side) as core:
            told = json.loads(core.wait_for("ocpp_url"))
            core.wait_for("registered with peer at https:")
            yield {**told, "peer": facts}


@pytest.mark.parametrize(("name", "version"), [("DE-AC-1", "1.6"), ("DE-AC-2", "2.0.1")])
def test_a_station_of_the_same_pki_finds_in(
    pki: str, cpo: dict[str, Any], name: str, version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cpo["ocpp_url"].startswith("wss://")
    arguments = ["station", "--csms", cpo["ocpp_url"], "--id", name, "--ocpp", version]
    with Roamlab(*arguments, "--pki", pki) as station:
        station.wait_for("BootNotification")
        assert station.interrupt() == 130


def test_who_does_not_know_the_ca_is_told(
    cpo: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = str(tmp_path / "other")
    assert run(["pki", "init", "-d", other]) == 0
    common = ["station", "--csms", cpo["ocpp_url"], "--id", "BARE", "--ocpp", "1.6"]
    assert run([*common, "--pki", other, "--patience", "1"]) == 3
    assert "TLS: " in capsys.readouterr().err
    assert run([*common, "--pki", other, "--security-profile", "3"]) == 2
    assert "roamlab pki issue station BARE makes one" in capsys.readouterr().err


def test_an_emp_and_a_check_of_the_same_pki(
    pki: str, cpo: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    roam = cpo["peer"]["roam_versions_url"], "--token", cpo["peer"]["roam_token_a"]
    with Roamlab("emp", *roam, "--port", "0", "--pki", pki) as emp:
        emp.wait_for("registered")
    check = ["check", "cpo", cpo["versions_url"], "--token", cpo["token_a"], "--wait", "0"]
    run([*check, "--pki", pki, "--json", "-"])
    report = json.loads(capsys.readouterr().out)
    assert report["version"] == "2.2.1"


@pytest.mark.parametrize(
    "arguments",
    [
        ["cpo", "--host", "0.0.0.0", "--ocpp-port", "0", "--ocpi-port", "0"],
        ["peer", "--host", "0.0.0.0", "--port", "0"],
        ["emp", "--host", "0.0.0.0", "--port", "0"],
        ["check", "cpo", "--listen", "--host", "0.0.0.0", "--wait", "1"],
    ],
    ids=lambda arguments: str(arguments[0]),
)
def test_plain_text_on_a_network_wants_the_word(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert "say --insecure" in capsys.readouterr().err


def test_a_check_of_a_plain_cpo_elsewhere_wants_the_word(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["check", "cpo", "http://cpo.invalid/versions", "--token", "A"]) == 3
    assert "say --insecure" in capsys.readouterr().err
