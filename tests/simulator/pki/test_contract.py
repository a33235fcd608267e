"""Contracts in and out, and the signatures of a challenge."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.chance import Chance
from simulator.pki.certificates import PkiError, pem
from simulator.pki.contract import Contract, sign_challenge, verify_challenge
from simulator.pki.keys import deterministic, draw_key, hash_for, key_pem, verify
from simulator.pki.spec import PROFILES
from simulator.pki.store import Pki
from tests.simulator.pki.chains import NOW

CHALLENGE = bytes(range(16))
LENGTHS = {"iso15118-2": 64, "iso15118-20": 132, "iso15118-20-ed448": 114}


def contract(profile: str = "iso15118-2", seed: int = 1) -> Contract:
    pki = Pki.create(Chance(seed), NOW, profile=profile)
    return pki.issue_contract("DE-8PS-COO13A3LZ-3", NOW, Chance(2))


@pytest.mark.parametrize("profile", PROFILES)
def test_the_contracts_key_signs_and_its_certificate_verifies(profile: str) -> None:
    mine = contract(profile)
    signature = sign_challenge(mine.key, CHALLENGE)
    assert len(signature) == LENGTHS[profile]
    assert verify_challenge(mine.certificate, CHALLENGE, signature)
    assert not verify_challenge(mine.certificate, CHALLENGE[1:], signature)
    assert not verify_challenge(mine.chain[1], CHALLENGE, signature)
    if deterministic():
        assert sign_challenge(mine.key, CHALLENGE) == signature


def test_r_and_s_stand_side_by_side() -> None:
    mine = contract()
    signature = sign_challenge(mine.key, CHALLENGE)
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    der = encode_dss_signature(r, s)
    assert verify(mine.key.public_key(), CHALLENGE, der, hash_for(mine.key))
    assert not verify_challenge(mine.certificate, CHALLENGE, der)


def test_short_numbers_are_filled_up() -> None:
    """One of 256 signatures has a first byte of nought; all have the same length."""
    key = contract().key
    signatures = [sign_challenge(key, bytes([n, n // 256])) for n in range(0, 600, 1) if n < 256]
    assert {len(signature) for signature in signatures} == {64}
    assert any(s[0] == 0 or s[32] == 0 for s in signatures)


@pytest.mark.parametrize("profile", PROFILES)
@given(st.binary(max_size=140))
def test_no_other_signature_holds(profile: str, signature: bytes) -> None:
    assert not verify_challenge(CONTRACTS[profile].certificate, CHALLENGE, signature)


CONTRACTS = {profile: contract(profile) for profile in PROFILES}


@pytest.mark.parametrize("profile", PROFILES)
@given(st.integers(0, 131 * 8))
def test_one_turned_bit_is_noticed(profile: str, bit: int) -> None:
    mine = CONTRACTS[profile]
    signature = bytearray(sign_challenge(mine.key, CHALLENGE))
    bit %= len(signature) * 8
    signature[bit // 8] ^= 1 << bit % 8
    assert not verify_challenge(mine.certificate, CHALLENGE, bytes(signature))


@pytest.mark.parametrize("profile", PROFILES)
def test_a_contract_is_read_as_it_was_written(profile: str) -> None:
    mine = contract(profile)
    text = mine.to_pem()
    again = Contract.from_pem(text)
    assert again.emaid == "DE8PSCOO13A3LZ3"
    assert again.chain == mine.chain
    assert again.to_pem() == text
    first_key = Contract.from_pem(key_pem(mine.key) + mine.chain_pem)
    assert first_key.to_pem() == text


def test_a_contract_does_not_show_its_key() -> None:
    assert "PrivateKey" not in repr(contract())


def test_the_chain_is_what_authorize_carries() -> None:
    mine = contract()
    assert mine.chain_pem == "".join(map(pem, mine.chain))
    assert len(mine.chain_pem) <= 5_500  # AuthorizeRequest.certificate
    assert len(mine.chain) == 3


def test_what_is_no_contract_is_told() -> None:
    mine, other = contract(), contract(seed=5)
    with pytest.raises(PkiError, match="car: no private key"):
        Contract.from_pem(mine.chain_pem, "car")
    with pytest.raises(PkiError, match="car: not a PEM certificate"):
        Contract.from_pem(key_pem(mine.key), "car")
    with pytest.raises(PkiError, match="not that of the first certificate"):
        Contract.from_pem(other.chain_pem + key_pem(draw_key(Chance(9), "P-256")), "car")
    with pytest.raises(PkiError, match="car: not a private key"):
        Contract.from_pem(
            mine.to_pem().replace("PRIVATE KEY-----\nMI", "PRIVATE KEY-----\nAA"), "car"
        )


def test_a_key_that_signs_no_challenge_verifies_none() -> None:
    class Foreign:
        def public_key(self) -> object:
            return rsa.generate_private_key(65537, 2048).public_key()

    assert not verify_challenge(Foreign(), CHALLENGE, b"")  # type: ignore[arg-type]
