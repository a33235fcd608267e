"""The EMP's pulls: all, then what changed, then all again at night; one at a time."""

from __future__ import annotations

from datetime import UTC, datetime

from mock_peer.emp_pulling import FULL_PULL_AT, PULL_EVERY_S, _next
from simulator.world import World
from simulator.world_file import read_text

WORLD = """\
name: pulls
seed: 7
clock: virtual
cpo: {country_code: DE, party_id: ABC, name: T}
peers: [{name: plugsurfing}]
emps: [{name: acme, tokens: []}]
locations: [{id: L1, country: DEU, stations: [{id: S2, ocpp: 1.6}]}]
"""


def test_the_night_is_the_next_one() -> None:
    assert _next(FULL_PULL_AT, datetime(2026, 1, 1, 2, tzinfo=UTC)).day == 1
    assert _next(FULL_PULL_AT, datetime(2026, 1, 1, 3, tzinfo=UTC)).day == 2


async def test_it_pulls_every_minute_and_all_of_it_at_night() -> None:
    async with World(read_text(WORLD, "w.yaml")) as world:
        await world.clock.sleep(24 * 3600)
        asked = [
            record["url"].partition("?")[2]
            for record in world.journal.records
            if record["leg"] == "ocpi"
            if (record["actor"], record["module"]) == ("emp", "locations")
        ]
        whole = [query for query in asked if "date_from" not in query]
        assert len(whole) == 2
        assert 24 * 60 - 10 <= len(asked) <= 24 * 3600 / PULL_EVERY_S + 1
