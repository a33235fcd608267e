"""What each certificate of the PKI looks like: one table.

Rule: the subject's domain component, the key usage and the depth of authorities are those of ISO
15118-2 annex F as public implementations use them (design: Plug & Charge, section 6); whoever
issues a certificate reads this table and adds only names, numbers and dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from simulator.pki.keys import ED448, P256, P521

Profile = Literal["iso15118-2", "iso15118-20", "iso15118-20-ed448"]
Kind = Literal["V2G", "MO", "OEM", "CSMS"]

PROFILES: dict[str, str] = {"iso15118-2": P256, "iso15118-20": P521, "iso15118-20-ed448": ED448}
"""The key that each profile's V2G certificates have; those of TLS for OCPP and OCPI are P-256."""

ROOTS: dict[Kind, str] = {
    "V2G": "V2G_ROOT",
    "MO": "MO_ROOT",
    "OEM": "OEM_ROOT",
    "CSMS": "CSMS_ROOT",
}

Usage = Literal[
    "digital_signature",
    "content_commitment",  # nonRepudiation
    "key_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
]
Extended = Literal["server_auth", "client_auth", "ocsp_signing"]

DAY = timedelta(days=1)
YEAR = 365 * DAY
AUTHORITY: tuple[Usage, ...] = ("key_cert_sign", "crl_sign")


@dataclass(frozen=True, slots=True)
class CertSpec:
    """One row: how certificates of this name are made.

    `issuer` is its own name for a root; `path_len` None for a leaf, and for a root where the depth
    is not limited; `fixed` certificates exist once in each PKI, the others are issued on demand.
    """

    name: str
    issuer: str
    common_name: str
    dc: str | None
    usage: tuple[Usage, ...]
    validity: timedelta
    ca: bool = False
    path_len: int | None = None
    extended: tuple[Extended, ...] = ()
    v2g: bool = True
    fixed: bool = True

    @property
    def is_root(self) -> bool:
        """Whether it signs itself."""
        return self.issuer == self.name

    @property
    def chain_length(self) -> int:
        """Certificates in its chain: itself and the authorities above, without the root."""
        return (
            1
            if self.is_root or BY_NAME[self.issuer].is_root
            else (1 + BY_NAME[self.issuer].chain_length)
        )

    def algorithm(self, profile: str) -> str:
        """The key of such a certificate."""
        return PROFILES[profile] if self.v2g else P256


def _root(name: str, common_name: str, dc: str | None, *, v2g: bool = True) -> CertSpec:
    return CertSpec(name, name, common_name, dc, AUTHORITY, 10 * YEAR, ca=True, v2g=v2g)


def _sub(
    name: str,
    issuer: str,
    common_name: str,
    dc: str,
    years: int,
    path_len: int,
    usage: tuple[Usage, ...] = AUTHORITY,
) -> CertSpec:
    return CertSpec(name, issuer, common_name, dc, usage, years * YEAR, ca=True, path_len=path_len)


def ocsp_signer(authority: str) -> str:
    """The name of the certificate that signs OCSP answers for an authority's certificates."""
    return f"OCSP_{authority}"


_MO_SUB2: tuple[Usage, ...] = (*AUTHORITY, "digital_signature", "content_commitment")
_SIGN: tuple[Usage, ...] = ("digital_signature",)
_AGREE: tuple[Usage, ...] = ("digital_signature", "key_agreement")
_CONTRACT: tuple[Usage, ...] = (
    "digital_signature", "content_commitment", "key_encipherment", "key_agreement",
)  # fmt: skip

_AUTHORITIES = (
    _root("V2G_ROOT", "V2G Root CA", "V2G"),
    _sub("CPO_SUB1", "V2G_ROOT", "CPO Sub-CA 1", "V2G", 4, 1),
    _sub("CPO_SUB2", "CPO_SUB1", "CPO Sub-CA 2", "V2G", 1, 0),
    _sub("CPS_SUB1", "V2G_ROOT", "CPS Sub-CA 1", "CPS", 4, 1),
    _sub("CPS_SUB2", "CPS_SUB1", "CPS Sub-CA 2", "CPS", 2, 0),
    _root("MO_ROOT", "MO Root CA", "MO"),
    _sub("MO_SUB1", "MO_ROOT", "MO Sub-CA 1", "MO", 4, 1),
    _sub("MO_SUB2", "MO_SUB1", "MO Sub-CA 2", "MO", 4, 0, _MO_SUB2),
    _root("OEM_ROOT", "OEM Root CA", "OEM"),
    _sub("OEM_SUB1", "OEM_ROOT", "OEM Sub-CA 1", "OEM", 4, 1),
    _sub("OEM_SUB2", "OEM_SUB1", "OEM Sub-CA 2", "OEM", 4, 0),
    _root("CSMS_ROOT", "CSMS Root CA", None, v2g=False),
)

SPECS: tuple[CertSpec, ...] = (
    *_AUTHORITIES,
    CertSpec("SECC", "CPO_SUB2", "SECC", "CPO", _AGREE, 60 * DAY, fixed=False),
    CertSpec("CONTRACT", "MO_SUB2", "Contract", "MO", _CONTRACT, 2 * YEAR, fixed=False),
    CertSpec("PROVISIONING", "OEM_SUB2", "Vehicle", "OEM", _AGREE, 4 * YEAR, fixed=False),
    CertSpec("CPS", "CPS_SUB2", "Certificate Provisioning Service", "CPS", _SIGN, 90 * DAY),
    CertSpec(
        "CSMS", "CSMS_ROOT", "localhost", None, _SIGN, 2 * YEAR,
        extended=("server_auth",), v2g=False,
    ),
    CertSpec(
        "CHARGING_STATION", "CSMS_ROOT", "Station", None, _SIGN, YEAR,
        extended=("client_auth",), v2g=False, fixed=False,
    ),
    *(
        CertSpec(
            ocsp_signer(authority.name), authority.name, f"{authority.common_name} OCSP",
            authority.dc, _SIGN, authority.validity, extended=("ocsp_signing",), v2g=authority.v2g,
        )
        for authority in _AUTHORITIES
    ),
)  # fmt: skip

BY_NAME = {spec.name: spec for spec in SPECS}
