"""What the simulated EMP answers on the wire, well and badly."""

from __future__ import annotations

from typing import Any

import pytest

from mock_peer.emp_answers import Verdict
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.client import Answer, Failure
from simulator.ocpi.connection import RECEIVER, SENDER, InterfaceRole
from simulator.wire.http import join_url
from tests.mock_peer.roam_things import cdr, session
from tests.mock_peer.roaming import CARD, Whole, roaming


async def ask(
    whole: Whole, method: str, module: str, *path: str, role: InterfaceRole = RECEIVER, **rest: Any
) -> Answer:
    """Send a request of Roam to the EMP."""
    connection = whole.roam.book.all()[0]
    url = join_url(connection.endpoints[module, role], *path)
    client = whole.roam.outbound._client
    return await client.exchange(connection, method, url, module=module, **rest)


async def authorize(whole: Whole, uid: str = CARD, body: Any = None) -> Answer:
    return await ask(whole, "POST", "tokens", uid, "authorize", role=SENDER, body=body)


async def test_an_authorization_names_token_and_reference(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        told = await authorize(whole)
        assert told.data["allowed"] == "ALLOWED"
        assert told.data["token"]["uid"] == CARD
        assert told.data["authorization_reference"]
        unknown = await authorize(whole, "nobody")
        assert (unknown.http_status, unknown.status_code) == (404, 2004)


async def test_an_unknown_location_is_denied_where_that_is_set(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        location_id, *_ = await whole.share()
        whole.emp.answers.unknown_locations = False
        known = await authorize(whole, body={"location_id": location_id})
        unknown = await authorize(whole, body={"location_id": "el0"})
        missing = await authorize(whole)
        allowed = [answer.data["allowed"] for answer in (known, unknown, missing)]
        assert allowed == ["ALLOWED", "NOT_ALLOWED", "NOT_ALLOWED"]


@pytest.mark.parametrize(
    ("manner", "failure"),
    [("garbage", Failure.NOT_JSON), ("error", Failure.HTTP_ERROR), ("silence", Failure.NO_ANSWER)],
)
async def test_bad_manners_on_request(
    clock: Clock, chance: Chance, journal: Journal, manner: Any, failure: Failure
) -> None:
    async with roaming(clock, chance, journal) as whole:
        whole.emp.answers.default = Verdict(manner=manner)
        assert (await authorize(whole)).failure is failure


async def test_a_session_is_put_patched_and_read(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        path = ("DE", "ABC", "S1")
        early = await ask(whole, "PATCH", "sessions", *path, body={"last_updated": "x"})
        assert early.http_status == 404
        assert (await ask(whole, "PUT", "sessions", *path, body=session())).http_status == 201
        assert (await ask(whole, "PUT", "sessions", *path, body=session())).http_status == 200
        change = {"kwh": 3, "last_updated": "2026-01-15T08:00:00Z"}
        assert (await ask(whole, "PATCH", "sessions", *path, body=change)).ok
        assert (await ask(whole, "PATCH", "sessions", *path, body={"kwh": 4})).status_code == 2001
        assert (await ask(whole, "GET", "sessions", *path)).data["kwh"] == 3
        assert (await ask(whole, "GET", "sessions", "DE", "ABC", "S2")).http_status == 404


async def test_a_cdr_again_is_answered_as_the_first_time_and_never_changes(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        answers = [await ask(whole, "POST", "cdrs", body=cdr()) for _ in range(2)]
        assert [(a.http_status, a.status_code) for a in answers] == [(200, 1000), (200, 1000)]
        assert answers[0].headers["Location"] == answers[1].headers["Location"]
        assert len(whole.told("emp.cdr")) == 1
        assert whole.told("emp.cdr")[0]["data"]["agrees"] is True
        changed = await ask(whole, "POST", "cdrs", body=cdr(total_energy=11))
        assert changed.status_code == 2001
        assert (await ask(whole, "GET", "cdrs", "C1")).data["id"] == "C1"
        assert (await ask(whole, "GET", "cdrs", "C2")).http_status == 404
        assert (await ask(whole, "POST", "cdrs", body={})).status_code == 2001


async def test_a_result_of_a_command_that_was_never_sent_is_refused(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        path = ("START_SESSION", "never-sent")
        told = await ask(whole, "POST", "commands", *path, role=SENDER, body={"result": "ACCEPTED"})
        assert told.http_status == 404
