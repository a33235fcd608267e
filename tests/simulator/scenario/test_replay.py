"""A world's own journal, played back against the same world: nothing differs; where the world is
another, that is told.
"""

from __future__ import annotations

from dataclasses import replace as changed
from pathlib import Path

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.loop import run
from simulator.mistakes import Exit, Mistake
from simulator.scenario.replay import Plan, replay
from simulator.scenario.replay_recording import Recording
from simulator.scenario.replay_report import Report
from simulator.world import World
from tests.simulator.scenario.recorded import (
    CARD,
    STATIONS,
    as_cpo,
    fresh,
    listening,
    live_cpo,
    live_stations,
    play_stations,
    recording,
)

TIMINGS = pytest.mark.parametrize("factor", [1.0, 10.0, None], ids=["recorded", "x10", "none"])


@TIMINGS
def test_stations_against_the_same_cpo_show_no_differences(
    tmp_path: Path, factor: float | None
) -> None:
    report, _ = play_stations(recording(tmp_path), fresh(), factor=factor)
    assert report.differences == []
    assert report.compared >= report.said > 60
    assert report.exit_code == Exit.PASS


@pytest.mark.parametrize("version", STATIONS)
def test_one_station_with_its_session_alone(tmp_path: Path, version: str) -> None:
    name = STATIONS[version]
    told = recording(tmp_path)
    report, journal = play_stations(
        told, fresh(), side=f"station/{name}", session=f"{name}-1-1", factor=None
    )
    assert report.differences == []
    records = list(journal.records)
    frames = [r for r in records if r["leg"] == "ocpp"]
    assert {r["actor"] for r in frames} == {f"station/{name}"}
    assert frames[0]["action"] == "BootNotification"  # else no CSMS would listen
    ends = {"1.6": "StopTransaction", "2.0.1": "TransactionEvent"}
    assert any(r["action"] == ends[version] for r in frames)


def test_ids_of_the_live_side_take_the_place_of_the_recorded_ones(tmp_path: Path) -> None:
    told = recording(tmp_path)
    old, new = '"transactionId":1', '"transactionId":7700'
    records = tuple({**r, "frame": r["frame"].replace(old, new)} if r["leg"] == "ocpp" else r
                    for r in told.records)  # fmt: skip
    report, journal = play_stations(
        changed(told, records=records), fresh(), side="station/DE-AC-1", factor=None
    )
    assert report.differences == []
    frames = [r["frame"] for r in journal.records if r["leg"] == "ocpp"]
    assert sum(old in frame for frame in frames) > 5
    assert not any(new in frame for frame in frames)


def test_a_cpo_that_answers_otherwise_is_told_field_by_field(tmp_path: Path) -> None:
    world = fresh()
    world.cpo.block_token(CARD)
    report, _ = play_stations(recording(tmp_path), world, side="station/DE-AC-1", factor=None)
    assert report.exit_code == Exit.FAILED
    told = report.differences[0]
    assert (told.name, told.kind) == ("Authorize", "answer")
    assert told.deviation is not None
    assert told.deviation == ("/idTagInfo/status", "Accepted", "Blocked")
    assert "recorded Accepted, now Blocked" in told.in_words()
    ignored, _ = play_stations(
        recording(tmp_path), _blocked(), side="station/DE-AC-1", factor=None,
        ignore=("/idTagInfo/*",),
    )  # fmt: skip
    assert ignored.differences == []


def _blocked() -> World:
    world = fresh()
    world.cpo.block_token(CARD)
    return world


@pytest.mark.parametrize("factor", [1.0, None], ids=["recorded", "none"])
def test_the_cpo_against_the_same_peer_shows_no_differences(
    tmp_path: Path, factor: float | None
) -> None:
    report, _ = as_cpo(recording(tmp_path), fresh(), factor=factor)
    assert report.differences == []
    assert report.said > 15
    assert report.answered > 4  # what the peer asks back, and the tokens that it pushes


def test_a_peer_that_judges_otherwise_is_told(tmp_path: Path) -> None:
    plan = fresh().plan
    (peer,) = plan.peers
    tokens = [{**t, "valid": False} if t["uid"] == CARD else t for t in peer.tokens]
    world = fresh(peers=(changed(peer, tokens=tuple(tokens)),))
    report, _ = as_cpo(recording(tmp_path), world, factor=None)
    places = {(d.name.split()[1], d.deviation.pointer) for d in report.differences if d.deviation}
    assert ("tokens", "/data/allowed") in places


def test_the_cpo_needs_a_token(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="--token"):
        as_cpo(recording(tmp_path), fresh(), token=None)


def test_a_cpos_session_alone_finds_the_endpoints_itself(tmp_path: Path) -> None:
    """The stretch holds no registration: the CPO is known already, by a token given."""
    world = fresh()

    async def main() -> Report:
        try:
            await world.start()
            peer = world.peers["plugsurfing"]
            (connection,) = world.cpo.book.connections.all()
            plan = Plan(
                "cpo", peer.versions_url, token=connection.token_out, factor=None,
                session="DE-AC-1-1-1", port=0,
            )  # fmt: skip
            journal = Journal(world.clock)
            return await replay(
                recording(tmp_path), plan, clock=world.clock, chance=Chance(1), journal=journal
            )
        finally:
            await world.stop()

    report = run(main(), world.clock)
    assert report.differences == []
    assert report.said > 3


def test_the_csms_for_live_stations_and_the_peer_for_a_live_cpo(tmp_path: Path) -> None:
    told = recording(tmp_path)
    as_csms, _ = listening(_of_two(told), fresh(), Plan("csms", port=0), live_stations)
    assert as_csms.differences == []
    assert as_csms.answered > 40
    as_peer, _ = listening(told, fresh(), Plan("peer", port=0), live_cpo)
    assert as_peer.differences == []
    assert as_peer.said > 4
    assert as_peer.answered > 15


def _of_two(told: Recording) -> Recording:
    """The stations that have sessions, without those that speak of certificates."""
    ours = {f"station/{name}" for name in STATIONS.values()}
    kept = tuple(r for r in told.records if ours & {r["actor"], r["peer"]})
    return changed(told, records=kept)


@pytest.mark.parametrize(
    ("side", "code"),
    [("station/NOBODY", Exit.NOTHING), ("nonsense", Exit.USAGE), ("station/DE-AC-1", Exit.USAGE)],
)
def test_what_cannot_be_played(tmp_path: Path, side: str, code: Exit) -> None:
    clock = Clock("virtual")
    with pytest.raises(Mistake) as caught:
        run(
            replay(recording(tmp_path), Plan(side), clock=clock, chance=Chance(1),
                   journal=Journal(clock)),
            clock,
        )  # fmt: skip
    assert caught.value.exit_code == code
