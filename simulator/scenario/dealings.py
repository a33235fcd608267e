"""What CPO, peers and EMPs have with each other: connections, tokens, queues, answers, findings.

Rule: as in `snapshot`: plain JSON without secrets. It is short enough to be asked for every second,
for nothing in it grows with what was shared.
"""

from __future__ import annotations

from typing import Any

from simulator.wire.http_aio import HttpFailure
from simulator.world import World
from simulator.world_emp import Emp
from simulator.world_peer import Peer, PeerRefused


async def dealings(world: World) -> dict[str, Any]:
    """All of it, now. Who has nothing to tell says why (`trouble`)."""
    return {
        "cpo": world.cpo.dealings() if world.cpo_lives else None,
        "peers": {name: await _peer(peer) for name, peer in world.peers.items()},
        "emps": {name: await _asked(emp) for name, emp in world.emps.items()},
        "faults": world.faults.board.list(),
    }


async def _peer(peer: Peer) -> Any:
    if peer.outside:
        return {"trouble": "it runs elsewhere", "versions_url": peer.versions_url}
    return await _asked(peer)


async def _asked(actor: Peer | Emp) -> Any:
    if actor.missing is not None:
        return {"trouble": actor.missing}
    try:
        return await actor.control("GET", "/dealings")
    except (PeerRefused, HttpFailure) as error:  # another kind of peer need not have this
        return {"trouble": str(error)}
