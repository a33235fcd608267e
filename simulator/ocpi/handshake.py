"""The credentials module as a table: what each verb does in each standing, for either side.

Rule: pure. The server performs the effects that the table names; the client asks the same table
whether it may send a verb at all (OCPI 2.2.1 credentials; 2.1.1 has the same states).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from simulator.ocpi.connection import Connection, Endpoints, InterfaceRole, party_of
from simulator.ocpi.envelope import (
    InvalidParameters,
    Json,
    MethodNotAllowed,
    NoMatchingEndpoints,
    PeerApiUnusable,
    UnsupportedVersion,
)
from simulator.ocpi.types import CREDENTIALS_TOKEN, URL
from simulator.ocpi.versions import VERSIONS, Version, pick


class Standing(StrEnum):
    """How far a connection has come."""

    INVITED = "invited"  # token A has been handed out
    REGISTERED = "registered"
    GONE = "gone"


class Effect(StrEnum):
    """What the receiver of a verb does, in this order."""

    CHECK = "check"  # the credentials in the body
    CALL_BACK = "call back"  # fetch the sender's versions and details with its new token
    ROTATE = "rotate"  # keep the sender's token and make a new one for it
    ANSWER = "answer"  # with our own credentials
    FORGET = "forget"  # the sender's tokens and endpoints
    REFUSE = "refuse"  # HTTP 405


class Step(NamedTuple):
    """One row: effects, and the standing after them."""

    effects: tuple[Effect, ...]
    then: Standing


_REFUSED_INVITED = Step((Effect.REFUSE,), Standing.INVITED)
_REFUSED_REGISTERED = Step((Effect.REFUSE,), Standing.REGISTERED)
_TAKEN = (Effect.CHECK, Effect.CALL_BACK, Effect.ROTATE, Effect.ANSWER)

STEPS: Mapping[tuple[Standing, str], Step] = MappingProxyType(
    {
        (Standing.INVITED, "GET"): Step((Effect.ANSWER,), Standing.INVITED),
        (Standing.INVITED, "POST"): Step(_TAKEN, Standing.REGISTERED),
        (Standing.INVITED, "PUT"): _REFUSED_INVITED,
        (Standing.INVITED, "DELETE"): _REFUSED_INVITED,
        (Standing.REGISTERED, "GET"): Step((Effect.ANSWER,), Standing.REGISTERED),
        (Standing.REGISTERED, "POST"): _REFUSED_REGISTERED,
        (Standing.REGISTERED, "PUT"): Step(_TAKEN, Standing.REGISTERED),
        (Standing.REGISTERED, "DELETE"): Step((Effect.FORGET,), Standing.GONE),
    }
)

_WHY_REFUSED = MappingProxyType(
    {
        "POST": "already registered: use PUT to update the credentials",
        "PUT": "not registered yet: use POST to register",
        "DELETE": "not registered: there is nothing to end",
    }
)


def standing(connection: Connection) -> Standing:
    """Where a connection stands."""
    return Standing.REGISTERED if connection.registered else Standing.INVITED


def step(connection: Connection, verb: str) -> Step:
    """The row for a verb. Raises MethodNotAllowed (405) where it is refused."""
    row = STEPS[standing(connection), verb]
    if Effect.REFUSE in row.effects:
        raise MethodNotAllowed(_WHY_REFUSED[verb])
    return row


@dataclass(slots=True)
class Platform:
    """Ourselves, as credentials present us.

    `needs` are the (module, role) pairs without which a registration makes no sense, `uses` those
    of which there must be at least one (3003).
    """

    versions_url: str
    roles: Sequence[Mapping[str, Any]]
    versions: tuple[str, ...] = tuple(VERSIONS)
    needs: tuple[tuple[str, InterfaceRole], ...] = ()
    uses: tuple[tuple[str, InterfaceRole], ...] = ()

    def credentials(self, token: str, roles: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
        """The canonical credentials object that hands out `token`."""
        chosen = [dict(role) for role in roles or self.roles]
        return {"token": token, "url": self.versions_url, "roles": chosen}


def check_credentials(credentials: Json) -> None:
    """Refuse canonical credentials that cannot be worked with. Raises InvalidParameters (2001).

    Token, URL and the parties of the roles are all that a connection needs; the rest is for rules
    to judge.
    """
    if not isinstance(credentials, dict):
        raise InvalidParameters("expected a credentials object")
    token, url, roles = (credentials.get(name) for name in ("token", "url", "roles"))
    if not (isinstance(token, str) and CREDENTIALS_TOKEN.fullmatch(token)):
        message = "expected 1 to 64 printable ASCII characters without white space"
        raise InvalidParameters(message, pointer="/token")
    if not (isinstance(url, str) and URL.fullmatch(url)):
        raise InvalidParameters("expected the URL of your versions endpoint", pointer="/url")
    if not isinstance(roles, list) or not roles:
        raise InvalidParameters("expected at least one role", pointer="/roles")
    for index, role in enumerate(roles):
        if not isinstance(role, dict) or not all(
            isinstance(role.get(name), str) for name in ("role", "party_id", "country_code")
        ):
            message = "expected role, party_id and country_code"
            raise InvalidParameters(message, pointer=f"/roles/{index}")


def check_unique_roles(roles: Iterable[Mapping[str, Any]]) -> None:
    """Refuse a role that a party has twice (2.2.1 credentials). Raises InvalidParameters (2001)."""
    seen: set[tuple[str, str]] = set()
    for index, role in enumerate(roles):
        key = (role["role"], str(party_of(role)).casefold())
        if key in seen:
            message = f"role {role['role']} of {party_of(role)} stands here twice"
            raise InvalidParameters(message, pointer=f"/roles/{index}")
        seen.add(key)


class Offer(NamedTuple):
    """A version that the other side offers, and where its details are."""

    version: Version
    url: str


def choose_version(listed: Json, mine: Iterable[str]) -> Offer:
    """The highest common version of a versions answer.

    Raises PeerApiUnusable, UnsupportedVersion.
    """
    if not isinstance(listed, list):
        raise PeerApiUnusable("your versions endpoint gives no list of versions")
    urls = {
        str(row["version"]): row["url"]
        for row in listed
        if isinstance(row, dict) and isinstance(row.get("url"), str) and "version" in row
    }
    wanted = tuple(mine)
    version = pick(urls, wanted)
    if version is None:
        offered = ", ".join(urls) or "none"
        raise UnsupportedVersion(
            f"no common version: you offer {offered}; {', '.join(wanted)} here"
        )
    return Offer(version, urls[version.number])


def read_endpoints(details: Json, version: Version) -> Endpoints:
    """The endpoints of a version details answer; entries without identifier and URL are skipped.

    Raises PeerApiUnusable. Before 2.2 endpoints have no role, so one URL stands for both.
    """
    rows = details.get("endpoints") if isinstance(details, dict) else None
    if not isinstance(rows, list):
        raise PeerApiUnusable(f"your details of version {version} hold no endpoints")
    endpoints: Endpoints = {}
    for row in rows:
        if not isinstance(row, dict):
            continue
        module, url, role = row.get("identifier"), row.get("url"), row.get("role")
        if not isinstance(module, str) or not isinstance(url, str):
            continue
        if not version.endpoint_roles or module == "credentials":
            endpoints[module, "SENDER"] = endpoints[module, "RECEIVER"] = url
        elif role == "SENDER" or role == "RECEIVER":
            endpoints[module, role] = url
    return endpoints


def check_endpoints(
    endpoints: Endpoints,
    needs: Iterable[tuple[str, InterfaceRole]],
    version: Version,
    uses: Iterable[tuple[str, InterfaceRole]] = (),
) -> None:
    """Refuse a peer that lacks what we need, or has nothing that we could use.

    Raises NoMatchingEndpoints (3003).
    """
    missing = [
        f"{module} ({role})"
        for module, role in needs
        if (module, role) not in endpoints and _exists(version, module, role)
    ]
    if missing:
        raise NoMatchingEndpoints(f"endpoints missing: {', '.join(missing)}")
    usable = [pair for pair in uses if _exists(version, *pair)]
    if usable and not any(pair in endpoints for pair in usable):
        named = ", ".join(f"{module} ({role})" for module, role in usable)
        raise NoMatchingEndpoints(f"endpoints missing: expected at least one of {named}")


def _exists(version: Version, module: str, role: InterfaceRole) -> bool:
    return module == "credentials" or any(
        (row.module, row.role) == (module, role) for row in version.modules
    )
