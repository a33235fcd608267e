"""The classes of a location nest as the specification draws them."""

from __future__ import annotations

from typing import get_args, get_type_hints

from simulator.ocpi.objects_location import EVSE, AdditionalGeoLocation, Connector, Location
from simulator.ocpi.schema import schema_of


def test_a_location_holds_evses_and_an_evse_connectors() -> None:
    assert get_args(get_type_hints(Location)["evses"]) == (EVSE,)
    assert get_args(get_type_hints(EVSE)["connectors"]) == (Connector,)


def test_an_additional_place_has_coordinates_and_perhaps_a_name() -> None:
    schema = schema_of(AdditionalGeoLocation)
    assert schema["required"] == ["latitude", "longitude"]
    assert list(schema["properties"]) == ["latitude", "longitude", "name"]
