"""A charging contract: the EMAID, its certificate chain and key, and what a car signs with it.

Rule: a signature is written as ISO 15118-2 writes it (XML signature: r and s side by side, each as
long as the curve's numbers), not as X.509 does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from simulator.pki.certificates import common_name, pem_chain, read_chain
from simulator.pki.keys import PkiError, PrivateKey, hash_of_size, key_pem, read_key, sign

_KEY_BLOCK = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^-]*-----END \1-----")


@dataclass(frozen=True, slots=True)
class Contract:
    """What a car holds: `emaid` as the leaf's common name spells it, the chain leaf first without
    root, and the private key.
    """

    emaid: str
    chain: tuple[x509.Certificate, ...]
    key: PrivateKey = field(repr=False)

    @property
    def certificate(self) -> x509.Certificate:
        """The contract certificate itself."""
        return self.chain[0]

    @property
    def chain_pem(self) -> str:
        """The chain as Authorize carries it: PEM, leaf first, without root."""
        return pem_chain(self.chain)

    def to_pem(self) -> str:
        """Chain and key in one PEM text; it holds a secret."""
        return self.chain_pem + key_pem(self.key)

    @classmethod
    def from_pem(cls, text: str, place: str = "contract") -> Contract:
        """Read what `to_pem` writes. Raises PkiError, also for a key that is not the leaf's."""
        chain = read_chain(text, place)
        key = read_key(_key_block(text, place), place)
        if key.public_key() != chain[0].public_key():
            raise PkiError(f"{place}: the private key is not that of the first certificate")
        return cls(common_name(chain[0]), tuple(chain), key)


def _key_block(text: str, place: str) -> str:
    if (block := _KEY_BLOCK.search(text)) is None:
        raise PkiError(f"{place}: no private key in PEM")
    return block[0] + "\n"


def sign_challenge(key: PrivateKey, challenge: bytes) -> bytes:
    """Sign a challenge: r and s side by side for a curve, the signature itself for Ed448."""
    signature = sign(key, challenge)
    if isinstance(key, ed448.Ed448PrivateKey):
        return signature
    size = _number_bytes(key.curve)
    r, s = decode_dss_signature(signature)
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def verify_challenge(certificate: x509.Certificate, challenge: bytes, signature: bytes) -> bool:
    """Whether a certificate's key made this signature; False for any that is not whole."""
    key = certificate.public_key()
    try:
        if isinstance(key, ed448.Ed448PublicKey):
            key.verify(signature, challenge)
            return True
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        size = _number_bytes(key.curve)
        if len(signature) != 2 * size:
            return False
        r, s = (int.from_bytes(half, "big") for half in (signature[:size], signature[size:]))
        hashing = hash_of_size(key.curve.key_size)
        key.verify(encode_dss_signature(r, s), challenge, ec.ECDSA(hashing))
    except InvalidSignature:
        return False
    return True


def _number_bytes(curve: ec.EllipticCurve) -> int:
    return (curve.key_size + 7) // 8
