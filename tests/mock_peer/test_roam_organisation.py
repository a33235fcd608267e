"""What is set up for an EMP, read strictly."""

from __future__ import annotations

from typing import Any

import pytest

from mock_peer.roam_organisation import Organisation, OrganisationError, letters, parse


def test_nothing_told_is_a_plain_organisation() -> None:
    organisation = parse({})
    assert organisation == Organisation()
    assert organisation.prefixes == ()  # no party is known yet, and so no contract is its own
    assert parse({"country_code": "DE", "party_id": "EMP"}).prefixes == ("DEEMP",)
    assert organisation.keys_per_contract == 1
    assert organisation.sees("DEU", "DE*ABC")


def test_registered_prefixes_replace_the_party_s_own() -> None:
    assert parse({"contract_prefixes": ["DE-8PS", "nl*emp"]}).prefixes == ("DE8PS", "NLEMP")


def test_a_prefix_clashes_with_one_that_begins_like_it() -> None:
    organisation = parse({"contract_prefixes": ["DE-EMP", "NL-EMP"]})
    assert organisation.clash(["FREMP"]) is None
    assert organisation.clash(["FREMP", "NLEMP"]) == (1, "NLEMP")
    assert organisation.clash(["DEEMPC0"]) == (0, "DEEMPC0")
    assert organisation.clash(["DEEM"]) == (0, "DEEM")


def test_it_sees_the_selected_countries_less_the_blocked_cpos() -> None:
    organisation = parse({"countries": ["DEU", "NLD"], "blocked_cpos": ["DE*BAD"]})
    assert organisation.sees("DEU", "DE*ABC")
    assert organisation.sees("nld", "NL*ABC")
    assert not organisation.sees("FRA", "FR*ABC")
    assert not organisation.sees("DEU", "de*bad")


def test_what_is_left_out_is_the_base_s() -> None:
    base = parse({"name": "One", "keys_per_contract": 3})
    assert parse({"name": "Two"}, base).keys_per_contract == 3


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ({"contract_prefixes": ["DE-EMP", "DE"]}, "/contract_prefixes/1: expected country and"),
        ({"authorization": {"timeout_s": 0.5}}, "/authorization/timeout_s: expected 1 to 10 s"),
        ({"authorization": {"timeout_s": 11}}, "/authorization/timeout_s: expected 1 to 10 s"),
        ({"authorization": {"otherwise": "maybe"}}, "/authorization/otherwise"),
        ({"keys_per_contract": 26}, "/keys_per_contract: expected 1 to 25"),
        ({"requests_per_minute": 0}, "/requests_per_minute: expected 1 or more, not 0"),
        ({"requests_per_day": -1}, "/requests_per_day: expected 1 or more, not -1"),
        ({"countries": ["DE"]}, "/countries/0: expected an alpha-3"),
        ({"blocked_cpos": ["DEABC"]}, "/blocked_cpos/0: expected a party"),
        ({"rules": {"roam.token-type": "off"}}, "Did you mean 'roam.token-types'"),
        ({"color": "blue"}, "/color: no such field"),
    ],
)
def test_mistakes_are_told_with_their_place(plain: dict[str, Any], words: str) -> None:
    with pytest.raises(OrganisationError, match="organisation") as caught:
        parse(plain)
    assert words in str(caught.value)


def test_letters_compare_contract_ids() -> None:
    assert letters("de-8ps-c0*1") == "DE8PSC01"
