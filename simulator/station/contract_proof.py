"""What a station examines of a contract that a car shows: the car has its key, and the chain holds.

Rule: pure. A car that cannot prove what it claims is refused before anybody else is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from simulator.kernel.chance import Chance
from simulator.pki.certificates import common_name, described, is_issuer, ocsp_request_data
from simulator.pki.contract import Contract, sign_challenge, verify_challenge
from simulator.pki.emaid import contract_key
from simulator.pki.path import PathVerdict, Purpose, Reason, validate
from simulator.station.pnc import Chain

CHALLENGE_BYTES = 16  # GenChallenge, ISO 15118-2


def draw_challenge(chance: Chance) -> bytes:
    """A fresh challenge for a car to sign."""
    return bytes(chance.integer(0, 255) for _ in range(CHALLENGE_BYTES))


def doubt(contract: Contract, challenge: bytes) -> str | None:
    """Let a car sign the challenge with its contract's key; why the station does not believe that
    the contract is its own, None when it does.
    """
    leaf = contract.certificate
    if not verify_challenge(leaf, challenge, sign_challenge(contract.key, challenge)):
        return "the signature over the challenge is not by the contract's key"
    name = common_name(leaf)
    if contract_key(name) != contract_key(contract.emaid):
        return f"the certificate is of '{name}', and the car says '{contract.emaid}'"
    return None


@dataclass(frozen=True, slots=True)
class Examined:
    """What the station found of a chain, and OCSPRequestDataType of its certificates, if they could
    be made for all.
    """

    chain: Chain
    verdict: PathVerdict
    hashes: list[dict[str, str]] | None
    shown: Sequence[x509.Certificate] = ()
    rooted: bool = False  # the path ends in a root of the station's

    @property
    def certificates(self) -> list[dict[str, str]]:
        """The path that was found, from the contract to its root; else the chain as shown."""
        return [described(one) for one in self.verdict.path or self.shown]


def examine(
    chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], now: datetime
) -> Examined:
    """Verify a contract's chain up to the station's own roots."""
    verdict = validate(chain, roots, now, purpose=Purpose.CONTRACT)
    hashes = ocsp_request_data(verdict.path[:-1], roots) if verdict.ok else None
    rooted = bool(verdict.path) and verdict.path[-1] in roots
    return Examined(_found(chain, roots, verdict), verdict, hashes, chain, rooted)


def _found(
    chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], verdict: PathVerdict
) -> Chain:
    """Put a verdict into the table's words. Where none of the roots has issued any certificate of
    the chain, it is the root that is missing, whatever else may be wrong.
    """
    if verdict.ok:
        return Chain.GOOD
    if verdict.reason is Reason.EXPIRED:
        return Chain.EXPIRED
    rooted = any(is_issuer(root, certificate) for certificate in chain for root in roots)
    return Chain.BAD if rooted else Chain.NO_ROOT
