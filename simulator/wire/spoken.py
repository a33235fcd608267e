"""The names that messages can have on either wire: OCPP's actions, HTTP's methods, OCPI's modules.

Rule: what no message of any version is called is a misspelling, for nothing could ever fit it. A
pattern fits whatever it fits: it is the way to name what is not the standards' own.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from simulator.mistakes import did_you_mean
from simulator.wire.ocpp_messages import OcppVersion
from simulator.wire.ocpp_schema import actions

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
# Of every version of OCPI that is spoken here; `-` is a request outside of all modules.
MODULES = frozenset({
    "cdrs", "chargingprofiles", "commands", "credentials", "hubclientinfo", "locations", "sessions",
    "tariffs", "tokens", "versions", "-",
})  # fmt: skip
_WILD = "*?["


def unknown(what: str, name: str, known: Collection[str]) -> str | None:
    """Why nothing is called so; None for what is known, a pattern, or a variable."""
    if name in known or "${" in name or any(sign in name for sign in _WILD):
        return None
    return f"no {what} is called '{name}'.{did_you_mean(name, known)}"


def unspoken_action(name: str) -> str | None:
    """Why no OCPP message of any version is called so; None if one is."""
    return unknown("OCPP action", name, actions_of_all())


def unspoken_module(name: str) -> str | None:
    """Why no OCPI module of any version is called so; None if one is."""
    return unknown("OCPI module", name, MODULES)


def unspoken_method(name: str) -> str | None:
    """Why no request of OCPI has this method; None if one has."""
    return unknown("OCPI method", name, METHODS)


@cache
def actions_of_all() -> frozenset[str]:
    """The actions of all versions of OCPP."""
    return frozenset().union(*(actions(version) for version in OcppVersion))
