"""A PKI for stations under test, and a store with its roots."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509

from simulator.kernel.chance import Chance
from simulator.pki.certificates import pem, pem_chain
from simulator.pki.store import Pki
from simulator.station.certificate_kinds import Signing, Use
from simulator.station.certificate_records import Own
from simulator.station.certificates import CertificateStore
from simulator.station.config import Delivered
from simulator.station.signing_request import Pending, Subject

NOW = datetime(2026, 1, 15, 7, tzinfo=UTC)  # where virtual clocks begin
OCSP = "http://127.0.0.1:8888/ocsp"
SECC = Subject("DE-ICE-S-0001-2", "roamlab", "DE")
SPECS = {
    Signing.V2G: "SECC",
    Signing.COMBINED: "SECC",
    Signing.STATION: "CHARGING_STATION",
}


@cache
def box(seed: int = 7) -> Pki:
    """A PKI that is there since a day before `NOW`; each seed has other keys."""
    return Pki.create(Chance(seed), NOW - timedelta(days=1), ocsp_url=OCSP)


def root(kind: Any = "V2G", seed: int = 7) -> x509.Certificate:
    """A root of it."""
    return box(seed).roots(kind)[0]


def factory_roots() -> tuple[Delivered, ...]:
    """What a station trusts when it is delivered."""
    return (
        Delivered(Use.V2G_ROOT.value, pem(root("V2G"))),
        Delivered(Use.CSMS_ROOT.value, pem(root("CSMS"))),
    )


def certify(csr: str, signing: Signing = Signing.V2G, seed: int = 7, **how: Any) -> str:
    """What a CA answers to a request: the chain as PEM, leaf first, without root."""
    when = how.pop("now", NOW)
    chance = Chance(99).child(f"{csr}{sorted(how.items())}{when}")
    return pem_chain(box(seed).sign_csr(csr, SPECS[signing], when, chance, **how))


def store(*uses: Use) -> CertificateStore:
    """A store that trusts the roots of the PKI."""
    made = CertificateStore()
    kinds: dict[Use, Any] = {Use.V2G_ROOT: "V2G", Use.MO_ROOT: "MO", Use.CSMS_ROOT: "CSMS"}
    for use in uses or (Use.V2G_ROOT, Use.CSMS_ROOT):
        made.install(use, pem(root(kinds[use])), NOW, 20)
    return made


def asked(it: CertificateStore, signing: Signing = Signing.V2G, seed: int = 1) -> Pending:
    """A request of the station."""
    return it.request(signing, SECC, Chance(seed))


def owned(it: CertificateStore, signing: Signing = Signing.V2G, **how: Any) -> Own:
    """A certificate that the station asked for and got."""
    pending = asked(it, signing, how.pop("key_seed", 1))
    return it.signed(certify(pending.csr, signing, **how), signing, NOW, 10_000)
