"""What Plugsurfing pulls, by itself and on request."""

from __future__ import annotations

from datetime import timedelta

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import connected

PROFILE = {"rules": {"cdr.realtime-only": "off"}, "private_locations": "test"}
BEGUN = o.NOW - timedelta(minutes=31)


async def test_cdrs_are_pulled_on_request_judged_and_kept_once(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal, profile=PROFILE) as cpo:
        names = ("C1", "C2", "C3")
        cpo.cdrs = [o.cdr(name, session_id=name, start=BEGUN) for name in names]
        cpo.cdrs[1]["total_parking_time"] = -1
        body = {"modules": ["cdrs"]}
        _, pulled = await cpo.control("POST", "/connections/cpo-1/pull", body)
        assert pulled["kept"] == {"cdrs": 2}
        assert await cpo.findings() == ["cdr.not-negative"]
        cpo.cdrs[0]["remark"] = "mended"
        await cpo.control("POST", "/connections/cpo-1/pull", body)
        _, told = await cpo.control("GET", "/findings?after=1")
        assert [f["rule"] for f in told["findings"]] == ["cdr.unaltered", "cdr.not-negative"]
        _, state = await cpo.control("GET", "/state")
        remarks = {cdr["id"]: cdr.get("remark") for cdr in state["held"][0]["cdrs"]}
        assert remarks == {"C1": None, "C3": None}
        assert (await cpo.post_cdr(cpo.cdrs[2])).status_code == 1000


@pytest.mark.parametrize("modules", [["cdrs", "tariffs"], []])
async def test_in_211_locations_alone_are_pulled_and_only_on_request(
    clock: Clock, chance: Chance, journal: Journal, modules: list[str]
) -> None:
    async with connected(clock, chance, journal, version="2.1.1") as cpo:
        assert not [r for r in journal.records if r.get("what") == "peer.pulled"]
        _, pulled = await cpo.control("POST", "/connections/cpo-1/pull", {"modules": modules})
        assert pulled["kept"] == {}
        _, pulled = await cpo.control("POST", "/connections/cpo-1/pull")
        assert pulled["kept"] == {"locations": 0}
