"""What real-time authorization answers."""

from __future__ import annotations

from simulator.tui.peer.answers import changed, lines
from tests.simulator.tui.peer.partners import answer, between, look, peer, row, text
from tests.simulator.tui.stage import Wire


def test_what_is_set() -> None:
    first, second = lines(look())
    assert row(first)[:3] == ["default", "ALLOWED", "0 s"]
    assert row(second)[:2] == ["token 04AA", "NO_CREDIT"]
    assert second.given["token"] == "04AA" and first.given["token"] == ""
    assert changed(look()) == 1 and "by token first" in text(first)


def test_silence_times_and_places() -> None:
    late = answer("EXPIRED", since=None, until="2026-01-15T07:00:00Z")
    told = {"default": answer("ALLOWED", no_answer=True, delay_s=2.5), "tokens": {},
            "locations": {"LOC1": answer("BLOCKED")}, "times": [late]}  # fmt: skip
    one = look(between(peers={"ps": peer(answers=told)}))
    silent, place, time = lines(one)
    assert row(silent)[1:3] == ["no answer", "2.5 s"] and changed(one) == 3
    assert place.given["location"] == "LOC1" and row(time)[0].startswith("time")


def test_what_was_asked_and_how_long_it_took() -> None:
    wire = Wire()
    record = wire.ocpi("POST", "tokens", {"location_id": "LOC1"}, data={"allowed": "ALLOWED"})
    record["url"] = "http://x/tokens/04AA/authorize"
    line = list(lines(look(wire=wire)))[-1]
    assert row(line)[0:3] == ["04AA", "ALLOWED", "13 ms"] and row(line)[4] == "LOC1"
    assert line.words["lat"] == 12.5 and "LOC1" in text(line)


def test_an_emps_manner() -> None:
    (line,) = lines(look(name="roamer", kind="emp"))
    assert row(line)[:2] == ["default", "silence"] and '"manner":"silence"' in line.given["answers"]
