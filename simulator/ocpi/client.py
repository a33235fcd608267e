"""The asking side of OCPI: one place for headers, ids, the envelope, failures and the journal.

Rule: one exchange, one record. Whatever the other side does comes back as an Answer with a named
failure, never as a traceback.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.codec import Around, Kind, Locate, nowhere
from simulator.ocpi.connection import Connection
from simulator.ocpi.crawl import BrokenList, Crawl
from simulator.ocpi.envelope import Envelope, Json, NoEnvelope, OcpiError, parse, write_json
from simulator.ocpi.headers import REQUEST_ID, MessageIds, Routing, TokenForm, authorization
from simulator.ocpi.losses import Losses
from simulator.ocpi.paging import with_query
from simulator.ocpi.text import printable, text_of
from simulator.ocpi.validate import Problem, errors
from simulator.ocpi.versions import BEFORE_NEGOTIATION, CONFIGURATION, VERSIONS, Version
from simulator.wire.http import Headers, Response
from simulator.wire.http_aio import ConnectFailed, HttpClient, HttpFailure


class Failure(StrEnum):
    """Why an exchange did not succeed."""

    NOT_SENT = "not sent"  # there is no endpoint, or its URL is none
    WITHHELD = "withheld"  # the version must not carry the object
    UNREACHABLE = "unreachable"  # no connection, or it broke before an answer
    NO_ANSWER = "no answer"  # none in time
    HTTP_ERROR = "HTTP error"  # an HTTP status outside 2xx
    NOT_JSON = "not JSON"
    NO_ENVELOPE = "no OCPI envelope"
    REFUSED = "refused"  # an OCPI status code outside 1xxx
    BROKEN_LIST = "broken list"  # its Link leads elsewhere, or has no end


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request.

    `envelope` is there whenever the body held one, under any HTTP status; `data` of an answer that
    has a `gives` kind is canonical; `session` is the one it was recorded under.
    """

    method: str
    url: str
    http_status: int | None = None
    envelope: Envelope | None = None
    headers: Headers = field(default_factory=Headers)
    failure: Failure | None = None
    message: str = ""
    record_seq: int | None = None
    session: str | None = None
    data: Json = None

    @property
    def ok(self) -> bool:
        """True for an HTTP 2xx with an OCPI 1xxx."""
        return self.failure is None

    @property
    def status_code(self) -> int | None:
        """The OCPI status code, if one came."""
        return self.envelope.status_code if self.envelope else None

    def require(self) -> Answer:
        """This answer if it is good. Raises OcpiCallFailed."""
        if self.failure is not None:
            raise OcpiCallFailed(self)
        return self


