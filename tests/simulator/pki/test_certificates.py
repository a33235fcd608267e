"""Certificates in and out: whatever is read can be used, and the hashes are OCPP's."""

from __future__ import annotations

import base64
import re
import subprocess
import textwrap
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.chance import Chance
from simulator.pki.certificates import (
    PkiError,
    common_name,
    described,
    domain_component,
    fingerprint,
    hash_data,
    is_issuer,
    ocsp_request_data,
    ocsp_url,
    organization,
    pem,
    pem_chain,
    read_certificate,
    read_chain,
    read_der,
    serial_hex,
)
from simulator.pki.contract import verify_challenge
from simulator.pki.hierarchy import Wanted, make_certificate
from simulator.pki.keys import draw_key
from simulator.pki.path import Purpose, validate
from simulator.pki.spec import BY_NAME
from simulator.pki.store import Pki
from tests.simulator.pki.chains import NOW, OCSP_URL, flip, links, make, needs_openssl

GOOD = make(links(2))
LEAF, SUB2, SUB1, ROOT = GOOD.path
TEXT = pem_chain(GOOD.chain)


def use(text: str) -> None:
    """Read a text and do with its certificates all that is done with them."""
    try:
        chain = read_chain(text)
    except PkiError:
        return
    assert chain
    validate(chain, [ROOT], NOW, purpose=Purpose.CONTRACT)
    validate([LEAF, *chain], chain, NOW, purpose=Purpose.SECC)
    ocsp_request_data(chain, [ROOT])
    for certificate in chain:
        common_name(certificate), organization(certificate), domain_component(certificate)
        hash_data(certificate, ROOT)
        assert not verify_challenge(certificate, b"challenge", bytes(64))
        assert re.fullmatch("[0-9a-f]+", serial_hex(certificate))
        assert read_chain(pem(certificate)) == [certificate]


def armoured(der: bytes) -> str:
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"


@given(st.text())
def test_any_text_is_read_or_told(text: str) -> None:
    use(text)


@given(st.text(alphabet=st.characters(codec="ascii")), st.binary(), st.text())
def test_any_block_is_read_or_told(before: str, body: bytes, after: str) -> None:
    use(before + armoured(body) + after + TEXT)


@given(st.integers(0, len(TEXT)), st.integers(0, len(TEXT)), st.text(max_size=5))
def test_a_damaged_text_is_read_or_told(begin: int, end: int, instead: str) -> None:
    use(TEXT[:begin] + instead + TEXT[end:])


@given(
    st.sampled_from(GOOD.path),
    st.lists(st.tuples(st.integers(0, 2_000), st.integers(1, 255)), min_size=1, max_size=4),
)
def test_damaged_der_is_read_or_told(
    certificate: x509.Certificate, changes: list[tuple[int, int]]
) -> None:
    der = bytearray(certificate.public_bytes(Encoding.DER))
    for place, bits in changes:
        der[place % len(der)] ^= bits
    use(armoured(bytes(der)))


def test_every_single_damaged_byte_is_read_or_told() -> None:
    der = LEAF.public_bytes(Encoding.DER)
    for place in range(len(der)):
        for bits in (1, 0x80, 0xFF):
            use(armoured(der[:place] + bytes([der[place] ^ bits]) + der[place + 1 :]))


def test_a_chain_is_read_as_it_was_written_whatever_stands_around() -> None:
    assert read_chain(TEXT) == GOOD.chain
    assert read_chain(TEXT.replace("\n", "\r\n")) == GOOD.chain
    assert read_chain(f"Subject: x\n\n{pem(LEAF)}\n and\n{pem(SUB2)}") == [LEAF, SUB2]
    assert read_chain(pem(SUB1) + pem(LEAF)) == [SUB1, LEAF]


@pytest.mark.parametrize("text", ["", "hello", "-----BEGIN CERTIFICATE-----", "\ud800"])
def test_what_is_no_chain_is_told_with_its_place(text: str) -> None:
    with pytest.raises(PkiError, match=r"mo\.pem: not a PEM certificate that can be read"):
        read_chain(text, "mo.pem")


