"""What a handler of an OCPI request gets and gives: Route, Ctx, Result.

Rule: a handler sees the canonical object and the raw wire side by side; what judges reads the raw
one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.ocpi.codec import Kind
from simulator.ocpi.connection import Connection, InterfaceRole
from simulator.ocpi.envelope import OK, Json
from simulator.ocpi.headers import MessageIds, Routing, Seen
from simulator.ocpi.losses import Losses
from simulator.ocpi.paging import DEFAULT_LIMIT, Page, Window, parse_page
from simulator.ocpi.text import text_of
from simulator.ocpi.versions import VERSIONS, Version
from simulator.wire.http import Headers, Request, Response


@dataclass(frozen=True, slots=True)
class Result:
    """What a handler answers. `data` is canonical where the route names what it gives.

    `after` runs once the answer is on its way and its record is written. `delay_s` and `closed` are
    for faults: wait before answering, or close the connection without an answer.
    """

    data: Json = None
    status_code: int = OK
    message: str | None = None
    created: bool = False
    http_status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    after: Callable[[], Awaitable[None]] | None = None
    delay_s: float = 0.0
    closed: bool = False

    @property
    def http(self) -> int:
        """The HTTP status: 201 for what is new, else 200, unless told otherwise."""
        return self.http_status or (201 if self.created else 200)


OcpiHandler = Callable[["Ctx"], Awaitable[Result]]


@dataclass(frozen=True, slots=True)
class Route:
    """A row of a server's table. `path` is relative to the module's endpoint.

    `takes` names the kind of the body: it must then be a JSON object, its ids those of the URL, and
    `ctx.obj` is the canonical one. `optional`: it may be absent. `gives` names the kind of the
    answer's data, or of its items where it is a list.
    """

    module: str
    role: InterfaceRole
    method: str
    path: str
    handler: OcpiHandler
    takes: Kind | None = None
    gives: Kind | None = None
    optional: bool = False
    versions: tuple[str, ...] = tuple(VERSIONS)


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule, to be recorded with the exchange it was seen in."""

    rule: str
    severity: str
    pointer: str
    seen: Any
    expected: str
    objects: tuple[str, ...] = ()


@dataclass(slots=True)
class Ctx:
    """One request on its way through the server.

    `message_seq` is the number of the exchange's record. It exists only once the answer is known:
    so a handler adds to `findings` (or calls `find`), and the server records the exchange first,
    then each finding with its number. What runs as `Result.after` may read it.
    """

    request: Request
    actor: str
    ids: MessageIds
    routing: Routing
    began: float
    seen: Seen | None = None
    stored: Connection | None = None
    module: str | None = None
    used: Version | None = None
    route: Route | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    json: Json = None
    obj: Json = None
    session: str | None = None
    findings: list[Finding] = field(default_factory=list)
    losses: Losses = field(default_factory=Losses)
    message_seq: int | None = None
    notes: dict[str, Any] = field(default_factory=dict)  # between an owner's hooks and handlers

    @property
    def connection(self) -> Connection:
        """The connection whose token the request carries."""
        assert self.stored is not None, "handlers run behind authentication"
        return self.stored

    @property
    def version(self) -> Version:
        """The version of the URL that was called."""
        assert self.used is not None, "handlers run behind routing"
        return self.used

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.request.method

    @property
    def query(self) -> Mapping[str, str]:
        """The query parameters."""
        return self.request.query

    @property
    def token_type(self) -> str:
        """The type of the token that the URL names: `type`, in 2.1.1 also `token_type`, or RFID."""
        return self.query.get("type") or self.query.get("token_type") or "RFID"

    @property
    def headers(self) -> Headers:
        """The request's headers."""
        return self.request.headers

    @property
    def raw(self) -> bytes:
        """The body as it came."""
        return self.request.body

    @property
    def text(self) -> str:
        """The body as text, for records."""
        return text_of(self.request.body)

    def find(
        self,
        rule: str,
        severity: str,
        pointer: str,
        seen: Any,
        expected: str,
        objects: tuple[str, ...] = (),
    ) -> None:
        """Add a finding to this exchange."""
        self.findings.append(Finding(rule, severity, pointer, seen, expected, objects))

    def page(self, max_limit: int = DEFAULT_LIMIT, *, date_from_required: bool = False) -> Page:
        """The page that the query asks for. Raises InvalidParameters (2001)."""
        return parse_page(self.query, max_limit=max_limit, date_from_required=date_from_required)

    def sendable(self, kind: Kind, items: Iterable[Json]) -> list[Json]:
        """The objects that may travel in the version of the request; the journal tells of others.

        Who lists objects asks this first, that the total is that of what can be had.
        """
        return self.losses.sendable(self.version, kind, items)

    def listing(self, window: Window[Any]) -> Result:
        """A page as an answer, with its headers."""
        url = f"{self.request.base_url}{self.request.path}"
        return Result(list(window.items), headers=window.headers(url))


Tamper = Callable[[Ctx, Response], Awaitable[Response]]
