"""The module matrix."""

from __future__ import annotations

from simulator.tui.peer.modules import lines, refused
from tests.simulator.tui.peer.partners import look, row, text
from tests.simulator.tui.stage import Wire


def test_what_is_taken_used_and_not_there() -> None:
    wire = Wire()
    wire.ocpi("PUT", "sessions", {}, ident="a")
    wire.ocpi("PUT", "sessions", {}, ident="b")
    sessions, locations = lines(look(wire=wire))
    assert row(sessions)[:5] == ["ps", "sessions", "not offered", "-", "PUT·2 PATCH"]
    assert row(locations)[:5] == ["cpo", "locations", "-", "-", "GET"]
    assert row(sessions)[5:] == ["PUT·2 PATCH", ""], "where there is little room"
    told = text(sessions)
    assert "OCPI 2.2.1  spoken now" in told and "refuses  GET" in told
    assert "the version does not have it" in told and "asked PUT 2 times" in told
    assert refused(look(wire=wire)) == 0


def test_what_nobody_takes_is_seen() -> None:
    wire = Wire()
    wire.ocpi("GET", "sessions", None, code=2000)
    one = look(wire=wire)
    cell = next(lines(one)).cells[4]
    assert cell == ("✗GET·1 PUT PATCH", "bad")
    assert refused(one) == 1
