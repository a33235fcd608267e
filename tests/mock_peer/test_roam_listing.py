"""Pulling locations: pages, deltas, single objects."""

from __future__ import annotations

from typing import Any

from mock_peer.roam_organisation import Organisation
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal
from simulator.ocpi.connection import SENDER, Connection
from simulator.ocpi.paging import parse_link
from tests.mock_peer import objects as o
from tests.mock_peer.roaming import Whole, roaming


def stock(whole: Whole, count: int) -> None:
    """Let the CPO have shared many locations."""
    connection = whole.cpo.peer.book.all()[0]
    for number in range(count):
        body = o.location(f"L{number}")
        whole.cpo.peer.book.put_location(connection, body, whole.clock.now())


async def test_a_pull_of_600_comes_in_pages_of_250(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        stock(whole, 600)
        first = await whole.pull()
        link = parse_link(first.headers["Link"], first.url)
        assert (len(first.data), first.headers["X-Total-Count"]) == (250, "600")
        assert first.headers["X-Limit"] == "250"
        assert link is not None
        assert "smart_paging=" in link
        assert "offset" not in link
        assert await whole.emp.pull() == 600
        assert len(whole.emp.book.locations) == 600


async def test_a_larger_limit_is_cut_and_a_smaller_one_taken(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        stock(whole, 300)
        assert len((await whole.pull(limit=1000)).data) == 250
        await clock.sleep(60)
        small = await whole.pull(limit=10)
        assert len(small.data) == 10
        link = parse_link(small.headers["Link"], small.url)
        assert len((await whole.pull(link)).data) == 10
        assert whole.findings("roam.l") == []


async def test_the_last_page_has_no_link_and_a_page_may_be_asked_for_again(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        stock(whole, 251)
        link = parse_link((await whole.pull()).headers["Link"])
        again = [await whole.pull(link), await whole.pull(link)]
        assert [len(page.data) for page in again] == [1, 1]
        assert all("Link" not in page.headers for page in again)


async def test_deep_offsets_parallel_pulls_and_made_up_pages_are_refused(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        stock(whole, 600)
        assert (await whole.pull(offset=250)).status_code == 2001
        link = parse_link((await whole.pull()).headers["Link"])
        await whole.pull()
        assert (await whole.pull(link)).status_code == 2001
        assert (await whole.pull(smart_paging="made-up")).status_code == 2001
        states = [f["expected"].split()[0] for f in whole.findings("roam.locations-page")]
        assert states == ["the", "one", "a"]


async def test_in_silent_mode_they_are_served_and_told(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal, organisation={"strict": False}) as whole:
        stock(whole, 600)
        link = parse_link((await whole.pull()).headers["Link"])
        await whole.pull(offset=250)
        assert len((await whole.pull(link)).data) == 250
        assert len(whole.findings("roam.locations-page")) == 2


async def test_a_second_pull_within_a_minute_is_told_and_refused_only_where_set(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        assert (await whole.pull()).ok
        await clock.sleep(30)
        assert (await whole.pull()).ok
        assert len(whole.findings("roam.limit-locations")) == 1
        await clock.sleep(60)
        assert (await whole.pull()).ok
        assert len(whole.findings("roam.limit-locations")) == 1
    enforced = {"rules": {"roam.limit-locations": "reject"}}
    async with roaming(clock, chance, journal, organisation=enforced) as whole:
        await whole.pull()
        assert (await whole.pull()).http_status == 429


async def test_a_delta_holds_what_changed_and_what_is_gone_is_found_by_a_full_pull(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        await whole.share()
        await whole.cpo.put_location(o.location("LOC2"))
        await clock.sleep(60)
        assert await whole.emp.pull(full=False) == 1
        await clock.sleep(60)
        assert await whole.emp.pull(full=False) == 0
        await whole.cpo.put_tariff(o.tariff(price="0.60"))
        await clock.sleep(60)
        assert await whole.emp.pull(full=False) == 2  # both inline the tariff
        connection = whole.cpo.peer.book.all()[0]
        whole.cpo.peer.book.remove_location(connection, "LOC2")
        await clock.sleep(60)
        assert await whole.emp.pull(full=False) == 0
        assert len(whole.emp.book.locations) == 2
        await clock.sleep(60)
        assert await whole.emp.pull() == 1
        assert len(whole.emp.book.locations) == 1


async def test_a_tariff_changes_its_id_with_its_content(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        plug = await whole.share()
        connector = whole.emp.book.connector(*plug)
        assert connector is not None
        before = connector["tariffs"][0]
        await whole.cpo.put_tariff(o.tariff(price="0.60"))
        await clock.sleep(60)
        await whole.emp.pull(full=False)
        connector = whole.emp.book.connector(*plug)
        assert connector is not None
        after = connector["tariffs"][0]
        assert before["id"] != after["id"]
        assert before["elements"] != after["elements"]


async def test_single_objects_are_given(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with roaming(clock, chance, journal) as whole:
        plug = await whole.share()
        for depth in (1, 2, 3):
            told = await whole.ask("GET", "locations", *plug[:depth], role=SENDER)
            assert (told.data.get("id") or told.data.get("uid")) == plug[depth - 1]
        nowhere = await whole.ask("GET", "locations", plug[0], "unknown", role=SENDER)
        assert nowhere.http_status == 404


async def test_a_blocked_cpo_is_not_seen(clock: Clock, chance: Chance, journal: Journal) -> None:
    organisation = {"blocked_cpos": ["DE*ABC"]}
    async with roaming(clock, chance, journal, organisation=organisation) as whole:
        await whole.cpo.put_location(o.location())
        assert await whole.emp.pull() == 0
        (hidden,) = whole.roam.catalogue.seen_by(Organisation())
        alone = await whole.ask("GET", "locations", hidden.shown["id"], role=SENDER)
        assert alone.http_status == 404


async def test_a_wrong_date_is_named(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with roaming(clock, chance, journal) as whole:
        told = await whole.pull(date_from="yesterday")
        assert told.status_code == 2001
        assert "date_from" in told.message
        assert (await whole.pull()).ok
        assert whole.findings("roam.limit-locations") == []  # what was refused was no pull


async def test_the_dates_stay_in_the_link(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with roaming(clock, chance, journal) as whole:
        stock(whole, 300)
        since = rfc3339(clock.now())
        page = await whole.pull(date_from=since)
        assert f"date_from={since}" in page.headers["Link"]


async def test_a_pull_that_was_refused_is_none(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    enforced = {"rules": {"roam.limit-locations": "reject"}}
    async with roaming(clock, chance, journal, organisation=enforced) as whole:
        seen = []
        for _ in range(5):
            seen.append((await whole.pull()).http_status)
            await clock.sleep(40)
        assert seen == [200, 429, 200, 429, 200]


async def test_further_pages_and_single_objects_are_no_pulls(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        stock(whole, 600)
        assert await whole.emp.pull() == 600
        name = next(iter(whole.emp.book.locations))
        assert (await whole.ask("GET", "locations", name, role=SENDER)).ok
        assert whole.findings("roam.l") == []


async def test_an_offset_beside_smart_paging_is_deep_too(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        stock(whole, 600)
        link = parse_link((await whole.pull()).headers["Link"])
        assert (await whole.pull(f"{link}&offset=250")).status_code == 2001
        assert (await whole.pull(link)).ok  # and the pull goes on
        (finding,) = whole.findings("roam.locations-page")
        assert finding["expected"].startswith("the first page without an offset")


async def test_smart_paging_means_nothing_to_others_and_never_comes_twice(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        stock(whole, 600)
        links = []
        for _ in range(2):
            first = await whole.pull()
            link = parse_link(first.headers["Link"])
            links += [link, parse_link((await whole.pull(link)).headers["Link"])]
            await clock.sleep(60)
        values = [str(link).partition("smart_paging=")[2].partition("&")[0] for link in links]
        assert len(set(values)) == 4
        assert not any(value.isdigit() or len(value) < 16 for value in values)


async def test_a_name_may_be_missing_and_an_address_is_200_long(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        long = o.location(address="a" * 200)
        del long["name"]
        assert (await whole.cpo.put_location(long)).ok
        await whole.emp.pull()
        (seen,) = whole.emp.book.locations.values()
        assert ("name" in seen, len(seen["address"])) == (False, 200)
        assert whole.findings("roam.locations-name") == []


async def test_capabilities_are_kept_and_stripped_on_the_wire(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        kept = [
            "CHIP_CARD_SUPPORT",
            "CONTACTLESS_CARD_SUPPORT",
            "CREDIT_CARD_PAYABLE",
            "DEBIT_CARD_PAYABLE",
            "PED_TERMINAL",
            "REMOTE_START_STOP_CAPABLE",
            "RFID_READER",
            "START_SESSION_CONNECTOR_REQUIRED",
        ]
        stripped = [
            "CHARGING_PROFILE_CAPABLE",
            "CHARGING_PREFERENCES_CAPABLE",
            "RESERVABLE",
            "TOKEN_GROUP_CAPABLE",
            "UNLOCK_CAPABLE",
        ]
        words = [*stripped, *kept]
        assert (await whole.cpo.put_location(o.location(evses=[o.evse(capabilities=words)]))).ok
        await whole.emp.pull()
        (seen,) = whole.emp.book.locations.values()
        assert seen["evses"][0]["capabilities"] == kept


async def test_the_countries_that_an_emp_selected_are_all_it_sees(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal, organisation={"countries": ["NLD"]}) as whole:
        await whole.cpo.put_location(o.location())
        await whole.cpo.put_location(o.location("LOC2", country="NLD"))
        page = await whole.pull()
        assert [location["country"] for location in page.data] == ["NLD"]
        assert page.headers["X-Total-Count"] == "1"


async def test_equal_ids_of_two_cpos_are_different_ids_for_emps(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        await whole.share()
        (mine,) = whole.emp.book.locations.values()
        book = whole.cpo.peer.book
        second = Connection("cpo-9", "cpo-9", registered=True)
        second.their_roles = [{"role": "CPO", "country_code": "NL", "party_id": "XYZ"}]
        book.save(second)
        owner = {"country_code": "NL", "party_id": "XYZ"}
        book.put_tariff(second, "T1", o.tariff(**owner), clock.now())
        book.put_location(second, o.location(**owner), clock.now())
        await clock.sleep(60)
        assert await whole.emp.pull() == 2
        (theirs,) = [one for one in whole.emp.book.locations.values() if one["id"] != mine["id"]]
        assert (theirs["country_code"], theirs["party_id"]) == ("NL", "XYZ")

        def ids(location: dict[str, Any]) -> list[str]:
            (evse,) = location["evses"]
            (connector,) = evse["connectors"]
            return [location["id"], evse["uid"], connector["id"], connector["tariffs"][0]["id"]]

        assert len({*ids(mine), *ids(theirs)}) == 8
        assert mine["evses"][0]["evse_id"] == theirs["evses"][0]["evse_id"]


async def test_what_is_pushed_only_cannot_be_pulled(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        await whole.share()
        base = whole.emp.connection.endpoints["locations", SENDER].removesuffix("/locations")
        for module in ("sessions", "cdrs", "tariffs", "tokens"):
            answer = await whole.pull(f"{base}/{module}")
            assert answer.http_status in (404, 405), module
        listed = await whole.ask("GET", "tokens")
        assert listed.http_status in (404, 405)
        assert whole.requests("emp", "tokens", "GET") == []  # nor does Roam pull any
