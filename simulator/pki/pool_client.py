"""A CPO's calls to a certificate pool and to EST.

Rule: whatever the other side answers, the caller gets what it asked for or a PoolError that says
why not; an enrolled certificate is taken only for the key that asked for it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import pkcs7

from simulator.pki.certificates import common_name, is_issuer, read_der
from simulator.pki.csr import read_csr
from simulator.pki.keys import PkiError
from simulator.wire.http import Response, join_url
from simulator.wire.http_aio import HttpClient, HttpFailure

Dialect = Literal["opcp", "opnc"]
_DATA: Mapping[str, str] = {
    "opcp": "/v1/ccp/signedContractData",
    "opnc": "/opnc/v1/ccp/signedcontractdata",
}
_ROOTS: Mapping[str, tuple[str, str]] = {
    "opcp": ("/v1/root/rootCerts", "rootType"),
    "opnc": ("/opnc/v1/rcp/rootcertificates", "pkiType"),
}
_LONGEST_CHAIN = 6


class PoolError(PkiError):
    """A pool or an EST server did not give what was asked for."""


class Unreachable(PoolError):
    """No answer came, or none in time."""


class NoContract(PoolError):
    """The pool has no contract for this car; `exi_response` is what it has for the car instead."""

    def __init__(self, message: str, exi_response: str | None) -> None:
        super().__init__(message)
        self.exi_response = exi_response


class WrongAnswer(PoolError):
    """An answer that is none: an error of HTTP, or a body of another form."""


# The pool


async def signed_contract_data(
    http: HttpClient,
    pool_url: str,
    exi_request: str,
    schema: str,
    *,
    dialect: Dialect = "opcp",
    timeout_s: float = 5.0,
) -> str:
    """The exiResponse for a car's exiRequest, both opaque. `schema`: iso15118SchemaVersion.

    Raises Unreachable, NoContract, WrongAnswer.
    """
    body = {"certificateInstallationReq": exi_request, "xsdMsgDefNamespace": schema}
    response = await _send(
        http, "POST", pool_url.rstrip("/") + _DATA[dialect], timeout_s,
        msgspec.json.encode(body), "application/json",
    )  # fmt: skip
    found = _installation_response(_mapping(response)) if response.status in (200, 404) else None
    if response.status == 404:
        raise NoContract(f"the pool has no contract for this car{_said(response)}", found)
    if response.status != 200:
        raise WrongAnswer(f"the pool answers HTTP {response.status}{_said(response)}")
    if not found:
        raise WrongAnswer("the pool's answer holds no certificateInstallationRes")
    return found


def _installation_response(body: Mapping[str, Any]) -> str | None:
    """The first installation response in an answer of either dialect."""
    try:
        if "CCPResponse" in body:
            found = body["CCPResponse"]["emaidContent"][0]["messageDef"]
        else:
            found = body["signedContractDataCollection"][0]
        text = found["certificateInstallationRes"]
    except (KeyError, IndexError, TypeError):
        return None
    return text if isinstance(text, str) else None


async def root_certificates(
    http: HttpClient,
    pool_url: str,
    kind: str,
    *,
    dialect: Dialect = "opcp",
    timeout_s: float = 30.0,
) -> list[x509.Certificate]:
    """The roots of a kind (`mo`, `v2g`, `oem`). Raises Unreachable, WrongAnswer."""
    path, parameter = _ROOTS[dialect]
    url = f"{pool_url.rstrip('/')}{path}?{parameter}={kind}"
    response = await _send(http, "GET", url, timeout_s)
    if response.status != 200:
        raise WrongAnswer(f"the pool answers HTTP {response.status}{_said(response)}")
    body = _mapping(response)
    try:
        listed = (
            body.get("rootCertificateCollection")
            or (body["RootCertificateCollection"]["rootCertificates"])
        )
        return [read_der(_decoded(root["caCertificate"]), "root certificate") for root in listed]
    except (KeyError, TypeError, AttributeError, PkiError) as error:
        raise WrongAnswer(f"the pool's answer holds no root certificates: {error}") from error


# EST


async def ca_certificates(
    http: HttpClient, est_url: str, label: str, *, timeout_s: float = 30.0
) -> list[x509.Certificate]:
    """The authorities that issue under a label (`cpo`, …), in no order. Raises Unreachable,
    WrongAnswer.
    """
    response = await _send(http, "GET", join_url(est_url, label, "cacerts"), timeout_s)
    return _enrolled(response)


async def enroll(
    http: HttpClient, est_url: str, label: str, csr_pem: str, *, timeout_s: float = 30.0
) -> tuple[x509.Certificate, ...]:
    """The certificate for a signing request and its authorities without the root, as
    CertificateSigned carries them. Raises Unreachable, WrongAnswer; PkiError for a request that
    cannot be read.
    """
    key = read_csr(csr_pem).public_key
    body = "".join(line for line in csr_pem.splitlines() if not line.startswith("-----")).encode()
    url = join_url(est_url, label, "simpleenroll")
    response = await _send(http, "POST", url, timeout_s, body, "application/pkcs10")
    leaf = next((c for c in _enrolled(response) if c.public_key() == key), None)
    if leaf is None:
        raise WrongAnswer("EST gave a certificate for another key than the one that asked")
    return chain_of(leaf, await ca_certificates(http, est_url, label, timeout_s=timeout_s))


def chain_of(
    leaf: x509.Certificate, authorities: Sequence[x509.Certificate]
) -> tuple[x509.Certificate, ...]:
    """A certificate and those above it, found among `authorities`, without the root. Raises
    WrongAnswer where none of them issued it.
    """
    chain = [leaf]
    while len(chain) <= _LONGEST_CHAIN:
        above = next((c for c in authorities if is_issuer(c, chain[-1])), None)
        if above is None:
            raise WrongAnswer(f"no authority that EST told of issued '{common_name(chain[-1])}'")
        if is_issuer(above, above):
            return tuple(chain)
        chain.append(above)
    raise WrongAnswer("the authorities that EST told of lead to no root")


def _enrolled(response: Response) -> list[x509.Certificate]:
    """The certificates of a PKCS#7 in base64."""
    if response.status == 202:
        later = response.headers.get("Retry-After", "later")
        raise WrongAnswer(f"EST has not decided yet: ask again in {later} s")
    if response.status != 200:
        raise WrongAnswer(f"EST answers HTTP {response.status}{_said(response)}")
    try:
        return pkcs7.load_der_pkcs7_certificates(_decoded(response.body))
    except (ValueError, TypeError, UnsupportedAlgorithm, PkiError) as error:
        raise WrongAnswer(f"EST's answer is no PKCS#7 with certificates: {error}") from error


# Both


async def _send(
    http: HttpClient,
    method: str,
    url: str,
    timeout_s: float,
    body: bytes = b"",
    content_type: str | None = None,
) -> Response:
    headers = {"Content-Type": content_type} if content_type else {}
    try:
        return await http.send(method, url, headers=headers, body=body, timeout_s=timeout_s)
    except HttpFailure as error:
        raise Unreachable(str(error), error.exit_code) from error


def _mapping(response: Response) -> Mapping[str, Any]:
    try:
        body = msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return cast(Mapping[str, Any], body) if isinstance(body, dict) else {}


def _said(response: Response) -> str:
    """What an error says: OPCP's messages, or EST's plain words."""
    messages = _mapping(response).get("errorMessages")
    if isinstance(messages, list) and messages:
        return f": {messages[0]}"
    plain = response.headers.get("Content-Type", "").startswith("text/plain")
    return f": {response.body[:200].decode('utf-8', 'replace').strip()}" if plain else ""


def _decoded(text: str | bytes) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    try:
        return base64.b64decode(b"".join(raw.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise PkiError(f"not base64: {error}") from error
