"""The shapes of the control API: what it takes and what it gives, as types.

Rule: a field stands here once; decoding, the OpenAPI document and its schemas come from these.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Object = dict[str, Any]
TokenType = Literal["RFID", "APP_USER", "AD_HOC_USER", "OTHER"]
WhitelistType = Literal["ALWAYS", "ALLOWED", "ALLOWED_OFFLINE", "NEVER"]
CredentialsToken = Annotated[
    str,
    Meta(min_length=1, max_length=64, pattern="^[!-~]+$", description="a credentials token, plain"),
]
Url = Annotated[str, Meta(min_length=1, max_length=255, pattern="^https?://[!-~]+$")]
CiString36 = Annotated[str, Meta(min_length=1, max_length=36, pattern="^[ -~]+$")]


class Taken(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A request body: an unknown field is an error."""


class NewConnection(Taken, frozen=True, kw_only=True):
    """A CPO to connect without a handshake."""

    our_token: Annotated[
        CredentialsToken, Meta(description="the token the CPO sends with its requests to the peer")
    ]
    their_token: Annotated[
        CredentialsToken, Meta(description="the token the peer sends with its requests to the CPO")
    ]
    version: str = "2.2.1"
    their_versions_url: Annotated[
        Url | None, Meta(description="the CPO's versions endpoint; null: the peer calls nothing")
    ] = None
    profile: Annotated[Object | None, Meta(description="the connection profile")] = None


class NewProfile(Taken, frozen=True, kw_only=True):
    """A change of a connection's profile: fields left out stay as they are."""

    profile: Annotated[Object, Meta(description="the connection profile, or a part of it")]


class Registration(Taken, frozen=True, kw_only=True):
    """A handshake for the peer to begin."""

    versions_url: Url
    token_a: Annotated[CredentialsToken, Meta(description="the token A that the CPO handed out")]
    version: Annotated[
        str | None, Meta(description="this version alone; null: the highest common one")
    ] = None
    profile: Object | None = None


class TokenChange(Taken, frozen=True, kw_only=True):
    """A token to make or to change: fields left out stay as they are."""

    type: TokenType = "RFID"
    contract_id: CiString36 | None = None
    visual_number: Annotated[str, Meta(max_length=64)] | None = None
    issuer: Annotated[str, Meta(max_length=64)] | None = None
    valid: bool | None = None
    whitelist: WhitelistType | None = None
    language: Annotated[str, Meta(pattern="^[a-z]{2}$")] | None = None
    push: Annotated[bool, Meta(description="PUT it at every connected CPO")] = True


class ByHandRequest(Taken, frozen=True, kw_only=True):
    """A request for the peer to send as it is, valid or not."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    module: Annotated[str, Meta(min_length=1, max_length=64, pattern="^[!-~]+$")]
    path: Annotated[
        str, Meta(description="below the module's endpoint, or a whole URL of the other side")
    ] = ""
    body: Annotated[Any, Meta(description="text goes as it is, anything else as JSON")] = None
    version: Annotated[str | None, Meta(description="another version's headers")] = None
    role: Literal["SENDER", "RECEIVER"] | None = None


class CommandRequest(Taken, frozen=True, kw_only=True):
    """A command for the peer to send."""

    connection: Annotated[
        str | None, Meta(description="the connection's id; null: the newest registered one")
    ] = None
    token_uid: Annotated[
        CiString36 | None, Meta(description="START_SESSION: null takes the first APP_USER token")
    ] = None
    token_type: TokenType | None = None
    location_id: CiString36 | None = None
    evse_uid: CiString36 | None = None
    connector_id: CiString36 | None = None
    session_id: CiString36 | None = None
    wait_s: Annotated[
        float, Meta(ge=0, le=300, description="wait so long for the asynchronous result")
    ] = 0.0


class Update(Taken, frozen=True, kw_only=True):
    """An update of the credentials."""

    version: Annotated[
        str | None, Meta(description="go to this version; null: stay with the one in use")
    ] = None


class Pull(Taken, frozen=True, kw_only=True):
    """What to pull: in 2.1.1 locations alone."""

    modules: list[Literal["tariffs", "locations", "cdrs"]] = msgspec.field(
        default_factory=lambda: ["tariffs", "locations"]
    )


class Reset(Taken, frozen=True, kw_only=True):
    """What to forget besides all that CPOs told."""

    connections: Annotated[bool, Meta(description="end all connections, too")] = False
    tokens: Annotated[bool, Meta(description="go back to the first set of tokens")] = True


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A response body."""


