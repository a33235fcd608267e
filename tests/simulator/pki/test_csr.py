"""Signing requests: made, read, and refused with the reason."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.chance import Chance
from simulator.pki.csr import LONGEST_CSR, make_csr, read_csr
from simulator.pki.keys import ALGORITHMS, PkiError, deterministic, draw_key
from tests.simulator.pki.chains import needs_openssl

KEY = draw_key(Chance(1), "P-256")
GOOD = make_csr(KEY, "DE*RLB*E1", "Roamlab", "DE")


def other_csr(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | dsa.DSAPrivateKey) -> str:
    name = x509.Name.from_rfc4514_string("CN=station")
    request = x509.CertificateSigningRequestBuilder().subject_name(name)
    return request.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_request_is_read_as_it_was_made(algorithm: str) -> None:
    key = draw_key(Chance(1), algorithm)
    text = make_csr(key, "DE*RLB*E1", "Roamlab", "DE", dc="CPO")
    assert len(text) <= LONGEST_CSR
    read = read_csr(text)
    assert (read.common_name, read.organization, read.country) == ("DE*RLB*E1", "Roamlab", "DE")
    assert read.public_key == key.public_key()
    if deterministic():
        assert make_csr(key, "DE*RLB*E1", "Roamlab", "DE", dc="CPO") == text


def test_organization_and_country_may_be_missing() -> None:
    read = read_csr(make_csr(KEY, "station"))
    assert (read.organization, read.country) == (None, None)


@needs_openssl
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_openssl_verifies_it(algorithm: str, tmp_path: Path) -> None:
    path = tmp_path / "csr.pem"
    path.write_text(make_csr(draw_key(Chance(1), algorithm), "DE*RLB*E1", "Roamlab", "DE"))
    done = subprocess.run(
        ["openssl", "req", "-verify", "-noout", "-subject", "-in", str(path)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "verify OK" in done.stdout + done.stderr
    assert "CN = DE*RLB*E1" in done.stdout


def test_a_request_signed_by_another_key_is_refused() -> None:
    lines = GOOD.splitlines()
    der = bytearray(base64.b64decode("".join(lines[1:-1])))
    der[-1] ^= 1
    body = base64.b64encode(der).decode()
    with pytest.raises(PkiError, match="not by its own key"):
        read_csr("\n".join([lines[0], body, lines[-1]]))


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN CERTIFICATE REQUEST-----\nAA\n", "\ud800"])
def test_what_is_no_request_is_told(text: str) -> None:
    with pytest.raises(PkiError, match=r"not a PKCS#10 request"):
        read_csr(text)


@given(st.integers(0, len(GOOD)), st.integers(0, len(GOOD)), st.text(max_size=5))
def test_a_damaged_request_is_told(begin: int, end: int, instead: str) -> None:
    text = GOOD[:begin] + instead + GOOD[end:]
    try:
        read = read_csr(text)
    except PkiError:
        return
    assert read.public_key == KEY.public_key()


def test_a_request_that_names_nobody_is_told() -> None:
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    text = request.sign(KEY, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    with pytest.raises(PkiError, match="names nobody"):
        read_csr(text)


def test_which_keys_are_certified() -> None:
    assert read_csr(other_csr(rsa.generate_private_key(65537, 2048))).common_name == "station"
    assert read_csr(other_csr(ec.generate_private_key(ec.SECP384R1()))).common_name == "station"
    for weak in (
        rsa.generate_private_key(65537, 1024),
        ec.generate_private_key(ec.SECP192R1()),
        ec.generate_private_key(ec.SECP256K1()),
    ):
        with pytest.raises(PkiError, match="is expected"):
            read_csr(other_csr(weak))


@pytest.mark.parametrize(("name", "country"), [("x" * 65, None), ("x", "Germany")])
def test_names_that_no_request_holds_are_told(name: str, country: str | None) -> None:
    with pytest.raises(PkiError, match=f"signing request for '{name}'"):
        make_csr(KEY, name, None, country)
