"""OCSP over HTTP, both ends (RFC 6960 appendix A).

Rule: a client remembers what it was told until nextUpdate, on the world's clock, and judges it anew
whenever it uses it; a responder never answers with an error of HTTP where OCSP has one.
"""

from __future__ import annotations

import base64
import binascii
import ssl as _ssl
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from cryptography import x509

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.pki.keys import PkiError
from simulator.pki.ocsp import OcspStatus, OcspVerdict, check, request
from simulator.pki.ocsp_answer import MODES, VALID_FOR, Responder
from simulator.pki.service import Service, refused
from simulator.pki.store import Pki
from simulator.wire.http import Headers, Request, Response
from simulator.wire.http_aio import HttpClient, HttpFailure

PATH = "/ocsp"
_REQUEST_TYPE, _RESPONSE_TYPE = "application/ocsp-request", "application/ocsp-response"
_ANSWERED = Headers({"Content-Type": _RESPONSE_TYPE})
_KEPT = 10_000
_NONCE_BYTES = 32
_FINAL = (OcspStatus.GOOD, OcspStatus.REVOKED)


class OcspResponder(Service):
    """A responder for all authorities of a PKI, at `url`. Its switch knows `ocsp_answer.MODES`."""

    modes = MODES

    def __init__(
        self,
        pki: Pki,
        *,
        clock: Clock,
        journal: Journal,
        actor: str = "ocsp",
        host: str = "127.0.0.1",
        port: int = 0,
        valid_for: timedelta = VALID_FOR,
        ssl: _ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(clock, journal, actor=actor, host=host, port=port, ssl=ssl)
        self._responder = Responder(pki, valid_for=valid_for)

    @property
    def url(self) -> str:
        """Where it is asked, once started."""
        return self.base_url + PATH

    async def answer(self, request: Request) -> Response:
        """Answer a POST with the request as its body, or a GET with it in base64 in the path."""
        if request.path != PATH and not request.path.startswith(PATH + "/"):
            return refused(404, f"OCSP is asked at {PATH}")
        if request.method not in ("GET", "POST"):
            return refused(405, "OCSP is asked by POST or GET", allow="GET, POST")
        asked = request.body if request.method == "POST" else _in_path(request.path)
        answer = self._responder.answer(asked, self.clock.now(), self.switch.mode)
        self.journal.event(
            self.actor, "ocsp.answered", serial=answer.serial, says=answer.says,
            switch=str(self.switch),
        )  # fmt: skip
        return Response(200, _ANSWERED, answer.der)


def _in_path(path: str) -> bytes:
    """The request in a GET's path; the base64's slashes may have been left as they were."""
    text = unquote(path.removeprefix(PATH).removeprefix("/"))
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


class OcspFailure(PkiError):
    """No answer of OCSP's form came: the message says from where, and why."""


class OcspClient:
    """Asks responders, and keeps what is good or revoked until nextUpdate.

    With `nonces` each request carries one, which must come back (RFC 9654); without, responders may
    answer from what they prepared (RFC 5019), as most do.
    """

    def __init__(
        self,
        http: HttpClient,
        clock: Clock,
        *,
        nonces: Chance | None = None,
    ) -> None:
        self._http = http
        self._clock = clock
        self._nonces = nonces
        self._kept: OrderedDict[tuple[str, ...], bytes] = OrderedDict()

    async def ask(
        self,
        hash_data: Mapping[str, Any],
        responder_url: str,
        issuer: x509.Certificate | None,
        roots: Sequence[x509.Certificate],
        timeout_s: float = 5.0,
    ) -> OcspVerdict:
        """The status of a certificate, from memory or its responder; never raises. What `issuer`
        and `roots` are for: see `ocsp.check`.
        """
        key = _key(hash_data)
        if (kept := self._kept.get(key)) is not None:
            verdict = check(kept, hash_data, issuer, roots, self._clock.now())
            if verdict.status in _FINAL:
                return replace(verdict, cached=True)
            del self._kept[key]
        nonce = self._nonce()
        try:
            answer = await self.fetch(hash_data, responder_url, timeout_s, nonce)
        except PkiError as error:
            return OcspVerdict(OcspStatus.UNUSABLE, str(error))
        verdict = check(answer, hash_data, issuer, roots, self._clock.now(), nonce)
        if verdict.status in _FINAL and verdict.next_update is not None:
            self._keep(key, answer)
        return verdict

    async def fetch(
        self,
        hash_data: Mapping[str, Any],
        responder_url: str,
        timeout_s: float = 5.0,
        nonce: bytes | None = None,
    ) -> bytes:
        """A responder's answer as it came, unjudged, for GetCertificateStatus. Raises OcspFailure;
        PkiError for hash data that name no certificate.
        """
        body = request(hash_data, nonce)
        headers = {"Content-Type": _REQUEST_TYPE, "Accept": _RESPONSE_TYPE}
        try:
            response = await self._http.send(
                "POST",
                responder_url,
                headers=headers,
                body=body,
                timeout_s=timeout_s,
                public=True,  # signed, and about what every TLS server shows (RFC 6960, app. A)
            )
        except HttpFailure as error:
            raise OcspFailure(f"OCSP: {error}") from error
        if response.status != 200:
            raise OcspFailure(f"OCSP: {responder_url} answers HTTP {response.status}")
        return response.body

    def forget(self) -> None:
        """Forget all answers."""
        self._kept.clear()

    def _keep(self, key: tuple[str, ...], answer: bytes) -> None:
        self._kept[key] = answer
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    def _nonce(self) -> bytes | None:
        if self._nonces is None:
            return None
        return self._nonces.integer(0, 256**_NONCE_BYTES - 1).to_bytes(_NONCE_BYTES, "big")


def _key(hash_data: Mapping[str, Any]) -> tuple[str, ...]:
    names = ("hashAlgorithm", "issuerNameHash", "issuerKeyHash", "serialNumber")
    return tuple(str(hash_data.get(name)).lower() for name in names)
