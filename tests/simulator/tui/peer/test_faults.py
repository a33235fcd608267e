"""The faults that are placed."""

from __future__ import annotations

from simulator.tui.peer.faults import lines, placed
from tests.simulator.tui.peer.partners import between, look, peer, row, text

OWN = {"id": "1", "hits": 0, "active": False, "kind": "drop", "method": "PUT", "after": 0}


def test_the_worlds_and_the_partners_own() -> None:
    one = look(between(peers={"ps": peer(faults=[OWN])}))
    world, own = lines(one)
    assert row(world) == ["f1", "http_status", "world", "2", "placed", "module=cdrs"]
    assert world.given == {"id": "f1", "kind": "http_status"}
    assert own.given["at"] == "ps" and row(own)[4:] == ["over", "method=PUT"] and placed(one) == 2
    assert "the OCPI module" in text(world) and "has struck 2 times" in text(world)
    assert "strike no more" in text(own)
