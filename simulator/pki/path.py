"""Path validation with the reason that OCPP wants to hear.

Rule: a path is good only when every signature holds up to one of the given roots, every certificate
may do what it does in it, and all are valid at the given moment. Dates are judged last, so that
`EXPIRED` means: nothing else is wrong. The work is bounded, whatever is offered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import TypeVar

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, SignatureAlgorithmOID

from simulator.pki.certificates import common_name, domain_component, is_issuer

_E = TypeVar("_E", bound=x509.ExtensionType)

MOST_CERTIFICATES = 10
MOST_AUTHORITIES = 4
"""Authorities in a path beside the root; ISO 15118-2 has two, OCPP carries four certificates."""
MOST_PATHS = 100
"""Paths judged at most; only many authorities of one name and key make more than a few."""

_STRONG = {
    SignatureAlgorithmOID.ECDSA_WITH_SHA256,
    SignatureAlgorithmOID.ECDSA_WITH_SHA384,
    SignatureAlgorithmOID.ECDSA_WITH_SHA512,
    SignatureAlgorithmOID.ED25519,
    SignatureAlgorithmOID.ED448,
    SignatureAlgorithmOID.RSA_WITH_SHA256,
    SignatureAlgorithmOID.RSA_WITH_SHA384,
    SignatureAlgorithmOID.RSA_WITH_SHA512,
    SignatureAlgorithmOID.RSASSA_PSS,
}
_UNDERSTOOD = {
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
}


class Purpose(StrEnum):
    """What the first certificate of a chain is offered as."""

    CONTRACT = "contract"
    SECC = "SECC"
    PROVISIONING = "provisioning"
    CPS = "CPS"
    OCSP = "OCSP signer"
    TLS_SERVER = "TLS server"
    CHARGING_STATION = "charging station"


class Reason(StrEnum):
    """Why a path is good or not."""

    OK = "ok"
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    SIGNATURE_ERROR = "signature error"
    CHAIN_ERROR = "chain error"


_STATUS = {
    Reason.OK: "Accepted",
    Reason.EXPIRED: "CertificateExpired",
    Reason.SIGNATURE_ERROR: "SignatureError",
}


@dataclass(frozen=True, slots=True)
class PathVerdict:
    """The outcome: the reason, a detail for people, and the path found, leaf to root ("" and empty
    where there is nothing to tell).
    """

    reason: Reason
    detail: str = ""
    path: tuple[x509.Certificate, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the chain is to be trusted."""
        return self.reason is Reason.OK

    @property
    def certificate_status(self) -> str:
        """OCPP's AuthorizeCertificateStatusEnumType, as far as a path alone can tell it.

        Not yet valid has no word of its own there: it cannot be verified, hence a chain error.
        """
        return _STATUS.get(self.reason, "CertChainError")


@dataclass(frozen=True, slots=True)
class _Demand:
    """What a purpose asks of the leaf: its domain component (None: any; `dc_required`: an absent
    one is wrong too), key usages, extended usage (and whether one must be named).
    """

    dc: str | None = None
    dc_required: bool = False
    usage: tuple[str, ...] = ("digital_signature",)
    extended: x509.ObjectIdentifier | None = None
    extended_required: bool = False


_DEMANDS = {
    Purpose.CONTRACT: _Demand("MO", usage=("digital_signature", "content_commitment")),
    Purpose.SECC: _Demand("CPO", dc_required=True),
    Purpose.PROVISIONING: _Demand("OEM"),
    Purpose.CPS: _Demand("CPS", dc_required=True),
    Purpose.OCSP: _Demand(extended=ExtendedKeyUsageOID.OCSP_SIGNING, extended_required=True),
    Purpose.TLS_SERVER: _Demand(extended=ExtendedKeyUsageOID.SERVER_AUTH),
    Purpose.CHARGING_STATION: _Demand(extended=ExtendedKeyUsageOID.CLIENT_AUTH),
}


