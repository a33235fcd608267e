"""The rules of the Roam face: Plugsurfing as CPO DE*8PS towards EMPs, in OCPI 2.2.1.

Rule: one row each, of the one table in `rules`. A row without a severity states what Plugsurfing
itself does; its check finds a defect of this mock, or of another peer that it is held against.
"""

from __future__ import annotations

from mock_peer import roam_checks_pull as pull
from mock_peer import roam_checks_push as push
from mock_peer.roam_facts import valid
from mock_peer.rule import V221, Face, Occasion, Rule, Severity

REJECT, DROP, WARN, NOTE = Severity.REJECT, Severity.DROP, Severity.WARN, Severity.NOTE
B = Face.B
ON = Occasion
V = (V221,)

# Id, face, versions, severity, source; the statement; what to do; the checks; a strict answer that
# is not 2000.
# fmt: off
ROAM_RULES: tuple[Rule, ...] = (
    # Registration and requests
    Rule("roam.roles", B, V, None, "ROAM",
         "the credentials roles list holds only CPO DE*8PS \"Plugsurfing\"; operators are told by "
         "each location's country_code, party_id and operator",
         "Take operators from the locations, and expect no new handshake when they change.",
         {ON.ROAM_CREDENTIALS: pull.roles}),
    Rule("roam.no-routing-headers", B, V, DROP, "ROAM",
         "OCPI-from and OCPI-to routing headers are ignored",
         "Send no routing headers, or name DE*8PS; the session, location or token tells the CPO.",
         {ON.ROAM_REQUEST: pull.routing_headers}),
    Rule("roam.unique-ids", B, V, None, "ROAM",
         "ids of locations, EVSEs, connectors, tariffs, sessions and CDRs are unique over all "
         "CPOs: they are rewritten, stably",
         "Key your data by these ids; the EVSE's evse_id is the CPO's own.",
         {ON.ROAM_LOCATION: pull.location_ids, ON.ROAM_SESSION: push.session_ids,
          ON.ROAM_CDR: push.cdr_ids}),
    Rule("roam.limit-minute", B, V, REJECT, "ROAM",
         "3,000 requests per clock minute (UTC), then HTTP 429 without Retry-After until the next "
         "minute",
         "Spread requests, and wait for the next minute after a 429.",
         {ON.ROAM_REQUEST: pull.limit("minute", "clock minute (UTC)")},
         http_status=429),
    Rule("roam.limit-day", B, V, REJECT, "ROAM",
         "1,000,000 requests per UTC day, then 429; what the minute limit refused does not count",
         "Pull deltas in place of full lists.",
         {ON.ROAM_REQUEST: pull.limit("day", "UTC day")},
         http_status=429),
    # Locations
    Rule("roam.limit-locations", B, V, WARN, "ROAM",
         "location pull once a minute, pages excepted: a finding and no refusal, unless the "
         "organisation enforces it",
         "Begin a pull at most once a minute; `rules: {roam.limit-locations: reject}` enforces it.",
         {ON.ROAM_PULL: pull.pulled_too_soon}, http_status=429),
    Rule("roam.locations-pull-only", B, V, REJECT, "ROAM",
         "locations, EVSEs and connectors are not pushed",
         "Pull them: a delta every one to five minutes, and the whole once a day.",
         {ON.ROAM_REQUEST: pull.refused("locations", "GET of the list, and nothing pushed")},
         http_status=405),
    Rule("roam.locations-page", B, V, REJECT, "ROAM",
         "at most 250 locations a page; the next page only by the Link header, whose URL carries "
         "an opaque smart_paging value; no deep offsets, no parallel pulls",
         "Follow the Link header, one page after the other.",
         {ON.ROAM_PULL: pull.paged, ON.ROAM_PAGE: pull.page_size}, status=2001),
    Rule("roam.locations-delta", B, V, None, "ROAM",
         "date_from and date_to return the locations whose own data or inlined tariff changed in "
         "that time",
         "Compare the inlined tariffs too: a location's own last_updated may stay.",
         {ON.ROAM_PAGE: pull.page_dates}),
    Rule("roam.locations-removed", B, V, None, "ROAM",
         "a removed location is absent from the next full pull",
         "Pull the whole once a day, and drop what is no longer in it.",
         {ON.ROAM_PAGE: pull.page_removed}),
    Rule("roam.locations-countries", B, V, None, "ROAM",
         "an EMP sees the countries it selected, less the CPOs it blocked",
         "Ask Plugsurfing to select a country or to block a CPO.",
         {ON.ROAM_PAGE: pull.page_countries}),
    Rule("roam.locations-name", B, V, None, "ROAM",
         "a location's name may be absent; address has up to 200 and postal_code up to 50 "
         "characters, in CDRs too",
         "Do not require a name; leave room for long addresses.",
         {ON.ROAM_LOCATION: pull.location_lengths, ON.ROAM_CDR: push.cdr_lengths}),
    Rule("roam.capabilities", B, V, None, "ROAM",
         "EVSE capabilities of card and payment use, remote start and RFID are kept; those of "
         "charging profiles and preferences, reservation, token groups and unlocking are stripped",
         "Offer no reservations, profiles or unlocking.",
         {ON.ROAM_LOCATION: pull.capabilities}),
    Rule("roam.tariffs-inlined", B, V, None, "ROAM",
         "each connector carries the whole tariff object; a tariff id never changes its content: "
         "new content, new id",
         "Read `tariffs` of the connector; there is no tariffs module to pull.",
         {ON.ROAM_LOCATION: pull.tariffs_inlined}),
    # Tokens
    Rule("roam.valid", B, V, REJECT, "SPEC",
         "what an EMP sends holds all that OCPI 2.2.1 requires",
         "Correct the place that the pointer names.",
         {ON.ROAM_TOKEN: valid("token"), ON.ROAM_COMMAND: push.command_valid}, status=2001),
    Rule("roam.tokens-push-only", B, V, REJECT, "ROAM",
         "EMPs push tokens, none are pulled; a token is there before a remote start with it",
         "PUT each new or changed token at once, and before you start with it.",
         {ON.ROAM_COMMAND: push.token_before_start}, answer="REJECTED"),
    Rule("roam.token-types", B, V, REJECT, "ROAM",
         "APP_USER and AD_HOC_USER tokens are refused",
         "Push a token of type RFID or OTHER for app users too.",
         {ON.ROAM_TOKEN: push.token_type}, status=2001),
    Rule("roam.token-whitelist", B, V, DROP, "ROAM",
         "NEVER and ALLOWED_OFFLINE go on to CPOs as they are; ALWAYS and ALLOWED become "
         "ALLOWED_OFFLINE",
         "Set NEVER where each start must be asked for, else ALLOWED_OFFLINE.",
         {ON.ROAM_TOKEN: push.token_whitelist, ON.ROAM_TOKEN_SENT: push.whitelist_sent}),
    Rule("roam.token-issuer", B, V, None, "ROAM",
         "towards CPOs the issuer is DE*8PS",
         "Expect drivers to read Plugsurfing, not your name, at the station.",
         {ON.ROAM_TOKEN_SENT: push.issuer_sent}),
    Rule("roam.contract-prefixes", B, V, REJECT, "ROAM",
         "an EMP's contract id prefixes are registered first, each for one EMP",
         "Have the prefix registered before you push tokens with it.",
         {ON.ROAM_TOKEN: push.contract_prefix}, status=2001),
    Rule("roam.contract-keys", B, V, REJECT, "ROAM",
         "one token per contract_id by default, up to 25 where the organisation allows several",
         "Use a contract id for each token, or have several keys per contract allowed.",
         {ON.ROAM_TOKEN: push.contract_keys}, status=2001),
    Rule("roam.contract-change", B, V, REJECT, "ROAM",
         "a token's contract_id changes only where the organisation allows it",
         "Push a new token, or have the change allowed.",
         {ON.ROAM_TOKEN: push.contract_change}, status=2001),
    Rule("roam.contract-format", B, V, NOTE, "ROAM",
         "contract ids are normalised with dashes: DE8PSABCDEFGHI1 becomes DE-8PS-ABCDEFGHI-1",
         "Compare contract ids without dashes.",
         {ON.ROAM_TOKEN: push.contract_format}),
    # Authorization and commands
    Rule("roam.authorize", B, V, WARN, "ROAM",
         "where the organisation has it on: first the location's country and whether the key is "
         "enabled, then the EMP is asked; timeout 1 to 10 s; on timeout or a malformed answer "
         "accept or deny, as set",
         "Answer within the timeout with an AuthorizationInfo.",
         {ON.ROAM_ANSWER: push.authorization_answer, ON.ROAM_ENDPOINTS: pull.authorizes}),
    Rule("roam.commands", B, V, REJECT, "ROAM",
         "START_SESSION and STOP_SESSION; any other command is answered NOT_SUPPORTED",
         "Offer no reservation and no unlocking.",
         {ON.ROAM_COMMAND: push.command_supported}, answer="NOT_SUPPORTED"),
    # Sessions and CDRs
    Rule("roam.sessions", B, V, None, "ROAM",
         "push only: PUT at the start, PATCH of kwh and last_updated while charging, PUT at the "
         "end; no charging periods",
         "Offer sessions as RECEIVER; take the periods from the CDR.",
         {ON.ROAM_SESSION: push.session_message,
          ON.ROAM_ENDPOINTS: pull.offers("sessions", "RECEIVER", "sessions as RECEIVER")}),
    Rule("roam.cdrs", B, V, None, "ROAM",
         "push only, once per finished session; the id equals the session's where there is one; "
         "may come without session, reference or known location; no credit CDRs",
         "Offer cdrs as RECEIVER; require neither session, reference nor a known location.",
         {ON.ROAM_CDR: push.cdr_whole,
          ON.ROAM_ENDPOINTS: pull.offers("cdrs", "RECEIVER", "cdrs as RECEIVER")}),
    Rule("roam.cdr-retry", B, V, WARN, "ROAM",
         "anything but HTTP 200 with OCPI 1000 is sent again every night for up to 7 days",
         "Answer a CDR with HTTP 200, not 201, and take the same one again without harm.",
         {ON.ROAM_CDR_ANSWER: push.cdr_answer}),
    Rule("roam.cdr-breakdown", B, V, None, "ROAM",
         "the cost breakdown per dimension is always filled in",
         "Bill by the parts; they add up to total_cost.",
         {ON.ROAM_CDR: push.cdr_breakdown}),
    Rule("roam.original-protocol", B, V, None, "ROAM",
         "X-Original-Protocol stands on sessions and CDRs where the exact key is uncertain: "
         "several tokens share the contract, and the CPO's protocol names only the contract",
         "Take the token of such a message for the contract's, not for the very key.",
         {ON.ROAM_SESSION: push.original_protocol, ON.ROAM_CDR: push.original_protocol}),
)
# fmt: on
