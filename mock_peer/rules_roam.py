"""The rules of the Roam face, Plugsurfing as CPO DE*8PS towards EMPs: stated here, not judged yet.

Rule: a row without a check is never claimed to be in force; the documents mark it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mock_peer.rule import V221, Face, Rule

_STATEMENTS: Mapping[str, str] = MappingProxyType(
    {
        "roam.roles": (
            'the credentials roles list holds only CPO DE*8PS "Plugsurfing"; operators are told '
            "by each location's country_code, party_id and operator"
        ),
        "roam.no-routing-headers": "OCPI-from and OCPI-to routing headers are ignored",
        "roam.unique-ids": (
            "ids of locations, EVSEs, connectors, tariffs, sessions and CDRs are unique over all "
            "CPOs: they are rewritten, stably"
        ),
        "roam.limit-minute": (
            "3,000 requests per clock minute (UTC), then HTTP 429 without Retry-After until the "
            "next minute"
        ),
        "roam.limit-day": (
            "1,000,000 requests per UTC day, then 429; what the minute limit refused does not count"
        ),
        "roam.limit-locations": (
            "location pull once a minute, pages excepted: a finding and no refusal, unless the "
            "profile enforces it"
        ),
        "roam.locations-pull-only": "locations, EVSEs and connectors are not pushed",
        "roam.locations-page": (
            "at most 250 locations a page; the next page only by the Link header, whose URL "
            "carries an opaque smart_paging value; no deep offsets, no parallel pulls"
        ),
        "roam.locations-delta": (
            "date_from and date_to return the locations whose own data or inlined tariff changed "
            "in that time"
        ),
        "roam.locations-removed": "a removed location is absent from the next full pull",
        "roam.locations-countries": (
            "an EMP sees the countries it selected, less the CPOs it blocked"
        ),
        "roam.locations-name": (
            "a location's name may be absent; address has up to 200 and postal_code up to 50 "
            "characters, in CDRs too"
        ),
        "roam.capabilities": (
            "EVSE capabilities of card and payment use, remote start and RFID are kept; those of "
            "charging profiles and preferences, reservation, token groups and unlocking are "
            "stripped"
        ),
        "roam.tariffs-inlined": (
            "each connector carries the whole tariff object; a tariff id never changes its "
            "content: new content, new id"
        ),
        "roam.tokens-push-only": (
            "EMPs push tokens, none are pulled; a token is there before a remote start with it"
        ),
        "roam.token-types": "APP_USER and AD_HOC_USER tokens are refused",
        "roam.token-whitelist": (
            "NEVER and ALLOWED_OFFLINE go on to CPOs as they are; ALWAYS and ALLOWED become "
            "ALLOWED_OFFLINE"
        ),
        "roam.token-issuer": "towards CPOs the issuer is DE*8PS",
        "roam.contract-prefixes": "an EMP's contract id prefixes are registered first",
        "roam.contract-keys": (
            "one token per contract_id by default, up to 25 where the organisation allows several"
        ),
        "roam.contract-change": (
            "a token's contract_id changes only where the organisation allows it"
        ),
        "roam.contract-format": (
            "contract ids are normalised with dashes: DE8PSABCDEFGHI1 becomes DE-8PS-ABCDEFGHI-1"
        ),
        "roam.authorize": (
            "where the organisation has it on: first the location's country and whether the key "
            "is enabled, then the EMP is asked; timeout 1 to 10 s; on timeout or a malformed "
            "answer accept or deny, as set"
        ),
        "roam.commands": (
            "START_SESSION and STOP_SESSION; any other command is answered NOT_SUPPORTED"
        ),
        "roam.sessions": (
            "push only: PUT at the start, PATCH of kwh and last_updated while charging, PUT at "
            "the end; no charging periods"
        ),
        "roam.cdrs": (
            "push only, once per finished session; the id equals the session's where there is "
            "one; may come without session, reference or known location; no credit CDRs"
        ),
        "roam.cdr-retry": (
            "anything but HTTP 200 with OCPI 1000 is sent again every night for up to 7 days"
        ),
        "roam.cdr-breakdown": "the cost breakdown per dimension is always filled in",
        "roam.original-protocol": (
            "X-Original-Protocol stands on sessions and CDRs where the exact key is uncertain: "
            "several tokens share the contract, and the CPO's protocol names only the contract"
        ),
    }
)

ROAM_RULES: tuple[Rule, ...] = tuple(
    Rule(rule_id, Face.B, (V221,), None, "ROAM", statement)
    for rule_id, statement in _STATEMENTS.items()
)
