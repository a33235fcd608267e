"""The table of kinds, and that the samples hold every field of every class at least once."""

from __future__ import annotations

from typing import get_type_hints

import pytest

from simulator.ocpi.objects import IDENTITY, KINDS
from simulator.ocpi.schema import schema_of
from tests.simulator.ocpi.samples import kind_of, names, sample


@pytest.mark.parametrize("kind", KINDS)
def test_the_samples_use_every_field_of_a_kind(kind: str) -> None:
    used: set[str] = set()
    for name in names():
        if kind_of(name) == kind:
            used |= {field for field, value in sample(name).items() if value is not None}
    assert used == set(get_type_hints(KINDS[kind]))


@pytest.mark.parametrize("kind", IDENTITY)
def test_the_ids_of_a_url_are_fields_of_the_object(kind: str) -> None:
    assert set(IDENTITY[kind].values()) <= set(get_type_hints(KINDS[kind]))


def test_required_and_optional_stand_as_in_the_specification() -> None:
    def required(kind: str) -> set[str]:
        return set(schema_of(KINDS[kind])["required"])

    assert required("token") == {
        "country_code",
        "party_id",
        "uid",
        "type",
        "contract_id",
        "issuer",
        "valid",
        "whitelist",
        "last_updated",
    }
    assert "publish" in required("location") and "time_zone" in required("location")
    assert "evse_id" not in required("evse")
    assert required("command_response") == {"result", "timeout"}
