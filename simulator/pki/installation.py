"""How a contract comes into a car: the messages of a certificate installation or update, with real
keys, real signatures and a real key delivery, in a body that is NOT EXI.

ISO 15118-2 writes these messages as EXI. A placeholder takes their place here, marked by its first
bytes (`MAGIC`), msgpack behind it: stations, CSMS and pools carry either opaquely, but no real car
and no real pool can read it. Inside, who signs what, the ephemeral key and the encryption of the
private key are those of the standard, as far as public implementations show them.

Rule: a car installs nothing that is not signed by a provisioning service of a root it knows, and
nothing whose private key is not the contract's; each thing that is wrong is an error of its own.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from simulator.kernel.chance import Chance
from simulator.pki.certificates import common_name, read_der
from simulator.pki.contract import Contract, sign_challenge, verify_challenge
from simulator.pki.delivery import NotDeliverable, Sealed, open_key, seal_key
from simulator.pki.hierarchy import Issued
from simulator.pki.keys import PkiError, PrivateKey
from simulator.pki.path import Purpose, validate

MAGIC = b"roamlab-not-exi/1\n"
SCHEMA_V2 = "urn:iso:15118:2:2013:MsgDef"
# OCPP 2.0.1, Get15118EVCertificate: exiRequest and exiResponse, in base64. (2.1: 11000 and 17000.)
MAX_EXI_CHARS = 5600
# The response codes that a pool has use for.
CODE_OK, CODE_NO_CERTIFICATE = "OK", "FAILED_NoCertificateAvailable"

Action = Literal["Install", "Update"]
_Part = TypeVar("_Part")


class InstallationError(PkiError):
    """An installation that cannot go on; each cause is a class of its own."""


class NotReadable(InstallationError):
    """The bytes are no body of this kind: real EXI, or damaged."""


class Refused(InstallationError):
    """The pool answered with a response code that is not OK."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the pool gives no contract: {code}")
        self.code = code


class WrongSignature(InstallationError):
    """The body was changed after it was signed, or signed by another key."""


class WrongProvider(InstallationError):
    """The signer is no certificate provisioning service of a root that the car knows."""


class WrongKey(InstallationError):
    """The delivered private key is not for this car, or not the contract's."""


class TooLong(InstallationError):
    """More than OCPP carries."""


class _Signed(msgspec.Struct, array_like=True):
    """What follows MAGIC: `signature` (r and s side by side) is over the bytes of `part`."""

    part: bytes
    signature: bytes


class _Asked(msgspec.Struct, tag="Req"):
    action: Action
    chain: list[bytes]


class _Answered(msgspec.Struct, tag="Res"):
    action: Action
    code: str
    cps_chain: list[bytes] = []
    contract_chain: list[bytes] = []
    dh_public_key: bytes = b""
    encrypted_key: bytes = b""


