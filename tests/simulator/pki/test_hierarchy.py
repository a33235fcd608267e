"""A fresh hierarchy: as the table says, small, repeatable, and good to others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import SignatureAlgorithmOID

from simulator.kernel.chance import Chance
from simulator.pki.certificates import PkiError, domain_component, ocsp_url, organization
from simulator.pki.hierarchy import (
    BACKDATED,
    Issued,
    Wanted,
    build,
    draw_serial,
    make_certificate,
    period,
)
from simulator.pki.keys import deterministic, draw_key
from simulator.pki.path import Purpose, validate
from simulator.pki.spec import BY_NAME, PROFILES, SPECS
from tests.simulator.pki.chains import NOW, OCSP_URL, needs_openssl, openssl_accepts

FIXED = [spec for spec in SPECS if spec.fixed]
MADE = {profile: build(Chance(1), NOW, profile=profile, ocsp_url=OCSP_URL) for profile in PROFILES}
SIGNATURES = {
    "iso15118-2": SignatureAlgorithmOID.ECDSA_WITH_SHA256,
    "iso15118-20": SignatureAlgorithmOID.ECDSA_WITH_SHA512,
    "iso15118-20-ed448": SignatureAlgorithmOID.ED448,
}
USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
    "key_agreement", "key_cert_sign", "crl_sign",
)  # fmt: skip


def extension(certificate: x509.Certificate, kind: type[x509.ExtensionType]) -> x509.Extension:
    return certificate.extensions.get_extension_for_class(kind)


def ders(made: dict[str, Issued]) -> dict[str, bytes]:
    return {name: one.certificate.public_bytes(Encoding.DER) for name, one in made.items()}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("spec", FIXED, ids=lambda spec: spec.name)
def test_each_certificate_is_as_its_row_says(spec: BY_NAME, profile: str) -> None:
    certificate = MADE[profile][spec.name].certificate
    basic = extension(certificate, x509.BasicConstraints)
    usage = extension(certificate, x509.KeyUsage)
    assert basic.critical
    assert usage.critical
    assert (basic.value.ca, basic.value.path_length) == (spec.ca, spec.path_len)
    assert {use for use in USAGES if getattr(usage.value, use)} == set(spec.usage)
    assert domain_component(certificate) == (spec.dc or "")
    assert organization(certificate) == "roamlab"
    assert certificate.not_valid_before_utc == NOW - BACKDATED
    assert certificate.not_valid_after_utc == NOW + spec.validity
    if spec.v2g:
        assert certificate.signature_algorithm_oid == SIGNATURES[profile]
    asked = None if spec.is_root or "ocsp_signing" in spec.extended else OCSP_URL
    assert ocsp_url(certificate) == asked


def test_certificates_of_iso_15118_2_are_small() -> None:
    sizes = {name: len(der) for name, der in ders(MADE["iso15118-2"]).items()}
    assert max(sizes.values()) <= 600, sizes  # 800 are allowed


@pytest.mark.parametrize("profile", PROFILES)
def test_the_same_chance_makes_the_same_bytes(profile: str) -> None:
    again = build(Chance(1), NOW, profile=profile, ocsp_url=OCSP_URL)
    if deterministic():
        assert ders(again) == ders(MADE[profile])
    other = build(Chance(2), NOW, profile=profile, ocsp_url=OCSP_URL)
    assert not set(ders(other).values()) & set(ders(again).values())


def test_serial_numbers_are_all_different() -> None:
    serials = [one.certificate.serial_number for one in MADE["iso15118-2"].values()]
    assert len(set(serials)) == len(serials)
    chance = Chance(3)
    assert all(0 < draw_serial(chance) < 2**119 for _ in range(1_000))


@pytest.mark.parametrize("profile", PROFILES)
def test_every_chain_leads_to_its_root(profile: str) -> None:
    made = MADE[profile]
    for name, purpose, root in (
        ("CPS", Purpose.CPS, "V2G_ROOT"),
        ("CSMS", Purpose.TLS_SERVER, "CSMS_ROOT"),
        ("OCSP_MO_SUB2", Purpose.OCSP, "MO_ROOT"),
        ("OCSP_MO_ROOT", Purpose.OCSP, "MO_ROOT"),
        ("OCSP_OEM_SUB1", Purpose.OCSP, "OEM_ROOT"),
    ):
        chain, roots = made[name].chain, [made[root].certificate]
        assert validate(chain, roots, NOW, purpose=purpose).ok
        assert len(chain) == BY_NAME[name].chain_length


@needs_openssl
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("spec", FIXED, ids=lambda spec: spec.name)
def test_openssl_verifies_each(spec: BY_NAME, profile: str, tmp_path: Path) -> None:
    made = MADE[profile]
    root = spec
    while not root.is_root:
        root = BY_NAME[root.issuer]
    assert openssl_accepts(tmp_path, made[spec.name].chain, [made[root.name].certificate], NOW)


def test_a_server_bears_the_names_of_loopback() -> None:
    names = extension(MADE["iso15118-2"]["CSMS"].certificate, x509.SubjectAlternativeName).value
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]


def test_names_too_long_are_told() -> None:
    key = draw_key(Chance(1), "P-256")
    wanted = Wanted("x" * 65, NOW, NOW + timedelta(days=1))
    with pytest.raises(PkiError, match="MO_ROOT 'xxx"):
        make_certificate(BY_NAME["MO_ROOT"], wanted, 1, key.public_key(), None, key)
    country = replace(wanted, common_name="x", country="Germany")
    with pytest.raises(PkiError, match="MO_ROOT 'x'"):
        make_certificate(BY_NAME["MO_ROOT"], country, 1, key.public_key(), None, key)


def test_an_issuer_without_key_id_is_still_named_by_one() -> None:
    key = draw_key(Chance(1), "P-256")
    plain = (
        x509.CertificateBuilder()
        .subject_name(x509.Name.from_rfc4514_string("CN=Old"))
        .issuer_name(x509.Name.from_rfc4514_string("CN=Old"))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
        .sign(key, MADE["iso15118-2"]["CPS"].certificate.signature_hash_algorithm)  # type: ignore[arg-type]
    )
    wanted = Wanted("New", NOW, NOW + timedelta(days=1))
    made = make_certificate(BY_NAME["CPS"], wanted, 2, key.public_key(), plain, key)
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest
    assert extension(made, x509.AuthorityKeyIdentifier).value.key_identifier == own


def test_periods_are_whole_seconds_of_utc() -> None:
    at = datetime(2031, 5, 1, 14, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=2)))
    day = timedelta(days=1)
    noon = datetime(2031, 5, 1, 12, 0, 0, tzinfo=UTC)
    assert period(at, day) == (noon - BACKDATED, noon + day)
    assert period(NOW, day, at) == (noon, noon + day)


@pytest.mark.parametrize(
    ("now", "valid_for"),
    [
        (NOW, timedelta(0)),
        (NOW, -timedelta(days=1)),
        (NOW, timedelta(days=4_000_000)),
        (datetime(1940, 1, 1, tzinfo=UTC), timedelta(days=1)),
        (datetime(1, 1, 1, tzinfo=UTC), timedelta(days=1)),
    ],
)
def test_periods_that_cannot_be_are_told(now: datetime, valid_for: timedelta) -> None:
    with pytest.raises(PkiError, match="validity"):
        period(now, valid_for)
