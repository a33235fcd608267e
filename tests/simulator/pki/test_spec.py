"""The table of certificates: what its rows promise each other."""

from __future__ import annotations

import pytest

from simulator.pki.spec import BY_NAME, PROFILES, ROOTS, SPECS, CertSpec, ocsp_signer

LEAVES = [spec for spec in SPECS if not spec.ca]
AUTHORITIES = [spec for spec in SPECS if spec.ca]


def test_each_name_stands_once_and_after_its_issuer() -> None:
    names = [spec.name for spec in SPECS]
    assert len(set(names)) == len(names) == len(BY_NAME)
    assert all(names.index(spec.issuer) <= names.index(spec.name) for spec in SPECS)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_each_row_is_a_certificate_that_can_be(spec: CertSpec) -> None:
    issuer = BY_NAME[spec.issuer]
    assert issuer.ca
    assert spec.ca == ("key_cert_sign" in spec.usage)
    assert spec.validity <= issuer.validity
    assert spec.chain_length <= 3  # ISO 15118-2: at most three certificates below the root
    assert spec.is_root == (spec.name in ROOTS.values())
    if not spec.ca:
        assert spec.path_len is None
        assert "digital_signature" in spec.usage
    if spec.ca and not spec.is_root:
        assert spec.path_len is not None
        assert spec.path_len == (0 if issuer.path_len == 1 else 1)


def test_the_depths_are_those_of_the_profile() -> None:
    assert BY_NAME["CONTRACT"].chain_length == BY_NAME["SECC"].chain_length == 3
    assert BY_NAME["CPS"].chain_length == BY_NAME["PROVISIONING"].chain_length == 3
    assert BY_NAME["CSMS"].chain_length == BY_NAME["MO_ROOT"].chain_length == 1


def test_each_authority_has_a_signer_of_its_ocsp_answers() -> None:
    for authority in AUTHORITIES:
        signer = BY_NAME[ocsp_signer(authority.name)]
        assert signer.issuer == authority.name
        assert signer.extended == ("ocsp_signing",)


def test_the_domain_components_tell_the_parts() -> None:
    told = {spec.name: spec.dc for spec in LEAVES if not spec.extended}
    assert told == {"SECC": "CPO", "CONTRACT": "MO", "PROVISIONING": "OEM", "CPS": "CPS"}
    assert BY_NAME["V2G_ROOT"].dc == BY_NAME["CPO_SUB2"].dc == "V2G"


def test_a_profile_decides_the_keys_of_v2g_only() -> None:
    for profile, algorithm in PROFILES.items():
        assert BY_NAME["CONTRACT"].algorithm(profile) == algorithm
        assert BY_NAME["CSMS"].algorithm(profile) == "P-256"
    assert PROFILES["iso15118-2"] == "P-256"
    assert PROFILES["iso15118-20"] == "P-521"
