"""The canonical objects of OCPI, in 2.2.1 wire shape: one class a class of the specification.

Rule: types, lengths, enums and cardinalities stand here once, as annotations; `schema` turns them
into JSON schemas. At run time objects are plain dicts, so that unknown fields survive.

Cardinality 1 is a required key, `?` is NotRequired, `*` a NotRequired list, `+` a required list
with `Filled`. An optional field may be null (terminology, "Cardinality").

Where the specification contradicts itself or was corrected later, the lenient reading counts:
addresses up to 255 and states up to 45 characters (45 and 20 were errata), coordinates by their
patterns (their lengths are too short for them), a DateTime with any fraction (string(25) would
refuse microseconds).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, NotRequired, TypedDict

from simulator.ocpi import enums
from simulator.ocpi.objects_billing import (
    CDR,
    Session,
    Tariff,
)
from simulator.ocpi.objects_location import (
    EVSE,
    BusinessDetails,
    Connector,
    DisplayText,
    Location,
)
from simulator.ocpi.types import (
    CiString36,
    CountryCode,
    CredentialsToken,
    DateTime,
    Filled,
    Int,
    Language,
    Number,
    PartyId,
    String10,
    String64,
    String255,
    Url,
)

# mod_tokens


class EnergyContract(TypedDict):
    """The energy supplier that a token's owner has a contract with."""

    supplier_name: String64
    contract_id: NotRequired[String64]


class Token(TypedDict):
    """What a driver shows: a card, an app, a contract."""

    country_code: CountryCode
    party_id: PartyId
    uid: CiString36
    type: enums.TokenType
    contract_id: CiString36
    visual_number: NotRequired[String64]
    issuer: String64
    group_id: NotRequired[CiString36]
    valid: bool
    whitelist: enums.WhitelistType
    language: NotRequired[Language]
    default_profile_type: NotRequired[enums.ProfileType]
    energy_contract: NotRequired[EnergyContract]
    last_updated: DateTime


class LocationReferences(TypedDict):
    """Where a driver wants to charge."""

    location_id: CiString36
    evse_uids: NotRequired[list[CiString36]]


class AuthorizationInfo(TypedDict):
    """Whether a token may charge, and the reference that the CDR must carry."""

    allowed: enums.AllowedType
    token: Token
    location: NotRequired[LocationReferences]
    authorization_reference: NotRequired[CiString36]
    info: NotRequired[DisplayText]


# mod_sessions


class ChargingPreferences(TypedDict):
    """How a driver would like to be charged."""

    profile_type: enums.ProfileType
    departure_time: NotRequired[DateTime]
    energy_need: NotRequired[Number]
    discharge_allowed: NotRequired[bool]


# mod_commands


class CancelReservation(TypedDict):
    """The command to cancel a reservation."""

    response_url: Url
    reservation_id: CiString36


class ReserveNow(TypedDict):
    """The command to keep an EVSE free."""

    response_url: Url
    token: Token
    expiry_date: DateTime
    reservation_id: CiString36
    location_id: CiString36
    evse_uid: NotRequired[CiString36]
    authorization_reference: NotRequired[CiString36]


class StartSession(TypedDict):
    """The command to start a session."""

    response_url: Url
    token: Token
    location_id: CiString36
    evse_uid: NotRequired[CiString36]
    connector_id: NotRequired[CiString36]
    authorization_reference: NotRequired[CiString36]


class StopSession(TypedDict):
    """The command to stop a session."""

    response_url: Url
    session_id: CiString36


class UnlockConnector(TypedDict):
    """The command to release a cable that is stuck."""

    response_url: Url
    location_id: CiString36
    evse_uid: CiString36
    connector_id: CiString36


class CommandResponse(TypedDict):
    """The answer to a command, at once."""

    result: enums.CommandResponseType
    timeout: Int
    message: NotRequired[list[DisplayText]]


class CommandResult(TypedDict):
    """What became of a command at the station, later."""

    result: enums.CommandResultType
    message: NotRequired[list[DisplayText]]


# credentials, versions


class CredentialsRole(TypedDict):
    """A party and the role it plays."""

    role: enums.Role
    business_details: BusinessDetails
    party_id: PartyId
    country_code: CountryCode


class Credentials(TypedDict):
    """How to reach a platform, and for whom it speaks."""

    token: CredentialsToken
    url: Url
    roles: Annotated[list[CredentialsRole], Filled()]


class VersionInfo(TypedDict):
    """A version that a platform offers."""

    version: String10
    url: Url


class Endpoint(TypedDict):
    """A module's URL, for one interface role."""

    identifier: String255
    role: enums.InterfaceRole
    url: Url


class VersionDetails(TypedDict):
    """The endpoints of a version."""

    version: String10
    endpoints: Annotated[list[Endpoint], Filled()]


KINDS: Mapping[str, type] = MappingProxyType(
    {
        "version": VersionInfo,
        "version_details": VersionDetails,
        "credentials": Credentials,
        "location": Location,
        "evse": EVSE,
        "connector": Connector,
        "tariff": Tariff,
        "token": Token,
        "location_references": LocationReferences,
        "authorization_info": AuthorizationInfo,
        "session": Session,
        "charging_preferences": ChargingPreferences,
        "cdr": CDR,
        "command:CANCEL_RESERVATION": CancelReservation,
        "command:RESERVE_NOW": ReserveNow,
        "command:START_SESSION": StartSession,
        "command:STOP_SESSION": StopSession,
        "command:UNLOCK_CONNECTOR": UnlockConnector,
        "command_response": CommandResponse,
        "command_result": CommandResult,
    }
)

# Where the ids in a URL stand in the object that is pushed there: parameter -> field.
_OWNER = {"country_code": "country_code", "party_id": "party_id"}
IDENTITY: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "location": {**_OWNER, "location_id": "id"},
        "evse": {"evse_uid": "uid"},
        "connector": {"connector_id": "id"},
        "tariff": {**_OWNER, "tariff_id": "id"},
        "session": {**_OWNER, "session_id": "id"},
        "token": {**_OWNER, "token_uid": "uid"},
    }
)
