"""Remote starts and stops by EMPs."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from tests.mock_peer.roaming import CARD, roaming
from tests.mock_peer.test_relay import session_of

NO_TOKENS: tuple[Any, ...] = (None, 5, "card", [], {}, {"uid": 5, "type": "RFID"}, {"uid": "04FF"})


@pytest.mark.parametrize("name", ["RESERVE_NOW", "CANCEL_RESERVATION", "UNLOCK_CONNECTOR", "DANCE"])
async def test_other_commands_are_answered_not_supported(
    clock: Clock, chance: Chance, journal: Journal, name: str
) -> None:
    async with roaming(clock, chance, journal) as whole:
        told = await whole.emp.command(name, {})
        assert told["response"]["result"] == "NOT_SUPPORTED"
        assert [f["rule"] for f in whole.findings("roam.commands")] == ["roam.commands"]
        assert whole.cpo.commands == []


async def test_a_start_with_a_token_that_was_not_pushed_is_rejected(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        place = await whole.share()
        whole.emp.issue({"uid": "04EE0009", "contract_id": "DEEMPC00000009X"})
        told = await whole.emp.start_session("04EE0009", *place)
        assert told["response"]["result"] == "REJECTED"
        assert "roam.tokens-push-only" in told["response"]["message"][0]["text"]
        assert whole.cpo.commands == []


async def test_a_start_without_what_ocpi_requires_is_2001(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    for strict in (True, False):
        async with roaming(clock, chance, journal, organisation={"strict": strict}) as whole:
            location, *_ = await whole.share()
            place = {"location_id": location}
            bodies = ({}, [], None, {"token": {}}, *({**place, "token": t} for t in NO_TOKENS))
            for body in bodies:
                answer = await whole.ask("POST", "commands", "START_SESSION", body=body)
                assert answer.http_status in (200, 400)
                assert 2000 <= (answer.status_code or 0) < 3000, body
            assert whole.cpo.commands == []


@pytest.mark.parametrize(
    "place", [("el0",), ("LOC1",), ("{location}", "ee0"), ("{location}", "{evse}", "ec0")]
)
async def test_an_unknown_place_is_2003(
    clock: Clock, chance: Chance, journal: Journal, place: tuple[str, ...]
) -> None:
    async with roaming(clock, chance, journal) as whole:
        location, evse, _ = await whole.share()
        told = [part.format(location=location, evse=evse) for part in place]
        answer = await whole.emp.start_session(CARD, *told)
        assert "2003" in answer["response"]["failure"]


async def test_the_cpo_s_own_refusal_is_passed_on(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        place = await whole.share()
        whole.cpo.command_answer = {"result": "REJECTED", "timeout": 5}
        told = await whole.emp.start_session(CARD, *place)
        assert told == {"response": {"result": "REJECTED", "timeout": 5}, "result": None}


async def test_a_cpo_that_gives_no_answer_is_a_rejection(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        place = await whole.share()
        await whole.cpo.http.stop()
        told = await whole.emp.start_session(CARD, *place)
        assert told["response"]["result"] == "REJECTED"


async def test_only_the_emp_s_own_sessions_are_stopped(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        await whole.share()
        assert (await whole.emp.stop_session("es0"))["response"]["result"] == "UNKNOWN_SESSION"
        await whole.cpo.put_session(session_of(whole))
        await clock.sleep(5)
        (name,) = whole.emp.book.sessions
        told = whole.roam.book.told(name)
        assert told is not None
        whole.roam.book.put_told(name, told._replace(organisation="emp-9"))
        assert (await whole.emp.stop_session(name))["response"]["result"] == "UNKNOWN_SESSION"


async def test_the_emp_s_own_reference_comes_back_and_never_reaches_the_cpo(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        location, evse, _ = await whole.share()
        token: dict[str, Any] = whole.emp.book.tokens[CARD.casefold(), "RFID"]
        body = {
            "token": token,
            "location_id": location,
            "evse_uid": evse,
            "authorization_reference": "EMP-REF",
        }
        await whole.emp.command("START_SESSION", body)
        ours = whole.cpo.commands[-1]["authorization_reference"]
        assert ours != "EMP-REF"
        await whole.cpo.put_session(session_of(whole, authorization_reference=ours))
        await clock.sleep(5)
        (session,) = whole.emp.book.sessions.values()
        assert session["authorization_reference"] == "EMP-REF"
