"""What the CPO does by itself."""

from __future__ import annotations

from simulator.scenario.lab import Lab
from simulator.world_file import read_text

from .stage import TINY


def test_connections_commands_and_cards() -> None:
    with Lab(read_text(TINY), start="unregistered") as lab:
        lab.register("plugsurfing")
        lab.expect(ocpi="POST credentials", status=1000)
        lab.rotate("plugsurfing")
        lab.expect(ocpi="PUT credentials", status=1000)
        lab.pull_tokens("plugsurfing")
        lab.expect(ocpi="GET tokens", status=1000)
        lab.block_token("0123")
        assert lab.tap(station="ST1", token="0123") is False
        lab.unblock_token("0123")
        lab.plug("ST1", car="anna")
        assert lab.remote_start(station="ST1", token="0123") == "ACCEPTED"
        session = lab.expect(ocpi="PUT sessions", save={"s": "/id"}) and lab.variables["s"]
        assert lab.remote_stop(session) == "ACCEPTED"
        lab.unregister("plugsurfing")
        lab.expect(ocpi="DELETE credentials")
