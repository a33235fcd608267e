"""What Plugsurfing pulls, by itself and on request."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mock_peer.rule import ALL
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.envelope import encode
from simulator.ocpi.exchange import Ctx
from simulator.wire.http import Headers, Response
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import connected
from tests.mock_peer.test_rules_over_http import Wire
from tests.mock_peer.test_versions import wire

PROFILE = {"rules": {"cdr.realtime-only": "off"}, "private_locations": "test"}
BEGUN = o.NOW - timedelta(minutes=31)


async def test_cdrs_are_pulled_on_request_judged_and_kept_once(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal, profile=PROFILE) as cpo:
        names = ("C1", "C2", "C3")
        starts = [BEGUN - timedelta(minutes=number) for number in range(3)]
        cpo.cdrs = [o.cdr(n, session_id=n, start=s) for n, s in zip(names, starts, strict=True)]
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
        assert pulled == {"kept": {}, "absent": modules}
        _, pulled = await cpo.control("POST", "/connections/cpo-1/pull")
        assert pulled == {"kept": {"locations": 0}, "absent": ["tariffs"]}


@pytest.mark.parametrize("version", ALL)
async def test_every_page_is_followed_in_every_version(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    """The CPO of the tests gives two objects a page."""
    async with connected(clock, chance, journal, version=version, profile=PROFILE) as cpo:
        w = Wire(cpo)
        cpo.locations = [w.location(f"L{n}") for n in range(5)]
        cpo.tariffs = [w.tariff(f"T{n}") for n in range(5)]
        starts = [BEGUN - timedelta(minutes=number) for number in range(5)]
        made = [o.cdr(f"C{n}", session_id=f"C{n}", start=s) for n, s in enumerate(starts)]
        cpo.cdrs = [wire(cpo, "cdr", cdr) for cdr in made]
        wanted = {"modules": ["tariffs", "locations", "cdrs"]}
        status, pulled = await cpo.control("POST", "/connections/cpo-1/pull", wanted)
        old = version == "2.1.1"
        asked = ("locations",) if old else ("tariffs", "locations", "cdrs")
        assert (status, pulled["absent"]) == (200, ["tariffs", "cdrs"] if old else [])
        assert pulled["kept"] == dict.fromkeys(asked, 5)
        for module in asked:
            pages = [r for r in journal.records if r["leg"] == "ocpi" and r["module"] == module]
            sent = [r for r in pages if (r["direction"], r["method"]) == ("sent", "GET")]
            assert len([r for r in sent if "offset=" in r["url"]]) == 2, module
        _, state = await cpo.control("GET", "/state")
        assert [place["id"] for place in state["held"][0]["locations"]] == [
            f"L{n}" for n in range(5)
        ]


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("{url}", "leads back to a page that was read already"),
        ("{url}?offset={n}", "after 10000 of them"),
        ("http://127.0.0.1:9/elsewhere", "leads to another host"),
    ],
)
async def test_a_list_without_an_end_is_told_and_nothing_is_forgotten(
    clock: Clock,
    chance: Chance,
    journal: Journal,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    link: str,
    words: str,
) -> None:
    monkeypatch.setattr("simulator.ocpi.crawl.MAX_PAGES", 20)
    async with connected(clock, chance, journal, version=version) as cpo:
        w = Wire(cpo)
        await cpo.put_location(w.location("OLD"))
        cpo.locations, asked = [w.location("L1")], []

        async def tamper(ctx: Ctx, response: Response) -> Response:
            if ctx.module != "locations":
                return response
            asked.append(ctx.request.path)
            there = link.format(url=f"{cpo.http.base_url}{ctx.request.path}", n=len(asked))
            body = encode(cpo.locations, now=clock.now())
            return Response(200, Headers({"Link": f'<{there}>; rel="next"'}), body)

        cpo.server.tamper = tamper
        wanted = {"modules": ["locations"]}
        status, told = await cpo.control("POST", "/connections/cpo-1/pull", wanted)
        assert status == 502
        assert words.replace("10000", "20") in told["error"]
        assert len(asked) <= 20
        _, state = await cpo.control("GET", "/state")
        assert [place["id"] for place in state["held"][0]["locations"]] == ["OLD", "L1"]


async def test_what_a_cpo_does_not_offer_is_told(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        (connection,) = (c for c in cpo.peer.book.all() if c.registered)
        connection.endpoints.pop(("cdrs", "SENDER"))
        wanted = {"modules": ["cdrs", "tariffs"]}
        _, pulled = await cpo.control("POST", "/connections/cpo-1/pull", wanted)
        assert pulled == {"kept": {"tariffs": 0}, "absent": ["cdrs"]}
