"""Faults of a world: in its file, at its peers, and none that leaves everything as it was."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.loop import run
from simulator.mistakes import Mistake
from simulator.wire import ocpp_client, ocpp_server
from simulator.wire.faults import FaultBoard, FaultError
from simulator.world import World
from simulator.world_file import WorldFile, read_text

WORLD = """\
name: small
seed: 7
clock: virtual
cpo: {country_code: DE, party_id: ABC, name: Small}
peers: [{name: plugsurfing, tokens: [{uid: 04AA}]}]
tariffs: [{id: t, elements: [{price_components: [{type: ENERGY, price: 0.5, step_size: 1}]}]}]
locations:
- id: L1
  country: DEU
  stations:
  - {id: S16, ocpp: 1.6, tariff: t}
  - {id: S201, ocpp: 2.0.1, tariff: t}
cars: {mine: {soc_percent: 10}}
"""


def plan(faults: str = "") -> WorldFile:
    return read_text(f"{WORLD}faults: [{faults}]\n" if faults else WORLD, "w.yaml")


def whole_session(world: World) -> bytes:
    async def play() -> None:
        async with world:
            for name in ("S16", "S201"):
                station = world.station(name)
                await station.plug(1, world.car("mine"))
                await station.tap(1, "04AA")
                await world.clock.sleep(600)
                await station.stop_session(1)
                await station.unplug(1)
                await world.clock.sleep(60)

    run(play(), world.clock)
    return world.journal.dump()


def test_an_empty_board_changes_not_a_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    with_board = whole_session(World(plan()))
    for module in (ocpp_client, ocpp_server):
        monkeypatch.setattr(module, "faulty", lambda socket, board, **who: socket)
    monkeypatch.setattr(FaultBoard, "clock_of", lambda board, actor: board._clock)
    assert whole_session(World(plan())) == with_board
    assert with_board.count(b'"cdr.accepted"') == 2


def test_the_same_faults_make_the_same_journal() -> None:
    told = (
        "{kind: delay, by: 3 s, distribution: exponential, probability: 0.4, times: always},"
        "{kind: drop, action: '*Transaction*', probability: 0.3, times: 5, actor: station/*},"
        "{kind: http_status, at: peer, probability: 0.5, times: 2, module: cdrs}"
    )
    first = whole_session(World(plan(told)))
    assert whole_session(World(plan(told))) == first
    assert b'"leg":"fault"' in first


@pytest.mark.parametrize(
    ("faults", "says"),
    [
        ("{kind: dorp}", "faults[0].kind: no fault 'dorp'. Did you mean 'drop'?"),
        ("{kind: drop, times: never}", "faults[0].times: expected a whole number from 1"),
        ("{kind: drop, acton: X}", "faults[0].acton: drop has none. Did you mean 'action'?"),
        ("{kind: drop, at: plugsurfin}", "faults[0].at: no peer 'plugsurfin' runs in this world"),
        ("{kind: drop, action: Heartbeet}", "faults[0].action: no OCPP action is called"),
        ("{kind: drop, actor: cop}", "faults[0].actor: no actor is called 'cop'. Did you mean"),
        ("{kind: drop, peer: S61}", "faults[0].peer: no actor is called 'S61'."),
        ("{kind: drop, module: cdr}", "faults[0].module: no OCPI module is called 'cdr'."),
        ("{times: 2}", "faults[0]: 'kind' is missing"),
    ],
)
def test_a_mistake_in_the_file_names_its_line(faults: str, says: str) -> None:
    with pytest.raises(Mistake) as caught:
        plan(faults)
    assert f"w.yaml:14: {says}" in str(caught.value)


def test_faults_are_placed_here_and_at_the_peers() -> None:
    world = World(plan("{kind: drop, action: Reset}, {kind: drop, at: peer, module: cdrs}"))

    async def play() -> list[Any]:
        async with world:
            there = await world.peers["plugsurfing"].control("GET", "/faults")
            here = world.faults.board.list()
            number = await world.faults.place({"kind": "reset", "at": "plugsurfing"})
            await world.faults.clear(number, "plugsurfing")
            await world.faults.clear(at="peer")
            await world.faults.clear()
            left = await world.peers["plugsurfing"].control("GET", "/faults")
            return [here, there["faults"], left["faults"], world.faults.board.list()]

    here, there, *left = run(play(), world.clock)
    assert [fault["action"] for fault in here] == ["Reset"]
    assert [fault["module"] for fault in there] == ["cdrs"]
    assert left == [[], []]


def test_nobody_to_place_it_at_is_said() -> None:
    world = World(plan())

    async def play() -> None:
        async with world:
            with pytest.raises(FaultError, match="no peer 'plugsurfin'"):
                await world.faults.place({"kind": "drop", "at": "plugsurfin"})
            with pytest.raises(FaultError, match="no fault 'fault-9'"):
                await world.faults.clear("fault-9")
            with pytest.raises(Mistake, match="nothing here that it could strike"):
                await world.faults.place({"kind": "ocsp_down"})
            with pytest.raises(FaultError, match=r"'station/S61'\. Did you mean 'station/S16'"):
                await world.faults.place({"kind": "drop", "actor": "station/S61"})

    run(play(), world.clock)


@pytest.mark.parametrize("action", ["StartTransaction", "StopTransaction"])
def test_silence_costs_no_message_of_1_6(action: str) -> None:
    """OCPP-J 1.6 errata 3.2: only a CALLERROR says that a message failed."""
    world = World(plan(f"{{kind: drop, of: answer, action: {action}, times: 5, actor: cpo}}"))
    told = whole_session(world)
    assert told.count(b'"message.failed"') == 5  # the station gives up after 3 that are refused
    assert b"message.discarded" not in told
