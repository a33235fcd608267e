"""What a responder answers; read back by the library, and by openssl in test_ocsp_http."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.chance import Chance
from simulator.kernel.clock import DEFAULT_START
from simulator.pki.certificates import hash_data, serial_hex
from simulator.pki.contract import Contract
from simulator.pki.keys import deterministic
from simulator.pki.ocsp import MAX_RESULT_CHARS, issuer_hashes, request, result_text
from simulator.pki.ocsp_answer import MODES, Responder
from simulator.pki.spec import PROFILES
from simulator.pki.store import Pki

NOW = DEFAULT_START
Status = ocsp.OCSPResponseStatus


def make(profile: str = "iso15118-2") -> tuple[Pki, Contract]:
    pki = Pki.create(Chance(1), NOW, profile=profile, ocsp_url="http://127.0.0.1:8085/ocsp")
    return pki, pki.issue_contract("DE8PSC12345678", NOW, Chance(2))


def asked(pki: Pki, certificate: x509.Certificate, issuer: str, algorithm: str = "SHA256") -> bytes:
    return request(hash_data(certificate, pki.certificate(issuer), algorithm))


def read(der: bytes) -> ocsp.OCSPResponse:
    return ocsp.load_der_ocsp_response(der)


@pytest.mark.parametrize("profile", PROFILES)
def test_good_revoked_and_unknown(profile: str) -> None:
    pki, contract = make(profile)
    responder = Responder(pki)
    der = asked(pki, contract.certificate, "MO_SUB2")
    answer = responder.answer(der, NOW)
    assert (answer.says, answer.serial) == ("good", serial_hex(contract.certificate))
    good = read(answer.der)
    assert good.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert good.serial_number == contract.certificate.serial_number
    assert good.this_update_utc == good.produced_at_utc == NOW
    assert good.next_update_utc == NOW + timedelta(minutes=10)

    later = NOW + timedelta(minutes=5)
    pki.revoke(contract.emaid, later, "keyCompromise")
    revoked = read(responder.answer(der, later + timedelta(seconds=30)).der)
    assert revoked.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert revoked.revocation_time_utc == later
    assert revoked.revocation_reason is x509.ReasonFlags.key_compromise

    stranger = request({**hash_data(contract.certificate, pki.certificate("MO_SUB2")),
                        "serialNumber": "1234"})  # fmt: skip
    assert responder.answer(stranger, NOW).says == "unknown"


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
def test_the_authority_is_known_by_each_hash(algorithm: str) -> None:
    pki, contract = make()
    der = asked(pki, contract.certificate, "MO_SUB2", algorithm)
    assert Responder(pki).answer(der, NOW).says == "good"


def test_a_certificate_counts_only_at_the_authority_that_issued_it() -> None:
    pki, contract = make()
    name_hash, key_hash = issuer_hashes(pki.certificate("MO_SUB1"), hashes.SHA256())
    other = {"issuerNameHash": name_hash.hex(), "issuerKeyHash": key_hash.hex()}
    data = hash_data(contract.certificate, pki.certificate("MO_SUB2"))
    assert Responder(pki).answer(request({**data, **other}), NOW).says == "unknown"
    # The name of one with the key of another is nobody.
    mixed = {**data, "issuerKeyHash": key_hash.hex()}
    assert Responder(pki).answer(request(mixed), NOW).says == "unauthorized"


def test_every_certificate_below_a_root_has_a_responder() -> None:
    pki, _ = make()
    responder = Responder(pki)
    for row in pki.issued():
        certificate = pki.certificate(row.serial)
        der = asked(pki, certificate, row.issuer)
        answer = responder.answer(der, NOW)
        assert answer.says == "good", row.common_name
        signer = read(answer.der).certificates[0]
        assert signer.issuer == pki.certificate(row.issuer).subject


def test_the_signer_and_the_authorities_below_the_root_come_along() -> None:
    pki, contract = make()
    answer = read(Responder(pki).answer(asked(pki, contract.certificate, "MO_SUB2"), NOW).der)
    assert answer.certificates == [
        pki.certificate(name) for name in ("OCSP_MO_SUB2", "MO_SUB2", "MO_SUB1")
    ]
    below = read(Responder(pki).answer(asked(pki, pki.certificate("MO_SUB1"), "MO_ROOT"), NOW).der)
    assert below.certificates == [pki.certificate("OCSP_MO_ROOT")], "never the root"


@pytest.mark.parametrize("profile", PROFILES)
def test_an_answer_fits_into_get_certificate_status(profile: str) -> None:
    pki, contract = make(profile)
    pki.revoke(contract.emaid, NOW, "cessationOfOperation")
    der = asked(pki, contract.certificate, "MO_SUB2", "SHA512")
    text = result_text(Responder(pki).answer(der, NOW).der)
    assert text is not None
    assert len(text) <= MAX_RESULT_CHARS


@pytest.mark.skipif(not deterministic(), reason="this OpenSSL signs by chance alone")
@pytest.mark.parametrize("profile", PROFILES)
def test_the_same_question_at_the_same_time_gets_the_same_bytes(profile: str) -> None:
    answers = set()
    for _ in range(3):
        pki, contract = make(profile)
        der = asked(pki, contract.certificate, "MO_SUB2")
        answers.add(Responder(pki).answer(der, NOW + timedelta(milliseconds=400)).der)
    assert len(answers) == 1
    (signed,) = answers
    assert read(signed).produced_at_utc == NOW, "the machine's clock has no part in it"


def test_our_wrapping_is_the_librarys() -> None:
    """All but the signature is byte for byte what `cryptography` itself would write."""
    pki, contract = make()
    ours = read(Responder(pki).answer(asked(pki, contract.certificate, "MO_SUB2"), NOW).der)
    name_hash, key_hash = issuer_hashes(pki.certificate("MO_SUB2"), hashes.SHA256())
    theirs = (
        ocsp.OCSPResponseBuilder()
        .add_response_by_hash(
            name_hash, key_hash, contract.certificate.serial_number, hashes.SHA256(),
            ocsp.OCSPCertStatus.GOOD, NOW, NOW + timedelta(minutes=10), None, None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, pki.certificate("OCSP_MO_SUB2"))
        .certificates([pki.certificate(n) for n in ("OCSP_MO_SUB2", "MO_SUB2", "MO_SUB1")])
        .sign(pki.key("OCSP_MO_SUB2"), hashes.SHA256())
    )  # fmt: skip
    assert ours.signature_algorithm_oid == theirs.signature_algorithm_oid
    assert ours.certificates == theirs.certificates
    assert _without_produced_at(ours) == _without_produced_at(theirs)


def _without_produced_at(answer: ocsp.OCSPResponse) -> bytes:
    stamp = answer.produced_at_utc.strftime("%Y%m%d%H%M%SZ").encode()
    return answer.tbs_response_bytes.replace(stamp, b"", 1)


def test_a_nonce_comes_back() -> None:
    pki, contract = make()
    data = hash_data(contract.certificate, pki.certificate("MO_SUB2"))
    answer = read(Responder(pki).answer(request(data, b"n" * 32), NOW).der)
    assert answer.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"n" * 32
    plain = read(Responder(pki).answer(request(data), NOW).der)
    assert list(plain.extensions) == []


def test_a_strange_authority_is_not_ours_to_judge() -> None:
    pki, contract = make()
    other = Pki.create(Chance(9), NOW)
    der = asked(other, contract.certificate, "MO_SUB2")
    answer = Responder(pki).answer(der, NOW)
    assert read(answer.der).response_status is Status.UNAUTHORIZED
    assert (answer.says, answer.serial) == ("unauthorized", None)


def test_the_switch_makes_it_fail() -> None:
    pki, contract = make()
    responder = Responder(pki)
    der = asked(pki, contract.certificate, "MO_SUB2")
    stale = read(responder.answer(der, NOW, "stale").der)
    assert stale.next_update_utc is not None
    assert stale.next_update_utc < NOW
    assert read(responder.answer(der, NOW, "try_later").der).response_status is Status.TRY_LATER
    refused = read(responder.answer(der, NOW, "unauthorized").der)
    assert refused.response_status is Status.UNAUTHORIZED
    with pytest.raises(ValueError, match="pars"):
        read(responder.answer(der, NOW, "garbage").der)
    assert read(responder.answer(der, NOW).der).certificate_status is ocsp.OCSPCertStatus.GOOD


@given(st.binary(max_size=200), st.sampled_from(MODES))
def test_whatever_is_asked_gets_an_answer(noise: bytes, mode: str) -> None:
    pki, _ = _PKI
    answer = Responder(pki).answer(noise, NOW, mode)
    if mode == "ok":
        assert read(answer.der).response_status is Status.MALFORMED_REQUEST


def test_a_negative_serial_number_is_malformed() -> None:
    pki, contract = _PKI
    serial = contract.certificate.serial_number.to_bytes(15, "big")
    der = bytearray(asked(pki, contract.certificate, "MO_SUB2"))
    der[der.index(serial)] |= 0x80
    assert Responder(pki).answer(bytes(der), NOW).says == "malformed_request"


@given(st.data())
def test_a_damaged_request_gets_an_answer(data: st.DataObject) -> None:
    pki, contract = _PKI
    der = bytearray(asked(pki, contract.certificate, "MO_SUB2"))
    for _ in range(data.draw(st.integers(1, 3))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    read(Responder(pki).answer(bytes(der), NOW).der)


_PKI = make()
