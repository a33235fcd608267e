"""Where locations stand: Faker makes up addresses around real towns, the same for the same seed.

Rule: what the world file says about a location stands; only what it leaves out is made up, from a
stream named after the location, so that adding one never moves another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from simulator.kernel.chance import Chance


class Country(NamedTuple):
    """A country: ISO 3166-1 alpha-2, Faker's locale, and a town for where Faker knows none."""

    alpha2: str
    locale: str
    town: tuple[str, str, str, str]  # latitude, longitude, name, time zone


# Where Plugsurfing operates, by ISO 3166-1 alpha-3 (the form of OCPI's Location.country).
COUNTRIES: dict[str, Country] = {
    "AUT": Country("AT", "de_AT", ("48.20849", "16.37208", "Wien", "Europe/Vienna")),
    "BEL": Country("BE", "nl_BE", ("50.85045", "4.34878", "Brussel", "Europe/Brussels")),
    "CHE": Country("CH", "de_CH", ("47.36667", "8.55000", "Zürich", "Europe/Zurich")),
    "CZE": Country("CZ", "cs_CZ", ("50.08804", "14.42076", "Praha", "Europe/Prague")),
    "DEU": Country("DE", "de_DE", ("52.52437", "13.41053", "Berlin", "Europe/Berlin")),
    "DNK": Country("DK", "da_DK", ("55.67594", "12.56553", "København", "Europe/Copenhagen")),
    "ESP": Country("ES", "es_ES", ("40.41650", "-3.70256", "Madrid", "Europe/Madrid")),
    "EST": Country("EE", "et_EE", ("59.43696", "24.75353", "Tallinn", "Europe/Tallinn")),
    "FIN": Country("FI", "fi_FI", ("60.16952", "24.93545", "Helsinki", "Europe/Helsinki")),
    "FRA": Country("FR", "fr_FR", ("48.85341", "2.34880", "Paris", "Europe/Paris")),
    "GBR": Country("GB", "en_GB", ("51.50853", "-0.12574", "London", "Europe/London")),
    "HRV": Country("HR", "hr_HR", ("45.81444", "15.97798", "Zagreb", "Europe/Zagreb")),
    "HUN": Country("HU", "hu_HU", ("47.49801", "19.03991", "Budapest", "Europe/Budapest")),
    "IRL": Country("IE", "en_IE", ("53.33306", "-6.24889", "Dublin", "Europe/Dublin")),
    "ISL": Country("IS", "is_IS", ("64.13548", "-21.89541", "Reykjavík", "Atlantic/Reykjavik")),
    "ITA": Country("IT", "it_IT", ("41.89193", "12.51133", "Roma", "Europe/Rome")),
    "LIE": Country("LI", "de_LI", ("47.14151", "9.52154", "Vaduz", "Europe/Vaduz")),
    "LTU": Country("LT", "lt_LT", ("54.68916", "25.27980", "Vilnius", "Europe/Vilnius")),
    "LUX": Country("LU", "de_LU", ("49.60982", "6.13268", "Luxemburg", "Europe/Luxembourg")),
    "LVA": Country("LV", "lv_LV", ("56.94600", "24.10589", "Rīga", "Europe/Riga")),
    "NLD": Country("NL", "nl_NL", ("52.37403", "4.88969", "Amsterdam", "Europe/Amsterdam")),
    "NOR": Country("NO", "no_NO", ("59.91273", "10.74609", "Oslo", "Europe/Oslo")),
    "POL": Country("PL", "pl_PL", ("52.22977", "21.01178", "Warszawa", "Europe/Warsaw")),
    "PRT": Country("PT", "pt_PT", ("38.71667", "-9.13333", "Lisboa", "Europe/Lisbon")),
    "ROU": Country("RO", "ro_RO", ("44.43225", "26.10626", "București", "Europe/Bucharest")),
    "SVK": Country("SK", "sk_SK", ("48.14816", "17.10674", "Bratislava", "Europe/Bratislava")),
    "SVN": Country("SI", "sl_SI", ("46.05108", "14.50513", "Ljubljana", "Europe/Ljubljana")),
    "SWE": Country("SE", "sv_SE", ("59.33258", "18.06490", "Stockholm", "Europe/Stockholm")),
    "USA": Country(
        "US", "en_US", ("37.77493", "-122.41942", "San Francisco", "America/Los_Angeles")
    ),
}

# OCPI 2.2.1 mod_locations: a Location needs these to be found.
MADE_UP = ("name", "address", "city", "postal_code", "coordinates", "time_zone")


def furnish(location: Mapping[str, Any], chance: Chance) -> dict[str, Any]:
    """The location with what it lacks of `MADE_UP`. Needs `id` and a `country` of `COUNTRIES`."""
    if all(key in location for key in MADE_UP):
        return dict(location)
    country = COUNTRIES[location["country"]]
    fake = chance.child(f"place/{location['id']}").faker(country.locale)
    town = fake.local_latlng(country_code=country.alpha2) or country.town
    latitude, longitude, city = town[0], town[1], str(town[2]).partition(",")[0]
    street = str(fake.street_address()).replace("\n", ", ").strip()
    # A few hundred metres about the town's centre; OCPI wants 5 to 7 decimals, as text.
    spread = [fake.random.uniform(-0.004, 0.004) for _ in range(2)]
    made_up = {
        "name": f"{city}, {street.rstrip('0123456789-/ ,.') or street}",
        "address": street[:45].strip(),
        "city": city,
        "postal_code": str(fake.postcode())[:10],
        "coordinates": {
            "latitude": f"{float(latitude) + spread[0]:.6f}",
            "longitude": f"{float(longitude) + spread[1]:.6f}",
        },
        "time_zone": town[-1] if is_time_zone(town[-1]) else country.town[-1],
    }
    return {**made_up, **location}


def is_time_zone(name: str) -> bool:
    """True for a zone that exists: Faker's table of towns names one or two that do not."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True
