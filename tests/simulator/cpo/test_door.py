"""Who may connect to the CSMS, by security profile."""

from __future__ import annotations

import pytest

from simulator.cpo.config import StationEntry
from simulator.cpo.door import refusal
from simulator.wire.ocpp_server import Knock

WORD = "0123456789abcdef"


@pytest.mark.parametrize(
    ("profile", "password", "knock", "why"),
    [
        (1, None, Knock("CP1"), None),
        (1, None, Knock("CP1", "whatever"), None),
        (1, WORD, Knock("CP1", WORD), None),
        (1, WORD, Knock("CP1", WORD, tls=True), None),
        (1, WORD, Knock("CP1", "other"), "wrong password"),
        (1, WORD, Knock("CP1"), "no password"),
        (2, WORD, Knock("CP1", WORD, tls=True), None),
        (2, WORD, Knock("CP1", WORD), "security profile 2 is over TLS, and this is plain"),
        (2, WORD, Knock("CP1", "other", tls=True), "wrong password"),
        (2, WORD, Knock("CP1", None, "CP1", tls=True), "no password"),
        (3, None, Knock("CP1", None, "CP1", tls=True), None),
        (3, WORD, Knock("CP1", None, "CP1", tls=True), None),
        (3, None, Knock("CP1", None, "CP2", tls=True), "the client certificate is that of 'CP2'"),
        (3, None, Knock("CP1", WORD, tls=True), "security profile 3 needs a client certificate"),
        (3, None, Knock("CP1", None, "CP1"), "security profile 3 is over TLS, and this is plain"),
    ],
)
def test_a_station_shows_what_its_profile_asks(
    profile: int, password: str | None, knock: Knock, why: str | None
) -> None:
    entry = StationEntry("CP1", "L1", ["E1"], password, profile)
    assert refusal(entry, knock) == why
