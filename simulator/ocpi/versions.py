"""The versions of OCPI, one row each: codec, token form, headers, modules by role and verb.

Rule: whatever differs between versions is a column here or a line in a codec; no handler asks for
a version number, and there is no latest version by default.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from simulator.ocpi import v22, v211, v211_shape
from simulator.ocpi.codec import Codec
from simulator.ocpi.connection import RECEIVER, SENDER, InterfaceRole
from simulator.ocpi.envelope import STATUS_CODES
from simulator.ocpi.headers import TokenForm
from simulator.ocpi.shape import CANONICAL, Shape
from simulator.ocpi.v221 import Codec221

# Modules that set a connection up; never routed, and open to a token that has not registered yet
# (2.2.1 transport_and_format, "Message Routing Headers" and "Authorization header").
CONFIGURATION = frozenset({"versions", "credentials", "hubclientinfo"})
BEFORE_REGISTRATION = frozenset({"versions", "credentials"})


@dataclass(frozen=True, slots=True)
class Interface:
    """One module seen from one role: the verbs that the specification gives each path.

    Paths are relative to the endpoint's URL. Where the URL is free (a CDR's, a command's result)
    no path stands here.
    """

    module: str
    role: InterfaceRole
    paths: Mapping[str, tuple[str, ...]]


_OWNER = "{country_code}/{party_id}"
_GET = ("GET",)
_PUSH = ("GET", "PUT", "PATCH")
_PUSH_DELETE = ("GET", "PUT", "PATCH", "DELETE")

_CREDENTIALS = Interface("credentials", SENDER, {"": ("GET", "POST", "PUT", "DELETE")})
_LOCATIONS = (
    Interface(
        "locations",
        SENDER,
        {
            "": _GET,
            "{location_id}": _GET,
            "{location_id}/{evse_uid}": _GET,
            "{location_id}/{evse_uid}/{connector_id}": _GET,
        },
    ),
    Interface(
        "locations",
        RECEIVER,
        {
            f"{_OWNER}/{{location_id}}": _PUSH,
            f"{_OWNER}/{{location_id}}/{{evse_uid}}": _PUSH,
            f"{_OWNER}/{{location_id}}/{{evse_uid}}/{{connector_id}}": _PUSH,
        },
    ),
)
_TOKENS = (
    Interface("tokens", SENDER, {"": _GET, "{token_uid}/authorize": ("POST",)}),
    Interface("tokens", RECEIVER, {f"{_OWNER}/{{token_uid}}": _PUSH}),
)
_CDRS = (Interface("cdrs", SENDER, {"": _GET}), Interface("cdrs", RECEIVER, {"": ("POST",)}))
_COMMANDS = (
    Interface("commands", SENDER, {}),
    Interface("commands", RECEIVER, {"{command}": ("POST",)}),
)
_SESSIONS_RECEIVER = Interface("sessions", RECEIVER, {f"{_OWNER}/{{session_id}}": _PUSH})
_TARIFFS_SENDER = Interface("tariffs", SENDER, {"": _GET})

MODULES_211 = (
    _CREDENTIALS,
    *_LOCATIONS,
    Interface("sessions", SENDER, {"": _GET}),
    _SESSIONS_RECEIVER,
    *_CDRS,
    _TARIFFS_SENDER,
    Interface("tariffs", RECEIVER, {f"{_OWNER}/{{tariff_id}}": _PUSH_DELETE}),
    *_TOKENS,
    *_COMMANDS,
)
MODULES_22 = (
    _CREDENTIALS,
    *_LOCATIONS,
    Interface("sessions", SENDER, {"": _GET, "{session_id}/charging_preferences": ("PUT",)}),
    _SESSIONS_RECEIVER,
    *_CDRS,
    _TARIFFS_SENDER,
    Interface("tariffs", RECEIVER, {f"{_OWNER}/{{tariff_id}}": ("GET", "PUT", "DELETE")}),
    *_TOKENS,
    *_COMMANDS,
    Interface("chargingprofiles", SENDER, {"{session_id}": ("PUT",)}),
    Interface("chargingprofiles", RECEIVER, {"{session_id}": ("GET", "PUT", "DELETE")}),
    Interface("hubclientinfo", SENDER, {"": _GET}),
    Interface("hubclientinfo", RECEIVER, {_OWNER: ("GET", "PUT")}),
)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of OCPI.

    `shape` is that of its objects on the wire, `token_form` how a credentials token travels,
    `endpoint_roles`: version details name an interface role; `typed_tokens`: the URL of a token
    names its type, or it is RFID; `codes` are its OCPI status codes.
    """

    number: str
    codec: Codec
    shape: Shape
    token_form: TokenForm
    request_ids: bool
    routing_headers: bool
    endpoint_roles: bool
    typed_tokens: bool
    codes: frozenset[int]
    modules: tuple[Interface, ...]

    def verbs(self, module: str, role: InterfaceRole) -> Mapping[str, tuple[str, ...]]:
        """The verbs of each path of a module in a role; empty where the version has none."""
        for interface in self.modules:
            if (interface.module, interface.role) == (module, role):
                return interface.paths
        return {}

    def knows(self, module: str, role: InterfaceRole, verb: str) -> bool:
        """True if some path of a module in a role takes the verb."""
        return any(verb in verbs for verbs in self.verbs(module, role).values())

    def code(self, status_code: int) -> int:
        """The status code as this version may write it: an unknown one becomes its generic one."""
        own = status_code in self.codes or status_code % 1000 >= 900
        return status_code if own else status_code // 1000 * 1000

    def __str__(self) -> str:
        return self.number


VERSIONS: Mapping[str, Version] = MappingProxyType(
    {
        row.number: row
        for row in (
            Version(
                "2.1.1",
                codec=v211.CODEC,
                shape=v211_shape.SHAPE,
                token_form="raw",
                request_ids=False,
                routing_headers=False,
                endpoint_roles=False,
                typed_tokens=False,
                codes=frozenset({1000, 2000, 2001, 2002, 2003, 3000, 3001, 3002, 3003}),
                modules=MODULES_211,
            ),
            Version(
                "2.2",
                codec=v22.CODEC,
                shape=v22.SHAPE,
                token_form="base64",
                request_ids=True,
                routing_headers=True,
                endpoint_roles=True,
                typed_tokens=True,
                codes=frozenset(STATUS_CODES),
                modules=MODULES_22,
            ),
            Version(
                "2.2.1",
                codec=Codec221(),
                shape=CANONICAL,
                token_form="base64",
                request_ids=True,
                routing_headers=True,
                endpoint_roles=True,
                typed_tokens=True,
                codes=frozenset(STATUS_CODES),
                modules=MODULES_22,
            ),
        )
    }
)


def ranked(number: str) -> tuple[int, ...]:
    """A key that sorts version numbers, anything unreadable first."""
    parts = number.split(".")
    return tuple(int(part) for part in parts) if all(p.isdecimal() for p in parts) else ()


def pick(offered: Iterable[str], mine: Iterable[str] = tuple(VERSIONS)) -> Version | None:
    """The highest version that both sides offer; None if there is none."""
    common = set(offered) & set(mine) & set(VERSIONS)
    return VERSIONS[max(common, key=ranked)] if common else None


# Until a version is agreed upon, requests carry what the richest version wants: whoever does not
# know the headers ignores them.
BEFORE_NEGOTIATION = VERSIONS["2.2.1"]
