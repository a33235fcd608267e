"""Plugsurfing: who it is, and where it operates."""

from __future__ import annotations

from mock_peer import profiles
from mock_peer.profiles.plugsurfing import PEER, TERRITORY_22X, TERRITORY_211


def test_identity() -> None:
    assert profiles.find("plugsurfing") is PEER
    assert PEER.issuer == "DE*8PS"
    assert PEER.business_name == "Plugsurfing"


def test_the_territories_are_those_of_the_requirements() -> None:
    assert (len(TERRITORY_22X), len(TERRITORY_211)) == (27, 25)
    assert {"EST", "LTU", "PRT", "USA"} == TERRITORY_22X - TERRITORY_211
    assert {"ISL", "ROU"} == TERRITORY_211 - TERRITORY_22X


def test_there_is_a_token_for_each_thing_to_try() -> None:
    cards = [token for token in PEER.tokens if token["type"] == "RFID"]
    assert {token["whitelist"] for token in cards} == {
        "ALLOWED_OFFLINE",
        "NEVER",
        "ALLOWED",
        "ALWAYS",
    }
    assert [token["valid"] for token in cards].count(False) == 1
    assert {token["type"] for token in PEER.tokens} == {"RFID", "APP_USER", "OTHER"}
