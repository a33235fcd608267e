"""Chains good and bad: one fault at one place, and what others say of them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import verification

from simulator.kernel.chance import Chance
from simulator.pki.certificates import pem_chain
from simulator.pki.hierarchy import Wanted, draw_serial, make_certificate
from simulator.pki.keys import PrivateKey, draw_key
from simulator.pki.spec import BY_NAME, CertSpec

NOW = datetime(2031, 5, 1, 12, 0, tzinfo=UTC)
OCSP_URL = "http://127.0.0.1:54321/ocsp"
DAY = timedelta(days=1)

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the openssl command is not on PATH"
)


@dataclass(frozen=True)
class Link:
    """One certificate of a chain that is yet to be made."""

    spec: CertSpec
    name: str
    since: timedelta = -DAY
    until: timedelta = DAY
    flipped: bool = False


@dataclass(frozen=True)
class Made:
    """A chain from leaf to root, and the keys."""

    path: list[x509.Certificate]
    keys: list[PrivateKey]

    @property
    def chain(self) -> list[x509.Certificate]:
        return self.path[:-1]

    @property
    def root(self) -> x509.Certificate:
        return self.path[-1]


def links(authorities: int, leaf: str = "CONTRACT") -> list[Link]:
    """The plan of a good chain, leaf first, root last."""
    sub = BY_NAME["MO_SUB1"]
    subs = [Link(replace(sub, path_len=below), f"Sub {below}") for below in range(authorities)]
    return [Link(BY_NAME[leaf], "DE8PSCOO13A3LZ3"), *subs, Link(BY_NAME["MO_ROOT"], "Root")]


def flip(certificate: x509.Certificate) -> x509.Certificate:
    """The certificate with the last bit of its signature turned."""
    der = bytearray(certificate.public_bytes(Encoding.DER))
    der[-1] ^= 1
    return x509.load_der_x509_certificate(bytes(der))


def make(plan: Sequence[Link], algorithm: str = "P-256", seed: int = 1) -> Made:
    """Make a chain from root to leaf."""
    chance = Chance(seed)
    path: list[x509.Certificate] = []
    keys: list[PrivateKey] = []
    for place, link in reversed(list(enumerate(plan))):
        own = chance.child(str(place))
        key = draw_key(own, algorithm)
        wanted = Wanted(link.name, NOW + link.since, NOW + link.until, ocsp_url=OCSP_URL)
        issuer = path[0] if path else None
        certificate = make_certificate(
            link.spec, wanted, draw_serial(own), key.public_key(), issuer, keys[0] if keys else key
        )
        path.insert(0, flip(certificate) if link.flipped else certificate)
        keys.insert(0, key)
    return Made(path, keys)


Fault = Callable[[Link], Link]
FAULTS: dict[str, Fault] = {
    "expired": lambda link: replace(link, since=-3 * DAY, until=-DAY),
    "not yet valid": lambda link: replace(link, since=DAY, until=3 * DAY),
    "flipped": lambda link: replace(link, flipped=True),
    "no authority": lambda link: replace(
        link, spec=replace(link.spec, ca=False, path_len=None, usage=("digital_signature",))
    ),
    "no keyCertSign": lambda link: replace(
        link, spec=replace(link.spec, usage=("digital_signature", "crl_sign"))
    ),
}


def library_accepts(
    chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], at: datetime = NOW
) -> bool:
    """What `cryptography.x509.verification` says; the leaf may lack alternative names."""
    verifier = (
        verification.PolicyBuilder()
        .store(verification.Store(roots))
        .time(at)
        .extension_policies(
            ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(),
            ee_policy=verification.ExtensionPolicy.permit_all().require_present(
                x509.KeyUsage, verification.Criticality.CRITICAL, _signs
            ),
        )
        .build_client_verifier()
    )
    try:
        verifier.verify(chain[0], list(chain[1:]))
    except verification.VerificationError:
        return False
    return True


def _signs(
    policy: verification.Policy, certificate: x509.Certificate, usage: x509.KeyUsage
) -> None:
    if not (usage.digital_signature and usage.content_commitment):
        raise ValueError("no contract certificate")


def openssl_accepts(
    folder: Path,
    chain: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    at: datetime = NOW,
) -> bool:
    """What `openssl verify` says."""
    (folder / "leaf.pem").write_text(pem_chain(chain[:1]))
    (folder / "roots.pem").write_text(pem_chain(roots))
    untrusted = []
    if chain[1:]:
        (folder / "subs.pem").write_text(pem_chain(chain[1:]))
        untrusted = ["-untrusted", str(folder / "subs.pem")]
    done = subprocess.run(
        [
            "openssl", "verify", "-no-CApath", "-no-CAstore", "-x509_strict",
            "-attime", str(int(at.timestamp())), "-CAfile", str(folder / "roots.pem"),
            *untrusted, str(folder / "leaf.pem"),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode == 0
