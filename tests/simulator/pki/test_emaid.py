"""Contract ids and EVSE ids."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.pki.emaid import check_digit, contract_key, parse_emaid, parse_evse_id

# Published examples of eMI3 identifiers and of Plugsurfing's PnC page.
KNOWN_DIGITS = {
    "NN123ABCDEFGHI": "T",
    "FRXYZ123456789": "2",
    "ITA1B2C3E4F5G6": "4",
    "ESZU8WOX834H1D": "R",
    "PT73902837ABCZ": "Z",
    "DE83DUIEN83QGZ": "D",
    "DE83DUIEN83ZGQ": "M",
    "DE8AA001234567": "0",
    "NLTNM000122045": "U",
    "NLTNMC00122045": "K",
    "DE8PSCOO13A3LZ": "3",
}
keys = st.from_regex(r"[A-Z]{2}[0-9A-Z]{12}", fullmatch=True)


@pytest.mark.parametrize(("key", "digit"), KNOWN_DIGITS.items())
def test_check_digit_of_published_examples(key: str, digit: str) -> None:
    assert check_digit(key) == digit


@given(keys, st.integers(0, 13), st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
def test_one_wrong_character_changes_the_digit(key: str, place: int, other: str) -> None:
    changed = key[:place] + other + key[place + 1 :]
    assert (check_digit(changed) == check_digit(key)) == (changed == key)


@pytest.mark.parametrize(
    "bad", ["", "DE8PS", "DE8PSCOO13A3L*", "DE٨PSCOO13A3LZ", "DE8PSCOO13A3LZ3"]
)
def test_check_digit_refuses_what_is_no_key(bad: str) -> None:
    with pytest.raises(ValueError, match="14 letters"):
        check_digit(bad)


@pytest.mark.parametrize(
    "text",
    [
        "DE-8PS-COO13A3LZ-3",
        "DE8PSCOO13A3LZ3",
        "de-8ps-coo13a3lz",
        "DE8PS-COO13A3LZ",
        " DE-8PSCOO13A3LZ-3 ",
    ],
)
def test_every_spelling_has_one_key(text: str) -> None:
    emaid = parse_emaid(text)
    assert emaid is not None
    assert emaid.key == contract_key(text) == "DE8PSCOO13A3LZ"
    assert emaid.party == "DE8PS"


def test_spelling() -> None:
    emaid = parse_emaid("DE8PSABCDEFGHI1")
    assert emaid is not None
    assert emaid.dashed() == "DE-8PS-ABCDEFGHI-1"
    assert emaid.compact() == "DE8PSABCDEFGHI1"
    assert emaid.check_digit_is_wrong
    assert emaid.expected_check_digit == "5"
    without = parse_emaid("de-8ps-abcdefghi")
    assert without is not None
    assert without.dashed() == "DE-8PS-ABCDEFGHI"
    assert not without.check_digit_is_wrong


@given(keys)
def test_spelling_and_parsing_are_inverse(key: str) -> None:
    emaid = parse_emaid(key + check_digit(key))
    assert emaid is not None
    assert not emaid.check_digit_is_wrong
    assert parse_emaid(emaid.dashed()) == parse_emaid(emaid.compact()) == emaid


@given(st.text(max_size=40))
def test_any_text_has_a_key(text: str) -> None:
    assert isinstance(contract_key(text), str)
    parse_evse_id(text)


@pytest.mark.parametrize("text", ["DE*ICE*E45B*78C", "DEICEE45B78C", "de*ice*e45b*78c"])
def test_evse_id_spellings(text: str) -> None:
    evse_id = parse_evse_id(text)
    assert evse_id is not None
    assert evse_id.key == "DEICEE45B78C"


def test_evse_id_starred() -> None:
    evse_id = parse_evse_id("DEICEE45B78C")
    assert evse_id is not None
    assert evse_id.starred() == "DE*ICE*E45B78C"
    assert parse_evse_id("+49*810*000*438") is None
