"""What was said on one connection, as a check reads it: exchanges, findings, probes.

Rule: evidence comes from the journal alone, so that a judgement can be repeated from a file.
Exchanges that we broke on purpose (probes) are kept apart, and count for nothing but their own row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from mock_peer import raw
from mock_peer.profile import Profile
from mock_peer.rule import Occasion
from simulator.kernel.journal import Record
from simulator.ocpi.connection import Connection
from simulator.ocpi.envelope import Json, OcpiError, read_json
from simulator.ocpi.server import UNKNOWN_PEER
from simulator.ocpi.versions import CONFIGURATION
from simulator.wire.http import Headers

ON = Occasion


class Reading(NamedTuple):
    """A row of `READINGS`: who asked, module, method, segments below the endpoint (None: any), and
    what the rules read in such an exchange.
    """

    received: bool
    module: str
    method: str
    depth: int | None
    occasions: tuple[Occasion, ...]


# fmt: off
READINGS: tuple[Reading, ...] = (
    # Face A: a CPO asks us, or we ask it
    Reading(False, "credentials", "POST", None, (ON.CREDENTIALS,)),
    Reading(True, "credentials", "POST", None, (ON.CREDENTIALS,)),
    Reading(True, "credentials", "PUT", None, (ON.CREDENTIALS,)),
    Reading(True, "locations", "PUT", 3, (ON.LOCATION, ON.OWNER)),
    Reading(True, "locations", "PUT", 4, (ON.EVSE, ON.OWNER)),
    Reading(True, "locations", "PUT", 5, (ON.CONNECTOR, ON.OWNER)),
    Reading(True, "locations", "PATCH", 3, (ON.LOCATION_PATCH, ON.OWNER)),
    Reading(True, "locations", "PATCH", 4, (ON.EVSE_PATCH, ON.OWNER)),
    Reading(True, "locations", "PATCH", 5, (ON.CONNECTOR_PATCH, ON.OWNER)),
    Reading(True, "tariffs", "PUT", None, (ON.TARIFF, ON.OWNER)),
    Reading(True, "tariffs", "PATCH", None, (ON.TARIFF_PATCH, ON.OWNER)),
    Reading(True, "tokens", "POST", None, (ON.AUTHORIZE, ON.AUTHORIZATION)),
    Reading(True, "sessions", "PUT", 3, (ON.SESSION, ON.OWNER)),
    Reading(True, "sessions", "PATCH", 3, (ON.SESSION_PATCH, ON.OWNER)),
    Reading(True, "cdrs", "POST", None, (ON.CDR,)),
    Reading(True, "commands", "POST", None, (ON.COMMAND_RESULT,)),
    Reading(False, "tokens", "PUT", None, (ON.TOKEN,)),
    Reading(False, "commands", "POST", None, (ON.COMMAND_RESPONSE,)),
    # Face B: an EMP asks us, or we ask it
    Reading(True, "locations", "GET", None, (ON.ROAM_PULL, ON.ROAM_PAGE, ON.ROAM_LOCATION)),
    Reading(True, "tokens", "PUT", None, (ON.ROAM_TOKEN, ON.ROAM_TOKEN_SENT)),
    Reading(True, "commands", "POST", None, (ON.ROAM_COMMAND,)),
    Reading(False, "tokens", "POST", None, (ON.ROAM_ANSWER,)),
    Reading(False, "sessions", "PUT", None, (ON.ROAM_SESSION,)),
    Reading(False, "sessions", "PATCH", None, (ON.ROAM_SESSION,)),
    Reading(False, "cdrs", "POST", None, (ON.ROAM_CDR, ON.ROAM_CDR_ANSWER)),
    Reading(False, "credentials", "POST", None, (ON.ROAM_CREDENTIALS,)),
    Reading(True, "credentials", "POST", None, (ON.ROAM_CREDENTIALS,)),
)
# fmt: on
_LISTED = {"locations": ON.LOCATION, "tariffs": ON.TARIFF}


@dataclass(frozen=True)
class Exchange:
    """One request with its answer, over its journal record."""

    record: Record

    @property
    def seq(self) -> int:
        """Its number in the journal."""
        return int(self.record["seq"])

    @property
    def received(self) -> bool:
        """Whether the other side asked."""
        return bool(self.record["direction"] == "received")

    @property
    def module(self) -> str:
        """The module's name, or empty."""
        return self.record["module"] or ""

    @property
    def method(self) -> str:
        """The HTTP method."""
        return str(self.record["method"])

    @property
    def http_status(self) -> int | None:
        """The HTTP status; None where no answer came."""
        status: int | None = self.record["http_status"]
        return status

    @property
    def status_code(self) -> int | None:
        """The OCPI status code; None where no envelope came."""
        code: int | None = self.record["status_code"]
        return code

    @property
    def ok(self) -> bool:
        """True for an HTTP 2xx with an OCPI 1xxx."""
        return 200 <= (self.http_status or 0) < 300 and 1000 <= (self.status_code or 0) < 2000

    @property
    def functional(self) -> bool:
        """Whether it belongs to a module that carries data."""
        return self.module not in CONFIGURATION and self.module != ""

    @cached_property
    def asked(self) -> Headers:
        """The request's headers."""
        return Headers(self.record["request"]["headers"])

    @cached_property
    def answered(self) -> Headers:
        """The response's headers; none where no answer came."""
        return Headers((self.record["response"] or {}).get("headers", {}))

    @cached_property
    def body(self) -> Json:
        """The request's body as JSON, or None."""
        return _json(self.record["request"]["body"])

    @cached_property
    def answer(self) -> Json:
        """The response's body as JSON, or None."""
        return _json((self.record["response"] or {}).get("body"))

    @property
    def data(self) -> Json:
        """The `data` of the answer, or None."""
        return raw.at(self.answer, "/data")

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The path's segments below the module's name, decoded; some forget the slash behind it."""
        parts = [unquote(part) for part in urlsplit(self.record["url"]).path.split("/") if part]
        for index, part in enumerate(parts):
            if self.module and part.startswith(self.module):
                first = part.removeprefix(self.module)
                return (*((first,) if first else ()), *parts[index + 1 :])
        return ()

    @cached_property
    def occasions(self) -> frozenset[Occasion]:
        """What the rules read in it."""
        found = {occasion for row in READINGS if self._fits(row) for occasion in row.occasions}
        if self.received and self.functional:
            found |= {ON.REQUEST, ON.ROAM_REQUEST}
        if not self.received and not self.ok:
            found -= {ON.CREDENTIALS, ON.ROAM_CREDENTIALS}  # there are none in a refusal
        if not self.received and self.method == "GET" and raw.items(self.answer, "/data"):
            found |= {_LISTED[self.module]} if self.module in _LISTED else set()
        if not self.received and self.module == "versions" and self._lists_endpoints:
            found |= {ON.ENDPOINTS, ON.ROAM_ENDPOINTS}
        return frozenset(found)

    @property
    def _lists_endpoints(self) -> bool:
        return bool(raw.items(self.answer, "/data/endpoints"))

    def _fits(self, row: Reading) -> bool:
        if (self.received, self.module, self.method) != (row.received, row.module, row.method):
            return False
        return row.depth is None or row.depth == len(self.segments)


@dataclass(frozen=True)
class Evidence:
    """All that a check knows of one connection.

    `offered` are the other side's endpoints, `probes` the exchanges that were broken on purpose,
    by name, `notes` say why a step was left out, by the step's name. `invited`: the other side
    began the registration, with a token A of ours; `refused`: why the registration failed.
    """

    exchanges: tuple[Exchange, ...]
    findings: tuple[Record, ...]
    version: str
    profile: Profile = field(default_factory=Profile)
    offered: frozenset[tuple[str, str]] = frozenset()
    probes: Mapping[str, Exchange] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    invited: bool = False
    refused: str = ""

    def seen(self, *occasions: Occasion) -> Iterator[Exchange]:
        """The exchanges in which the rules read one of `occasions`."""
        return (e for e in self.exchanges if e.occasions & set(occasions))

    def sent(self, module: str, method: str) -> list[Exchange]:
        """What we asked."""
        return self._find(False, module, method)

    def received(self, module: str, method: str) -> list[Exchange]:
        """What the other side asked."""
        return self._find(True, module, method)

    def _find(self, received: bool, module: str, method: str) -> list[Exchange]:
        wanted = (received, module, method)
        return [e for e in self.exchanges if (e.received, e.module, e.method) == wanted]


def collect(
    records: Iterable[Record],
    *,
    actor: str,
    peer: str,
    version: str,
    profile: Profile | None = None,
    offered: Iterable[tuple[str, str]] = (),
    probes: Mapping[str, int] | None = None,
    notes: Mapping[str, str] | None = None,
    invited: bool = False,
    refused: str = "",
) -> Evidence:
    """Gather what `actor` recorded of `peer`, and of whoever could not prove itself; `probes` are
    record numbers by name.
    """
    apart = probes or {}
    own = [r for r in records if r["actor"] == actor and r["peer"] in (peer, UNKNOWN_PEER)]
    exchanges = {r["seq"]: Exchange(r) for r in own if r["leg"] == "ocpi"}
    broken = set(apart.values())
    return Evidence(
        exchanges=tuple(e for seq, e in exchanges.items() if seq not in broken),
        findings=tuple(r for r in own if r["leg"] == "finding" and r["message_seq"] not in broken),
        version=version,
        profile=profile or Profile(),
        offered=frozenset(offered),
        probes={name: exchanges[seq] for name, seq in apart.items() if seq in exchanges},
        notes=notes or {},
        invited=invited,
        refused=refused,
    )


def parties(connection: Connection) -> list[str]:
    """Who the other side is, as its credentials say."""
    return [
        f"{raw.text(role, '/role')} {raw.text(role, '/country_code')}*{raw.text(role, '/party_id')}"
        + (f" {name}" if (name := raw.text(role, "/business_details/name")) else "")
        for role in connection.their_roles
    ]


def is_of(record: Record, actor: str, peer: str) -> bool:
    """Whether a record is an exchange of `actor` with `peer`, or with somebody unproven."""
    return (
        record["leg"] == "ocpi"
        and record["actor"] == actor
        and record["peer"] in (peer, UNKNOWN_PEER)
    )


def _json(text: Any) -> Json:
    if not isinstance(text, str) or not text:
        return None
    try:
        return read_json(text)
    except OcpiError:
        return None