def validate(
    chain: Sequence[x509.Certificate],
    roots: Iterable[x509.Certificate],
    at: datetime,
    *,
    purpose: Purpose,
) -> PathVerdict:
    """Judge a chain whose first certificate is the leaf; the others may come in any order.

    A root within the chain counts only when it is among `roots`. Of several paths one good is
    enough; when none is, the verdict is on the one that came furthest.
    """
    if not chain:
        return PathVerdict(Reason.CHAIN_ERROR, "no certificate")
    if len(chain) > MOST_CERTIFICATES:
        detail = f"{len(chain)} certificates, at most {MOST_CERTIFICATES} are taken"
        return PathVerdict(Reason.CHAIN_ERROR, detail)
    search = _Search(list(dict.fromkeys(roots)), list(dict.fromkeys(chain[1:])))
    best: PathVerdict | None = None
    for path in islice(search.paths(chain[0]), MOST_PATHS):
        verdict = _judge(path, at, _DEMANDS[purpose], purpose)
        if best is None or _RANK[verdict.reason] > _RANK[best.reason]:
            best = verdict
        if verdict.ok:
            break
    return best or search.failure


# Which of several paths to tell of: the best, or the one that came furthest.
_RANK = {
    Reason.CHAIN_ERROR: 0,
    Reason.SIGNATURE_ERROR: 1,
    Reason.NOT_YET_VALID: 2,
    Reason.EXPIRED: 3,
    Reason.OK: 4,
}


