"""What is made of an answer: each way in which it may not be believed, by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.chance import Chance
from simulator.kernel.clock import DEFAULT_START
from simulator.pki.certificates import PkiError, hash_data
from simulator.pki.keys import PrivateKey, hash_for
from simulator.pki.ocsp import OcspStatus, OcspVerdict, check, issuer_hashes, request, result_text
from simulator.pki.ocsp_answer import Responder
from simulator.pki.spec import PROFILES
from simulator.pki.store import Pki

NOW = DEFAULT_START
HOUR = timedelta(hours=1)


def make(profile: str = "iso15118-2", seed: int = 1) -> Pki:
    pki = Pki.create(Chance(seed), NOW, profile=profile, ocsp_url="http://127.0.0.1:8085/ocsp")
    pki.issue_contract("DE8PSC12345678", NOW, Chance(2))
    return pki


PKI = make()
LEAF = PKI.certificate("DE8PSC12345678")
ISSUER = PKI.certificate("MO_SUB2")
DATA = hash_data(LEAF, ISSUER)
SIGNER, SIGNERS_KEY = PKI.certificate("OCSP_MO_SUB2"), PKI.key("OCSP_MO_SUB2")


@dataclass
class Forged:
    """An answer, and whatever may be wrong with it: made by the library, not by our responder."""

    signer: x509.Certificate = SIGNER
    key: Any = SIGNERS_KEY
    sent: list[x509.Certificate] | None = None
    issuer: x509.Certificate = ISSUER
    serial: int = LEAF.serial_number
    this_update: datetime = NOW
    next_update: datetime | None = NOW + HOUR
    algorithm: hashes.HashAlgorithm = field(default_factory=hashes.SHA256)
    by: ocsp.OCSPResponderEncoding = ocsp.OCSPResponderEncoding.HASH
    nonce: bytes | None = None
    hashing: hashes.HashAlgorithm | None = None

    def der(self) -> bytes:
        name_hash, key_hash = issuer_hashes(self.issuer, self.algorithm)
        sent = [self.signer] if self.sent is None else self.sent
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response_by_hash(
                name_hash, key_hash, self.serial, self.algorithm, ocsp.OCSPCertStatus.GOOD,
                self.this_update, self.next_update, None, None,
            )
            .responder_id(self.by, self.signer)
        )  # fmt: skip
        if sent:
            builder = builder.certificates(sent)
        if self.nonce is not None:
            builder = builder.add_extension(x509.OCSPNonce(self.nonce), critical=False)
        hashing = self.hashing or hash_for(self.key)
        return builder.sign(self.key, hashing).public_bytes(Encoding.DER)


def judge(der: bytes, **said: Any) -> OcspVerdict:
    given = {"hash_data": DATA, "issuer": ISSUER, "roots": PKI.roots("MO"), "now": NOW, **said}
    return check(der, **given)


def refused(der: bytes, why: str, **said: Any) -> None:
    verdict = judge(der, **said)
    assert verdict.status is OcspStatus.UNUSABLE, verdict
    assert why in verdict.detail
    assert verdict.next_update is None


def answer(pki: Pki = PKI, data: dict[str, str] = DATA, now: datetime = NOW) -> bytes:
    return Responder(pki).answer(request(data), now).der


# What is believed


@pytest.mark.parametrize("profile", PROFILES)
def test_good_revoked_and_unknown_are_told_apart(profile: str) -> None:
    pki = make(profile)
    leaf, issuer = pki.certificate("DE8PSC12345678"), pki.certificate("MO_SUB2")
    data, roots = hash_data(leaf, issuer), pki.roots("MO")
    good = check(answer(pki, data), data, issuer, roots, NOW)
    assert good == OcspVerdict(
        OcspStatus.GOOD, "good", NOW, NOW + timedelta(minutes=10), "MO Sub-CA 2 OCSP"
    )
    pki.revoke("DE8PSC12345678", NOW, "keyCompromise")
    revoked = check(answer(pki, data), data, issuer, roots, NOW)
    assert revoked.status is OcspStatus.REVOKED
    assert revoked.detail == "revoked at 2026-01-15T07:00:00Z, keyCompromise"
    nobody = {**data, "serialNumber": "7"}
    assert check(answer(pki, nobody), nobody, issuer, roots, NOW).status is OcspStatus.UNKNOWN


def test_the_issuer_is_found_by_its_hashes_where_it_is_not_known() -> None:
    """A CSMS that validates by hash data alone knows the MO root, and neither sub-CA."""
    assert judge(answer(), issuer=None).status is OcspStatus.GOOD
    refused(answer(), "neither offered nor a trusted root", issuer=None, roots=PKI.roots("V2G"))
    lonely = Forged().der()
    refused(lonely, "neither offered nor a trusted root", issuer=None)
    assert judge(lonely).status is OcspStatus.GOOD


def test_the_issuer_may_sign_itself() -> None:
    itself = Forged(signer=ISSUER, key=PKI.key("MO_SUB2"), sent=[])
    assert judge(itself.der()).status is OcspStatus.GOOD
    root, name = PKI.certificate("MO_ROOT"), ocsp.OCSPResponderEncoding.NAME
    below = hash_data(PKI.certificate("MO_SUB1"), root)
    signed = Forged(
        signer=root, key=PKI.key("MO_ROOT"), sent=[], issuer=root, by=name,
        serial=PKI.certificate("MO_SUB1").serial_number,
    )  # fmt: skip
    assert judge(signed.der(), hash_data=below, issuer=None).status is OcspStatus.GOOD


def test_the_responder_may_be_named_instead_of_hashed() -> None:
    assert judge(Forged(by=ocsp.OCSPResponderEncoding.NAME).der()).status is OcspStatus.GOOD


def test_an_answer_without_next_update_is_good_for_now() -> None:
    verdict = judge(Forged(next_update=None).der())
    assert (verdict.status, verdict.next_update) == (OcspStatus.GOOD, None)


# Who signed


def test_a_signer_without_ocsp_signing_is_refused() -> None:
    contract = PKI.contract("DE8PSC12345678")  # of the same authority, with digitalSignature
    forged = Forged(signer=contract.certificate, key=contract.key)
    refused(forged.der(), "extended key usage is not that of a OCSP signer")


def test_a_signer_with_another_extended_usage_is_refused() -> None:
    signer, key = signed_anew(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]))
    refused(Forged(signer=signer, key=key).der(), "extended key usage")
    signer, key = signed_anew(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]))
    assert judge(Forged(signer=signer, key=key).der()).status is OcspStatus.GOOD


def test_a_signer_of_another_authority_is_refused() -> None:
    """Appointed, but by MO Sub-CA 1: it may not speak for what Sub-CA 2 issued."""
    names = ("OCSP_MO_SUB1", "MO_SUB1")
    forged = Forged(
        signer=PKI.certificate("OCSP_MO_SUB1"),
        key=PKI.key("OCSP_MO_SUB1"),
        sent=[PKI.certificate(name) for name in names],
    )
    refused(forged.der(), "the signer is not to be trusted: MO Sub-CA 1")
    refused(forged.der(), "appointed by 'MO Sub-CA 1', which did not issue", issuer=None)


def test_a_signer_of_another_pki_is_refused() -> None:
    other = make(seed=9)
    forged = Forged(signer=other.certificate("OCSP_MO_SUB2"), key=other.key("OCSP_MO_SUB2"))
    refused(forged.der(), "the signer is not to be trusted")


def test_an_expired_signer_is_refused() -> None:
    later = NOW + timedelta(days=5 * 365)
    forged = Forged(this_update=later, next_update=later + HOUR)
    refused(forged.der(), "MO Sub-CA 2 OCSP: expired at", now=later)


def test_a_signer_that_is_not_valid_yet_is_refused() -> None:
    before = NOW - timedelta(days=1)
    forged = Forged(this_update=before, next_update=before + HOUR)
    refused(forged.der(), "valid from", now=before)


def test_a_wrong_signature_is_refused() -> None:
    """Another signature than the right signer's, or other contents under it."""
    damaged = bytearray(answer())
    signature = ocsp.load_der_ocsp_response(bytes(damaged)).signature
    damaged[damaged.index(signature) + len(signature) - 1] ^= 1
    refused(bytes(damaged), "the signature is not that of 'MO Sub-CA 2 OCSP'")
    damaged = bytearray(answer())
    place = damaged.index(b"20260115070000Z")
    damaged[place : place + 4] = b"2027"
    refused(bytes(damaged), "the signature is not that of")


