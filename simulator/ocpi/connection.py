"""One party's connection to another: tokens both ways, the negotiated version, endpoints and roles.

Rule: a connection is data; who changes it is `handshake` and `registration` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from simulator.ocpi.headers import Party, TokenForm

InterfaceRole = Literal["SENDER", "RECEIVER"]
SENDER: InterfaceRole = "SENDER"
RECEIVER: InterfaceRole = "RECEIVER"

Endpoints = dict[tuple[str, InterfaceRole], str]


@dataclass(slots=True)
class Connection:
    """What one side knows of a connection.

    `token_in` is what the peer proves itself with towards us, `token_out` ours towards the peer.
    `token_next` is a token that we have just offered and that counts beside `token_in` until the
    peer has answered: during POST and PUT it calls us back with it. `began` is who began the
    handshake (us, them; '' where there was none), `since` and `renewed` when it and the last
    rotation were done, RFC 3339.
    """

    id: str
    peer: str  # the actor's name in the journal
    token_in: str = ""
    token_out: str = ""
    token_next: str = ""
    versions_url: str = ""
    version: str | None = None
    registered: bool = False
    token_form: TokenForm | None = None  # None: the form that the version prescribes
    endpoints: Endpoints = field(default_factory=dict)
    our_roles: list[dict[str, Any]] = field(default_factory=list)
    their_roles: list[dict[str, Any]] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)  # what the owner keeps with it
    began: str = ""
    since: str = ""
    renewed: str = ""

    def accepts(self, token: str) -> bool:
        """True if `token` proves the peer."""
        return bool(token) and token in (self.token_in, self.token_next)

    @property
    def our_party(self) -> Party | None:
        """The first party we speak for."""
        return _first_party(self.our_roles)

    @property
    def their_party(self) -> Party | None:
        """The first party the peer speaks for."""
        return _first_party(self.their_roles)

    @property
    def our_role(self) -> str | None:
        """The first role we have on it."""
        return next((str(role.get("role", "")) for role in self.our_roles), None)

    def speaks_for(self, party: Party) -> bool:
        """True if the peer named this party, named none, or is a hub."""
        roles = self.their_roles
        return (
            not roles
            or any(role.get("role") == "HUB" for role in roles)
            or any(party.same(party_of(role)) for role in roles)
        )

    def to_json(self) -> dict[str, Any]:
        """As plain JSON, tokens included: for the book, never for the journal."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        plain["endpoints"] = [[module, role, url] for (module, role), url in self.endpoints.items()]
        return plain

    def shown(self) -> dict[str, Any]:
        """How it stands, as plain JSON: whether there are tokens, and never which."""
        return {
            "id": self.id,
            "peer": self.peer,
            "version": self.version,
            "registered": self.registered,
            "began": self.began,
            "since": self.since,
            "renewed": self.renewed,
            "token_in": bool(self.token_in),
            "token_out": bool(self.token_out),
            "their_versions_url": self.versions_url,
            "their_endpoints": [list(endpoint) for endpoint in sorted(self.endpoints)],
            "our_roles": self.our_roles,
            "their_roles": self.their_roles,
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Connection:
        """Read what `to_json` wrote."""
        endpoints = {(module, role): url for module, role, url in plain["endpoints"]}
        return cls(**{**plain, "endpoints": endpoints})


def party_of(role: Mapping[str, Any]) -> Party:
    """The party that a credentials role names."""
    return Party(str(role.get("country_code", "")), str(role.get("party_id", "")))


def _first_party(roles: Iterable[Mapping[str, Any]]) -> Party | None:
    for role in roles:
        return party_of(role)
    return None


def peer_at(connections: Iterable[Connection], url: str) -> str | None:
    """The peer that a URL leads to, as the journal has it: who has its versions there."""
    host = _host(url)
    return next((c.peer for c in connections if host and _host(c.versions_url) == host), None)


def _host(url: str) -> str:
    """Host and port of a URL; '' of what is none."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


class ConnectionStore(Protocol):
    """Where connections are kept. `save` has stored it for good when it returns."""

    def by_token(self, token: str) -> Connection | None:
        """The connection whose peer proves itself with `token` (`Connection.accepts`)."""

    def save(self, connection: Connection) -> None:
        """Insert or replace, by id."""

    def remove(self, connection: Connection) -> None:
        """Forget it and its tokens."""

    def all(self) -> list[Connection]:
        """Every connection, oldest first."""


class MemoryStore:
    """Connections in memory."""

    def __init__(self) -> None:
        self._connections: dict[str, Connection] = {}

    def by_token(self, token: str) -> Connection | None:
        """The connection whose peer proves itself with `token`."""
        return next((c for c in self._connections.values() if c.accepts(token)), None)

    def save(self, connection: Connection) -> None:
        """Insert or replace, by id."""
        self._connections[connection.id] = connection

    def remove(self, connection: Connection) -> None:
        """Forget it and its tokens."""
        self._connections.pop(connection.id, None)

    def all(self) -> list[Connection]:
        """Every connection, oldest first."""
        return list(self._connections.values())
