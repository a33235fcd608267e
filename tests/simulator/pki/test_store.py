"""The PKI itself: issue, find, revoke; in memory, in a directory, among processes."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from simulator.kernel.chance import Chance
from simulator.mistakes import Exit
from simulator.pki.certificates import (
    PkiError,
    common_name,
    domain_component,
    hash_data,
    ocsp_url,
    organization,
    pem,
    serial_hex,
)
from simulator.pki.csr import make_csr
from simulator.pki.keys import deterministic, draw_key, key_pem
from simulator.pki.path import Purpose, validate
from simulator.pki.spec import PROFILES
from simulator.pki.store import REASONS, Pki, State
from tests.simulator.pki.chains import NOW, OCSP_URL, needs_openssl, openssl_accepts

EMAID = "DE-8PS-COO13A3LZ-3"
YEAR = timedelta(days=365)


@pytest.fixture(params=["memory", "directory"])
def pki(request: pytest.FixtureRequest, tmp_path: Path) -> Pki:
    directory = tmp_path / "pki" if request.param == "directory" else None
    return Pki.create(Chance(1), NOW, directory=directory, ocsp_url=OCSP_URL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Pki.create(Chance(1), NOW, directory=tmp_path / "pki", ocsp_url=OCSP_URL)
    return tmp_path / "pki"


def test_a_contract_bears_the_emaid_without_dashes(pki: Pki) -> None:
    contract = pki.issue_contract(EMAID, NOW, Chance(2))
    assert contract.emaid == common_name(contract.certificate) == "DE8PSCOO13A3LZ3"
    assert validate(contract.chain, pki.roots("MO"), NOW, purpose=Purpose.CONTRACT).ok
    assert contract.key.public_key() == contract.certificate.public_key()
    assert ocsp_url(contract.certificate) == OCSP_URL


def test_an_emaid_without_check_digit_keeps_none(pki: Pki) -> None:
    assert pki.issue_contract("de-8ps-coo13a3lz", NOW, Chance(2)).emaid == "DE8PSCOO13A3LZ"


def test_what_is_no_emaid_is_told_but_can_be_issued_by_name(pki: Pki) -> None:
    with pytest.raises(PkiError, match="'hello' is no EMAID"):
        pki.issue_contract("hello", NOW, Chance(2))
    assert common_name(pki.issue("CONTRACT", "hello", NOW, Chance(2)).certificate) == "hello"


@pytest.mark.parametrize(
    ("spec", "name", "root", "purpose"),
    [
        ("CONTRACT", "DE8PSCOO13A3LZ3", "MO", Purpose.CONTRACT),
        ("SECC", "DE*ICE*E45B*78C", "V2G", Purpose.SECC),
        ("PROVISIONING", "WVWZZZ1KZAW000001", "OEM", Purpose.PROVISIONING),
        ("CPS", None, "V2G", Purpose.CPS),
        ("CSMS", None, "CSMS", Purpose.TLS_SERVER),
        ("CHARGING_STATION", "RL-0001", "CSMS", Purpose.CHARGING_STATION),
    ],
)
@pytest.mark.parametrize("profile", PROFILES)
def test_every_leaf_can_be_issued(
    spec: str, name: str | None, root: str, purpose: Purpose, profile: str
) -> None:
    pki = Pki.create(Chance(1), NOW, profile=profile, ocsp_url=OCSP_URL)
    issued = pki.issue(spec, name, NOW, Chance(2))
    assert validate(issued.chain, pki.roots(root), NOW, purpose=purpose).ok
    assert pki.chain(name or spec) == issued.chain
    assert key_pem(pki.key(name or spec)) == key_pem(issued.key)
    for other in {"V2G", "MO", "OEM", "CSMS"} - {root}:
        assert not validate(issued.chain, pki.roots(other), NOW, purpose=purpose).ok


@needs_openssl
@pytest.mark.parametrize("profile", PROFILES)
def test_openssl_verifies_what_is_issued(profile: str, tmp_path: Path) -> None:
    pki = Pki.create(Chance(1), NOW, profile=profile, ocsp_url=OCSP_URL)
    for spec, root in (
        ("CONTRACT", "MO"), ("SECC", "V2G"), ("PROVISIONING", "OEM"), ("CPS", "V2G"),
        ("CSMS", "CSMS"), ("CHARGING_STATION", "CSMS"),
    ):  # fmt: skip
        chain = pki.issue(spec, "some-name", NOW, Chance(2)).chain
        assert openssl_accepts(tmp_path, chain, pki.roots(root))
        assert not openssl_accepts(tmp_path, chain, pki.roots(root), NOW + 20 * YEAR)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_same_seed_repeats_everything(profile: str, tmp_path: Path) -> None:
    def made(seed: int, directory: Path | None = None) -> str:
        pki = Pki.create(Chance(seed), NOW, profile=profile, ocsp_url=OCSP_URL, directory=directory)
        secc = pki.issue("SECC", "DE*ICE*E1", NOW, Chance(seed).child("secc"))
        return pki.issue_contract(EMAID, NOW, Chance(seed)).to_pem() + pem(secc.certificate)

    if deterministic():
        assert made(1) == made(1) == made(1, tmp_path / "pki")
    assert made(1) != made(2)


def test_a_serial_number_is_never_given_twice(pki: Pki) -> None:
    one = pki.issue_contract(EMAID, NOW, Chance(2))
    two = pki.issue_contract(EMAID, NOW, Chance(2))
    assert one.certificate.serial_number != two.certificate.serial_number
    assert pki.contract(EMAID).chain == two.chain
    assert len({row.serial for row in pki.issued()}) == len(pki.issued())


def test_contracts_are_found_in_any_spelling(pki: Pki) -> None:
    contract = pki.issue_contract(EMAID, NOW, Chance(2))
    serial = serial_hex(contract.certificate)
    for name in ("DE8PSCOO13A3LZ3", "de-8ps-coo13a3lz", EMAID, serial, "contract"):
        assert pki.certificate(name) == contract.certificate
    assert pki.contract("de8pscoo13a3lz").to_pem() == contract.to_pem()


def test_an_unknown_name_is_told_with_what_is_near(pki: Pki) -> None:
    with pytest.raises(PkiError, match=r"'MO_SUB3': no such certificate\. Did you mean 'MO_SUB\d'"):
        pki.certificate("MO_SUB3")
    pki.issue_contract(EMAID, NOW, Chance(2))
    with pytest.raises(PkiError, match="Did you mean 'DE8PSCOO13A3LZ3'") as caught:
        pki.revoke("DE8PSCOO13A3L", NOW)
    assert caught.value.exit_code is Exit.USAGE
    with pytest.raises(PkiError, match="no such certificate"):
        pki.key("nobody at all")
    with pytest.raises(PkiError, match=r"roots 'mo'\. Did you mean 'MO'"):
        pki.roots("mo")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["MO_SUB2", "V2G_ROOT", "CONTACT", ""])
def test_authorities_and_unknown_things_are_not_issued(pki: Pki, name: str) -> None:
    with pytest.raises(PkiError, match="no certificate to be issued"):
        pki.issue(name, "x", NOW, Chance(2))
    with pytest.raises(PkiError, match="no certificate to be issued"):
        pki.sign_csr(make_csr(draw_key(Chance(1), "P-256"), "x"), name, NOW, Chance(2))


def test_validity_can_be_said(pki: Pki) -> None:
    leaf = pki.issue_contract(EMAID, NOW, Chance(2)).certificate
    assert leaf.not_valid_before_utc < NOW
    assert leaf.not_valid_after_utc == NOW + 2 * YEAR
    short = pki.issue_contract(EMAID, NOW, Chance(2), valid_for=timedelta(minutes=5)).certificate
    assert short.not_valid_after_utc == NOW + timedelta(minutes=5)
    old = pki.issue_contract(EMAID, NOW, Chance(2), not_before=NOW - YEAR, valid_for=YEAR / 2)
    verdict = validate(old.chain, pki.roots("MO"), NOW, purpose=Purpose.CONTRACT)
    assert verdict.certificate_status == "CertificateExpired"
    with pytest.raises(PkiError, match="validity"):
        pki.issue_contract(EMAID, NOW, Chance(2), valid_for=timedelta(0))


def test_ocsp_can_be_left_out_of_one_or_all(pki: Pki) -> None:
    mute = pki.issue("SECC", "x", NOW, Chance(2), ocsp=False)
    assert ocsp_url(mute.certificate) is None
    assert ocsp_url(mute.chain[1]) == OCSP_URL
    silent = Pki.create(Chance(1), NOW)
    assert all(ocsp_url(silent.certificate(row.spec)) is None for row in silent.issued())
    assert ocsp_url(silent.issue_contract(EMAID, NOW, Chance(2)).certificate) is None


def test_a_server_has_the_names_asked_for(pki: Pki) -> None:
    def names(certificate: x509.Certificate) -> set[str]:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return {str(name.value) for name in found}

    assert names(pki.certificate("CSMS")) == {"127.0.0.1", "::1", "localhost"}
    named = pki.issue("CSMS", "csms", NOW, Chance(2), san=("csms.example", "192.0.2.1"))
    assert names(named.certificate) == {"csms.example", "192.0.2.1"}
    own = pki.issue("CHARGING_STATION", "S1", NOW, Chance(2), organization="Iceland")
    assert organization(own.certificate) == "Iceland"


def test_names_too_long_are_told_and_leave_nothing(pki: Pki) -> None:
    before = pki.issued()
    with pytest.raises(PkiError, match="SECC 'xxxx"):
        pki.issue("SECC", "x" * 65, NOW, Chance(2))
    assert pki.issued() == before


def test_iso_15118_2_allows_no_large_certificates() -> None:
    url = f"http://127.0.0.1/{'x' * 400}"
    with pytest.raises(PkiError, match=r"bytes, ISO 15118-2 allows 800; a shorter OCSP address"):
        Pki.create(Chance(1), NOW, ocsp_url=url)
    Pki.create(Chance(1), NOW, ocsp_url=url, profile="iso15118-20")
    pki = Pki.create(Chance(1), NOW, ocsp_url=OCSP_URL)
    largest = pki.issue("CONTRACT", "x" * 64, NOW, Chance(2), organization="y" * 64).certificate
    assert len(largest.public_bytes(Encoding.DER)) <= 800


def test_profiles_are_told_apart() -> None:
    with pytest.raises(PkiError, match=r"profile 'iso15118'\. Did you mean 'iso15118-2'"):
        Pki.create(Chance(1), NOW, profile="iso15118")


# -- signing requests


@pytest.mark.parametrize(("algorithm", "spec"), [("P-256", "SECC"), ("P-521", "CHARGING_STATION")])
def test_a_request_is_certified(pki: Pki, algorithm: str, spec: str) -> None:
    key = draw_key(Chance(3), algorithm)
    csr = make_csr(key, "DE*ICE*E45B", "Ice", "DE")
    chain = pki.sign_csr(csr, spec, NOW, Chance(2))
    leaf = chain[0]
    assert leaf.public_key() == key.public_key()
    assert (common_name(leaf), organization(leaf)) == ("DE*ICE*E45B", "Ice")
    assert domain_component(leaf) == ("CPO" if spec == "SECC" else "")
    kind, purpose = ("V2G", Purpose.SECC) if spec == "SECC" else ("CSMS", Purpose.CHARGING_STATION)
    assert validate(chain, pki.roots(kind), NOW, purpose=purpose).ok
    assert pki.chain("DE*ICE*E45B") == tuple(chain)
    with pytest.raises(PkiError, match="its key is not here"):
        pki.key("DE*ICE*E45B")
    assert pki.issued()[-1].spec == spec


def test_a_broken_request_is_told(pki: Pki) -> None:
    before = pki.issued()
    with pytest.raises(PkiError, match="not a PKCS#10 request"):
        pki.sign_csr("x", "SECC", NOW, Chance(2))
    assert pki.issued() == before


# -- status


def test_each_certificate_is_good_until_revoked(pki: Pki) -> None:
    contract = pki.issue_contract(EMAID, NOW, Chance(2))
    data = hash_data(contract.certificate, contract.chain[1])
    asked = (data["issuerKeyHash"], data["serialNumber"])
    assert pki.authority(asked[0]) == "MO_SUB2"
    assert pki.status(*asked) is State.GOOD
    later = NOW + timedelta(days=3, microseconds=5)
    rows = pki.revoke(EMAID, later, "keyCompromise")
    assert [(row.serial, row.revoked) for row in rows] == [(data["serialNumber"], True)]
    assert pki.status(*asked) is State.REVOKED
    standing = pki.standing("MO_SUB2", int(asked[1], 16))
    assert standing.at == NOW + timedelta(days=3)
    assert standing.reason is x509.ReasonFlags.key_compromise


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
def test_an_authority_is_known_by_any_hash_of_its_key(pki: Pki, algorithm: str) -> None:
    for name in ("V2G_ROOT", "CPO_SUB2", "CSMS_ROOT"):
        certificate = pki.certificate(name)
        key_hash = hash_data(certificate, certificate, algorithm)["issuerKeyHash"]
        assert pki.authority(key_hash) == pki.authority(key_hash.upper()) == name
        assert pki.authority(bytes.fromhex(key_hash)) == name


@needs_openssl
def test_openssl_names_an_authority_by_the_sha1_of_its_key(pki: Pki, tmp_path: Path) -> None:
    path = tmp_path / "one.pem"
    for name in ("MO_SUB2", "V2G_ROOT"):
        path.write_text(pem(pki.certificate(name)))
        told = subprocess.run(
            ["openssl", "x509", "-noout", "-ocspid", "-in", str(path)],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        key_hash = told.partition("Public key OCSP hash: ")[2].strip()
        assert pki.authority(key_hash) == name


def test_what_nobody_issued_is_unknown(pki: Pki) -> None:
    contract = pki.issue_contract(EMAID, NOW, Chance(2))
    data = hash_data(contract.certificate, contract.chain[1])
    root = hash_data(pki.certificate("MO_ROOT"), pki.certificate("MO_ROOT"))
    assert pki.status(data["issuerKeyHash"], 4711) is State.UNKNOWN
    assert pki.status(root["issuerKeyHash"], data["serialNumber"]) is State.UNKNOWN  # not its own
    assert pki.status("00" * 32, data["serialNumber"]) is State.UNKNOWN
    assert pki.status("no hash", "no number") is State.UNKNOWN
    assert pki.status(data["issuerKeyHash"], f"00{data['serialNumber'].upper()}") is State.GOOD


def test_a_name_revokes_all_that_bear_it_and_a_number_one(pki: Pki) -> None:
    one, two, three = (pki.issue_contract(EMAID, NOW, Chance(n)) for n in (2, 3, 4))
    first = serial_hex(one.certificate)
    assert [row.serial for row in pki.revoke(first, NOW)] == [first]
    rows = pki.revoke("de-8ps-coo13a3lz", NOW + YEAR, "superseded")
    assert [row.revocation_reason for row in rows] == ["unspecified", "superseded", "superseded"]
    assert [row.revoked_at for row in rows] == [NOW, NOW + YEAR, NOW + YEAR]
    assert [row.serial for row in rows[1:]] == [serial_hex(c.certificate) for c in (two, three)]


def test_authorities_can_be_revoked_but_roots_cannot(pki: Pki) -> None:
    assert [row.spec for row in pki.revoke("mo-sub2", NOW)] == ["MO_SUB2"]
    with pytest.raises(PkiError, match="MO_ROOT: a root has no issuer"):
        pki.revoke("MO_ROOT", NOW)


def test_reasons_are_those_of_rfc_5280(pki: Pki) -> None:
    with pytest.raises(PkiError, match=r"reason 'keycompromised'\. Did you mean 'keyCompromise'"):
        pki.revoke("CPS", NOW, "keycompromised")
    assert "removeFromCRL" not in REASONS
    for reason in REASONS:
        pki.issue("SECC", reason, NOW, Chance(2))
        (row,) = pki.revoke(reason, NOW, reason)
        assert pki.standing("CPO_SUB2", row.serial).reason is x509.ReasonFlags(reason)


# -- directories


def test_a_directory_opens_as_it_was_left(folder: Path) -> None:
    first = Pki.open(folder)
    contract = first.issue_contract(EMAID, NOW, Chance(2))
    first.revoke("CPS", NOW)
    again = Pki.open(folder)
    assert again.issued() == first.issued()
    assert again.settings == first.settings
    assert again.contract(EMAID).to_pem() == contract.to_pem()
    assert again.chain("MO_ROOT") == first.chain("MO_ROOT")
    more = again.issue_contract("DE8PSAAAAAAAAA", NOW, Chance(3))
    assert validate(more.chain, again.roots("MO"), NOW, purpose=Purpose.CONTRACT).ok
    assert first.contract("DE8PSAAAAAAAAA").chain == more.chain


def test_keys_and_directories_are_their_owners(folder: Path) -> None:
    Pki.open(folder).issue_contract(EMAID, NOW, Chance(2))
    keys = list((folder / "keys").iterdir())
    assert len(keys) == len(Pki.open(folder).issued())
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}
    for directory in (folder, folder / "keys", folder / "certificates"):
        assert directory.stat().st_mode & 0o777 == 0o700


def test_no_name_leads_out_of_the_directory(folder: Path) -> None:
    pki = Pki.open(folder)
    before = {path.parent for path in folder.parent.rglob("*")}
    for name in ("../../evil", "/etc/evil", "..", "a/b", "a\\b", "DE*ICE*E1", "ü", "CON"):
        issued = pki.issue("SECC", name, NOW, Chance(2))
        assert Pki.open(folder).chain(name) == issued.chain
    assert {path.parent for path in folder.parent.rglob("*")} == before


def test_a_pki_is_not_made_over_another(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(PkiError, match="pki: there is a PKI already"):
        Pki.create(Chance(1), NOW, directory=folder)
    with pytest.raises(PkiError, match="not an empty directory"):
        Pki.create(Chance(1), NOW, directory=tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("pki.json", "{", r"pki\.json: not the settings of a PKI"),
        ("pki.json", "[]", r"pki\.json: not the settings of a PKI"),
        ("pki.json", '{"format": 9, "profile": "iso15118-2", "ocsp_url": null}', "version"),
        ("pki.json", '{"format": 1, "profile": "x", "ocsp_url": null}', "version"),
        ("issued.jsonl", "x\n", r"issued\.jsonl, line 1"),
    ],
)
def test_a_broken_directory_is_told(folder: Path, name: str, text: str, message: str) -> None:
    (folder / name).write_text(text)
    with pytest.raises(PkiError, match=message):
        Pki.open(folder)


def test_no_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(PkiError, match="no PKI here"):
        Pki.open(tmp_path)
    (tmp_path / "pki.json").mkdir()
    with pytest.raises(PkiError, match="Is a directory"):
        Pki.open(tmp_path)


def test_an_open_key_keeps_its_authority_from_issuing(folder: Path) -> None:
    (folder / "keys" / "MO_SUB2.pem").chmod(0o644)
    pki = Pki.open(folder)
    with pytest.raises(PkiError, match=r"keys/MO_SUB2\.pem: others may read this private key"):
        pki.issue_contract(EMAID, NOW, Chance(2))
    pki.issue("SECC", "x", NOW, Chance(2))


def test_a_revocation_elsewhere_is_seen_at_the_next_question(folder: Path) -> None:
    responder, tool = Pki.open(folder), Pki.open(folder)
    contract = tool.issue_contract(EMAID, NOW, Chance(2))
    data = hash_data(contract.certificate, contract.chain[1])
    assert responder.status(data["issuerKeyHash"], data["serialNumber"]) is State.GOOD
    tool.revoke(EMAID, NOW)
    assert responder.status(data["issuerKeyHash"], data["serialNumber"]) is State.REVOKED


WORKER = textwrap.dedent(
    """
    import sys
    from datetime import datetime, timezone
    from pathlib import Path
    from simulator.kernel.chance import Chance
    from simulator.pki.store import Pki
    pki, now = Pki.open(Path(sys.argv[1])), datetime(2031, 5, 1, 12, tzinfo=timezone.utc)
    chance = Chance(7)  # all workers draw the same numbers
    for n in range(10):
        pki.issue_contract(f"DE8PS{sys.argv[2]}{n:08}", now, chance)
        pki.revoke(f"DE8PS{sys.argv[2]}{n:08}", now)
    """
)


@pytest.mark.real
def test_processes_share_a_directory(folder: Path) -> None:
    before = len(Pki.open(folder).issued())
    watcher = Pki.open(folder)
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, str(folder), str(n)]) for n in range(4)
    ]
    while any(worker.poll() is None for worker in workers):
        watcher.issued()  # reads while others write
    assert [worker.returncode for worker in workers] == [0] * 4
    rows = Pki.open(folder).issued()[before:]
    assert len(rows) == len({row.serial for row in rows}) == 40
    assert all(row.revoked for row in rows)
    assert watcher.issued() == Pki.open(folder).issued()
    for row in rows:
        assert serial_hex(watcher.certificate(row.common_name)) == row.serial
        watcher.key(row.common_name)


CREATOR = textwrap.dedent(
    """
    import sys
    from datetime import datetime, timezone
    from pathlib import Path
    from simulator.kernel.chance import Chance
    from simulator.pki.keys import PkiError
    from simulator.pki.store import Pki
    now = datetime(2031, 5, 1, 12, tzinfo=timezone.utc)
    try:
        Pki.create(Chance(int(sys.argv[2])), now, directory=Path(sys.argv[1]))
    except PkiError:
        sys.exit(2)
    """
)


@pytest.mark.real
def test_of_processes_that_make_one_pki_one_wins(tmp_path: Path) -> None:
    workers = [
        subprocess.Popen([sys.executable, "-c", CREATOR, str(tmp_path / "pki"), str(n)])
        for n in range(4)
    ]
    assert sorted(worker.wait(60) for worker in workers) == [0, 2, 2, 2]
    pki = Pki.open(tmp_path / "pki")
    for row in pki.issued():
        pki.key(row.spec)
    assert [path.name for path in tmp_path.iterdir()] == ["pki"]
