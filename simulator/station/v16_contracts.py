"""OCPP 1.6, contracts of cars: the application note's Authorize and Get15118EVCertificate, within
DataTransfer.

Rule: a contract is never shown by 1.6's own Authorize (the note, section 3); the transaction then
carries the EMAID as its idTag. A CSMS that does not take the message refuses the contract.
"""

from __future__ import annotations

from simulator.station.authorization import IdToken, TokenInfo
from simulator.station.core import Core, Message, Payload
from simulator.station.pnc import Said
from simulator.station.v16_pnc import spelled_as_201, unwrap, wrap
from simulator.station.v201_contracts import read_said


class Contracts16:
    """How 1.6 carries what a station says of contracts."""

    longest_emaid = 20  # IdToken
    longest_chain = 5500

    def authorize(self, core: Core, token: IdToken, proof: Payload) -> Message:
        """Authorize (6.1): in the note an identifier has no type, in 2.0.1's shape it has."""
        named: Payload = {"idToken": token.value}
        if spelled_as_201(core):
            named["type"] = token.type
        return wrap("Authorize", {"idToken": named, **proof})

    def said(self, answer: Payload) -> Said:
        """What is within: `idTokenInfo` and `certificateStatus`, spelled one way or the other."""
        inner = unwrap(answer)
        if "wrapper" in inner:
            return Said(TokenInfo(f"Rejected: {inner['wrapper']}"))
        return read_said(inner)

    def ev_certificate(self, core: Core, schema: str, action: str, exi: str) -> Message:
        """Get15118EVCertificate (6.4)."""
        data = {"iso15118SchemaVersion": schema, "action": action, "exiRequest": exi}
        return wrap("Get15118EVCertificate", data)

    def opened(self, answer: Payload) -> Payload:
        """What is within."""
        return unwrap(answer)

    def called(self, core: Core, token: IdToken) -> str:
        """What a contract is in this version, for people."""
        spelling = "2.0.1's shape" if spelled_as_201(core) else "the note's shape"
        return f"DataTransfer Authorize in {spelling}, then idTag {token.value}"