def test_a_signer_that_is_not_sent_is_refused() -> None:
    refused(Forged(sent=[]).der(), "the signer's certificate is not in the answer")
    sent = [PKI.certificate("OCSP_MO_SUB1")]
    refused(Forged(sent=sent).der(), "the signer's certificate is not in the answer")


def test_sha_1_signs_nothing() -> None:
    key = rsa.generate_private_key(65537, 2048)
    signer, _ = signed_anew(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), key)
    strong = Forged(signer=signer, key=key, hashing=hashes.SHA256())
    assert judge(strong.der()).status is OcspStatus.GOOD
    weak = strong.der().replace(_SHA256_WITH_RSA, _SHA1_WITH_RSA)
    refused(weak, "signed over sha1")


# 1.2.840.113549.1.1.11 and .5
_SHA256_WITH_RSA = bytes.fromhex("2a864886f70d01010b")
_SHA1_WITH_RSA = bytes.fromhex("2a864886f70d010105")


def signed_anew(usage: x509.ExtendedKeyUsage, key: Any = None) -> tuple[x509.Certificate, Any]:
    """A certificate of MO Sub-CA 2 with an extended key usage of our choosing."""
    key = key or PKI.key("OCSP_MO_SUB2")
    authority: PrivateKey = PKI.key("MO_SUB2")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "chosen")])
    usages = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(ISSUER.subject)
        .public_key(key.public_key())
        .serial_number(4711)
        .not_valid_before(NOW - HOUR)
        .not_valid_after(NOW + HOUR)
        .add_extension(usage, critical=False)
        .add_extension(x509.KeyUsage(digital_signature=True, **usages), critical=True)
    )
    return builder.sign(authority, hash_for(authority)), key  # type: ignore[arg-type]


