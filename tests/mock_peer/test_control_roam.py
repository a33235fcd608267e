"""The Roam face in the control API."""

from __future__ import annotations

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from tests.mock_peer.roaming import CARD, roaming
from tests.mock_peer.test_relay import cdr_of


async def test_it_tells_of_its_emps_and_invites_the_next(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        await whole.share()
        status, told = await whole.cpo.control("GET", "/roam")
        assert status == 200
        assert told["versions_url"] == whole.roam.versions_url
        assert told["token_a"] == whole.roam.token_a
        assert told["locations"] == 1
        emp = told["emps"][0]
        assert (emp["id"], emp["party"], emp["registered"], emp["tokens"]) == (
            "emp-1", "DE*EMP", True, 1,
        )  # fmt: skip


async def test_roam_begins_a_handshake_on_request(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal, register=False) as whole:
        body = {
            "versions_url": whole.emp.versions_url,
            "token_a": whole.emp.token_a(),
            "organisation": {"countries": ["DEU"]},
        }
        status, told = await whole.cpo.control("POST", "/roam/register", body)
        assert (status, told["organisation"]["countries"]) == (200, ["DEU"])
        status, told = await whole.cpo.control(
            "POST", "/roam/register", {**body, "token_a": "wrong"}
        )
        assert status == 502
        assert "the registration failed" in told["error"]


async def test_an_emp_is_set_up(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with roaming(clock, chance, journal) as whole:
        await whole.share()
        change = {"organisation": {"blocked_cpos": ["DE*ABC"]}}
        assert (await whole.cpo.control("PUT", "/roam/emps/emp-1", change))[0] == 200
        await clock.sleep(60)
        assert await whole.emp.pull() == 0
        wrong = {"organisation": {"keys_per_contract": 99}}
        status, told = await whole.cpo.control("PUT", "/roam/emps/emp-1", wrong)
        assert (status, told["pointer"]) == (400, "/organisation/keys_per_contract")
        assert (await whole.cpo.control("PUT", "/roam/emps/nobody", change))[0] == 404


async def test_the_night_comes_when_it_is_asked_for(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        await whole.share()
        whole.emp.answers.cdr_http_status = 500
        told = await whole.cpo.authorize(CARD, {"location_id": "LOC1"})
        await whole.cpo.post_cdr(cdr_of(whole, told.data["authorization_reference"]))
        await clock.sleep(60)
        assert len((await whole.cpo.control("GET", "/roam"))[1]["waiting_cdrs"]) == 1
        whole.emp.answers.cdr_http_status = 200
        assert await whole.cpo.control("POST", "/roam/night") == (200, {"cdrs": 1})
        await clock.sleep(60)
        assert len(whole.emp.book.cdrs) == 1
        assert (await whole.cpo.control("GET", "/roam"))[1]["waiting_cdrs"] == []
