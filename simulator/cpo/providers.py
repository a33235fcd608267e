"""Where certificates and their statuses come from: an EST server, a pool, OCSP responders.

Rule: what cannot be had is a PkiError that says from where and why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.x509 import Certificate

from simulator.cpo.common import Common
from simulator.cpo.config import PncSettings
from simulator.pki import pool_client
from simulator.pki.keys import PkiError
from simulator.pki.ocsp_http import OcspClient
from simulator.wire.http_aio import HttpClient

# CertificateSigningUseEnumType -> the label of the authority in EST's path (RFC 7030 3.2.2).
_V2G_LABEL = "cpo"
_LABELS: Mapping[str, str] = {"V2GCertificate": _V2G_LABEL, "ChargingStationCertificate": "station"}


class Providers:
    """The CPO's way to them, with the URLs and the patience of its settings."""

    def __init__(self, common: Common, http: HttpClient, ocsp: OcspClient) -> None:
        self._settings = common.config.pnc or PncSettings()
        self._http = http
        self._ocsp = ocsp

    @property
    def signs(self) -> bool:
        """True if there is an authority to have a CSR signed by."""
        return self._settings.est_url is not None

    async def sign(self, csr: str, kind: str) -> Sequence[Certificate]:
        """The chain for a CSR (PEM), leaf first, without root. Raises PkiError."""
        if self._settings.est_url is None:
            raise PkiError("no certificate authority is set up (est_url)")
        return await pool_client.enroll(
            self._http,
            self._settings.est_url,
            _LABELS.get(kind, _V2G_LABEL),
            csr,
            timeout_s=self._settings.est_timeout_s,
        )

    async def ev_certificate(self, request: Mapping[str, Any]) -> str:
        """The exiResponse for a Get15118EVCertificateRequest. Raises PkiError.

        A pool without a contract for the car has an answer for it too, in most dialects.
        """
        if self._settings.pool_url is None:
            raise PkiError("no certificate pool is set up (pool_url)")
        try:
            return await pool_client.signed_contract_data(
                self._http,
                self._settings.pool_url,
                request["exiRequest"],
                request["iso15118SchemaVersion"],
                dialect=self._settings.pool_dialect,
                timeout_s=self._settings.pool_timeout_s,
            )
        except pool_client.NoContract as none:
            if not none.exi_response:
                raise
            return none.exi_response

    async def status(self, row: Mapping[str, Any]) -> bytes:
        """The DER of an OCSP response for an OCSPRequestDataType, unjudged. Raises PkiError."""
        return await self._ocsp.fetch(row, row["responderURL"], self._settings.ocsp_timeout_s)