def test_too_much_text_is_told_unread() -> None:
    with pytest.raises(PkiError, match="more than any chain has"):
        read_chain(TEXT * 100)


def test_where_one_certificate_is_expected_two_are_told() -> None:
    assert read_certificate(pem(LEAF)) == LEAF
    with pytest.raises(PkiError, match="one certificate is expected, not 3"):
        read_certificate(TEXT)


def test_der_is_read_or_told() -> None:
    assert read_der(LEAF.public_bytes(Encoding.DER)) == LEAF
    with pytest.raises(PkiError, match=r"ca\.der: not a DER certificate that can be read"):
        read_der(LEAF.public_bytes(Encoding.DER)[:-1], "ca.der")


@pytest.mark.parametrize("serial", [b"\x00", b"\xff"])
def test_a_serial_number_that_is_not_positive_is_told(serial: bytes) -> None:
    key = draw_key(Chance(1), "P-256")
    wanted = Wanted("x", NOW, NOW + timedelta(days=1))
    one = make_certificate(BY_NAME["MO_ROOT"], wanted, 1, key.public_key(), None, key)
    der = one.public_bytes(Encoding.DER)
    assert read_der(der) == one
    with pytest.raises(PkiError, match="its serial number is below one"):
        read_der(der.replace(b"\x02\x01\x01", b"\x02\x01" + serial, 1))


def test_names_are_the_subjects() -> None:
    assert common_name(LEAF) == "DE8PSCOO13A3LZ3"
    assert organization(LEAF) == "roamlab"
    assert domain_component(LEAF) == "MO"
    key = draw_key(Chance(1), "P-256")
    nobody = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "X")]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    assert (common_name(nobody), organization(nobody), domain_component(nobody)) == ("", "", "")


def test_who_has_issued_what() -> None:
    assert is_issuer(SUB2, LEAF)
    assert is_issuer(ROOT, ROOT)
    assert not is_issuer(SUB1, LEAF)
    assert not is_issuer(SUB2, flip(LEAF))
    assert not is_issuer(make(links(2), seed=2).path[1], LEAF)  # the name is right, the key is not


@needs_openssl
@pytest.mark.parametrize("algorithm", ["P-256", "P-521", "Ed448"])
@pytest.mark.parametrize("hashing", ["SHA256", "SHA384", "SHA512"])
def test_openssl_asks_ocsp_by_the_same_hashes(algorithm: str, hashing: str, tmp_path: Path) -> None:
    made = make(links(2), algorithm)
    for certificate, issuer in zip(made.path, [*made.path[1:], made.root], strict=True):
        (tmp_path / "one.pem").write_text(pem(certificate))
        (tmp_path / "issuer.pem").write_text(pem(issuer))
        told = subprocess.run(
            [
                "openssl", "ocsp", f"-{hashing.lower()}", "-no_nonce", "-req_text",
                "-issuer", str(tmp_path / "issuer.pem"), "-cert", str(tmp_path / "one.pem"),
            ],
            capture_output=True, text=True, check=True,
        ).stdout.replace("\\\n", "")  # fmt: skip
        fields = dict(re.findall(r"(Issuer Name Hash|Issuer Key Hash|Serial Number): (\w+)", told))
        ours = hash_data(certificate, issuer, hashing)
        assert ours["hashAlgorithm"] == hashing
        assert fields == {
            "Issuer Name Hash": ours["issuerNameHash"].upper(),
            "Issuer Key Hash": ours["issuerKeyHash"].upper(),
            "Serial Number": ours["serialNumber"].upper().zfill(len(fields["Serial Number"])),
        }


