"""Requests that a check sends on purpose: without a token, with a wrong one, broken, or plain.

Rule: a probe is a row. It goes out as it stands, past the client that would mend it, and is
recorded like any exchange; what it has to come to is judged elsewhere, by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Literal, NamedTuple

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal
from simulator.ocpi.codec import Around
from simulator.ocpi.connection import RECEIVER, SENDER, Connection, InterfaceRole
from simulator.ocpi.envelope import NoEnvelope, OcpiError, parse, write_json
from simulator.ocpi.headers import CORRELATION_ID, REQUEST_ID, authorization
from simulator.ocpi.paging import parse_link, with_query
from simulator.ocpi.text import printable, text_of
from simulator.ocpi.versions import BEFORE_NEGOTIATION, VERSIONS
from simulator.wire.http import Headers, Response, join_url
from simulator.wire.http_aio import HttpClient, HttpFailure

UNKNOWN_TOKEN = "roamlab-check-unknown-token"
NOWHERE = "ROAMLAB-NO-SUCH-ID"


class Stage(Enum):
    """When a probe goes out."""

    BEFORE = "before the registration"
    AFTER = "once data was exchanged"
    LAST = "before the connection ends"
    ENDED = "after the connection has ended"


@dataclass(frozen=True, slots=True)
class Site:
    """What probes are made of: the connection, token A (empty: the other side began the
    registration, and has none of its own), a token that was pushed, a location.

    `answers` are the responses to earlier probes, by name.
    """

    connection: Connection
    token_a: str
    now: datetime
    token: Mapping[str, Any]
    location_id: str | None
    our_versions_url: str
    answers: Mapping[str, Response]

    def endpoint(self, module: str, role: InterfaceRole) -> str | None:
        """The URL of one of the other side's endpoints."""
        return self.connection.endpoints.get((module, role))

    def token_url(self) -> str | None:
        """The URL of the token, where the other side takes tokens."""
        url, token = self.endpoint("tokens", RECEIVER), self.token
        party = self.connection.our_party
        return join_url(url, *party, token["uid"]) if url and party and token else None


Where = Callable[[Site], str | None]


class Probe(NamedTuple):
    """A row: name, when, module, method, URL (None: cannot be sent), whose token, body."""

    name: str
    stage: Stage
    module: str
    method: str
    where: Where
    token: Literal["ours", "none", "unknown", "A"] = "ours"
    body: Callable[[Site], bytes] = lambda site: b""


def _versions(site: Site) -> str | None:
    return site.connection.versions_url


def _versions_of_token_a(site: Site) -> str | None:
    return site.connection.versions_url if site.token_a else None


def _credentials(site: Site) -> str | None:
    return site.endpoint("credentials", SENDER)


def _locations(**query: Any) -> Where:
    def where(site: Site) -> str | None:
        url = site.endpoint("locations", SENDER)
        return with_query(url, query) if url else None

    return where


def _next_page(site: Site) -> str | None:
    first, url = site.answers.get("first page"), site.endpoint("locations", SENDER)
    return parse_link(first.headers.get("Link"), url) if first and url else None


def _tomorrow(site: Site) -> str | None:
    return _locations(date_from=rfc3339(site.now + timedelta(days=1)))(site)


def _one_location(site: Site) -> str | None:
    url = site.endpoint("locations", SENDER)
    return join_url(url, site.location_id) if url and site.location_id else None


def _no_location(site: Site) -> str | None:
    url = site.endpoint("locations", SENDER)
    return join_url(url, NOWHERE) if url else None


def _token(site: Site) -> bytes:
    return write_json(site.token)


def _token_of_another_id(site: Site) -> bytes:
    return write_json({**site.token, "uid": NOWHERE, "valid": False})


def _our_credentials(site: Site) -> bytes:
    """Our credentials as they stand: who takes them a second time is none the worse for it."""
    connection = site.connection
    told = {"url": site.our_versions_url, "roles": connection.our_roles}
    codec, around = VERSIONS[connection.version or ""].codec, Around.to(connection)
    return write_json(
        codec.to_wire("credentials", {"token": connection.token_in, **told}, around).obj
    )