class Error(Given, frozen=True, kw_only=True):
    """What was wrong, and where in the body (JSON pointer); what a pull kept before it failed."""

    error: str
    pointer: str = ""
    kept: dict[str, int] | msgspec.UnsetType = msgspec.UNSET


class Endpoint(Given, frozen=True, kw_only=True):
    """One endpoint, as in OCPI version details."""

    identifier: str
    role: str
    url: str


class ConnectionView(Given, frozen=True, kw_only=True):
    """A connection: `endpoints` are the peer's, to be called; `their_endpoints` the CPO's."""

    id: str
    peer: str
    version: str | None
    registered: bool
    versions_url: str
    endpoints: list[Endpoint]
    their_versions_url: str
    their_endpoints: list[Endpoint]
    their_roles: list[Object]
    profile: Object
    problem: Annotated[
        str | None, Meta(description="why the CPO's endpoints could not be read, where that failed")
    ] = None


class Connections(Given, frozen=True, kw_only=True):
    """All connections; `token_a` registers the next CPO at `versions_url`."""

    versions_url: str
    token_a: str
    connections: list[ConnectionView]


class FindingView(Given, frozen=True, kw_only=True):
    """A broken rule: number it in `after`."""

    number: int
    at: str
    peer: str | None
    session: str | None
    rule: str
    severity: Literal["reject", "drop", "warn", "note"]
    pointer: str
    seen: Any
    expected: str
    objects: list[str]
    message_seq: int | None
    statement: str
    hint: str


class Findings(Given, frozen=True, kw_only=True):
    """Findings, oldest first; `last` is the `after` of the next call."""

    findings: list[FindingView]
    last: int


class JournalPart(Given, frozen=True, kw_only=True):
    """Journal records, oldest first; `last` is the `after` of the next call."""

    records: list[Object]
    last: int


class Held(Given, frozen=True, kw_only=True):
    """What the peer holds of one connection."""

    connection: str
    locations: list[Object]
    hidden_locations: list[str]
    tariffs: list[Object]
    sessions: list[Object]
    cdrs: list[Object]
    refused_cdrs: list[str]
    authorizations: list[Object]


class State(Given, frozen=True, kw_only=True):
    """All that the peer holds."""

    versions_url: str
    token_a: str
    tokens: list[Object]
    held: list[Held]
    commands: list[Object]
    findings: int


class Pushed(Given, frozen=True, kw_only=True):
    """What a CPO answered to a token."""

    connection: str
    http_status: int | None
    status_code: int | None
    problem: str | None


class TokenView(Given, frozen=True, kw_only=True):
    """A token as the peer holds it (OCPI 2.2.1), and where it was pushed."""

    token: Object
    pushed: list[Pushed]


class TokenPushed(Given, frozen=True, kw_only=True):
    """What a CPO answered to one token of many."""

    uid: str
    type: str
    http_status: int | None
    status_code: int | None
    problem: str | None


class TokensPushed(Given, frozen=True, kw_only=True):
    """How many tokens a CPO took, and what it answered to each."""

    taken: int
    pushed: list[TokenPushed]


class ByHandAnswer(Given, frozen=True, kw_only=True):
    """What came back; `problem` says what is wrong with it, `record` is the journal's."""

    method: str
    url: str
    http_status: int | None
    status_code: int | None
    status_message: str | None
    data: Any
    problem: str | None
    record: int | None


class TheirCredentials(Given, frozen=True, kw_only=True):
    """A CPO's credentials as it shows them now, in the connection's version; no token."""

    credentials: Object


class CommandView(Given, frozen=True, kw_only=True):
    """A command: `response` came at once, `result` with the asynchronous POST, where it came."""

    id: str
    connection: str
    command: str
    request: Object
    response: Object | None
    result: Object | None


class RuleView(Given, frozen=True, kw_only=True):
    """A row of the rule table; `judged` is false for a row that is stated and not checked."""

    id: str
    face: Literal["A", "B"]
    versions: list[str]
    severity: str | None
    statement: str
    source: str
    hint: str
    answer: str
    judged: bool


class Rules(Given, frozen=True, kw_only=True):
    """The rule table."""

    rules: list[RuleView]


class Pulled(Given, frozen=True, kw_only=True):
    """How many objects of each module a pull kept; `absent` are modules that were asked for and
    that the CPO does not offer, or Plugsurfing does not pull in the connection's version.
    """

    kept: dict[str, int]
    absent: list[str]


class Ended(Given, frozen=True, kw_only=True):
    """The connection is forgotten here; `problem` is why the CPO may not know of it."""

    done: bool = True
    problem: str | None = None


class Done(Given, frozen=True, kw_only=True):
    """It is done."""

    done: bool = True