@dataclass(slots=True)
class _Search:
    """Looks for paths from a leaf to a root; `failure` says why the best try ended early."""

    roots: list[x509.Certificate]
    others: list[x509.Certificate]
    failure: PathVerdict = PathVerdict(Reason.CHAIN_ERROR)
    _signed: dict[tuple[int, int], bool] = field(default_factory=dict)

    def paths(self, leaf: x509.Certificate) -> Iterator[tuple[x509.Certificate, ...]]:
        """Every path whose signatures hold, each certificate at most once in it."""
        yield from self._onward((leaf,))

    def _onward(self, path: tuple[x509.Certificate, ...]) -> Iterator[tuple[x509.Certificate, ...]]:
        last = path[-1]
        met = False
        for candidates, end in ((self.roots, True), (self.others, False)):
            for issuer in candidates:
                if issuer.subject != last.issuer or issuer in path:
                    continue
                met = True
                if not self._signs(issuer, last):
                    self._keep(_unsigned(path, issuer, end))
                elif end:
                    yield (*path, issuer)
                elif len(path) <= MOST_AUTHORITIES:
                    yield from self._onward((*path, issuer))
                else:
                    detail = f"more than {MOST_AUTHORITIES} authorities below the root"
                    self._keep(PathVerdict(Reason.CHAIN_ERROR, detail, path))
        if not met:
            self._keep(PathVerdict(Reason.CHAIN_ERROR, _lonely(last), path))

    def _signs(self, issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
        key = (id(issuer), id(certificate))
        if key not in self._signed:
            self._signed[key] = is_issuer(issuer, certificate)
        return self._signed[key]

    def _keep(self, failure: PathVerdict) -> None:
        """Hold on to the try that came furthest."""
        if not self.failure.path or _reach(failure) > _reach(self.failure):
            self.failure = failure


def _reach(failure: PathVerdict) -> tuple[int, int]:
    return len(failure.path), _RANK[failure.reason]


def _unsigned(
    path: tuple[x509.Certificate, ...], issuer: x509.Certificate, end: bool
) -> PathVerdict:
    """Tell a broken signature from an issuer of the same name but with another key."""
    if _is_of_another_key(path[-1], issuer):
        what = "the known root" if end else "one offered"
        detail = f"{_name(path[-1])}: its issuer has the name of {what}, but another key"
        return PathVerdict(Reason.CHAIN_ERROR, detail, path)
    detail = f"{_name(path[-1])}: the signature of {_name(issuer)} does not hold"
    return PathVerdict(Reason.SIGNATURE_ERROR, detail, path)


def _lonely(certificate: x509.Certificate) -> str:
    if certificate.subject == certificate.issuer:
        return f"{_name(certificate)}: issued by itself, and no trusted root"
    issuer = certificate.issuer.rfc4514_string()
    return f"{_name(certificate)}: its issuer {issuer} is neither offered nor a trusted root"


def _is_of_another_key(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the key ids say that another key of the same name has signed."""
    try:
        named = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
        own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return False
    key_id = named.value.key_identifier
    return key_id is not None and key_id != own.value.digest


def _judge(
    path: tuple[x509.Certificate, ...], at: datetime, demand: _Demand, purpose: Purpose
) -> PathVerdict:
    """Judge a path whose signatures hold: first what each may do, then the dates."""
    fault = _leaf_fault(path[0], demand, purpose) or next(
        (
            fault
            for below, certificate in enumerate(path[1:])
            if (fault := _authority_fault(certificate, path[1 : below + 1]))
        ),
        None,
    )
    for certificate in path:
        fault = fault or _form_fault(certificate)
    if fault:
        return PathVerdict(Reason.CHAIN_ERROR, fault, path)
    for certificate in path:
        if at < certificate.not_valid_before_utc:
            since = certificate.not_valid_before_utc
            detail = f"{_name(certificate)}: valid from {since:%Y-%m-%dT%H:%M:%SZ} only"
            return PathVerdict(Reason.NOT_YET_VALID, detail, path)
        if at > certificate.not_valid_after_utc:
            until = certificate.not_valid_after_utc
            detail = f"{_name(certificate)}: expired at {until:%Y-%m-%dT%H:%M:%SZ}"
            return PathVerdict(Reason.EXPIRED, detail, path)
    return PathVerdict(Reason.OK, "", path)


def _leaf_fault(leaf: x509.Certificate, demand: _Demand, purpose: Purpose) -> str | None:
    basic = _value(leaf, x509.BasicConstraints)
    if basic is not None and basic.ca:
        return f"{_name(leaf)}: an authority, offered as {purpose}"
    dc = domain_component(leaf)
    if demand.dc and dc != demand.dc and (dc or demand.dc_required):
        said = f"DC={dc}" if dc else "no DC"
        return f"{_name(leaf)}: {said}, a {purpose} certificate has DC={demand.dc}"
    usage = _value(leaf, x509.KeyUsage)
    for use in demand.usage:
        if usage is None or not getattr(usage, use):
            return f"{_name(leaf)}: key usage lacks {_SPELLED.get(use, use)}, which {purpose} needs"
    extended = _value(leaf, x509.ExtendedKeyUsage)
    if demand.extended and (
        demand.extended not in extended if extended is not None else demand.extended_required
    ):
        return f"{_name(leaf)}: extended key usage is not that of a {purpose}"
    return None


_SPELLED = {"digital_signature": "digitalSignature", "content_commitment": "nonRepudiation"}


def _authority_fault(authority: x509.Certificate, below: Sequence[x509.Certificate]) -> str | None:
    """What keeps an authority from its place; `below` are the authorities between it and the
    leaf, of which those that issued themselves do not count (RFC 5280, 6.1.4).
    """
    basic = _value(authority, x509.BasicConstraints)
    if basic is None or not basic.ca:
        return f"{_name(authority)}: not an authority, but has issued a certificate"
    usage = _value(authority, x509.KeyUsage)
    if usage is not None and not usage.key_cert_sign:
        return f"{_name(authority)}: key usage lacks keyCertSign"
    depth = sum(certificate.subject != certificate.issuer for certificate in below)
    if basic.path_length is not None and depth > basic.path_length:
        return (
            f"{_name(authority)}: pathLen {basic.path_length} allows no {depth} authorities below"
        )
    return None


def _form_fault(certificate: x509.Certificate) -> str | None:
    if certificate.signature_algorithm_oid not in _STRONG:
        return f"{_name(certificate)}: signed with a weak or unknown algorithm"
    for extension in certificate.extensions:
        if extension.critical and extension.oid not in _UNDERSTOOD:
            oid = extension.oid.dotted_string
            return f"{_name(certificate)}: critical extension {oid} is not understood"
    return None


def _value(certificate: x509.Certificate, kind: type[_E]) -> _E | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _name(certificate: x509.Certificate) -> str:
    return common_name(certificate) or certificate.subject.rfc4514_string() or "certificate"
