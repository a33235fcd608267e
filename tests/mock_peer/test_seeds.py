"""The tokens that a peer starts with."""

from __future__ import annotations

import pytest

from mock_peer.book import Book
from mock_peer.profiles.plugsurfing import PEER
from mock_peer.seeds import Seeds
from simulator.mistakes import Mistake
from simulator.ocpi import validate
from tests.mock_peer import objects as o


def test_every_first_token_is_a_valid_one() -> None:
    book = Book()
    Seeds(PEER).plant(book, o.NOW)
    for token in book.tokens.all.values():
        assert validate.errors("token", token, "2.2.1") == []
        assert token["issuer"] == "DE*8PS"
    book.close()


def test_told_tokens_take_their_place() -> None:
    book = Book()
    Seeds(PEER, [{"uid": "A", "valid": False}]).plant(book, o.NOW)
    (token,) = book.tokens.all.values()
    assert (token["uid"], token["type"], token["valid"]) == ("A", "RFID", False)
    book.close()


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"uid": "A", "typ": "RFID"}, "/0/typ: no such field. Did you mean 'type'?"),
        ({"type": "RFID"}, "uid"),
        ({"uid": "A" * 37}, "/0/uid"),
        ({"uid": "A", "whitelist": "MAYBE"}, "/0/whitelist"),
    ],
)
def test_a_wrong_token_is_told_its_place(told: dict[str, str], words: str) -> None:
    with pytest.raises(Mistake, match=words.replace("?", r"\?")):
        Seeds(PEER, [told])
