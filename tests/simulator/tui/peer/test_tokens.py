"""Tokens, and what was answered to them."""

from __future__ import annotations

from simulator.tui.peer.tokens import lines, refused
from tests.simulator.tui.peer.partners import between, cpo, look, peer, pushed, row, text, token
from tests.simulator.tui.stage import Wire


def test_valid_pushed_and_blocked() -> None:
    told = between(cpo=cpo(blocked=["04AA"]))
    first, second = lines(look(told))
    assert row(first)[:5] == ["04AA", "RFID", "blocked", "NEVER", "✓ DE*RLB"]
    assert row(second)[2] == "no" and row(second)[4] == "to nobody"
    assert "refused there, whatever its eMSP says" in text(first)
    assert "Pushed to DE*RLB, connection cpo-1" in text(first)
    assert "HTTP 200, OCPI 1000" in text(first) and refused(look(told)) == 0
    assert first.given["fields"] == '{"type":"RFID","valid":true,"whitelist":"NEVER"}'


def test_a_push_that_was_not_taken() -> None:
    one = look(between(peers={"ps": peer(tokens=[token("04CC", pushed=pushed("no uid"))])}))
    (line,) = lines(one)
    assert row(line)[4] == "✗ DE*RLB 2001" and "no uid" in text(line) and refused(one) == 1


def test_whom_nobody_names_is_called_by_the_connection() -> None:
    unnamed = peer(connections=[], tokens=[token("04CC", pushed=pushed())])
    (line,) = lines(look(between(peers={"ps": unnamed})))
    assert row(line)[4] == "✓ cpo-1" and "Pushed to cpo-1" in text(line)


def test_when_it_was_authorized_and_how_fast() -> None:
    wire = Wire()
    record = wire.ocpi("POST", "tokens", {}, data={"allowed": "NO_CREDIT"})
    record["url"] = "http://x/ocpi/2.2.1/sender/tokens/04AA/authorize?type=RFID"
    first, second = lines(look(wire=wire))
    assert "NO_CREDIT  13 ms" in text(first)
    assert "not that this view remembers" in text(second)


def test_an_emps_tokens() -> None:
    (line,) = lines(look(name="roamer", kind="emp"))
    assert row(line)[0] == "04EE" and line.given["emp"] == "roamer"
