"""Key pairs and requests, as others read them."""

from __future__ import annotations

import subprocess

import pytest
from cryptography import x509

from simulator.kernel.chance import Chance
from simulator.pki.keys import P256, P521
from simulator.station.certificate_kinds import Refused, Signing
from simulator.station.signing_request import Subject, fresh_key, new_request, public_bytes


def test_openssl_reads_the_request_and_its_signature() -> None:
    subject = Subject("DE-ICE-S-0001-2", "ICE AG", "DE")
    pending = new_request(Signing.V2G, subject, fresh_key(Chance(1), ()))
    shown = subprocess.run(
        ["openssl", "req", "-verify", "-noout", "-subject", "-nameopt", "RFC2253"],
        input=pending.csr, text=True, capture_output=True, check=True,
    )  # fmt: skip
    assert "DC=CPO,CN=DE-ICE-S-0001-2,O=ICE AG,C=DE" in shown.stdout
    assert "OK" in shown.stdout + shown.stderr
    assert len(pending.csr) < 5500
    assert "PRIVATE" not in pending.csr + repr(pending)


def test_a_station_certificate_has_no_domain_component() -> None:
    pending = new_request(Signing.STATION, Subject("S1", "ICE AG"), fresh_key(Chance(1), ()))
    request = x509.load_pem_x509_csr(pending.csr.encode())
    assert request.subject.rfc4514_string() == "CN=S1,O=ICE AG"


def test_keys_are_new_yet_the_same_for_the_same_chance() -> None:
    first = fresh_key(Chance(1), ())
    again = fresh_key(Chance(1), ())
    known = {public_bytes(first.public_key())}
    assert public_bytes(again.public_key()) in known
    assert public_bytes(fresh_key(Chance(1), known).public_key()) not in known
    keys = [fresh_key(Chance(1), (), name) for name in (P256, P521)]
    requests = [new_request(Signing.V2G, Subject("a", "b", "DE"), key).csr for key in keys]
    assert all(x509.load_pem_x509_csr(each.encode()).is_signature_valid for each in requests)
    assert new_request(Signing.V2G, Subject("a", "b", "DE"), first).csr == requests[0]


@pytest.mark.parametrize("subject", [Subject("x" * 65, "b"), Subject("a", "b", "DEU")])
def test_a_subject_that_cannot_be_written_is_refused(subject: Subject) -> None:
    with pytest.raises(Refused, match="the subject cannot be written") as caught:
        new_request(Signing.V2G, subject, fresh_key(Chance(1), ()))
    assert caught.value.reason == "MissingDevModelInfo"
