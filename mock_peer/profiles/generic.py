"""A neutral EMP that asks no more than OCPI does: no territory, only the protocol's rules."""

from __future__ import annotations

from mock_peer.profiles import Peer
from mock_peer.profiles.plugsurfing import TOKENS

# fmt: off
RULES = frozenset((
    "credentials.valid", "credentials.cpo-role", "credentials.roles-unique",
    "credentials.before-data", "request.supported", "request.url", "request.body", "request.ids",
    "location.valid", "location.unique",
    "tariff.valid", "session.valid", "command.valid", "authorize.valid", "authorize.token",
    "cdr.valid", "cdr.unaltered", "cdr.not-negative", "cdr.price",
))
# fmt: on

PEER = Peer(
    name="generic",
    country_code="NL",
    party_id="EMP",
    business_name="Generic EMP",
    website="https://example.org",
    rules=RULES,
    tokens=tuple(
        {**token, "contract_id": str(token["contract_id"]).replace("DE-8PS", "NL-EMP")}
        for token in TOKENS
        if token["type"] != "OTHER"
    ),
)
