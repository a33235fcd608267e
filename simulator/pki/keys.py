"""Private keys: drawn from chance, read and written as PEM, and what they sign with.

Rule: the same chance gives the same key and the same signature, byte by byte. A key is therefore
worth no more than its world's seed: these are for tests, never for a real PKI.
"""

from __future__ import annotations

import functools
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, padding, rsa

from simulator.kernel.chance import Chance
from simulator.mistakes import Mistake

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey
Hash: TypeAlias = hashes.SHA256 | hashes.SHA384 | hashes.SHA512

P256, P521, ED448 = "P-256", "P-521", "Ed448"
ALGORITHMS = (P256, P521, ED448)
_CURVES: dict[str, ec.EllipticCurve] = {P256: ec.SECP256R1(), P521: ec.SECP521R1()}
_ED448_BYTES = 57


class PkiError(Mistake):
    """A certificate, a key or a PKI that is not as it must be; the message is for a user."""


def draw_key(chance: Chance, algorithm: str) -> PrivateKey:
    """Make a private key of one of `ALGORITHMS`.

    A curve's number is drawn from the lower half of the possible ones, which lies below the order
    of P-256 and of P-521.
    """
    if algorithm == ED448:
        secret = chance.integer(0, 2 ** (8 * _ED448_BYTES) - 1)
        return ed448.Ed448PrivateKey.from_private_bytes(secret.to_bytes(_ED448_BYTES, "big"))
    curve = _CURVES[algorithm]
    return ec.derive_private_key(chance.integer(1, 2 ** (curve.key_size - 1)), curve)


def hash_for(key: PrivateKey) -> Hash | None:
    """The hash a key signs with: SHA-256 for P-256 (ISO 15118-2), SHA-512 for P-521 (-20), none of
    our choosing for Ed448.
    """
    if isinstance(key, ed448.Ed448PrivateKey):
        return None
    return hash_of_size(key.curve.key_size)


def hash_of_size(bits: int) -> Hash:
    """The hash that goes with a curve of so many bits."""
    return hashes.SHA256() if bits <= 256 else hashes.SHA384() if bits <= 384 else hashes.SHA512()


@functools.cache
def deterministic() -> bool:
    """Whether the machine's OpenSSL signs by RFC 6979.

    Where it does not (before 3.2), ECDSA signatures differ from run to run; all else is the same.
    """
    try:
        ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    except UnsupportedAlgorithm:
        return False
    return True


def sign(key: PrivateKey, data: bytes) -> bytes:
    """Sign as X.509 does: DER of r and s for a curve, the raw signature for Ed448."""
    if isinstance(key, ed448.Ed448PrivateKey):
        return key.sign(data)
    hashing = hash_of_size(key.curve.key_size)
    return key.sign(data, ec.ECDSA(hashing, deterministic_signing=deterministic()))


def verify(public_key: object, data: bytes, signature: bytes, hashing: Hash | None) -> bool:
    """Check a signature as X.509 writes it (the opposite of `sign`; RSA with PKCS#1 v1.5 too).

    False for a wrong signature and for a kind of key that nothing here signs with.
    """
    try:
        if isinstance(public_key, ed448.Ed448PublicKey):
            public_key.verify(signature, data)
        elif isinstance(public_key, ec.EllipticCurvePublicKey) and hashing:
            public_key.verify(signature, data, ec.ECDSA(hashing))
        elif isinstance(public_key, rsa.RSAPublicKey) and hashing:
            public_key.verify(signature, data, padding.PKCS1v15(), hashing)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def key_pem(key: PrivateKey) -> str:
    """Write a key as PKCS#8 PEM, not encrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def read_key(pem: str, place: str = "private key") -> PrivateKey:
    """Read a PEM key of a kind that this PKI uses. Raises PkiError, naming `place`."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as problem:
        raise PkiError(f"{place}: not a private key in PEM without a password") from problem
    if isinstance(key, ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey):
        return key
    raise PkiError(f"{place}: an EC or Ed448 key is expected, not {type(key).__name__}")
