"""The rules, one row each, and their evaluation.

Rule: this table is the only place that says what Plugsurfing demands; it is read as data by the
peer, its reports and the documents. Checks stand in the `rules_*` modules beside it and are pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from mock_peer import facts, profiles
from mock_peer import rules_cdr as cdr
from mock_peer import rules_cdr_whole as cdr_whole
from mock_peer import rules_connection as connection
from mock_peer import rules_location as location
from mock_peer import rules_session as session
from mock_peer import rules_tariff as tariff
from mock_peer import rules_token as token
from mock_peer.rule import (
    ALL,
    V22X,
    V211,
    Breach,
    Check,
    Context,
    Face,
    Finding,
    Occasion,
    Rule,
    Severity,
)
from mock_peer.rules_roam import ROAM_RULES

REJECT, DROP, WARN, NOTE = Severity.REJECT, Severity.DROP, Severity.WARN, Severity.NOTE
A = Face.A
ON = Occasion

SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "P22": "Plugsurfing, CPO requirements for OCPI 2.2.x",
        "P21": "Plugsurfing, CPO requirements for OCPI 2.1.1-d2",
        "ROAM": "Plugsurfing, Roam OCPI FAQ and module pages",
        "SPEC": "the OCPI specification of the connection's version",
        "OV": "Plugsurfing, OCPI overview",
    }
)

# Id, face, versions, severity, source; what it demands; what to do; the checks; a strict answer
# that is not 2000.
# fmt: off
RULES: tuple[Rule, ...] = (
    # Registration and requests
    Rule("credentials.valid", A, ALL, WARN, "SPEC",
         "a credentials object holds all that the version requires",
         "Send token, url and roles (2.1.1: party_id, country_code, business_details).",
         {ON.CREDENTIALS: connection.credentials_valid}, status=2001,
         answer="1000; 2001 where a connection cannot work without"),
    Rule("credentials.cpo-role", A, V22X, REJECT, "SPEC, P22",
         "a role in credentials is one that the version knows, and one at least is CPO",
         "Name each CPO on the connection with `role: CPO`; EMPs register at the Roam face.",
         {ON.CREDENTIALS: connection.cpo_role}, status=2001),
    Rule("credentials.as-agreed", A, ALL, WARN, "P22",
         "the credentials name the main CPO that the profile tells, where it tells one",
         "Register as the CPO that was told before the integration, or correct `main_cpo`.",
         {ON.CREDENTIALS: connection.as_agreed}),
    Rule("credentials.roles-unique", A, V22X, REJECT, "P22",
         "every role, country_code and party_id on a connection is unique, and each CPO has one",
         "Name each CPO on the connection once in `roles`, and push for those alone.",
         {ON.CREDENTIALS: connection.roles_unique, ON.OWNER: connection.owner_has_role,
          ON.CDR: cdr.owner},
         status=2001),
    Rule("credentials.endpoints", A, ALL, WARN, "P22, P21",
         "a CPO offers what Plugsurfing requires: locations, tokens, and from 2.2 on tariffs",
         "Add the modules to your version details: locations and tariffs as SENDER, tokens as "
         "RECEIVER.",
         {ON.ENDPOINTS: connection.required_offered},
         answer="1000; 3003 where nothing that Plugsurfing uses is offered"),
    Rule("credentials.before-data", A, ALL, REJECT, "SPEC, OV",
         "no data before mutual registration, nor with a token that is not known",
         "Finish POST credentials first, and use the token from its answer.",
         {ON.UNREGISTERED: connection.before_data}, http_status=401),
    Rule("request.body", A, ALL, REJECT, "SPEC",
         "a body is JSON",
         "Send UTF-8 JSON; numbers are not quoted.",
         {ON.REQUEST: connection.body_readable}, http_status=400),
    Rule("request.ids", A, V22X, WARN, "SPEC",
         "every request carries X-Request-ID and X-Correlation-ID",
         "Put a fresh unique id into each header.",
         {ON.REQUEST: connection.message_ids}),
    Rule("request.url", A, ALL, WARN, "SPEC",
         "an object's URL is the endpoint's, a slash, and the ids",
         "Put a slash between the endpoint's URL and what follows, unless it ends with one.",
         {ON.REQUEST: connection.joined_by_slash}),
    Rule("request.supported", A, ALL, REJECT, "P22, P21",
         "only what the module table offers is asked for",
         "See the version details for the modules, docs/peer.md for their verbs.",
         {ON.REQUEST: connection.refused_elsewhere}, http_status=405),
    Rule("locations.no-get", A, ALL, REJECT, "P22, P21",
         "a CPO does not GET locations at Plugsurfing",
         "Push what you know with PUT; Plugsurfing pulls from you to compare.",
         {ON.REQUEST: connection.refused("locations", "GET")}, http_status=405),
    Rule("tariffs.no-get", A, ALL, REJECT, "P22, P21",
         "a CPO does not GET tariffs at Plugsurfing",
         "Push what you know with PUT.",
         {ON.REQUEST: connection.refused("tariffs", "GET")}, http_status=405),
    Rule("tariffs.no-patch", A, V22X, REJECT, "P22, SPEC",
         "a tariff is not patched: PATCH is gone since 2.2",
         "PUT the whole tariff.",
         {ON.REQUEST: connection.refused("tariffs", "PATCH")}, http_status=405),
    Rule("sessions.no-get", A, V22X, REJECT, "P22",
         "a CPO does not GET sessions at Plugsurfing",
         "Push what you know with PUT.",
         {ON.REQUEST: connection.refused("sessions", "GET")}, http_status=405),
    Rule("cdrs.no-get", A, ALL, REJECT, "P22, P21",
         "a CPO does not list CDRs at Plugsurfing, and in 2.1.1 does not GET a single one either",
         "From 2.2 on, GET a CDR by the Location header that its POST was answered with.",
         {ON.REQUEST: connection.refused("cdrs", "GET")}, http_status=405),
    # Locations
    Rule("location.valid", A, ALL, REJECT, "P22",
         "the object holds all that the version requires, with the right types, lengths and "
         "enums; time_zone is one of the IANA's",
         "Correct the place that the pointer names; a PATCH needs last_updated.",
         {ON.LOCATION: location.valid("location"), ON.EVSE: location.valid("evse"),
          ON.CONNECTOR: location.valid("connector"),
          ON.LOCATION_PATCH: location.valid_patch,
          ON.EVSE_PATCH: connection.valid_patch("evse", "connectors"),
          ON.CONNECTOR_PATCH: connection.valid_patch("connector")}, status=2001),
    Rule("location.territory", A, ALL, REJECT, "P22, P21",
         "the country is one that Plugsurfing operates in",
         "Do not share locations elsewhere, or agree on a territory in the profile.",
         {ON.LOCATION: location.territory, ON.LOCATION_PATCH: location.territory}),
    Rule("location.unique", A, ALL, REJECT, "P22",
         "ids are unique and consistent: an EVSE uid or evse_id is at one location only",
         "Use each id once; set a moved EVSE to REMOVED where it was.",
         {ON.LOCATION: location.unique_location, ON.EVSE: location.unique_evse,
          ON.CONNECTOR: location.unique_connector,
          ON.LOCATION_PATCH: location.unique_location_patch,
          ON.EVSE_PATCH: location.unique_evse_patch,
          ON.CONNECTOR_PATCH: location.unique_connector_patch},
         status=2001),
    Rule("location.patch-scope", A, ALL, WARN, "P22",
         "a PATCH changes only the addressed object; children sent with it are not applied",
         "PATCH each EVSE and connector at its own URL, or PUT the whole location.",
         {ON.LOCATION_PATCH: location.children_in_location_patch,
          ON.EVSE_PATCH: location.children_in_evse_patch}),
    Rule("location.publish", A, V22X, DROP, "P22",
         "publish=false hides the location from the map; publish_allowed_to is ignored",
         "Publish what drivers shall find; do not count on publish_allowed_to.",
         {ON.LOCATION: location.publish, ON.LOCATION_PATCH: location.publish}),
    Rule("location.one-tariff", A, V22X, DROP, "P22",
         "one tariff per connector, of type REGULAR; others are dropped",
         "Give each connector one tariff id, of a REGULAR tariff.",
         {ON.LOCATION: location.one_tariff("location"), ON.EVSE: location.one_tariff("evse"),
          ON.CONNECTOR: location.one_tariff("connector"),
          ON.EVSE_PATCH: location.one_tariff("evse"),
          ON.CONNECTOR_PATCH: location.one_tariff("connector")}),
    Rule("location.pnc-capability", A, V22X, WARN, "P22",
         "a Plug and Charge connector says so in `capabilities`: ISO_15118_2_PLUG_AND_CHARGE or "
         "ISO_15118_20_PLUG_AND_CHARGE (the connector capability of 2.3, backported)",
         "Add `capabilities` with one of the two words to the connector, not to the EVSE.",
         {ON.LOCATION: location.pnc_capability("location"),
          ON.EVSE: location.pnc_capability("evse"),
          ON.CONNECTOR: location.pnc_capability("connector"),
          ON.EVSE_PATCH: location.pnc_capability("evse"),
          ON.CONNECTOR_PATCH: location.pnc_capability("connector"),
          ON.CDR: location.pnc_connector_used}),
    # Tariffs
    Rule("tariff.valid", A, ALL, REJECT, "SPEC",
         "a tariff holds all that the version requires, under the ids of its URL; it has one owner",
         "Correct the place that the pointer names.",
         {ON.TARIFF: tariff.valid, ON.TARIFF_PATCH: tariff.valid_patch,
          ON.TARIFF_DELETE: tariff.valid_delete}, status=2001),
    Rule("tariff.regular-only", A, V22X, DROP, "P22",
         "a tariff of another type than REGULAR is dropped",
         "Share one REGULAR tariff per connector; tell Plugsurfing before you use several types.",
         {ON.TARIFF: tariff.regular_only}),
    Rule("tariff.unsupported-211", A, (V211,), DROP, "P21",
         "PARKING_TIME components and the restrictions min_power, max_power, start_date and "
         "end_date are not applied",
         "Price without them, or move to OCPI 2.2.1.",
         {ON.TARIFF: tariff.unsupported_211, ON.TARIFF_PATCH: tariff.unsupported_211}),
    # Real-time authorization
    Rule("authorize.valid", A, ALL, REJECT, "SPEC",
         "the body of an authorization, where there is one, is a LocationReferences object",
         "Send location_id and evse_uids.",
         {ON.AUTHORIZE: token.references_valid}, status=2001),
    Rule("authorize.location-reference", A, ALL, REJECT, "P22, P21",
         "a real-time authorization names the location where the driver wants to charge, and "
         "Plugsurfing knows it",
         "Share the location first, and send its id; or declare private locations in the profile.",
         {ON.AUTHORIZE: token.location_reference}, answer="NOT_ALLOWED"),
    Rule("authorize.territory", A, ALL, REJECT, "P21",
         "the location of a real-time authorization is in the territory",
         "Do not offer roaming there.",
         {ON.AUTHORIZE: token.territory}, answer="NOT_ALLOWED"),
    Rule("authorize.token", A, ALL, REJECT, "SPEC",
         "the token exists, is valid and not blocked",
         "Refuse the driver; pull the token list if the token should be known.",
         {ON.AUTHORIZE: token.token_usable}, status=2004, http_status=404,
         answer="the AllowedType that fits; 2004 (2.1.1: 2000), HTTP 404 for an unknown token"),
    Rule("authorize.reference-issued", A, V22X, None, "P22",
         "every real-time answer carries an authorization_reference, whatever the verdict",
         "Keep the reference and copy it into session and CDR.",
         {ON.AUTHORIZATION: token.reference_issued}),
    # Sessions and commands
    Rule("session.valid", A, V22X, REJECT, "SPEC",
         "a session holds all that the version requires, under the ids of its URL",
         "Correct the place that the pointer names; a PATCH needs last_updated.",
         {ON.SESSION: session.valid, ON.SESSION_PATCH: session.valid_patch},
         status=2001),
    Rule("session.not-negative", A, V22X, WARN, "SPEC",
         "a session's energy and cost are zero or more, and it does not end before its start",
         "Correct the meter's or the price's sign, or the clock.",
         {ON.SESSION: session.not_negative, ON.SESSION_PATCH: session.not_negative}),
    Rule("session.known-location", A, V22X, WARN, "P22",
         "a session is at a location and EVSE that were shared, unless the profile declares "
         "private locations",
         "Share the location first, hidden ones with publish=false; its CDR is refused else.",
         {ON.SESSION: session.known_location, ON.SESSION_PATCH: session.known_location}),
    Rule("session.ends-once", A, V22X, WARN, "SPEC",
         "a session that is COMPLETED or INVALID does not go on",
         "Use a new id for a new session.",
         {ON.SESSION: session.ends_once, ON.SESSION_PATCH: session.ends_once}),
    Rule("session.no-preferences", A, V22X, DROP, "P22",
         "charging preferences are not supported",
         "Leave charging preferences out.",
         {ON.SESSION: session.no_preferences, ON.SESSION_PATCH: session.no_preferences,
          ON.PREFERENCES: session.preferences_request}, http_status=405),
    Rule("session.start-denied", A, ALL, REJECT, "P21",
         "a session that was started after NOT_ALLOWED is not paid",
         "Do not let a driver charge whom a real-time authorization refused.",
         {ON.CDR: cdr.started_after_denial}),
    Rule("session.required-for-remote", A, V22X, WARN, "P22",
         "a CPO that accepts START_SESSION pushes sessions",
         "Offer the sessions module, and PUT the session when it starts.",
         {ON.ENDPOINTS: connection.sessions_offered, ON.CDR: cdr.remote_without_session}),
    Rule("command.valid", A, V22X, REJECT, "SPEC",
         "the answer to a command, and its result later, hold all that the version requires",
         "Answer with a CommandResponse: result and timeout; POST a CommandResult to the "
         "response_url.",
         {ON.COMMAND_RESPONSE: connection.valid("command_response"),
          ON.COMMAND_RESULT: connection.valid("command_result")}, status=2001),
    # CDRs
    Rule("cdr.valid", A, ALL, REJECT, "P22",
         "a CDR is complete and correct for the version: what it tells of the token is as "
         "issued, its totals are amounts, and what its charging periods add up to",
         "Correct the place that the pointer names, and POST it again.",
         {ON.CDR: cdr_whole.valid}, status=2001),
    Rule("cdr.unaltered", A, ALL, REJECT, "P22",
         "a CDR never changes: the same id with other content is refused, the very same again is "
         "answered as the first time",
         "Send a CDR once, when it is final; repeat it byte for byte if the answer was lost.",
         {ON.CDR: cdr.unaltered}),
    Rule("cdr.paid-once", A, ALL, WARN, "P22",
         "a session is billed by one CDR, an authorization_reference stands on one, and so does a "
         "visit: token, EVSE and start",
         "Send one CDR for a session; ask again for each session, and copy that reference.",
         {ON.CDR: cdr.paid_once}),
    Rule("cdr.in-time", A, ALL, WARN, "P22",
         "a CDR comes after the session's end, at most one hour after it unless that was agreed, "
         "best at once",
         "POST the CDR when the session ends; keep the clock right to the minute.",
         {ON.CDR: cdr.in_time}),
    Rule("cdr.authorization-reference", A, V22X, REJECT, "P22",
         "where a real-time authorization took place for this session (at its EVSE, and no other "
         "CDR's or session's), the CDR carries its reference, and that belongs to an ALLOWED "
         "answer for this token (uid, type and contract) and location, given in the session or in "
         "the hour before it",
         "Copy authorization_reference from the answer, or from START_SESSION, into the CDR.",
         {ON.CDR: cdr.authorization_reference}, status=2001),
    Rule("cdr.realtime-only", A, ALL, REJECT, "P22, ROAM",
         "the driver was authorized in real time, in the session or in the hour before it, by an "
         "answer that serves no other CDR: always for whitelist NEVER, and before energy flows; "
         "for ALLOWED_OFFLINE a local decision is accepted only where communication was "
         "interrupted; none is for a token that was blocked",
         "Ask for each start while you are online; tell Plugsurfing about interruptions.",
         {ON.CDR: cdr.realtime_only}),
    Rule("cdr.known-location", A, ALL, REJECT, "P22",
         "the location was shared before the session, unless the profile declares private "
         "locations",
         "Share every location up front, hidden ones with publish=false.",
         {ON.CDR: cdr.known_location}, status=2003),
    Rule("cdr.not-negative", A, ALL, REJECT, "P22",
         "energy, price and time are zero or more",
         "Correct the meter's or the price's sign.",
         {ON.CDR: cdr.not_negative}, status=2001),
    Rule("cdr.no-credit", A, V22X, REJECT, "P22",
         "credit CDRs are not supported",
         "Settle corrections with Plugsurfing outside OCPI.",
         {ON.CDR: cdr.no_credit}),
    Rule("cdr.price", A, ALL, WARN, "P22",
         "the total recomputed from the tariff that applied equals total_cost to the cent, in the "
         "tariff's currency",
         "`roamlab price` shows the calculation line by line.",
         {ON.CDR: cdr.right_price}),
    Rule("cdr.home-charging", A, ALL, NOTE, "P22",
         "the verdict on home charging compensation",
         "Set home_charging_compensation, and HCC_E or HCC_V as remark.",
         {ON.CDR: cdr.home_charging}),
    # Tokens, which Plugsurfing sends
    Rule("token.never-patched", A, V22X, None, "P22",
         "Plugsurfing never PATCHes tokens",
         "Accept PUT of a whole token.",
         {ON.TOKEN_PATCH: token.never_patched}),
    Rule("token.fields", A, V22X, None, "P22",
         "Plugsurfing never sends group_id, default_profile_type or energy_contract",
         "Do not wait for them.",
         {ON.TOKEN: token.token_fields}),
    Rule("token.pnc", A, ALL, None, "P22",
         "Plug and Charge contracts arrive as tokens: uid = contract id = EMAID with dashes, type "
         "OTHER (EMAID only from 2.3), whitelist NEVER, issuer DE*8PS",
         "Accept a type OTHER token whose uid is an EMAID, and ask in real time for each use.",
         {ON.TOKEN: token.token_pnc}),
    Rule("quirk.published-pnc-example", A, ALL, None, "P22",
         'the published example of such a token has "valid": "true" (a string) and "authId": sent '
         "where the profile asks for the quirk",
         "Add `quirks: [published-pnc-example]` to the profile to test your tolerance.",
         {ON.TOKEN: token.published_example}),
    *ROAM_RULES,
)
# fmt: on

BY_ID: Mapping[str, Rule] = MappingProxyType({rule.id: rule for rule in RULES})


def rule(rule_id: str) -> Rule:
    """The row of that id. Raises KeyError."""
    return BY_ID[rule_id]


def evaluate(occasion: Occasion, raw: Any, context: Context) -> list[Finding]:
    """Hold a raw message against every rule that applies, as the connection's profile has it.

    Pure; any JSON is taken. Findings come in the table's order.
    """
    if occasion is Occasion.CDR:
        context.memo["cdr"] = facts.of_cdr(raw, context.version, context.known)
    switches = context.profile.rules
    findings: list[Finding] = []
    for row, check in _rows(occasion, context.version, context.profile.peer):
        for breach in check(raw, context):
            switch = switches.get(row.id)
            if switch != "off":
                findings.append(_finding(row, switch, breach))
    return findings


def _finding(row: Rule, switch: str | None, breach: Breach) -> Finding:
    severity = Severity(switch) if switch is not None else row.severity or Severity.NOTE
    return Finding(
        row.id,
        severity,
        breach.pointer,
        breach.seen,
        breach.expected,
        breach.objects,
        breach.removes and severity in (row.severity, Severity.DROP),
        breach.status,
    )


@cache
def _rows(occasion: Occasion, version: str, peer: str) -> tuple[tuple[Rule, Check], ...]:
    """What is judged on an occasion: computed once for each version and peer."""
    wanted = profiles.find(peer).rules
    return tuple(
        (row, row.checks[occasion])
        for row in RULES
        if occasion in row.checks
        and version in row.versions
        and (wanted is None or row.id in wanted)
    )
