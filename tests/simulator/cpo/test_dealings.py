"""What a CPO has with its peers, at a glance."""

from __future__ import annotations

from pathlib import Path

import msgspec

from simulator.cpo.book import Book
from simulator.cpo.dealings import dealings
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.envelope import InvalidParameters, ServerError
from tests.simulator.cpo.stations import station201
from tests.simulator.cpo.test_deliveries import charge, only
from tests.simulator.cpo.world import CONFIG, running


async def test_a_connection_is_told_without_its_tokens(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world:
        told = world.cpo.dealings()
        (one,) = told["connections"]
        assert one["began"] == "us" and one["token_in"] is one["token_out"] is True
        (peer,) = world.cpo.peers.registered()
        text = msgspec.json.encode(told).decode()
        assert peer.token_in not in text and peer.token_out not in text
        assert told["locations"] == ["LOC1"]
        rows = {(m["version"], m["module"], m["role"]): m for m in told["modules"]}
        assert rows["2.2.1", "locations", "SENDER"]["taken"] == ["GET"]
        assert rows["2.2.1", "chargingprofiles", "RECEIVER"]["taken"] == []
        world.cpo.block_token("CARD1")
        assert world.cpo.dealings()["blocked"] == ["CARD1"]


async def test_a_cdr_that_waits_has_its_next_try(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        world.emsp.misbehave = only("cdrs", 1, ServerError)
        await charge(clock, station)
        await world.told("delivery.later")
        (due,) = world.cpo.dealings()["queue"]
        assert (due["kind"], due["state"], due["attempts"]) == ("cdr", "pending", 1)
        assert due["next_try"] > world.events("delivery.later")[-1]["at"]
        assert "3000" in due["message"]
        await world.told("cdr.accepted")
        await clock.sleep(1)
        assert world.cpo.dealings()["queue"] == [] and not world.cpo._deliveries.next_tries


async def test_a_refused_cdr_stays_until_it_is_taken(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal) as world, station201(world.cpo, clock) as station:
        await station.boot()
        world.emsp.misbehave = only("cdrs", 1, lambda: InvalidParameters("no"))
        await charge(clock, station)
        await world.told("cdr.refused")
        await clock.sleep(1)
        (row,) = world.cpo.dealings()["queue"]
        assert (row["state"], row["next_try"]) == ("refused", None)
        world.cpo.retry_cdr(row["id"])
        await world.told("cdr.accepted")
        await clock.sleep(1)
        assert world.cpo.dealings()["queue"] == []


def test_a_cpo_without_peers(clock: Clock, tmp_path: Path) -> None:
    book = Book(tmp_path / "cpo.db", clock)
    told = dealings(CONFIG, book, [], {})
    book.close()
    assert (told["connections"], told["queue"], told["blocked"]) == ([], [], [])
