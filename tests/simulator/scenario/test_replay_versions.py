"""OCPI of each version played back, either side; and times that are moved to now in their own form.

The counterpart of a moved recording lives 400 days later.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache, partial
from pathlib import Path

import pytest

from simulator.kernel.journal import Journal
from simulator.scenario.replay import Plan
from simulator.scenario.replay_recording import Recording
from simulator.world import World
from tests.simulator.scenario.recorded import (
    as_cpo,
    fresh,
    listening,
    live,
    live_cpo,
    live_stations,
    play_stations,
    recorded,
)

APP = "DE8PSCB7K2M9Q1"
VERSIONS = pytest.mark.parametrize("version", ["2.1.1", "2.2", "2.2.1"])
LATER = timedelta(days=400)


def world_of(version: str, *, later: bool = False) -> World:
    """The demo's world with a peer that offers this version alone."""
    plan = fresh().plan
    start = (plan.start or pytest.fail("no start")) + (LATER if later else timedelta())
    return fresh(peers=(replace(plan.peers[0], ocpi_versions=(version,)),), start=start)


async def remotely(world: World, *, commanded: bool) -> None:
    """A session that the peer starts and stops; `commanded`: it is ours, so that we tell it to."""
    station, peer = world.station("DE-AC-1"), world.peers["plugsurfing"]
    await world.clock.sleep(5)
    await station.plug(1, world.car("ben"))
    await world.clock.sleep(10)
    if commanded:
        where = {"location_id": "DE-1", "evse_uid": "DE-AC-1-1"}
        await peer.command("START_SESSION", token_uid=APP, **where)
    await world.clock.sleep(600)
    if commanded:
        (session,) = world.cpo.ledger.open_sessions()
        await peer.command("STOP_SESSION", session_id=session.head.id)
    await world.clock.sleep(10)
    await station.unplug(1)
    await world.clock.sleep(60)


async def by_card_and_app(world: World, *, commanded: bool = True) -> None:
    await live(world)
    await remotely(world, commanded=commanded)


@cache
def told_by(version: str) -> Recording:
    with tempfile.TemporaryDirectory() as folder:
        told = recorded(Path(folder), world_of(version))
    assert {r["version"] for r in told.records if r["leg"] == "ocpi"} == {version, None}
    return told


@VERSIONS
@pytest.mark.parametrize("factor", [1.0, None], ids=["recorded", "none"])
def test_the_cpo_against_a_live_peer(version: str, factor: float | None) -> None:
    report, _ = as_cpo(told_by(version), world_of(version), factor=factor)
    assert report.differences == []
    assert report.said > 15 and report.answered > 4


@VERSIONS
@pytest.mark.parametrize("factor", [1.0, None], ids=["recorded", "none"])
def test_the_peer_against_a_live_cpo(version: str, factor: float | None) -> None:
    plan = Plan("peer", port=0, factor=factor, patience_s=1000)
    report, _ = listening(told_by(version), world_of(version), plan, live_cpo)
    assert report.differences == []
    assert report.said > 4 and report.answered > 15


@pytest.mark.parametrize("version", ["2.2", "2.2.1"])  # over 2.1.1 Plugsurfing sends no commands
def test_the_peers_commands_and_their_results(tmp_path: Path, version: str) -> None:
    told = recorded(tmp_path, world_of(version), by_card_and_app)
    there = partial(live_cpo, living=partial(by_card_and_app, commanded=False))
    report, journal = listening(told, world_of(version), Plan("peer", port=0), there)
    assert report.differences == []
    commands = [r for r in journal.records if r["leg"] == "ocpi" and r["module"] == "commands"]
    ways = [(r["direction"], r["status_code"]) for r in commands]
    assert sorted(ways) == [("received", 1000), ("received", 1000), ("sent", 1000), ("sent", 1000)]


@VERSIONS
def test_a_shifted_cpo_says_all_of_it_now(version: str) -> None:
    told = told_by(version)
    report, journal = as_cpo(told, world_of(version, later=True), factor=None, shift=True)
    assert report.differences == []
    said = list(_times(journal, "sent"))
    assert len(said) > 20
    fraction = "" if version == "2.1.1" else r"\.\d{3}"
    assert [
        t for t in said if not re.fullmatch(rf"2027-\d\d-\d\dT\d\d:\d\d:\d\d{fraction}Z", t)
    ] == []


@VERSIONS
def test_a_shifted_peer_says_all_of_it_now(version: str) -> None:
    told, plan = told_by(version), Plan("peer", port=0, shift=True)
    report, journal = listening(told, world_of(version, later=True), plan, live_cpo)
    assert report.differences == []
    said = [*_times(journal, "sent"), *_answered(journal)]
    assert len(said) > 20
    assert [time for time in said if not time.startswith("2027-02-19T0")] == []


def test_shifted_stations_and_a_shifted_csms_live_now() -> None:
    told = told_by("2.2.1")
    report, journal = play_stations(told, world_of("2.2.1", later=True), shift=True, factor=None)
    assert report.differences == []
    assert {time[:10] for time in _times(journal, "sent")} == {"2027-02-19"}
    ours = replace(told, records=tuple(r for r in told.records if not _speaks_pnc(r)))
    csms, heard = listening(
        ours, world_of("2.2.1", later=True), Plan("csms", port=0, shift=True), live_stations
    )
    assert csms.differences == []
    assert {time[:10] for time in _times(heard, "sent")} == {"2027-02-19"}


def test_a_recording_begins_when_the_live_side_comes() -> None:
    """What a CSMS that has waited for an hour says is of now, not of an hour ago."""

    async def late(world: World, url: str) -> None:
        await world.clock.sleep(3600)
        await live_stations(world, url)

    told = told_by("2.2.1")
    ours = replace(told, records=tuple(r for r in told.records if not _speaks_pnc(r)))
    plan = Plan("csms", port=0, shift=True, wait_s=7200)
    report, journal = listening(ours, world_of("2.2.1"), plan, late)
    assert report.differences == []
    first = next(r for r in journal.records if '"currentTime"' in (r.get("frame") or ""))
    assert f'"currentTime":"{first["at"][:17]}' in first["frame"]


def _speaks_pnc(record: dict[str, str | None]) -> bool:
    others = ("DE-DC-1", "NL-AC-1", "FR-DC-1", "FR-AC-1")
    return any(f"station/{name}" in (record["actor"], record["peer"]) for name in others)


_TIME = re.compile(r'"(\d{4}-\d\d-\d\dT[^"]*)"')


def _times(journal: Journal, direction: str) -> Iterator[str]:
    """Every time within what was said; of OCPI what was asked."""
    for record in journal.records:
        if record.get("direction") == direction:
            text = record["frame"] if record["leg"] == "ocpp" else record["request"]["body"]
            yield from _TIME.findall(text or "")


def _answered(journal: Journal) -> Iterator[str]:
    for record in journal.records:
        if record["leg"] == "ocpi" and record["direction"] == "received":
            yield from _TIME.findall(record["response"]["body"] or "")