# About what, and when


def test_an_answer_about_another_certificate_is_refused() -> None:
    refused(Forged(serial=LEAF.serial_number + 1).der(), "about another certificate")
    other = Forged(
        issuer=PKI.certificate("MO_SUB1"),
        signer=PKI.certificate("OCSP_MO_SUB1"),
        key=PKI.key("OCSP_MO_SUB1"),
    )
    refused(other.der(), "about another certificate")
    refused(Forged(algorithm=hashes.SHA384()).der(), "about another certificate")
    theirs = make(seed=9)  # the same names, other keys: nothing but the key's hash differs
    named_alike = Forged(
        issuer=theirs.certificate("MO_SUB2"),
        signer=theirs.certificate("OCSP_MO_SUB2"),
        key=theirs.key("OCSP_MO_SUB2"),
    )
    refused(named_alike.der(), "about another certificate")


def test_an_answer_for_one_issuer_is_not_taken_for_another() -> None:
    refused(answer(), "not one that 'MO Sub-CA 1' issued", issuer=PKI.certificate("MO_SUB1"))


def test_a_stale_answer_is_refused() -> None:
    der = answer()
    until = NOW + timedelta(minutes=10)
    assert judge(der, now=until - timedelta(seconds=1)).status is OcspStatus.GOOD
    refused(der, "stale: it was good until 2026-01-15T07:10:00Z", now=until)
    stale = Responder(PKI).answer(request(DATA), NOW, "stale").der
    refused(stale, "stale")


