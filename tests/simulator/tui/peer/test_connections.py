"""Connections and handshakes."""

from __future__ import annotations

from simulator.tui.peer.connections import lacking, lines
from tests.simulator.tui.peer.partners import between, connection, cpo, look, peer, row, text
from tests.simulator.tui.stage import Wire


def test_a_connection_is_told_from_both_ends() -> None:
    first, second = lines(look())
    assert row(first)[:4] == ["plugsurfing", "cpo", "2.2.1", "cpo"]
    assert row(second)[:4] == ["cpo", "ps", "2.2.1", "cpo"]
    assert row(first)[5] == "both there" and lacking(look()) == 0
    told = text(first)
    assert "they are       CPO DE*RLB" in told and "3 locations" in told
    assert "a broken rule is answered by its error" in told
    assert "set, never shown" in told and "tokens              receiver"[:6] in told


def test_a_token_that_lacks_and_a_connection_by_hand() -> None:
    one = connection("cpo", "", token_out=False)
    told = between(peers={"ps": peer(connections=[{**one, "strict": False, "rules": {"a": "off"},
                                                  "held": {}}])}, cpo=None)  # fmt: skip
    (line,) = lines(look(told))
    assert row(line)[3] == "by hand" and row(line)[5] == "one lacks"
    assert "it judges silently" in text(line) and "Rules as agreed" in text(line)


def test_the_handshake_is_told_with_the_versions() -> None:
    wire = Wire()
    versions = [{"version": "2.1.1", "url": "u"}, {"version": "2.2.1", "url": "u"}]
    wire.ocpi("GET", "versions", None, ident="a", data=versions)
    wire.ocpi("GET", "versions", None, ident="b", data={"version": "2.2.1", "endpoints": [1, 2]})
    wire.ocpi("POST", "credentials", {}, ident="c", code=2001)
    told = text(next(lines(look(wire=wire))))
    assert "GET versions  2.1.1, 2.2.1" in told
    assert "GET version details  2.2.1: 2 endpoints" in told
    assert "cpo → plugsurfing  POST credentials  2001" in told


def test_nobody_is_registered() -> None:
    lonely = look(between(peers={"ps": peer(connections=[])}, cpo=cpo(connections=[])))
    (line,) = lines(lonely)
    assert row(line)[1] == "nobody" and line.given == {"peer": "ps"}
    assert lacking(lonely) == 1 and "not registered" in text(line)
    outside = look(between(peers={"ps": {"trouble": "it runs elsewhere"}}, cpo=None))
    assert "it runs elsewhere" in text(next(lines(outside)))