@needs_openssl
def test_the_hashes_are_over_what_openssl_parses(tmp_path: Path) -> None:
    """By hand: the DER of the issuer's name and the bits of its subjectPublicKey."""
    path = tmp_path / "issuer.der"
    path.write_bytes(SUB2.public_bytes(Encoding.DER))
    listing = subprocess.run(
        ["openssl", "asn1parse", "-inform", "DER", "-in", str(path)],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    rows = re.findall(r"(\d+):d=(\d+) +hl=(\d+) l= *(\d+) \w+: +(\S.*?) *$", listing, re.M)
    der = path.read_bytes()
    tbs = [
        (int(at), int(head), int(size), kind)
        for at, depth, head, size, kind in rows
        if depth == "2"
    ]
    names = [row for row in tbs if row[3].startswith("SEQUENCE")]
    subject = names[3]  # signature algorithm, issuer, validity, subject
    key = next((int(a), int(h), int(n)) for a, d, h, n, k in rows if d == "3" and k == "BIT STRING")
    name_der = der[subject[0] : subject[0] + subject[1] + subject[2]]
    key_bits = der[key[0] + key[1] + 1 : key[0] + key[1] + key[2]]  # after the count of unused bits
    ours = hash_data(LEAF, SUB2)
    assert ours["issuerNameHash"] == _sha256(name_der)
    assert ours["issuerKeyHash"] == _sha256(key_bits)


def _sha256(data: bytes) -> str:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(data)
    return digest.finalize().hex()


def test_an_algorithm_that_ocpp_lacks_is_told() -> None:
    with pytest.raises(PkiError, match="'SHA1': OCPP has SHA256, SHA384, SHA512"):
        hash_data(LEAF, SUB2, "SHA1")


def test_serial_numbers_have_no_leading_zeros() -> None:
    pki = Pki.create(Chance(7), NOW)
    for row in pki.issued():
        assert row.serial == row.serial.lstrip("0").lower()
        assert len(row.serial) <= 40


def test_what_ocsp_is_asked_follows_the_chain() -> None:
    data = ocsp_request_data(GOOD.chain, [ROOT])
    assert data == [
        {**hash_data(LEAF, SUB2), "responderURL": OCSP_URL},
        {**hash_data(SUB2, SUB1), "responderURL": OCSP_URL},
        {**hash_data(SUB1, ROOT), "responderURL": OCSP_URL},
    ]
    assert ocsp_request_data(GOOD.path, []) == data  # the root is no question, but an answer
    shuffled = ocsp_request_data([LEAF, SUB1, SUB2], [ROOT])
    assert shuffled is not None
    assert [one["serialNumber"] for one in shuffled] == [
        serial_hex(one) for one in (LEAF, SUB1, SUB2)
    ]
    other = ocsp_request_data(GOOD.chain, [ROOT], "SHA512")
    assert other is not None
    assert {one["hashAlgorithm"] for one in other} == {"SHA512"}


def test_ocsp_cannot_be_asked_without_url_issuer_or_room() -> None:
    pki = Pki.create(Chance(1), NOW, ocsp_url=OCSP_URL)
    mute = pki.issue_contract("DE8PSCOO13A3LZ", NOW, Chance(2), ocsp=False)
    assert ocsp_url(mute.certificate) is None
    assert ocsp_url(mute.chain[1]) == OCSP_URL
    assert ocsp_request_data(mute.chain, pki.roots("MO")) is None
    assert ocsp_request_data(GOOD.chain, []) is None
    assert ocsp_request_data([], [ROOT]) is None
    five = make(links(4))
    assert ocsp_request_data(five.chain, [five.root]) is None
    four = make(links(3))
    assert len(ocsp_request_data(four.chain, [four.root]) or []) == 4


def test_a_certificate_is_described_without_its_key() -> None:
    told = described(LEAF)
    assert told["serial"] == serial_hex(LEAF) and told["subject"] == LEAF.subject.rfc4514_string()
    assert told["not_before"].endswith("Z") and told["not_before"] < told["not_after"]


def test_a_fingerprint_is_the_certificates(tmp_path: Path) -> None:
    assert fingerprint(LEAF) == _sha256(LEAF.public_bytes(Encoding.DER))
