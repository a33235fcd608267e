"""`roamlab pki`: a PKI in a directory, by hand."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simulator.cli import run
from simulator.commands import pki as command
from simulator.kernel.clock import stopwatch
from simulator.pki.certificates import common_name, read_chain
from simulator.pki.contract import Contract
from simulator.pki.spec import BY_NAME, PROFILES
from simulator.pki.spec import ROOTS as ROOT_NAMES

EMAID = "DE-8PS-C12345678-3"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh PKI in `pki`, below the folder we are in."""
    monkeypatch.chdir(tmp_path)
    assert run(["pki", "init"]) == 0
    return tmp_path / "pki"


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """What a command prints for machines."""
    capsys.readouterr()
    assert run(["pki", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_fresh_pki_is_there_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    took_ms = stopwatch()
    facts = said(capsys, "init")
    assert took_ms() < 5_000  # a second, on a machine that does nothing else
    assert facts["directory"] == "pki"
    assert facts["profile"] == "iso15118-2"
    assert facts["ocsp_url"] == "http://127.0.0.1:8085/ocsp"
    assert facts["certificates"] == len(said(capsys, "list"))


@pytest.mark.skipif(os.name != "posix", reason="no such rights here")
def test_nobody_else_reads_the_keys(made: Path, tmp_path: Path) -> None:
    assert run(["pki", "issue", "contract", EMAID]) == 0
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    keys = list(made.rglob("keys/*"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}
    assert run(["pki", "export", EMAID, "-o", "chain.pem", "--key", "key.pem"]) == 0
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600


def test_two_pkis_share_no_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = set()
    for name in ("a", "b"):
        assert run(["pki", "init", "-d", str(tmp_path / name)]) == 0
        keys.add((tmp_path / name / "keys" / "MO_ROOT.pem").read_text())
    assert len(keys) == 2


def test_a_seed_makes_the_same_keys(tmp_path: Path) -> None:
    keys = set()
    for name in ("a", "b"):
        assert run(["pki", "init", "-d", str(tmp_path / name), "--seed", "5"]) == 0
        keys.add((tmp_path / name / "keys" / "MO_ROOT.pem").read_text())
    assert len(keys) == 1


def test_a_contract_is_issued_and_exported(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = said(capsys, "issue", "contract", EMAID)
    assert (facts["common_name"], facts["issuer"]) == ("DE8PSC123456783", "MO_SUB2")
    assert facts["warnings"] == []
    assert Path(facts["certificate"]).is_file()
    assert Path(facts["key"]).is_file()
    # By the EMAID without dashes and digit, and put together again.
    assert run(["pki", "export", "DE8PSC12345678", "-o", "c.pem", "--key", "k.pem"]) == 0
    text = (tmp_path / "c.pem").read_text() + (tmp_path / "k.pem").read_text()
    contract = Contract.from_pem(text)
    assert contract.emaid == "DE8PSC123456783"
    assert [common_name(c) for c in contract.chain[1:]] == ["MO Sub-CA 2", "MO Sub-CA 1"]


def test_a_wrong_check_digit_is_told_and_taken(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["pki", "issue", "contract", "DE-8PS-C12345678-9", "--json"]) == 0
    captured = capsys.readouterr()
    warning = "warning: DE-8PS-C12345678-9: the check digit of this EMAID would be 3, not 9"
    assert captured.err == f"roamlab: {warning}\n"
    facts = json.loads(captured.out)
    assert (facts["common_name"], facts["warnings"]) == ("DE8PSC123456789", [warning])


@pytest.mark.parametrize(
    ("arguments", "spec"),
    [
        (("secc", "DE*RLB*E1"), "SECC"),
        (("provisioning", "WRLAB0000000000017"), "PROVISIONING"),
        (("station", "CP001"), "CHARGING_STATION"),
        (("server",), "CSMS"),
        (("server", "csms.test", "--san", "csms.test", "--san", "127.0.0.9"), "CSMS"),
        (("cps",), "CPS"),
    ],
)
def test_each_kind_can_be_issued(
    made: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], spec: str
) -> None:
    facts = said(capsys, "issue", *arguments)
    assert facts["spec"] == spec
    (row,) = [r for r in said(capsys, "list") if r["serial"] == facts["serial"]]
    assert row["common_name"] == facts["common_name"]
    text = Path(facts["certificate"]).read_text()
    names = str(read_chain(text)[0].extensions)
    for wanted in arguments[3::2]:
        assert wanted in names


def test_dates_are_as_said(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = said(
        capsys, "issue", "contract", EMAID, "--not-before", "2020-01-01T00:00:00Z",
        "--valid-days", "1.5", "--no-ocsp",
    )  # fmt: skip
    assert facts["not_before"] == "2020-01-01T00:00:00.000Z"
    assert facts["not_after"] == "2020-01-02T12:00:00.000Z"
    assert said(capsys, "show", EMAID)["ocsp_url"] is None
    assert run(["pki", "list", "--kind", "contract"]) == 0
    assert "expired" in capsys.readouterr().out


def test_a_revocation_is_listed_with_its_reason(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    issued = said(capsys, "issue", "contract", EMAID)
    (row,) = said(capsys, "revoke", "DE8PSC12345678", "--reason", "keyCompromise")
    assert (row["serial"], row["revocation_reason"]) == (issued["serial"], "keyCompromise")
    (listed,) = said(capsys, "list", "--kind", "contract")
    assert listed["revoked_at"] == row["revoked_at"]
    assert run(["pki", "list"]) == 0
    printed = capsys.readouterr().out
    assert "revoked (keyCompromise)" in printed
    assert printed.count("revoked") == 1


def test_show_tells_what_ocpp_asks_by(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    issued = said(capsys, "issue", "contract", EMAID)
    facts = said(capsys, "show", issued["serial"])
    assert facts["chain"] == ["DE8PSC123456783", "MO Sub-CA 2", "MO Sub-CA 1"]
    assert facts["ocsp_url"] == "http://127.0.0.1:8085/ocsp"
    assert facts["hash_data"]["serialNumber"] == issued["serial"]
    assert facts["hash_data"]["hashAlgorithm"] == "SHA256"
    assert run(["pki", "show", EMAID]) == 0
    assert facts["hash_data"]["issuerKeyHash"] in capsys.readouterr().out


def test_chains_and_roots_are_printed(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(["pki", "export", "CSMS"]) == 0
    assert [common_name(c) for c in read_chain(capsys.readouterr().out)] == ["localhost"]
    assert run(["pki", "export", "--roots", "mo"]) == 0
    assert [common_name(c) for c in read_chain(capsys.readouterr().out)] == ["MO Root CA"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["int"], "No such command 'int'. Did you mean 'init'?"),
        (["init"], "pki: there is a PKI already"),
        (["init", "-d", "x", "--profile", "iso15118-3"], "'iso15118-3' is not one of"),
        (["issue", "contrct", EMAID], "'contrct' is not one of 'contract'"),
        (["issue", "contract"], "pki issue contract: whose? NAME is missing"),
        (["issue", "contract", "DE-8PS"], "'DE-8PS' is no EMAID"),
        (["issue", "contract", EMAID, "--not-before", "soon"], "--not-before soon: expected"),
        (["issue", "contract", EMAID, "--valid-days", "0"], "'--valid-days'"),
        (["issue", "contract", EMAID, "--valid-days", "nan"], "'--valid-days'"),
        (["issue", "secc", "x" * 65], "SECC"),
        (["issue", "secc", " "], "pki issue secc ' ': a name that can be read is expected"),
        (["issue", "station", "a\nb"], "'a\\nb': a name that can be read"),
        (["issue", "secc", "\udcff"], "a name that can be read"),
        (["issue", "contract", EMAID, "--san", "::1"], "--san is for a server"),
        (["issue", "server", "x", "--san", "10.0.0.0/8"], "'10.0.0.0/8' is neither an address"),
        (["issue", "server", "x", "--san", ""], "'' is neither an address nor a host's name"),
        (
            ["init", "-d", "x", "--ocsp-url", "ocsp.test"],
            "OCSP address 'ocsp.test': as http://HOST/",
        ),
        (["init", "-d", "x", "--ocsp-url", "http://a\nb"], "OCSP address 'http://a\\nb'"),
        (["list", "-d", "nowhere"], "no PKI here (no pki.json); `roamlab pki init` makes one"),
        (["show", "MO_SUB3"], "Did you mean 'MO_SUB2'?"),
        (["revoke", "MO_ROOT"], "a root has no issuer that could revoke it"),
        (["revoke", "CSMS", "--reason", "keycompromised"], "Did you mean 'keyCompromise'?"),
        (["export"], "WHAT, with --key if its key is wanted, or --roots"),
        (["export", "CSMS", "--roots", "mo"], "WHAT, with --key"),
        (["export", "--roots", "mo", "--key", "k.pem"], "WHAT, with --key"),
        (["export", "CSMS", "-o", "no/such/folder/x.pem"], "no/such/folder/x.pem"),
        (["export", "CSMS", "-o", "x.pem", "--key", "./x.pem"], "are the same file, x.pem"),
    ],
)
def test_a_mistake_is_told(
    made: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["pki", *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_the_choices_are_those_of_the_table() -> None:
    assert tuple(PROFILES) == command.PROFILES
    assert {kind.lower() for kind in ROOT_NAMES} == set(command.ROOTS)
    leaves = {
        spec.name
        for spec in BY_NAME.values()
        if not spec.ca and "ocsp_signing" not in spec.extended
    }
    assert set(command.KINDS.values()) == leaves


def test_help_imports_no_cryptography() -> None:
    code = (
        "import sys; from simulator.cli import run; run(['pki', 'issue', '--help']);"
        "print('cryptography' in sys.modules, 'asyncio' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.startswith("False")
