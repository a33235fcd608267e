"""Checks of what comes before data: registration, credentials, the modules offered, the request.

Rule: as in every `rules_*` module, one small function a check, over raw JSON of any shape.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from mock_peer import raw
from mock_peer.rule import ALL, V22X, V211, Breach, Check, Context
from simulator.kernel.redaction import HIDDEN, redact_body
from simulator.ocpi import validate
from simulator.ocpi.versions import BEFORE_REGISTRATION


def valid(kind: str) -> Check:
    """A check that reports every error of an object by the version's own definition."""

    def check(body: Any, context: Context) -> Iterator[Breach]:
        for problem in validate.errors(kind, body, context.version):
            yield Breach(problem.pointer, problem.seen, problem.expected)

    return check


def valid_patch(kind: str, children: str = "") -> Check:
    """Every error of the fields that a PATCH brings, but for `children`, which it does not reach;
    and `last_updated`, which each must bring (2.2.1 status_codes; in 2.1.1 it is no must).
    """

    def check(body: Any, context: Context) -> Iterator[Breach]:
        for problem in validate.errors(kind, body, context.version, partial=True):
            place = problem.pointer
            needless = place == "/last_updated" and context.version == "2.1.1"
            if not needless and (not children or place.split("/", 2)[1:2] != [children]):
                yield Breach(place, problem.seen, problem.expected)

    return check


def before_data(head: Any, context: Context) -> Iterator[Breach]:
    """`head` is {module, method, token}: token tells whether one came (unknown, or none). A wrong
    token on versions or credentials asks for no data: that is a 401 and no more.
    """
    if raw.text(head, "/module") in (None, *BEFORE_REGISTRATION):
        return
    yield Breach(
        "/headers/Authorization",
        raw.text(head, "/token"),
        "a registration through the credentials module before any request for data",
        (f"module/{raw.text(head, '/module')}",),
    )


_credentials = valid("credentials")
_ROLE = re.compile(r"/roles/[0-9]+/role")

# Requests that the peer refuses, and the versions in which they have a rule of their own.
NAMED_REFUSALS = {
    ("locations", "GET"): ALL,
    ("tariffs", "GET"): ALL,
    ("tariffs", "PATCH"): V22X,
    ("sessions", "GET"): V22X,
    ("cdrs", "GET"): ALL,
}


def refused(module: str, method: str) -> Check:
    """A check for one refused request. Its head is {module, method, refused}: `refused` is why."""

    def check(head: Any, context: Context) -> Iterator[Breach]:
        asked = (raw.text(head, "/module"), raw.text(head, "/method"))
        if asked == (module, method) and (why := raw.text(head, "/refused")):
            yield Breach("", f"{method} {module}", why)

    return check


def refused_elsewhere(head: Any, context: Context) -> Iterator[Breach]:
    """Any other refused request."""
    asked = (raw.text(head, "/module") or "", raw.text(head, "/method") or "")
    named = context.version in NAMED_REFUSALS.get(asked, ())
    if not named and (why := raw.text(head, "/refused")):
        yield Breach("", f"{asked[1]} {asked[0]}", why)


def body_readable(head: Any, context: Context) -> Iterator[Breach]:
    """`head` is {module, method, error}: error tells why the body could not be read."""
    if error := raw.text(head, "/error"):
        yield Breach("", error, "a JSON body", (f"module/{raw.text(head, '/module')}",))


def as_in_url(body: Any, context: Context, **names: str) -> Iterator[Breach]:
    """The ids in a body are those of its URL (2.2.1 transport_and_format, client owned objects):
    `names` are fields by the name that the URL gives them.
    """
    for param, name in names.items():
        wanted, told = context.ids.get(param), raw.text(body, f"/{name}")
        if wanted is not None and told is not None and wanted.casefold() != told.casefold():
            yield Breach(f"/{name}", told, f"'{wanted}', as in the URL")


def other_owner(known: Any, body: Any, context: Context) -> str | None:
    """The owner of what is known, where the URL or the body names another one. None in 2.1.1, whose
    lists tell no owner: what was pulled there is not told apart.
    """
    if context.version == V211:
        return None
    for name in ("country_code", "party_id"):
        owner = raw.key(known, f"/{name}")
        for claimed in (raw.key(context.ids.get(name)), raw.key(body, f"/{name}")):
            if owner is not None and claimed is not None and owner != claimed:
                return f"{name} {raw.text(known, f'/{name}')}"
    return None


def message_ids(head: Any, context: Context) -> Iterator[Breach]:
    """`head` is {module, method, missing}: the names of the header fields that should be there."""
    for name in raw.items(head, "/missing"):
        yield Breach(f"/headers/{name}", None, "a unique id, on every request (2.2 and later)")


