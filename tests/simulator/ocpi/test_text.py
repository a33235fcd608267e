"""What comes from outside becomes text that a record can hold."""

from __future__ import annotations

import msgspec

from simulator.ocpi.text import printable, text_of


def test_utf_8_stays() -> None:
    assert text_of("Küste".encode()) == "Küste"


def test_other_bytes_show_as_replacement() -> None:
    assert text_of(b"\xffa") == "\ufffda"


def test_lone_surrogates_of_headers_do_not_reach_a_record() -> None:
    dirty = b"caf\xe9".decode("utf-8", "surrogateescape")
    assert printable(dirty) == "caf\ufffd"
    assert msgspec.json.encode(printable(dirty))
    assert printable("plain") == "plain"
    assert printable("Küste") == "Küste"