# fmt: off
PROBES: tuple[Probe, ...] = (
    Probe("versions", Stage.BEFORE, "versions", "GET", _versions, "A"),
    Probe("no token", Stage.BEFORE, "versions", "GET", _versions, "none"),
    Probe("unknown token", Stage.BEFORE, "versions", "GET", _versions, "unknown"),
    Probe("token A again", Stage.AFTER, "versions", "GET", _versions_of_token_a, "A"),
    Probe("credentials", Stage.AFTER, "credentials", "GET", _credentials),
    Probe("data, unknown token", Stage.AFTER, "locations", "GET", _locations(), "unknown"),
    Probe("first page", Stage.AFTER, "locations", "GET", _locations(limit=1)),
    Probe("next page", Stage.AFTER, "locations", "GET", _next_page),
    Probe("from tomorrow", Stage.AFTER, "locations", "GET", _tomorrow),
    Probe("one location", Stage.AFTER, "locations", "GET", _one_location),
    Probe("no such location", Stage.AFTER, "locations", "GET", _no_location),
    Probe("token again", Stage.AFTER, "tokens", "PUT", Site.token_url, body=_token),
    Probe("token of another id", Stage.AFTER, "tokens", "PUT", Site.token_url,
          body=_token_of_another_id),
    Probe("empty token", Stage.AFTER, "tokens", "PUT", Site.token_url, body=lambda site: b"{}"),
    Probe("broken JSON", Stage.AFTER, "tokens", "PUT", Site.token_url, body=lambda site: b'{"uid"'),
    Probe("registered twice", Stage.LAST, "credentials", "POST", _credentials,
          body=_our_credentials),
    Probe("token of an ended connection", Stage.ENDED, "versions", "GET", _versions),
)
# fmt: on


class Prober:
    """Send probes over one connection, and remember their records by name."""

    def __init__(
        self, http: HttpClient, *, clock: Clock, chance: Chance, journal: Journal, actor: str
    ) -> None:
        self._http = http
        self._clock = clock
        self._chance = chance.child("probes")
        self._journal = journal
        self._actor = actor
        self.records: dict[str, int] = {}
        self.answers: dict[str, Response] = {}

    async def send_all(self, stage: Stage, site: Site) -> None:
        """Send the probes of a stage, one after the other."""
        for probe in PROBES:
            if probe.stage is stage:
                await self.send(probe, site)

    async def send(self, probe: Probe, site: Site) -> HttpFailure | None:
        """Send one; returns why no answer came, if so."""
        url = probe.where(site)
        if url is None:
            return None
        connection = site.connection
        body = probe.body(site)
        fields = self._headers(probe, site, bool(body))
        response, failure = None, None
        try:
            response = await self._http.send(probe.method, url, headers=fields, body=body)
            self.answers[probe.name] = response
        except HttpFailure as error:
            failure = error
        record = self._journal.ocpi(
            self._actor,
            connection.peer,
            None,
            version=connection.version,
            module=probe.module,
            method=probe.method,
            url=printable(url),
            direction="sent",
            request_headers=fields,
            request_body=text_of(body),
            response_headers=_printable(response),
            response_body=text_of(response.body) if response else None,
            http_status=response.status if response else None,
            status_code=_code(response),
            ms=0.0,
        )
        self.records[probe.name] = record["seq"]
        return failure

    def _headers(self, probe: Probe, site: Site, has_body: bool) -> dict[str, str]:
        connection = site.connection
        version = VERSIONS.get(connection.version or "", BEFORE_NEGOTIATION)
        form = connection.token_form or version.token_form
        tokens = {
            "ours": connection.token_out,
            "unknown": UNKNOWN_TOKEN,
            "A": site.token_a or connection.token_out,
        }
        fields = {}
        if probe.token in tokens:
            fields["Authorization"] = authorization(tokens[probe.token], form)
        if version.request_ids:
            fields |= {REQUEST_ID: self._chance.uuid4(), CORRELATION_ID: self._chance.uuid4()}
        if has_body:
            fields["Content-Type"] = "application/json"
        return fields


def _printable(response: Response | None) -> dict[str, str]:
    headers = response.headers if response else Headers()
    return {name: printable(value) for name, value in headers.items()}


def _code(response: Response | None) -> int | None:
    try:
        return parse(response.body).status_code if response else None
    except (OcpiError, NoEnvelope):
        return None
