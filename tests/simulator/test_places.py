"""Places: made up once, the same for the same seed, and such that OCPI takes them."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pytest

from simulator.kernel.chance import Chance
from simulator.places import COUNTRIES, MADE_UP, furnish


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_country_of_the_territory_has_places_that_fit_ocpi(country: str) -> None:
    for seed in range(3):
        place = furnish({"id": "L1", "country": country}, Chance(seed))
        assert set(MADE_UP) <= set(place)
        assert 0 < len(place["name"]) <= 255
        assert 0 < len(place["address"]) <= 45
        assert 0 < len(place["city"]) <= 45
        assert len(place["postal_code"]) <= 10
        for axis in ("latitude", "longitude"):
            assert re.fullmatch(r"-?[0-9]{1,3}\.[0-9]{5,7}", place["coordinates"][axis])
        ZoneInfo(place["time_zone"])


def test_the_same_seed_makes_up_the_same_place_and_another_another() -> None:
    location = {"id": "L1", "country": "DEU"}
    assert furnish(location, Chance(1)) == furnish(location, Chance(1))
    assert furnish(location, Chance(1)) != furnish(location, Chance(2))


def test_one_location_never_moves_another() -> None:
    chance = Chance(1)
    alone = furnish({"id": "L2", "country": "NLD"}, chance)
    furnish({"id": "L1", "country": "NLD"}, chance)
    assert furnish({"id": "L2", "country": "NLD"}, chance) == alone
    assert furnish({"id": "L1", "country": "NLD"}, chance)["address"] != alone["address"]


def test_what_is_said_stands() -> None:
    place = furnish(
        {"id": "L1", "country": "DEU", "city": "Trier", "parking_type": "STREET"}, Chance(1)
    )
    assert place["city"] == "Trier"
    assert place["parking_type"] == "STREET"


def test_a_whole_address_needs_no_chance_and_no_known_country() -> None:
    whole = {"id": "L1", "country": "JPN", **dict.fromkeys(MADE_UP, "said")}
    assert furnish(whole, Chance(1)) == whole
