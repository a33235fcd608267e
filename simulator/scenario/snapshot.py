"""What all actors of a world know, in one plain value: for checks, the control API, displays.

Rule: plain JSON without secrets; looking changes nothing.
"""

from __future__ import annotations

from typing import Any

from simulator.scenario.steps_hold import desk_of, intercepts
from simulator.station.ev import Car
from simulator.world import World
from simulator.world_emp import Emp
from simulator.world_peer import Peer


async def snapshot(world: World) -> dict[str, Any]:
    """The whole world, now."""
    return {
        "world": {
            "name": world.plan.name,
            "seed": world.seed,
            "clock": str(world.clock),
            "paused": world.clock.paused,
            "records": world.journal.seq,
            "recording": recorded(world),
        },
        "stations": {name: station.snapshot() for name, station in world.stations.items()},
        "cars": {name: _car(world, name) for name in world.plan.cars},
        "cpo": world.cpo.snapshot() if world.cpo_lives else None,
        "peers": {
            name: _shown(await _state(peer))
            for name, peer in world.peers.items()
            if not peer.outside
        },
        "faults": world.faults.board.list(),
        **holding(world),
        "addresses": addresses(world),
        "emps": {name: await _state(emp) for name, emp in world.emps.items()},
    }


def addresses(world: World) -> dict[str, Any]:
    """Where somebody reaches whom; nothing of a CPO that is elsewhere, or dead."""
    return {
        "ocpp_url": world.cpo.ocpp_url if world.cpo_lives else None,
        "ocpi_versions_url": world.cpo.versions_url if world.cpo_lives else None,
        "peers": [
            {
                "name": peer.name,
                "versions_url": peer.versions_url,
                "control_url": f"{peer.base_url}/_mock/" if peer.base_url else None,
            }
            for peer in world.peers.values()
        ],
        "emps": [
            {
                "name": emp.name,
                "versions_url": emp.versions_url,
                "control_url": f"{emp.control_url}/",
            }
            for emp in world.emps.values()
        ],
        "pki": None if world.pki is None else world.pki.server.urls,
    }


def holding(world: World) -> dict[str, Any]:
    """What is intercepted, and what is held."""
    return {"intercepts": intercepts(world), "held": desk_of(world).snapshot()}


def recorded(world: World) -> str | None:
    """The file into which the journal is being recorded, if it is."""
    recording = world.recording
    return str(recording.path) if recording is not None and recording.active else None


def _car(world: World, name: str) -> dict[str, Any]:
    """A car as it arrives."""
    car = Car(**world.plan.cars[name])
    return {
        "model": car.model,
        "battery_kwh": car.battery_kwh,
        "soc_percent": car.soc_percent,
        "ac_phases": car.ac_phases,
        "ac_max_a": car.ac_max_a,
        "dc_max_w": car.dc_max_w,
        "iso15118": list(car.iso15118),
        "contract": None if world.pki is None else world.pki.emaid(name),
    }


async def _state(actor: Peer | Emp) -> dict[str, Any]:
    """What it holds; why it tells nothing, as in `dealings`."""
    if actor.missing is not None:
        return {"trouble": actor.missing}
    state: dict[str, Any] = await actor.state()
    return state


def _shown(state: dict[str, Any]) -> dict[str, Any]:
    """A peer's state; what the next to register would need is nobody's to see."""
    return {**state, "token_a": "***"} if "token_a" in state else state
