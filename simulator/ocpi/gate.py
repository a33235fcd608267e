"""What a request must pass before its handler sees it: token, standing, version, body, ids.

Rule: each check is one small function over the exchange's context, in the order of `CHECKS`; each
raises the OCPI error of its own refusal and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from simulator.ocpi.codec import Around, Locate
from simulator.ocpi.connection import Connection, ConnectionStore
from simulator.ocpi.envelope import (
    InvalidParameters,
    NotFound,
    NotJson,
    TooLong,
    Unauthorized,
    UnsupportedVersion,
    read_json,
)
from simulator.ocpi.exchange import Ctx
from simulator.ocpi.headers import Party, Seen, candidates
from simulator.ocpi.objects import IDENTITY
from simulator.ocpi.versions import BEFORE_REGISTRATION, CONFIGURATION
from simulator.wire.http import Request

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


def authenticate(ctx: Ctx, store: ConnectionStore) -> None:
    """Find the connection by the credentials token, in either form. Raises Unauthorized (401)."""
    found = _bearer(ctx.headers, store)
    if found is not None:
        ctx.seen, ctx.stored = found
        return
    if not candidates(ctx.headers):
        raise Unauthorized("the header is missing: Authorization: Token <credentials token>")
    raise Unauthorized("the credentials token is not known here")


def _bearer(headers: Mapping[str, str], store: ConnectionStore) -> tuple[Seen, Connection] | None:
    """The connection whose token a request bears, and in which form."""
    for candidate in candidates(headers):
        connection = store.by_token(candidate.token)
        if connection is not None:
            return candidate, connection
    return None


def asker(store: Callable[[], ConnectionStore]) -> Callable[[Request], str | None]:
    """Who sends a request, as the journal calls it: the peer of the connection whose token it
    bears.
    """

    def asks(request: Request) -> str | None:
        found = _bearer(request.headers, store())
        return None if found is None else found[1].peer

    return asks


def check_standing(ctx: Ctx) -> None:
    """A token that has not registered opens versions and credentials only.

    Raises Unauthorized (401; 2.2.1 transport_and_format, "Authorization header").
    """
    if not ctx.connection.registered and ctx.module not in BEFORE_REGISTRATION:
        raise Unauthorized("this token is for registration only: POST your credentials first")


def check_version(ctx: Ctx) -> None:
    """A connection uses the version it registered with. Raises UnsupportedVersion (3002)."""
    if ctx.module in BEFORE_REGISTRATION:
        return
    agreed = ctx.connection.version
    if agreed != ctx.version.number:
        raise UnsupportedVersion(f"this connection uses OCPI {agreed}, not {ctx.version}")


def read_body(ctx: Ctx, **known: Locate) -> None:
    """Decode the body of POST, PUT and PATCH, raw and canonical; `known` as `Around.of` takes it.

    Raises TooLong (413), NotJson (400), InvalidParameters (2001) where an object is wanted and
    something else came.
    """
    if ctx.request.too_long is not None:
        raise TooLong(f"the body is longer than {ctx.request.too_long} bytes")
    route = ctx.route
    if route is None or ctx.method not in _WITH_BODY:
        return
    if not ctx.raw.strip():
        if route.optional or route.takes is None:
            return
        raise NotJson("a body is expected, and none came")
    ctx.json = ctx.obj = read_json(ctx.raw)
    if route.takes is None or (ctx.json is None and route.optional):
        return
    if not isinstance(ctx.json, dict):
        raise InvalidParameters(f"expected a JSON object, the {route.takes}")
    around = Around.of(ctx.connection, **known)
    around = replace(around, sender=owner_of(ctx))
    partial = ctx.method == "PATCH"
    ctx.obj = ctx.version.codec.from_wire(route.takes, ctx.json, around, partial=partial)


def owner_of(ctx: Ctx) -> Party | None:
    """The party that owns what is pushed: named in the URL, else the peer's first."""
    named = Party(ctx.params.get("country_code", ""), ctx.params.get("party_id", ""))
    return named if all(named) else ctx.connection.their_party


def check_owner(ctx: Ctx) -> None:
    """A URL may name only the peer's own parties. Raises NotFound (404).

    2.2.1 transport_and_format, "Errors". Only for client-owned objects, not for the hub's list.
    """
    named = Party(ctx.params.get("country_code", ""), ctx.params.get("party_id", ""))
    if ctx.module in CONFIGURATION or not all(named):
        return
    if not ctx.connection.speaks_for(named):
        raise NotFound(f"{named} is none of the parties in your credentials", status_code=2001)


def check_ids(ctx: Ctx) -> None:
    """The ids in the URL are those in the body. Raises InvalidParameters (2001)."""
    if ctx.route is None or not isinstance(ctx.json, dict):
        return
    for parameter, name in IDENTITY.get(ctx.route.takes or "", {}).items():
        wanted, have = ctx.params.get(parameter), ctx.json.get(name)
        if wanted is None or not isinstance(have, str):
            continue
        if wanted.casefold() != have.casefold():
            message = f"{have!r} differs from {wanted!r} in the URL"
            raise InvalidParameters(message, pointer=f"/{name}")
