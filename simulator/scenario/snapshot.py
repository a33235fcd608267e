"""What all actors of a world know, in one plain value: for checks, the control API, displays.

Rule: plain JSON without secrets; looking changes nothing.
"""

from __future__ import annotations

from typing import Any

from simulator.world import World


async def snapshot(world: World) -> dict[str, Any]:
    """The whole world, now."""
    return {
        "world": {
            "name": world.plan.name,
            "seed": world.seed,
            "clock": str(world.clock),
            "records": world.journal.seq,
        },
        "stations": {name: station.snapshot() for name, station in world.stations.items()},
        "cpo": world.cpo.snapshot() if world.cpo_lives else None,
        "peers": {
            name: _shown(await peer.state())
            for name, peer in world.peers.items()
            if not peer.outside
        },
        "faults": world.faults.board.list(),
        "emps": {name: await emp.state() for name, emp in world.emps.items()},
    }


def _shown(state: dict[str, Any]) -> dict[str, Any]:
    """A peer's state; what the next to register would need is nobody's to see."""
    return {**state, "token_a": "***"}
