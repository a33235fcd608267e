"""OCPP 2.0.1, contracts of cars: Authorize with a certificate (C07), Get15118EVCertificate (M01,
M02).

Rule: payloads are the wire's own shape; 1.6 wraps the same ones (`v16_contracts`).
"""

from __future__ import annotations

from simulator.station.authorization import IdToken, TokenInfo, read_expiry
from simulator.station.core import Core, Message, Payload
from simulator.station.pnc import Said


class Contracts201:
    """How 2.0.1 carries what a station says of contracts."""

    longest_emaid = 36  # IdTokenType
    longest_chain = 5500  # AuthorizeRequest.certificate

    def authorize(self, core: Core, token: IdToken, proof: Payload) -> Message:
        """Authorize, with `certificate`, `iso15118CertificateHashData` or both."""
        return Message(
            "Authorize", {"idToken": {"idToken": token.value, "type": token.type}, **proof}
        )

    def said(self, answer: Payload) -> Said:
        """AuthorizeResponse; one without a status that can be read refuses."""
        return read_said(answer)

    def ev_certificate(self, core: Core, schema: str, action: str, exi: str) -> Message:
        """Get15118EVCertificate."""
        payload = {"iso15118SchemaVersion": schema, "action": action, "exiRequest": exi}
        return Message("Get15118EVCertificate", payload)

    def opened(self, answer: Payload) -> Payload:
        """An answer without what it was wrapped in: here, in nothing."""
        return answer

    def called(self, core: Core, token: IdToken) -> str:
        """What a contract is in this version, for people."""
        return f"Authorize, idToken {token.value} of type {token.type}"


def read_said(answer: Payload) -> Said:
    """What an AuthorizeResponse says; 1.6's, inside its DataTransfer, has the same fields."""
    info = answer.get("idTokenInfo")
    if not isinstance(info, dict):
        info = {"status": "Invalid"}
    group = info.get("groupIdToken")
    name = group.get("idToken") if isinstance(group, dict) else None
    expires_at = read_expiry(info.get("cacheExpiryDateTime"))
    status = answer.get("certificateStatus")
    return Said(
        TokenInfo(str(info.get("status")), name, expires_at),
        None if status is None else str(status),
    )
