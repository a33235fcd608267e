"""Enums carry the specification's values, and the corrected one where it contradicts itself."""

from __future__ import annotations

from simulator.ocpi import enums
from simulator.ocpi.enums import values


def test_values_are_listed_in_order() -> None:
    assert values(enums.WhitelistType) == ("ALWAYS", "ALLOWED", "ALLOWED_OFFLINE", "NEVER")


def test_a_reserved_session_has_the_enum_s_word_not_the_text_s() -> None:
    assert "RESERVATION" in values(enums.SessionStatus)
    assert "RESERVED" not in values(enums.SessionStatus)


def test_a_flat_price_is_no_dimension_of_a_cdr() -> None:
    assert "FLAT" in values(enums.TariffDimensionType)
    assert "FLAT" not in values(enums.CdrDimensionType)


def test_no_enum_names_a_value_twice() -> None:
    for name in dir(enums):
        listed = values(getattr(enums, name))
        assert len(set(listed)) == len(listed), name
