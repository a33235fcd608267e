"""The objects of tariffs, sessions and CDRs (2.2.1 mod_tariffs, mod_sessions, mod_cdrs).

Rule: see `objects`, which gathers all of them.
"""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict

from simulator.ocpi import enums
from simulator.ocpi.objects_location import (
    DisplayText,
    EnergyMix,
    GeoLocation,
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
    Currency,
    Date,
    DateTime,
    Filled,
    Int,
    Number,
    PartyId,
    String10,
    String45,
    String255,
    String512,
    String5000,
    TimeOfDay,
    Url,
)

# mod_tariffs


class PriceComponent(TypedDict):
    """The price of one dimension: per kWh, per hour, or once."""

    type: enums.TariffDimensionType
    price: Number
    vat: NotRequired[Number]
    step_size: Count


class TariffRestrictions(TypedDict):
    """When a tariff element applies: all that is set must hold."""

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
    """Prices, and the restrictions under which they apply."""

    price_components: Annotated[list[PriceComponent], Filled()]
    restrictions: NotRequired[TariffRestrictions]


class Tariff(TypedDict):
    """What a CPO charges."""

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


# mod_cdrs, mod_sessions


class CdrToken(TypedDict):
    """The token of a session, as it was at its start."""

    country_code: CountryCode
    party_id: PartyId
    uid: CiString36
    type: enums.TokenType
    contract_id: CiString36


class CdrDimension(TypedDict):
    """How much of something a period took."""

    type: enums.CdrDimensionType
    volume: Number


class ChargingPeriod(TypedDict):
    """A part of a session in which the price did not change."""

    start_date_time: DateTime
    dimensions: Annotated[list[CdrDimension], Filled()]
    tariff_id: NotRequired[CiString36]


class Session(TypedDict):
    """A session as it stands: the CPO tells it while it lasts."""

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


class CdrLocation(TypedDict):
    """The connector of a session and where it is, as it was at its start."""

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
    """A meter reading and its signature."""

    nature: CiString32
    plain_data: String512
    signed_data: String5000


class SignedData(TypedDict):
    """Signed meter readings, and how to check them."""

    encoding_method: CiString36
    encoding_method_version: NotRequired[Int]
    public_key: NotRequired[String512]
    signed_values: Annotated[list[SignedValue], Filled()]
    url: NotRequired[String512]


class CDR(TypedDict):
    """A session as it is billed: it never changes."""

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
