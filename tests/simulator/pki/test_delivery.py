"""Delivery of a private key: who can open it, and what it weighs."""

from __future__ import annotations

import contextlib
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.chance import Chance
from simulator.pki.delivery import NotDeliverable, Sealed, open_key, seal_key
from simulator.pki.keys import ED448, P256, P521, draw_key


def number(key: object) -> int:
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key.private_numbers().private_value


@pytest.mark.parametrize(("curve", "point", "delivered"), [(P256, 65, 48), (P521, 133, 94)])
def test_the_car_gets_the_key_that_was_sent(
    curve: str, point: int, delivered: int, chance: Chance
) -> None:
    key, car = draw_key(chance.child("key"), curve), draw_key(chance.child("car"), curve)
    sealed = seal_key(key, car.public_key(), chance)
    assert number(open_key(sealed, car)) == number(key)
    assert (len(sealed.dh_public_key), len(sealed.encrypted_key)) == (point, delivered)
    assert number(key).to_bytes(66, "big").lstrip(b"\0") not in sealed.encrypted_key


def test_p_256_is_delivered_as_iso_15118_2_has_it(chance: Chance) -> None:
    """Opened step by step with plain tools: one-pass ECDH, the concatenation KDF written out,
    AES-128-CBC without padding behind its initial vector.
    """
    key, car = draw_key(chance.child("key"), P256), draw_key(chance.child("car"), P256)
    assert isinstance(car, ec.EllipticCurvePrivateKey)
    sealed = seal_key(key, car.public_key(), chance)
    sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sealed.dh_public_key)
    shared = car.exchange(ec.ECDH(), sender)
    secret = hashlib.sha256(b"\0\0\0\1" + shared + b"\x01" + b"U" + b"V").digest()[:16]
    iv, encrypted = sealed.encrypted_key[:16], sealed.encrypted_key[16:]
    opened = Cipher(algorithms.AES(secret), modes.CBC(iv)).decryptor().update(encrypted)
    assert int.from_bytes(opened, "big") == number(key)


def test_a_small_number_keeps_its_length(chance: Chance) -> None:
    """A private number that begins with zeros is delivered in full width."""
    small, car = ec.derive_private_key(7, ec.SECP256R1()), draw_key(chance, P256)
    sealed = seal_key(small, car.public_key(), chance)
    assert len(sealed.encrypted_key) == 48
    assert number(open_key(sealed, car)) == 7


def test_each_delivery_has_keys_of_its_own_and_the_same_chance_gives_the_same() -> None:
    key, car = draw_key(Chance(1), P256), draw_key(Chance(2), P256)
    first = seal_key(key, car.public_key(), Chance(3))
    assert first == seal_key(key, car.public_key(), Chance(3))
    other = seal_key(key, car.public_key(), Chance(4))
    assert first.dh_public_key != other.dh_public_key
    assert first.encrypted_key != other.encrypted_key


def test_another_car_gets_another_number(chance: Chance) -> None:
    """AES-CBC tells nobody that the key is wrong: whoever opens must compare."""
    key, car, thief = (draw_key(chance.child(who), P256) for who in ("key", "car", "thief"))
    sealed = seal_key(key, car.public_key(), chance)
    with contextlib.suppress(NotDeliverable):  # where the number is none of the curve
        assert number(open_key(sealed, thief)) != number(key)


def test_a_changed_delivery_of_p521_is_refused(chance: Chance) -> None:
    key, car = draw_key(chance.child("key"), P521), draw_key(chance.child("car"), P521)
    sealed = seal_key(key, car.public_key(), chance)
    bent = sealed.encrypted_key[:-1] + bytes([sealed.encrypted_key[-1] ^ 1])
    with pytest.raises(NotDeliverable, match="cannot be opened"):
        open_key(Sealed(sealed.dh_public_key, bent), car)


@pytest.mark.parametrize(("of", "to"), [(P256, P521), (P521, P256), (P256, ED448), (ED448, ED448)])
def test_keys_that_do_not_fit_are_told(of: str, to: str, chance: Chance) -> None:
    key, car = draw_key(chance.child("key"), of), draw_key(chance.child("car"), to)
    with pytest.raises(NotDeliverable, match="P-256 to P-256 or from P-521 to P-521"):
        seal_key(key, car.public_key(), chance)


def test_a_car_without_such_a_key_opens_nothing(chance: Chance) -> None:
    with pytest.raises(NotDeliverable, match="not P-256 or P-521"):
        open_key(Sealed(b"", b""), draw_key(chance, ED448))


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_whatever_is_delivered_opens_or_is_refused(point: bytes, encrypted: bytes) -> None:
    for curve in (P256, P521):
        car = draw_key(Chance(1), curve)
        assert isinstance(car, ec.EllipticCurvePrivateKey)
        good = seal_key(car, car.public_key(), Chance(2))
        for sealed in (Sealed(point, encrypted), Sealed(good.dh_public_key, encrypted)):
            try:
                open_key(sealed, car)
            except NotDeliverable:
                continue
