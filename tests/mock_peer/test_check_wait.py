"""Waiting: what is asked of the tester, what came, what did not."""

from __future__ import annotations

import asyncio

from mock_peer.check_evidence import Exchange
from mock_peer.check_wait import CPO_WISHES, Wait, wishes
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal, Record
from tests.mock_peer.checking import envelope, record

CARDS = {"card": "GOOD", "blocked": "BAD"}
EVSE = record(1, "PATCH", "locations", "/DE/ABC/L/E")
REFUSED = record(2, "POST", "tokens", "/T/authorize", answer=envelope({"allowed": "BLOCKED"}))
ALLOWED = record(3, "POST", "tokens", "/T/authorize", answer=envelope({"allowed": "ALLOWED"}))
SESSION = record(4, "PUT", "sessions", "/DE/ABC/S", body={"status": "ACTIVE"})
CDR = record(5, "POST", "cdrs", body={"cdr_token": {"type": "RFID"}})
REMOTE = record(6, "POST", "cdrs", body={"cdr_token": {"type": "APP_USER"}})
ALL = [EVSE, REFUSED, ALLOWED, SESSION, CDR]


def names(*came: Record, version: str = "2.2.1") -> list[str]:
    left = wishes(CPO_WISHES, version, [Exchange(one) for one in came], CARDS)
    return [wish.name for wish in left]


def test_each_message_fulfils_its_own_wish() -> None:
    everything = names()
    assert len(everything) == len(CPO_WISHES)
    for one in ALL:
        assert len(names(one)) == len(everything) - 1
    assert names(*ALL) == []


def test_the_cdr_of_a_remote_start_is_not_the_driver_s() -> None:
    assert "CDR" in names(REMOTE)


def test_no_session_is_awaited_in_a_version_that_pushes_none() -> None:
    assert "session pushed" not in names(version="2.1.1")


def test_the_tester_is_told_which_cards() -> None:
    asks = " ".join(wish.ask for wish in wishes(CPO_WISHES, "2.2.1", [], CARDS))
    assert "GOOD" in asks
    assert "BAD" in asks
    assert "{" not in asks


async def waiting(
    clock: Clock, journal: Journal, came: list[Record], wait_s: float
) -> tuple[tuple[str, ...], list[str]]:
    words: list[str] = []
    held: list[Record] = []

    async def finish() -> None:
        words.append("finished")

    async def bring() -> None:
        for one in came:
            await clock.sleep(10)
            held.append(one)
            journal.event("plugsurfing", "something")

    wait = Wait(
        left=lambda: wishes(CPO_WISHES, "2.2.1", [Exchange(one) for one in held], CARDS),
        own=lambda _: True,
        wait_s=wait_s,
        tell=words.append,
        finish=finish,
    )
    task = asyncio.get_running_loop().create_task(bring())
    missing = await wait.run(clock, journal)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return missing, words


async def test_the_wait_ends_when_all_has_come(clock: Clock, journal: Journal) -> None:
    missing, words = await waiting(clock, journal, ALL, 3600)
    assert missing == ()
    assert words[-1] == "finished"
    assert "  came: CDR" in words
    assert clock.monotonic() == 50


async def test_what_is_required_and_does_not_come_is_missing(
    clock: Clock, journal: Journal
) -> None:
    missing, words = await waiting(clock, journal, [EVSE, ALLOWED], 60)
    assert missing == ("CDR",)
    assert words[-1] == "awaited in vain: CDR"
    assert clock.monotonic() == 60


async def test_what_is_optional_may_be_missing(clock: Clock, journal: Journal) -> None:
    missing, _ = await waiting(clock, journal, [EVSE, ALLOWED, CDR], 60)
    assert missing == ()


async def test_no_time_is_no_wait(clock: Clock, journal: Journal) -> None:
    assert await waiting(clock, journal, [], 0) == ((), [])
