"""Delivery of a contract's private key: encrypted for the one car that may have it.

Rule: a fresh key pair for each delivery (one-pass elliptic-curve Diffie-Hellman), so that only the
car's own key and what came along open it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simulator.kernel.chance import Chance
from simulator.pki.keys import P256, P521, draw_key

# AlgorithmID, PartyUInfo 'U', PartyVInfo 'V' (NIST SP 800-56A; ISO 15118-2 7.9.2.4.3 by way of
# public implementations).
_OTHER_INFO = b"\x01\x55\x56"


class NotDeliverable(Exception):
    """Keys that do not fit, or a delivery that cannot be opened with this key."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What travels: the sender's ephemeral public key (an uncompressed point), and the initial
    vector with the encrypted number behind it.
    """

    dh_public_key: bytes
    encrypted_key: bytes


@dataclass(frozen=True, slots=True)
class Suite:
    """How keys of a curve are delivered: key derivation, cipher, sizes in bytes."""

    algorithm: str
    hashing: hashes.HashAlgorithm
    secret_bytes: int
    iv_bytes: int
    number_bytes: int
    encrypt: Callable[[bytes, bytes, bytes], bytes]
    decrypt: Callable[[bytes, bytes, bytes], bytes]


def _cbc_encrypt(secret: bytes, iv: bytes, number: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(secret), modes.CBC(iv)).encryptor()
    return encryptor.update(number) + encryptor.finalize()


def _cbc_decrypt(secret: bytes, iv: bytes, encrypted: bytes) -> bytes:
    decryptor = Cipher(algorithms.AES(secret), modes.CBC(iv)).decryptor()
    return decryptor.update(encrypted) + decryptor.finalize()


def _gcm_encrypt(secret: bytes, iv: bytes, number: bytes) -> bytes:
    return AESGCM(secret).encrypt(iv, number, None)


def _gcm_decrypt(secret: bytes, iv: bytes, encrypted: bytes) -> bytes:
    return AESGCM(secret).decrypt(iv, encrypted, None)


SUITES: Mapping[str, Suite] = {
    # ISO 15118-2: AES-128-CBC without padding, 16 + 32 bytes.
    "secp256r1": Suite(P256, hashes.SHA256(), 16, 16, 32, _cbc_encrypt, _cbc_decrypt),
    # For -20 our own choice after what is publicly known of it: AES-256-GCM, 12 + 66 + 16 bytes.
    "secp521r1": Suite(P521, hashes.SHA512(), 32, 12, 66, _gcm_encrypt, _gcm_decrypt),
}


def seal_key(key: object, recipient: object, chance: Chance) -> Sealed:
    """Encrypt a private key for the owner of `recipient`, a public key of the same curve.

    Raises NotDeliverable for keys of two curves, or of none that has a suite (Ed448 cannot agree on
    a secret; -20 has X448 keys for that, which are not made here).
    """
    if not (
        isinstance(key, ec.EllipticCurvePrivateKey)
        and isinstance(recipient, ec.EllipticCurvePublicKey)
        and key.curve.name == recipient.curve.name
        and key.curve.name in SUITES
    ):
        raise NotDeliverable("a key is delivered from P-256 to P-256 or from P-521 to P-521 alone")
    suite = SUITES[key.curve.name]
    own = chance.child("delivery")
    ephemeral = draw_key(own, suite.algorithm)
    assert isinstance(ephemeral, ec.EllipticCurvePrivateKey)
    iv = own.integer(0, 256**suite.iv_bytes - 1).to_bytes(suite.iv_bytes, "big")
    number = key.private_numbers().private_value.to_bytes(suite.number_bytes, "big")
    encrypted = suite.encrypt(_secret(suite, ephemeral, recipient), iv, number)
    return Sealed(_point(ephemeral.public_key()), iv + encrypted)


def open_key(sealed: Sealed, key: object) -> ec.EllipticCurvePrivateKey:
    """Decrypt a delivered key with the car's own. Raises NotDeliverable.

    The cipher of -2 cannot tell a wrong key: the caller compares the result with the contract.
    """
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name not in SUITES:
        raise NotDeliverable("this car's key can open no delivery: it is not P-256 or P-521")
    suite = SUITES[key.curve.name]
    try:
        sender = ec.EllipticCurvePublicKey.from_encoded_point(key.curve, sealed.dh_public_key)
        iv, encrypted = (
            sealed.encrypted_key[: suite.iv_bytes],
            sealed.encrypted_key[suite.iv_bytes :],
        )
        number = suite.decrypt(_secret(suite, key, sender), iv, encrypted)
        return ec.derive_private_key(int.from_bytes(number, "big"), key.curve)
    except (ValueError, InvalidTag) as error:
        raise NotDeliverable("the delivered key cannot be opened with this car's") from error


def _secret(
    suite: Suite, own: ec.EllipticCurvePrivateKey, other: ec.EllipticCurvePublicKey
) -> bytes:
    derivation = ConcatKDFHash(suite.hashing, suite.secret_bytes, _OTHER_INFO)
    return derivation.derive(own.exchange(ec.ECDH(), other))


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