def test_an_answer_from_the_future_is_refused() -> None:
    soon, far = NOW + timedelta(minutes=4), NOW + timedelta(minutes=6)
    assert judge(Forged(this_update=soon, next_update=soon + HOUR).der()).status is OcspStatus.GOOD
    refused(Forged(this_update=far, next_update=far + HOUR).der(), "from the future")


def test_a_nonce_that_was_sent_comes_back() -> None:
    ours, theirs = b"o" * 32, b"t" * 32
    assert judge(Forged(nonce=ours).der(), nonce=ours).status is OcspStatus.GOOD
    refused(Forged(nonce=theirs).der(), "another nonce", nonce=ours)
    refused(Forged().der(), "the nonce did not come back", nonce=ours)
    assert judge(Forged(nonce=theirs).der()).status is OcspStatus.GOOD  # nobody asked for it


# What is no answer


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("garbage", "cannot be read"),
        ("try_later", "the responder refuses: try_later"),
        ("unauthorized", "the responder refuses: unauthorized"),
    ],
)
def test_refusals_and_garbage_are_unusable(mode: str, why: str) -> None:
    refused(Responder(PKI).answer(request(DATA), NOW, mode).der, why)


@given(st.binary(max_size=400))
def test_any_bytes_are_judged(noise: bytes) -> None:
    assert judge(noise).status is OcspStatus.UNUSABLE


@given(st.data())
def test_a_damaged_answer_is_never_believed(data: st.DataObject) -> None:
    """Bytes changed, cut out or doubled: nothing but UNUSABLE, or the very same facts."""
    der = bytearray(ANSWER)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(der) - 1))
        kind = data.draw(st.sampled_from(["change", "cut", "double"]))
        if kind == "change":
            der[place] = data.draw(st.integers(0, 255))
        elif kind == "cut":
            del der[place : place + data.draw(st.integers(1, 40))]
        else:
            der[place:place] = der[place : place + data.draw(st.integers(1, 40))]
        if not der:
            return
    for issuer in (ISSUER, None):
        verdict = judge(bytes(der), issuer=issuer)
        assert verdict.status is OcspStatus.UNUSABLE or verdict == judge(ANSWER)


ANSWER = answer()


@given(
    st.dictionaries(
        st.sampled_from(["hashAlgorithm", "issuerNameHash", "issuerKeyHash", "serialNumber"]),
        st.one_of(st.text(max_size=40), st.none(), st.integers(), st.just("SHA256")),
    )
)
def test_any_hash_data_are_judged(data: dict[str, Any]) -> None:
    assert judge(ANSWER, hash_data=data).status is OcspStatus.UNUSABLE
    with pytest.raises(PkiError):
        request({**data, "issuerNameHash": "zz"})


# As OCPP has it


def test_a_request_from_ocpps_hashes_is_the_one_from_the_certificates() -> None:
    theirs = ocsp.OCSPRequestBuilder().add_certificate(LEAF, ISSUER, hashes.SHA256()).build()
    assert request(DATA) == theirs.public_bytes(Encoding.DER)
    assert request({**DATA, "responderURL": "http://x"}) == request(DATA)


@pytest.mark.parametrize(
    "change",
    [
        {"hashAlgorithm": "MD5"},
        {"issuerNameHash": "00"},
        {"issuerKeyHash": "xyz"},
        {"serialNumber": ""},
        {"serialNumber": "-1"},
        {"serialNumber": "f" * 60},
    ],
)
def test_hash_data_that_name_nothing_are_a_mistake(change: dict[str, str]) -> None:
    with pytest.raises(PkiError, match="hash data"):
        request({**DATA, **change})


def test_ocpps_limit_for_an_answer() -> None:
    assert result_text(b"x" * 4125) is not None
    assert result_text(b"x" * 4126) is None
