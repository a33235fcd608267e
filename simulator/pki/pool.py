"""A mock contract certificate pool, as a CPO's backend meets it: signed contract data and root
certificates.

Paths and bodies are those of OPCP 1.0.0 (github.com/hubject/opcp, reference/ccp.v1.json and
rcp.v1.json) and of OPNC 1.0, CharIN's (github.com/charinev/opnc, specification/apis). Our own
choices, where the sources ask for more or are silent: who asks is not authenticated (OPCP: OAuth
2), an update is asked for where an installation is, and in place of EXI stands a placeholder
(`installation`).

Rule: the pool trusts a car by its provisioning certificate alone, and gives it the contract that
was assigned to its PCID.
"""

from __future__ import annotations

import base64
import ssl as _ssl
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal
from simulator.pki.certificates import common_name, fingerprint, organization, serial_hex
from simulator.pki.contract import Contract
from simulator.pki.hierarchy import Issued
from simulator.pki.installation import (
    Asked,
    read_exi_text,
    read_request,
    refusal,
    seal,
)
from simulator.pki.keys import PkiError
from simulator.pki.path import Purpose, validate
from simulator.pki.service import Service
from simulator.pki.spec import Kind
from simulator.pki.store import Pki
from simulator.pki.switch import DOWN, GARBAGE, OK, SLOW
from simulator.wire.http import Headers, PathTable, Request, Response

NO_CONTRACT, WRONG = "no_contract", "wrong"
_JSON = Headers({"Content-Type": "application/json"})
_PAGE = Response(200, Headers({"Content-Type": "text/html"}), b"<html>It works!</html>")
_ROOT_TYPES: Mapping[str, Kind] = {"mo": "MO", "v2g": "V2G", "oem": "OEM", "emsp": "MO"}

Answer = Callable[[Request, Mapping[str, str]], Response]


