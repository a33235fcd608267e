"""Steps that place faults: checked like any spec, placed here or at a peer, taken away."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.loop import run
from simulator.scenario.snapshot import snapshot
from simulator.scenario.step import Play, StepError
from simulator.scenario.steps import STEPS, perform
from simulator.wire.fault_kinds import FAULTS
from simulator.wire.fault_spec import LIMITS, MATCHERS
from simulator.world import World
from simulator.world_file import read_text

WORLD = """\
name: small
seed: 7
clock: virtual
cpo: {country_code: DE, party_id: ABC, name: Small}
peers: [{name: plugsurfing, tokens: [{uid: 04AA}]}]
locations:
- {id: L1, country: DEU, stations: [{id: S16, ocpp: 1.6}]}
"""


def test_every_key_of_a_spec_is_an_argument() -> None:
    parameters = {p.name for kind in FAULTS.values() for p in kind.parameters}
    arguments = {arg.name for arg in STEPS["fault"].args}
    assert arguments == {"kind", "at", *MATCHERS, *LIMITS, *parameters}


@pytest.mark.parametrize(
    ("given", "where", "says"),
    [
        ({"kind": "dorp"}, ("kind",), "Did you mean 'drop'"),
        ({"kind": "drop", "times": 0}, ("times",), "a whole number from 1"),
        ({"kind": "drop", "status": 503}, ("status",), "drop has none"),
        ({"kind": "drop", "acton": "X"}, ("acton",), "Did you mean 'action'"),
        ({"action": "Reset"}, (), "'kind' is missing"),
        ({"kind": "drop", "action": "Heartbeet"}, ("action",), "Did you mean 'Heartbeat'"),
        ({"kind": "drop", "module": "cdr"}, ("module",), "Did you mean 'cdrs'"),
        ({"kind": "drop", "method": "PSOT"}, ("method",), "Did you mean 'POST'"),
    ],
)
def test_a_mistake_is_found_once_before_anything_runs(given: Any, where: Any, says: str) -> None:
    ((place, why),) = STEPS["fault"].problems(given)
    assert place == where
    assert says in why


def test_variables_are_left_until_they_have_a_value() -> None:
    assert not list(STEPS["fault"].problems({"kind": "${kind}", "times": "x"}))
    assert not list(STEPS["fault"].problems({"kind": "drop", "times": "${often}"}))
    assert not list(STEPS["fault"].problems("drop"))
    for action in ("${action}", "Start*", "*", "Heartbeat"):
        assert not list(STEPS["fault"].problems({"kind": "drop", "action": action}))
    for module in ("cdrs", "*", "nltnm-*", "credentials"):
        assert not list(STEPS["fault"].problems({"kind": "drop", "module": module}))


def test_faults_are_placed_struck_and_taken_away() -> None:
    world = World(read_text(WORLD))

    async def play() -> None:
        async with world:
            playing = Play(world)
            number = await perform(playing, "fault", {"kind": "drop", "action": "Heartbeat"})
            assert number == "fault-1"
            assert await perform(playing, "fault", {"kind": "drop", "at": "peer"}) == "fault-1"
            await world.clock.sleep(600)
            (told,) = (await snapshot(world))["faults"]
            assert (told["id"], told["hits"]) == ("fault-1", 1)
            await perform(playing, "clear_faults", number)
            await perform(playing, "clear_faults", {"at": "peer"})
            assert (await snapshot(world))["faults"] == []
            with pytest.raises(StepError, match="fault, times: expected a whole number"):
                await perform(playing, "fault", {"kind": "drop", "times": "${often}".strip("${}")})

    run(play(), world.clock)
    assert world.peers["plugsurfing"].base_url
