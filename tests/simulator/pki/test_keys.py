"""Keys and raw signatures: the same from the same chance, and right to others."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from simulator.kernel.chance import Chance
from simulator.pki.keys import (
    ALGORITHMS,
    PkiError,
    deterministic,
    draw_key,
    hash_for,
    key_pem,
    read_key,
    sign,
    verify,
)
from tests.simulator.pki.chains import needs_openssl


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_chance_alone_decides_the_key(algorithm: str) -> None:
    one, same, other = (key_pem(draw_key(Chance(seed), algorithm)) for seed in (1, 1, 2))
    assert one == same
    assert one != other


@pytest.mark.parametrize(
    ("algorithm", "hashing"), [("P-256", "sha256"), ("P-521", "sha512"), ("Ed448", None)]
)
def test_each_key_has_its_profiles_hash(algorithm: str, hashing: str | None) -> None:
    found = hash_for(draw_key(Chance(1), algorithm))
    assert (found.name if found else None) == hashing


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signature_repeats_and_holds(algorithm: str) -> None:
    key = draw_key(Chance(1), algorithm)
    signature = sign(key, b"data")
    assert not deterministic() or sign(key, b"data") == signature
    assert verify(key.public_key(), b"data", signature, hash_for(key))
    assert not verify(key.public_key(), b"date", signature, hash_for(key))
    broken = signature[:20] + bytes([signature[20] ^ 1]) + signature[21:]
    assert not verify(key.public_key(), b"data", broken, hash_for(key))
    other = draw_key(Chance(2), algorithm)
    assert not verify(other.public_key(), b"data", signature, hash_for(key))


def test_rsa_signatures_are_checked_too() -> None:
    key = rsa.generate_private_key(65537, 2048)
    signature = key.sign(b"data", padding.PKCS1v15(), hashes.SHA256())
    assert verify(key.public_key(), b"data", signature, hashes.SHA256())
    assert not verify(key.public_key(), b"date", signature, hashes.SHA256())
    assert not verify("no key", b"data", signature, hashes.SHA256())


def test_without_openssls_deterministic_ecdsa_it_still_signs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("simulator.pki.keys.deterministic", lambda: False)
    key = draw_key(Chance(1), "P-256")
    first, second = sign(key, b"data"), sign(key, b"data")
    assert first != second
    assert verify(key.public_key(), b"data", first, hash_for(key))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_is_read_as_it_was_written(algorithm: str) -> None:
    key = draw_key(Chance(1), algorithm)
    assert key_pem(read_key(key_pem(key))) == key_pem(key)


@needs_openssl
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_openssl_finds_the_key_consistent(algorithm: str, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text(key_pem(draw_key(Chance(1), algorithm)))
    done = subprocess.run(
        ["openssl", "pkey", "-check", "-noout", "-in", str(path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Key is valid" in done.stdout


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAA\n", "\ud800"])
def test_what_is_no_key_is_told(text: str) -> None:
    with pytest.raises(PkiError, match=r"my\.pem: not a private key"):
        read_key(text, "my.pem")


def test_keys_of_other_kinds_and_with_a_password_are_told() -> None:
    pem, pkcs8 = s.Encoding.PEM, s.PrivateFormat.PKCS8
    wrong = rsa.generate_private_key(65537, 2048).private_bytes(pem, pkcs8, s.NoEncryption())
    with pytest.raises(PkiError, match="EC or Ed448 key is expected"):
        read_key(wrong.decode())
    locked = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        pem, pkcs8, s.BestAvailableEncryption(b"secret")
    )
    with pytest.raises(PkiError, match="without a password"):
        read_key(locked.decode())
