"""The objects of the locations module and what other modules share with it (2.2.1 mod_locations,
types).

Rule: see `objects`, which gathers all of them.
"""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict

from simulator.ocpi import enums
from simulator.ocpi.types import (
    CiString4,
    CiString36,
    CiString48,
    Count,
    Country,
    CountryCode,
    DateTime,
    Filled,
    Language,
    Latitude,
    Longitude,
    Number,
    PartyId,
    Percentage,
    Pixels,
    String4,
    String10,
    String16,
    String45,
    String64,
    String100,
    String255,
    String512,
    TimeOfDay,
    Url,
    Weekday,
)

# types


class DisplayText(TypedDict):
    """A text for people, and its language."""

    language: Language
    text: String512


class Price(TypedDict):
    """An amount of money without VAT, and with it where that is known."""

    excl_vat: Number
    incl_vat: NotRequired[Number]


# mod_locations, the small ones


class GeoLocation(TypedDict):
    """Coordinates in WGS 84."""

    latitude: Latitude
    longitude: Longitude


class AdditionalGeoLocation(GeoLocation):
    """Coordinates of a place that belongs to a location, and its name."""

    name: NotRequired[DisplayText]


class Image(TypedDict):
    """A picture to be fetched."""

    url: Url
    thumbnail: NotRequired[Url]
    category: enums.ImageCategory
    type: CiString4
    width: NotRequired[Pixels]
    height: NotRequired[Pixels]


class BusinessDetails(TypedDict):
    """A company as people know it."""

    name: String100
    website: NotRequired[Url]
    logo: NotRequired[Image]


class EnergySource(TypedDict):
    """The share of one source in an energy mix."""

    source: enums.EnergySourceCategory
    percentage: Percentage


class EnvironmentalImpact(TypedDict):
    """What a kWh of an energy mix emits, in g."""

    category: enums.EnvironmentalImpactCategory
    amount: Number


class EnergyMix(TypedDict):
    """Where a location's or tariff's energy comes from."""

    is_green_energy: bool
    energy_sources: NotRequired[list[EnergySource]]
    environ_impact: NotRequired[list[EnvironmentalImpact]]
    supplier_name: NotRequired[String64]
    energy_product_name: NotRequired[String64]


class RegularHours(TypedDict):
    """Opening hours of a weekday, in local time."""

    weekday: Weekday
    period_begin: TimeOfDay
    period_end: TimeOfDay


class ExceptionalPeriod(TypedDict):
    """A period, in UTC, in which the regular hours do not count."""

    period_begin: DateTime
    period_end: DateTime


class Hours(TypedDict):
    """Opening hours: all, or regular ones, and the exceptions."""

    twentyfourseven: bool
    regular_hours: NotRequired[list[RegularHours]]
    exceptional_openings: NotRequired[list[ExceptionalPeriod]]
    exceptional_closings: NotRequired[list[ExceptionalPeriod]]


class PublishTokenType(TypedDict):
    """What identifies tokens that may see an unpublished location."""

    uid: NotRequired[CiString36]
    type: NotRequired[enums.TokenType]
    visual_number: NotRequired[String64]
    issuer: NotRequired[String64]
    group_id: NotRequired[CiString36]


class StatusSchedule(TypedDict):
    """A status that is planned for a period."""

    period_begin: DateTime
    period_end: NotRequired[DateTime]
    status: enums.Status


# mod_locations


class Connector(TypedDict):
    """A socket or cable."""

    id: CiString36
    standard: enums.ConnectorType
    format: enums.ConnectorFormat
    power_type: enums.PowerType
    max_voltage: Count
    max_amperage: Count
    max_electric_power: NotRequired[Count]
    tariff_ids: NotRequired[list[CiString36]]
    terms_and_conditions: NotRequired[Url]
    last_updated: DateTime


class EVSE(TypedDict):
    """A place to charge one car at."""

    uid: CiString36
    evse_id: NotRequired[CiString48]
    status: enums.Status
    status_schedule: NotRequired[list[StatusSchedule]]
    capabilities: NotRequired[list[enums.Capability]]
    connectors: Annotated[list[Connector], Filled()]
    floor_level: NotRequired[String4]
    coordinates: NotRequired[GeoLocation]
    physical_reference: NotRequired[String16]
    directions: NotRequired[list[DisplayText]]
    parking_restrictions: NotRequired[list[enums.ParkingRestriction]]
    images: NotRequired[list[Image]]
    last_updated: DateTime


class Location(TypedDict):
    """A place with EVSEs, and all that a driver may want to know of it."""

    country_code: CountryCode
    party_id: PartyId
    id: CiString36
    publish: bool
    publish_allowed_to: NotRequired[list[PublishTokenType]]
    name: NotRequired[String255]
    address: String255
    city: String45
    postal_code: NotRequired[String10]
    state: NotRequired[String45]
    country: Country
    coordinates: GeoLocation
    related_locations: NotRequired[list[AdditionalGeoLocation]]
    parking_type: NotRequired[enums.ParkingType]
    evses: NotRequired[list[EVSE]]
    directions: NotRequired[list[DisplayText]]
    operator: NotRequired[BusinessDetails]
    suboperator: NotRequired[BusinessDetails]
    owner: NotRequired[BusinessDetails]
    facilities: NotRequired[list[enums.Facility]]
    time_zone: String255
    opening_times: NotRequired[Hours]
    charging_when_closed: NotRequired[bool]
    images: NotRequired[list[Image]]
    energy_mix: NotRequired[EnergyMix]
    last_updated: DateTime