class CertificatePool(Service):
    """The pool. `contracts`: EMAIDs by PCID, the car's name in its provisioning certificate;
    `default` is for all other cars. A contract that the PKI holds for an EMAID is given out, else a
    fresh one. Switch: `no_contract`, `wrong` (a contract sealed for somebody else), and the usual.
    """

    modes = (OK, SLOW, DOWN, GARBAGE, NO_CONTRACT, WRONG)

    def __init__(
        self,
        pki: Pki,
        *,
        clock: Clock,
        chance: Chance,
        journal: Journal,
        contracts: Mapping[str, str] | None = None,
        default: str | None = None,
        actor: str = "pool",
        host: str = "127.0.0.1",
        port: int = 0,
        ssl: _ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(clock, journal, actor=actor, host=host, port=port, ssl=ssl)
        self.contracts = dict(contracts or {})
        self.default = default
        self._pki = pki
        self._chance = chance
        self._deliveries = 0
        self._routes: PathTable[Answer] = PathTable()
        for method, path, answer in (
            ("POST", "/v1/ccp/signedContractData", self._opcp),
            ("POST", "/opnc/v1/ccp/signedcontractdata", self._opnc),
            ("GET", "/v1/root/rootCerts", self._opcp_roots),
            ("GET", "/v1/root/rootCerts/{id}", self._opcp_root),
            ("GET", "/opnc/v1/rcp/rootcertificates", self._opnc_roots),
        ):
            self._routes.add(method, path, answer)

    def serves(self, path: str) -> bool:
        """True for a path of the pool."""
        return bool(self._routes.methods(path))

    async def answer(self, request: Request) -> Response:
        """Answer a request; what is wrong with it is told as OPCP does, in `errorMessages`."""
        if self.switch.mode == GARBAGE:
            return _PAGE
        match = self._routes.match(request.method, request.path)
        if match is None:
            known = self._routes.methods(request.path)
            return self._error(405 if known else 404, "not an address of the pool", known)
        try:
            return match.row(request, match.params)
        except PkiError as error:
            return self._error(400, str(error))

    def _error(self, status: int, message: str, allow: list[str] | None = None) -> Response:
        body = {"errorMessages": [message], "traceId": self._chance.uuid4()}
        response = _json(status, body)
        if not allow:
            return response
        return Response(
            status, Headers({**response.headers, "Allow": ", ".join(allow)}), response.body
        )

    # Signed contract data

    def _opcp(self, request: Request, _: Mapping[str, str]) -> Response:
        """OPCP 1.0.0, getSignedContractData: POST /v1/ccp/signedContractData."""
        asked, _schema = _asked(request)
        emaid, body = self._provide(asked)
        content = {"certificateInstallationRes": _text(body), **({"emaid": emaid} if emaid else {})}
        wrapped = {"CCPResponse": {"emaidContent": [{"messageDef": content}]}}
        return _json(200 if emaid else 404, wrapped)

    def _opnc(self, request: Request, _: Mapping[str, str]) -> Response:
        """OPNC 1.0, getSignedContractDataByCertificateInstallationReqV1."""
        asked, schema = _asked(request)
        emaid, body = self._provide(asked)
        if not emaid:
            return self._error(404, "no contract for this car")
        found = {
            "emaid": emaid,
            "pcid": asked.name,
            "certificateInstallationRes": _text(body),
            "xsdMsgDefNamespace": schema,
        }
        return _json(200, {"signedContractDataCollection": [found]})

    def _provide(self, asked: Asked) -> tuple[str | None, bytes]:
        """The EMAID and the installation response; no EMAID, and a refusal, where there is none."""
        self._check_car(asked)
        emaid = asked.name if asked.action == "Update" else self.contracts.get(asked.name)
        emaid = emaid or self.default
        if emaid is None or self.switch.mode == NO_CONTRACT:
            self._tell("pool.refused", asked)
            return None, refusal(action=asked.action)
        self._deliveries += 1
        chance = self._chance.child(f"delivery-{self._deliveries}")
        contract = self._contract(emaid, chance, fresh=asked.action == "Update")
        service = Issued(self._pki.chain("CPS"), self._pki.key("CPS"))
        recipient = service.certificate if self.switch.mode == WRONG else asked.chain[0]
        body = seal(contract, recipient, service, chance, asked.action)
        self._tell("pool.delivered", asked, emaid=contract.emaid)
        return contract.emaid, body

    def _check_car(self, asked: Asked) -> None:
        update = asked.action == "Update"
        purpose = Purpose.CONTRACT if update else Purpose.PROVISIONING
        kinds: tuple[Kind, ...] = ("MO", "V2G") if update else ("OEM", "V2G")
        roots = [root for kind in kinds for root in self._pki.roots(kind)]
        verdict = validate(asked.chain, roots, self.clock.now(), purpose=purpose)
        if not verdict.ok:
            raise PkiError(f"'{asked.name}' is not to be trusted: {verdict.detail}")

    def _contract(self, emaid: str, chance: Chance, *, fresh: bool) -> Contract:
        """The contract held for an EMAID that is good and whose key is here, else a new one."""
        now = self.clock.now()
        if not fresh:
            try:
                held = self._pki.contract(emaid)
            except PkiError:
                held = None
            if held is not None:
                row = self._pki.row(held.certificate.serial_number)
                if row and not row.revoked and row.not_before <= now <= row.not_after:
                    return held
        return self._pki.issue_contract(emaid, now, chance)

    def _tell(self, what: str, asked: Asked, **more: str) -> None:
        self.journal.event(
            self.actor, what, car=asked.name, action=asked.action, switch=str(self.switch), **more
        )

    # Root certificates

    def _opcp_roots(self, request: Request, _: Mapping[str, str]) -> Response:
        """OPCP 1.0.0, getAllRootCerts: GET /v1/root/rootCerts?rootType=mo."""
        roots = self._roots(request.query.get("rootType"))
        return _json(200, {"RootCertificateCollection": {"rootCertificates": roots}})

    def _opcp_root(self, _: Request, params: Mapping[str, str]) -> Response:
        """OPCP 1.0.0, getRootCert: GET /v1/root/rootCerts/{id}."""
        for root in self._roots(None):
            if root["rootCertificateId"] == params["id"].lower():
                return _json(200, {"RootResponse": root})
        return self._error(404, "no root certificate has this id")

    def _opnc_roots(self, request: Request, _: Mapping[str, str]) -> Response:
        """OPNC 1.0, getRootCertificatesV1: GET /opnc/v1/rcp/rootcertificates?pkiType=eMSP."""
        return _json(200, {"rootCertificateCollection": self._roots(request.query.get("pkiType"))})

    def _roots(self, kind: str | None) -> list[dict[str, str]]:
        if kind is not None and kind.lower() not in _ROOT_TYPES:
            raise PkiError(f"root type '{kind}': mo, v2g or oem is expected")
        kinds: list[Kind] = [_ROOT_TYPES[kind.lower()]] if kind else ["V2G", "MO", "OEM"]
        return [_root(k, root) for k in kinds for root in self._pki.roots(k)]


def _root(kind: Kind, root: x509.Certificate) -> dict[str, str]:
    """OPCP's RootCertV2; its id, a UUID of the pool's own, comes from the fingerprint here."""
    digest = fingerprint(root)
    key_id = x509.SubjectKeyIdentifier.from_public_key(root.public_key()).digest
    return {
        "rootCertificateId": str(uuid.UUID(hex=digest[:32])),
        "rootType": kind,
        "caCertificate": _text(root.public_bytes(Encoding.DER)),
        "distinguishedName": root.subject.rfc4514_string(),
        "commonName": common_name(root),
        "organizationName": organization(root),
        "rootAuthorityKeyIdentifier": _text(key_id),
        "rootIssuerSerialNumber": serial_hex(root),
        "validFrom": rfc3339(root.not_valid_before_utc),
        "validTo": rfc3339(root.not_valid_after_utc),
        "fingerprint": digest,
    }


def _asked(request: Request) -> tuple[Asked, str]:
    """The car's request in a body, and the schema that it is said to be of. Raises PkiError."""
    try:
        body = msgspec.json.decode(request.body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PkiError(f"the body is no JSON object: {error}") from error
    exi, schema = body.get("certificateInstallationReq"), body.get("xsdMsgDefNamespace")
    if not isinstance(exi, str) or not isinstance(schema, str):
        raise PkiError("certificateInstallationReq and xsdMsgDefNamespace: texts are expected")
    return read_request(read_exi_text(exi)), schema


def _json(status: int, body: Any) -> Response:
    return Response(status, _JSON, msgspec.json.encode(body))


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