def joined_by_slash(head: Any, context: Context) -> Iterator[Breach]:
    """`head` is {module, method, unslashed}: the path as it came, where it lacks the slash."""
    if path := raw.text(head, "/unslashed"):
        yield Breach(
            "", path, f"…/{raw.text(head, '/module')}/…: a slash behind the endpoint's URL"
        )


def credentials_valid(body: Any, context: Context) -> Iterator[Breach]:
    """Every error of a credentials object but in its roles' names, which have a rule."""
    for breach in _credentials(body, context):
        if not _ROLE.fullmatch(breach.pointer):
            yield _without_token(breach)


def _without_token(breach: Breach) -> Breach:
    """A finding is shown to anybody: a token that is too long, say, is one none the less."""
    if not breach.seen or breach.pointer not in ("", "/token"):
        return breach
    if breach.pointer or isinstance(breach.seen, str):
        return replace(breach, seen=HIDDEN)
    return replace(breach, seen=json.loads(redact_body(json.dumps(breach.seen, default=str))))


def cpo_role(body: Any, context: Context) -> Iterator[Breach]:
    """Each role is one that the version knows, and one at least is CPO."""
    yield from (breach for breach in _credentials(body, context) if _ROLE.fullmatch(breach.pointer))
    told = [raw.text(role, "/role") for role in raw.items(body, "/roles")]
    if told and "CPO" not in told:
        yield Breach("/roles", told, "the role CPO, once at least")


def as_agreed(body: Any, context: Context) -> Iterator[Breach]:
    """The main CPO that was told before the integration is the one of the credentials, or one."""
    main = context.profile.main_cpo
    if main is None:
        return
    old = context.version == V211
    roles = (
        [body] if old else [r for r in raw.items(body, "/roles") if raw.text(r, "/role") == "CPO"]
    )
    told = [(raw.key(r, "/country_code"), raw.key(r, "/party_id")) for r in roles]
    if (main.country_code.casefold(), main.party_id.casefold()) not in told:
        seen = [
            "*".join(str(raw.at(r, f"/{n}")) for n in ("country_code", "party_id")) for r in roles
        ]
        wanted = f"{main.country_code}*{main.party_id}".upper()
        yield Breach("/party_id" if old else "/roles", seen, f"the main CPO {wanted} ({main.name})")


def roles_unique(body: Any, context: Context) -> Iterator[Breach]:
    """No two roles of a credentials object are the same."""
    seen: set[tuple[str | None, ...]] = set()
    for pointer, role in raw.entries(body, "/roles"):
        identity = tuple(raw.key(role, f"/{name}") for name in ("role", "country_code", "party_id"))
        if identity in seen:
            told = {name: raw.at(role, f"/{name}") for name in ("role", "country_code", "party_id")}
            yield Breach(pointer, told, "each role, country_code and party_id once per connection")
        seen.add(identity)


def owner_has_role(owner: Any, context: Context) -> Iterator[Breach]:
    """`owner` is {country_code, party_id} as a URL or object names it."""
    identity = (raw.key(owner, "/country_code") or "", raw.key(owner, "/party_id") or "")
    roles = context.known.roles
    if not roles or identity in roles:
        return
    named = ", ".join(sorted("*".join(role).upper() for role in roles))
    yield Breach(
        "/party_id",
        "*".join(str(raw.at(owner, f"/{name}")) for name in ("country_code", "party_id")),
        f"a CPO that the credentials name: {named}",
    )


# What Plugsurfing requires of a CPO (P22, P21, module tables). Before 2.2 endpoints have no role.
_REQUIRED = (("locations", "SENDER"), ("tariffs", "SENDER"), ("tokens", "RECEIVER"))
_OPTIONAL_211 = (("tariffs", "SENDER"),)


def required_offered(endpoints: Any, context: Context) -> Iterator[Breach]:
    """`endpoints` is the other side's version details."""
    offered = {
        (raw.text(e, "/identifier"), raw.text(e, "/role"))
        for e in raw.items(endpoints, "/endpoints")
    }
    for row in _REQUIRED:
        if row not in offered and not (context.version == V211 and row in _OPTIONAL_211):
            module, role = row
            yield Breach("/endpoints", None, f"{module} as {role}", (f"module/{module}",))


def sessions_offered(endpoints: Any, context: Context) -> Iterator[Breach]:
    """`endpoints` is the other side's version details: remote start needs the sessions module."""
    offered = {
        (raw.text(e, "/identifier"), raw.text(e, "/role"))
        for e in raw.items(endpoints, "/endpoints")
    }
    if ("commands", "RECEIVER") in offered and ("sessions", "SENDER") not in offered:
        yield Breach(
            "/endpoints",
            sorted(f"{module} {role}" for module, role in offered if module and role),
            "sessions as SENDER, because commands are offered",
        )
