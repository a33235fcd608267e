"""Disguises: the one put on last shows, and each can be taken off."""

from __future__ import annotations

import ssl

from simulator.kernel.clock import Clock
from simulator.wire.faults_tls import Disguises, server_tls
from simulator.wire.tls import NO_TLS, TlsPem


def test_the_one_put_on_last_shows() -> None:
    disguises = Disguises()
    one, two = TlsPem("1", ""), TlsPem("2", "")
    assert disguises.of("cpo") is None
    off_one = disguises.put_on("cpo", one)
    off_two = disguises.put_on("cpo", two)
    assert disguises.of("cpo") is two
    assert disguises.of("station/A") is None
    off_one()
    assert disguises.of("cpo") is two
    off_two()
    off_two()
    assert disguises.of("cpo") is None


def test_who_has_no_certificate_has_no_tls(clock: Clock) -> None:
    context: ssl.SSLContext | None = server_tls(NO_TLS, clock, None, "cpo")
    assert context is None