class OcpiCallFailed(Exception):
    """An exchange that did not succeed; all about it is in `answer`."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(f"{answer.method} {answer.url}: {answer.failure}: {answer.message}")

    @property
    def failure(self) -> Failure:
        """Why."""
        assert self.answer.failure is not None
        return self.answer.failure


@dataclass(frozen=True, slots=True)
class Got:
    """One object of a list, canonical and as it came; `answer` is its page.

    `problems` are the errors of the raw object in its version: who reads the list decides what it
    can still use.
    """

    obj: Json
    raw: Json
    answer: Answer
    problems: tuple[Problem, ...] = ()


class OcpiClient:
    """Send OCPI requests for one actor, to any of its peers.

    `routing`: whether requests carry routing headers in the versions that know them.
    """

    def __init__(
        self,
        http: HttpClient,
        clock: Clock,
        chance: Chance,
        journal: Journal,
        actor: str,
        *,
        location: Locate = nowhere,
        token: Locate = nowhere,
        tariff: Locate = nowhere,
        routing: bool = True,
    ) -> None:
        self._http = http
        self.clock = clock
        self._chance = chance.child("ocpi/client")
        self._journal = journal
        self.actor = actor
        self._routing = routing
        self._lookup: dict[str, Locate] = {"location": location, "token": token, "tariff": tariff}

    async def exchange(
        self,
        connection: Connection,
        method: str,
        url: str,
        *,
        module: str,
        body: Json = None,
        takes: Kind | None = None,
        gives: Kind | None = None,
        query: Mapping[str, object] | None = None,
        session: str | None = None,
        correlation_id: str | None = None,
        timeout_s: float | None = None,
        version: Version | None = None,
        token_form: TokenForm | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request and return what came of it; raises nothing.

        `body` is canonical where `takes` names its kind, else it goes as it is, bytes untouched;
        `gives` is the kind of the answer's data. `version` is the connection's own unless told
        otherwise; `headers` are sent beside OCPI's own.
        """
        told = version.number if version else None
        version = version or _version_of(connection)
        if body is not None and takes is not None:
            noted = Losses()
            if not noted.sendable(version, takes, [body]):
                self._tell(noted, connection, version, takes, session)
                message = f"OCPI {version} does not send such a {takes}"
                return Answer(method, url, failure=Failure.WITHHELD, message=message)
            around = Around.to(connection, **self._lookup)
            body, lost = version.codec.to_wire(takes, body, around, partial=method == "PATCH")
            noted.lost += lost
            self._tell(noted, connection, version, takes, session)
        try:
            url = with_query(url, query or {})
        except ValueError as error:
            return Answer(method, url, failure=Failure.NOT_SENT, message=f"{url!r}: {error}")
        call = _Call(connection, version, method, url, module, session, told or connection.version)
        content = b"" if body is None else body if isinstance(body, bytes) else write_json(body)
        form = token_form or connection.token_form or version.token_form
        fields = {**self._headers(call, form, correlation_id, bool(content)), **(headers or {})}
        answer = await self._send(call, fields, content, timeout_s)
        if answer.envelope is None or gives is None or not answer.ok:
            return answer
        around = Around.of(connection, **self._lookup)
        data = version.codec.from_wire(gives, answer.envelope.data, around)
        return replace(answer, data=data)

    async def request(
        self, connection: Connection, method: str, url: str, *, module: str, **options: Any
    ) -> Answer:
        """Like `exchange`, for callers that want only good answers. Raises OcpiCallFailed."""
        answer = await self.exchange(connection, method, url, module=module, **options)
        return answer.require()

    async def get_all(
        self,
        connection: Connection,
        url: str,
        module: str,
        *,
        gives: Kind,
        session: str | None = None,
        timeout_s: float | None = None,
        **filters: object,
    ) -> AsyncIterator[Got]:
        """Yield the objects of a list, page by page, following Link. Raises OcpiCallFailed.

        A bad object is journalled and yielded with its problems; the rest is not lost for it. A
        list whose links have no end, or lead to another host, is journalled and raises: it is not
        the whole list that it may look like.
        """
        crawl = Crawl(url)
        link: str | None = url
        around = Around.of(connection, **self._lookup)
        version = _version_of(connection)
        while link is not None:
            answer = await self.request(
                connection,
                "GET",
                link,
                module=module,
                query=filters if link == url else None,
                session=session,
                timeout_s=timeout_s,
            )
            data = answer.data
            if not isinstance(data, list):
                message = f"expected a list of objects, not {type(data).__name__}"
                raise OcpiCallFailed(
                    replace(answer, failure=Failure.NO_ENVELOPE, message=f"/data: {message}")
                )
            for index, raw in enumerate(data):
                problems = tuple(errors(gives, raw, version.number))
                if problems:
                    self._tell_bad_object(connection, answer, index, problems)
                yield Got(version.codec.from_wire(gives, raw, around), raw, answer, problems)
            try:
                link = crawl.after(len(data), answer.headers, answer.url)
            except BrokenList as error:
                raise self._broken(connection, module, answer, error) from error

    def _broken(
        self, connection: Connection, module: str, answer: Answer, error: BrokenList
    ) -> OcpiCallFailed:
        self._journal.event(
            self.actor,
            error.what,
            peer=connection.peer,
            module=module,
            url=error.link,
            problem=str(error),
            message_seq=answer.record_seq,
        )
        failed = replace(answer, failure=Failure.BROKEN_LIST, message=str(error))
        return OcpiCallFailed(failed)

    def _tell_bad_object(
        self, connection: Connection, answer: Answer, index: int, problems: tuple[Problem, ...]
    ) -> None:
        self._journal.event(
            self.actor,
            "ocpi.bad-object",
            peer=connection.peer,
            url=printable(answer.url),
            index=index,
            problems=[problem.message for problem in problems],
            message_seq=answer.record_seq,
        )

    def event(self, connection: Connection, what: str, **data: Any) -> None:
        """Journal what was decided about a peer."""
        self._journal.event(self.actor, what, peer=connection.peer, **data)

    # The parts of an exchange

    def _tell(
        self,
        noted: Losses,
        connection: Connection,
        version: Version,
        kind: Kind,
        session: str | None,
    ) -> None:
        peer = connection.peer
        noted.tell(self._journal, self.actor, peer, session, version=version, kind=kind)

    def _headers(
        self, call: _Call, form: TokenForm, correlation_id: str | None, has_body: bool
    ) -> dict[str, str]:
        connection, version = call.connection, call.version
        fields = {"Authorization": authorization(connection.token_out, form)}
        if version.request_ids:
            ids = MessageIds.new(self._chance, correlation_id)
            fields |= ids.headers()
            if call.session is not None:
                self._journal.link(f"request/{ids.request_id}", call.session)
        if self._routing and version.routing_headers and call.module not in CONFIGURATION:
            fields |= Routing(connection.our_party, connection.their_party).headers()
        if has_body:
            fields["Content-Type"] = "application/json"
        return fields

    async def _send(
        self, call: _Call, fields: dict[str, str], content: bytes, timeout_s: float | None
    ) -> Answer:
        began = self.clock.monotonic()
        response: Response | None = None
        try:
            response = await self._http.send(
                call.method, call.url, headers=fields, body=content, timeout_s=timeout_s
            )
            answer = _read(call, response)
        except HttpFailure as error:
            failure = Failure.UNREACHABLE if isinstance(error, ConnectFailed) else Failure.NO_ANSWER
            answer = Answer(call.method, call.url, failure=failure, message=str(error))
        session = call.session
        if session is None and (request_id := fields.get(REQUEST_ID)) is not None:
            # The other end may have learned only from the request what it belongs to.
            session = self._journal.session_of(f"request/{request_id}")
        record = self._journal.ocpi(
            self.actor,
            call.connection.peer,
            session,
            version=call.recorded,
            module=call.module,
            method=call.method,
            url=printable(call.url),
            direction="sent",
            request_headers=fields,
            request_body=text_of(content),
            response_headers={k: printable(v) for k, v in answer.headers.items()},
            response_body=None if response is None else text_of(response.body),
            http_status=answer.http_status,
            status_code=answer.status_code,
            ms=(self.clock.monotonic() - began) * 1000.0,
        )
        return replace(answer, record_seq=record["seq"], session=session)