# The car asks


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the pool reads it. `chain`: of the provisioning certificate for `Install`, of
    the contract to be renewed for `Update`; leaf first, without root.
    """

    action: Action
    chain: tuple[x509.Certificate, ...]

    @property
    def name(self) -> str:
        """The PCID, or the EMAID that is to be renewed."""
        return common_name(self.chain[0])


def installation_request(
    chain: Sequence[x509.Certificate], key: PrivateKey, action: Action = "Install"
) -> bytes:
    """What a car asks with: its provisioning chain (`Install`) or its contract's (`Update`), signed
    with the key of the leaf.
    """
    return _signed(_Asked(action, _ders(chain)), key)


def read_request(body: bytes) -> Asked:
    """Read a car's request and check that the leaf's key signed it; whether the chain is to be
    trusted is the reader's affair. Raises NotReadable, WrongSignature.
    """
    signed, part = _read(body, _Asked)
    chain = _certificates(part.chain)
    _check_signature(chain[0], signed)
    return Asked(part.action, chain)


# The pool answers


def seal(
    contract: Contract,
    recipient: x509.Certificate,
    service: Issued,
    chance: Chance,
    action: Action = "Install",
) -> bytes:
    """A contract for the car whose certificate this is, signed by a provisioning service (CPS).

    The private key is encrypted for the key in `recipient`: that of the provisioning certificate,
    or in an update of the contract that is renewed. Raises InstallationError for keys that no
    contract can be delivered with.
    """
    try:
        sealed = seal_key(contract.key, recipient.public_key(), chance)
    except NotDeliverable as error:
        raise InstallationError(f"contract {contract.emaid}: {error}") from error
    return _signed(
        _Answered(
            action,
            CODE_OK,
            _ders(service.chain),
            _ders(contract.chain),
            sealed.dh_public_key,
            sealed.encrypted_key,
        ),
        service.key,
    )


def refusal(code: str = CODE_NO_CERTIFICATE, action: Action = "Install") -> bytes:
    """An answer without a contract; nobody signs it."""
    return _packed(msgspec.msgpack.encode(_Answered(action, code)), b"")


# The car installs


def open_sealed(
    body: bytes, key: PrivateKey, roots: Sequence[x509.Certificate], at: datetime
) -> Contract:
    """The contract in an answer, for the car with this key, which knows these V2G roots.

    Raises NotReadable, Refused, WrongProvider, WrongSignature, WrongKey.
    """
    signed, part = _read(body, _Answered)
    if part.code != CODE_OK:
        raise Refused(part.code)
    service, chain = _certificates(part.cps_chain), _certificates(part.contract_chain)
    _check_service(service, roots, at)
    _check_signature(service[0], signed)
    try:
        delivered = open_key(Sealed(part.dh_public_key, part.encrypted_key), key)
    except NotDeliverable as error:
        raise WrongKey(str(error)) from error
    if delivered.public_key() != chain[0].public_key():
        raise WrongKey("the delivered key is not the contract's: it was meant for another car")
    return Contract(common_name(chain[0]), chain, delivered)


def _check_service(
    chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], at: datetime
) -> None:
    verdict = validate(chain, roots, at, purpose=Purpose.CPS)
    if not verdict.ok:
        raise WrongProvider(
            f"'{common_name(chain[0])}' may not provide contracts: {verdict.detail}"
        )


# As OCPP carries it


def exi_text(body: bytes, limit: int = MAX_EXI_CHARS) -> str:
    """A body in base64, as exiRequest or exiResponse. Raises TooLong."""
    text = base64.b64encode(body).decode()
    if len(text) > limit:
        raise TooLong(f"{len(text)} characters, and OCPP carries {limit}")
    return text


def read_exi_text(text: str) -> bytes:
    """The body in an exiRequest or exiResponse. Raises NotReadable."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotReadable(f"not base64: {error}") from error


# Bytes


def _signed(part: _Asked | _Answered, key: PrivateKey) -> bytes:
    encoded = msgspec.msgpack.encode(part)
    return _packed(encoded, sign_challenge(key, encoded))


def _packed(part: bytes, signature: bytes) -> bytes:
    return MAGIC + msgspec.msgpack.encode(_Signed(part, signature))


def _read(body: bytes, kind: type[_Part]) -> tuple[_Signed, _Part]:
    if not body.startswith(MAGIC):
        raise NotReadable("not one of roamlab's bodies: EXI itself is not spoken here")
    try:
        signed = msgspec.msgpack.decode(body[len(MAGIC) :], type=_Signed)
        return signed, msgspec.msgpack.decode(signed.part, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotReadable(f"a damaged body: {error}") from error


def _check_signature(certificate: x509.Certificate, signed: _Signed) -> None:
    if not verify_challenge(certificate, signed.part, signed.signature):
        raise WrongSignature(
            f"the signature is not that of '{common_name(certificate)}' over this body"
        )


def _ders(chain: Sequence[x509.Certificate]) -> list[bytes]:
    return [certificate.public_bytes(Encoding.DER) for certificate in chain]


def _certificates(ders: Sequence[bytes]) -> tuple[x509.Certificate, ...]:
    if not ders:
        raise NotReadable("a body without certificates")
    try:
        return tuple(read_der(der) for der in ders)
    except PkiError as error:
        raise NotReadable(f"a damaged certificate in the body: {error}") from error
