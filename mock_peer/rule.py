"""What a rule is: a row with a check, what the check may know, and what a broken rule yields.

Rule of this module: a check reads the raw wire and a `Context` value, and nothing else; it decides
nothing about the answer. Any JSON may be handed to a check, so each reads through `mock_peer.raw`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from mock_peer.known import Known
from mock_peer.profile import Profile

V211, V22, V221 = "2.1.1", "2.2", "2.2.1"
ALL = (V211, V22, V221)
V22X = (V22, V221)


class Severity(StrEnum):
    """What a broken rule means for the object it was found in."""

    REJECT = "reject"  # refused, or not paid for
    DROP = "drop"  # accepted, the named part is ignored or removed
    WARN = "warn"  # accepted, a requirement is breached
    NOTE = "note"  # nothing is wrong: a verdict worth telling


class Face(StrEnum):
    """Plugsurfing's side that a rule belongs to: A, EMP towards CPOs, or B, CPO towards EMPs."""

    A = "A"
    B = "B"


class Occasion(StrEnum):
    """What lies before the rules: the message or object that a check reads."""

    UNREGISTERED = "unregistered"  # a request for data without a mutual registration
    REQUEST = "request"  # the head of any functional request: method, module, headers
    CREDENTIALS = "credentials"
    ENDPOINTS = "endpoints"  # the other side's version details
    OWNER = "owner"  # the country_code and party_id that a URL or object names
    LOCATION = "location"
    EVSE = "evse"
    CONNECTOR = "connector"
    LOCATION_PATCH = "location_patch"
    EVSE_PATCH = "evse_patch"
    CONNECTOR_PATCH = "connector_patch"
    TARIFF = "tariff"
    TARIFF_PATCH = "tariff_patch"
    TARIFF_DELETE = "tariff_delete"  # nothing but its URL
    AUTHORIZE = "authorize"  # the body of a real-time authorization request
    AUTHORIZATION = "authorization"  # our answer to one
    SESSION = "session"
    SESSION_PATCH = "session_patch"
    PREFERENCES = "preferences"
    CDR = "cdr"
    TOKEN = "token"  # what we push
    TOKEN_PATCH = "token_patch"  # what we must never push
    COMMAND_RESPONSE = "command_response"  # what a CPO answers to a command, at once
    COMMAND_RESULT = "command_result"  # and what it tells later
    # The Roam face
    ROAM_CREDENTIALS = "roam_credentials"  # what we present to EMPs
    ROAM_ENDPOINTS = "roam_endpoints"  # an EMP's version details
    ROAM_REQUEST = "roam_request"  # the head of an EMP's request
    ROAM_PULL = "roam_pull"  # how a page of locations is asked for
    ROAM_PAGE = "roam_page"  # which locations a page holds
    ROAM_LOCATION = "roam_location"  # a location as EMPs see it
    ROAM_TOKEN = "roam_token"  # what an EMP pushes
    ROAM_TOKEN_SENT = "roam_token_sent"  # what goes on to CPOs
    ROAM_COMMAND = "roam_command"
    ROAM_ANSWER = "roam_answer"  # what came of asking an EMP for authorization
    ROAM_SESSION = "roam_session"  # what we push to EMPs
    ROAM_CDR = "roam_cdr"
    ROAM_CDR_ANSWER = "roam_cdr_answer"  # what an EMP answers to a CDR


@dataclass(frozen=True, slots=True)
class Breach:
    """One place where a rule broke.

    `removes` says that the place is left out of what is stored; `status` is the OCPI code of the
    strict answer where it is not the rule's.
    """

    pointer: str
    seen: Any
    expected: str
    objects: tuple[str, ...] = ()
    removes: bool = False
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What a check may know besides the raw message: the time, the book, the connection's profile.

    `ids` are the identifiers that the URL names, by name (country_code, party_id, location_id, …).
    `seen_before` is the object stored under the same identifiers, where there is one.
    """

    version: str
    now: datetime
    known: Known
    profile: Profile
    ids: Mapping[str, str] = field(default_factory=dict)
    seen_before: Any = None
    memo: dict[str, Any] = field(default_factory=dict)

    @property
    def territory(self) -> frozenset[str] | None:
        """The alpha-3 codes of the countries served in this version; None for no limit."""
        return self.profile.territory_of(self.version)


Check = Callable[[Any, Context], Iterator[Breach]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table.

    `severity` None marks what Plugsurfing itself does: a breach of it is a defect of the peer, told
    as a note. `status` and `http_status` are the strict answer to a reject. No `checks`: the row is
    stated, and not judged yet.
    """

    id: str
    face: Face
    versions: tuple[str, ...]
    severity: Severity | None
    source: str
    statement: str
    hint: str = ""
    checks: Mapping[Occasion, Check] = field(default_factory=dict)
    status: int = 2000
    http_status: int = 200
    answer: str = ""

    @property
    def answers(self) -> str:
        """What a sender is told in strict mode, in words."""
        if self.answer:
            return self.answer
        if self.severity is not Severity.REJECT:
            return "1000"
        return f"{self.status}" + (f", HTTP {self.http_status}" if self.http_status != 200 else "")


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule: where (JSON pointer), what was seen, what was expected, which objects."""

    rule: str
    severity: Severity
    pointer: str
    seen: Any
    expected: str
    objects: tuple[str, ...] = ()
    removes: bool = False
    status: int | None = None

    def __str__(self) -> str:
        place = f" at {self.pointer}" if self.pointer else ""
        return f"{self.rule}{place}: expected {self.expected}"
