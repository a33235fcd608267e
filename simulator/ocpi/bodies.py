"""What travels in the bodies of each module: in its requests, and as `data` of its answers.

Rule: by method and module alone, of all versions and both roles together; a schema here says which
fields there can be, whatever else is wrong with an object is for `validate`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple, NotRequired

from simulator.ocpi.objects import KINDS
from simulator.ocpi.objects_billing import Tariff
from simulator.ocpi.objects_location import Connector
from simulator.ocpi.schema import schema_of
from simulator.ocpi.shape import Schema
from simulator.ocpi.versions import VERSIONS


class Bodies(NamedTuple):
    """The kinds of objects in requests, and those in answers."""

    requests: tuple[str, ...]
    answers: tuple[str, ...] = ()


_PLACES = ("location", "evse", "connector")
_COMMANDS = tuple(kind for kind in KINDS if kind.startswith("command:"))
_VERSIONS = Bodies((), ("version", "version_details"))
_CREDENTIALS = Bodies(("credentials",), ("credentials",))
# (OCPI 2.1.1, 2.2 and 2.2.1, the modules; what is DELETEd has no body but with credentials)
BODIES: Mapping[tuple[str, str], Bodies] = {
    ("GET", "versions"): _VERSIONS,
    ("GET", "-"): _VERSIONS,
    ("GET", "credentials"): Bodies((), ("credentials",)),
    ("POST", "credentials"): _CREDENTIALS,
    ("PUT", "credentials"): _CREDENTIALS,
    ("GET", "locations"): Bodies((), _PLACES),
    ("PUT", "locations"): Bodies(_PLACES),
    ("PATCH", "locations"): Bodies(_PLACES),
    ("GET", "sessions"): Bodies((), ("session",)),
    ("PUT", "sessions"): Bodies(("session", "charging_preferences")),
    ("PATCH", "sessions"): Bodies(("session",)),
    ("GET", "cdrs"): Bodies((), ("cdr",)),
    ("POST", "cdrs"): Bodies(("cdr",)),
    ("GET", "tariffs"): Bodies((), ("tariff",)),
    ("PUT", "tariffs"): Bodies(("tariff",)),
    ("PATCH", "tariffs"): Bodies(("tariff",)),
    ("GET", "tokens"): Bodies((), ("token",)),
    ("PUT", "tokens"): Bodies(("token",)),
    ("PATCH", "tokens"): Bodies(("token",)),
    ("POST", "tokens"): Bodies(("location_references",), ("authorization_info",)),
    # A result comes later, to a URL of the same module.
    ("POST", "commands"): Bodies((*_COMMANDS, "command_result"), ("command_response",)),
    ("GET", "chargingprofiles"): Bodies((), ("profile_response",)),
    ("PUT", "chargingprofiles"): Bodies(("set_profile", "active_profile"), ("profile_response",)),
    ("POST", "chargingprofiles"): Bodies(("profile_result",)),
    ("DELETE", "chargingprofiles"): Bodies((), ("profile_response",)),
    ("GET", "hubclientinfo"): Bodies((), ("client_info",)),
    ("PUT", "hubclientinfo"): Bodies(("client_info",)),
}
# Of what nobody sends or reads here the names alone are known (2.2.1 mod_charging_profiles,
# mod_hub_client_info).
_NAMES: Mapping[str, tuple[str, ...]] = {
    "set_profile": ("charging_profile", "response_url"),
    "active_profile": ("start_date_time", "charging_profile"),
    "profile_response": ("result", "timeout"),
    "profile_result": ("result", "profile"),
    "client_info": ("party_id", "country_code", "role", "status", "last_updated"),
}


def schemas(method: str, module: str, version: str | None, *, answer: bool) -> list[Schema]:
    """What a request's body can be, or an answer's data: in one version, or in any of them (None).
    Nothing where nothing is known of such a request.
    """
    bodies = BODIES.get((method, module), Bodies(()))
    versions = VERSIONS if version is None else {version} & VERSIONS.keys()
    return [
        schema
        for kind in (bodies.answers if answer else bodies.requests)
        for number in sorted(versions)
        for schema in _written(kind, number, listed=answer and method == "GET")
    ]


@cache
def _written(kind: str, version: str, *, listed: bool) -> tuple[Schema, ...]:
    """The schema of a kind, where a version has it; what can be listed is a list, too."""
    shape = VERSIONS[version].shape
    shape = replace(shape, fields={**shape.fields, **_more(shape.fields)})
    if kind in _NAMES:
        schema: Schema = {"type": "object", "properties": {name: {} for name in _NAMES[kind]}}
    elif kind in shape.kinds:
        schema = schema_of(shape.kinds[kind], shape)
    else:
        return ()
    return (schema, {"type": "array", "items": schema}) if listed else (schema,)


def _more(fields: Mapping[type, Mapping[str, Any]]) -> dict[type, Mapping[str, Any]]:
    """The fields that Plugsurfing adds for EMPs: each connector has its tariffs themselves."""
    return {Connector: {**fields.get(Connector, {}), "tariffs": NotRequired[list[Tariff]]}}
