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
from simulator.ocpi.objects_location import (
    EVSE,
    BusinessDetails,
    Connector,
    DisplayText,
    EnergyMix,
    GeoLocation,
    Location,
    Price,
)
from simulator.ocpi.types import (
    CiString32,
    CiString36,
    CiString39,
    CiString48,
    Count,
    Country,
    CountryCode,
    CredentialsToken,
    Currency,
    Date,
    DateTime,
    Filled,
    Int,
    Language,
    Number,
    PartyId,
    String10,
    String45,
    String64,
    String255,
    String512,
    String5000,
    TimeOfDay,
    Url,
)

# mod_tariffs


class PriceComponent(TypedDict):
    type: enums.TariffDimensionType
    price: Number
    vat: NotRequired[Number]
    step_size: Count


class TariffRestrictions(TypedDict):
    start_time: NotRequired[TimeOfDay]
    end_time: NotRequired[TimeOfDay]
    start_date: NotRequired[Date]
    end_date: NotRequired[Date]
    min_kwh: NotRequired[Number]
    max_kwh: NotRequired[Number]
    min_current: NotRequired[Number]
    max_current: NotRequired[Number]
    min_power: NotRequired[Number]
    max_power: NotRequired[Number]
    min_duration: NotRequired[Int]
    max_duration: NotRequired[Int]
    day_of_week: NotRequired[list[enums.DayOfWeek]]
    reservation: NotRequired[enums.ReservationRestrictionType]


class TariffElement(TypedDict):
    price_components: Annotated[list[PriceComponent], Filled()]
    restrictions: NotRequired[TariffRestrictions]


class Tariff(TypedDict):
    country_code: CountryCode
    party_id: PartyId
    id: CiString36
    currency: Currency
    type: NotRequired[enums.TariffType]
    tariff_alt_text: NotRequired[list[DisplayText]]
    tariff_alt_url: NotRequired[Url]
    min_price: NotRequired[Price]
    max_price: NotRequired[Price]
    elements: Annotated[list[TariffElement], Filled()]
    start_date_time: NotRequired[DateTime]
    end_date_time: NotRequired[DateTime]
    energy_mix: NotRequired[EnergyMix]
    last_updated: DateTime


# mod_tokens


class EnergyContract(TypedDict):
    supplier_name: String64
    contract_id: NotRequired[String64]


class Token(TypedDict):
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
    location_id: CiString36
    evse_uids: NotRequired[list[CiString36]]


class AuthorizationInfo(TypedDict):
    allowed: enums.AllowedType
    token: Token
    location: NotRequired[LocationReferences]
    authorization_reference: NotRequired[CiString36]
    info: NotRequired[DisplayText]


# mod_cdrs, mod_sessions


class CdrToken(TypedDict):
    country_code: CountryCode
    party_id: PartyId
    uid: CiString36
    type: enums.TokenType
    contract_id: CiString36


class CdrDimension(TypedDict):
    type: enums.CdrDimensionType
    volume: Number


class ChargingPeriod(TypedDict):
    start_date_time: DateTime
    dimensions: Annotated[list[CdrDimension], Filled()]
    tariff_id: NotRequired[CiString36]


class Session(TypedDict):
    country_code: CountryCode
    party_id: PartyId
    id: CiString36
    start_date_time: DateTime
    end_date_time: NotRequired[DateTime]
    kwh: Number
    cdr_token: CdrToken
    auth_method: enums.AuthMethod
    authorization_reference: NotRequired[CiString36]
    location_id: CiString36
    evse_uid: CiString36
    connector_id: CiString36
    meter_id: NotRequired[String255]
    currency: Currency
    charging_periods: NotRequired[list[ChargingPeriod]]
    total_cost: NotRequired[Price]
    status: enums.SessionStatus
    last_updated: DateTime


class ChargingPreferences(TypedDict):
    profile_type: enums.ProfileType
    departure_time: NotRequired[DateTime]
    energy_need: NotRequired[Number]
    discharge_allowed: NotRequired[bool]


class CdrLocation(TypedDict):
    id: CiString36
    name: NotRequired[String255]
    address: String255
    city: String45
    postal_code: NotRequired[String10]
    state: NotRequired[String45]
    country: Country
    coordinates: GeoLocation
    evse_uid: CiString36
    evse_id: CiString48
    connector_id: CiString36
    connector_standard: enums.ConnectorType
    connector_format: enums.ConnectorFormat
    connector_power_type: enums.PowerType


class SignedValue(TypedDict):
    nature: CiString32
    plain_data: String512
    signed_data: String5000


class SignedData(TypedDict):
    encoding_method: CiString36
    encoding_method_version: NotRequired[Int]
    public_key: NotRequired[String512]
    signed_values: Annotated[list[SignedValue], Filled()]
    url: NotRequired[String512]


class CDR(TypedDict):
    country_code: CountryCode
    party_id: PartyId
    id: CiString39
    start_date_time: DateTime
    end_date_time: DateTime
    session_id: NotRequired[CiString36]
    cdr_token: CdrToken
    auth_method: enums.AuthMethod
    authorization_reference: NotRequired[CiString36]
    cdr_location: CdrLocation
    meter_id: NotRequired[String255]
    currency: Currency
    tariffs: NotRequired[list[Tariff]]
    charging_periods: Annotated[list[ChargingPeriod], Filled()]
    signed_data: NotRequired[SignedData]
    total_cost: Price
    total_fixed_cost: NotRequired[Price]
    total_energy: Number
    total_energy_cost: NotRequired[Price]
    total_time: Number
    total_time_cost: NotRequired[Price]
    total_parking_time: NotRequired[Number]
    total_parking_cost: NotRequired[Price]
    total_reservation_cost: NotRequired[Price]
    remark: NotRequired[String255]
    invoice_reference_id: NotRequired[CiString39]
    credit: NotRequired[bool]
    credit_reference_id: NotRequired[CiString39]
    home_charging_compensation: NotRequired[bool]
    last_updated: DateTime


# mod_commands


class CancelReservation(TypedDict):
    response_url: Url
    reservation_id: CiString36


class ReserveNow(TypedDict):
    response_url: Url
    token: Token
    expiry_date: DateTime
    reservation_id: CiString36
    location_id: CiString36
    evse_uid: NotRequired[CiString36]
    authorization_reference: NotRequired[CiString36]


class StartSession(TypedDict):
    response_url: Url
    token: Token
    location_id: CiString36
    evse_uid: NotRequired[CiString36]
    connector_id: NotRequired[CiString36]
    authorization_reference: NotRequired[CiString36]


class StopSession(TypedDict):
    response_url: Url
    session_id: CiString36


class UnlockConnector(TypedDict):
    response_url: Url
    location_id: CiString36
    evse_uid: CiString36
    connector_id: CiString36


class CommandResponse(TypedDict):
    result: enums.CommandResponseType
    timeout: Int
    message: NotRequired[list[DisplayText]]


class CommandResult(TypedDict):
    result: enums.CommandResultType
    message: NotRequired[list[DisplayText]]


# credentials, versions


class CredentialsRole(TypedDict):
    role: enums.Role
    business_details: BusinessDetails
    party_id: PartyId
    country_code: CountryCode


class Credentials(TypedDict):
    token: CredentialsToken
    url: Url
    roles: Annotated[list[CredentialsRole], Filled()]


class VersionInfo(TypedDict):
    version: String10
    url: Url


class Endpoint(TypedDict):
    identifier: String255
    role: enums.InterfaceRole
    url: Url


class VersionDetails(TypedDict):
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
