"""Enrollment over Secure Transport as OPCP uses it: certificates for signing requests (RFC 7030
4.1 and 4.2, as clarified by RFC 8951).

Paths: RFC 7030's `/.well-known/est/[label/]cacerts` and `simpleenroll`, the label being OPCP's CA
(`cpo`, `mo`, `oem`, `cps`), and OPCP 1.0.0's with the ISO version and algorithm behind them
(github.com/hubject/opcp, reference/est.v1.json). Our own choices: nobody is authenticated and TLS
is not demanded (the RFC demands both); the labels `station` and `csms` for OCPP's TLS certificates;
the common name of a request is not held against OPCP's pattern for EVSE ids.

Rule: only the certificate that was asked for is the answer to a request; its authorities are told
by `cacerts`, the root among them.
"""

from __future__ import annotations

import base64
import ssl as _ssl
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import did_you_mean
from simulator.pki.certificates import common_name, serial_hex
from simulator.pki.keys import PkiError
from simulator.pki.pool import WRONG
from simulator.pki.service import Service, refused
from simulator.pki.spec import BY_NAME
from simulator.pki.store import Pki
from simulator.pki.switch import DOWN, GARBAGE, OK, SLOW
from simulator.wire.http import Headers, Request, Response, split_path

PATH = "/.well-known/est"
# What each label issues, by the table of specs.
ISSUES = {
    "cpo": "SECC",
    "mo": "CONTRACT",
    "oem": "PROVISIONING",
    "cps": "CPS",
    "station": "CHARGING_STATION",
    "csms": "CSMS",
}
DEFAULT_LABEL = "cpo"
REFUSE = "refuse"
_OPERATIONS = {"cacerts": "GET", "simpleenroll": "POST"}
_CERTIFICATES = Headers(
    {
        "Content-Type": "application/pkcs7-mime; smime-type=certs-only",
        # RFC 8951 has done away with it; there are clients that look for it all the same.
        "Content-Transfer-Encoding": "base64",
    }
)


class EstServer(Service):
    """Issues certificates of a PKI. Switch: `refuse`, `wrong` (a certificate for another key), and
    the usual.
    """

    modes = (OK, SLOW, DOWN, GARBAGE, REFUSE, WRONG)

    def __init__(
        self,
        pki: Pki,
        *,
        clock: Clock,
        chance: Chance,
        journal: Journal,
        actor: str = "est",
        host: str = "127.0.0.1",
        port: int = 0,
        ssl: _ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(clock, journal, actor=actor, host=host, port=port, ssl=ssl)
        self._pki = pki
        self._chance = chance
        self._requests = 0

    @property
    def url(self) -> str:
        """Where labels and operations are appended, once started."""
        return self.base_url + PATH

    async def answer(self, request: Request) -> Response:
        """Answer a request; what is wrong with it is told in plain words (RFC 7030 4.2.3)."""
        if self.switch.mode == GARBAGE:
            return Response(200, _CERTIFICATES, base64.encodebytes(b"not a PKCS#7"))
        try:
            label, operation = self._place(request.path)
        except PkiError as error:
            return refused(404, str(error))
        if request.method != _OPERATIONS[operation]:
            return refused(
                405, f"{operation} is asked by another method", allow=_OPERATIONS[operation]
            )
        spec = ISSUES[label]
        if operation == "cacerts":
            return _certificates(self._authorities(spec))
        try:
            return self._enroll(spec, request.body)
        except PkiError as error:
            self.journal.event(self.actor, "est.refused", kind=spec, reason=str(error))
            return refused(400, str(error))

    def _place(self, path: str) -> tuple[str, str]:
        """Label and operation of a path. Raises PkiError."""
        parts = split_path(path.removeprefix(PATH)) if path.startswith(PATH + "/") else ()
        named, rest = (parts[0], parts[1:]) if parts else ("", ())
        label = DEFAULT_LABEL if named in _OPERATIONS else named
        operation, details = (
            (named, rest) if named in _OPERATIONS else (rest[0] if rest else "", rest[1:])
        )
        if label not in ISSUES:
            raise PkiError(f"no such CA here: '{label}'.{did_you_mean(label, ISSUES)}")
        if operation not in _OPERATIONS:
            raise PkiError(f"'{operation}' is not offered: cacerts and simpleenroll are")
        self._check_details(details)
        return label, operation

    def _check_details(self, details: Sequence[str]) -> None:
        """OPCP's iso-version and algorithm: this PKI has one of each."""
        version = "ISO15118-2" if self._pki.settings.profile == "iso15118-2" else "ISO15118-20"
        if details and details[0] != version:
            raise PkiError(f"this PKI issues for {version}, not '{details[0]}'")

    def _authorities(self, spec: str) -> list[x509.Certificate]:
        """The authorities above a kind of certificate, the root at the end (RFC 7030 4.1.3)."""
        issuer = BY_NAME[BY_NAME[spec].issuer]
        chain = list(self._pki.chain(issuer.name))
        while not issuer.is_root:
            issuer = BY_NAME[issuer.issuer]
        root = self._pki.certificate(issuer.name)
        return chain if root in chain else [*chain, root]

    def _enroll(self, spec: str, body: bytes) -> Response:
        if self.switch.mode == REFUSE:
            raise PkiError("this request is refused")
        self._requests += 1
        chance, now = self._chance.child(f"request-{self._requests}"), self.clock.now()
        if self.switch.mode == WRONG:
            leaf = self._pki.issue(spec, "somebody else", now, chance).certificate
        else:
            leaf = self._pki.sign_csr(request_pem(body), spec, now, chance)[0]
        self.journal.event(
            self.actor, "est.issued", kind=spec, common_name=common_name(leaf),
            serial=serial_hex(leaf), switch=str(self.switch),
        )  # fmt: skip
        return _certificates([leaf])


def request_pem(body: bytes) -> str:
    """A request as PEM, from base64 as the RFC has it (with or without line breaks), PEM or DER."""
    if body.startswith(b"-----BEGIN"):
        return body.decode("latin-1")
    if not body.startswith(b"\x30"):  # the first byte of DER; of base64 it is a zero
        try:
            body = base64.b64decode(b"".join(body.split()), validate=True)
        except ValueError as error:
            raise PkiError(f"signing request: not base64: {error}") from error
    text = base64.encodebytes(body).decode()
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{text}-----END CERTIFICATE REQUEST-----\n"


def _certificates(certificates: Sequence[x509.Certificate]) -> Response:
    """Certificates alone in a PKCS#7, in base64 with line breaks."""
    der = pkcs7.serialize_certificates(list(certificates), Encoding.DER)
    return Response(200, _CERTIFICATES, base64.encodebytes(der))