@dataclass(frozen=True, slots=True)
class _Call:
    connection: Connection
    version: Version
    method: str
    url: str
    module: str
    session: str | None
    agreed: str | None

    @property
    def recorded(self) -> str | None:
        """The version that the exchange is of; the list of versions is of none."""
        listed = self.module == "versions" and self.url == self.connection.versions_url
        return None if listed else self.agreed


def _version_of(connection: Connection) -> Version:
    return VERSIONS[connection.version] if connection.version else BEFORE_NEGOTIATION


def _read(call: _Call, response: Response) -> Answer:
    """Judge an HTTP response."""
    envelope: Envelope | None = None
    failure: Failure | None = None
    message = ""
    try:
        envelope = parse(response.body)
    except OcpiError as error:
        failure, message = Failure.NOT_JSON, error.message
    except NoEnvelope as error:
        failure, message = Failure.NO_ENVELOPE, str(error)
    if envelope is not None and not envelope.ok:
        failure = Failure.REFUSED
        message = f"{envelope.status_code} {envelope.status_message or ''}".rstrip()
    if not 200 <= response.status < 300:
        message = f"HTTP {response.status}" + (f": {message}" if envelope else "")
        failure = Failure.HTTP_ERROR
    return Answer(
        call.method,
        call.url,
        http_status=response.status,
        envelope=envelope,
        headers=response.headers,
        failure=failure,
        message=message,
        data=envelope.data if envelope else None,
    )
