"""The simulated EMP with a Roam-like CPO that is odd: it survives, and says what was wrong."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mock_peer.emp import EmpError
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.connection import SENDER
from simulator.wire.http import Headers, Response
from tests.mock_peer.odd_roam import CARD, ODD_PORT, Odd, OddRoam, odd_roam, page
from tests.mock_peer.roam_things import cdr, connector, evse, location, session, tariff

HERE = f"http://127.0.0.1:{ODD_PORT}"


def shown(name: str = "el1", **changes: Any) -> dict[str, Any]:
    """A location as Roam shows one: its tariff inlined."""
    plug = connector(tariffs=[tariff()])
    del plug["tariff_ids"]
    kept = ["RFID_READER", "REMOTE_START_STOP_CAPABLE"]
    return location(id=name, evses=[evse(connectors=[plug], capabilities=kept)], **changes)


def html(status: int) -> Odd:
    return lambda ctx: Response(status, Headers({"Content-Type": "text/html"}), b"<h1>oops</h1>")


def once(*items: Any, link: str | None = None) -> Odd:
    return lambda ctx: page(list(items), link)


async def known(odd: OddRoam) -> None:
    """Let the EMP know one location from a pull before."""
    odd.serve(once(shown()))
    assert await odd.emp.pull() == 1


async def test_a_good_roam_gives_nothing_to_find(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with odd_roam(clock, chance, journal) as odd:
        await known(odd)
        assert odd.findings() == []


@pytest.mark.parametrize(
    ("bad", "kept"),
    [
        ("not even an object", 1),
        (None, 1),
        ({}, 1),
        ({**shown("el2"), "id": 5}, 1),
        ({**shown("el2"), "evses": "none"}, 2),
        ({**shown("el2"), "coordinates": None}, 2),
        ({**shown("el2"), "evses": [{"connectors": [{"tariffs": "free"}]}]}, 2),
        ({**shown("el2"), "evses": [5, {"uid": []}]}, 2),
    ],
)
async def test_one_bad_object_is_told_and_the_rest_is_used(
    clock: Clock, chance: Chance, journal: Journal, bad: Any, kept: int
) -> None:
    async with odd_roam(clock, chance, journal) as odd:
        odd.serve(once(bad, shown()))
        await odd.emp.pull()
        assert len(odd.emp.book.locations) == kept
        assert odd.emp.book.locations["el1"]["city"] == "Berlin"
        (told,) = odd.events("ocpi.bad-object")
        assert (told["data"]["index"], bool(told["data"]["problems"])) == (0, True)
        plug = odd.emp.book.first_plug()
        assert plug is not None


@pytest.mark.parametrize(
    ("odd_list", "words"),
    [
        (html(500), "HTTP 500"),
        (html(200), "JSON"),
        (html(429), "HTTP 429"),
        (lambda ctx: page([shown()], status=500), "HTTP 500"),
        (lambda ctx: page(None, code=3000), "3000"),
        (lambda ctx: page({"locations": []}), "expected a list"),
        (once(shown(), link='<http://127.0.0.1:1/elsewhere>; rel="next"'), "127.0.0.1:1"),
        (once(shown(), link='<http://roam.example/next>; rel="next"'), "roam.example"),
        (once(shown(), link=f'<{HERE}/ocpi/2.2.1/sender/locations>; rel="next"'), "no end"),
    ],
)
async def test_a_pull_that_breaks_is_told_and_leaves_what_was_known(
    clock: Clock, chance: Chance, journal: Journal, odd_list: Odd, words: str
) -> None:
    async with odd_roam(clock, chance, journal) as odd:
        await known(odd)
        odd.serve(odd_list)
        for full in (True, False):
            with pytest.raises(EmpError, match=words):
                await odd.emp.pull(full=full)
        assert list(odd.emp.book.locations) == ["el1"]
        told = odd.events("emp.pull-failed")
        assert [r["data"]["full"] for r in told] == [True, False]
        assert words in told[0]["data"]["error"]


async def test_by_itself_it_tries_again_each_minute_until_all_came(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    lists = [html(500), html(503), once(shown()), once()]
    async with odd_roam(clock, chance, journal, pulls=True, lists=lists) as odd:
        await clock.sleep(5 * 60)
        full = [r["data"]["full"] for r in odd.events("emp.pull-failed")]
        assert full == [True, True]
        assert list(odd.emp.book.locations) == ["el1"]
        pulls = [url for url in odd.asked if "/locations" in url]
        assert ["date_from" in url for url in pulls] == [False] * 3 + [True] * 3


async def test_a_slow_answer_is_given_up_and_the_next_pull_is_not_begun_meanwhile(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with odd_roam(clock, chance, journal, pulls=True, delay_s=600.0) as odd:
        began = clock.monotonic()
        with pytest.raises(EmpError):
            await odd.emp.pull()
        assert clock.monotonic() - began < 300
        odd.delay_s = 0.0
        odd.serve(once(shown()))
        await clock.sleep(180)
        assert list(odd.emp.book.locations) == ["el1"]


async def test_pages_that_are_too_large_changed_tariffs_and_capabilities_are_found(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with odd_roam(clock, chance, journal, party="ABC") as odd:
        assert odd.findings() == ["roam.roles"]
        many = [shown(f"el{number}") for number in range(251)]
        dearer = shown("el1")
        dearer["evses"][0]["connectors"][0]["tariffs"] = [tariff("0.60")]
        reservable = shown("el2")
        reservable["evses"][0]["capabilities"] = ["RESERVABLE"]
        by_id = shown("el3")
        by_id["evses"][0]["connectors"][0] = connector()
        long = shown("el4", address="a" * 201)
        odd.serve(once(*many), once(dearer), once(reservable), once(by_id), once(long))
        for _ in range(5):
            await odd.emp.pull()
        assert odd.findings()[1:] == [
            "roam.locations-page",
            "roam.tariffs-inlined",
            "roam.capabilities",
            "roam.tariffs-inlined",
            "roam.locations-name",
        ]


async def test_without_a_tokens_module_it_pulls_all_the_same(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    lists = [once(shown())]
    async with odd_roam(
        clock, chance, journal, modules=("locations",), pulls=True, lists=lists
    ) as odd:
        await clock.sleep(60)
        (told,) = odd.events("emp.token-refused")
        assert "no tokens" in told["data"]["answer"]
        assert list(odd.emp.book.locations) == ["el1"]
        with pytest.raises(EmpError, match="no commands"):
            await odd.emp.start_session(CARD, "el1")


@pytest.mark.parametrize(
    "odd_answer", [html(500), html(200), lambda ctx: page(None, code=2001), html(404)]
)
async def test_a_token_that_is_not_taken_is_told(
    clock: Clock, chance: Chance, journal: Journal, odd_answer: Odd
) -> None:
    async with odd_roam(clock, chance, journal, tokens=odd_answer) as odd:
        (told,) = odd.events("emp.token-refused")
        assert told["data"]["token"] == CARD
        assert told["data"]["answer"]


@pytest.mark.parametrize(
    "odd_answer",
    [
        html(500),
        lambda ctx: page([]),
        lambda ctx: page({"result": 5}),
        lambda ctx: page("ACCEPTED"),
    ],
)
async def test_a_command_that_is_answered_with_nonsense_has_no_result(
    clock: Clock, chance: Chance, journal: Journal, odd_answer: Odd
) -> None:
    async with odd_roam(clock, chance, journal, commands=odd_answer) as odd:
        told = await odd.emp.start_session(CARD, "el1")
        assert told["result"] is None


async def test_an_accepted_command_without_a_result_is_waited_for_a_minute(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with odd_roam(clock, chance, journal) as odd:
        began = clock.monotonic()
        told = await odd.emp.stop_session("es1")
        assert (told["response"]["result"], told["result"]) == ("ACCEPTED", None)
        assert 59 < clock.monotonic() - began < 61
        late = odd.pushed[-1]["response_url"]
        answer = await odd.client.exchange(
            odd.connection, "POST", late, module="commands", body={"result": "ACCEPTED"}
        )
        assert answer.ok
        unknown = await odd.send(
            "POST", "commands", "STOP_SESSION", "nobody", role=SENDER, body={"result": "ACCEPTED"}
        )
        assert unknown.http_status == 404


async def test_sessions_as_roam_would_not_push_them_are_taken_and_told(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with odd_roam(clock, chance, journal) as odd:
        path = ("sessions", "DE", "ABC", "S1")
        early = await odd.send("PATCH", *path, body={"kwh": 1, "last_updated": "2026"})
        assert early.http_status == 404
        assert (await odd.send("PUT", *path, body=session())).ok
        change = {"kwh": 2, "status": "ACTIVE", "last_updated": "2026-01-15T08:00:00Z"}
        assert (await odd.send("PATCH", *path, body=change)).ok
        assert odd.emp.book.sessions["s1"]["kwh"] == 2
        assert odd.findings() == ["roam.sessions", "roam.sessions"]
        for body in ([], "session", 5):
            answer = await odd.send("PUT", *path, body=body)
            assert 2000 <= (answer.status_code or 0) < 3000
        assert odd.emp.book.sessions["s1"]["kwh"] == 2


async def test_each_cdr_is_priced_and_a_wrong_price_is_told(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with odd_roam(clock, chance, journal) as odd:
        odd.serve(once(shown("LOC1")))
        await odd.emp.pull()
        part = {"excl_vat": Decimal("5.00"), "incl_vat": Decimal("5.95")}
        right = cdr(id="S1", total_energy_cost=part)
        wrong = {**right, "id": "S2", "session_id": "S2", "total_cost": {"excl_vat": 6}}
        credit = {**right, "id": "S3", "session_id": "S3", "credit": True}
        bare = {key: right[key] for key in right if key != "total_energy_cost"}
        named = {**bare, "id": "S5", "session_id": "S4"}
        free = {"id": "S6", "total_energy_cost": part}
        for body in (right, wrong, credit, named, free):
            answer = await odd.send("POST", "cdrs", body=body)
            assert (answer.http_status, answer.status_code) == (200, 1000)
        agrees = {name: bill.agrees for name, bill in odd.emp.book.bills.items()}
        assert agrees == {"s1": True, "s2": False, "s3": True, "s5": True, "s6": None}
        told = {r["data"]["cdr"]: r["data"] for r in odd.events("emp.cdr")}
        assert (told["S2"]["asked"], told["S2"]["right"]) == (6, 5)
        assert told["S6"]["why"] == "no tariff is known"
        assert odd.findings() == ["roam.cdrs", "roam.cdrs", "roam.cdr-breakdown"]
        for body in ([], {}, {"id": 5}, {**right, "total_cost": {"excl_vat": 7}}):
            answer = await odd.send("POST", "cdrs", body=body)
            assert 2000 <= (answer.status_code or 0) < 3000
        assert len(odd.emp.book.cdrs) == 5


@pytest.mark.parametrize("body", [None, {}, [], "LOC1", {"location_id": 5}])
async def test_an_authorization_is_answered_whatever_stands_in_it(
    clock: Clock, chance: Chance, journal: Journal, body: Any
) -> None:
    async with odd_roam(clock, chance, journal) as odd:
        odd.emp.answers.unknown_locations = False
        told = await odd.send("POST", "tokens", CARD, "authorize", role=SENDER, body=body)
        assert told.data["allowed"] == "NOT_ALLOWED"
        nobody = await odd.send("POST", "tokens", "04FF", "authorize", role=SENDER, body=body)
        assert (nobody.http_status, nobody.status_code) == (404, 2004)
        other = await odd.send(
            "POST", "tokens", CARD, "authorize", role=SENDER, body=body, query={"type": "OTHER"}
        )
        assert other.status_code == 2004
